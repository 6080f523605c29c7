import type { Locator, Page } from '@playwright/test';
import { expect, test } from '../support/test';
import { arrive, button, field, heading, navigation, newMember, open } from '../support/verbs';

/** The element has the keyboard's focus, is on the screen, and the focus can be seen. */
async function expectFocus(element: Locator): Promise<void> {
  await expect(element).toBeFocused();
  await expect(element).toBeInViewport();
  const { outlineStyle, outlineWidth } = await element.evaluate(found => getComputedStyle(found));
  expect(outlineStyle).toBe('solid');
  expect(parseFloat(outlineWidth)).toBeGreaterThanOrEqual(2);
}

const skipLink = (page: Page): Locator => page.getByRole('link', { name: 'Skip to the content' });

/** From the top of a page past the navigation. */
async function skipToContent(page: Page): Promise<void> {
  await expect(skipLink(page)).not.toBeInViewport();
  await page.keyboard.press('Tab');
  await expectFocus(skipLink(page));
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/#content$/);
  await expect(page.getByRole('main')).toBeFocused();
}

test('sign up, log in and log out with nothing but the keyboard', async ({ page }) => {
  const member = newMember();
  await open(page, '/accounts/signup');
  await skipToContent(page);
  for (const [label, text] of [
    ['Username', member.name],
    ['Email address', member.email],
    ['Password', member.password],
    ['Password confirmation', member.password],
  ] as const) {
    await page.keyboard.press('Tab');
    await expectFocus(field(page, label));
    await page.keyboard.type(text);
  }
  await page.keyboard.press('Tab');
  await expectFocus(button(page, 'Sign up'));
  await page.keyboard.press('Enter');

  await arrive(page, '/accounts/login');
  await skipToContent(page);
  await page.keyboard.press('Tab');
  await expectFocus(field(page, 'Username or email address'));
  await page.keyboard.type(member.name);
  await page.keyboard.press('Tab');
  await expectFocus(field(page, 'Password'));
  await page.keyboard.type(member.password);
  await page.keyboard.press('Enter');

  await arrive(page, '/members/dashboard');
  await expect(heading(page)).toHaveText(`Welcome, ${member.name}!`);
  await page.keyboard.press('Tab');
  await expectFocus(skipLink(page));
  for (const stop of [
    page.getByRole('link', { name: 'Members Area' }),
    navigation(page).getByRole('link', { name: 'Dashboard' }),
    navigation(page).getByRole('link', { name: 'Profile' }),
    navigation(page).getByRole('button', { name: 'Log out' }),
  ]) {
    await page.keyboard.press('Tab');
    await expectFocus(stop);
  }
  await page.keyboard.press('Enter');
  await arrive(page, '/accounts/login');
  await expect(page.getByRole('status')).toHaveText('You have been successfully logged out.');
});

test.describe('the way past the navigation', () => {
  test.use({ expectedAnswers: ['404 /no/such/page'] });

  for (const path of ['/', '/accounts/signup', '/accounts/login', '/accounts/logout', '/no/such/page']) {
    test(`is there on ${path}`, async ({ page }) => {
      await open(page, path);
      await skipToContent(page);
      await page.keyboard.press('Tab');
      await expectFocus(
        page.getByRole('main').locator('a, button, input').and(page.locator(':not([type=hidden])')).first(),
      );
    });
  }
});
