// What every story starts from: a watched browser, and more of them where a story needs a second device.
import { test as base, expect, type Page } from '@playwright/test';
import { watch, type Circumstances } from './watch';

interface Fixtures {
  /** Answers over 400 that the story asks for, like "404 /no/such/page". Everything else fails it. */
  expectedAnswers: string[];
  /** A page in a browser of its own, which knows nothing of the first. */
  otherDevice: Page;
  circumstances: Circumstances;
}

export const test = base.extend<Fixtures>({
  expectedAnswers: [[], { option: true }],

  circumstances: async ({ baseURL, expectedAnswers }, use) => {
    await use({ origin: new URL(baseURL!).origin, expected: expectedAnswers });
  },

  context: async ({ context, circumstances }, use) => {
    const trouble = watch(context, circumstances);
    await use(context);
    expect(trouble(), 'what went wrong in the browser').toEqual([]);
  },

  otherDevice: async ({ browser, circumstances }, use) => {
    const context = await browser.newContext();
    const trouble = watch(context, circumstances);
    await use(await context.newPage());
    expect(trouble(), 'what went wrong in the other browser').toEqual([]);
    await context.close();
  },
});

export { expect };
