import type { Page } from '@playwright/test';
import { expect, test } from '../support/test';
import {
  arrive,
  button,
  field,
  goBack,
  hasScript,
  heading,
  hydrated,
  join,
  logIn,
  logOut,
  navigation,
  open,
  signUp,
  superuser,
} from '../support/verbs';

const banner = (page: Page) => page.getByRole('region', { name: 'Acting as a member' });

/** Goes from the admin's front page to the member's dashboard. */
async function act(page: Page, username: string): Promise<void> {
  await navigation(page).getByRole('link', { name: 'Admin' }).click();
  await page.getByRole('navigation', { name: 'Admin' }).getByRole('link', { name: 'Impersonation' }).click();
  await arrive(page, '/admin/act');
  await field(page, 'Username or email address').fill(username);
  await button(page, 'Continue').click();
  await arrive(page, `/admin/act?username=${username}`);
  await field(page, 'Reason').fill('A question about the dashboard');
  await button(page, 'Act as this member').click();
  await arrive(page, '/members/dashboard');
  await expect(heading(page)).toHaveText(`Welcome, ${username}!`);
}

/** Stops, and returns to the member's page in the admin. */
async function stop(page: Page): Promise<void> {
  await banner(page).getByRole('button', { name: 'Stop' }).click();
  await expect(page).toHaveURL(/\/admin\/users\/\d+$/);
  await hydrated(page);
}

test('staff see what the member sees, and stop', { tag: '@back' }, async ({ page, otherDevice }) => {
  const member = await join(otherDevice);
  await logIn(page, superuser());
  await act(page, member.name);
  await expect(banner(page)).toContainText(`root, you are acting as ${member.name}, until `);
  await expect(navigation(page).getByRole('link')).toHaveText(['Home', 'Settings']);
  await navigation(page).getByRole('link', { name: 'Settings' }).click();
  await expect(heading(page)).toHaveText('Profile');
  await expect(banner(page)).toBeVisible();
  await expect(button(page, 'Save names')).toHaveCount(0);
  await stop(page);
  await expect(page.getByText('You have stopped acting as the member.')).toBeVisible();
  await expect(banner(page)).toHaveCount(0);
  await expect(navigation(page)).toContainText('root');
  // Nothing of the member comes back, not even by the back button.
  await goBack(page);
  await expect(navigation(page)).toContainText('root');
  await expect(page.getByText(member.name)).toHaveCount(0);

  // The member can see it.
  await open(otherDevice, '/members/activity');
  await expect(otherDevice.getByRole('main')).toContainText('A staff member started acting as you');
  await expect(otherDevice.getByRole('main')).toContainText('root: A question about the dashboard');
  await expect(otherDevice.getByRole('main')).toContainText('A staff member stopped acting as you');
});

test('impersonation requires a reason', async ({ page, otherDevice }) => {
  const member = await signUp(otherDevice);
  await logIn(page, superuser());
  await open(page, `/admin/act?username=${member.name}`);
  await button(page, 'Act as this member').click();
  await expect(page.getByText('This field is required.')).toBeVisible();
  await expect(page).toHaveURL(`/admin/act?username=${member.name}`);
  await expect(field(page, 'Reason')).toHaveAttribute('aria-invalid', 'true');
  await hydrated(page);
  await expect(banner(page)).toHaveCount(0);
});

test('another tab follows, by itself or at its next request', async ({ page, context, otherDevice }) => {
  const member = await signUp(otherDevice);
  await logIn(page, superuser());
  const tab = await context.newPage();
  await open(tab, '/members/profile');
  const shows = async (name: string): Promise<void> => {
    if (!hasScript()) await tab.reload();
    await expect(navigation(tab)).toContainText(name, { timeout: 4_000 });
    await hydrated(tab);
  };
  await act(page, member.name);
  await shows(member.name);
  await expect(banner(tab)).toBeVisible();
  await stop(page);
  await shows('root');
});

test.describe('what is closed while impersonating', () => {
  test.use({ expectedAnswers: ['403 /accounts/email', '403 /members/sessions', '404 /no/such/page'] });

  test('says so, and can be left', async ({ page, otherDevice }) => {
    const member = await signUp(otherDevice);
    await logIn(page, superuser());
    await act(page, member.name);
    expect((await page.goto('/accounts/email'))!.status()).toBe(403);
    await expect(heading(page)).toHaveText('Not allowed');
    await expect(page.getByRole('main')).toContainText('This is not available while you act as a member.');
    expect((await open(page, '/no/such/page')).status()).toBe(404);
    await expect(banner(page)).toBeVisible();
    // From a page without scripts.
    expect((await page.goto('/members/sessions'))!.status()).toBe(403);
    await stop(page);
    await act(page, member.name);
    await logOut(page);
    await expect(page.getByRole('status')).toHaveText('You have been successfully logged out.');
  });
});
