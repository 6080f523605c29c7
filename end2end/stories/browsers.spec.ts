import type { Page } from '@playwright/test';
import { confirmAddress, mailTo } from '../support/mailbox';
import { expect, test } from '../support/test';
import {
  arrive,
  button,
  field,
  heading,
  hydrated,
  isShownOut,
  join,
  logIn,
  logOut,
  type Member,
  open,
  submitLogIn,
} from '../support/verbs';

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

async function changePassword(page: Page, member: Member, password: string): Promise<Member> {
  await open(page, '/accounts/password_change');
  await field(page, 'Current password').fill(member.password);
  await field(page, 'New password').fill(password);
  await field(page, 'New password confirmation').fill(password);
  await button(page, 'Change password').click();
  await arrive(page, '/members/profile');
  return { ...member, password };
}

test.describe('a thief who knows the password', () => {
  test.use({ expectedAnswers: ['429 /api/accounts/log_in'] });

  test('is a stranger once the owner has changed it', async ({ page, otherDevice, browser }) => {
    const thief = otherDevice;
    let member = await join(page);
    await confirmAddress(page, member, '/members/dashboard');
    await logIn(thief, member);
    await mailTo(member.email, 'New login to your account');
    await open(page, BROWSERS);
    await expect(browsers(page)).toHaveCount(2);

    member = await changePassword(page, member, 'Nine loud geese at dawn, 52 of them');
    await isShownOut(thief, '/members/dashboard');
    await open(page, BROWSERS);
    await expect(browsers(page)).toHaveCount(1);
    // Whatever way the new password is stolen: that login is reported as well.
    await logIn(thief, member);
    await mailTo(member.email, 'New login to your account', 2);

    member = await changePassword(page, member, 'Four slow swans at noon, 17 of them');
    await isShownOut(thief, '/members/dashboard');
    await logOut(page);
    await open(thief, '/accounts/login');
    for (let tried = 1; tried <= 6; tried++) {
      await hydrated(thief);
      await submitLogIn(thief, member.name, `wrong ${tried}`);
      await expect(thief.getByRole('main')).toContainText(
        tried < 6 ? 'Please enter a correct username' : 'Too many attempts. Please try again in',
      );
    }
    // These were the tries of all strangers, not of a browser with some of its own.
    const stranger = await (await browser.newContext()).newPage();
    await open(stranger, '/accounts/login');
    await submitLogIn(stranger, member.name, member.password);
    await expect(stranger.getByRole('main')).toContainText('Too many attempts. Please try again in');
    await stranger.context().close();
    await logIn(page, member);
  });
});
