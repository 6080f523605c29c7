// The developers' mailbox, where the site under test puts its mails.
import type { Page } from '@playwright/test';
import { expect, test } from './test';
import { arrive, button, type Member } from './verbs';

export interface Mail {
  to: string;
  subject: string;
  text: string;
  link: string | null;
}

/** Requests without a browser, so that no session is involved. */
async function mailbox(): Promise<Mail[]> {
  const answer = await fetch(new URL('/api/dev/mailbox', test.info().project.use.baseURL), {
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Mail[];
}

/**
 * Waits for a mail to this address with this subject. Returns the latest, once there are that many.
 */
export async function mailTo(address: string, about: string, soMany = 1): Promise<Mail> {
  let found: Mail[] = [];
  await expect(async () => {
    found = (await mailbox()).filter(mail => mail.to === address && mail.subject.startsWith(about));
    expect(found.length, `mails about "${about}" to ${address}`).toBeGreaterThanOrEqual(soMany);
  }).toPass({ timeout: 10_000 });
  return found[0];
}

/**
 * Confirms the address by the mail of the sign-up, because unconfirmed addresses get no notices.
 * Ends where the button leads.
 */
export async function confirmAddress(page: Page, member: Member, next: string): Promise<void> {
  const mail = await mailTo(member.email, 'Confirm your email address');
  await page.goto(mail.link!);
  await arrive(page, '/accounts/verify');
  await button(page, 'Confirm email address').click();
  await arrive(page, next);
}

/** The code next to the link. */
export const codeOf = (mail: Mail): string => /enter this code: (\S+)/.exec(mail.text)![1];
