import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { mailTo } from '../support/mailbox';
import { MEMBERS_PAGES, VISITORS_PAGES } from '../support/pages';
import { expect, test } from '../support/test';
import { arrive, button, field, fillSignUp, hasScript, heading, join, newMember, open } from '../support/verbs';

test.use({ expectedAnswers: ['404 /no/such/page'] });

/** Shows the sign-up page with an error at every field. */
async function openWithErrors(page: Page): Promise<void> {
  await open(page, '/accounts/signup');
  await fillSignUp(page, { name: 'two words', email: 'nowhere', password: '1234' }, '12345');
  await button(page, 'Sign up').click();
  await expect(page.getByRole('alert')).toContainText('There is a problem with 4 fields:');
}

test.describe('no barrier that axe can find, light or dark, wide or narrow', () => {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'];
  let reader: Page;

  // axe is a script. Without JavaScript it examines a copy of the page, in a browser that runs
  // scripts.
  test.beforeEach(async ({ page, browser }) => {
    reader = hasScript() ? page : await browser.newPage({ javaScriptEnabled: true });
  });
  test.afterEach(() => reader.close());

  async function copy(page: Page): Promise<void> {
    const body = (await page.content()).replaceAll(/<script.*?<\/script>/gs, '');
    await reader.route(page.url(), route => route.fulfill({ contentType: 'text/html; charset=utf-8', body }));
    await reader.goto(page.url());
  }

  async function check(page: Page, what: string): Promise<void> {
    if (reader !== page) await copy(page);
    const before = reader.viewportSize()!;
    for (const [colorScheme, width] of [['light', 1280], ['dark', 1280], ['light', 390], ['dark', 390]] as const) {
      await reader.setViewportSize({ width, height: 800 });
      await reader.emulateMedia({ colorScheme });
      // The other mode is for frames, and opens another page each time.
      const { violations } = await new AxeBuilder({ page: reader }).setLegacyMode().withTags(tags).analyze();
      const found = violations.flatMap(({ id, nodes }) =>
        nodes.map(node => `${id}: ${node.target}: ${node.failureSummary}`),
      );
      expect.soft(found, `${what}, ${colorScheme}, ${width} px`).toEqual([]);
    }
    await reader.setViewportSize(before);
  }

  test('for a visitor', async ({ page }) => {
    for (const path of VISITORS_PAGES) {
      await open(page, path);
      await check(page, path);
    }
  });

  test('for a member', async ({ page }) => {
    await join(page);
    for (const path of MEMBERS_PAGES) {
      await open(page, path);
      await check(page, path);
    }
  });

  test('behind the links in mails', async ({ page }) => {
    await openLinks(page, what => check(page, what));
    await open(page, '/dev/mailbox');
    // All mails look alike, and there may be a hundred.
    await page.locator('article:nth-of-type(n+3)').evaluateAll(rest => rest.forEach(one => one.remove()));
    await check(page, 'mailbox');
  });

  test('in a form with errors, under a message', async ({ page }) => {
    await openWithErrors(page);
    await check(page, 'sign up with errors');
    await fillSignUp(page, newMember());
    await button(page, 'Sign up').click();
    await arrive(page, '/members/dashboard');
    await expect(page.getByRole('status')).toBeVisible();
    await check(page, 'dashboard with a message');
    for (const path of ['/accounts/login', '/accounts/signup']) {
      await open(page, path);
      await check(page, `${path} of a member`);
    }
    await button(page, 'Use another account').click();
    await arrive(page, '/accounts/login');
    await button(page, 'Log in').click();
    await expect(field(page, 'Password')).toHaveAccessibleDescription('This field is required.');
    await check(page, 'login with errors');
  });
});

/** Opens each kind of link up to its button. */
async function openLinks(page: Page, check: (what: string) => Promise<void>): Promise<void> {
  const member = await join(page);
  const next = newMember('new').email;
  await open(page, '/accounts/email');
  await field(page, 'New email address').fill(next);
  await button(page, 'Change the address').click();
  await arrive(page, '/accounts/email/confirm');
  await open(page, '/accounts/password_reset');
  await field(page, 'Email address').fill(member.email);
  await button(page, 'Email me a reset link').click();
  await arrive(page, '/accounts/password_reset/done');
  for (const [address, about, to] of [
    [member.email, 'Confirm your email address', '/accounts/verify'],
    [member.email, 'Set a new password', '/accounts/reset/new'],
    [next, 'Confirm your new email address', '/accounts/email/confirm'],
  ]) {
    await page.goto((await mailTo(address, about)).link!);
    await arrive(page, to);
    await expect(page.getByRole('main').locator('button[type=submit]')).toBeVisible();
    await expect(page.getByRole('main').getByText(member.name, { exact: true })).toBeVisible();
    await check(to);
  }
}

test.describe('on a window 360 pixels wide nothing has to be scrolled sideways', () => {
  test.use({ viewport: { width: 360, height: 740 } });

  async function check(page: Page, what: string): Promise<void> {
    await expect(heading(page)).toBeVisible();
    const { content, window } = await page.evaluate(() => ({
      content: document.documentElement.scrollWidth,
      window: document.documentElement.clientWidth,
    }));
    expect.soft(content, what).toBeLessThanOrEqual(window);
  }

  test('by a visitor', async ({ page }) => {
    for (const path of VISITORS_PAGES) {
      await open(page, path);
      await check(page, path);
    }
    await openWithErrors(page);
    await check(page, 'sign up with errors');
    // Far above the button that was pressed.
    await page.setViewportSize({ width: 360, height: 400 });
    await openWithErrors(page);
    await expect(page.getByRole('alert')).toBeInViewport();
  });

  test('behind the links in mails', async ({ page }) => {
    await openLinks(page, what => check(page, what));
    await open(page, '/dev/mailbox');
    await check(page, 'mailbox');
  });

  test('by a member, even with the longest name', async ({ page }) => {
    const { name, password } = newMember();
    const domain = `${'m'.repeat(63)}.${'n'.repeat(63)}.${'o'.repeat(50)}.example`;
    await join(page, { name: name.padEnd(150, 'w'), email: `${'l'.repeat(64)}@${domain}`, password });
    for (const path of MEMBERS_PAGES) {
      await open(page, path);
      await check(page, path);
    }
  });
});
