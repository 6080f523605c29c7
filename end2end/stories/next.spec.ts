import { test } from '../support/test';
import { arrive, logOut, open, signUp, submitLogIn } from '../support/verbs';

test('?next= is followed on this site', async ({ page, baseURL }) => {
  const member = await signUp(page);
  for (const [next, path] of [
    ['/members/profile', '/members/profile'],
    [`${baseURL}/members/secret`, '/members/secret'],
    ['/members/secret?to=https://evil.example/', '/members/secret?to=https://evil.example/'],
  ] as const) {
    await open(page, `/accounts/login?next=${encodeURIComponent(next)}`);
    await submitLogIn(page, member.name, member.password);
    await arrive(page, path);
    await logOut(page);
  }
});

// The watched browser also verifies that no request went to another host.
test('?next= is not followed to another site', async ({ page, baseURL }) => {
  const member = await signUp(page);
  const { host } = new URL(baseURL!);
  for (const next of [
    'https://evil.example',
    'http:///evil.example',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/..//evil.example',
    `//${host}@evil.example`,
    `http://evil.example\\@${host}/`,
    'javascript:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
  ]) {
    await test.step(JSON.stringify(next), async () => {
      await open(page, `/accounts/login?next=${encodeURIComponent(next)}`);
      await submitLogIn(page, member.name, member.password);
      await arrive(page, '/members/dashboard');
      // Not by deleting the cookies: the open page would notice and reload just when it is left.
      await logOut(page);
    });
  }
});
