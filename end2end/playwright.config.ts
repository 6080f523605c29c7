// Every story runs twice, in a browser with JavaScript and in one without, unless its tag limits it
// to one of them.
import { defineConfig } from '@playwright/test';

const baseURL = process.env.SITE_URL ?? 'http://127.0.0.1:3000';

// Creates the superuser, on the site for stories about re-authentication without JavaScript.
const first = '**/first_superuser.spec.ts';

// Stories about re-authentication cannot wait ten minutes. They need a site where it is due after
// seconds: start it with MEMBERS_AREA_SESSIONS__REAUTHENTICATE_AFTER set to the number in
// ASK_AGAIN_AFTER. All other stories need a site without that setting.
const again = '**/form_resubmit.spec.ts';
const about = process.env.ASK_AGAIN_AFTER ? { testMatch: again } : { testIgnore: [again, first] };
const rest = { ...about, dependencies: ['first'] };

// The headless shell draws no window, so it needs half the time. But it keeps no page in memory for
// Back, as members' browsers do, so stories about Back (@back) run in the whole browser.
const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium';
const shell = process.env.CHROMIUM_HEADLESS_SHELL || chromium;
const launchOptions = {
  // Chromium refuses its sandbox only to root.
  chromiumSandbox: process.getuid?.() !== 0,
  ignoreDefaultArgs: ['--disable-back-forward-cache'],
  args: [
    // Only the site's own names resolve, so that neither Chromium nor a page can reach other hosts.
    `--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE ${new URL(baseURL).hostname}, EXCLUDE localhost`,
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-domain-reliability',
    '--disable-sync',
    '--no-pings',
  ],
};
const inShell = { launchOptions: { ...launchOptions, executablePath: shell } };
const inBrowser = { launchOptions: { ...launchOptions, executablePath: chromium } };

export default defineConfig({
  testDir: 'stories',
  fullyParallel: true,
  workers: 2,
  retries: 0, // A story that passes only sometimes has found something.
  // Generous, for busy machines: no story waits longer than it must.
  timeout: 60_000,
  expect: { timeout: 10_000 },
  // One picture for both ways; see stories/looks.spec.ts.
  snapshotPathTemplate: '{testDir}/looks/{arg}{ext}',
  forbidOnly: !!process.env.CI,
  reporter: [['list'], ['json', { outputFile: process.env.PLAYWRIGHT_JSON_OUTPUT_FILE ?? 'test-results/report.json' }]],
  use: {
    baseURL,
    screenshot: 'only-on-failure',
  },
  projects: [
    { name: 'first', testMatch: first, use: { ...inShell, javaScriptEnabled: !process.env.ASK_AGAIN_AFTER } },
    { ...rest, name: 'javascript', grepInvert: /@no-javascript|@back/, use: inShell },
    { ...rest, name: 'no-javascript', grepInvert: /@javascript|@back/, use: { ...inShell, javaScriptEnabled: false } },
    { ...rest, name: 'javascript, back', grep: /@back/, grepInvert: /@no-javascript/, use: inBrowser },
    {
      ...rest,
      name: 'no-javascript, back',
      grep: /@back/,
      grepInvert: /@javascript/,
      use: { ...inBrowser, javaScriptEnabled: false },
    },
  ],
});
