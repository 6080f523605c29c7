import type { Page } from '@playwright/test';
import { confirmAddress } from '../support/mailbox';
import { expect, test } from '../support/test';
import { code } from '../support/totp';
import { arrive, button, field, heading, join, navigation, open, setting } from '../support/verbs';

const SECURITY = '/members/security';
const titles = (page: Page) => page.getByRole('region', { name: 'Protection' }).getByRole('heading', { level: 3 });
const follow = (page: Page, name: string) => page.getByRole('main').getByRole('link', { name }).click();

test('a new member sees what is open, does it, and sees that it is done', async ({ page }) => {
  const member = await join(page);
  await open(page, '/members/dashboard');
  const secure = page.getByRole('region', { name: 'Secure your account' });
  await expect(secure).toContainText('1 of 5 done');
  await expect(secure.getByRole('listitem')).toHaveText([
    'Confirm your email address',
    'Set up an authenticator app',
    'Add a passkey',
    'Get recovery codes with your authenticator app',
  ]);
  await follow(page, 'See details');
  await arrive(page, SECURITY);
  await expect(heading(page)).toHaveText('Password and security');
  await expect(titles(page)).toHaveText(['Password ✓ Done', 'Email address Open', 'Two-step login Open', 'Passkeys Open', 'Recovery codes Open']);

  await confirmAddress(page, member, '/members/dashboard');
  await expect(secure).toContainText('2 of 5 done');
  await expect(secure.getByRole('listitem')).toHaveCount(3);

  await navigation(page).getByRole('link', { name: 'Settings' }).click();
  await setting(page, 'Password and security').click();
  await arrive(page, SECURITY);
  await follow(page, 'Set up an authenticator app');
  await button(page, 'Set up an app').click();
  const key = (await page.locator('code.key').textContent())!;
  await field(page, 'Six-digit code').fill(code(key));
  await button(page, 'Turn on two-step login').click();
  await arrive(page, '/members/security/codes');
  await button(page, 'I have saved them').click();
  await arrive(page, '/members/security/authenticator');

  await open(page, SECURITY);
  await expect(page.getByRole('heading', { level: 2 }).first()).toHaveText('Protection: 4 of 4 done');
  await expect(titles(page)).toHaveText([
    'Password ✓ Done',
    'Email address ✓ Done',
    'Two-step login ✓ Done',
    'Passkeys',
    'Recovery codes ✓ Done',
  ]);
  await open(page, '/members/dashboard');
  await expect(secure).toContainText('All done. Nothing is left to do.');
  await expect(secure.getByRole('listitem')).toHaveCount(0);
});
