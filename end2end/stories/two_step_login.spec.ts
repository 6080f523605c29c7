import type { Page } from '@playwright/test';
import { expect, test } from '../support/test';
import { code } from '../support/totp';
import { arrive, button, field, heading, join, logOut, type Member, open, submitLogIn } from '../support/verbs';

const SECOND = '/accounts/login/second';
const APP = '/members/security/authenticator';
const CODES = '/members/security/codes';

async function halfWay(page: Page, member: Member): Promise<void> {
  await open(page, '/accounts/login');
  await submitLogIn(page, member.name, member.password);
  await arrive(page, SECOND);
  await expect(heading(page)).toHaveText('Second step');
}

test('an app is set up, asked for at the next login, and replaced by a recovery code', async ({ page }) => {
  const member = await join(page);
  await open(page, '/members/security');
  await page.getByRole('main').getByRole('link', { name: 'Set up an authenticator app' }).click();
  await arrive(page, APP);
  await button(page, 'Set up an app').click();
  await arrive(page, APP);
  await expect(page.getByRole('img', { name: 'QR code' })).toBeVisible();
  // The steps have numbers, and the link stands in its sentence.
  await expect(page.locator('ol.steps')).toHaveCSS('list-style-type', 'decimal');
  await expect(page.getByRole('link', { name: 'open your app' })).toHaveCSS('display', 'inline');
  const key = (await page.locator('code.key').textContent())!;
  await field(page, 'Six-digit code').fill('12345');
  await button(page, 'Turn on two-step login').click();
  await expect(page.getByText('That code is wrong, or was used before.')).toBeVisible();
  await field(page, 'Six-digit code').fill(code(key));
  await button(page, 'Turn on two-step login').click();

  await arrive(page, CODES);
  const codes = await page.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem').allTextContents();
  expect(codes).toHaveLength(10);
  const download = page.waitForEvent('download');
  await button(page, 'Download').click();
  expect((await download).suggestedFilename()).toBe('recovery-codes.txt');
  await button(page, 'I have saved them').click();
  await arrive(page, APP);
  await expect(page.getByRole('main')).toContainText('Two-step login is on');

  await logOut(page);
  await halfWay(page, member);
  await field(page, 'Six-digit code').fill('000000');
  await button(page, 'Log in').click();
  await expect(page.getByText('That code is wrong, or was used before.')).toBeVisible();
  // The code of this step is used: the next one, which is accepted half a minute early.
  await field(page, 'Six-digit code').fill(code(key, 1));
  await button(page, 'Log in').click();
  await arrive(page, '/members/dashboard');

  await logOut(page);
  await halfWay(page, member);
  await page.getByRole('link', { name: 'Use a recovery code' }).click();
  await field(page, 'Recovery code').fill(codes[0].trim().toLowerCase());
  await button(page, 'Log in').click();
  await arrive(page, /\/members\/security\/codes/);
  await expect(page.getByRole('main')).toContainText('9 recovery codes');
  await button(page, 'Make new recovery codes').click();
  await arrive(page, CODES);
  await expect(page.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem')).toHaveCount(10);
});
