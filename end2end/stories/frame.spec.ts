import type { Page } from '@playwright/test';
import { expect, test } from '../support/test';
import { png } from '../support/pictures';
import {
  accountMenu,
  arrive,
  button,
  field,
  heading,
  hydrated,
  join,
  logIn,
  navigation,
  newMember,
  open,
  setting,
  superuser,
} from '../support/verbs';

/** Checks the parts around the content of every page. */
async function expectFrame(page: Page): Promise<void> {
  await expect(page.getByRole('link', { name: 'Skip to main content' })).toHaveAttribute('href', '#content');
  await expect(page.getByRole('banner').getByRole('link', { name: 'Members Area' })).toHaveAttribute('href', '/');
  await expect(page.getByRole('banner').getByRole('navigation').getByRole('link')).not.toHaveCount(0);
  await expect(page.locator('main#content')).toHaveCount(1);
  await expect(heading(page)).toHaveCount(1);
}

/** The vertical position at which the content begins. */
const top = async (page: Page): Promise<number> => (await page.getByRole('main').boundingBox())!.y;

/** Posts a form to an address that expects none. */
async function postTo(page: Page, path: string): Promise<void> {
  const response = page.waitForResponse(found => found.request().method() === 'POST');
  await page.evaluate(path => {
    const form = Object.assign(document.createElement('form'), { method: 'post', action: path });
    document.body.append(form);
    form.submit();
  }, path);
  await response;
}

test.describe('error pages', () => {
  test.use({ expectedAnswers: ['404 /no/such/page', '405 /accounts/login'] });

  test('look like the site, even those made outside of it', async ({ page }) => {
    await open(page, '/');
    await expectFrame(page);
    // For developers.
    await expect(page.getByRole('contentinfo')).toContainText('Every request is timed');
    const offset = await top(page);
    await open(page, '/no/such/page');
    await expectFrame(page);
    expect(await top(page)).toBe(offset);

    await open(page, '/');
    await postTo(page, '/accounts/login');
    await expect(heading(page)).toHaveText('That did not work');
    await expect(page).toHaveTitle('Method Not Allowed · Members Area');
    await expectFrame(page);
    expect(await top(page)).toBe(offset);
    await navigation(page).getByRole('link', { name: 'Home page' }).click();
    await arrive(page, '/');
  });
});

test.describe('the navigation', () => {
  test('marks the current page', async ({ page }) => {
    const current = page.getByRole('navigation').locator('[aria-current]');
    const expectCurrent = async (name: string): Promise<void> => {
      await expect(current).toHaveText([name]);
      await expect(current).toHaveAttribute('aria-current', 'page');
    };
    await open(page, '/');
    await expect(current).toHaveCount(0);
    await open(page, '/accounts/login?next=/members/profile');
    await expectCurrent('Log in');
    await navigation(page).getByRole('link', { name: 'Sign up' }).click();
    await expectCurrent('Sign up');

    await join(page);
    await expectCurrent('Home');
    await navigation(page).getByRole('link', { name: 'Settings' }).click();
    await expect(current).toHaveText(['Settings', 'Profile']);
    await setting(page, 'Activity').click();
    await expect(heading(page)).toHaveText('Activity');
    await expect(current).toHaveText(['Settings', 'Activity']);
    await expect(navigation(page, 'Settings').locator('[aria-current]')).toHaveAttribute('aria-current', 'page');
    await expect(navigation(page).locator('[aria-current]')).toHaveAttribute('aria-current', 'true');
    await open(page, '/members/secret');
    await expect(current).toHaveCount(0);
  });

  test('leads from the dashboard to the secret page', async ({ page }) => {
    const member = await join(page);
    await page.getByRole('main').getByRole('link', { name: 'the secret page' }).click();
    await expect(page).toHaveURL('/members/secret');
    await expect(heading(page)).toHaveText(`Welcome to the secret page, ${member.name}!`);
  });

  for (const [what, change] of [
    ['a short name', (name: string) => name.slice(-8)],
    ['the longest name', (name: string) => name.padEnd(150, 'w')],
  ] as const) {
    test(`is tidy on a window 360 pixels wide, with ${what}`, async ({ page }) => {
      const { name, email, password } = newMember();
      await join(page, { name: change(name), email, password });
      await page.setViewportSize({ width: 360, height: 740 });
      await expectOneLine(page);
    });
  }

  test('is tidy with the link to the admin, too', async ({ page }) => {
    await logIn(page, superuser());
    await page.setViewportSize({ width: 360, height: 740 });
    await expectOneLine(page);
  });
});

/** Checks that the header is one line, and that a finger hits everything in it. */
async function expectOneLine(page: Page): Promise<void> {
  const boxes = await page
    .getByRole('banner')
    .locator('a, button')
    .filter({ visible: true })
    .evaluateAll(items => items.map(item => item.getBoundingClientRect().toJSON() as DOMRect));
  expect(boxes.length).toBeGreaterThanOrEqual(4);
  for (const { top, right, width, height } of boxes) {
    expect(top, 'one line').toBe(boxes[0]!.top);
    expect(right).toBeLessThanOrEqual(360);
    expect(height).toBeGreaterThanOrEqual(44);
    expect(width).toBeGreaterThanOrEqual(32);
  }
}

test.describe('the account menu', () => {
  test('opens and closes, with and without scripts', async ({ page }) => {
    const member = await join(page);
    const menu = await accountMenu(page);
    await expect(menu).toContainText(`Logged in as ${member.name}`);
    await page.keyboard.press('Escape');
    await expect(menu).toBeHidden();
    await accountMenu(page);
    await heading(page).click();
    await expect(menu).toBeHidden();
    await (await accountMenu(page)).getByRole('link', { name: 'Security' }).click();
    await expect(heading(page)).toHaveText('Password and security');
    await expect(menu).toBeHidden();
    await open(page, '/members/profile');
    await (await accountMenu(page)).getByRole('link', { name: 'Settings' }).click();
    await expect(menu, 'on the page that it leads to').toBeHidden();
    await expect(heading(page)).toHaveText('Profile');
  });

  test('shows the picture, or the initial', async ({ page }) => {
    const member = await join(page);
    const avatar = page.getByRole('banner').locator('.avatar');
    await expect(avatar).toHaveText(member.name.charAt(0).toUpperCase());
    await open(page, '/members/profile');
    await field(page, 'New picture').setInputFiles(png([200, 30, 30]));
    await button(page, 'Save picture').click();
    await expect(page.getByRole('status')).toHaveText('Your picture was saved.');
    await expect(avatar).toHaveAttribute('src', /^\/members\/picture\/small\?/);
    await expect.poll(() => avatar.evaluate((found: HTMLImageElement) => found.naturalWidth)).toBeGreaterThan(0);
  });
});

test.describe('the settings', () => {
  const ALL = ['Profile', 'Email', 'Password and security', 'Devices', 'Activity', 'Appearance', 'Your data'];

  test('lead from each page to the others', async ({ page }) => {
    await join(page);
    await navigation(page).getByRole('link', { name: 'Settings' }).click();
    for (const name of ALL) {
      await setting(page, name).click();
      await expect(setting(page, name)).toHaveAttribute('aria-current', 'page');
      await hydrated(page);
      await expect(navigation(page, 'Settings').getByRole('link')).toHaveText(ALL);
    }
  });

  test('begin on the first screen of a phone', async ({ page }) => {
    await join(page);
    await page.setViewportSize({ width: 390, height: 844 });
    await open(page, '/members/sessions');
    expect((await heading(page).boundingBox())!.y).toBeLessThan(300);
    for (const link of await navigation(page, 'Settings').getByRole('link').all()) {
      expect((await link.boundingBox())!.height).toBeGreaterThanOrEqual(44);
    }
  });
});

test('all pages begin at the same left edge', async ({ page }) => {
  await logIn(page, superuser());
  const left = async (path: string, part: string): Promise<number> => {
    await open(page, path);
    return page.locator(part).first().evaluate(found => Math.round(found.getBoundingClientRect().left));
  };
  const edge = await left('/members/dashboard', 'h1');
  expect(await left('/members/dashboard', '.site-name')).toBe(edge);
  expect(await left('/', 'h1')).toBe(edge);
  for (const path of ['/members/profile', '/members/sessions', '/admin', '/admin/users']) {
    expect(await left(path, '.side'), path).toBe(edge);
  }
  const beside = await left('/members/profile', 'h1');
  for (const path of ['/members/sessions', '/accounts/email', '/admin', '/admin/users']) {
    expect(await left(path, 'h1'), path).toBe(beside);
  }
});
