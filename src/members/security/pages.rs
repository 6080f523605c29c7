//! The security page.

use leptos::prelude::*;

use super::{Check, Security, api};
use crate::{
    members::pages::visitor_name,
    shared::paths::{ACTIVITY, AUTHENTICATOR, BROWSERS, CODES, DEVICES},
    ui::{Data, Loaded, Page, Timestamp, expect_member, number::counted},
};

/// `/members/security`: what protects the account, each with a link to where it is changed.
#[component]
pub fn SecurityPage() -> impl IntoView {
    let data = Data::load(|| (), |()| api::load_security());
    let name = visitor_name();
    view! {
        <Page title="Security" class="page narrow">
            <Loaded
                data
                show=move |security: Security| {
                    expect_member(&name, &security.username);
                    view! {
                        <section aria-labelledby="protection">
                            <h2 id="protection">{format!("Protection: {}", security.progress())}</h2>
                            <ul class="security">
                                {password(&security)} {email(&security)} {factors(&security)} {codes(&security)}
                            </ul>
                        </section>
                        <section class="part" aria-labelledby="logins">
                            <h2 id="logins">"Where you have logged in"</h2>
                            <ul class="security">{logins(security)}</ul>
                        </section>
                    }
                }
            />
        </Page>
    }
}

/// A line of the page. The link is a full page load, because the server may require
/// re-authentication first.
#[component]
fn Row(
    /// What it is about.
    title: &'static str,
    /// Whether it is done, if there is something to do.
    #[prop(optional)]
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
    let changed = match security.password_changed.clone() {
        Some(moment) => view! { "Last changed " <Timestamp moment /> "." }.into_any(),
        None => view! { "We don’t know when it was last changed." }.into_any(),
    };
    let is_done = security.is_done(Check::Password);
    view! {
        <Row title="Password" is_done page="/accounts/password_change" link="Change your password">
            {changed}
        </Row>
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
        <Row title="Email address" is_done page link>
            {address}
            {rest}
        </Row>
    }
    .into_any()
}

/// The rows of second factors: one for each kind that members set up.
fn factors(security: &Security) -> AnyView {
    let is_done = security.is_done(Check::SecondFactor);
    let (sentence, link) = match (security.authenticator_apps > 0, is_done) {
        (true, _) => ("An authenticator app is set up.", "Manage your authenticator app"),
        (false, true) => ("A passkey is set up.", "Set up an authenticator app, too"),
        (false, false) => {
            ("Without an authenticator app, your password alone logs you in.", "Set up an authenticator app")
        }
    };
    view! {
        <Row title="Two-step login" is_done page=AUTHENTICATOR link>
            {sentence}
        </Row>
    }
    .into_any()
}

fn codes(security: &Security) -> AnyView {
    let is_done = security.is_done(Check::RecoveryCodes);
    let (page, link, sentence) = match security.has_second_factor() {
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
    view! {
        <Row title="Recovery codes" is_done page link>
            {sentence}
        </Row>
    }
    .into_any()
}

/// What needs a look now and then: nothing of it is ever done.
fn logins(security: Security) -> AnyView {
    let Security { known_browsers, devices, last_login, last_method, .. } = security;
    let browsers = match known_browsers {
        1 => "1 browser is known. We email you about a login with any other.".to_owned(),
        count => {
            format!("{} are known. We email you about a login with any other.", counted(count, "browser"))
        }
    };
    let devices = format!("You are logged in on {}.", counted(devices, "device"));
    let method = last_method.map(|method| format!(", with {method}"));
    let last_login = match last_login {
        Some(moment) => view! { <Timestamp moment /> {method} "." }.into_any(),
        None => view! { "Never." }.into_any(),
    };
    view! {
        <Row title="Known browsers" page=BROWSERS link="See your known browsers">
            {browsers}
        </Row>
        <Row title="Devices" page=DEVICES link="See your devices">
            {devices}
        </Row>
        <Row title="Last login" page=ACTIVITY link="See all activity">
            {last_login}
        </Row>
    }
    .into_any()
}
