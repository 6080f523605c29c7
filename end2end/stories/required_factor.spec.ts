import { expect, test } from '../support/test';
import { code } from '../support/totp';
import { arrive, button, field, heading, join, logIn, navigation, newMember, open, superuser } from '../support/verbs';

const APP = '/members/security/authenticator';

// The stories' site requires it of nobody but the members of such groups, and gives no time.
test('staff who must have two-step login are led to it, and then get in', async ({ page, otherDevice }) => {
  const member = await join(page);
  const group = newMember('keepers').name;
  await logIn(otherDevice, superuser());
  await open(otherDevice, '/admin/groups/new');
  await field(otherDevice, 'Name').fill(group);
  await field(otherDevice, 'Members must have two-step login').check();
  await button(otherDevice, 'Add the group').click();
  await arrive(otherDevice, /\/admin\/groups\/\d+$/);
  await expect(otherDevice.getByRole('main')).toContainText('required');
  await open(otherDevice, `/admin/users?q=${member.name}`);
  await otherDevice.getByRole('table', { name: 'Users' }).getByRole('link', { name: member.name }).click();
  await expect(heading(otherDevice)).toHaveText(member.name);
  await arrive(otherDevice, /\/admin\/users\/\d+$/);
  await field(otherDevice, 'Staff (can open the admin)').check();
  await button(otherDevice, 'Save').first().click();
  await expect(otherDevice.getByRole('status').filter({ hasText: 'saved' })).toBeVisible();
  await field(otherDevice, 'Group').selectOption(group);
  await button(otherDevice, 'Add to group').click();
  await expect(otherDevice.getByRole('main')).toContainText(group);

  await open(page, '/admin');
  await arrive(page, `${APP}?next=/admin`);
  const banner = page.getByRole('region', { name: 'Two-step login' });
  await expect(banner).toContainText('To go on, set up two-step login.');
  await page.goto('/members/profile');
  await arrive(page, `${APP}?next=/members/profile`);
  await page.goto('/admin');
  await arrive(page, `${APP}?next=/admin`);
  await button(page, 'Set up an app').click();
  const key = (await page.locator('code.key').textContent())!;
  await field(page, 'Six-digit code').fill(code(key));
  await button(page, 'Turn on two-step login').click();
  await arrive(page, '/members/security/codes?next=/admin');
  await expect(banner).toHaveCount(0);
  await button(page, 'I have saved them').click();
  await arrive(page, '/admin');
  await expect(navigation(page).getByRole('link', { name: 'Admin' })).toBeVisible();
});
