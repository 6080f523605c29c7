import { readFile } from 'node:fs/promises';
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { STAFF_PAGES } from '../support/pages';
import { expect, test } from '../support/test';
import {
  arrive,
  button,
  field,
  hasScript,
  heading,
  hydrated,
  join,
  logIn,
  navigation,
  newMember,
  open,
  signUp,
  superuser,
  type Member,
} from '../support/verbs';

const USERS = '/admin/users';
const rooms = (page: Page) => page.getByRole('navigation', { name: 'Admin' });
const rows = (page: Page) => page.getByRole('table', { name: 'Users' }).locator('tbody tr');
const found = (page: Page) => page.locator('.found');
const history = (page: Page) => page.locator('[aria-labelledby=history] li');

/** Opens the list with this member only. */
async function search(page: Page, words: string): Promise<void> {
  await open(page, USERS);
  await page.getByRole('searchbox').fill(words);
  await button(page, 'Search').click();
  await expect(page).toHaveURL(new RegExp(`${USERS}\\?q=`));
  await hydrated(page);
}

/** Opens a member's page. */
async function look(page: Page, member: Member): Promise<void> {
  await search(page, member.name);
  await rows(page).getByRole('link', { name: member.name }).click();
  await expect(heading(page)).toHaveText(member.name);
  await expect(page.locator('.user-name')).toContainText(member.name);
  await hydrated(page);
}

/** Waits for the answer to a form on a member's page. */
async function saved(page: Page, message: string): Promise<void> {
  await expect(page.getByRole('status').filter({ hasText: message })).toBeVisible();
  await hydrated(page);
}

test.describe('a member who is not staff', () => {
  test.use({ expectedAnswers: ['403 /admin', '403 /admin/users'] });

  test('gets a 403 page of the site and is not asked to log in', async ({ page }) => {
    await join(page);
    await expect(navigation(page).getByRole('link', { name: 'Admin' })).toHaveCount(0);
    for (const path of ['/admin', USERS]) {
      await page.goto(path);
      await expect(page).toHaveURL(path);
      await expect(heading(page)).toHaveText('Not allowed');
    }
    await navigation(page).getByRole('link', { name: 'Home' }).click();
    await arrive(page, '/members/dashboard');
  });
});

test('search, filter and sorting lead to a user', async ({ page, otherDevice }) => {
  const [first, second] = [newMember('anna'), newMember('anna')];
  for (const member of [first, second]) await signUp(otherDevice, member);
  await logIn(page, superuser());
  await navigation(page).getByRole('link', { name: 'Admin' }).click();
  await arrive(page, '/admin');
  await rooms(page).getByRole('link', { name: 'Users' }).click();
  await arrive(page, USERS);
  await expect(rooms(page).getByRole('link', { name: 'Users' })).toHaveAttribute('aria-current', 'page');

  // Any part of any name, in any case.
  await search(page, first.name.slice(2).toUpperCase());
  await expect(rows(page)).toHaveCount(1);
  await expect(found(page)).toHaveText(/^1 of [\d,]+ users$/);
  await page.getByRole('link', { name: /^Confirmed/ }).click();
  await expect(page.getByText('No users match.')).toBeVisible();
  await page.getByRole('link', { name: /^Unconfirmed/ }).click();
  await expect(rows(page)).toHaveCount(1);
  await page.getByRole('link', { name: 'Clear search' }).click();
  await expect(page).toHaveURL(`${USERS}?verified=0`);

  await search(page, 'anna-');
  const sorted = page.getByRole('columnheader', { name: 'Username' });
  await sorted.getByRole('link').click();
  await expect(sorted).toHaveAttribute('aria-sort', 'ascending');
  await expect(page.getByRole('searchbox')).toHaveValue('anna-');
  const names = async () => rows(page).getByRole('rowheader').allInnerTexts();
  const ascending = await names();
  expect(ascending).toEqual(ascending.toSorted());
  expect(ascending).toEqual(expect.arrayContaining([first.name, second.name]));
  await sorted.getByRole('link').click();
  await expect(sorted).toHaveAttribute('aria-sort', 'descending');
  expect(await names()).toEqual(ascending.toReversed());
});

test('days narrow the list, and impossible ones are named', async ({ page, otherDevice }) => {
  const member = await signUp(otherDevice);
  await logIn(page, superuser());
  await search(page, member.name);
  const today = new Date().toISOString().slice(0, 10);
  await field(page, 'Joined from').fill('2020-01-01');
  await field(page, 'Joined to').fill('2020-12-31');
  await button(page, 'Show days').click();
  await expect(page).toHaveURL(/joined_to=2020-12-31/);
  await hydrated(page);
  await expect(page.getByText('No users match.')).toBeVisible();
  await field(page, 'Joined to').fill(today);
  await button(page, 'Show days').click();
  await expect(page).toHaveURL(new RegExp(`joined_to=${today}`));
  await hydrated(page);
  await expect(rows(page)).toHaveCount(1);
  // Sorting keeps the days.
  await page.getByRole('columnheader', { name: 'Username' }).getByRole('link').click();
  await expect(page).toHaveURL(/sort=username/);
  await expect(field(page, 'Joined from')).toHaveValue('2020-01-01');
  await expect(rows(page)).toHaveCount(1);
  await field(page, 'Joined to').fill('2019-12-31');
  await button(page, 'Show days').click();
  await expect(page.getByRole('alert').filter({ hasText: 'Joined: the first day is after the last.' })).toBeVisible();
  await hydrated(page);
  await expect(page.getByText('No users match.')).toBeVisible();
});

test('what a search finds is downloaded as a file', async ({ page, otherDevice }) => {
  const member = await signUp(otherDevice);
  await logIn(page, superuser());
  await search(page, member.name);
  await expect(rows(page)).toHaveCount(1);
  const download = page.waitForEvent('download');
  await button(page, 'Download CSV').click();
  const file = await download;
  expect(file.suggestedFilename()).toMatch(/^users-\d{4}-\d\d-\d\d\.csv$/);
  const lines = (await readFile(await file.path(), 'utf8')).trim().split('\r\n');
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain(`"${member.name}","${member.email}"`);
  // The list is still there.
  await expect(page).toHaveURL(new RegExp(`${USERS}\\?q=`));
  await expect(rows(page)).toHaveCount(1);
});

test('changes by staff show at the member’s next request and in both activity logs', async ({ page, otherDevice }) => {
  const member = await join(otherDevice);
  await logIn(page, superuser());
  await look(page, member);
  await field(page, 'First name (optional)').fill('Ada');
  await field(page, 'Email address').fill('nowhere');
  await button(page, 'Save').first().click();
  await expect(field(page, 'Email address')).toHaveAccessibleDescription(/Enter a valid email address/);
  await expect(field(page, 'First name (optional)')).toHaveValue('Ada');
  await field(page, 'Email address').fill(member.email);
  await page.getByLabel('Staff (can open the admin)').check();
  await button(page, 'Save').first().click();
  await saved(page, 'The user was saved.');
  await expect(history(page)).toHaveCount(2);
  await expect(history(page).first()).toContainText(new RegExp(`${superuser().name} (added|removed|gave|took|made|ended|set|changed)`));

  await open(otherDevice, '/members/profile');
  await expect(navigation(otherDevice).getByRole('link', { name: 'Admin' })).toBeVisible();
  await expect(field(otherDevice, 'First name (optional)')).toHaveValue('Ada');
  await open(otherDevice, '/members/activity');
  await expect(otherDevice.getByText('Changed by staff')).toBeVisible();

  // Grant a permission and revoke it, with a name: one form, so that neither is lost.
  const permissions = page.getByRole('table', { name: 'Permissions' });
  for (const given of [true, false]) {
    await field(page, 'Last name (optional)').fill(given ? 'King' : 'Lovelace');
    await permissions.getByLabel('View users').setChecked(given);
    await button(page, 'Save').click();
    await saved(page, 'The user was saved.');
    await expect(heading(page)).toHaveText(given ? 'Ada King' : 'Ada Lovelace');
    await expect(page).toHaveTitle(new RegExp(given ? '^Ada King · ' : '^Ada Lovelace · '));
    await open(otherDevice, '/admin');
    await expect(rooms(otherDevice).getByRole('link', { name: 'Users' })).toHaveCount(given ? 1 : 0);
  }
  await expect(permissions.getByRole('columnheader')).toHaveText(['View', 'Add', 'Change', 'Delete', 'Other']);
  const box = (await permissions.getByRole('row', { name: 'Users' }).getByLabel('Delete users').locator('xpath=..').boundingBox())!;
  expect(Math.min(box.width, box.height)).toBeGreaterThanOrEqual(44);
  await page.setViewportSize({ width: 390, height: 800 });
  await expect(permissions.getByText('Delete users', { exact: true })).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
});

test('the second of two editors sees both versions', async ({ page, context, otherDevice }) => {
  const member = await signUp(otherDevice);
  await logIn(page, superuser());
  await look(page, member);
  const tab = await context.newPage();
  await open(tab, new URL(page.url()).pathname);
  await field(page, 'First name (optional)').fill('Augusta');
  await button(page, 'Save').first().click();
  await saved(page, 'The user was saved.');
  await field(tab, 'First name (optional)').fill('Ada');
  await button(tab, 'Save').first().click();
  await expect(tab.getByRole('alert').filter({ hasText: 'Someone else saved changes while you were editing' })).toBeVisible();
  await hydrated(tab);
  const differences = tab.getByRole('table', { name: 'Saved in the meantime' });
  await expect(differences.getByRole('cell')).toHaveText(['Augusta', 'Ada']);
  await expect(field(tab, 'First name (optional)')).toHaveValue('Ada');
  await button(tab, 'Save').first().click();
  await saved(tab, 'The user was saved.');
  await page.reload();
  await expect(field(page, 'First name (optional)')).toHaveValue('Ada');
});

test('a user is added, put into a new group, and chooses a password by mail', async ({ page }) => {
  const member = newMember('eve');
  const group = `Readers ${member.name}`;
  await logIn(page, superuser());
  await open(page, '/admin/groups');
  await page.getByRole('link', { name: 'Add a group' }).click();
  await arrive(page, '/admin/groups/new');
  await field(page, 'Name').fill(group);
  await page.getByLabel('View users').check();
  await button(page, 'Add the group').click();
  await saved(page, 'The group was added.');
  await expect(heading(page)).toHaveText(group);
  await expect(page).toHaveTitle(`${group} · Members Area`);

  await open(page, USERS);
  await page.getByRole('link', { name: 'Add a user' }).click();
  await arrive(page, '/admin/users/new');
  await field(page, 'Username').fill(member.name);
  await field(page, 'Email address').fill(member.email);
  await button(page, 'Add the user').click();
  await saved(page, 'The user was added.');
  await expect(page.getByRole('region', { name: 'Account' })).toContainText('Not set yet');
  await field(page, 'Group').selectOption(group);
  await button(page, 'Add to group').click();
  await saved(page, 'The user was added to the group.');
  await expect(page.getByText('View users (through a group)')).toBeVisible();
  await button(page, 'Remove').click();
  await saved(page, 'The user was removed from the group.');

  await open(page, '/admin/groups');
  await page.getByRole('link', { name: group }).click();
  await page.getByRole('link', { name: 'Delete the group' }).click();
  await expect(heading(page)).toHaveText('Delete a group');
  await hydrated(page);
  await expect(page.getByText('Memberships removed: 0.')).toBeVisible();
  await button(page, 'Delete the group').click();
  await saved(page, 'The group was deleted.');
});

test('bulk actions ask for confirmation', async ({ page, otherDevice }) => {
  const members = [newMember('mass'), newMember('mass')];
  const [first, second] = members;
  for (const member of members) await signUp(otherDevice, member);
  await logIn(otherDevice, first);
  await logIn(page, superuser());
  await search(page, first.name);
  await page.getByLabel(`Select ${first.name}`).check();
  await field(page, 'Action').selectOption('Deactivate');
  await button(page, 'Apply to selected').click();
  await expect(heading(page)).toHaveText('Are you sure?');
  await hydrated(page);
  await expect(page.getByText('You are about to deactivate 1 user.')).toBeVisible();
  await expect(page.getByRole('list', { name: 'Who' })).toHaveText(first.name);
  await expect(page.getByRole('list', { name: 'This also deletes' })).toHaveText('Signed-in devices: 1');
  await button(page, 'Deactivate').click();
  await saved(page, '1 user was deactivated.');
  await expect(rows(page)).toContainText('Inactive');

  // Open pages of the user leave within 2 seconds, or without scripts at the next request.
  if (!hasScript()) await otherDevice.reload();
  await expect(otherDevice).toHaveURL('/accounts/login?next=/members/dashboard', { timeout: 2_000 });
  await hydrated(otherDevice);

  // All users that a search finds.
  await search(page, second.name);
  await field(page, 'Action').selectOption('Delete');
  await button(page, 'Apply to all 1 results').click();
  await expect(heading(page)).toHaveText('Are you sure?');
  await hydrated(page);
  await page.getByRole('link', { name: 'Cancel' }).click();
  await expect(rows(page)).toHaveCount(1);
  await hydrated(page);
  await field(page, 'Action').selectOption('Delete');
  await button(page, 'Apply to all 1 results').click();
  await expect(page.getByText('You are about to delete 1 user')).toBeVisible();
  await hydrated(page);
  await button(page, 'Delete').click();
  await saved(page, '1 user was deleted.');
  await expect(page.getByText('No users match.')).toBeVisible();
});

test('sorting and filtering by keyboard keeps the focus and announces the change @javascript', async ({ page }) => {
  await logIn(page, superuser());
  await open(page, USERS);
  const said = page.locator('#content [aria-live=polite]');
  for (const [name, order] of [
    ['Username', 'sorted by Username, ascending'],
    ['Username', 'sorted by Username, descending'],
    ['Last login', 'sorted by Last login, descending'],
  ]) {
    await page.getByRole('columnheader', { name }).getByRole('link').focus();
    await page.keyboard.press('Enter');
    await expect(said).toContainText(order);
    await expect(said).toContainText(`First: ${await rows(page).first().getByRole('rowheader').textContent()}`);
    await expect(page.getByRole('columnheader', { name }).getByRole('link')).toBeFocused();
  }
  // While the next list is on its way the present one stays, and says that it is outdated.
  let letGo = (): void => {};
  const held = new Promise<void>(resolve => (letGo = resolve));
  await page.route('**/api/admin/users', async route => {
    await held;
    await route.continue();
  });
  const main = page.getByRole('main');
  await page.getByRole('columnheader', { name: 'Username' }).getByRole('link').press('Enter');
  await expect(main).toHaveAttribute('aria-busy', 'true');
  await expect(rows(page)).not.toHaveCount(0);
  await expect(main).not.toContainText('Loading…');
  letGo();
  await expect(said).toContainText('sorted by Username, ascending');
  await expect(main).not.toHaveAttribute('aria-busy');
  // The focused element is gone: the next press of the Tab key begins at the content, not at the
  // top of the page.
  const inactive = page.getByRole('link', { name: /^Inactive/ });
  await inactive.focus();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/active=0/);
  await expect(page.locator('#content:focus, #content :focus')).toHaveCount(1);
});

test('the bar above the list selects the whole page, counts, and offers the action only then @javascript', async ({ page }) => {
  await logIn(page, superuser());
  await open(page, USERS);
  const [apply, whole] = [button(page, 'Apply to selected'), page.getByLabel('Select all on this page')];
  await expect(apply).toBeDisabled();
  await expect(page.locator('.selected')).toHaveText('0 selected');
  const count = await rows(page).count();
  expect(count).toBeLessThanOrEqual(25);
  await whole.check();
  await expect(page.locator('.selected')).toHaveText(`${count} selected`);
  await expect(apply).toBeEnabled();
  await rows(page).first().getByRole('checkbox').uncheck();
  await expect(page.locator('.selected')).toHaveText(`${count - 1} selected`);
  expect(await whole.evaluate((box: HTMLInputElement) => box.indeterminate)).toBe(true);
  // The group is offered with an action that needs one.
  await field(page, 'Action').selectOption('Deactivate');
  await expect(page.locator('#id_to_group')).toBeHidden();
  // The bar stays in the window.
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await expect(apply).toBeInViewport();
  // By keyboard: from the bar to its button without a way through the rows.
  await field(page, 'Action').focus();
  await page.keyboard.press('Tab');
  await expect(apply).toBeFocused();
  await page.getByRole('navigation', { name: 'Users per page' }).getByRole('link', { name: '100' }).click();
  await expect(page).toHaveURL(/size=100/);
});

test('an empty selection is reported, and Cancel keeps the selection', async ({ page, otherDevice }) => {
  const member = await signUp(otherDevice);
  await logIn(page, superuser());
  await search(page, member.name);
  if (hasScript()) {
    await expect(button(page, 'Apply to selected')).toBeDisabled();
  } else {
    await button(page, 'Apply to selected').click();
    await expect(page.getByRole('alert').filter({ hasText: 'No users selected.' })).toBeVisible();
  }
  await page.getByLabel(`Select ${member.name}`).check();
  await field(page, 'Action').selectOption('Deactivate');
  await button(page, 'Apply to selected').click();
  await expect(heading(page)).toHaveText('Are you sure?');
  await hydrated(page);
  await page.getByRole('link', { name: 'Cancel' }).click();
  await expect(page.getByLabel(`Select ${member.name}`)).toBeChecked();
});

test('staff list sessions, activity and emails', async ({ page, otherDevice }) => {
  const member = await join(otherDevice);
  await logIn(page, superuser());
  await open(page, '/admin/sessions');
  await page.getByRole('searchbox').fill(member.name);
  await button(page, 'Search').click();
  await expect(page).toHaveURL(/sessions\?q=/);
  await hydrated(page);
  await expect(page.getByRole('rowheader')).toHaveText(member.name);
  await button(page, `Log out Chrome on Linux of ${member.name}`).click();
  await saved(page, 'The device was logged out.');
  await expect(page.getByText('No active logins.')).toBeVisible();
  if (!hasScript()) await otherDevice.reload();
  await expect(otherDevice).toHaveURL('/accounts/login?next=/members/dashboard', { timeout: 2_000 });
  await hydrated(otherDevice);

  await open(page, `/admin/activity?q=${member.name}`);
  await expect(page.getByRole('row').nth(1)).toContainText('Chrome on Linux, by staff');
  await field(page, 'What').selectOption('Logged in');
  await button(page, 'Show').click();
  await expect(page.getByRole('rowheader')).toHaveText(member.name);
  await hydrated(page);

  await open(page, '/admin/mails');
  await expect(page.getByRole('link', { name: /^Queued/ })).toHaveAttribute('aria-current', 'true');
});

test.describe('every page of the admin', () => {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'];

  async function pages(page: Page, otherDevice: Page): Promise<string[]> {
    const { name, email } = newMember('w'.repeat(40));
    const member = await signUp(otherDevice, { name, email, password: newMember().password });
    await logIn(page, superuser());
    await look(page, member);
    const user = new URL(page.url()).pathname;
    const id = user.split('/').at(-1);
    return [
      ...STAFF_PAGES,
      `${USERS}?q=${member.name}&sort=username`,
      user,
      `${USERS}/confirm?action=delete&id=${id}`,
    ];
  }

  test('has no barrier that axe can find, light or dark, wide or narrow', async ({ page, browser, otherDevice }) => {
    test.slow();
    const addresses = await pages(page, otherDevice);
    // axe is a script. Without JavaScript it examines a copy of the page, in a browser that runs
    // scripts.
    const reader = hasScript() ? page : await browser.newPage({ javaScriptEnabled: true });
    for (const path of addresses) {
      await open(page, path);
      await expect(heading(page)).toBeVisible();
      if (reader !== page) {
        const body = (await page.content()).replaceAll(/<script.*?<\/script>/gs, '');
        await reader.route(page.url(), route => route.fulfill({ contentType: 'text/html; charset=utf-8', body }));
        await reader.goto(page.url());
      }
      for (const [colorScheme, width] of [['light', 1280], ['dark', 1280], ['light', 390], ['dark', 390]] as const) {
        await reader.setViewportSize({ width, height: 800 });
        await reader.emulateMedia({ colorScheme });
        const { violations } = await new AxeBuilder({ page: reader }).setLegacyMode().withTags(tags).analyze();
        const barriers = violations.flatMap(({ id, nodes }) =>
          nodes.map(node => `${id}: ${node.target}: ${node.failureSummary}`),
        );
        expect.soft(barriers, `${path}, ${colorScheme}, ${width} px`).toEqual([]);
      }
    }
    if (reader !== page) await reader.close();
  });

  test('fits a window 360 pixels wide', async ({ page, otherDevice }) => {
    const addresses = await pages(page, otherDevice);
    await page.setViewportSize({ width: 360, height: 740 });
    for (const path of addresses) {
      await open(page, path);
      await expect(heading(page)).toBeVisible();
      const { content, window } = await page.evaluate(() => ({
        content: document.documentElement.scrollWidth,
        window: document.documentElement.clientWidth,
      }));
      expect.soft(content, path).toBeLessThanOrEqual(window);
    }
  });
});
