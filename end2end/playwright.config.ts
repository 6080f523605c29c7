// Every story runs twice, in a browser with JavaScript and in one without, unless its tag says that it is about one of them.
import { defineConfig } from '@playwright/test';

const baseURL = process.env.SITE_URL ?? 'http://127.0.0.1:3000';

// Nobody can wait ten minutes to be asked for the password again: these stories want a site on which it is seconds, started with
// MEMBERS_AREA_SESSIONS__REAUTHENTICATE_AFTER of as many as ASK_AGAIN_AFTER says, and no other story wants that one.
const again = '**/form_resubmit.spec.ts';
const about = process.env.ASK_AGAIN_AFTER ? { testMatch: again } : { testIgnore: again };

export default defineConfig({
  testDir: 'stories',
  ...about,
  fullyParallel: true,
  workers: 2,
  retries: 0, // A story that passes only sometimes has found something.
  // Generous, for machines that have other things to do: nothing here waits longer than it must.
  timeout: 60_000,
  expect: { timeout: 10_000 },
  forbidOnly: !!process.env.CI,
  reporter: [['list'], ['json', { outputFile: process.env.PLAYWRIGHT_JSON_OUTPUT_FILE ?? 'test-results/report.json' }]],
  use: {
    baseURL,
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      // Chromium refuses its sandbox to root, and to nobody else.
      chromiumSandbox: process.getuid?.() !== 0,
      // Members' browsers have it: Back shall be tried as they know it.
      ignoreDefaultArgs: ['--disable-back-forward-cache'],
      args: [
        // No name but the site's leads anywhere, so Chromium cannot call home and no page can call anybody else.
        `--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE ${new URL(baseURL).hostname}`,
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-domain-reliability',
        '--disable-sync',
        '--no-pings',
      ],
    },
  },
  projects: [
    { name: 'javascript', grepInvert: /@no-javascript/ },
    { name: 'no-javascript', grepInvert: /@javascript/, use: { javaScriptEnabled: false } },
  ],
});
