//! What several pages share.

use leptos::prelude::*;

use super::super::{Address, Link, LinkState, api::load_link};
use crate::{
    shared::forms::Problem,
    ui::{Data, Loaded, Page, PageContext},
};

/// The parameter `next`, decoded once: the router's own map of parameters decodes twice, and `%252F` would come out as a slash.
pub fn next_of(search: &str) -> Option<String> {
    form_urlencoded::parse(search.trim_start_matches('?').as_bytes())
        .find(|(name, value)| name == "next" && !value.is_empty())
        .map(|(_, value)| value.into_owned())
}

/// A page behind a link in a mail: a button where the link is good; what it has done where it was used; what else can be done where
/// there is none.
#[component]
pub fn LinkPage(
    /// The heading.
    title: &'static str,
    /// Which link.
    link: Link,
    /// What a good link can do.
    usable: fn(Address) -> AnyView,
    /// What a link has done that was used.
    done: fn(Address) -> AnyView,
    /// What there is without one; whether there was one that is dead has been said above it.
    without: fn(bool) -> AnyView,
) -> impl IntoView {
    let data = Data::load(|| (), move |()| load_link(link));
    view! {
        <Page title class="page narrow">
            <Loaded
                data
                show=move |state: LinkState| match state {
                    LinkState::Good(about) => usable(about),
                    LinkState::Used(about) => {
                        view! {
                            {done(about)}
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

/// Where to go on from a link that was used: the account that it was about may be another one than the visitor's.
#[component]
pub fn WayOn() -> impl IntoView {
    match use_context::<PageContext>().and_then(|context| context.visitor) {
        Some(visitor) => view! {
            <p>"You are logged in as " <Account name=visitor.username /> "."</p>
            <p>
                <a class="button" href="/members/dashboard">
                    "To your dashboard"
                </a>
            </p>
        }
        .into_any(),
        None => view! {
            <p>
                <a class="button" href="/accounts/login">
                    "Log in"
                </a>
            </p>
        }
        .into_any(),
    }
}

/// An account's name, in whatever script.
#[component]
pub fn Account(
    /// As it is shown.
    name: String,
) -> impl IntoView {
    view! {
        <strong>
            <bdi>{name}</bdi>
        </strong>
    }
}
