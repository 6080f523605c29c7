import type { Page } from '@playwright/test';
import { expect, test } from '../support/test';
import {
  arrive,
  hasScript,
  heading,
  hydrated,
  isMarked,
  join,
  logIn,
  mark,
  navigation,
  open,
  superuser,
} from '../support/verbs';

const TIMINGS = '/admin/timings';
/** A page that nobody else opens, and that is not cached for members. */
const ASKED = '/lab/matrix';

const lines = (page: Page) => page.getByRole('region', { name: 'By route' }).locator('tbody tr');
const line = (page: Page, route: string, answers: string) =>
  lines(page)
    .filter({ has: page.getByRole('rowheader', { name: route, exact: true }) })
    .filter({ has: page.getByRole('cell', { name: answers, exact: true }) });
const count = async (page: Page, route: string) =>
  Number((await line(page, route, 'made').getByRole('cell').nth(1).textContent())!.replaceAll(',', ''));

test.describe('a member who is not staff', () => {
  test.use({ expectedAnswers: [`403 ${TIMINGS}`] });

  test('does not see the timings', async ({ page }) => {
    await join(page);
    await page.goto(TIMINGS);
    await expect(heading(page)).toHaveText('Not allowed');
    await expect(page.getByRole('region', { name: 'By route' })).toHaveCount(0);
  });
});

test('answers are shown by route, and the window is chosen by links', async ({ page, otherDevice }) => {
  await open(otherDevice, ASKED);
  await logIn(page, superuser());
  await navigation(page).getByRole('link', { name: 'Admin' }).click();
  await page.getByRole('navigation', { name: 'Admin' }).getByRole('link', { name: 'Timings' }).click();
  await expect(heading(page)).toHaveText('Timings');
  await expect(page).toHaveURL(TIMINGS);
  await hydrated(page);
  await expect(line(page, ASKED, 'made')).toHaveCount(1);
  for (const [name, address] of [
    ['Last day', `${TIMINGS}?last=day`],
    ['Last minute', `${TIMINGS}?last=minute`],
    ['Last hour', TIMINGS],
  ] as const) {
    await page.getByRole('region', { name: 'Filters' }).getByRole('link', { name }).click();
    await arrive(page, address);
    await expect(page.getByRole('link', { name })).toHaveAttribute('aria-current', 'true');
  }
  await expect(line(page, ASKED, 'made')).toHaveCount(1);
});

test('an open page updates itself, without scripts on reload', async ({ page, otherDevice }) => {
  await open(otherDevice, ASKED);
  await logIn(page, superuser());
  await open(page, TIMINGS);
  await mark(page);
  const before = await count(page, ASKED);
  for (let times = 0; times < 3; times++) await open(otherDevice, ASKED);
  if (!hasScript()) await open(page, TIMINGS);
  await expect(async () => expect(await count(page, ASKED)).toBeGreaterThanOrEqual(before + 3)).toPass({ timeout: 10_000 });
  expect(await isMarked(page)).toBe(hasScript());
});

test('slow requests are waterfalls, in colours that can be seen in both themes', async ({ page, otherDevice }) => {
  await join(otherDevice);
  await logIn(page, superuser());
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await open(page, TIMINGS);
    const slowest = page.getByRole('region', { name: 'Slowest requests' }).locator('tbody tr');
    expect(await slowest.count()).toBeGreaterThan(0);
    const login = slowest.filter({ hasText: /POST .*(sign_up|log_in)/ }).first();
    await expect(login).toContainText('Hash ');
    await expect(login).toContainText('Database ');
    if (!hasScript()) continue;
    const contrasts = await page.evaluate(() => {
      const light = (colour: string) => {
        const [red, green, blue] = colour
          .match(/[\d.]+/g)!
          .slice(0, 3)
          .map(Number)
          .map(channel => channel / 255)
          .map(share => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4));
        return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
      };
      return [...document.querySelectorAll('.waterfall rect')].map(bar => {
        const [one, other] = [
          light(getComputedStyle(bar).fill),
          light(getComputedStyle(bar.closest('svg')!).backgroundColor),
        ];
        return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
      });
    });
    expect(Math.min(...contrasts), colorScheme).toBeGreaterThan(3);
  }
});
