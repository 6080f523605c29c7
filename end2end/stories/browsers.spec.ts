import type { Page } from '@playwright/test';
import { expect, test } from '../support/test';
import { arrive, button, heading, join, logIn, logOut, open } from '../support/verbs';

const BROWSERS = '/members/security/browsers';
const browsers = (page: Page) => page.getByRole('list', { name: 'Known browsers' }).getByRole('listitem');

test('members see the browsers they have logged in with, and forget them', async ({ page, otherDevice }) => {
  const member = await join(page);
  await logIn(otherDevice, member);
  await open(page, '/members/security');
  await page.getByRole('link', { name: 'See your known browsers' }).click();
  await arrive(page, BROWSERS);
  await expect(heading(page)).toHaveText('Known browsers');
  await expect(browsers(page).getByRole('heading')).toHaveText(['Chrome on Linux This browser', 'Chrome on Linux']);
  for (const fact of ['First login', 'Last login']) await expect(browsers(page).first()).toContainText(fact);

  await browsers(page).nth(1).getByRole('button', { name: 'Forget Chrome on Linux' }).click();
  await arrive(page, BROWSERS);
  await expect(page.getByRole('status')).toHaveText('The browser was forgotten.');
  await expect(browsers(page)).toHaveCount(1);

  // It stays logged in, and is new again at its next login.
  await open(otherDevice, '/members/dashboard');
  await logOut(otherDevice);
  await logIn(otherDevice, member);
  await open(page, BROWSERS);
  await expect(browsers(page)).toHaveCount(2);

  await button(page, 'Forget all browsers').click();
  await arrive(page, BROWSERS);
  await expect(page.getByRole('status')).toHaveText('All browsers have been forgotten, including this one.');
  await expect(page.getByText('No browsers are known.')).toBeVisible();
  await expect(page.getByRole('main').getByRole('button')).toHaveCount(0);
});
