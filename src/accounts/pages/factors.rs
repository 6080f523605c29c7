//! Pages of two-step login: the second step, and the authenticator app.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use server_fn::ServerFn;

use super::super::{
    Authenticator, AuthenticatorState, LostFactor, NewAuthenticator, PendingStep,
    api::{
        ConfirmAuthenticator, PasskeySecondStep, RemoveAuthenticator, SecondStep, StartAuthenticator,
        load_authenticator, load_second_step,
    },
};
use super::{
    factor_recovery::without_factor,
    parts::{AppCodeField, NextField, RecoveryCodeField, WayOn},
    passkeys::PasskeyForm,
};
use crate::{
    shared::{
        moment::Moment,
        paths::{CODES, PASSKEYS, SECOND_STEP},
    },
    ui::{Data, Form, Loaded, Page, PageContext, SettingsPage, Timestamp, expect_member},
};

/// `/accounts/login/second`: asks for the code of the app or, by a link, for a recovery code.
#[component]
pub fn SecondStepPage() -> impl IntoView {
    let data = Data::load(|| (), |()| load_second_step());
    let location = use_location();
    let is_recovery = Memo::new(move |_| location.search.get().trim_start_matches('?') == "with=recovery");
    view! {
        <Page title="Second step" class="page auth">
            <Loaded
                data
                show=move |pending| match pending {
                    Some(pending) => view! { <Pending pending is_recovery /> }.into_any(),
                    None => view! { <NoLogin /> }.into_any(),
                }
            />
        </Page>
    }
}

#[component]
fn Pending(pending: PendingStep, is_recovery: Memo<bool>) -> impl IntoView {
    let has_app = pending.has_app;
    view! {
        {move || match (is_recovery.get(), has_app) {
            (true, has_app) => by_recovery_code(has_app, pending.lost.clone()),
            (false, true) => by_app(),
            (false, false) => by_passkey(),
        }}
        {pending
            .offers_passkey
            .then(|| {
                view! {
                    <PasskeyForm
                        purpose="passkey_second"
                        path=PasskeySecondStep::PATH
                        submit="Use a passkey or security key"
                    />
                }
            })}
        // Below the button that it is an alternative to.
        {move || {
            (!is_recovery.get() && !has_app)
                .then(|| {
                    view! {
                        <p>
                            "Don’t have it with you? "
                            <a href=format!("{SECOND_STEP}?with=recovery")>"Use a recovery code"</a>
                        </p>
                    }
                })
        }}
    }
}

#[component]
fn NoLogin() -> impl IntoView {
    let is_signed_in = use_context::<PageContext>().is_some_and(|context| context.visitor.is_some());
    view! {
        {(!is_signed_in)
            .then(|| view! { <p>"This login took too long, or was ended. Please start again."</p> })}
        <WayOn />
    }
}

fn by_app() -> AnyView {
    view! {
        <p>"Open your authenticator app and enter the code for this site."</p>
        <Form path=SecondStep::PATH submit="Log in" busy="Logging in…">
            <AppCodeField autofocus=true />
        </Form>
        <p>
            "Don’t have your phone? "
            <a href=format!("{SECOND_STEP}?with=recovery")>"Use a recovery code"</a>
        </p>
    }
    .into_any()
}

fn by_passkey() -> AnyView {
    view! {
        <p>"Use a passkey or security key of your account."</p>
        <p class="without-passkeys">"This needs JavaScript and a browser that supports passkeys."</p>
    }
    .into_any()
}

fn by_recovery_code(has_app: bool, lost: LostFactor) -> AnyView {
    let other = if has_app { "Use your authenticator app" } else { "Use a passkey" };
    view! {
        <p>"Enter one of the recovery codes that you saved. Each works once."</p>
        <Form path=SecondStep::PATH submit="Log in" busy="Logging in…">
            <RecoveryCodeField />
        </Form>
        <p>
            <a href=SECOND_STEP>{other}</a>
        </p>
        {without_factor(lost)}
    }
    .into_any()
}

/// `/members/security/authenticator`: adds an authenticator app, or removes it.
#[component]
pub fn AuthenticatorPage() -> impl IntoView {
    let data = Data::load(|| (), |()| load_authenticator());
    let name = use_context::<PageContext>()
        .and_then(|context| context.visitor)
        .map(|visitor| visitor.username)
        .unwrap_or_default();
    view! {
        <SettingsPage title="Authenticator app">
            <Loaded
                data
                show=move |Authenticator { username, state, offers_passkeys }| {
                    expect_member(&name, &username);
                    match state {
                        AuthenticatorState::Unavailable => view! {
                            <p>"Authenticator apps are not available on this site yet."</p>
                            <OrPasskey offers_passkeys />
                        }
                        .into_any(),
                        AuthenticatorState::Off => view! {
                            <Start />
                            <OrPasskey offers_passkeys />
                        }
                        .into_any(),
                        AuthenticatorState::Waiting(app) => view! { <Confirm app /> }.into_any(),
                        AuthenticatorState::On { since, last_used, codes_left } => {
                            view! { <InUse since last_used codes_left /> }.into_any()
                        }
                    }
                }
            />
        </SettingsPage>
    }
}

#[component]
fn Start() -> impl IntoView {
    view! {
        <p>
            "With an authenticator app on your phone, nobody can log in with your password alone. \
             The app shows a new code every 30 seconds, also without a network."
        </p>
        <p>"You need an app such as Aegis, FreeOTP, Google Authenticator or a password manager."</p>
        <Form path=StartAuthenticator::PATH submit="Set up an app">
            <NextField />
        </Form>
    }
}

/// The other second factor, for whoever must have one.
#[component]
fn OrPasskey(offers_passkeys: bool) -> impl IntoView {
    offers_passkeys.then(|| {
        view! {
            <p>
                "Or " <a href=PASSKEYS rel="external">"add a passkey"</a>
                ", which logs you in without your password."
            </p>
        }
    })
}

#[component]
fn Confirm(app: NewAuthenticator) -> impl IntoView {
    let NewAuthenticator { width, path, key, link } = app;
    let view_box = format!("0 0 {width} {width}");
    view! {
        <ol class="steps">
            <li>
                <p>"Scan this with your app."</p>
                {(width > 0)
                    .then(|| {
                        view! {
                            <svg class="qr" viewBox=view_box role="img" aria-label="QR code for your app">
                                <rect width=width height=width fill="#fff" />
                                <path d=path fill="#000" />
                            </svg>
                        }
                    })}
                <p>
                    "On this device, " <a href=link>"open your app"</a>
                    ". Or type this key into it (time-based, six digits):"
                </p>
                <p>
                    <code class="key">{key}</code>
                </p>
            </li>
            <li>
                <p>"Enter the code that the app shows now."</p>
                <Form path=ConfirmAuthenticator::PATH submit="Turn on two-step login">
                    <NextField />
                    <AppCodeField />
                </Form>
            </li>
        </ol>
        <p class="help">"Nothing changes before that. The key expires after 30 minutes."</p>
    }
}

#[component]
fn InUse(since: Moment, last_used: Option<Moment>, codes_left: i64) -> impl IntoView {
    view! {
        <p>"Two-step login is on: a code is asked for after your password."</p>
        <dl class="facts">
            <dt>"Set up"</dt>
            <dd>
                <Timestamp moment=since />
            </dd>
            {last_used
                .map(|moment| {
                    view! {
                        <dt>"Last used"</dt>
                        <dd>
                            <Timestamp moment />
                        </dd>
                    }
                })}
            <dt>"Recovery codes left"</dt>
            <dd>{codes_left}</dd>
        </dl>
        <p>
            // A full page load, because the server may require re-authentication first.
            <a href=CODES rel="external">
                "Make new recovery codes"
            </a>
        </p>
        <section class="part danger-form" aria-labelledby="remove">
            <h2 id="remove">"Remove the app"</h2>
            <p>
                "Without another second factor your password alone then logs you in, and your recovery codes no longer work. \
                 To change to another phone, remove the app here and set up the new one."
            </p>
            <Form path=RemoveAuthenticator::PATH submit="Remove the app" button="button danger" />
        </section>
    }
}
