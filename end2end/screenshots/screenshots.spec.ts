// Saves a picture of each page in both themes and both widths, with JavaScript or without it.
import type { Page } from '@playwright/test';
import { confirmAddress, mailTo } from '../support/mailbox';
import { MEMBERS_PAGES, STAFF_PAGES, VISITORS_PAGES } from '../support/pages';
import { expect, test } from '../support/test';
import { code } from '../support/totp';
import {
  arrive,
  button,
  field,
  fillSignUp,
  hasScript,
  heading,
  hydrated,
  join,
  logIn,
  logOut,
  newMember,
  open,
  submitLogIn,
  superuser,
} from '../support/verbs';

const FOLDER = process.env.SCREENSHOTS ?? '../docs/screenshots';
/** An address that script/screenshots has the site refuse. */
const REFUSED = '203.0.113.9';

test.use({
  expectedAnswers: [
    '403 /',
    '403 /admin',
    '403 /accounts/email',
    '404 /no/such/page',
    '405 /api/accounts/log_in',
    '429 /accounts/login',
    '429 /api/accounts/log_in',
    '429 /members/export',
  ],
});

/** Takes the page as it is now, whole but for the end of long lists. */
async function take(page: Page, name: string): Promise<void> {
  await expect(heading(page)).toBeVisible();
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1280, 390]) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width, height: 844 });
      const height = Math.min(await page.evaluate(() => document.documentElement.scrollHeight), 1600);
      const path = `${FOLDER}/${hasScript() ? '' : 'no-javascript/'}${name}-${colorScheme}-${width}.png`;
      await page.screenshot({ path, fullPage: true, clip: { x: 0, y: 0, width, height } });
    }
  }
  await page.setViewportSize({ width: 1280, height: 844 });
}

async function takeAll(page: Page, who: string, paths: string[]): Promise<void> {
  for (const path of paths) {
    await open(page, path);
    const name = path === '/' ? 'home' : path.slice(1).replace(/\?.*/, '').replace(/\d{6,}/, 'one').replaceAll('/', '-');
    await take(page, `${who}-${name}`);
  }
}

// First, while there is no superuser.
test('the set-up', async ({ page }) => {
  const root = superuser();
  await page.goto(process.env.SETUP_LINK!);
  await arrive(page, '/accounts/setup');
  await take(page, 'visitor-setup');
  await fillSignUp(page, root);
  await button(page, 'Create superuser').click();
  await arrive(page, '/accounts/login');
  await take(page, 'visitor-setup-done');
});

test('visitors', async ({ page, browser, baseURL, javaScriptEnabled }) => {
  await takeAll(page, 'visitor', VISITORS_PAGES);
  await open(page, '/accounts/signup');
  await fillSignUp(page, { name: 'two words', email: 'nowhere', password: '1234' }, '12345');
  await button(page, 'Sign up').click();
  await expect(page.getByRole('alert').filter({ hasText: 'There is a problem' })).toBeVisible();
  await hydrated(page);
  await take(page, 'visitor-signup-refused');
  // One try more than are allowed for one name.
  await open(page, '/accounts/login');
  for (let tried = 1; tried <= 6; tried++) {
    await submitLogIn(page, 'nobody', `wrong ${tried}`);
    await expect(page.getByRole('main')).toContainText(tried < 6 ? 'Please enter a correct' : 'Too many attempts');
    await hydrated(page);
    if (tried === 1) await take(page, 'visitor-login-refused');
  }
  await take(page, 'visitor-login-429');
  await page.goto('/api/accounts/log_in');
  await take(page, 'visitor-error-405');
  const elsewhere = { baseURL, javaScriptEnabled, extraHTTPHeaders: { 'x-forwarded-for': REFUSED } };
  const refused = await browser.newPage(elsewhere);
  await refused.goto('/');
  await take(refused, 'visitor-error-network');
  await refused.close();
});

test('members', async ({ page }) => {
  const { DEMO_USERNAME: name, DEMO_PASSWORD: password } = process.env;
  if (!name || !password) throw new Error('DEMO_USERNAME and DEMO_PASSWORD are not set');
  await logIn(page, { name, email: '', password });
  await takeAll(page, 'member', MEMBERS_PAGES);
  await page.goto('/admin');
  await take(page, 'member-error-403');
});

test('links in emails', async ({ page, otherDevice }) => {
  const member = await join(page);
  const next = newMember('new').email;
  const follow = async (address: string, about: string, device = page): Promise<void> => {
    await device.goto((await mailTo(address, about)).link!);
    await hydrated(device);
    await take(device, `link-${new URL(device.url()).pathname.slice(1).replaceAll('/', '-')}`);
  };
  await follow(member.email, 'Confirm your email address');
  await confirmAddress(page, member, '/members/dashboard');
  await open(page, '/accounts/password_reset');
  await field(page, 'Email address').fill(member.email);
  await button(page, 'Email me a reset link').click();
  await arrive(page, '/accounts/password_reset/done');
  await follow(member.email, 'Set a new password');
  await open(page, '/accounts/email');
  await field(page, 'New email address').fill(next);
  await button(page, 'Change the address').click();
  await arrive(page, '/accounts/email/confirm');
  await take(page, 'member-accounts-email-confirm-pending');
  await follow(next, 'Confirm your new email address');
  await button(page, 'Use this address').click();
  await arrive(page, '/members/dashboard');
  await follow(member.email, 'Your email address was changed', otherDevice);

  // A login on another device, by a mailed code.
  await open(otherDevice, '/accounts/login');
  await field(otherDevice, 'Username or email address').fill(next);
  await button(otherDevice, 'Email me a code').click();
  await arrive(otherDevice, '/accounts/login/code');
  await take(otherDevice, 'second-mailed-code');
  await follow(next, 'Your code to log in', otherDevice);
  await button(otherDevice, 'Log in').click();
  await arrive(otherDevice, '/members/dashboard');
  await follow(next, 'New login to your account');
  await open(page, '/dev/mailbox');
  await take(page, 'mailbox');
});

test('the second step', async ({ page }) => {
  const member = await join(page);
  await confirmAddress(page, member, '/members/dashboard');
  await open(page, '/members/security/authenticator');
  await button(page, 'Set up an app').click();
  await expect(page.locator('code.key')).toBeVisible();
  await hydrated(page);
  await take(page, 'second-app-setup');
  const key = (await page.locator('code.key').textContent())!;
  await field(page, 'Six-digit code').fill(code(key));
  await button(page, 'Turn on two-step login').click();
  await arrive(page, '/members/security/codes');
  await take(page, 'second-codes-new');
  await button(page, 'I have saved them').click();
  await arrive(page, '/members/security/authenticator');
  await take(page, 'second-app-on');
  await takeAll(page, 'second', ['/members/security', '/members/security/codes']);
  await logOut(page);
  await submitLogIn(page, member.name, member.password);
  await arrive(page, '/accounts/login/second');
  await take(page, 'second-app');
  await button(page, 'Log in').click();
  await expect(field(page, 'Six-digit code')).toHaveAttribute('aria-invalid', 'true');
  await hydrated(page);
  await take(page, 'second-app-refused');
  await open(page, '/accounts/login/second?with=recovery');
  await take(page, 'second-recovery-code');
  await button(page, 'I have lost my second factor').click();
  await expect(page.getByRole('status')).toBeVisible();
  await hydrated(page);
  await take(page, 'second-lost');
  await page.goto((await mailTo(member.email, 'Lost your second factor?')).link!);
  await arrive(page, '/accounts/recovery/begin');
  await take(page, 'link-accounts-recovery-begin');
  await button(page, 'Start the waiting period').click();
  const told = await mailTo(member.email, 'Your second factor will be removed');
  await page.goto(told.link!);
  await arrive(page, '/accounts/recovery/stop');
  await take(page, 'link-accounts-recovery-stop');
});

test.describe('passkeys', () => {
  // Browsers have none at an IP address.
  test.use({ baseURL: process.env.SITE_URL?.replace('127.0.0.1', 'localhost') });

  test('one is named, and asked for after the password', async ({ page }) => {
    test.skip(!hasScript(), 'passkeys need scripts');
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('WebAuthn.enable');
    const reader = { hasResidentKey: true, hasUserVerification: true, isUserVerified: true };
    const options = { protocol: 'ctap2', transport: 'internal', automaticPresenceSimulation: true, ...reader } as const;
    await cdp.send('WebAuthn.addVirtualAuthenticator', { options });
    // The login field would ask the reader by itself.
    await page.addInitScript(() => {
      PublicKeyCredential.isConditionalMediationAvailable = async () => false;
    });
    const member = await join(page);
    await open(page, '/members/security/passkeys');
    await button(page, 'Add a passkey').click();
    await arrive(page, /\/members\/security\/passkeys\?rename=/);
    await take(page, 'second-passkey-new');
    await button(page, 'Ask for a passkey after my password').click();
    await arrive(page, '/members/security/codes');
    await button(page, 'I have saved them').click();
    await arrive(page, '/members/security/authenticator');
    await takeAll(page, 'second', ['/members/security/passkeys']);
    await logOut(page);
    await take(page, 'visitor-login-passkey');
    await submitLogIn(page, member.name, member.password);
    await arrive(page, '/accounts/login/second');
    await take(page, 'second-passkey');
  });
});

test('staff', async ({ page }) => {
  await logIn(page, superuser());
  await takeAll(page, 'staff', STAFF_PAGES);
  for (const list of ['/admin/users?q=demo', '/admin/groups']) {
    await open(page, list);
    const first = page.locator('main tbody a[href^="/admin/"]').first();
    const path = (await first.getAttribute('href'))!;
    const id = path.split('/').at(-1);
    await takeAll(page, 'staff', [path, list === '/admin/groups' ? `${path}/delete` : `/admin/users/confirm?action=delete&id=${id}`]);
  }
});

test('staff who act as a member', async ({ page }) => {
  await logIn(page, superuser());
  await open(page, `/admin/act?username=${process.env.DEMO_USERNAME}`);
  await take(page, 'staff-admin-act-reason');
  await field(page, 'Reason').fill('You asked us why a page looks wrong.');
  await button(page, 'Act as this member').click();
  await arrive(page, '/members/dashboard');
  await takeAll(page, 'acting', ['/members/dashboard', '/members/profile', '/members/activity', '/', '/no/such/page']);
  await page.goto('/accounts/email');
  await take(page, 'acting-error-403');
});
