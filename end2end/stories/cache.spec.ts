import type { Page, Response } from '@playwright/test';
import { expect, test } from '../support/test';
import { button, field, hasScript, heading, hydrated, isMarked, join, mark, navigation, open } from '../support/verbs';

const DASHBOARD = '/members/dashboard';

const said = (answer: Response, name = 'x-cache') => answer.headers()[name] ?? '';

/**
 * Opens the dashboard until it comes from the cache: events after a login may invalidate it once
 * more.
 */
async function openKept(page: Page): Promise<Response> {
  let answer: Response;
  await expect(async () => {
    answer = await open(page, DASHBOARD);
    expect(said(answer)).toMatch(/^HIT; name=\/members\/dashboard; age=\d+; ttl=\d+$/);
  }).toPass();
  return answer!;
}

test('a cached dashboard is compressed, has no nonce, and works like a fresh one', async ({ page }) => {
  const member = await join(page);
  let kept = await openKept(page);
  // The first one is compressed quickly, and well once it is asked for again.
  await expect(async () => {
    kept = await openKept(page);
    expect(said(kept, 'content-encoding')).toBe('br');
  }).toPass();
  expect(said(kept, 'cache-control')).toBe('private, no-store');
  expect(said(kept, 'content-security-policy')).toMatch(/script-src 'self'( 'sha256-[^']+')+ 'wasm-unsafe-eval'/);
  expect(await kept.text()).not.toContain('nonce');
  await expect(heading(page)).toHaveText(`Welcome, ${member.name}!`);
  await expect(page.getByRole('list', { name: 'Devices' }).getByRole('listitem')).toHaveCount(1);

  // The links of the cached navigation work, with JavaScript without a page load.
  await mark(page);
  await navigation(page).getByRole('link', { name: 'Settings' }).click();
  await expect(heading(page)).toHaveText('Profile');
  await navigation(page).getByRole('link', { name: 'Home' }).click();
  await expect(heading(page)).toHaveText(`Welcome, ${member.name}!`);
  expect(await isMarked(page)).toBe(hasScript());
});

test('a script injected into a cached page does not run', { tag: '@javascript' }, async ({ page, browser }) => {
  await join(page);
  await openKept(page);
  // In another browser context, where console errors are expected.
  const context = await browser.newContext({ storageState: await page.context().storageState() });
  const other = await context.newPage();
  const complaints: string[] = [];
  other.on('console', message => complaints.push(message.text()));
  await openKept(other);
  await hydrated(other);
  expect(complaints).toEqual([]);
  const ran = await other.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'window.planted = true';
    document.body.append(script);
    return 'planted' in window;
  });
  expect(ran).toBe(false);
  expect(complaints.join()).toContain('Content Security Policy');
  await context.close();
});

test('a change shows on the dashboard at the next request', async ({ page }) => {
  await join(page);
  await openKept(page);
  await open(page, '/members/profile');
  await field(page, 'First name (optional)').fill('Augusta');
  await button(page, 'Save names').click();
  await expect(page.getByText('Your profile was saved.')).toBeVisible();
  const fresh = await open(page, DASHBOARD);
  expect(said(fresh)).not.toMatch(/^HIT/);
  await expect(page.getByRole('main')).toContainText('Augusta');
  await openKept(page);
  await expect(page.getByRole('main')).toContainText('Augusta');
});

test('the dashboard tells developers why it is cached, when they ask', async ({ page }) => {
  await join(page);
  await openKept(page);
  const [why, open_] = [page.locator('details.why'), page.getByText('why is this page cached?')];
  await expect(why.locator('table')).toBeHidden();
  await open_.focus();
  await page.keyboard.press('Enter');
  await expect(why.locator('table')).toBeVisible();
  await expect(why).toContainText('This profile summary is cached per user!');
  await expect(why.getByRole('row')).toHaveCount(4);
  const page_ = why.getByRole('row', { name: /^The whole page/ });
  const times = await page_.locator('time').evaluateAll(times => times.map(time => time.getAttribute('datetime')!));
  const [renderedAt, validUntil] = times.map(time => Date.parse(time));
  expect(validUntil - renderedAt).toBeGreaterThan(0);
  expect(validUntil - renderedAt).toBeLessThanOrEqual(5 * 60_000);

  const came = why.locator('#how-it-came');
  if (!hasScript()) {
    await expect(came).toHaveCount(0);
    return;
  }
  await expect(came).toHaveText(/^Served from the cache\. It is \d+ seconds? old, and it expires in \d+ seconds?\.$/);
  // The page counts the seconds.
  const first = await came.textContent();
  await expect(came).not.toHaveText(first!);

  // A navigation within the browser loads only the data.
  await navigation(page).getByRole('link', { name: 'Settings' }).click();
  await expect(heading(page)).toHaveText('Profile');
  await navigation(page).getByRole('link', { name: 'Home' }).click();
  await expect(page_).toBeHidden();
  await open_.click();
  await expect(page_).toContainText('Not cached');
  await expect(came).toHaveCount(0);
});
