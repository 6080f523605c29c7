import { expect, test } from '../support/test';
import { arrive, heading, join, navigation, open } from '../support/verbs';

test.describe('an address that does not exist', () => {
  test.use({ expectedAnswers: ['404 /no/such/page'] });

  test('has an error page with a way on', async ({ page }) => {
    const response = await open(page, '/no/such/page');
    expect(response.status()).toBe(404);
    await expect(heading(page)).toHaveText('Page not found');
    await expect(page).toHaveTitle('Page not found · Members Area');
    await expect(navigation(page).getByRole('link')).toHaveText(['Log in', 'Sign up']);
    await page.getByRole('link', { name: 'Go to the home page' }).click();
    await arrive(page, '/');
    await expect(heading(page)).toHaveText('Members Area');
  });

  test('shows who is signed in', async ({ page }) => {
    const member = await join(page);
    expect((await open(page, '/no/such/page')).status()).toBe(404);
    await expect(navigation(page)).toContainText(member.name);
    await expect(page.getByRole('main')).toContainText('Request ID: ');
    await page.getByRole('main').getByRole('link', { name: 'Go to your dashboard' }).click();
    await expect(heading(page)).toHaveText(`Welcome, ${member.name}!`);
  });
});

test('short addresses lead to their pages', async ({ page }) => {
  await open(page, '/login?next=/members/data');
  await expect(page).toHaveURL('/accounts/login?next=/members/data');
  await open(page, '/signup/');
  await expect(page).toHaveURL('/accounts/signup');
  await join(page);
  await open(page, '/settings');
  await expect(heading(page)).toHaveText('Profile');
  await open(page, '/logout');
  await expect(heading(page)).toHaveText('Log out');
});

test('a trailing slash redirects to the page', async ({ page }) => {
  await open(page, '/accounts/signup/');
  await expect(page).toHaveURL('/accounts/signup');
  await open(page, '/members/profile/');
  await expect(page).toHaveURL('/accounts/login?next=/members/profile');
});

// Leptos reads a form's error from the address, where anybody can write one.
test('an error text in the address is not shown', async ({ page }) => {
  const encoded = (value: unknown) =>
    Buffer.from(JSON.stringify(value)).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
  const forms = { '/accounts/login': '/api/accounts/log_in', '/accounts/signup': '/api/accounts/sign_up' };
  const spellings = [
    ['__path', '__err'],
    ['%5F_path', '_%5Ferr'],
  ];
  const errors = [
    'Forbidden',
    { Invalid: [['username', 'UsernameTaken']] },
    { Invalid: [['form', 'BadCredentials']] },
    'Call 0900 666',
  ];
  for (const [path, form] of Object.entries(forms)) {
    for (const [pathName, errorName] of spellings) {
      for (const error of errors) {
        const address = `${path}?${pathName}=${encodeURIComponent(form)}&${errorName}=${encodeURIComponent(encoded(error))}`;
        await open(page, address);
        expect.soft(await page.locator('.error').allTextContents(), `${address}, ${JSON.stringify(error)}`).toEqual([]);
        await expect(page.locator('body')).not.toContainText('0900');
      }
    }
  }
  await open(page, '/accounts/login?__path=/api/accounts/log_in&__err=x&next=/members/profile');
  await expect(page).toHaveURL('/accounts/login?next=/members/profile');
});

test('without scripts, nothing that only they use is fetched', { tag: '@no-javascript' }, async ({ page }) => {
  const fetched: string[] = [];
  page.on('requestfinished', request => fetched.push(request.url()));
  await open(page, '/');
  await page.waitForLoadState('networkidle');
  expect(fetched.filter(address => /\.(js|wasm)$/.test(address))).toEqual([]);
});
