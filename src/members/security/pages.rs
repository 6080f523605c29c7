//! The security page.

use leptos::prelude::*;

use super::{Check, Security, api};
use crate::{
    members::pages::visitor_name,
    shared::paths::{ACTIVITY, AUTHENTICATOR, BROWSERS, CODES, DEVICES, PASSKEYS},
    ui::{Data, Loaded, SettingsPage, Timestamp, expect_member, number::counted},
};

/// `/members/security`: what protects the account, each with a link to where it is changed.
#[component]
pub fn SecurityPage() -> impl IntoView {
    let data = Data::load(|| (), |()| api::load_security());
    let name = visitor_name();
    view! {
        <SettingsPage title="Password and security">
            <Loaded
                data
                show=move |security: Security| {
                    expect_member(&name, &security.username);
                    view! {
                        <section aria-labelledby="protection">
                            <h2 id="protection">{format!("Protection: {}", security.progress())}</h2>
                            <ul class="security">
                                {password(&security)} {email(&security)} {factors(&security)} {passkeys(&security)} {codes(&security)}
                            </ul>
                        </section>
                        <section class="part" aria-labelledby="logins">
                            <h2 id="logins">"Where you have logged in"</h2>
                            <ul class="security">{logins(security)}</ul>
                        </section>
                    }
                }
            />
        </SettingsPage>
    }
}

/// A line of the page. The link is a full page load, because the server may require
/// re-authentication first.
#[component]
fn SecurityRow(
    /// What it is about.
    title: &'static str,
    /// Whether it is done, if there is something to do.
    #[prop(optional_no_strip)]
    is_done: Option<bool>,
    /// The page that changes it.
    page: &'static str,
    /// The words of the link.
    link: &'static str,
    /// One sentence.
    children: Children,
) -> impl IntoView {
    let state = is_done.map(|is_done| match is_done {
        true => view! { <span class="badge">"✓ Done"</span> }.into_any(),
        false => view! { <span class="badge open">"Open"</span> }.into_any(),
    });
    view! {
        <li>
            <h3>{title} " " {state}</h3>
            <p>{children()}</p>
            <p>
                <a href=page rel="external">
                    {link}
                </a>
            </p>
        </li>
    }
}

fn password(security: &Security) -> AnyView {
    let is_done = security.is_done(Check::Password);
    let (page, link) = match is_done {
        true => ("/accounts/password_change", "Change your password"),
        false => ("/accounts/password_reset", "Set a password"),
    };
    let sentence = match (is_done, security.password_changed.clone()) {
        (false, _) => view! { "You have none." }.into_any(),
        (true, Some(moment)) => view! { "Last changed " <Timestamp moment /> "." }.into_any(),
        (true, None) => view! { "We don’t know when it was last changed." }.into_any(),
    };
    view! {
        <SecurityRow title="Password" is_done=Some(is_done) page link>
            {sentence}
        </SecurityRow>
    }
    .into_any()
}

fn email(security: &Security) -> AnyView {
    let (address, is_done) = (security.email.clone(), security.is_done(Check::Email));
    let (page, link, rest) = match (address.is_empty(), is_done) {
        (true, _) => (
            "/accounts/email",
            "Add an email address",
            "There is none: we could not help you if you lost access.",
        ),
        (_, true) => ("/accounts/email", "Change your email address", " is confirmed."),
        (_, false) => (
            "/accounts/verify",
            "Confirm your email address",
            " is not confirmed: we could not help you if you lost access.",
        ),
    };
    view! {
        <SecurityRow title="Email address" is_done=Some(is_done) page link>
            {address}
            {rest}
        </SecurityRow>
    }
    .into_any()
}

fn factors(security: &Security) -> AnyView {
    let is_done = security.is_done(Check::SecondFactor);
    let (sentence, page, link) = match (security.authenticator_apps > 0, is_done, security.passkeys > 0) {
        (true, ..) => ("An authenticator app is set up.", AUTHENTICATOR, "Manage your authenticator app"),
        (false, true, _) => {
            ("A passkey is asked for after your password.", AUTHENTICATOR, "Set up an authenticator app, too")
        }
        (false, false, true) => {
            ("Your password alone still logs you in.", PASSKEYS, "Ask for a passkey after it")
        }
        (false, false, false) => (
            "Without an authenticator app, your password alone logs you in.",
            AUTHENTICATOR,
            "Set up an authenticator app",
        ),
    };
    view! {
        <SecurityRow title="Two-step login" is_done=Some(is_done) page link>
            {sentence}
        </SecurityRow>
    }
    .into_any()
}

/// Nothing where the site has no passkeys and the member has none.
fn passkeys(security: &Security) -> Option<AnyView> {
    let count = security.passkeys;
    if count == 0 && !security.offers_passkeys {
        return None;
    }
    let is_done = security.checks().find(|(check, _)| *check == Check::Passkey).map(|(_, is_done)| is_done);
    let (sentence, link) = match count {
        0 => {
            ("With a passkey you log in without a password that could be stolen.".to_owned(), "Add a passkey")
        }
        _ => (format!("You have {}.", counted(count, "passkey")), "Manage your passkeys"),
    };
    let row = view! {
        <SecurityRow title="Passkeys" is_done page=PASSKEYS link>
            {sentence}
        </SecurityRow>
    };
    Some(row.into_any())
}

/// Nothing for whoever has only a passkey, which needs no codes.
fn codes(security: &Security) -> Option<AnyView> {
    if security.passkeys > 0 && !security.has_two_steps {
        return None;
    }
    let is_done = security.is_done(Check::RecoveryCodes);
    let (page, link, sentence) = match security.has_two_steps {
        true => (
            CODES,
            "Make new recovery codes",
            format!("You have {} left.", counted(security.recovery_codes, "code")),
        ),
        false => (
            AUTHENTICATOR,
            "Set up two-step login first",
            "You get them with two-step login, for when you lose your phone.".into(),
        ),
    };
    let row = view! {
        <SecurityRow title="Recovery codes" is_done=Some(is_done) page link>
            {sentence}
        </SecurityRow>
    };
    Some(row.into_any())
}

/// What needs a look now and then: nothing of it is ever done.
fn logins(security: Security) -> AnyView {
    let Security { known_browsers, devices, last_login, last_method, email_is_proven, .. } = security;
    let are = if known_browsers == 1 { "is" } else { "are" };
    let about = match email_is_proven {
        true => "We email you about a login with any other.",
        false => "Once your address is confirmed, we email you about a login with any other.",
    };
    let browsers = format!("{} {are} known. {about}", counted(known_browsers, "browser"));
    let devices = format!("You are logged in on {}.", counted(devices, "device"));
    let method = last_method.map(|method| format!(", with {method}"));
    let last_login = match last_login {
        Some(moment) => view! { <Timestamp moment /> {method} "." }.into_any(),
        None => view! { "Never." }.into_any(),
    };
    view! {
        <SecurityRow title="Known browsers" page=BROWSERS link="See your known browsers">
            {browsers}
        </SecurityRow>
        <SecurityRow title="Devices" page=DEVICES link="See your devices">
            {devices}
        </SecurityRow>
        <SecurityRow title="Last login" page=ACTIVITY link="See all activity">
            {last_login}
        </SecurityRow>
    }
    .into_any()
}
