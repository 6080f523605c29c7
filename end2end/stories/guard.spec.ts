import { expect, test } from '../support/test';
import { arrive, heading, hydrated, join, mark, navigation, newMember, open, signUp, submitLogIn } from '../support/verbs';

test.describe('a visitor on a page for members', () => {
  for (const [wanted, next] of [
    ['/members/dashboard', '/members/dashboard'],
    ['/members/profile', '/members/profile'],
    ['/members/secret?x=a%2Fb&y=1', '/members/secret%3Fx%3Da%252Fb%26y%3D1'],
  ] as const) {
    test(`logs in and gets to ${wanted}`, async ({ page }) => {
      const member = await signUp(page);
      await open(page, wanted);
      await expect(page).toHaveURL(`/accounts/login?next=${next}`);
      await expect(page.getByRole('status').or(page.locator('.message')), 'there is nothing to explain').toHaveCount(0);
      await submitLogIn(page, member.name, member.password);
      await arrive(page, wanted);
      await expect(navigation(page)).toContainText(`Welcome, ${member.name}`);
    });
  }
});

test('?next= is followed on this site', async ({ page, baseURL }) => {
  const member = await signUp(page);
  for (const [next, path] of [
    ['/members/profile', '/members/profile'],
    [`${baseURL}/members/secret`, '/members/secret'],
    ['/members/secret?to=https://evil.example/', '/members/secret?to=https://evil.example/'],
  ] as const) {
    await open(page, `/accounts/login?next=${encodeURIComponent(next)}`);
    await submitLogIn(page, member.name, member.password);
    await arrive(page, path);
  }
});

// That no request went to another host either, the watched browser sees to.
test('?next= is not followed to anywhere else', async ({ page, baseURL }) => {
  const member = await signUp(page);
  const { host } = new URL(baseURL!);
  for (const next of [
    'https://evil.example',
    'https:evil.example',
    'http:///evil.example',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '\\/evil.example',
    '/\t/evil.example',
    '\t//evil.example',
    '/..//evil.example',
    '/.//evil.example',
    `//${host}@evil.example`,
    `http://${host}.evil.example/`,
    `http://evil.example\\@${host}/`,
    'javascript:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    '"><script>alert(1)</script>//',
  ]) {
    await test.step(JSON.stringify(next), async () => {
      await page.context().clearCookies();
      await open(page, `/accounts/login?next=${encodeURIComponent(next)}`);
      await submitLogIn(page, member.name, member.password);
      await arrive(page, '/members/dashboard');
    });
  }
});

test.describe('an address that does not exist', () => {
  test.use({ expectedAnswers: ['404 /no/such/page'] });

  test('has a page that says so, and leads on', async ({ page }) => {
    const response = await open(page, '/no/such/page');
    expect(response.status()).toBe(404);
    await expect(heading(page)).toHaveText('Page not found');
    await expect(page).toHaveTitle('Page not found · Members Area');
    await expect(navigation(page).getByRole('link')).toHaveText(['Log in', 'Sign up']);
    await page.getByRole('link', { name: 'To the start page' }).click();
    await arrive(page, '/');
    await expect(heading(page)).toHaveText('Members Area');
  });

  test('knows its member', async ({ page }) => {
    const member = await join(page);
    expect((await open(page, '/no/such/page')).status()).toBe(404);
    await expect(navigation(page)).toContainText(`Welcome, ${member.name}`);
    await navigation(page).getByRole('link', { name: 'Dashboard' }).click();
    await expect(heading(page)).toHaveText(`Welcome, ${member.name}!`);
  });
});

test('a slash too many leads to the page', async ({ page }) => {
  await open(page, '/accounts/signup/');
  await expect(page).toHaveURL('/accounts/signup');
  await open(page, '/members/profile/');
  await expect(page).toHaveURL('/accounts/login?next=/members/profile');
});

// Leptos reads a form's error from the address, where anybody can write one: see without_error_text in server/router.rs.
test('an address with an error text in it shows nothing of it', async ({ page }) => {
  const error = (value: unknown) => encodeURIComponent(Buffer.from(JSON.stringify(value)).toString('base64url'));
  const forms = { '/accounts/login': '/api/accounts/log_in', '/accounts/signup': '/api/accounts/sign_up' };
  for (const [path, form] of Object.entries(forms)) {
    for (const [pathName, errorName] of [
      ['__path', '__err'],
      ['%5F_path', '_%5Ferr'],
      ['%5f%5fpath', '%5f%5ferr'],
    ]) {
      for (const value of ['Forbidden', { Invalid: [['username', 'UsernameTaken']] }, 'Call 0900 evil']) {
        await test.step(`${path} ${errorName} ${JSON.stringify(value)}`, async () => {
          await open(page, `${path}?${pathName}=${encodeURIComponent(form)}&${errorName}=${error(value)}`);
          await expect.soft(page.locator('.error')).toHaveCount(0);
          await expect.soft(page.locator('body')).not.toContainText(/evil|permission|could not be read|already exists/);
        });
      }
    }
  }
  await open(page, '/accounts/login?__path=/api/accounts/log_in&__err=x&next=/members/profile');
  await expect(page).toHaveURL('/accounts/login?next=/members/profile');
});

test.describe('a session that ended while its page was open', () => {
  test.skip(({ javaScriptEnabled }) => javaScriptEnabled === false, 'without JavaScript every page is asked for anew');
  // The page has to ask to find out.
  test.use({ expectedAnswers: ['401 /api/members/dashboard'] });

  for (const [what, cookie] of [
    ['is gone', undefined],
    ['is not one', 'AAAAAAAAAAAAAAAAAAAAAA'],
  ] as const) {
    test(`leads to the login page when its cookie ${what}`, async ({ page, baseURL }) => {
      const member = await join(page, newMember());
      await open(page, '/members/profile');
      const { name } = (await page.context().cookies()).find(found => found.name.endsWith('sessionid'))!;
      await page.context().clearCookies({ name });
      if (cookie) await page.context().addCookies([{ name, value: cookie, url: baseURL! }]);
      await mark(page);

      await navigation(page).getByRole('link', { name: 'Dashboard' }).click();
      await arrive(page, '/accounts/login?next=/members/dashboard');
      await expect(heading(page)).toHaveText('Log in');
      expect(await page.content()).not.toContain(member.name);
      await expect(page.getByText('Your session has ended. Please log in again.')).toHaveCount(cookie ? 1 : 0);

      await submitLogIn(page, member.name, member.password);
      await arrive(page, '/members/dashboard');
      await hydrated(page);
    });
  }
});
