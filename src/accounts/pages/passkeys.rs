//! Passkeys: their page, and the form that uses one on other pages.
//!
//! `public/passkeys.js` does what only a script can. It marks the document once the browser knows
//! passkeys; until then the style sheet hides the forms, and shows why there are none.

use leptos::{prelude::*, web_sys::Event};
use leptos_router::hooks::use_location;
use server_fn::ServerFn;

use super::super::{
    NoPasskeys, Passkey, Passkeys,
    api::{AddPasskey, AskPasskey, RemovePasskey, RemovePassword, RenamePasskey, load_passkeys},
};
use crate::{
    shared::{
        forms::{FORM_PAGE, Field},
        paths::PASSKEYS,
    },
    ui::{
        Data, Form, Loaded, PASSKEYS_EVENT, PageContext, SettingsPage, TextField, Timestamp, expect_member,
    },
};

/// A form that sends what the authenticator answers.
#[component]
pub fn PasskeyForm(
    /// What the options are asked for (`service::passkeys::Purpose`).
    purpose: &'static str,
    /// The path of the server function.
    path: &'static str,
    /// The button's label.
    submit: &'static str,
    /// The button's class.
    #[prop(default = "button")]
    button: &'static str,
    /// The page to go on to.
    #[prop(optional_no_strip)]
    next: Option<String>,
) -> impl IntoView {
    Effect::new(|| {
        if let Ok(event) = Event::new(PASSKEYS_EVENT) {
            let _ = window().dispatch_event(&event);
        }
    });
    view! {
        <div class="passkey" data-passkey=purpose hidden=true>
            <Form path submit button plain=true>
                <input type="hidden" name="credential" value="" />
                <input type="hidden" name="remember" value="" />
                {next.map(|next| view! { <input type="hidden" name="next" value=next /> })}
                <p class="help" role="status">
                    <span data-why="" hidden=true>
                        "Nothing was sent: your browser or device ended it. You can try again."
                    </span>
                    <span data-why="429" hidden=true>
                        "Nothing was sent: too many tries. Please wait a few minutes."
                    </span>
                    <span data-why="TypeError" hidden=true>
                        "Nothing was sent: the site cannot be reached. Please try again."
                    </span>
                    <span data-why="InvalidStateError" hidden=true>
                        "This device has a passkey of your account already."
                    </span>
                </p>
            </Form>
        </div>
    }
}

/// `/members/security/passkeys`: the member's passkeys.
#[component]
pub fn PasskeysPage() -> impl IntoView {
    let data = Data::load(|| (), |()| load_passkeys());
    let location = use_location();
    let renamed = Memo::new(move |_| {
        location.search.get().trim_start_matches('?').strip_prefix("rename=").map(str::to_owned)
    });
    let name = use_context::<PageContext>()
        .and_then(|context| context.visitor)
        .map(|visitor| visitor.username)
        .unwrap_or_default();
    view! {
        <SettingsPage title="Passkeys" class="page">
            <p class="lead">
                "A passkey logs you in with your fingerprint, face or PIN instead of your password. It works only on \
                 this site, so nobody can trick you out of it."
            </p>
            <Loaded
                data
                show=move |Passkeys { username, unavailable, passkeys, has_two_steps, asks, has_password, may_remove_password, accepted }| {
                    expect_member(&name, &username);
                    view! {
                        {match unavailable {
                            Some(why) => view! { <Unavailable why /> }.into_any(),
                            None => view! { <Add has_two_steps accepted /> }.into_any(),
                        }}
                        {asks
                            .filter(|asks| *asks || !passkeys.is_empty() && !has_two_steps)
                            .map(|asks| view! { <Ask asks /> })}
                        <Password has_password may_remove_password />
                        {passkeys.is_empty().then(|| view! { <p>"You have no passkey yet."</p> })}
                        <ul class="devices" aria-label="Passkeys">
                            {passkeys
                                .into_iter()
                                .map(|passkey| view! { <PasskeyCard passkey has_two_steps renamed /> })
                                .collect_view()}
                        </ul>
                    }
                }
            />
        </SettingsPage>
    }
}

#[component]
fn Unavailable(why: NoPasskeys) -> impl IntoView {
    let (sentence, link) = match why {
        NoPasskeys::Off => ("Passkeys are switched off on this site.", None),
        NoPasskeys::IpAddress => (
            "Passkeys do not work here: this site has an IP address instead of a name, and browsers bind passkeys to names.",
            None,
        ),
        NoPasskeys::Insecure => ("Passkeys do not work here: browsers offer them only over https.", None),
        NoPasskeys::OpenInstead(address) => (
            "Passkeys do not work at an IP address, because browsers bind them to names. Open the site at ",
            Some(address),
        ),
    };
    view! {
        <p class="message warning">
            {sentence}
            {link
                .map(|address| {
                    let page = format!("{address}{PASSKEYS}");
                    view! {
                        <a href=page rel="external">
                            {address}
                        </a>
                    }
                })}
        </p>
    }
}

#[component]
fn Add(has_two_steps: bool, accepted: Option<String>) -> impl IntoView {
    view! {
        <p class="without-passkeys">
            "To add a passkey, you need JavaScript and a browser that supports passkeys."
        </p>
        <div data-accepted=accepted>
            <PasskeyForm
                purpose="passkey_register"
                path=AddPasskey::PATH
                submit="Add a passkey"
                button="button primary"
            />
            {has_two_steps
                .then(|| {
                    view! {
                        <p class="passkey">
                            "A security key without a PIN cannot log in by itself, but can take the place of the code."
                        </p>
                        <PasskeyForm
                            purpose="security_key_register"
                            path=AddPasskey::PATH
                            submit="Add a security key for the second step"
                        />
                    }
                })}
        </div>
    }
}

/// Whether the password alone logs in beside the passkeys.
#[component]
fn Ask(asks: bool) -> impl IntoView {
    let (sentence, submit) = match asks {
        true => ("Your account asks for a passkey after your password.", "Stop asking for a passkey"),
        false => ("Your password still logs you in by itself.", "Ask for a passkey after my password"),
    };
    view! {
        <section aria-label="Password">
            <p>{sentence}</p>
            <Form path=AskPasskey::PATH submit button="button">
                <input type="hidden" name="asks" value=if asks { "" } else { "on" } />
            </Form>
        </section>
    }
}

/// Doing without a password, and having one again.
#[component]
fn Password(has_password: bool, may_remove_password: bool) -> impl IntoView {
    match (has_password, may_remove_password) {
        (false, _) => view! {
            <p>
                "You have no password. " <a href="/accounts/password_reset" rel="external">"Set one"</a>
            </p>
        }
        .into_any(),
        (true, true) => view! {
            <p>"With your passkeys you need no password. Without one nobody can steal it."</p>
            <form method="post" action=RemovePassword::PATH class="form">
                <input type="hidden" name=FORM_PAGE value=PASSKEYS />
                <button type="submit" class="button">
                    "Remove my password"
                </button>
            </form>
        }
        .into_any(),
        (true, false) => ().into_any(),
    }
}

#[component]
fn PasskeyCard(passkey: Passkey, has_two_steps: bool, renamed: Memo<Option<String>>) -> impl IntoView {
    let Passkey { id, name, made, last_used, can_sync, is_synced, logs_in } = passkey;
    let place = match (is_synced, can_sync) {
        (true, _) => "Synced to your devices",
        (false, true) => "This device only, but it can be synced",
        (false, false) => "This device only",
    };
    let use_for = match (logs_in, has_two_steps) {
        (true, _) => "Logs in by itself",
        (false, true) => "Second step of a login",
        (false, false) => "None while your password alone logs you in",
    };
    let label = format!("Remove {name}");
    let form = {
        let (id, name) = (id.clone(), name.clone());
        move || {
            let (id, name) = (id.clone(), name.clone());
            match renamed.get().as_deref() == Some(id.as_str()) {
                true => view! {
                    <Form path=RenamePasskey::PATH submit="Save name">
                        <input type="hidden" name="passkey" value=id />
                        <TextField field=Field::PasskeyName label="Name" autocomplete="off" capitals="sentences" present=name />
                    </Form>
                }
                .into_any(),
                false => view! {
                    <p>
                        <a href=format!("{PASSKEYS}?rename={id}") aria-label=format!("Rename {name}")>
                            "Rename"
                        </a>
                    </p>
                }
                .into_any(),
            }
        }
    };
    view! {
        <li class="card device">
            <h2>
                <bdi>{name}</bdi>
            </h2>
            <dl class="facts">
                <dt>"Added"</dt>
                <dd>
                    <Timestamp moment=made />
                </dd>
                <dt>"Last used"</dt>
                <dd>
                    {match last_used {
                        Some(moment) => view! { <Timestamp moment /> }.into_any(),
                        None => view! { "Never" }.into_any(),
                    }}
                </dd>
                <dt>"Kept"</dt>
                <dd>{place}</dd>
                <dt>"Use"</dt>
                <dd>{use_for}</dd>
            </dl>
            {form}
            <form method="post" action=RemovePasskey::PATH>
                <input type="hidden" name=FORM_PAGE value=PASSKEYS />
                <input type="hidden" name="passkey" value=id />
                <button type="submit" class="button" aria-label=label>
                    "Remove"
                </button>
            </form>
        </li>
    }
}
