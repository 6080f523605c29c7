import type { Page, Request } from '@playwright/test';
import { expect, test } from '../support/test';
import {
  arrive,
  button,
  field,
  goBack,
  heading,
  isMarked,
  logIn,
  mark,
  navigation,
  newMember,
  open,
  signUp,
  submitLogIn,
} from '../support/verbs';

const LOGGED_OUT = 'You have been successfully logged out.';

/** Holds back the answers to this form. The result releases them, and counts the requests. */
async function hold(page: Page, form: string): Promise<{ sent: Request[]; letGo: () => void }> {
  const sent: Request[] = [];
  let letGo = (): void => {};
  const free = new Promise<void>(resolve => (letGo = resolve));
  await page.route(form, async route => {
    sent.push(route.request());
    await free;
    await route.continue();
  });
  return { sent, letGo };
}

// Without JavaScript the browser restores the form itself.
test.describe('Back to a form that was accepted', { tag: ['@javascript', '@back'] }, () => {
  test('shows it ready for the next member, without the password', async ({ page }) => {
    const [ada, bob] = [await signUp(page, newMember('ada')), await signUp(page, newMember('bob'))];
    await open(page, '/accounts/login');
    await mark(page);
    await submitLogIn(page, ada.name, ada.password);
    await arrive(page, '/members/dashboard');

    await goBack(page);
    await expect(page).toHaveURL('/accounts/login');
    expect(await isMarked(page), 'the browser still had the page').toBe(true);
    await expect(field(page, 'Username or email address')).toHaveValue(ada.name);
    await expect(field(page, 'Password')).toHaveValue('');
    await expect(button(page, 'Log in')).toBeEnabled();

    await submitLogIn(page, bob.name, bob.password);
    await arrive(page, '/members/dashboard');
    await expect(heading(page)).toHaveText(`Welcome, ${bob.name}!`);
  });
});

test.describe('while a form is being sent', { tag: '@javascript' }, () => {
  test('it cannot be sent again, and its button keeps the focus', async ({ page }) => {
    const member = await signUp(page);
    await open(page, '/accounts/login');
    const { sent, letGo } = await hold(page, '**/api/accounts/log_in');
    await field(page, 'Username or email address').fill(member.name);
    await field(page, 'Password').fill(member.password);
    await button(page, 'Log in').press('Enter');
    const busy = button(page, 'Logging in…');
    await expect(busy).toHaveAttribute('aria-disabled', 'true');
    await expect(busy).toBeFocused();
    await page.keyboard.press('Enter');
    await field(page, 'Password').press('Enter');
    letGo();
    await arrive(page, '/members/dashboard');
    expect(sent).toHaveLength(1);
  });

  test('earlier errors are hidden, and the layout does not move', async ({ page }) => {
    await open(page, '/accounts/login');
    await button(page, 'Log in').click();
    const error = page.getByText('This field is required.').first();
    await expect(error).toBeVisible();
    const { letGo } = await hold(page, '**/api/accounts/log_in');
    const { x, y, height } = (await button(page, 'Log in').boundingBox())!;
    await button(page, 'Log in').click();
    await expect(error).toBeHidden();
    await expect(field(page, 'Password')).not.toHaveAttribute('aria-invalid');
    expect(await button(page, 'Logging in…').boundingBox()).toMatchObject({ x, y, height });
    letGo();
    await expect(error).toBeVisible();
    await expect(field(page, 'Password')).toHaveAttribute('aria-invalid', 'true');
    await expect(button(page, 'Log in')).toBeEnabled();
  });
});

test('an error goes while its field is corrected', { tag: '@javascript' }, async ({ page }) => {
  await open(page, '/accounts/login');
  await button(page, 'Log in').click();
  const [name, password] = [field(page, 'Username or email address'), field(page, 'Password')];
  await expect(name).toHaveAccessibleDescription('This field is required.');
  const place = await password.boundingBox();
  await name.pressSequentially('a');
  await expect(name).not.toHaveAttribute('aria-invalid');
  await expect(name).not.toHaveAccessibleDescription('This field is required.');
  await expect(password).toHaveAccessibleDescription('This field is required.');
  expect(place!.y - (await password.boundingBox())!.y, 'only the error of that field goes').toBeLessThan(40);
  await expect(page.getByRole('alert')).toContainText('There is a problem with 2 fields:');
});

test('a password field says that Caps Lock is on', { tag: '@javascript' }, async ({ page }) => {
  await open(page, '/accounts/login');
  const hint = () =>
    field(page, 'Password').evaluate(found => getComputedStyle(found.parentElement!, '::after').content);
  for (const modifierCapsLock of [true, false]) {
    await field(page, 'Password').dispatchEvent('keyup', { key: 'A', modifierCapsLock });
    expect(await hint()).toBe(modifierCapsLock ? '"Caps Lock is on."' : 'none');
  }
  await field(page, 'Username or email address').dispatchEvent('keyup', { key: 'A', modifierCapsLock: true });
  await expect(page.locator('[data-caps-lock]')).toHaveCount(0);
});

// Where the system sets all colours, and for whoever sees no red.
test('an error has a mark and a thicker border', async ({ page }) => {
  await page.emulateMedia({ forcedColors: 'active' });
  await open(page, '/accounts/login');
  const width = () => field(page, 'Password').evaluate(found => getComputedStyle(found).borderTopWidth);
  expect(await width()).toBe('1px');
  await button(page, 'Log in').click();
  await expect(field(page, 'Password')).toHaveAttribute('aria-invalid', 'true');
  expect(await width()).toBe('2px');
  const mark = page.locator('.field .error').first();
  expect(await mark.evaluate(found => getComputedStyle(found, '::before').content)).toContain('!');
});

test('a message goes when a form below it is sent', async ({ page }) => {
  const member = await signUp(page);
  await expect(page.getByText(LOGGED_OUT)).toBeVisible();
  await submitLogIn(page, member.name, 'Not the password of anybody');
  await expect(page.getByRole('alert')).toContainText('Please enter a correct username');
  await expect(page.getByText(LOGGED_OUT)).toHaveCount(0);
});

test('fields without errors have no gap', async ({ page }) => {
  for (const [path, first] of [
    ['/accounts/login', 'Username or email address'],
    ['/accounts/signup', 'Username'],
  ] as const) {
    await open(page, path);
    const title = (await heading(page).boundingBox())!;
    const label = (await page.locator('label', { hasText: first }).first().boundingBox())!;
    const margin = await heading(page).evaluate(found => parseFloat(getComputedStyle(found).marginBottom));
    expect(label.y - (title.y + title.height), path).toBeCloseTo(margin, 0);
  }
});

// Without JavaScript there is the browser's own page instead.
test.describe('without a connection', { tag: '@javascript' }, () => {
  const lost = 'net::ERR_INTERNET_DISCONNECTED';
  const wanted = ['/api/members/dashboard', '/api/accounts/log_in', '/favicon.svg']; // The icon is fetched late.
  test.use({ expectedAnswers: wanted.map(path => `${lost} ${path}`) });

  test('a page says so, and loads at the second attempt', async ({ page, context }) => {
    const member = await signUp(page);
    await logIn(page, member);
    await open(page, '/members/profile');
    await mark(page);
    await context.setOffline(true);
    await navigation(page).getByRole('link', { name: 'Home' }).click();
    const alert = page.getByRole('main').getByRole('alert');
    await expect(alert).toContainText('The site could not be reached. Please check your connection and try again.');
    await expect(heading(page)).toHaveCount(1);
    await expect(page.getByRole('main')).not.toContainText(/\b[45]\d\d\b/);

    await context.setOffline(false);
    await alert.getByRole('link', { name: 'Try again' }).click();
    await expect(page.getByRole('region', { name: 'Profile summary' })).toContainText(member.email);
    await expect(alert).toHaveCount(0);
    await expect(page.getByRole('main')).toBeFocused();
    expect(await isMarked(page), 'no page was loaded').toBe(true);
  });

  test('a form says so, and can be sent again', async ({ page, context }) => {
    const member = await signUp(page);
    await context.setOffline(true);
    await submitLogIn(page, member.name, member.password);
    await expect(page.getByRole('alert')).toHaveText(
      'The site could not be reached. Please check your connection and try again.',
    );
    await context.setOffline(false);
    await button(page, 'Log in').click();
    await arrive(page, '/members/dashboard');
  });
});
