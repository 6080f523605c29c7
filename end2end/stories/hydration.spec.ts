// Pages that were changed before our scripts run, and scripts that do not load: every page then
// works as without JavaScript.
import type { Browser, BrowserContext, Page } from '@playwright/test';
import { expect, test } from '../support/test';
import { button, field, heading, join, navigation, newMember, signUp } from '../support/verbs';

/**
 * Changes that extensions, telephones, translators and proxies make to a page. Each runs in the
 * page, before its own scripts.
 */
const CHANGES: Record<string, () => void> = {
  'an icon after each input': () => {
    new MutationObserver(() => {
      for (const input of document.querySelectorAll<HTMLInputElement>('input:not([type=hidden], [data-seen])')) {
        input.dataset.seen = 'yes';
        input.after(document.createElement('div'));
      }
    }).observe(document, { childList: true, subtree: true });
  },
  'a first child of the body': () => {
    new MutationObserver(() => {
      if (!document.body || document.getElementById('extension')) return;
      document.body.prepend(Object.assign(document.createElement('div'), { id: 'extension' }));
    }).observe(document, { childList: true, subtree: true });
  },
  'texts in font elements': () => {
    addEventListener('DOMContentLoaded', () => {
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const texts: Text[] = [];
      while (walker.nextNode()) texts.push(walker.currentNode as Text);
      for (const text of texts) {
        if (!text.data.trim() || ['SCRIPT', 'STYLE'].includes(text.parentElement!.tagName)) continue;
        const font = document.createElement('font');
        text.replaceWith(font);
        font.append(text.data);
      }
    });
  },
  'no comments': () => {
    addEventListener('DOMContentLoaded', () => {
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_COMMENT);
      const comments: Comment[] = [];
      while (walker.nextNode()) comments.push(walker.currentNode as Comment);
      for (const comment of comments) comment.remove();
    });
  },
  'links around telephone numbers': () => {
    addEventListener('DOMContentLoaded', () => {
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const texts: Text[] = [];
      while (walker.nextNode()) texts.push(walker.currentNode as Text);
      for (const text of texts) {
        const number = /\+\d{8,}/.exec(text.data);
        if (!number || text.parentElement!.closest('script, style, a')) continue;
        const rest = text.splitText(number.index);
        rest.splitText(number[0].length);
        const link = Object.assign(document.createElement('a'), { href: `tel:${number[0]}` });
        rest.replaceWith(link);
        link.append(rest);
      }
    });
  },
};

/** A separate browser context, because these pages write to the console. */
async function changed(browser: Browser, baseURL: string, change: () => void): Promise<[BrowserContext, Page, string[]]> {
  const context = await browser.newContext({ baseURL });
  await context.addInitScript(change);
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', error => errors.push(String(error)));
  return [context, page, errors];
}

/** Waits until hydration has succeeded or failed. */
async function settle(page: Page): Promise<void> {
  await expect(page.locator('html')).toHaveAttribute('data-hydrated', /true|failed/);
}

async function openChanged(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await settle(page);
}

for (const [what, change] of Object.entries(CHANGES)) {
  test(`links and forms work with ${what} @javascript`, async ({ browser, baseURL, otherDevice }) => {
    const { email, password } = newMember();
    const name = `+49${String(Date.now()).slice(-9)}${Math.floor(Math.random() * 1000)}`;
    const member = await signUp(otherDevice, { name, email, password });
    const [context, page] = await changed(browser, baseURL!, change);

    await openChanged(page, '/accounts/signup');
    await page.locator('[name=username]').fill('two words');
    await page.locator('main button[type=submit]').first().click();
    await expect(page.locator('.error')).toHaveCount(5);
    await settle(page);

    await openChanged(page, '/accounts/login');
    await page.locator('[name=login]').fill(member.name);
    await page.locator('[name=password]').fill('wrong');
    await page.locator('main button[type=submit]').first().click();
    await expect(page.locator('.error')).toHaveText(/Please enter a correct username/);
    await settle(page);
    await page.locator('[name=login]').fill(member.name);
    await page.locator('[name=password]').fill(member.password);
    await page.locator('main button[type=submit]').first().click();
    await expect(page).toHaveURL('/members/dashboard');

    for (const path of ['/members/dashboard', '/members/sessions', '/members/security', '/members/security/browsers', '/members/activity', '/accounts/email', '/members/data']) {
      await openChanged(page, path);
      await page.locator('.site-nav a[href="/members/profile"]').click();
      await expect(page).toHaveURL('/members/profile');
      await expect(heading(page)).toHaveText('Profile');
    }
    await openChanged(page, '/members/profile');
    await page.locator('[name=first_name]').fill('Ada');
    await page.locator('form:has([name=first_name]) button[type=submit]').click();
    await expect(page.locator('.message')).toHaveText('Your profile was saved.');
    await settle(page);
    await page.locator('.account-button').click();
    await page.locator('#account-menu button').click();
    await expect(page).toHaveURL('/accounts/login');
    await context.close();
  });
}

test('an app that fails later leaves links and forms to the browser @javascript', async ({ page }) => {
  const member = await join(page);
  await page.evaluate(() => dispatchEvent(new Event('app-failed')));
  await expect(page.locator('html')).toHaveAttribute('data-hydrated', 'failed');
  const loaded = page.waitForEvent('load');
  await navigation(page).getByRole('link', { name: 'Settings' }).click();
  await loaded;
  await expect(page.locator('html')).toHaveAttribute('data-hydrated', 'true');
  await expect(field(page, 'Username')).toHaveValue(member.name);
});

for (const [what, pattern] of [['WASM', '**/*.wasm'], ['JavaScript', '**/pkg/**/*.js']]) {
  test(`blocked ${what} is no error of ours @javascript`, async ({ browser, baseURL }) => {
    const [context, page, errors] = await changed(browser, baseURL!, () => {});
    await page.route(pattern, route => route.abort());
    await page.goto('/accounts/login');
    await page.waitForLoadState('networkidle');
    await page.locator('[name=login]').fill('nobody');
    await page.locator('[name=password]').fill('wrong');
    await button(page, 'Log in').click();
    await expect(page.locator('.error')).toHaveText(/Please enter a correct username/);
    await page.waitForLoadState('networkidle');
    expect(errors).toEqual([]);
    await context.close();
  });
}

test('Safari does not turn digits into telephone links', async ({ page }) => {
  await page.goto('/');
  await expect(page.locator('meta[name=format-detection]')).toHaveAttribute('content', 'telephone=no');
});
