// Times: in the zone of the browser where scripts run, otherwise in the one of the profile.
import { expect, test } from '../support/test';
import { button, hasScript, join, navigation, newMember, open } from '../support/verbs';

test.use({ timezoneId: 'Asia/Kathmandu' });

test('times are recent ones in words, and say the full moment in the title @javascript', async ({ page }) => {
  await join(page, newMember());
  await open(page, '/members/activity');
  const first = page.locator('main time').first();
  await expect(first).toHaveText(/^(just now|\d+ minutes? ago)$/);
  await expect(first).toHaveAttribute('title', /GMT\+5:45$/);
  await expect(page.locator('.zone-note')).toBeHidden();
});

test('older times are dates in the zone of the browser, and what is compared stays exact @javascript', async ({ page }) => {
  await join(page, newMember());
  await open(page, '/members/activity');
  const [old, exact] = await page.evaluate(async () => {
    const made = (attributes: Record<string, string>) => {
      const time = document.createElement('time');
      for (const [name, value] of Object.entries(attributes)) time.setAttribute(name, value);
      time.append('as sent');
      document.querySelector('main')!.append(time);
      return time;
    };
    const times = [
      made({ datetime: '2026-01-01T00:00:00.000Z' }),
      made({ datetime: '2026-01-01T00:00:00.000Z', 'data-exact': '' }),
    ];
    await new Promise(requestAnimationFrame);
    return times.map(time => time.textContent);
  });
  expect(old).toBe('1 January 2026, 05:45');
  expect(exact).toBe('as sent');
});

test('a page reached by a link shows its times in words, too @javascript', async ({ page }) => {
  await join(page, newMember());
  await open(page, '/members/activity');
  await navigation(page).getByRole('link', { name: 'Home' }).click();
  await expect(page).toHaveURL('/members/dashboard');
  await expect(page.locator('main time:not([data-exact])').first()).toHaveText(/^(just now|\d+ minutes? ago)$/);
});

test('the zone of the profile is chosen from a list', async ({ page }) => {
  await join(page, newMember());
  await open(page, '/members/profile');
  const zone = page.getByRole('combobox', { name: 'Time zone' });
  await expect(zone).toHaveValue('UTC');
  await zone.selectOption('Europe/Berlin');
  await button(page, 'Save time zone').click();
  await expect(page.getByRole('main').getByRole('status').getByText('Your profile was saved.')).toBeVisible();
  await expect(zone).toHaveValue('Europe/Berlin');
  const note = page.getByText('Times are in Europe/Berlin.');
  await (hasScript() ? expect(note).toBeHidden() : expect(note).toBeVisible());
});
