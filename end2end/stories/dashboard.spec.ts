import type { Page } from '@playwright/test';
import { confirmAddress, mailTo } from '../support/mailbox';
import { expect, test } from '../support/test';
import {
  goBack,
  hasScript,
  heading,
  hydrated,
  isMarked,
  join,
  logIn,
  logOut,
  mark,
  navigation,
  newMember,
  open,
  signUp,
} from '../support/verbs';

/** The times at which the two cached parts were rendered, to the millisecond. */
async function timestamps(page: Page): Promise<{ fragment: string; view: string }> {
  const of = async (id: string) => (await page.locator(id).getAttribute('datetime'))!;
  const found = { fragment: await of('#fragment-rendered-at'), view: await of('#view-rendered-at') };
  for (const moment of Object.values(found)) expect(moment).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  return found;
}

/** The whole document, including the data for scripts. */
const everything = (page: Page): Promise<string> => page.content();

test('the timestamps stay after a reload and after going away and coming back', async ({ page }) => {
  await join(page);
  const first = await timestamps(page);

  await page.reload();
  await hydrated(page);
  expect(await timestamps(page)).toEqual(first);

  await mark(page);
  await navigation(page).getByRole('link', { name: 'Settings' }).click();
  await expect(heading(page)).toHaveText('Profile');
  await navigation(page).getByRole('link', { name: 'Home' }).click();
  await expect(heading(page)).toContainText('Welcome');
  expect(await timestamps(page)).toEqual(first);
  expect(await isMarked(page), 'with JavaScript no page is loaded').toBe(hasScript());
});

test('a login on another device renews both timestamps', async ({ page, otherDevice }) => {
  const member = await join(page);
  await confirmAddress(page, member, '/members/dashboard');
  const first = await timestamps(page);
  await logIn(otherDevice, member);
  const second = await timestamps(otherDevice);
  expect(second.fragment > first.fragment, `${second.fragment} after ${first.fragment}`).toBe(true);
  expect(second.view > first.view, `${second.view} after ${first.view}`).toBe(true);

  // The owner gets a mail about the new device, which is activity too; then both devices show the
  // same.
  await mailTo(member.email, 'New login to your account');
  await expect(async () => {
    await otherDevice.reload();
    await page.reload();
    expect(await timestamps(page)).toEqual(await timestamps(otherDevice));
  }).toPass();
  for (const device of [page, otherDevice]) {
    await expect(device.getByRole('list', { name: 'Devices' }).getByRole('listitem')).toHaveCount(2);
  }
});

test('each device sees itself marked, first, wherever the page comes from', async ({ page, browser, baseURL, javaScriptEnabled }) => {
  const member = await join(page);
  const agent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
  const context = await browser.newContext({ baseURL, userAgent: agent, javaScriptEnabled });
  const other = await context.newPage();
  await logIn(other, member);
  const expectMark = async (device: Page, own: string, rest: string): Promise<void> => {
    const rows = device.getByRole('list', { name: 'Devices' }).getByRole('listitem');
    await expect(rows).toHaveCount(2);
    await expect(rows.first()).toContainText(new RegExp(`^${own} This device`));
    await expect(rows.last()).toContainText(new RegExp(`^${rest}(?!.*This device)`));
  };
  for (const round of ['rendered', 'from the cache', 'again']) {
    await test.step(round, async () => {
      for (const device of [page, other]) await open(device, '/members/dashboard');
      await expectMark(page, 'Chrome on Linux', 'Firefox on Linux');
      await expectMark(other, 'Firefox on Linux', 'Chrome on Linux');
    });
  }
  // After a navigation within the browser, where there are scripts.
  for (const device of [page, other]) {
    await navigation(device).getByRole('link', { name: 'Settings' }).click();
    await expect(heading(device)).toHaveText('Profile');
    await navigation(device).getByRole('link', { name: 'Home' }).click();
  }
  await expectMark(page, 'Chrome on Linux', 'Firefox on Linux');
  await expectMark(other, 'Firefox on Linux', 'Chrome on Linux');
  await context.close();
});

test('two members on two devices see nothing of each other', async ({ page, otherDevice }) => {
  const [ada, bob] = [await join(page, newMember('ada')), await join(otherDevice, newMember('bob'))];
  for (const path of ['/members/dashboard', '/members/profile', '/members/secret', '/']) {
    const documents = [await (await open(page, path)).text(), await everything(page)];
    const others = [await (await open(otherDevice, path)).text(), await everything(otherDevice)];
    for (const text of documents) expect(text).toContain(ada.name);
    for (const text of documents) expect(text).not.toContain(bob.name);
    for (const text of others) expect(text).toContain(bob.name);
    for (const text of others) expect(text).not.toContain(ada.name);
  }
});

test('two members one after the other in one browser see nothing of each other', { tag: '@back' }, async ({ page }) => {
  const [ada, bob] = [await signUp(page, newMember('ada')), await signUp(page, newMember('bob'))];
  await logIn(page, ada);
  await navigation(page).getByRole('link', { name: 'Settings' }).click();
  await expect(heading(page)).toHaveText('Profile');
  await logOut(page);
  expect(await everything(page)).not.toContain(ada.name);

  await logIn(page, bob);
  expect(await everything(page)).toContain(bob.name);
  expect(await everything(page)).not.toContain(ada.name);
  // Back through the browser's history, to Ada's pages.
  for (let step = 0; step < 4; step++) {
    await goBack(page);
    await expect(heading(page)).toBeVisible();
    expect(await everything(page)).not.toContain(ada.name);
  }

  // The same from a session that is still open.
  await logIn(page, ada);
  expect(await everything(page)).toContain(ada.name);
  expect(await everything(page)).not.toContain(bob.name);
});

test('the page reveals no password, hash or session', async ({ page }) => {
  const member = await join(page);
  const session = (await page.context().cookies()).find(cookie => cookie.name.endsWith('sessionid'))!;
  expect(session).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/' });

  const source = await (await open(page, '/members/dashboard')).text();
  expect(source).toContain(member.email);
  for (const text of [source, await everything(page)]) {
    expect(text).not.toContain(session.value);
    expect(text).not.toContain(member.password);
    expect(text).not.toMatch(/argon2|pbkdf2|\$m=\d+/i);
  }
  // What scripts may read is no secret.
  const readable = await page.evaluate(() => document.cookie);
  expect(readable.replace('last_login=password', '').replace('offer_passkey=1', '')).toMatch(/^(; )?$/);
});
