// Saves a picture of each page in both themes and both widths.
import type { Page } from '@playwright/test';
import { MEMBERS_PAGES, STAFF_PAGES, VISITORS_PAGES } from '../support/pages';
import { test } from '../support/test';
import { logIn, open, superuser } from '../support/verbs';

const FOLDER = process.env.SCREENSHOTS ?? '../docs/screenshots';

test.use({ expectedAnswers: ['404 /no/such/page'] });

/** Every page is taken whole, but for the end of long lists. */
async function take(page: Page, who: string, paths: string[]): Promise<void> {
  for (const path of paths) {
    const name = path === '/' ? 'home' : path.slice(1).replace(/\d{6,}/, 'one').replaceAll('/', '-');
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [1280, 390]) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await page.setViewportSize({ width, height: 844 });
        await open(page, path);
        const height = Math.min(await page.evaluate(() => document.documentElement.scrollHeight), 1600);
        const file = `${FOLDER}/${who}-${name}-${colorScheme}-${width}.png`;
        await page.screenshot({ path: file, fullPage: true, clip: { x: 0, y: 0, width, height } });
      }
    }
  }
}

test('visitors', ({ page }) => take(page, 'visitor', VISITORS_PAGES));

test('members', async ({ page }) => {
  const { DEMO_USERNAME: name, DEMO_PASSWORD: password } = process.env;
  if (!name || !password) throw new Error('DEMO_USERNAME and DEMO_PASSWORD are not set');
  await logIn(page, { name, email: '', password });
  await take(page, 'member', MEMBERS_PAGES);
});

test('staff', async ({ page }) => {
  await logIn(page, superuser());
  await take(page, 'staff', STAFF_PAGES);
  for (const list of ['/admin/users?q=demo', '/admin/groups']) {
    await open(page, list);
    const first = page.locator('main tbody a[href^="/admin/"]').first();
    await take(page, 'staff', [(await first.getAttribute('href'))!]);
  }
});
