// The lab's caching exercises. Nothing here waits for a minute to pass: tests/http/lab.rs tests the
// times.
import type { Page, Response } from '@playwright/test';
import { expect, test } from '../support/test';
import { goBack, hasScript, heading, isMarked, join, mark, open } from '../support/verbs';

const EXERCISES = [
  ['Exercise 5: the low-level API', '/lab/cache-api'],
  ['Exercise 6: a page and a fragment', '/lab/cached-page'],
  ['Daily task: the dashboard', '/lab/matrix'],
] as const;

const timetable = (page: Page) => page.getByRole('table', { name: /^What to expect/ });
const wrong = (page: Page) => timetable(page).locator('.wrong');

/** The times shown by the elements with these ids. */
async function times(page: Page, ...ids: string[]): Promise<string[]> {
  const found = [];
  for (const id of ids) {
    const time = page.locator(`#${id}`);
    await expect(time).toBeAttached(); // The dashboard has it in the developers' panel.
    found.push((await time.getAttribute('datetime'))!);
  }
  return found;
}

/**
 * Loads a page twice, and again if the two differ: an entry may just have expired, or another story
 * emptied the cache. Returns the second response.
 */
async function openTwice(page: Page, path: string, ...ids: string[]): Promise<Response> {
  let answer: Response;
  await expect(async () => {
    await open(page, path);
    const before = await times(page, ...ids);
    answer = await open(page, path);
    expect(await times(page, ...ids)).toEqual(before);
  }).toPass();
  return answer!;
}

test('the lab leads to each exercise, which says what to expect', async ({ page }) => {
  await open(page, '/');
  await mark(page);
  await page.getByRole('link', { name: 'Caching lab' }).click();
  await expect(heading(page)).toHaveText('The caching lab');
  for (const [name, path] of EXERCISES) {
    await page.getByRole('main').getByRole('link', { name }).click();
    await expect(page).toHaveURL(path);
    await expect(heading(page)).toHaveText(name);
    await expect(timetable(page).getByRole('columnheader')).toHaveText(['When', /\w/, /\w/, 'The lesson says']);
    await expect(page.getByRole('heading', { name: 'Where the lesson is wrong' })).toBeVisible();
    await goBack(page);
    await expect(heading(page)).toHaveText('The caching lab');
  }
  expect(await isMarked(page)).toBe(hasScript());
});

test('messages of each enabled level are shown once', async ({ page }) => {
  await open(page, '/lab/messages');
  await page.getByRole('button', { name: 'Send one of each' }).click();
  const levels = ['info', 'success', 'warning', 'error'];
  await expect(page.locator('.message')).toHaveText(levels.map((level) => `This is an example at the level “${level}”.`));
  await page.reload();
  await expect(page.locator('.message')).toHaveCount(0);
});

test('a value is computed once, and every call returns the expected value', async ({ page }) => {
  await openTwice(page, '/lab/cache-api', 'computed-at');
  await expect(page.locator('#cache-state')).toHaveText('Cache hit');
  await expect(timetable(page).locator('[aria-current]')).toContainText('before second 30');
  await expect(wrong(page)).toHaveCount(0);

  const calls = page.getByRole('region', { name: 'Every call' }).locator('tbody tr');
  expect(await calls.count()).toBeGreaterThan(15);
  for (const call of await calls.all()) {
    const cells = call.getByRole('cell');
    expect(await cells.nth(2).textContent(), await call.textContent()).toBe(await cells.nth(1).textContent());
  }
});

test('a fragment in a cached page is as old as the page', async ({ page, otherDevice }) => {
  const ids = ['page-rendered-at', 'fragment-rendered-at'];
  const kept = await openTwice(page, '/lab/cached-page', ...ids);
  expect(kept.headers()['x-cache']).toMatch(/^HIT; name=\/lab\/cached-page; age=\d+; ttl=\d+$/);
  await expect(wrong(page)).toHaveText(['page the same, fragment new (wrong)']);
  await expect(page.locator('.fragment').getByText('Fragment rendered at')).toBeVisible();

  // Anonymous visitors share the page; each member has their own.
  await expect(async () => {
    await page.reload();
    await open(otherDevice, '/lab/cached-page');
    expect(await times(otherDevice, ...ids)).toEqual(await times(page, ...ids));
  }).toPass();
  const member = await join(otherDevice);
  const own = await openTwice(otherDevice, '/lab/cached-page', ...ids);
  expect(own.headers()['x-cache']).toMatch(/^HIT/);
  await expect(otherDevice.getByRole('banner')).toContainText(member.name);
  await open(page, '/lab/cached-page');
  await expect(page.getByRole('banner')).not.toContainText(member.name);
});

test('a page rendered by the browser has the fragment too', async ({ page }) => {
  await open(page, '/lab');
  await mark(page);
  await page.getByRole('main').getByRole('link', { name: 'Exercise 6: a page and a fragment' }).click();
  await expect(heading(page)).toHaveText('Exercise 6: a page and a fragment');
  await times(page, 'page-rendered-at', 'fragment-rendered-at');
  expect(await isMarked(page)).toBe(hasScript());
});

test('the two lifetimes of the dashboard and of its public twin', async ({ page }) => {
  await openTwice(page, '/lab/matrix', 'view-rendered-at', 'fragment-rendered-at');
  await expect(timetable(page).locator('[aria-current]')).toHaveCount(1);
  await expect(wrong(page)).toHaveText(['view the same, fragment new (wrong)']);
  const own = page.getByRole('region', { name: 'Your dashboard' });
  await expect(own.getByRole('link', { name: 'Log in' })).toHaveAttribute('href', '/accounts/login?next=/lab/matrix');

  await join(page);
  await expect(async () => {
    await open(page, '/members/dashboard');
    const shown = await times(page, 'view-rendered-at', 'fragment-rendered-at');
    await open(page, '/lab/matrix');
    expect(await times(page, 'own-view-rendered-at', 'own-fragment-rendered-at')).toEqual(shown);
  }).toPass();
});
