import type { Page } from '@playwright/test';
import { expect, test } from '../support/test';
import {
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
  superuser,
  type Member,
} from '../support/verbs';

const INSPECTOR = '/admin/cache';
const DROPPED = 'Removed from the cache.';

const rows = (page: Page) => page.getByRole('region', { name: 'Entries' }).locator('tbody tr');
const names = (page: Page) => rows(page).getByRole('rowheader');
const figure = (page: Page, name: string) =>
  page.locator('.figures div').filter({ has: page.getByText(name, { exact: true }) }).locator('dd');

/** The member's dashboard, the two values in it, and the card that is rendered from one of them. */
const KEPT = ['/members/dashboard', 'dashboard', 'profile_summary', 'profile_summary_card'];

/** Visits the dashboard until it is cached: events after a login may invalidate it once more. */
async function visit(page: Page): Promise<void> {
  await expect(async () => {
    const answer = await open(page, '/members/dashboard');
    expect(answer.headers()['x-cache']).toMatch(/^HIT/);
  }).toPass();
}

/** Opens the inspector with the entries of one member. */
const look = (page: Page, member: Member) => open(page, `${INSPECTOR}?member=${member.name}`);

/** Caches a member's dashboard and shows the member's entries in the inspector. */
async function lookAtVisited(page: Page, member: Member, otherDevice: Page): Promise<void> {
  await visit(otherDevice);
  await look(page, member);
  await expect(names(page)).toHaveText(KEPT, { timeout: 1_000 });
}

/** Repeats until it succeeds: all stories share one cache, and one of them empties it. */
const undisturbed = (story: () => Promise<void>) => expect(story).toPass();

/** Waits for the answer to a form. */
async function dropped(page: Page): Promise<void> {
  await expect(page.getByRole('status').filter({ hasText: DROPPED })).toBeVisible();
  await hydrated(page);
}

/** Opens a collapsed section. */
async function unfold(page: Page, what: string): Promise<void> {
  await page.getByRole('main').locator('summary').filter({ hasText: new RegExp(`^${what}$`) }).click();
}

test.describe('a member who is not staff', () => {
  test.use({ expectedAnswers: [`403 ${INSPECTOR}`] });

  test('does not see the cache', async ({ page }) => {
    await join(page);
    await page.goto(INSPECTOR);
    await expect(heading(page)).toHaveText('Not allowed');
    await expect(page.getByRole('region', { name: 'Entries' })).toHaveCount(0);
  });
});

test('cached pages of a member are listed, never their contents', async ({ page, otherDevice }) => {
  const member = await join(otherDevice);
  await open(otherDevice, '/members/profile');
  await field(otherDevice, 'First name (optional)').fill('Kanarienvogel');
  await button(otherDevice, 'Save names').click();
  await expect(otherDevice.getByText('Your profile was saved.')).toBeVisible();
  await visit(otherDevice);
  await expect(otherDevice.getByRole('main')).toContainText('Kanarienvogel');

  await logIn(page, superuser());
  await navigation(page).getByRole('link', { name: 'Admin' }).click();
  await page.getByRole('main').getByRole('link', { name: 'Cache' }).first().click();
  await expect(heading(page)).toHaveText('Cache');
  await expect(page).toHaveURL(INSPECTOR);
  await hydrated(page);
  await field(page, 'Username of the owner').fill(member.name.toUpperCase());
  await button(page, 'Search').click();
  await arrive(page, `${INSPECTOR}?q=&member=${member.name.toUpperCase()}`);
  await undisturbed(async () => {
    await lookAtVisited(page, member, otherDevice);
    await expect(page.getByText('1 to 4 of 4 unexpired entries.')).toBeVisible();
    const [, whose, age, left, size, , last] = await rows(page).first().locator('th, td').allTextContents();
    expect(whose).toBe(member.name);
    expect(age).toMatch(/^(\d+ min )?\d+ s$/);
    expect(left).toMatch(/^[1-5] min( \d+ s)?$/);
    expect(size).toMatch(/^[\d.]+ (B|KiB)$/);
    expect(last).toMatch(/ UTC: [a-z ]+$/);

    await field(page, 'Name or tag contains').fill('dash');
    await button(page, 'Search').click();
    await arrive(page, `${INSPECTOR}?q=dash&member=${member.name}`);
    await expect(names(page)).toHaveText(['/members/dashboard', 'dashboard'], { timeout: 1_000 });
  });
  await expect(field(page, 'Name or tag contains')).toHaveValue('dash');
  const said = await page.content();
  for (const secret of ['Kanarienvogel', member.email]) expect(said).not.toContain(secret);

  await open(page, `${INSPECTOR}?member=nobody-at-all`);
  await expect(page.getByText('No matching entries.')).toBeVisible();
});

test('entries are removed one by one, by name, by member, or all', async ({ page, otherDevice }) => {
  const member = await join(otherDevice);
  await logIn(page, superuser());
  await undisturbed(async () => {
    await lookAtVisited(page, member, otherDevice);
    await button(page, `Remove dashboard of ${member.name}`).click();
    await dropped(page);
    await expect(page).toHaveURL(`${INSPECTOR}?member=${member.name}`);
    await expect(names(page)).toHaveText(KEPT.filter(name => name !== 'dashboard'), { timeout: 1_000 });
  });
  await unfold(page, 'All entries of one member');
  await field(page, 'Username').fill(member.name);
  await button(page, 'Clear this member').click();
  await dropped(page);
  await expect(rows(page)).toHaveCount(0);

  // A cache entry that no other story needs.
  await undisturbed(async () => {
    await open(otherDevice, '/lab/cache-api');
    await open(page, `${INSPECTOR}?q=lab_value`);
    await expect(names(page)).toHaveText(['lab_value'], { timeout: 1_000 });
    await unfold(page, 'All entries with one name');
    await field(page, 'Name').fill('lab_value');
    await button(page, 'Clear this name').click();
    await dropped(page);
    await expect(rows(page)).toHaveCount(0, { timeout: 1_000 });
  });

  await undisturbed(() => lookAtVisited(page, member, otherDevice));
  await unfold(page, 'All entries');
  await button(page, 'Clear the whole cache').click();
  await dropped(page);
  await expect(rows(page)).toHaveCount(0);
});

test('removing a missing entry says so', async ({ page }) => {
  await logIn(page, superuser());
  await open(page, INSPECTOR);
  await unfold(page, 'All entries of one member');
  await field(page, 'Username').fill('nobody-at-all');
  await button(page, 'Clear this member').click();
  await expect(page.getByRole('alert').filter({ hasText: 'Nothing to remove.' })).toBeVisible();
  await hydrated(page);
});

test('an open inspector updates itself, without scripts on reload', async ({
  page,
  otherDevice,
}) => {
  const member = newMember();
  await join(otherDevice, member);
  await open(otherDevice, '/members/profile');
  await logIn(page, superuser());
  await look(page, member);
  const later = async (): Promise<void> => {
    if (!hasScript()) await look(page, member);
  };
  await mark(page);
  const found = Number(await figure(page, 'Hits').textContent());
  expect(found).toBeGreaterThan(0);

  const hits = rows(page).first().getByRole('cell').nth(4);
  await undisturbed(async () => {
    await visit(otherDevice);
    await later();
    await expect(names(page)).toHaveText(KEPT, { timeout: 5_000 });
    const before = Number(await hits.textContent());
    for (let times = 0; times < 3; times++) await open(otherDevice, '/members/dashboard');
    await later();
    await expect(async () => expect(Number(await hits.textContent())).toBeGreaterThan(before)).toPass({ timeout: 5_000 });
  });
  expect(Number(await figure(page, 'Hits').textContent())).toBeGreaterThan(found);
  expect(await isMarked(page)).toBe(hasScript());

  // And invalidated entries disappear.
  await open(otherDevice, '/members/profile');
  await field(otherDevice, 'First name (optional)').fill('Augusta');
  await button(otherDevice, 'Save names').click();
  await expect(otherDevice.getByText('Your profile was saved.')).toBeVisible();
  await later();
  await expect(names(page).filter({ hasText: 'dashboard' })).toHaveCount(0);
  expect(await isMarked(page)).toBe(hasScript());
});

test('the two series of the chart differ in pattern and contrast', async ({ page }) => {
  await logIn(page, superuser());
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await open(page, INSPECTOR);
    await expect(page.locator('.chart .legend li')).toHaveText(['Hits', 'Misses']);
    for (const text of ['60 minutes ago', 'Now']) await expect(page.locator('.chart .x-axis')).toContainText(text);
    await expect(page.locator('.chart .y-axis')).toContainText('0');
    await expect(page.locator('.chart .plot path.part')).toHaveAttribute('fill', 'url(#reads-hatching)');
    if (!hasScript()) continue;
    const [ground, reads, stripes] = await page.evaluate(() =>
      ['.ground', '.all', '.stripe'].map(name => {
        const colour = getComputedStyle(document.querySelector(`.chart .plot ${name}`)!).fill;
        const channels = colour.match(/[\d.]+/g)!.slice(0, 3).map(Number);
        const [red, green, blue] = channels.map(channel => {
          const share = channel / 255;
          return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
      }),
    );
    const contrast = (one: number, other: number) => (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    expect(contrast(ground, reads), `${colorScheme}: found`).toBeGreaterThan(3);
    expect(contrast(ground, stripes), `${colorScheme}: not found`).toBeGreaterThan(3);
  }
});
