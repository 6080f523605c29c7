import type { Locator, Page } from '@playwright/test';
import { expect, test } from '../support/test';
import {
  arrive,
  button,
  field,
  goBack,
  hasScript,
  heading,
  isMarked,
  join,
  mark,
  navigation,
  newMember,
  open,
  showPassword,
} from '../support/verbs';

/** Checks that the element has the keyboard's focus, is on the screen, and shows its focus. */
async function expectFocus(element: Locator): Promise<void> {
  await expect(element).toBeFocused();
  await expect(element).toBeInViewport();
  const { outlineStyle, outlineWidth } = await element.evaluate(found => getComputedStyle(found));
  expect(outlineStyle).toBe('solid');
  expect(parseFloat(outlineWidth)).toBeGreaterThanOrEqual(2);
}

const skipLink = (page: Page): Locator => page.getByRole('link', { name: 'Skip to main content' });

/** Skips the navigation from the top of a page. */
async function skipToContent(page: Page): Promise<void> {
  await expect(skipLink(page)).not.toBeInViewport();
  await page.keyboard.press('Tab');
  await expectFocus(skipLink(page));
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/#content$/);
  await expect(page.getByRole('main')).toBeFocused();
}

test('sign up, log in and log out by keyboard alone', async ({ page }) => {
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
    if (hasScript() && label.startsWith('Password')) {
      await page.keyboard.press('Tab');
      await expectFocus(showPassword(page, label));
    }
  }
  await page.keyboard.press('Tab');
  await expectFocus(button(page, 'Sign up'));
  await page.keyboard.press('Enter');

  await arrive(page, '/members/dashboard');
  await expect(heading(page)).toHaveText(`Welcome, ${member.name}!`);
  await page.keyboard.press('Tab');
  await expectFocus(skipLink(page));
  for (const stop of [
    page.getByRole('link', { name: 'Members Area' }),
    navigation(page).getByRole('link', { name: 'Home' }),
    navigation(page).getByRole('link', { name: 'Settings' }),
    navigation(page).getByRole('button', { name: 'Account menu' }),
  ]) {
    await page.keyboard.press('Tab');
    await expectFocus(stop);
  }
  await page.keyboard.press('Enter');
  for (const stop of [
    navigation(page).getByRole('link', { name: 'Settings' }).last(),
    navigation(page).getByRole('link', { name: 'Security' }),
    navigation(page).getByRole('button', { name: 'Log out' }),
  ]) {
    await page.keyboard.press('Tab');
    await expectFocus(stop);
  }
  await page.keyboard.press('Enter');
  await arrive(page, '/accounts/login');
  await expect(page.getByRole('status')).toHaveText('You have been successfully logged out.');
  await expectFocus(field(page, 'Username or email address'));
  await page.keyboard.type(member.name);
  await page.keyboard.press('Tab');
  await expectFocus(field(page, 'Password'));
  await page.keyboard.type(member.password);
  await page.keyboard.press('Enter');
  await arrive(page, '/members/dashboard');
});

test.describe('the skip link', () => {
  test.use({ expectedAnswers: ['404 /no/such/page'] });

  // The login page begins at its first field.
  for (const path of ['/', '/accounts/signup', '/accounts/logout', '/no/such/page']) {
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

// Without JavaScript each of these loads a page, and the browser itself begins at its top.
test.describe('a page reached by client-side navigation', { tag: '@javascript' }, () => {
  test('has its title and the focus, without a visible outline', async ({ page }) => {
    await join(page);
    await open(page, '/');
    await expect(page.locator('body'), 'a page that was loaded begins at its top').toBeFocused();
    await mark(page);
    // What a screen reader announces: that the focus moved to the content of a window with this
    // title.
    const heard = await page.evaluateHandle(() => {
      const heard: string[] = [];
      document.addEventListener('focusin', ({ target }) => {
        if ((target as Element).id === 'content') heard.push(document.title);
      });
      return heard;
    });
    const here = async (title: string): Promise<void> => {
      await expect.poll(() => heard.evaluate(titles => titles.splice(0))).toEqual([title]);
      await expect(page.getByRole('main')).toBeFocused();
      await expect(page.getByRole('main')).toHaveCSS('outline-style', 'none');
      expect(await page.evaluate(() => scrollY), 'the top of the page is on the screen').toBe(0);
    };

    await page.getByRole('main').getByRole('link', { name: 'Go to your dashboard' }).press('Enter');
    await expect(heading(page)).toContainText('Welcome');
    await here(`${await heading(page).textContent()} · Members Area`);
    await navigation(page).getByRole('link', { name: 'Settings' }).press('Enter');
    await here('Profile · Members Area');
    await goBack(page); // From the content, where the focus is, to the content.
    await expect(heading(page)).toContainText('Welcome');
    await here(`${await heading(page).textContent()} · Members Area`);

    const main = page.getByRole('main');
    const confirm = main.getByRole('link', { name: 'Confirm your email address' });
    await expect(confirm, 'what is behind the frame has come').toBeVisible();
    for (const link of [main.getByRole('link', { name: 'See details' }), confirm]) {
      await page.keyboard.press('Tab');
      await expectFocus(link);
    }
    await page.getByRole('main').getByRole('link', { name: 'the secret page' }).press('Enter');
    await expect(heading(page)).toContainText('secret page');
    await here(`${await heading(page).textContent()} · Members Area`);
    expect(await isMarked(page), 'no page was loaded').toBe(true);
  });

  test('has the focus in a small window too, scrolled to its top', async ({ page }) => {
    await page.setViewportSize({ width: 360, height: 400 });
    await join(page);
    await open(page, '/');
    await page.getByRole('main').getByRole('link', { name: 'Go to your dashboard' }).press('Enter');
    await expect(page.getByRole('region', { name: 'Recent activity' })).toBeAttached();
    await expect(page.getByRole('main')).toBeFocused();
    expect(await page.evaluate(() => scrollY)).toBe(0);
  });
});

test('a refused form moves the focus to its errors, which lead to the fields', async ({ page }) => {
  await open(page, '/accounts/signup');
  await field(page, 'Username').fill(newMember().name);
  await field(page, 'Email address').fill('nowhere');
  await button(page, 'Sign up').focus();
  await page.keyboard.press('Enter');
  const summary = page.getByRole('alert');
  await expect(summary).toContainText('There is a problem with 3 fields:');
  await expectFocus(summary);
  await expect(page).toHaveTitle('Error: Sign up · Members Area');
  await expect(summary.getByRole('link')).toHaveText(['Email address', 'Password', 'Password confirmation']);
  await page.keyboard.press('Tab');
  await expectFocus(summary.getByRole('link', { name: 'Email address' }));
  await page.keyboard.press('Enter');
  await expectFocus(field(page, 'Email address'));
});

// The answer to a wrong password is one sentence, and the next try begins where the last one ended.
test('a login refused by Enter on its button leaves the focus there', { tag: '@javascript' }, async ({ page }) => {
  await open(page, '/accounts/login');
  await expectFocus(field(page, 'Username or email address'));
  await page.keyboard.type(newMember().name);
  await field(page, 'Password').fill('Not the password of anybody');
  await button(page, 'Log in').focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert')).toContainText('Please enter a correct username');
  await expect(page).toHaveTitle('Error: Log in · Members Area');
  await expect(button(page, 'Log in')).toBeFocused();
});
