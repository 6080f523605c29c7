// The fixtures of every story: a watched browser, and a second one for stories that need another
// device.
import { test as base, expect, type Page } from '@playwright/test';
import { watch } from './watch';

interface Fixtures {
  /**
   * Responses over 400 and failures that the story expects, like "404 /no/such/page". All others
   * fail it.
   */
  expectedAnswers: string[];
  /** A page in a browser context of its own, which shares nothing with the first. */
  otherDevice: Page;
}

export const test = base.extend<Fixtures>({
  expectedAnswers: [[], { option: true }],

  context: async ({ context, baseURL, expectedAnswers }, use) => {
    const trouble = watch(context, baseURL!, expectedAnswers);
    await use(context);
    expect(trouble(), 'what went wrong in the browser').toEqual([]);
  },

  // A story may end before its page has loaded all its scripts, and closing it would abort that.
  page: async ({ page, javaScriptEnabled }, use) => {
    await use(page);
    if (javaScriptEnabled === false || page.isClosed()) return;
    await page.locator('html[data-hydrated]').waitFor({ state: 'attached', timeout: 5_000 }).catch(() => {});
  },

  otherDevice: async ({ browser, baseURL, expectedAnswers }, use) => {
    const context = await browser.newContext();
    const trouble = watch(context, baseURL!, expectedAnswers);
    await use(await context.newPage());
    expect(trouble(), 'what went wrong in the other browser').toEqual([]);
    await context.close();
  },
});

export { expect };
