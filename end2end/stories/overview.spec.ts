// The admin's start page: what is going on, in numbers and pictures.
import { expect, test } from '../support/test';
import { heading, hydrated, logIn, navigation, open, superuser } from '../support/verbs';

test('numbers lead to what they count, and logins are drawn for each day', async ({ page }) => {
  await logIn(page, superuser());
  await navigation(page).getByRole('link', { name: 'Admin' }).click();
  await expect(heading(page)).toHaveText('Admin');
  await hydrated(page);
  const main = page.getByRole('main');
  const numbers = main.getByRole('list', { name: 'In numbers' });
  await expect(numbers.getByRole('link', { name: /^[\d,]+ Members$/ })).toBeVisible();

  const logins = main.locator('#logins');
  await expect(logins.getByRole('img', { name: /^In the last 30 days: [\d,]+ successful logins?, \d+ failed\./ })).toBeVisible();
  // The same as a table, for who cannot see the bars or wants the numbers.
  await logins.locator('summary').click();
  await expect(logins.getByRole('rowheader')).toHaveCount(30);
  await expect(main.getByRole('region', { name: 'Slowest routes in the last hour' }).getByRole('row')).not.toHaveCount(1);

  await numbers.getByRole('link', { name: 'Unconfirmed' }).click();
  await expect(page).toHaveURL('/admin/users?verified=0');
  await open(page, '/admin');
  await page.setViewportSize({ width: 390, height: 844 });
  await expect(numbers).toBeVisible();
  // The rooms are above, also on a phone.
  await expect(page.getByRole('navigation', { name: 'Admin' }).getByRole('link', { name: 'Timings' })).toBeInViewport();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
});
