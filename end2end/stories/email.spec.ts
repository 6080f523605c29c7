import { codeOf, confirmAddress, mailTo } from '../support/mailbox';
import { expect, test } from '../support/test';
import { arrive, button, field, heading, isShownOut, join, newMember, open, signUp } from '../support/verbs';

/** What the dashboard says is left to do. */
const REMINDER = 'Confirm your email address';

test('the address is confirmed by the link in the mail', async ({ page }) => {
  const member = await join(page);
  await expect(page.getByRole('main')).toContainText(REMINDER);
  const mail = await mailTo(member.email, 'Confirm your email address');
  await page.goto(mail.link!);
  await arrive(page, '/accounts/verify');
  await button(page, 'Confirm email address').click();
  await arrive(page, '/members/dashboard');
  await expect(page.getByRole('status')).toHaveText('Thank you: your email address is confirmed.');
  await expect(page.getByRole('main')).not.toContainText(REMINDER);
});

test('the address is confirmed by the code, of the latest mail only', async ({ page }) => {
  const member = await join(page);
  const first = await mailTo(member.email, 'Confirm your email address');
  await page.getByRole('link', { name: REMINDER }).click();
  await expect(heading(page)).toHaveText('Confirm your email address');
  await button(page, 'Send a new email').click();
  await arrive(page, '/accounts/verify');
  await expect(page.getByRole('status')).toHaveText(/We have sent a new email/);
  const second = await mailTo(member.email, 'Confirm your email address', 2);
  await field(page, 'Code from the email').fill(codeOf(first));
  await button(page, 'Confirm').first().click();
  await expect(field(page, 'Code from the email')).toHaveAccessibleDescription(/That code is wrong or has expired/);
  await field(page, 'Code from the email').fill(codeOf(second).toLowerCase());
  await button(page, 'Confirm').first().click();
  await arrive(page, '/members/dashboard');
  await expect(page.getByRole('main')).not.toContainText(REMINDER);
});

test('the address is changed when the new one is confirmed, and the old one can undo it', async ({
  page,
  otherDevice,
}) => {
  const member = await join(page);
  await confirmAddress(page, member, '/members/dashboard');
  const next = newMember('new').email;
  await open(page, '/accounts/email');
  await field(page, 'New email address').fill(member.email.toUpperCase());
  await button(page, 'Change the address').click();
  await expect(field(page, 'New email address')).toHaveAccessibleDescription('This is your email address already.');
  await expect(field(page, 'New email address')).toHaveValue(member.email.toUpperCase());
  await field(page, 'New email address').fill(next);
  await button(page, 'Change the address').click();
  await arrive(page, '/accounts/email/confirm');
  await expect(page.getByRole('main')).toContainText(`Until then your address is ${member.email}`);

  const mail = await mailTo(next, 'Confirm your new email address');
  // Whoever reads that mailbox is shown the code only: the change is the member's to make.
  await otherDevice.goto(mail.link!);
  await arrive(otherDevice, '/accounts/email/confirm');
  await expect(otherDevice.getByRole('main').locator('code')).toHaveText(codeOf(mail));
  await expect(button(otherDevice, 'Use the new address')).toHaveCount(0);
  await field(page, 'Code from the email').fill(codeOf(mail));
  await button(page, 'Use the new address').click();
  await arrive(page, '/members/dashboard');
  await expect(page.getByRole('region', { name: 'Profile summary' })).toContainText(next);

  const told = await mailTo(member.email, 'Your email address was changed');
  await otherDevice.goto(told.link!);
  await arrive(otherDevice, '/accounts/email/undo');
  await expect(otherDevice.getByRole('main')).toContainText(`${member.email} will be the email address of the account ${member.name}`);
  await button(otherDevice, 'Undo the change').click();
  await isShownOut(page, '/members/dashboard');
  await arrive(otherDevice, '/accounts/login');
  await expect(otherDevice.getByRole('status')).toContainText('Your old email address is restored');
  await mailTo(member.email, 'Set a new password');
});

test('"This was not me" secures the account', async ({ page, otherDevice }) => {
  const member = await signUp(page);
  await confirmAddress(page, member, '/accounts/login');
  for (const device of [page, otherDevice]) {
    await open(device, '/accounts/login');
    await field(device, 'Username or email address').fill(member.name);
    await field(device, 'Password').fill(member.password);
    await button(device, 'Log in').click();
    await arrive(device, '/members/dashboard');
  }
  const told = await mailTo(member.email, 'New login to your account');
  await page.goto(told.link!);
  await arrive(page, '/accounts/not_me');
  await button(page, 'Log out all devices').click();
  await isShownOut(otherDevice, '/members/dashboard');
  await arrive(page, '/accounts/login');
  await expect(page.getByRole('status')).toContainText('All devices have been logged out');
});
