import type { Page } from '@playwright/test';
import { confirmAddress } from '../support/mailbox';
import { expect, test } from '../support/test';
import {
  accountMenu,
  arrive,
  button,
  field,
  hasScript,
  heading,
  hydrated,
  isMarked,
  join,
  logIn,
  mark,
  navigation,
  newMember,
  open,
  signUp,
  submitLogIn,
} from '../support/verbs';

const REFUSED =
  'Please enter a correct username or email address and password. Note that the password is case-sensitive.';

const logins = (page: Page) =>
  page.getByRole('list', { name: 'Recent activity' }).getByRole('listitem').filter({ hasText: 'Logged in' });

test('sign up, log in, see the dashboard', async ({ page }) => {
  const member = await signUp(page);
  await logIn(page, member);
  await expect(heading(page)).toHaveText(`Welcome, ${member.name}!`);
  await expect(navigation(page)).toContainText(member.name);
  await expect(navigation(page).getByRole('link')).toHaveText(['Home', 'Settings']);
  const summary = page.getByRole('region', { name: 'Profile summary' });
  await expect(summary).toContainText(member.name);
  await expect(summary).toContainText(member.email);
  await expect(logins(page)).toHaveCount(2);
  await expect(page.getByRole('list', { name: 'Devices' }).getByRole('listitem')).toHaveCount(1);
});

test('the confirmed email address works in place of the username', async ({ page }) => {
  const member = await signUp(page);
  await confirmAddress(page, member, '/accounts/login');
  await submitLogIn(page, member.email, member.password);
  await arrive(page, '/members/dashboard');
  await expect(heading(page)).toHaveText(`Welcome, ${member.name}!`);
});

test('a wrong password keeps the page, the typed name and the destination', async ({
  page,
}) => {
  const member = await signUp(page);
  await open(page, '/accounts/login?next=/members/profile');
  await mark(page);
  await field(page, 'Username or email address').fill(member.name);
  await field(page, 'Password').fill(member.password.toUpperCase());
  await field(page, 'Password').press('Enter');

  await expect(page.getByRole('alert')).toHaveText(REFUSED);
  await expect(page).toHaveURL('/accounts/login?next=/members/profile');
  await expect(field(page, 'Username or email address')).toHaveValue(member.name);
  expect(await isMarked(page), 'with JavaScript no page is loaded').toBe(hasScript());
  if (hasScript()) {
    await expect(field(page, 'Password')).toBeFocused();
  } else {
    await expect(field(page, 'Password')).toHaveValue('');
  }

  await hydrated(page);
  await field(page, 'Password').fill(member.password);
  await field(page, 'Password').press('Enter');
  await arrive(page, '/members/profile');
  await expect(page.getByRole('main')).toContainText(member.email);
});

test('the login page says what the last login was, however one gets there', async ({ page }) => {
  await join(page);
  await (await accountMenu(page)).getByRole('button', { name: 'Log out' }).click();
  await arrive(page, '/accounts/login');
  const hint = page.getByText('Last time you logged in here with your password.');
  await expect(hint).toBeVisible();
  await open(page, '/');
  await mark(page);
  await navigation(page).getByRole('link', { name: 'Log in' }).click();
  await expect(page).toHaveURL('/accounts/login');
  await expect(hint).toBeVisible();
  expect(await isMarked(page), 'with JavaScript no page is loaded').toBe(hasScript());
});

test('an unknown name and a wrong password get the same page', async ({ page }) => {
  const member = await signUp(page);
  const answerTo = async (login: string): Promise<string> => {
    await open(page, '/accounts/login');
    await submitLogIn(page, login, 'Not the password of anybody');
    await expect(page.getByRole('alert')).toHaveText(REFUSED);
    await expect(field(page, 'Username or email address')).toHaveValue(login);
    return page
      .getByRole('main')
      .ariaSnapshot()
      .then(text => text.replaceAll(login, 'NAME'));
  };
  const known = await answerTo(member.name);
  expect(await answerTo(newMember().name)).toBe(known);
});

test('an empty form says what is missing', async ({ page }) => {
  await open(page, '/accounts/login');
  await button(page, 'Log in').click();
  await expect(field(page, 'Username or email address')).toHaveAccessibleDescription('This field is required.');
  await expect(field(page, 'Password')).toHaveAccessibleDescription('This field is required.');
});

test('each login has its own session', async ({ page }) => {
  const session = async (page: Page) =>
    (await page.context().cookies()).find(cookie => cookie.name.endsWith('sessionid'));
  const member = await join(page);
  const first = await session(page);
  await logIn(page, member);
  const second = await session(page);
  expect(second?.value).toBeTruthy();
  expect(second?.value).not.toBe(first?.value);
  await expect(logins(page)).toHaveCount(2);
  await expect(page.getByRole('list', { name: 'Devices' }).getByRole('listitem')).toHaveCount(1);
});

// Without JavaScript a browser sends the form twice.
test('an impatient double click logs in once', { tag: '@javascript' }, async ({ page }) => {
  const member = await signUp(page);
  await field(page, 'Username or email address').fill(member.name);
  await field(page, 'Password').fill(member.password);
  await button(page, 'Log in').dblclick();
  await arrive(page, '/members/dashboard');
  await open(page, '/members/dashboard'); // A second login would make it new.
  await expect(logins(page)).toHaveCount(2);
  await expect(page.getByRole('list', { name: 'Devices' }).getByRole('listitem')).toHaveCount(1);
});

for (const path of ['/accounts/login', '/accounts/signup']) {
  test(`a member who opens ${path} is told who is logged in, and can use another account`, async ({ page }) => {
    const member = await join(page);
    await open(page, path);
    const main = page.getByRole('main');
    await expect(main).toContainText(`You are logged in as ${member.name}.`);
    await expect(main.getByRole('textbox')).toHaveCount(0);
    await main.getByRole('link', { name: 'Go to your dashboard' }).click();
    await expect(page).toHaveURL('/members/dashboard');
    // What was asked for stays for whoever logs in.
    await open(page, `${path}?next=/members/profile`);
    await button(page, 'Use another account').click();
    await arrive(page, '/accounts/login?next=/members/profile');
    await expect(field(page, 'Password')).toBeVisible();
    await open(page, path);
    await expect(main).not.toContainText('You are logged in as');
  });
}
