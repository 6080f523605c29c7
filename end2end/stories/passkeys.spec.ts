import type { CDPSession, Page } from '@playwright/test';
import { expect, test } from '../support/test';
import { code } from '../support/totp';
import { accountMenu, arrive, button, field, join, logOut, open, submitLogIn } from '../support/verbs';

const PASSKEYS = '/members/security/passkeys';

// Browsers have no passkeys at an IP address.
const here = new URL(process.env.SITE_URL ?? 'http://127.0.0.1:3000');
test.use({ baseURL: `http://localhost:${here.port}` });

interface Authenticator {
  cdp: CDPSession;
  authenticatorId: string;
}

/** A fingerprint reader in software, or a security key that cannot tell who touches it. */
async function authenticator(page: Page, isReader = true): Promise<Authenticator> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: isReader ? 'internal' : 'usb',
      hasResidentKey: isReader,
      hasUserVerification: isReader,
      isUserVerified: isReader,
      automaticPresenceSimulation: true,
    },
  });
  return { cdp, authenticatorId };
}

/** Keeps the login field from asking the reader by itself, and the browser from making a passkey by itself. */
async function onlyByButtons(page: Page): Promise<void> {
  await page.addInitScript(() => {
    if (window.PublicKeyCredential) PublicKeyCredential.isConditionalMediationAvailable = async () => false;
  });
  await page.context().addCookies([{ name: 'passkey_offered', value: '1', domain: 'localhost', path: '/' }]);
}

test('a passkey is added, logs in by its button, and only for its owner @javascript', async ({ page }) => {
  const reader = await authenticator(page);
  await onlyByButtons(page);
  // What the page tells the browser's own list of passkeys.
  const told: [string, { allAcceptedCredentialIds: string[]; name: string }][] = [];
  await page.exposeFunction('tell', (what: string, data: (typeof told)[0][1]) => told.push([what, data]));
  await page.addInitScript(() => {
    for (const what of ['signalAllAcceptedCredentials', 'signalCurrentUserDetails']) {
      const tell = (window as unknown as { tell(what: string, data: unknown): Promise<void> }).tell;
      Object.assign(PublicKeyCredential, { [what]: (data: unknown) => tell(what, data) });
    }
  });
  await join(page);
  await open(page, '/members/security');
  await page.getByRole('link', { name: 'Add a passkey' }).click();
  await arrive(page, PASSKEYS);
  await button(page, 'Add a passkey').click();
  await arrive(page, /\/members\/security\/passkeys\?rename=/);
  await page.getByLabel('Name', { exact: true }).fill('Fingerprint reader');
  await button(page, 'Save name').click();
  await arrive(page, PASSKEYS);
  await expect(page.getByRole('heading', { name: 'Fingerprint reader' })).toBeVisible();
  const { credentials } = await reader.cdp.send('WebAuthn.getCredentials', {
    authenticatorId: reader.authenticatorId,
  });
  expect(credentials.map((credential) => [credential.isResidentCredential, credential.rpId])).toEqual([
    [true, 'localhost'],
  ]);
  const id = Buffer.from(credentials[0].credentialId, 'base64').toString('base64url');
  await expect
    .poll(() => told.slice(-2).map(([what, data]) => [what, data.allAcceptedCredentialIds]))
    .toEqual([
      ['signalAllAcceptedCredentials', [id]],
      ['signalCurrentUserDetails', [id]],
    ]);

  await logOut(page);
  await open(page, '/accounts/login');
  await reader.cdp.send('WebAuthn.setUserVerified', {
    authenticatorId: reader.authenticatorId,
    isUserVerified: false,
  });
  await button(page, 'Log in with a passkey').click();
  await expect(page.getByText('Nothing was sent: your browser or device ended it.')).toBeVisible();
  await reader.cdp.send('WebAuthn.setUserVerified', {
    authenticatorId: reader.authenticatorId,
    isUserVerified: true,
  });
  await button(page, 'Log in with a passkey').click();
  await arrive(page, '/members/dashboard');
});

test('the login field offers the passkey, and the page says so the next time @javascript', async ({ page }) => {
  await authenticator(page);
  await page.context().addCookies([{ name: 'passkey_offered', value: '1', domain: 'localhost', path: '/' }]);
  await join(page);
  await open(page, PASSKEYS);
  await button(page, 'Add a passkey').click();
  await arrive(page, /\/members\/security\/passkeys\?rename=/);
  // The reader in software takes the offer at once.
  await (await accountMenu(page)).getByRole('button', { name: 'Log out' }).click();
  await arrive(page, '/members/dashboard');
  await open(page, '/members/security');
  await expect(page.getByRole('main')).toContainText('with a passkey');
});

test('a passkey is asked for after the password, and no longer @javascript', async ({ page }) => {
  await authenticator(page);
  await onlyByButtons(page);
  const member = await join(page);
  await open(page, PASSKEYS);
  await button(page, 'Add a passkey').click();
  await arrive(page, /\/members\/security\/passkeys\?rename=/);
  await button(page, 'Ask for a passkey after my password').click();
  // Its recovery codes, which are shown once.
  await arrive(page, '/members/security/codes');
  await button(page, 'I have saved them').click();
  await arrive(page, '/members/security/authenticator');
  await open(page, PASSKEYS);
  await expect(page.getByText('Your account asks for a passkey after your password.')).toBeVisible();

  await logOut(page);
  await open(page, '/accounts/login');
  await submitLogIn(page, member.name, member.password);
  await arrive(page, '/accounts/login/second');
  // The button first, then the other way.
  await button(page, 'Use a passkey or security key').focus();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Use a recovery code' })).toBeFocused();
  await button(page, 'Use a passkey or security key').click();
  await arrive(page, '/members/dashboard');

  await open(page, PASSKEYS);
  await button(page, 'Stop asking for a passkey').click();
  await expect(page.getByText('Your password still logs you in by itself.')).toBeVisible();
  await button(page, 'Remove').click();
  await expect(page.getByText('You have no passkey yet.')).toBeVisible();
});

test('a security key that verifies nobody takes the place of the code @javascript', async ({ page }) => {
  await authenticator(page, false);
  await onlyByButtons(page);
  const member = await join(page);
  const app = '/members/security/authenticator';
  await open(page, app);
  await button(page, 'Set up an app').click();
  await field(page, 'Six-digit code').fill(code((await page.locator('code.key').textContent())!));
  await button(page, 'Turn on two-step login').click();
  await arrive(page, '/members/security/codes');
  await button(page, 'I have saved them').click();
  await arrive(page, app);
  await open(page, PASSKEYS);
  await button(page, 'Add a security key for the second step').click();
  await arrive(page, /\/members\/security\/passkeys\?rename=/);
  await expect(page.getByText('Second step of a login')).toBeVisible();

  await logOut(page);
  await open(page, '/accounts/login');
  await submitLogIn(page, member.name, member.password);
  await arrive(page, '/accounts/login/second');
  await button(page, 'Use a passkey or security key').click();
  await arrive(page, '/members/dashboard');
});

test('without scripts no button for passkeys is shown, and the page says so @no-javascript', async ({ page }) => {
  await open(page, '/accounts/login');
  await expect(button(page, 'Log in with a passkey')).toBeHidden();
  await join(page);
  await open(page, PASSKEYS);
  await expect(page.getByText('To add a passkey, you need JavaScript')).toBeVisible();
  await expect(button(page, 'Add a passkey')).toBeHidden();
});
