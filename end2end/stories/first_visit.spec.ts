// A new member's walk through every page of an account, by keyboard alone: nothing is clicked, and
// no address is typed but the first and those of the links in mails. With WALK_PICTURES=FOLDER,
// saves a picture of each page, wide and narrow, for people to look at.
import type { Locator, Page } from '@playwright/test';
import { expect, test } from '../support/test';
import { button, field, hasScript, heading, hydrated, navigation, newMember, open, setting } from '../support/verbs';
import { codeOf, mailTo } from '../support/mailbox';

const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 360, height: 740 };

/**
 * Moves the focus to an element with the Tab key. Checks that every stop on the way is visible, and
 * so is its focus.
 */
async function reach(page: Page, element: Locator): Promise<void> {
  await expect(element).toBeVisible();
  for (let stops = 0; stops < 60; stops++) {
    if (await element.evaluate(found => found === document.activeElement)) return;
    await page.keyboard.press('Tab');
    const stop = page.locator(':focus');
    if ((await stop.count()) === 0) continue; // Past the last one, into the browser's own.
    await expect(stop).toBeInViewport();
    const { outlineStyle, outlineWidth } = await stop.evaluate(found => getComputedStyle(found));
    expect(outlineStyle, await stop.evaluate(found => found.outerHTML)).toBe('solid');
    expect(parseFloat(outlineWidth)).toBeGreaterThanOrEqual(2);
  }
  throw new Error(`no way by keyboard to ${element}`);
}

async function press(page: Page, element: Locator): Promise<void> {
  await reach(page, element);
  await page.keyboard.press('Enter');
}

/** Replaces the field's content by typing. */
async function type(page: Page, label: string, text: string): Promise<void> {
  await reach(page, field(page, label));
  await page.keyboard.press('Control+A');
  await page.keyboard.type(text);
}

/**
 * Checks the heading of the current page, and that nothing overflows it in a wide or narrow window.
 */
async function at(page: Page, title: string | RegExp): Promise<void> {
  await expect(heading(page)).toHaveText(title);
  await hydrated(page);
  const name = (await heading(page).textContent())!.replace(/[^a-z]+/gi, '-').slice(0, 40);
  for (const [window, size] of Object.entries({ narrow: NARROW, wide: WIDE })) {
    await page.setViewportSize(size);
    expect(
      await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
      `${name} sticks out of a ${window} window`,
    ).toBe(0);
    if (process.env.WALK_PICTURES) {
      const way = hasScript() ? 'script' : 'plain';
      const path = `${process.env.WALK_PICTURES}/${String(++pictures).padStart(2, '0')}-${name}-${window}-${way}.png`;
      await page.screenshot({ path, fullPage: true });
    }
  }
}
let pictures = 0;

const link = (page: Page, name: string): Locator => page.getByRole('main').getByRole('link', { name, exact: true });
const status = (page: Page): Locator => page.getByRole('status').first();

test('a new member’s walk through every page, by keyboard alone', async ({ page }) => {
  test.slow();
  const member = newMember();
  const newPassword = 'A different evening, with 19 lanterns';

  await open(page, '/');
  await at(page, 'Members Area');
  await press(page, navigation(page).getByRole('link', { name: 'Sign up' }));
  await at(page, 'Sign up');
  await press(page, button(page, 'Sign up'));
  await expect(page.getByRole('alert')).toContainText('There is a problem with 4 fields:');
  await at(page, 'Sign up');
  await type(page, 'Username', member.name);
  await type(page, 'Email address', member.email);
  await type(page, 'Password', member.password);
  await type(page, 'Password confirmation', member.password);
  await page.keyboard.press('Enter');
  await expect(status(page)).toHaveText(`Welcome! We have sent a confirmation link to ${member.email}.`);
  await at(page, `Welcome, ${member.name}!`);

  // The address.
  await press(page, link(page, 'Confirm your email address'));
  await at(page, 'Confirm your email address');
  await type(page, 'Code from the email', codeOf(await mailTo(member.email, 'Confirm your email address')));
  await page.keyboard.press('Enter');
  await expect(status(page)).toHaveText('Thank you: your email address is confirmed.');
  await at(page, `Welcome, ${member.name}!`);
  await press(page, link(page, 'the secret page'));
  await at(page, /secret page/);

  // The profile.
  await press(page, navigation(page).getByRole('link', { name: 'Settings' }));
  await at(page, 'Profile');
  await type(page, 'First name (optional)', 'Augusta');
  await type(page, 'Last name (optional)', 'Lovelace');
  await page.keyboard.press('Enter');
  await expect(status(page)).toHaveText('Your profile was saved.');
  await at(page, 'Profile');
  await press(page, button(page, 'Save picture'));
  await expect(page.getByRole('alert').filter({ visible: true }).first()).toContainText('There is a problem with 1 field:');
  await at(page, 'Profile');

  // Another address, and back again.
  const next = `next-${member.email}`;
  await press(page, setting(page, 'Email'));
  await at(page, 'Email address');
  await type(page, 'New email address', next);
  await page.keyboard.press('Enter');
  await at(page, 'Confirm your new email address');
  await type(page, 'Code from the email', codeOf(await mailTo(next, 'Confirm your new email address')));
  await page.keyboard.press('Enter');
  await at(page, 'Welcome, Augusta!');
  await expect(page.getByRole('region', { name: 'Profile summary' })).toContainText(next);

  // The password.
  await press(page, navigation(page).getByRole('link', { name: 'Settings' }));
  await at(page, 'Profile');
  await press(page, setting(page, 'Password and security'));
  await at(page, 'Password and security');
  await press(page, link(page, 'Change your password'));
  await at(page, 'Change your password');
  await type(page, 'Current password', member.password);
  await type(page, 'New password', newPassword);
  await type(page, 'New password confirmation', newPassword);
  await page.keyboard.press('Enter');
  await expect(status(page)).toContainText('password');

  // Devices, activity, data.
  await press(page, navigation(page).getByRole('link', { name: 'Home' }));
  await at(page, 'Welcome, Augusta!');
  await press(page, link(page, 'Manage devices'));
  await at(page, 'Your devices');
  await press(page, navigation(page).getByRole('link', { name: 'Home' }));
  await at(page, 'Welcome, Augusta!');
  await press(page, link(page, 'See all activity'));
  await at(page, 'Activity');
  await press(page, setting(page, 'Your data'));
  await at(page, 'Your data');
  const download = page.waitForEvent('download');
  await press(page, button(page, 'Download'));
  expect((await download).suggestedFilename()).toMatch(/^my-data-.*\.zip$/);

  // Delete the account, and cancel the deletion.
  await press(page, link(page, 'Delete my account …'));
  await at(page, 'Delete your account');
  await type(page, 'Your username', member.name);
  await press(page, button(page, 'Delete my account'));
  await expect(page).toHaveURL('/accounts/login');
  await at(page, 'Log in');

  // A forgotten password.
  await press(page, link(page, 'Forgot your password?'));
  await at(page, 'Forgot your password?');
  await type(page, 'Email address', next);
  await page.keyboard.press('Enter');
  await at(page, 'Check your email');
  const mail = await mailTo(next, 'Set a new password');
  await page.goto(mail.link!);
  await at(page, 'Set a new password');
  await type(page, 'New password', member.password);
  await type(page, 'New password confirmation', member.password);
  await page.keyboard.press('Enter');
  await at(page, 'Password changed');
  await press(page, link(page, 'Log in'));
  await type(page, 'Username or email address', next);
  await type(page, 'Password', member.password);
  await page.keyboard.press('Enter');
  await expect(status(page)).toHaveText('Welcome back. Your account will not be deleted.');
  await at(page, 'Welcome, Augusta!');

  // "This was not me", which logs out everywhere.
  const notice = await mailTo(next, 'Your password was changed');
  await page.goto(notice.link!);
  await at(page, 'Wasn’t you?');
  await press(page, button(page, 'Log out all devices'));
  await expect(status(page)).toContainText('All devices have been logged out');
  await at(page, /./);
});
