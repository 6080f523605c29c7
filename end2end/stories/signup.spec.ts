import { confirmAddress, mailTo } from '../support/mailbox';
import { expect, test } from '../support/test';
import {
  button,
  field,
  fillSignUp,
  hasScript,
  heading,
  hydrated,
  isMarked,
  join,
  mark,
  navigation,
  newMember,
  open,
  signUp,
  type Member,
} from '../support/verbs';

const sentTo = (member: Member): string => `Welcome! We have sent a confirmation link to ${member.email}.`;

test('all errors are shown at once, each at its field, and input is kept', async ({ page }) => {
  const posts: string[] = [];
  page.on('request', request => request.url().endsWith('/sign_up') && posts.push(request.url()));
  await open(page, '/accounts/signup');
  await mark(page);
  await fillSignUp(page, { name: 'two words', email: 'nowhere', password: '1234' }, '12345');
  await button(page, 'Sign up').click();

  for (const [label, sentence] of [
    ['Username', 'Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.'],
    ['Email address', 'Enter a valid email address.'],
    ['Password', 'This password is too short. It must contain at least 8 characters.'],
    ['Password', 'This password is too common.'],
    ['Password', 'This password is entirely numeric.'],
    ['Password confirmation', 'The two password fields didn’t match.'],
  ] as const) {
    await expect(page.getByText(sentence)).toBeVisible();
    await expect(field(page, label)).toHaveAttribute('aria-invalid', 'true');
    // The description that aria-describedby points to.
    await expect(field(page, label)).toHaveAccessibleDescription(new RegExp(escaped(sentence)));
  }
  await expect(page.getByRole('alert')).toContainText('There is a problem with 4 fields:');

  await expect(field(page, 'Username')).toHaveValue('two words');
  await expect(field(page, 'Email address')).toHaveValue('nowhere');
  // The server never returns a password; a page that was not left still has it.
  await expect(field(page, 'Password')).toHaveValue(hasScript() ? '1234' : '');
  await expect(field(page, 'Password confirmation')).toHaveValue(hasScript() ? '12345' : '');

  await expect(page).toHaveURL('/accounts/signup');
  expect(await isMarked(page), 'with JavaScript no page is loaded').toBe(hasScript());
  expect(posts).toHaveLength(1);

  await page.reload();
  await hydrated(page);
  await expect(page.locator('[aria-invalid]')).toHaveCount(0);
  await expect(page.locator('.error')).toHaveCount(0);
  expect(posts, 'a reload sends nothing again').toHaveLength(1);
});

test('a new password is judged when its field is left', { tag: '@javascript' }, async ({ page }) => {
  const verdicts: string[] = [];
  page.on('request', request => request.url().endsWith('/judge_password') && verdicts.push(request.postData()!));
  await open(page, '/accounts/signup');
  const password = field(page, 'Password');
  await field(page, 'Username').fill('lovelace');
  await password.pressSequentially('Lovelace1');
  expect(verdicts, 'nothing is sent while somebody types').toHaveLength(0);
  await page.keyboard.press('Tab');
  await expect(password).toHaveAttribute('aria-invalid', 'true');
  await expect(password).toHaveAccessibleDescription(/The password is too similar to the username\./);
  await expect(page.locator('.form-errors'), 'the rest of the form is not judged').toBeEmpty();
  await field(page, 'Password confirmation').fill('something else');
  await password.fill(newMember().password);
  await password.blur();
  await expect(password).not.toHaveAttribute('aria-invalid');
  expect(verdicts).toHaveLength(2);
  for (const verdict of verdicts) expect(verdict).not.toContain('password2');
  // The form has the last word.
  await button(page, 'Sign up').click();
  await expect(field(page, 'Password confirmation')).toHaveAccessibleDescription(/didn’t match/);
});

test('an empty form says what is missing, and a corrected one is accepted', async ({ page }) => {
  await open(page, '/accounts/signup');
  await button(page, 'Sign up').click();
  for (const label of ['Username', 'Email address', 'Password', 'Password confirmation']) {
    await expect(field(page, label)).toHaveAccessibleDescription(/This field is required\.$/);
  }
  await hydrated(page);
  const member = newMember();
  await fillSignUp(page, member);
  await button(page, 'Sign up').click();
  await expect(page.getByText(sentTo(member))).toBeVisible();
});

test('a name that differs only in case is taken', async ({ page }) => {
  const member = await signUp(page, newMember('étienne'));
  await open(page, '/accounts/signup');
  await fillSignUp(page, { ...member, name: member.name.toUpperCase() });
  await button(page, 'Sign up').click();
  await expect(field(page, 'Username')).toHaveAccessibleDescription(/A user with that username already exists\.$/);
  await expect(field(page, 'Username')).toHaveValue(member.name.toUpperCase());
});

test('sign-up logs in and says once which email was sent', async ({ page }) => {
  const member = await join(page);
  const message = page.getByRole('status').filter({ hasText: sentTo(member) });
  await expect(message).toBeVisible();
  await expect(heading(page)).toContainText(member.name);
  await mailTo(member.email, 'Confirm your email address');

  await page.reload();
  await hydrated(page);
  await expect(heading(page)).toContainText(member.name);
  await expect(message).toHaveCount(0);
});

// Only its owner is told that they have one, by email.
test('an address that has an account is treated like any other', async ({ page, otherDevice }) => {
  const owner = await join(page);
  await confirmAddress(page, owner, '/members/dashboard');
  const other = await join(otherDevice, { ...newMember('other'), email: owner.email });
  await expect(otherDevice.getByRole('status').filter({ hasText: sentTo(other) })).toBeVisible();
  await mailTo(owner.email, 'You already have an account');
});

test('the message does not come back after navigating away and back', async ({ page }) => {
  const message = page.getByText('You have been successfully logged out.');
  await signUp(page);
  await expect(message).toBeVisible();
  await mark(page);

  await navigation(page).getByRole('link', { name: 'Sign up' }).click();
  await expect(heading(page)).toHaveText('Sign up');
  await expect(message).toHaveCount(0);
  await navigation(page).getByRole('link', { name: 'Log in' }).click();
  await expect(heading(page)).toHaveText('Log in');
  await expect(message).toHaveCount(0);
  expect(await isMarked(page), 'with JavaScript no page is loaded').toBe(hasScript());
  if (hasScript()) {
    // Without JavaScript, Back shows the page from the browser's memory, which we cannot change.
    // Step by step, because Chromium complains about a missing field if the form disappears while
    // it is loading.
    await page.goBack();
    await expect(heading(page)).toHaveText('Sign up');
    await page.goBack();
    await expect(heading(page)).toHaveText('Log in');
    await expect(message).toHaveCount(0);
    expect(await isMarked(page)).toBe(true);
  }
});

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

test('input on one page is in no field of another', async ({ page }) => {
  await open(page, '/accounts/login');
  await field(page, 'Username or email address').fill('ada');
  await field(page, 'Password').fill('a secret');
  await navigation(page).getByRole('link', { name: 'Sign up' }).click();
  await expect(heading(page)).toHaveText('Sign up');
  for (const label of ['Username', 'Email address', 'Password', 'Password confirmation']) {
    await expect(field(page, label)).toHaveValue('');
  }
});
