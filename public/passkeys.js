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

const formOf = (purpose) => document.querySelector(`[data-passkey="${purpose}"] form`);

async function options(purpose, signal) {
  const answer = await fetch('/api/accounts/passkey_options', {
    method: 'POST',
    headers: { accept: 'application/json' },
    body: new URLSearchParams({ purpose }),
    signal,
  });
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
  const line = lines.find((line) => line.dataset.why === reason) ?? lines[0];
  for (const other of lines) other.hidden = other !== line;
}

// Asks with a dialog or, with this mediation, in the menu of the login field.
async function ask(form, purpose, mediation) {
  present.abort();
  const { signal } = (present = new AbortController());
  let asked;
  try {
    asked = await options(purpose, signal);
  } catch {
    // The server says what is wrong.
    if (!signal.aborted && !mediation) send(form, '');
    return;
  }
  try {
    const credential = asked.user
      ? await navigator.credentials.create({ publicKey: api.parseCreationOptionsFromJSON(asked), signal })
      : await navigator.credentials.get({ publicKey: api.parseRequestOptionsFromJSON(asked), signal, mediation });
    if (!signal.aborted) send(form, JSON.stringify(credential));
  } catch (error) {
    if (signal.aborted || mediation) return;
    say(form, error.name);
    offer();
  }
}

async function offer() {
  clearTimeout(renewal);
  const form = formOf('passkey_login');
  if (!form || !(await api.isConditionalMediationAvailable?.())) return;
  renewal = setTimeout(
    () => (document.hidden ? addEventListener('visibilitychange', offer, { once: true }) : offer()),
    OFFERED,
  );
  ask(form, 'passkey_login', 'conditional');
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
  const accepted = document.querySelector('[data-accepted]')?.dataset.accepted;
  // Authenticators then stop offering passkeys that were removed here.
  if (accepted) api.signalAllAcceptedCredentials?.(JSON.parse(accepted)).catch(() => {});
  present.abort();
  offer();
}
