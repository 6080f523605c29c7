// Runs before all other stories, on a site that was just started and has no superuser.
import { expect, test } from '../support/test';
import { arrive, button, field, fillSignUp, heading, logIn, navigation, superuser } from '../support/verbs';

test.use({ expectedAnswers: ['404 /accounts/setup'] });

test('the link that the site prints at the start creates the first superuser', async ({ page }) => {
  const link = process.env.SETUP_LINK;
  test.skip(!link, 'only on a site that has no superuser');
  const root = superuser();
  await page.goto(link!);
  await arrive(page, '/accounts/setup');
  await expect(heading(page)).toHaveText('Create the first superuser');

  await fillSignUp(page, { ...root, password: '1234' });
  await button(page, 'Create superuser').click();
  await expect(page.getByText('This password is too common.')).toBeVisible();
  await expect(page).toHaveURL('/accounts/setup');
  await expect(field(page, 'Username')).toHaveValue(root.name);

  await fillSignUp(page, root);
  await button(page, 'Create superuser').click();
  await arrive(page, '/accounts/login');
  await logIn(page, root);
  await expect(navigation(page).getByRole('link', { name: 'Admin' })).toBeVisible();

  const closed = await page.goto('/accounts/setup');
  expect(closed!.status(), 'there is a superuser').toBe(404);
});
