// Pages of /admin and /lab come in files of their own. Where such a file cannot be loaded (the site
// was updated since, the connection is lost), links and forms work as without JavaScript.
import type { Page } from '@playwright/test';
import { expect, test } from '../support/test';
import { arrive, button, heading, hydrated, isMarked, logIn, mark, navigation, open, superuser } from '../support/verbs';

const ADMIN = /\/split_admin\.wasm$/;
const works = (page: Page) => expect(page.locator('html')).toHaveAttribute('data-hydrated', 'failed');

/** The path of the admin's file, or skips the story: `cargo leptos build` without `--split` makes none. */
async function adminFile(page: Page): Promise<string> {
  await open(page, '/accounts/login');
  const script = await page.locator('script[type=module]').first().textContent();
  const folder = /import\("(\/pkg\/[^"]+)\/[^/"]+\.js"\)/.exec(script!)![1];
  test.skip(!script!.includes('"split_admin"'), 'built without --split');
  return `${folder}/split_admin.wasm`;
}

test('a page loads its bundle when it is opened, and no other page does @javascript', async ({ page }) => {
  await adminFile(page);
  const loaded: string[] = [];
  page.on('request', request => {
    if (/\/(split|chunk)_\w+\.wasm$/.test(request.url())) loaded.push(request.url());
  });
  await logIn(page, superuser());
  expect(loaded).toEqual([]);
  await navigation(page).getByRole('link', { name: 'Settings' }).click();
  await arrive(page, '/members/profile');
  expect(loaded.some(url => url.endsWith('/split_account.wasm'))).toBe(true);
  expect(loaded.some(url => ADMIN.test(url))).toBe(false);
  await mark(page);
  await navigation(page).getByRole('link', { name: 'Admin' }).click();
  await arrive(page, '/admin');
  await expect(heading(page)).toHaveText('Admin');
  expect(await isMarked(page)).toBe(true);
  expect(loaded.some(url => ADMIN.test(url))).toBe(true);
  await page.goBack();
  await expect(heading(page)).toHaveText('Profile');
  await page.goForward();
  await expect(heading(page)).toHaveText('Admin');
  expect(await isMarked(page)).toBe(true);
});

test.describe('without the admin’s bundle', () => {
  test.use({ expectedAnswers: async ({}, use) => use([]) });

  /** Blocks the file. All that may be seen of it is what the browser itself says. */
  async function block(page: Page, expected: string[]): Promise<void> {
    expected.push(`net::ERR_FAILED ${await adminFile(page)}`);
    await page.route(ADMIN, route => route.abort());
    await logIn(page, superuser());
  }

  test('a page that is opened first works by links and forms @javascript', async ({ page, expectedAnswers }) => {
    await block(page, expectedAnswers);
    await page.goto('/admin/users');
    await works(page);
    await page.getByRole('searchbox').fill('root');
    await button(page, 'Search').click();
    await expect(page).toHaveURL('/admin/users?q=root');
    await works(page);
    await page.getByRole('navigation', { name: 'Admin' }).getByRole('link', { name: 'Groups' }).click();
    await expect(page).toHaveURL('/admin/groups');
    await works(page);
    await page.goto('/admin/groups/new');
    await works(page);
    await button(page, 'Add the group').click();
    await expect(page.getByRole('main').locator('.error').first()).toBeVisible();
    await works(page);
    await navigation(page).getByRole('link', { name: 'Settings' }).click();
    await arrive(page, '/members/profile');
  });

  test('a link leads to the page by a full load @javascript', async ({ page, expectedAnswers }) => {
    await block(page, expectedAnswers);
    await open(page, '/members/profile');
    await mark(page);
    await navigation(page).getByRole('link', { name: 'Admin' }).click();
    await expect(heading(page)).toHaveText('Admin');
    await expect(page).toHaveURL('/admin');
    expect(await isMarked(page)).toBe(false);
    await works(page);
    await navigation(page).getByRole('link', { name: 'Home' }).click();
    await arrive(page, '/members/dashboard');
  });

  test('a page of an earlier release goes on to the new one @javascript', async ({ page, expectedAnswers }) => {
    const file = await adminFile(page);
    expectedAnswers.push(`404 ${file}`);
    await logIn(page, superuser());
    await mark(page);
    await page.route(ADMIN, route => route.fulfill({ status: 404 }), { times: 1 });
    await navigation(page).getByRole('link', { name: 'Admin' }).click();
    await expect(heading(page)).toHaveText('Admin');
    expect(await isMarked(page)).toBe(false);
    await hydrated(page);
  });
});

test.describe('on a page of an earlier release', () => {
  const FUNCTION = '/api/accounts/log_in';
  test.use({ expectedAnswers: [`404 ${FUNCTION}`] });

  test('a form that the site no longer knows asks for a reload and keeps what was typed @javascript', async ({ page }) => {
    await open(page, '/accounts/login');
    await page.route(`**${FUNCTION}`, route => route.fulfill({ status: 404, contentType: 'application/json', body: '"Outdated"' }));
    await page.locator('[name=login]').fill('ada');
    await page.locator('[name=password]').fill('correct horse battery');
    await button(page, 'Log in').click();
    await expect(page.getByRole('alert')).toHaveText('This page is of another version of the site. Please reload it and try again.');
    await expect(page.locator('[name=login]')).toHaveValue('ada');
  });
});
