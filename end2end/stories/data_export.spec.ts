import { readFile } from 'node:fs/promises';
import { mailTo } from '../support/mailbox';
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
  open,
  submitLogIn,
} from '../support/verbs';

test('activity is on the dashboard and, in pages, on its own page', async ({ page, otherDevice }) => {
  const member = await join(page);
  await mailTo(member.email, 'Confirm your email address');
  const recent = page.getByRole('list', { name: 'Recent activity' }).getByRole('listitem');
  await expect(recent.filter({ hasText: 'Logged in' })).toHaveCount(1);
  await page.getByRole('link', { name: 'All activity' }).click();
  await arrive(page, '/members/activity');
  const lines = page.getByRole('main').getByRole('listitem');
  const byHand = lines.filter({ hasNotText: 'Email sent' });
  await expect(byHand).toHaveCount(2);
  await expect(byHand.nth(0)).toContainText(/^Logged in.* from 127\.0\.0\.1/);
  await expect(byHand.nth(1)).toContainText('Account created');
  await expect(page.getByRole('navigation', { name: 'Pages' })).toHaveCount(0);

  // Somebody tries a wrong password.
  await open(otherDevice, '/accounts/login');
  await submitLogIn(otherDevice, member.name, 'not the password');
  await expect(otherDevice.getByText('Please enter a correct username')).toBeVisible();
  await expect(async () => {
    await page.reload();
    await expect(byHand).toHaveCount(3, { timeout: 100 });
  }).toPass();
  await expect(byHand.first()).toContainText('Failed login (wrong password)');

  // A login and a logout are two lines, so twelve of each fill a second page.
  for (let number = 0; number < 12; number += 1) {
    await logIn(otherDevice, member);
    await (await accountMenu(otherDevice)).getByRole('button', { name: 'Log out' }).click();
    await arrive(otherDevice, '/accounts/login');
  }
  await expect(async () => {
    await open(page, '/members/activity');
    await page.getByRole('link', { name: 'Older' }).click();
    await expect(lines).toHaveCount(2, { timeout: 500 });
  }).toPass();
  await open(page, '/members/activity');
  await expect(lines).toHaveCount(25);
  await mark(page);
  await page.getByRole('link', { name: 'Older' }).click();
  await expect(lines).toHaveCount(2);
  await expect(lines.last()).toContainText('Account created');
  expect(await isMarked(page), 'without a page load where there are scripts').toBe(hasScript());
  await page.reload();
  await hydrated(page);
  await expect(lines).toHaveCount(2);
  await page.getByRole('link', { name: 'Newer' }).click();
  await expect(lines).toHaveCount(25);
  await expect(page.getByRole('link', { name: 'Newer' })).toHaveCount(0);
});

test('the data download is a file, and the page stays', async ({ page }) => {
  await join(page);
  await open(page, '/members/profile');
  await page.getByRole('link', { name: 'Your data' }).click();
  await arrive(page, '/members/data');
  await mark(page);
  const coming = page.waitForEvent('download');
  await button(page, 'Download').click();
  const download = await coming;
  expect(download.suggestedFilename()).toMatch(/^my-data-\d{4}-\d\d-\d\d\.zip$/);
  const bytes = await readFile(await download.path());
  expect(bytes.subarray(0, 4).toString('latin1'), 'how every ZIP file begins').toBe('PK\u0003\u0004');
  expect(bytes.includes('account.json')).toBe(true);
  await expect(page).toHaveURL('/members/data');
  expect(await isMarked(page)).toBe(true);
  await open(page, '/members/activity');
  await expect(page.getByRole('main').getByRole('listitem').first()).toContainText('Copy of your data downloaded');
});

test('a login cancels the deletion of the account', async ({ page, otherDevice }) => {
  const member = await join(page);
  await logIn(otherDevice, member);
  await open(page, '/members/data');
  await page.getByRole('link', { name: 'Delete my account …' }).click();
  await arrive(page, '/members/delete');
  await expect(heading(page)).toHaveText('Delete your account');

  await field(page, 'Your username').fill('somebody else');
  await button(page, 'Delete my account').click();
  await expect(field(page, 'Your username')).toHaveAccessibleDescription(
    'That doesn’t match. Type your username exactly as shown above.',
  );
  await expect(field(page, 'Your username')).toHaveValue('somebody else');

  await field(page, 'Your username').fill(member.name);
  await button(page, 'Delete my account').click();
  await arrive(page, '/accounts/login');
  await expect(page.getByRole('alert').filter({ hasText: 'deleted' })).toHaveText(
    'Your account will be deleted in 7 days. To keep it, log in before then.',
  );
  await otherDevice.goto('/members/dashboard');
  await expect(otherDevice).toHaveURL('/accounts/login?next=/members/dashboard');

  await submitLogIn(page, member.name, member.password);
  await arrive(page, '/members/dashboard');
  await expect(page.getByRole('status')).toHaveText('Welcome back. Your account will not be deleted.');
  await page.reload();
  await hydrated(page);
  await expect(page.getByRole('status')).toHaveCount(0);
});

test('the account is deleted by keyboard alone', async ({ page }) => {
  const member = await join(page);
  await open(page, '/members/delete');
  await field(page, 'Your username').focus();
  await page.keyboard.type(member.name);
  await page.keyboard.press('Tab');
  await expect(button(page, 'Delete my account')).toBeFocused();
  await page.keyboard.press('Enter');
  await arrive(page, '/accounts/login');
});
