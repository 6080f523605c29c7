// Every story runs twice, in a browser with JavaScript and in one without, unless its tag limits it
// to one of them.
import { defineConfig } from '@playwright/test';

const baseURL = process.env.SITE_URL ?? 'http://127.0.0.1:3000';

// Stories about re-authentication cannot wait ten minutes. They need a site where it is due after
// seconds: start it with MEMBERS_AREA_SESSIONS__REAUTHENTICATE_AFTER set to the number in
// ASK_AGAIN_AFTER. All other stories need a site without that setting.
const again = '**/form_resubmit.spec.ts';
const about = process.env.ASK_AGAIN_AFTER ? { testMatch: again } : { testIgnore: again };

export default defineConfig({
  testDir: 'stories',
  ...about,
  fullyParallel: true,
  workers: 2,
  retries: 0, // A story that passes only sometimes has found something.
  // Generous, for busy machines: no story waits longer than it must.
  timeout: 60_000,
  expect: { timeout: 10_000 },
  forbidOnly: !!process.env.CI,
  reporter: [['list'], ['json', { outputFile: process.env.PLAYWRIGHT_JSON_OUTPUT_FILE ?? 'test-results/report.json' }]],
  use: {
    baseURL,
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      // Chromium refuses its sandbox only to root.
      chromiumSandbox: process.getuid?.() !== 0,
      // Members' browsers have this cache, so Back is tested with it.
      ignoreDefaultArgs: ['--disable-back-forward-cache'],
      args: [
        // Only the site's own name resolves, so that neither Chromium nor a page can reach other
        // hosts.
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
