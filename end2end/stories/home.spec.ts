import { mailTo } from '../support/mailbox';
import { expect, test } from '../support/test';
import { arrive, button, field, heading, join, open, signUp } from '../support/verbs';

test('the start page says what this is, and where to go', async ({ page }) => {
  await open(page, '/');
  const main = page.getByRole('main');
  await expect(main).toContainText('Your account, your devices and your data, in one place.');
  await expect(main.getByRole('heading', { level: 2 })).toHaveText([
    'Yours to change',
    'Well protected',
    'Open to you',
    'For developers',
  ]);
  await main.getByRole('link', { name: 'Sign up' }).click();
  await arrive(page, '/accounts/signup');
  await open(page, '/');
  await main.getByRole('link', { name: 'Log in', exact: true }).click();
  await arrive(page, '/accounts/login');

  await join(page);
  await open(page, '/');
  await expect(main.getByRole('link', { name: 'Sign up' })).toHaveCount(0);
  await main.getByRole('link', { name: 'Go to your dashboard' }).click();
  await arrive(page, '/members/dashboard');
});

test('in development it leads to the mailbox, and so do pages that say to look there', async ({ page }) => {
  const tools = page.getByRole('region', { name: 'For developers' });
  await open(page, '/');
  await expect(tools.getByRole('link')).toHaveText(['Demo login', 'Mailbox', 'Admin', 'Caching lab']);
  await tools.getByRole('link', { name: 'Mailbox' }).click();
  await arrive(page, '/dev/mailbox');
  await expect(heading(page)).toHaveText('Mailbox');

  const member = await signUp(page);
  await open(page, '/accounts/password_reset');
  await field(page, 'Email address').fill(member.email);
  await button(page, 'Email me a reset link').click();
  await arrive(page, '/accounts/password_reset/done');
  await mailTo(member.email, 'Set a new password');
  await page.getByRole('main').getByRole('link', { name: 'the mailbox' }).click();
  await arrive(page, '/dev/mailbox');
  await expect(page.getByRole('main')).toContainText(member.email);
});
