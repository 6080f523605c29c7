import type { Page } from '@playwright/test';
import { expect, test } from '../support/test';
import { arrive, heading, join, logIn, navigation, newMember, open, signUp, submitLogIn } from '../support/verbs';

test.describe('a visitor on a page for members', () => {
  for (const [wanted, next] of [
    ['/members/dashboard', '/members/dashboard'],
    ['/members/profile', '/members/profile'],
    ['/members/secret?x=a%2Fb&y=1', '/members/secret%3Fx%3Da%252Fb%26y%3D1'],
  ] as const) {
    test(`logs in and gets to ${wanted}`, async ({ page }) => {
      const member = await signUp(page);
      await open(page, wanted);
      await expect(page).toHaveURL(`/accounts/login?next=${next}`);
      await expect(page.getByRole('status').or(page.locator('.message')), 'there is nothing to explain').toHaveCount(0);
      await submitLogIn(page, member.name, member.password);
      await arrive(page, wanted);
      await expect(navigation(page)).toContainText(member.name);
    });
  }
});

const ENDED = 'Your session has ended. Please log in again.';

/** Replaces the session cookie by one that the server does not know. */
async function spoilSession(page: Page): Promise<void> {
  const cookie = (await page.context().cookies()).find(found => found.name.endsWith('sessionid'))!;
  await page.context().addCookies([{ ...cookie, value: 'A'.repeat(cookie.value.length) }]);
}

/** Opens a page for members, with JavaScript, and waits until its session stream is connected. */
async function openWatched(page: Page, path: string): Promise<void> {
  const watched = page.waitForResponse(
    answer => answer.url().endsWith('/api/sessions/live') && answer.frame().url().endsWith(path),
  );
  await open(page, path);
  await watched;
}

test('an ended session leads to the login page, which says so', async ({ page }) => {
  const member = await join(page);
  // The dashboard would notice as well, and go to the login page by itself.
  await page.goto('about:blank');
  await spoilSession(page);
  await open(page, '/members/profile');
  await expect(page).toHaveURL('/accounts/login?next=/members/profile');
  await expect(page.getByRole('alert').filter({ hasText: ENDED })).toBeVisible();
  expect(await page.content()).not.toContain(member.name);
  await submitLogIn(page, member.name, member.password);
  await arrive(page, '/members/profile');
  await expect(page.getByText(ENDED)).toHaveCount(0);
});

// Without JavaScript every page is a new request, as in the story above.
test.describe('a session that ended while its page was open', { tag: '@javascript' }, () => {
  // Only a request can find out: the session still exists, but the browser has lost its cookie.
  test.use({ expectedAnswers: ['401 /api/members/dashboard'] });

  test('leads from the next click to the login page', async ({ page }) => {
    const member = await join(page);
    await openWatched(page, '/members/profile');
    await page.context().clearCookies();
    await navigation(page).getByRole('link', { name: 'Home' }).click();
    await arrive(page, '/accounts/login?next=/members/dashboard');
    await expect(heading(page)).toHaveText('Log in');
    await expect(navigation(page).getByRole('link')).toHaveText(['Log in', 'Sign up']);
    expect(await page.content()).not.toContain(member.name);
    await submitLogIn(page, member.name, member.password);
    await arrive(page, '/members/dashboard');
  });

  test('is explained there', async ({ page }) => {
    await join(page);
    await openWatched(page, '/members/profile');
    await spoilSession(page);
    await navigation(page).getByRole('link', { name: 'Home' }).click();
    await arrive(page, '/accounts/login?next=/members/dashboard');
    await expect(page.getByRole('alert').filter({ hasText: ENDED })).toBeVisible();
  });
});

// The session belongs to the browser, and an open page does not notice that it has changed.
test('a page left open by one member is not mixed with the next member’s', { tag: '@javascript' }, async ({ page, context }) => {
  const [ada, bob] = [await signUp(page, newMember('ada')), await signUp(page, newMember('bob'))];
  const otherTab = await context.newPage();
  await open(otherTab, '/accounts/login');
  await logIn(page, ada);
  await open(page, '/members/profile');
  await submitLogIn(otherTab, bob.name, bob.password);
  await arrive(otherTab, '/members/dashboard');

  await navigation(page).getByRole('link', { name: 'Home' }).click();
  await expect(page.getByRole('main')).toContainText(bob.email);
  await expect(heading(page)).toHaveText(`Welcome, ${bob.name}!`);
  expect(await page.content()).not.toContain(ada.name);
});
