import type { Page } from '@playwright/test';
import { expect, test } from '../support/test';
import { arrive, heading, join, logIn, navigation, newMember, open, signUp } from '../support/verbs';

/** Checks the parts around the content of every page. */
async function expectFrame(page: Page): Promise<void> {
  await expect(page.getByRole('link', { name: 'Skip to main content' })).toHaveAttribute('href', '#content');
  await expect(page.getByRole('banner').getByRole('link', { name: 'Members Area' })).toHaveAttribute('href', '/');
  await expect(page.getByRole('banner').getByRole('navigation').getByRole('link')).not.toHaveCount(0);
  await expect(page.getByRole('contentinfo')).toContainText('Every request is timed');
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
    await navigation(page, 'Site').getByRole('link', { name: 'Home page' }).click();
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
    await expectCurrent('Dashboard');
    await navigation(page).getByRole('link', { name: 'Profile' }).click();
    await expectCurrent('Profile');
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
      const member = await signUp(page, { name: change(name), email, password });
      await logIn(page, member);
      await page.setViewportSize({ width: 360, height: 740 });
      const boxes = await navigation(page)
        .getByRole('listitem')
        .evaluateAll(items => items.map(item => item.getBoundingClientRect()));
      const [welcome, ...links] = boxes.map(({ top, bottom, right, height }) => ({ top, bottom, right, height }));
      expect(links).toHaveLength(3);
      for (const link of links) {
        expect(link.top, 'links stand in one row').toBe(links[0]!.top);
        expect(link.top, 'below the name').toBeGreaterThanOrEqual(welcome!.bottom);
        expect(link.right).toBeLessThanOrEqual(360);
      }
      expect(welcome!.height, 'the name takes one row').toBeLessThan(40);
    });
  }
});
