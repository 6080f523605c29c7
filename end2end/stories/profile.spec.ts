import type { Page } from '@playwright/test';
import { png } from '../support/pictures';
import { expect, test } from '../support/test';
import {
  accountMenu,
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
} from '../support/verbs';

const fact = (page: Page, name: string) =>
  page.locator('.facts').getByText(name, { exact: true }).locator('xpath=following-sibling::dd[1]');
const picture = (page: Page) => page.getByRole('main').getByRole('img', { name: 'Your picture' });
const status = (page: Page) => page.getByRole('main').getByRole('status');

/**
 * Checks that the picture is there and could be decoded. (`evaluate` also works without
 * JavaScript.)
 */
async function expectShown(page: Page): Promise<void> {
  await expect(picture(page)).toBeVisible();
  await expect.poll(() => picture(page).evaluate((found: HTMLImageElement) => found.naturalWidth)).toBeGreaterThan(0);
}

test('changed names show on the dashboard, on another device too', async ({ page, otherDevice }) => {
  const member = await join(page, newMember('ada'));
  await logIn(otherDevice, member);
  await navigation(page).getByRole('link', { name: 'Settings' }).click();
  await expect(heading(page)).toHaveText('Profile');
  await expect(field(page, 'Username')).toHaveValue(member.name);

  const renamed = { ...member, name: `${member.name}-lovelace` };
  await field(page, 'Username').fill(renamed.name);
  await field(page, 'First name (optional)').fill('Augusta Ada');
  await field(page, 'Last name (optional)').fill('King');
  await button(page, 'Save names').click();
  await expect(status(page)).toHaveText('Your profile was saved.');
  await arrive(page, '/members/profile');
  await expect(navigation(page)).toContainText(renamed.name);
  await expect(await accountMenu(page)).toContainText(`Logged in as Augusta Ada King ${renamed.name}`);
  await page.keyboard.press('Escape');
  await expect(field(page, 'First name (optional)')).toHaveValue('Augusta Ada');

  await open(otherDevice, '/members/dashboard');
  await expect(heading(otherDevice)).toHaveText('Welcome, Augusta Ada!');
  await expect(fact(otherDevice, 'Name')).toHaveText('Augusta Ada King');
  await expect(fact(otherDevice, 'Username')).toHaveText(renamed.name);
});

test('errors are at their fields and input is kept', async ({ page, otherDevice }) => {
  const [ada, bob] = [await join(page, newMember('ada')), await join(otherDevice, newMember('bob'))];
  await open(page, '/members/profile');
  await mark(page);
  await field(page, 'Username').fill(bob.name.toUpperCase());
  await field(page, 'First name (optional)').fill('Ada');
  await button(page, 'Save names').click();
  await expect(field(page, 'Username')).toHaveAccessibleDescription(/A user with that username already exists\.$/);
  await expect(field(page, 'Username')).toHaveAttribute('aria-invalid', 'true');
  await expect(field(page, 'Username')).toHaveValue(bob.name.toUpperCase());
  await expect(field(page, 'First name (optional)')).toHaveValue('Ada');
  await expect(page.getByRole('alert').filter({ hasText: 'There is a problem with 1 field:' })).toHaveCount(1);
  expect(await isMarked(page), 'with JavaScript no page is loaded').toBe(hasScript());
  await hydrated(page);

  await field(page, 'Username').fill(ada.name.toUpperCase());
  await button(page, 'Save names').click();
  await expect(status(page)).toHaveText('Your profile was saved.');
  await expect(fact(page, 'Username')).toHaveText(ada.name.toUpperCase());
});

test('a right-to-left name does not disturb the layout', async ({ page }) => {
  await join(page);
  await open(page, '/members/profile');
  await field(page, 'First name (optional)').fill('עדה');
  await field(page, 'Last name (optional)').fill('לאבלייס');
  await button(page, 'Save names').click();
  await expect(status(page)).toBeVisible();
  await hydrated(page);
  await expect(fact(page, 'Name')).toHaveText('עדה לאבלייס');
  const direction = (label: string) =>
    field(page, label).evaluate((input: HTMLInputElement) => getComputedStyle(input).direction);
  expect(await direction('First name (optional)')).toBe('rtl');
  expect(await direction('Username')).toBe('ltr');
});

test('a picture is uploaded, replaced and removed', async ({ page }) => {
  await join(page);
  await navigation(page).getByRole('link', { name: 'Settings' }).click();
  await expect(heading(page)).toHaveText('Profile');
  await expect(picture(page)).toHaveCount(0);
  await expect(button(page, 'Remove the picture')).toHaveCount(0);

  const addresses: (string | null)[] = [];
  for (const colour of [[200, 30, 30], [30, 30, 200]] as const) {
    await field(page, 'New picture').setInputFiles(png([...colour]));
    await button(page, 'Save picture').click();
    await expect(status(page)).toHaveText('Your picture was saved.');
    await arrive(page, '/members/profile');
    await expectShown(page);
    await navigation(page).getByRole('link', { name: 'Home' }).click();
    await expect(heading(page)).toContainText('Welcome');
    await expectShown(page);
    addresses.push(await picture(page).getAttribute('src'));
    await navigation(page).getByRole('link', { name: 'Settings' }).click();
    await expect(heading(page)).toHaveText('Profile');
  }
  expect(addresses[0]).not.toBe(addresses[1]);

  await button(page, 'Remove the picture').click();
  await expect(status(page)).toHaveText('Your picture was removed.');
  await arrive(page, '/members/profile');
  await expect(picture(page)).toHaveCount(0);
  await open(page, '/members/dashboard');
  await expect(picture(page)).toHaveCount(0);
});

test('a file that is not a picture or is too large is refused at the field', async ({ page }) => {
  await join(page);
  await open(page, '/members/profile');
  const whole = png([30, 120, 30]);
  for (const [file, sentence] of [
    [{ ...whole, buffer: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>') }, /cannot be read as a picture/],
    [{ ...whole, buffer: Buffer.concat([whole.buffer, Buffer.alloc(8 * 1024 * 1024)]) }, /may have at most 2 MiB\.$/],
  ] as const) {
    await field(page, 'New picture').setInputFiles(file);
    await button(page, 'Save picture').click();
    await expect(field(page, 'New picture')).toHaveAccessibleDescription(sentence);
    await expect(field(page, 'New picture')).toHaveAttribute('aria-invalid', 'true');
    await arrive(page, '/members/profile#picture_errors');
    const summary = page.getByRole('alert').filter({ hasText: 'There is a problem with 1 field:' });
    await expect(summary).toBeFocused();
    await expect(page).toHaveTitle(/^Error: Profile/);
    await summary.getByRole('link', { name: 'New picture' }).click();
    await expect(field(page, 'New picture')).toBeFocused();
    await expect(field(page, 'New picture')).toBeInViewport();
  }
  await button(page, 'Save picture').click();
  await expect(field(page, 'New picture')).toHaveAccessibleDescription(/Choose a picture first\.$/);
  await arrive(page, '/members/profile#picture_errors');
  await expect(picture(page)).toHaveCount(0);
});

test('by keyboard alone', async ({ page }) => {
  await join(page);
  await open(page, '/members/profile');
  await field(page, 'Username').focus();
  await page.keyboard.press('Tab');
  await page.keyboard.type('Ada');
  await page.keyboard.press('Tab');
  await page.keyboard.type('Lovelace');
  await page.keyboard.press('Tab');
  await expect(button(page, 'Save names')).toBeFocused();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await expect(button(page, 'Save time zone')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(field(page, 'New picture')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(button(page, 'Save picture')).toBeFocused();
  for (let back = 0; back < 4; back++) await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  await expect(status(page)).toHaveText('Your profile was saved.');
  await expect(fact(page, 'Name')).toHaveText('Ada Lovelace');
});
