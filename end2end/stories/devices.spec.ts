import type { Page } from '@playwright/test';
import { expect, test } from '../support/test';
import {
  arrive,
  button,
  field,
  heading,
  isShownOut,
  join,
  logIn,
  logOut,
  navigation,
  newMember,
  open,
  SESSION_ENDED,
  signUp,
  submitLogIn,
} from '../support/verbs';

const DEVICES = '/members/sessions';
const devices = (page: Page) => page.getByRole('list', { name: 'Signed-in devices' }).getByRole('listitem');

test('the devices page names every device and logs out the chosen one', async ({ page, otherDevice }) => {
  const member = await join(page);
  await logIn(otherDevice, member);
  await open(page, '/members/dashboard');
  await page.getByRole('link', { name: 'Manage devices' }).click();
  await arrive(page, DEVICES);
  await expect(heading(page)).toHaveText('Your devices');
  await expect(devices(page)).toHaveCount(2);
  await expect(devices(page).getByRole('heading')).toHaveText(['Chrome on Linux This device', 'Chrome on Linux']);
  for (const fact of ['127.0.0.1', 'Now']) await expect(devices(page).first()).toContainText(fact);

  await open(otherDevice, '/members/profile');
  await devices(page).nth(1).getByRole('button', { name: 'Log out' }).click();
  await isShownOut(otherDevice, '/members/profile');
  await arrive(page, DEVICES);
  await expect(page.getByRole('status')).toHaveText('The device was logged out.');
  await expect(devices(page)).toHaveCount(1);
  await expect(button(page, 'Log out all other devices')).toHaveCount(0);

  // A member who was logged out can log in again.
  await field(otherDevice, 'Username or email address').fill(member.name);
  await field(otherDevice, 'Password').fill(member.password);
  await button(otherDevice, 'Log in').click();
  await arrive(otherDevice, '/members/profile');
});

test('all other devices are logged out at once', async ({ page, otherDevice }) => {
  const member = await join(page);
  await logIn(otherDevice, member);
  await open(page, DEVICES);
  await button(page, 'Log out all other devices').click();
  await isShownOut(otherDevice, '/members/dashboard');
  await arrive(page, DEVICES);
  await expect(page.getByRole('status')).toHaveText('All other devices have been logged out.');
  await expect(devices(page)).toHaveCount(1);
});

test('logging out everywhere asks first', async ({ page, otherDevice }) => {
  const member = await join(page);
  await logIn(otherDevice, member);
  await open(page, DEVICES);
  const everywhere = button(page, 'Log out everywhere, including this device');
  await expect(everywhere).toBeHidden();
  await page.getByText('Log out everywhere', { exact: true }).click();
  await everywhere.click();
  await isShownOut(otherDevice, '/members/dashboard');
  await arrive(page, '/accounts/login');
  await expect(page.getByRole('status')).toHaveText('All devices have been logged out, including this one.');
  await open(page, DEVICES);
  await expect(page).toHaveURL(`/accounts/login?next=${DEVICES}`);
});

test('by keyboard alone', async ({ page, otherDevice }) => {
  const member = await join(page);
  await logIn(otherDevice, member);
  await open(page, DEVICES);
  const everywhere = page.getByText('Log out everywhere', { exact: true });
  for (let step = 0; step < 20; step++) {
    if (await everywhere.evaluate(summary => summary === document.activeElement)) break;
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await expect(button(page, 'Log out everywhere, including this device')).toBeFocused();
  await page.keyboard.press('Enter');
  await arrive(page, '/accounts/login');
});

// Without JavaScript, an open page stays as it is until the next request.
test.describe('a page left open', { tag: '@javascript' }, () => {
  test('leaves when its member logs out in another tab', async ({ page, context }) => {
    await join(page);
    await open(page, '/members/profile');
    const otherTab = await context.newPage();
    await open(otherTab, '/members/dashboard');
    await logOut(otherTab);
    await expect(page).toHaveURL('/accounts/login?next=/members/profile', { timeout: 2_000 });
    await expect(page.getByText(SESSION_ENDED), 'they did it themselves').toHaveCount(0);
  });

  test('becomes the page of the member who logs in in another tab', async ({ page, context }) => {
    const [ada, bob] = [await signUp(page, newMember('ada')), await signUp(page, newMember('bob'))];
    const otherTab = await context.newPage();
    await open(otherTab, '/accounts/login');
    await logIn(page, ada);
    await open(page, '/members/profile');
    await submitLogIn(otherTab, bob.name, bob.password);
    await expect(navigation(page)).toContainText(bob.name, { timeout: 2_000 });
    expect(await page.content()).not.toContain(ada.name);
  });

  test('stays when another device of the member is logged out', async ({ page, otherDevice }) => {
    const member = await join(page);
    await logIn(otherDevice, member);
    await page.evaluate(() => Object.assign(window, { mark: true }));
    // The page connects again when its stream ends for another reason; here it must not.
    let asked = 0;
    page.on('request', request => (asked += Number(request.url().endsWith('/api/sessions/live'))));
    await logOut(otherDevice);
    await open(otherDevice, '/');
    expect(asked).toBe(0);
    expect(await page.evaluate(() => 'mark' in window)).toBe(true);
  });
});

test.describe('“Remember me”', () => {
  async function logInAnd(page: Page, remember: boolean) {
    const member = await signUp(page);
    await field(page, 'Username or email address').fill(member.name);
    await field(page, 'Password').fill(member.password);
    if (remember) await page.getByLabel('Remember me on this device').check();
    await button(page, 'Log in').click();
    await arrive(page, '/members/dashboard');
    return (await page.context().cookies()).find(cookie => cookie.name.endsWith('sessionid'))!;
  }

  for (const remember of [true, false]) {
    test(remember ? 'outlives the browser' : 'left empty, ends with the browser', async ({ page, otherDevice }) => {
      const cookie = await logInAnd(page, remember);
      const days = (cookie.expires - Date.now() / 1000) / 86_400;
      if (remember) expect(days).toBeCloseTo(90, 1);
      else expect(cookie.expires, 'a cookie of the browser’s session').toBe(-1);

      // The cookies that survive a restart of the browser.
      const kept = (await page.context().cookies()).filter(cookie => cookie.expires !== -1);
      await otherDevice.context().addCookies(kept);
      await open(otherDevice, '/members/profile');
      await expect(heading(otherDevice)).toHaveText(remember ? 'Profile' : 'Log in');
    });
  }
});
