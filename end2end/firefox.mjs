// The main stories in Firefox, as the system's packages have it: Playwright drives only a Firefox of
// its own. Prints a line a story; exit status 1 when one fails or the console says anything.
//
// SITE_URL names the site, FIREFOX the program.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import puppeteer from 'puppeteer-core';

const site = process.env.SITE_URL ?? 'http://127.0.0.1:3000';
const unique = randomBytes(6).toString('hex');
const member = { name: `fay-${unique}`, email: `fay-${unique}@example.com` };
const passwords = ['Seven quiet herons at dusk, 41 of fay', 'Eight loud herons at dawn, 42 of fay'];

const browser = await puppeteer.launch({
  browser: 'firefox',
  executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
  headless: true,
});
const context = await browser.createBrowserContext();
const page = await context.newPage();
const trouble = [];
page.on('console', message => {
  // Firefox fails the fetches of a page that is left; every page that a story looks at is hydrated.
  if (!message.text().startsWith('This page works without its scripts')) trouble.push(`${message.type()}: ${message.text()}`);
});
page.on('pageerror', error => trouble.push(String(error)));

// The page allows no eval, which puppeteer's own waiting needs.
async function until(what, look) {
  const patience = Date.now() + 60_000;
  for (;;) {
    const found = await look().catch(() => undefined); // It may be leaving the page.
    if (found) return found;
    assert(Date.now() < patience, `never: ${what}`);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

const named = (role, name) => until(`${role} ${name}`, () => page.$(`::-p-aria([name="${name}"][role="${role}"])`));
const press = async name => (await named('button', name)).click();
const shown = selector => until(selector, () => page.$(selector));
const arrive = path => until(path, () => page.evaluate(path => location.pathname === path, path));

/** Fills in a field. By its label: Firefox's tree of accessibility has passwords under no role. */
async function fill(label, text) {
  const id = await until(label, () =>
    page.evaluate(text => [...document.querySelectorAll('label')].find(one => one.textContent.trim() === text)?.htmlFor, label),
  );
  const field = await shown(`[id="${id}"]`);
  await field.evaluate(field => field.select());
  await field.type(text);
}

/** Waits for a page with this heading that is hydrated. */
const at = title =>
  until(title, () =>
    page.evaluate(
      title => document.querySelector('h1')?.textContent.startsWith(title) && document.documentElement.dataset.hydrated,
      title,
    ),
  );

async function open(path, title) {
  await page.goto(site + path);
  await at(title);
}

/** What Firefox says of a fetch of a page that is left: the error in the console, and on the page. */
const LEFT = ['error: JSHandle@error', 'Error: TypeError: NetworkError when attempting to fetch resource.'];
const troubles = () => {
  const all = trouble.splice(0);
  return LEFT.every(one => all.includes(one)) ? all.filter(one => !LEFT.includes(one)) : all;
};

let [told, failed] = [0, 0];
async function story(title, tell) {
  told += 1;
  try {
    await tell();
    assert.deepEqual(troubles(), []);
    console.log(`ok ${title}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED ${title}\n${error.stack}\nat ${page.url()}: ${trouble.splice(0).join('; ')}`);
  }
}

await story('sign up', async () => {
  await open('/accounts/signup', 'Sign up');
  await fill('Username', member.name);
  await fill('Email address', member.email);
  await fill('Password', passwords[0]);
  await fill('Password confirmation', passwords[0]);
  await press('Sign up');
  await at('Welcome');
});
await story('names on the profile show on the dashboard', async () => {
  await open('/members/profile', 'Profile');
  await fill('First name (optional)', 'Fay');
  await press('Save names');
  await shown('main [role=status]');
  await open('/members/dashboard', 'Welcome, Fay');
});
await story('a refused form keeps what was typed', async () => {
  await open('/accounts/password_change', 'Change your password');
  await fill('Current password', passwords[0]);
  await fill('New password', '123');
  await fill('New password confirmation', '123');
  await press('Change password');
  await shown('main [role=alert]');
});
await story('change the password', async () => {
  await open('/accounts/password_change', 'Change your password');
  await fill('Current password', passwords[0]);
  await fill('New password', passwords[1]);
  await fill('New password confirmation', passwords[1]);
  await press('Change password');
  await arrive('/members/profile');
});
await story('log out, and log in with the new password', async () => {
  await open('/accounts/logout', 'Log out');
  await (await shown('main form button')).click();
  await at('Log in');
  await fill('Username or email address', member.name);
  await fill('Password', passwords[1]);
  await press('Log in');
  await at('Welcome, Fay');
});

await browser.close();
process.exitCode = failed > 0 ? 1 : 0;
// As cargo says it, for script/test's totals.
console.log(`test result: ${failed > 0 ? 'FAILED' : 'ok'}. ${told - failed} passed; ${failed} failed; 0 ignored`);
