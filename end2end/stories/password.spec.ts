import { confirmAddress, mailTo } from '../support/mailbox';
import { expect, test } from '../support/test';
import {
  accountMenu,
  arrive,
  button,
  field,
  hasScript,
  heading,
  hydrated,
  isShownOut,
  join,
  navigation,
  newMember,
  open,
  setting,
  showPassword,
  signUp,
  submitLogIn,
} from '../support/verbs';

const NEW = 'Nine loud geese at dawn, 52 of them';

test('a password change keeps this browser logged in and logs out the other', async ({ page, otherDevice }) => {
  const member = await join(page);
  await confirmAddress(page, member, '/members/dashboard');
  await open(otherDevice, '/accounts/login');
  await submitLogIn(otherDevice, member.name, member.password);
  await arrive(otherDevice, '/members/dashboard');

  await open(page, '/accounts/password_change');
  await field(page, 'Current password').fill('not this one');
  await field(page, 'New password').fill(NEW);
  await field(page, 'New password confirmation').fill(NEW);
  await button(page, 'Change password').click();
  await expect(field(page, 'Current password')).toHaveAccessibleDescription(
    'Your password was entered incorrectly. Please enter it again.',
  );
  await hydrated(page);
  await field(page, 'Current password').fill(member.password);
  await field(page, 'New password').fill(NEW);
  await field(page, 'New password confirmation').fill(NEW);
  await button(page, 'Change password').click();
  await isShownOut(otherDevice, '/members/dashboard');
  await arrive(page, '/members/profile');
  await expect(page.getByRole('status')).toHaveText('Your password was changed. All other devices have been logged out.');
  await expect(navigation(page)).toContainText(member.name);

  const mail = await mailTo(member.email, 'Your password was changed');
  expect(mail.text).toContain('This was not me');
});

test('a forgotten password is reset by email, once', async ({ page }) => {
  const member = await signUp(page);
  await page.getByRole('link', { name: 'Forgot your password?' }).click();
  await expect(heading(page)).toHaveText('Forgot your password?');
  await field(page, 'Email address').fill(member.email);
  await button(page, 'Email me a reset link').click();
  await arrive(page, '/accounts/password_reset/done');
  await expect(heading(page)).toHaveText('Check your email');

  const mail = await mailTo(member.email, 'Set a new password');
  await page.goto(mail.link!);
  await arrive(page, '/accounts/reset/new');
  await expect(page.getByRole('main')).toContainText(`For the account ${member.name}.`);
  await field(page, 'New password').fill('short');
  await field(page, 'New password confirmation').fill('shorter');
  await button(page, 'Set new password').click();
  await expect(field(page, 'New password')).toHaveAccessibleDescription(/This password is too short/);
  await expect(field(page, 'New password confirmation')).toHaveAccessibleDescription(/didn’t match/);
  await expect(page).toHaveURL('/accounts/reset/new');
  await hydrated(page);
  await field(page, 'New password').fill(NEW);
  await field(page, 'New password confirmation').fill(NEW);
  await button(page, 'Set new password').click();
  await arrive(page, '/accounts/reset/done');
  await expect(heading(page)).toHaveText('Password changed');
  await page.getByRole('main').getByRole('link', { name: 'Log in' }).click();
  await arrive(page, '/accounts/login');
  await submitLogIn(page, member.name, NEW);
  await arrive(page, '/members/dashboard');

  await page.goto(mail.link!);
  await arrive(page, '/accounts/reset/new');
  await expect(page.getByRole('main')).toContainText('This link has been used: the account');
});

test('a password is shown while its button is pressed, and not when it is sent', async ({ page }) => {
  await open(page, '/accounts/login');
  const [password, show] = [field(page, 'Password'), showPassword(page, 'Password')];
  if (!hasScript()) {
    await expect(show).toBeHidden();
    return;
  }
  await password.fill('not this one');
  await expect(show).toHaveAccessibleName('Show password');
  await show.click();
  await expect(show).toHaveAttribute('aria-pressed', 'true');
  await expect(password).toHaveAttribute('type', 'text');
  await show.press('Space');
  await expect(password).toHaveAttribute('type', 'password');
  await show.press('Space');
  await expect(password).toHaveAttribute('type', 'text');
  await field(page, 'Username or email address').fill('nobody-at-all');
  await button(page, 'Log in').click();
  await expect(page.getByRole('alert')).toContainText('Please enter a correct username');
  await expect(password).toHaveAttribute('type', 'password');
  await expect(show).toHaveAttribute('aria-pressed', 'false');
});

test('an unknown address gets the same page', async ({ page }) => {
  await open(page, '/accounts/password_reset');
  await field(page, 'Email address').fill(newMember().email);
  await button(page, 'Email me a reset link').click();
  await arrive(page, '/accounts/password_reset/done');
  await expect(heading(page)).toHaveText('Check your email');
});

test('re-authentication leads on to the destination', async ({ page }) => {
  const member = await join(page);
  await open(page, '/accounts/reauthenticate?next=/accounts/email');
  await field(page, 'Password').fill('not this one');
  await button(page, 'Continue').click();
  await expect(field(page, 'Password')).toHaveAccessibleDescription(
    'Your password was entered incorrectly. Please enter it again.',
  );
  await hydrated(page);
  await field(page, 'Password').fill(member.password);
  await button(page, 'Continue').click();
  await arrive(page, '/accounts/email');
  await expect(page.getByRole('main')).toContainText(`Your address is ${member.email}`);
});

test.describe('too many wrong passwords', () => {
  test.use({ expectedAnswers: ['429 /api/accounts/log_in'] });

  test('state the waiting time, and a known browser gets in', async ({ page, otherDevice }) => {
    const member = await join(page);
    await (await accountMenu(page)).getByRole('button', { name: 'Log out' }).click();
    await arrive(page, '/accounts/login');
    await open(otherDevice, '/accounts/login');
    for (let tried = 1; tried <= 6; tried++) {
      await hydrated(otherDevice);
      await submitLogIn(otherDevice, member.name, `wrong ${tried}`);
      await expect(otherDevice.getByRole('main')).toContainText(
        tried < 6 ? 'Please enter a correct username' : 'Too many attempts. Please try again in',
      );
    }
    await submitLogIn(page, member.name, member.password);
    await arrive(page, '/members/dashboard');
  });
});

test('the password is changed by keyboard alone', async ({ page }) => {
  const member = await join(page);
  await open(page, '/accounts/password_change');
  await field(page, 'Current password').focus();
  for (const text of [member.password, NEW, NEW]) {
    await page.keyboard.type(text);
    await page.keyboard.press('Tab');
    if (hasScript()) await page.keyboard.press('Tab'); // Past "Show password".
  }
  await expect(button(page, 'Change password')).toBeFocused();
  await page.keyboard.press('Enter');
  await arrive(page, '/members/profile');
  await setting(page, 'Email').press('Enter');
  await arrive(page, '/accounts/email');
  await field(page, 'New email address').focus();
  await page.keyboard.type(newMember('new').email);
  await page.keyboard.press('Enter');
  await arrive(page, '/accounts/email/confirm');
  await page.keyboard.press('Tab'); // The way past the navigation.
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await expect(field(page, 'Code from the email')).toBeFocused();
});
