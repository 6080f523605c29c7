// Actions that need re-authentication. Needs a site where it is due after seconds: see
// playwright.config.ts.
import type { Page } from '@playwright/test';
import { mailTo } from '../support/mailbox';
import { expect, test } from '../support/test';
import { arrive, button, field, hasScript, hydrated, isMarked, isShownOut, join, logIn, mark, newMember, open, superuser } from '../support/verbs';

const AFTER = Number(process.env.ASK_AGAIN_AFTER) * 1000;
const LATER = AFTER + 500;
const ASK = (page: string): string => `/accounts/reauthenticate?next=${page}`;

/** Re-authenticates, with a wrong password first. More than a few of these are refused. */
async function giveAgain(page: Page, password: string): Promise<void> {
  await field(page, 'Password').fill('not this one');
  await button(page, 'Continue').click();
  await expect(field(page, 'Password')).toHaveAccessibleDescription(
    'Your password was entered incorrectly. Please enter it again.',
  );
  await hydrated(page);
  await give(page, password);
}

async function give(page: Page, password: string): Promise<void> {
  await field(page, 'Password').fill(password);
  await button(page, 'Continue').click();
}

/** Opens a page after the time at which it requires re-authentication. */
async function openAsked(page: Page, path: string, password: string): Promise<void> {
  await open(page, path);
  if (!new URL(page.url()).pathname.startsWith(path)) await giveAgain(page, password);
  await arrive(page, path);
}

test('each page asks for the password first', async ({ page }) => {
  const member = await join(page);
  for (const path of ['/accounts/password_change', '/accounts/email', '/members/sessions', '/members/security/browsers', '/members/delete']) {
    await page.waitForTimeout(LATER);
    await open(page, path);
    await expect(page).toHaveURL(ASK(path));
    await give(page, member.password);
    await arrive(page, path);
  }
});

test('a late form is processed after the password, or says that it was not', async ({ page }) => {
  const member = await join(page);
  const next = newMember('new').email;
  await openAsked(page, '/accounts/email', member.password);
  await field(page, 'New email address').fill(next);
  await page.waitForTimeout(LATER);
  await button(page, 'Change the address').click();
  await arrive(page, ASK('/accounts/email'));
  await giveAgain(page, member.password);
  await arrive(page, '/accounts/email/confirm');
  await expect(page.getByRole('status')).toHaveText(/^We have sent a confirmation link to the new address/);
  await mailTo(next, 'Confirm');

  await page.waitForTimeout(LATER);
  await openAsked(page, '/members/delete', member.password);
  await field(page, 'Your username').fill(member.name);
  await page.waitForTimeout(LATER);
  await button(page, 'Delete my account').click();
  await arrive(page, ASK('/members/delete'));
  await giveAgain(page, member.password);
  await arrive(page, '/members/delete');
  await expect(field(page, 'Your username')).toHaveValue(member.name);
  // Only its reader sends this form.
  await expect(page.getByRole('alert').filter({ hasText: 'has not been carried out yet' })).toBeVisible();
});

test('the list of users is downloaded only after the password, from the list as it was', async ({ page }) => {
  await logIn(page, superuser());
  const list = `/admin/users?q=${superuser().name}&staff=1`;
  await open(page, list);
  await page.waitForTimeout(LATER);
  await button(page, 'Download CSV').click();
  await expect(page).toHaveURL(/\/accounts\/reauthenticate\?next=\/admin\/users%3F/);
  await give(page, superuser().password);
  await expect(page).toHaveURL(list);
  await expect(page.getByRole('alert').filter({ hasText: 'has not been carried out yet' })).toBeVisible();
  const download = page.waitForEvent('download');
  await button(page, 'Download CSV').click();
  expect((await download).suggestedFilename()).toMatch(/^users-.*\.csv$/);
});

test('a button of the devices page takes effect after the password', async ({ page, otherDevice }) => {
  const member = await join(page);
  await logIn(otherDevice, member);
  await openAsked(page, '/members/sessions', member.password);
  await page.waitForTimeout(LATER);
  const devices = page.getByRole('list', { name: 'Signed-in devices' }).getByRole('listitem');
  await devices.nth(1).getByRole('button', { name: 'Log out' }).click();
  await arrive(page, ASK('/members/sessions'));
  await giveAgain(page, member.password);
  await isShownOut(otherDevice, '/members/dashboard');
  await arrive(page, '/members/sessions');
  await expect(page.getByRole('status')).toHaveText('The device was logged out.');
  await expect(devices).toHaveCount(1);
});

test('the current password in a form is enough re-authentication', async ({ page }) => {
  const member = await join(page);
  await openAsked(page, '/accounts/password_change', member.password);
  for (const [label, text] of [
    ['Current password', member.password],
    ['New password', 'Nine loud geese at dawn, 52 of them'],
    ['New password confirmation', 'Nine loud geese at dawn, 52 of them'],
  ] as const) {
    await field(page, label).fill(text);
  }
  await mark(page);
  await page.waitForTimeout(LATER);
  expect(await isMarked(page), 'nothing has been loaded meanwhile').toBe(true);
  await button(page, 'Change password').click();
  await arrive(page, '/members/profile');
  await expect(page.getByRole('status')).toHaveText(/^Your password was changed/);
  expect(await isMarked(page), hasScript() ? 'by a page load' : 'by a page').toBe(false);
});
