// Eight pages look as they did when somebody last looked at them. The pictures to compare with are
// in looks/; `npx playwright test looks --update-snapshots` takes new ones, to be looked at before
// they are committed. One picture serves both ways: a page looks the same with scripts as without.
import type { Page } from '@playwright/test';
import { expect, test } from '../support/test';
import { join, newMember, open, type Member } from '../support/verbs';

/** Replaces what is new in each run: names, addresses, times. */
async function settle(page: Page, member?: Member): Promise<void> {
  await page.evaluate(member => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const settled = (text: string) => {
      const named = member ? text.replaceAll(member.email, 'ada@example.com').replaceAll(member.name, 'ada') : text;
      return named.replace(/\b[0-9a-f]{16,}\b/g, '0123456789abcdef');
    };
    while (texts.nextNode()) texts.currentNode.textContent = settled(texts.currentNode.textContent!);
    for (const input of document.querySelectorAll('input')) input.value = settled(input.value);
    for (const time of document.querySelectorAll('time')) {
      // Where it is, the page's script writes the time anew.
      time.removeAttribute('datetime');
      time.textContent = '1 January 2026';
    }
  }, member);
}

async function looks(page: Page, name: string, theme: 'light' | 'dark', width: number, member?: Member): Promise<void> {
  await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
  await page.setViewportSize({ width, height: 800 });
  await settle(page, member);
  await expect(page).toHaveScreenshot(`${name}.png`, { maxDiffPixelRatio: 0.01, animations: 'disabled', caret: 'hide' });
}

test('the pages of a visitor', async ({ page }) => {
  await open(page, '/');
  await looks(page, 'home', 'light', 1280);
  await open(page, '/accounts/login');
  await looks(page, 'login', 'light', 390);
  await open(page, '/accounts/signup');
  await looks(page, 'signup', 'dark', 1280);
});

test('the pages of a member', async ({ page }) => {
  const member = await join(page, newMember('ada'));
  await open(page, '/members/dashboard');
  await looks(page, 'dashboard', 'light', 1280, member);
  await open(page, '/members/profile');
  await looks(page, 'profile', 'dark', 390, member);
  await open(page, '/members/security');
  await looks(page, 'security', 'light', 1280, member);
  await open(page, '/members/sessions');
  await looks(page, 'devices', 'light', 390, member);
  await open(page, '/accounts/password_change');
  await looks(page, 'password', 'dark', 1280, member);
});
