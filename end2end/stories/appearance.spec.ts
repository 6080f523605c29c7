import type { Page } from '@playwright/test';
import { expect, test } from '../support/test';
import { arrive, button, join, logOut, navigation, open, setting } from '../support/verbs';

const ground = (page: Page): Promise<string> =>
  page.evaluate(() => getComputedStyle(document.body).backgroundColor);

async function choose(page: Page, theme: string): Promise<void> {
  await page.getByRole('radio', { name: theme }).check();
  await button(page, 'Save theme').click();
  await expect(page.getByRole('status')).toHaveText('Theme saved.');
  await expect(page.getByRole('radio', { name: theme })).toBeChecked();
}

test('a theme is chosen, holds on every page, and is the system’s again', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await join(page);
  const light = await ground(page);
  await navigation(page).getByRole('link', { name: 'Settings' }).click();
  await setting(page, 'Appearance').click();
  await arrive(page, '/members/appearance');
  await choose(page, 'Dark');
  const dark = await ground(page);
  expect(dark).not.toBe(light);
  for (const path of ['/members/dashboard', '/members/dashboard', '/']) {
    await open(page, path);
    expect(await ground(page), path).toBe(dark);
  }
  await logOut(page);
  expect(await ground(page), 'after the logout, too').toBe(dark);

  await join(page);
  await open(page, '/members/appearance');
  await choose(page, 'Same as this device');
  expect(await ground(page)).toBe(light);
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await ground(page)).toBe(dark);
  await choose(page, 'Light');
  expect(await ground(page)).toBe(light);
});
