// Passkeys in the browser. Every form inside of [data-passkey] asks the server for options, the
// browser for a credential, and then is posted like any other form.
const api = globalThis.PublicKeyCredential;
// Browsers bind passkeys to names: at an IP address there are none.
const isKnown =
  api?.parseRequestOptionsFromJSON && api.parseCreationOptionsFromJSON && !/^[\d.]+$|^\[/.test(location.hostname);
// How long an offer in the login field stays, in milliseconds: less than its challenge.
const OFFERED = 240_000;

let present = new AbortController();
let renewal;
// Whether a dialog is open that somebody asked for. No offer may close it.
let isAsked = false;

const formOf = (purpose) => document.querySelector(`[data-passkey="${purpose}"] form`);

const post = (path, fields, signal) =>
  fetch(`/api/${path}`, {
    method: 'POST',
    headers: { accept: 'application/json' },
    body: new URLSearchParams(fields),
    signal,
  });

async function options(purpose, signal) {
  const answer = await post('accounts/passkey_options', { purpose }, signal);
  if (!answer.ok) throw answer;
  return JSON.parse(await answer.json());
}

function send(form, credential) {
  form.elements.credential.value = credential;
  form.elements.remember.value = document.querySelector('[name="remember"]:checked') ? 'yes' : '';
  form.submit();
}

function say(form, reason) {
  const lines = [...form.querySelectorAll('[data-why]')];
  const line = lines.find((line) => line.dataset.why === `${reason}`) ?? lines[0];
  for (const other of lines) other.hidden = other !== line;
}

function create(asked, signal, mediation) {
  return navigator.credentials.create({ publicKey: api.parseCreationOptionsFromJSON(asked), signal, mediation });
}

// Asks with a dialog or, with this mediation, in the menu of the login field.
async function ask(form, purpose, mediation) {
  clearTimeout(renewal);
  present.abort();
  const { signal } = (present = new AbortController());
  isAsked = !mediation;
  let asked;
  try {
    asked = await options(purpose, signal);
    const credential = asked.user
      ? await create(asked, signal)
      : await navigator.credentials.get({ publicKey: api.parseRequestOptionsFromJSON(asked), signal, mediation });
    if (!signal.aborted) send(form, JSON.stringify(credential));
  } catch (error) {
    if (signal.aborted || mediation) return;
    isAsked = false;
    // The server says what else is wrong, on the form's page.
    if (error.status && error.status !== 429) return send(form, '');
    say(form, error.status ?? error.name);
    offer();
  }
}

async function offer() {
  const form = formOf('passkey_login');
  if (!form || !(await api.isConditionalMediationAvailable?.()) || isAsked) return;
  ask(form, 'passkey_login', 'conditional');
  const again = () => {
    if (document.hidden) addEventListener('visibilitychange', again, { once: true });
    else if (!isAsked) offer();
  };
  renewal = setTimeout(again, OFFERED);
}

addEventListener(
  'submit',
  (event) => {
    const purpose = event.target.parentElement?.dataset.passkey;
    if (!purpose) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    ask(event.target, purpose);
  },
  true,
);

/** Begins on a page that has forms for passkeys. */
export function start() {
  if (!isKnown) return;
  document.documentElement.dataset.passkeys = 'known';
  for (const part of document.querySelectorAll('[data-passkey]')) part.hidden = false;
  const accepted = document.querySelector('[data-accepted]')?.dataset.accepted;
  // Authenticators then stop offering passkeys that were removed here, and show the present name.
  if (accepted) {
    api.signalAllAcceptedCredentials?.(JSON.parse(accepted)).catch(() => {});
    api.signalCurrentUserDetails?.(JSON.parse(accepted)).catch(() => {});
  }
  if (isAsked) return;
  present.abort();
  offer();
}

/** Adds a passkey after a login with the password, where the browser can do that without a dialog. */
export async function make() {
  // Once: it must not begin again on the next page.
  const secure = location.protocol === 'https:' ? '; secure' : '';
  document.cookie = `${document.cookie.match(/[^; ]*offer_passkey/)}=; max-age=0; path=/${secure}`;
  if (!isKnown || !(await api.getClientCapabilities?.())?.conditionalCreate) return;
  const { signal } = (present = new AbortController());
  const credential = await create(await options('passkey_offer', signal), signal, 'conditional');
  await post('members/add_passkey', { credential: JSON.stringify(credential) });
}
