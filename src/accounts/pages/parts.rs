//! Components that several account pages share.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::super::{Address, Link, LinkState, api::load_link};
use crate::{
    shared::{
        forms::{Field, Problem},
        paths::LOGIN,
    },
    ui::{Data, Loaded, Page, PageContext, TextField},
};

/// Returns the parameter `next`, decoded once. The router's own parameter map decodes twice and
/// would turn `%252F` into a slash.
pub fn next_of(search: &str) -> Option<String> {
    form_urlencoded::parse(search.trim_start_matches('?').as_bytes())
        .find(|(name, value)| name == "next" && !value.is_empty())
        .map(|(_, value)| value.into_owned())
}

/// A hidden field with the parameter `next`, if there is one, for a form to send on.
#[component]
pub fn NextField() -> impl IntoView {
    let location = use_location();
    move || {
        let next = location.search.with(|search| next_of(search));
        next.map(|next| view! { <input type="hidden" name="next" value=next /> })
    }
}

/// The field for a code of an authenticator app.
#[component]
pub fn AppCodeField(
    /// Whether the page begins here.
    #[prop(optional)]
    autofocus: bool,
) -> impl IntoView {
    view! {
        <TextField
            field=Field::Code
            label="Six-digit code"
            autocomplete="one-time-code"
            inputmode="numeric"
            autofocus
        />
    }
}

/// The field for a recovery code.
#[component]
pub fn RecoveryCodeField() -> impl IntoView {
    view! { <TextField field=Field::Code label="Recovery code" autocomplete="off" capitals="characters" /> }
}

/// The page of a mail link: a button if the link is good, its effect if it was used, or the
/// alternatives if there is none.
#[component]
pub fn LinkPage(
    /// The heading.
    title: &'static str,
    /// The kind of link.
    link: Link,
    /// Renders what a good link can do.
    usable: fn(Address) -> AnyView,
    /// Renders what a used link has done.
    done: fn(Address) -> AnyView,
    /// Renders the alternatives without a link. The argument is true for a dead link, which a
    /// message above then mentions.
    without: fn(bool) -> AnyView,
) -> impl IntoView {
    let data = Data::load(|| (), move |()| load_link(link));
    view! {
        <Page title class="page auth">
            <Loaded
                data
                show=move |state: LinkState| match state {
                    LinkState::Good(account) => usable(account),
                    LinkState::Used(account) => {
                        view! {
                            {done(account)}
                            <WayOn />
                        }
                            .into_any()
                    }
                    LinkState::None => without(false),
                    LinkState::Dead => {
                        view! {
                            <p class="message warning" role="alert">
                                {Problem::LinkDead.to_string()}
                            </p>
                            {without(true)}
                        }
                            .into_any()
                    }
                }
            />
        </Page>
    }
}

/// Says who is logged in, and links onward. (A used link's account may not be the visitor's.)
#[component]
pub fn WayOn() -> impl IntoView {
    match use_context::<PageContext>().and_then(|context| context.visitor) {
        Some(visitor) => view! {
            <p>"You are logged in as " <Account name=visitor.username /> "."</p>
            <p>
                <a class="button primary" href="/members/dashboard">
                    "Go to your dashboard"
                </a>
            </p>
        }
        .into_any(),
        None => view! {
            <p>
                <a class="button" href=LOGIN>
                    "Log in"
                </a>
            </p>
        }
        .into_any(),
    }
}

/// An account's name, in any script.
#[component]
pub fn Account(
    /// The name as shown.
    name: String,
) -> impl IntoView {
    view! {
        <strong>
            <bdi>{name}</bdi>
        </strong>
    }
}
