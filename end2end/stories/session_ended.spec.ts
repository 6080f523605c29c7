// Input typed when a session ends is not lost, with JavaScript and without.
import type { Page } from '@playwright/test';
import { expect, test } from '../support/test';
import {
  arrive,
  button,
  field,
  hasScript,
  hydrated,
  join,
  logIn,
  open,
  SESSION_ENDED,
  submitLogIn,
  type Member,
} from '../support/verbs';

const PROFILE = '/members/profile';
const NOT_YET = 'Your request has not been carried out yet. Please check it and send it again.';
const firstName = (page: Page) => field(page, 'First name (optional)');

/** Leaves a cookie without a session, as after a long time or a restored database. */
async function endSession(page: Page): Promise<void> {
  const context = page.context();
  const cookies = await context.cookies();
  const session = cookies.filter(cookie => cookie.name.endsWith('sessionid'));
  await context.addCookies(session.map(cookie => ({ ...cookie, value: 'AAAAAAAAAAAAAAAAAAAAAA' })));
}

/** Logs in in another tab of the same browser, by the link on the page. */
async function logInByLink(page: Page, member: Member): Promise<void> {
  const opened = page.context().waitForEvent('page');
  await page.getByRole('link', { name: 'log in again in another tab' }).first().click();
  const tab = await opened;
  await arrive(tab, /\/accounts\/login\?next=/);
  await submitLogIn(tab, member.name, member.password);
  await arrive(tab, PROFILE);
  await tab.close();
}

test.describe('a form that is sent after its session has ended', () => {
  test.use({ expectedAnswers: ['401 /api/members/save_profile'] });

  test('keeps the input', async ({ page }) => {
    const member = await join(page);
    await open(page, PROFILE);
    await firstName(page).fill('Typed for ten minutes');
    await endSession(page);
    await button(page, 'Save names').click();
    if (hasScript()) {
      await expect(page.getByRole('alert').filter({ hasText: 'Your session has ended.' }).first()).toBeVisible();
      await expect(firstName(page)).toHaveValue('Typed for ten minutes');
      await logInByLink(page, member);
      await button(page, 'Save names').click();
    } else {
      await arrive(page, `/accounts/login?next=${PROFILE}%23names`);
      await expect(page.getByRole('alert').filter({ hasText: SESSION_ENDED })).toBeVisible();
      await submitLogIn(page, member.name, member.password);
      await expect(page.getByRole('alert').filter({ hasText: NOT_YET })).toBeVisible();
      await expect(firstName(page)).toHaveValue('Typed for ten minutes');
      await button(page, 'Save names').click();
    }
    await expect(page.getByText('Your profile was saved.')).toBeVisible();
    await hydrated(page);
    await expect(firstName(page)).toHaveValue('Typed for ten minutes');
  });
});

test('a session ended elsewhere does not take the page away while typing @javascript', async ({ page, otherDevice }) => {
  const member = await join(page);
  await logIn(otherDevice, member);
  await open(page, PROFILE);
  await firstName(page).fill('In the middle of a');
  await open(otherDevice, '/members/sessions');
  await button(otherDevice, 'Log out all other devices').click();
  await expect(page.locator('.session-notice')).toContainText('Your session has ended. What you typed is still here');
  await expect(page).toHaveURL(PROFILE);
  await firstName(page).pressSequentially(' word');
  await expect(firstName(page)).toHaveValue('In the middle of a word');
  await logInByLink(page, member);
  await button(page, 'Save names').click();
  await expect(page.getByText('Your profile was saved.')).toBeVisible();
  await hydrated(page);
  await expect(firstName(page)).toHaveValue('In the middle of a word');
});

// The next person at this machine could send it.
test('a typed password goes with the session @javascript', async ({ page, otherDevice }) => {
  const member = await join(page);
  await logIn(otherDevice, member);
  await open(page, '/accounts/password_change');
  await field(page, 'Current password').fill(member.password);
  await open(otherDevice, '/members/sessions');
  await button(otherDevice, 'Log out all other devices').click();
  await expect(page).toHaveURL('/accounts/login?next=/accounts/password_change');
});
