// The actions of people on the site.
import { randomBytes } from 'node:crypto';
import type { Locator, Page, Response } from '@playwright/test';
import { expect, test } from './test';

export interface Member {
  name: string;
  email: string;
  password: string;
}

/**
 * A member that no other story uses: stories share one database and run side by side, in any order.
 */
export function newMember(first = 'ada'): Member {
  const unique = randomBytes(6).toString('hex');
  const name = `${first}-${unique}`;
  // An address with letters beyond ASCII before the @ cannot receive mail.
  const email = `${/^[\x21-\x7e]+$/.test(first) ? first : 'member'}-${unique}@example.com`;
  return { name, email, password: `Seven quiet herons at dusk, 41 of ${first}` };
}

/** Whether this run has JavaScript. */
export const hasScript = (): boolean => test.info().project.use.javaScriptEnabled !== false;

/** Waits until the page is hydrated, if it has scripts. */
export async function hydrated(page: Page): Promise<void> {
  if (hasScript()) await expect(page.locator('html')).toHaveAttribute('data-hydrated', 'true');
}

export async function open(page: Page, path: string): Promise<Response> {
  const response = await page.goto(path);
  await hydrated(page);
  return response!;
}

/** Waits for a full page load of this address. */
export async function arrive(page: Page, path: string | RegExp): Promise<void> {
  await expect(page).toHaveURL(path);
  await hydrated(page);
}

export async function goBack(page: Page): Promise<void> {
  // The browser may show a cached page again without loading it.
  await page.goBack({ waitUntil: 'commit' });
  await hydrated(page);
}

export const field = (page: Page, label: string): Locator => page.getByLabel(label, { exact: true });
export const button = (page: Page, name: string): Locator => page.getByRole('main').getByRole('button', { name });
/** The button that shows the password in a field, where there are scripts. */
export const showPassword = (page: Page, label: string): Locator =>
  field(page, label).locator('xpath=following-sibling::button');
export const navigation = (page: Page, name = 'Main'): Locator => page.getByRole('navigation', { name });
export const heading = (page: Page): Locator => page.getByRole('heading', { level: 1 });

export async function fillSignUp(page: Page, member: Member, again = member.password): Promise<void> {
  await field(page, 'Username').fill(member.name);
  await field(page, 'Email address').fill(member.email);
  await field(page, 'Password').fill(member.password);
  await field(page, 'Password confirmation').fill(again);
}

/** Signs up a new account, which logs in; ends on the dashboard. */
export async function join(page: Page, member: Member = newMember()): Promise<Member> {
  await open(page, '/accounts/signup');
  await fillSignUp(page, member);
  await button(page, 'Sign up').click();
  await arrive(page, '/members/dashboard');
  return member;
}

/** Signs up a new account and logs out again; ends on the login page. */
export async function signUp(page: Page, member: Member = newMember()): Promise<Member> {
  await join(page, member);
  await open(page, '/accounts/logout');
  await button(page, 'Log out').click();
  await arrive(page, '/accounts/login');
  return member;
}

/** Fills in the open login page and submits it. */
export async function submitLogIn(page: Page, login: string, password: string): Promise<void> {
  await field(page, 'Username or email address').fill(login);
  await field(page, 'Password').fill(password);
  await page.getByRole('main').getByRole('button', { name: 'Log in', exact: true }).click();
}

/** Logs in, in place of whoever is logged in; ends on the dashboard. */
export async function logIn(page: Page, member: Member): Promise<void> {
  await open(page, '/accounts/login');
  const another = button(page, 'Use another account');
  if (await another.isVisible()) {
    await another.click();
    await expect(field(page, 'Password')).toBeVisible();
    await hydrated(page);
  }
  await submitLogIn(page, member.name, member.password);
  await arrive(page, '/members/dashboard');
}

/** The superuser, whose account exists before the stories run. */
export function superuser(): Member {
  const { SUPERUSER_USERNAME: name, SUPERUSER_EMAIL: email, SUPERUSER_PASSWORD: password } = process.env;
  if (!name || !email || !password) throw new Error('SUPERUSER_USERNAME, _EMAIL and _PASSWORD are not set');
  return { name, email, password };
}

/** The account menu, open. It opens without scripts, too. */
export async function accountMenu(page: Page): Promise<Locator> {
  const menu = page.locator('#account-menu');
  if (!(await menu.isVisible())) await navigation(page).getByRole('button', { name: 'Account menu' }).click();
  await expect(menu).toBeVisible();
  return menu;
}

/** The link to a page of the settings, on any other of them. */
export const setting = (page: Page, name: string): Locator => navigation(page, 'Settings').getByRole('link', { name });

/** Logs out with the button in the account menu; ends on the login page. */
export async function logOut(page: Page): Promise<void> {
  await (await accountMenu(page)).getByRole('button', { name: 'Log out' }).click();
  await arrive(page, '/accounts/login');
}

/** Leaves a mark in the page's memory, which lasts until the next page load. */
export async function mark(page: Page): Promise<void> {
  await page.evaluate(() => Object.assign(window, { mark: true }));
}

/** Whether this is still the page that was marked. */
export async function isMarked(page: Page): Promise<boolean> {
  return page.evaluate(() => 'mark' in window);
}

export const SESSION_ENDED = 'Your session has ended. Please log in again.';

/**
 * Checks that an open page leaves by itself within 2 seconds, or without scripts at its next
 * request.
 */
export async function isShownOut(page: Page, wanted: string): Promise<void> {
  if (!hasScript()) await page.reload();
  await expect(page).toHaveURL(`/accounts/login?next=${wanted}`, { timeout: 2_000 });
  await hydrated(page);
  await expect(page.getByRole('alert').filter({ hasText: SESSION_ENDED })).toBeVisible();
}
