// The whole way of a new member, with as few clicks and fields as it may take.
import type { Locator } from '@playwright/test';
import { mailTo } from '../support/mailbox';
import { expect, test } from '../support/test';
import { arrive, button, field, heading, navigation, newMember, open, setting } from '../support/verbs';

test('sign up, confirm, profile, password, devices, log out: at most 8 clicks and 8 fields', async ({ page }) => {
  const member = newMember();
  const counted = { clicks: 0, fields: 0 };
  const click = async (what: Locator) => {
    counted.clicks++;
    await what.click();
  };
  const fill = async (label: string, text: string) => {
    counted.fields++;
    await field(page, label).fill(text);
  };

  await open(page, '/accounts/signup');
  await fill('Username', member.name);
  await fill('Email address', member.email);
  await fill('Password', member.password);
  await fill('Password confirmation', member.password);
  await click(button(page, 'Sign up'));
  await arrive(page, '/members/dashboard');

  // As a mail program opens it.
  await page.goto((await mailTo(member.email, 'Confirm your email address')).link!);
  await arrive(page, '/accounts/verify');
  await click(button(page, 'Confirm email address'));
  await expect(page.getByRole('status').filter({ hasText: 'your email address is confirmed' })).toBeVisible();

  await click(navigation(page).getByRole('link', { name: 'Settings' }));
  await expect(heading(page)).toHaveText('Profile');
  await click(setting(page, 'Password and security'));
  await click(page.getByRole('main').locator('a[href="/accounts/password_change"]').first());
  const next = 'Nine loud herons at dawn, 42';
  await fill('Current password', member.password);
  await fill('New password', next);
  await fill('New password confirmation', next);
  await click(button(page, 'Change password'));
  await arrive(page, '/members/profile');

  await click(setting(page, 'Devices'));
  await expect(heading(page)).toHaveText('Your devices');
  await click(page.getByRole('button', { name: 'Log out this device' }));
  await arrive(page, '/accounts/login');
  expect(counted.clicks).toBeLessThanOrEqual(8);
  expect(counted.fields).toBeLessThanOrEqual(8);
});
