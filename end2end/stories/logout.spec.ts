import { expect, test } from '../support/test';
import { arrive, button, field, goBack, heading, hydrated, join, logOut, navigation, open } from '../support/verbs';

const MESSAGE = 'You have been successfully logged out.';

test('the button in the navigation logs out, and Back shows nothing of the member', { tag: '@back' }, async ({ page }) => {
  const member = await join(page);
  await navigation(page).getByRole('link', { name: 'Settings' }).click();
  await expect(heading(page)).toHaveText('Profile');
  await hydrated(page);
  await logOut(page);
  await expect(page.getByRole('status')).toHaveText(MESSAGE);
  await expect(navigation(page).getByRole('link')).toHaveText(['Log in', 'Sign up']);
  expect(await page.content()).not.toContain(member.name);

  for (const path of ['/members/profile', '/members/dashboard']) {
    await goBack(page);
    await arrive(page, `/accounts/login?next=${path}`);
    await expect(heading(page)).toHaveText('Log in');
    expect(await page.content()).not.toContain(member.name);
  }
  await expect(page.getByText(MESSAGE), 'the message is shown once').toHaveCount(0);
});

test('the logout page asks first', async ({ page }) => {
  await join(page);
  await open(page, '/accounts/logout');
  await expect(heading(page)).toHaveText('Log out');
  await open(page, '/members/dashboard');
  await expect(heading(page), 'to look at the page logs nobody out').toContainText('Welcome');

  await open(page, '/accounts/logout');
  await button(page, 'Log out').click();
  await arrive(page, '/accounts/login');
  await expect(page.getByRole('status')).toHaveText(MESSAGE);
  await open(page, '/members/dashboard');
  await expect(page).toHaveURL('/accounts/login?next=/members/dashboard');
});

test('a logout on one device leaves the other signed in', async ({ page, otherDevice }) => {
  const member = await join(page);
  await open(otherDevice, '/accounts/login');
  await field(otherDevice, 'Username or email address').fill(member.name);
  await field(otherDevice, 'Password').fill(member.password);
  await button(otherDevice, 'Log in').click();
  await arrive(otherDevice, '/members/dashboard');
  await logOut(page);
  await otherDevice.reload();
  await hydrated(otherDevice);
  await expect(heading(otherDevice)).toHaveText(`Welcome, ${member.name}!`);
  await expect(otherDevice.getByRole('list', { name: 'Devices' }).getByRole('listitem')).toHaveCount(1);
});
