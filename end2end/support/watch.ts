// Records everything that goes wrong in a browser: a console message of any level, a script error,
// a request that failed or was refused, a request to another host.
import type { BrowserContext, ConsoleMessage, Request, Response } from '@playwright/test';

/** The streams that an open page holds. */
const LIVE = ['/api/sessions/live', '/api/admin/cache/live', '/api/admin/timings/live'];

/**
 * Returns a function that reports what went wrong. Expected are responses over 400, like "404
 * /no/such/page", and failures, like "net::ERR_INTERNET_DISCONNECTED /api/members/dashboard".
 */
export function watch(context: BrowserContext, site: string, expected: string[]): () => string[] {
  const { origin } = new URL(site);
  const trouble: string[] = [];
  const requests: Request[] = [];
  const aborted: Request[] = [];

  context.on('console', message => {
    if (!isExpected(message, expected)) trouble.push(`console ${message.type()}: ${message.text()}`);
  });
  context.on('weberror', error => trouble.push(`script error: ${error.error().stack}`));
  context.on('request', request => {
    requests.push(request);
    if (new URL(request.url()).origin !== origin) trouble.push(`request to somebody else: ${request.url()}`);
  });
  context.on('requestfailed', request => {
    const reason = request.failure()?.errorText;
    // The icon is fetched late, and the fetch is aborted when the page is left or reloaded.
    if (reason === 'net::ERR_ABORTED' && request.url().endsWith('/favicon.svg')) return;
    // Open for as long as its page is open.
    if (reason === 'net::ERR_ABORTED' && LIVE.includes(new URL(request.url()).pathname)) return;
    if (reason === 'net::ERR_ABORTED') aborted.push(request);
    else if (!expected.includes(`${reason} ${new URL(request.url()).pathname}`)) {
      trouble.push(`request failed: ${request.url()}: ${reason}`);
    }
  });
  context.on('response', response => {
    // Until it is here the page before goes on, and so may its requests.
    if (response.request().isNavigationRequest()) requests.push(response.request());
    if (response.status() >= 400 && !expected.includes(answer(response))) trouble.push(`refused: ${answer(response)}`);
  });

  return () => [
    ...trouble,
    ...aborted.filter(request => !wasLeft(request, requests)).map(request => `request aborted: ${request.url()}`),
  ];
}

const answer = (response: Response) => `${response.status()} ${new URL(response.url()).pathname}`;

function isExpected(message: ConsoleMessage, expected: string[]): boolean {
  // Chromium logs this line for each response over 400, whatever the page does, so it is expected
  // only with an expected response.
  const failure = /^Failed to load resource: (?:the server responded with a status of )?(\S+)/.exec(message.text())?.[1];
  if (failure) return expected.includes(`${failure} ${new URL(message.location().url).pathname}`);
  // The story has put the focus into a field before Chromium has drawn the page.
  if (message.text() === 'Autofocus processing was blocked because a document already has a focused element.') return true;
  // Chromium confirms the header that is sent with a logout.
  return message.type() === 'info' && message.text().startsWith('Clear-Site-Data header on ');
}

/**
 * Returns whether the request's page was left: leaving aborts requests, which is no failure if the
 * page went on to another address.
 */
function wasLeft(request: Request, requests: Request[]): boolean {
  const later = requests.slice(requests.indexOf(request) + 1);
  return later.some(other => other.isNavigationRequest() && other.frame() === request.frame());
}
