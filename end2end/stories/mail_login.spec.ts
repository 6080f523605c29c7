import { expect, test } from '../support/test';
import { codeOf, confirmAddress, mailTo } from '../support/mailbox';
import { arrive, button, field, heading, join, logOut, open } from '../support/verbs';

const PAGE = '/accounts/login/code';

test('a mailed code logs in where it was asked for, and its link shows it elsewhere', async ({ page, browser }) => {
  const member = await join(page);
  await confirmAddress(page, member, '/members/dashboard');
  await logOut(page);
  await field(page, 'Username or email address').fill(member.name);
  await button(page, 'Email me a code').click();
  await arrive(page, PAGE);
  await expect(page.getByRole('main')).toContainText('If there is an account with a confirmed address');
  const mail = await mailTo(member.email, 'Your code to log in');

  const phone = await browser.newPage();
  await phone.goto(mail.link!);
  await expect(phone.getByRole('main')).toContainText(codeOf(mail));
  await expect(phone.getByRole('main').getByRole('button')).toHaveCount(0);
  await phone.close();

  await field(page, 'Code from the email').fill('BBBB-BBBB');
  await button(page, 'Log in').click();
  await expect(page.getByText('That code is wrong or has expired.')).toBeVisible();
  await field(page, 'Code from the email').fill(codeOf(mail).toLowerCase());
  await button(page, 'Log in').click();
  await arrive(page, '/members/dashboard');

  await logOut(page);
  await field(page, 'Username or email address').fill(member.email);
  await button(page, 'Email me a code').click();
  await arrive(page, PAGE);
  await page.goto((await mailTo(member.email, 'Your code to log in', 2)).link!);
  await arrive(page, PAGE);
  await expect(heading(page)).toHaveText('Log in by email');
  await button(page, 'Log in').click();
  await arrive(page, '/members/dashboard');
});
