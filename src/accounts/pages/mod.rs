//! The pages of an account: sign up, log in, log out; password; e-mail address.

mod email;
mod password;

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use server_fn::ServerFn;

pub use email::{EmailConfirmPage, EmailPage, EmailUndoPage, NotMePage, VerifyPage};
pub use password::{
    PasswordChangePage, PasswordResetDonePage, PasswordResetPage, ReauthenticatePage, ResetDonePage,
    ResetPage,
};

use super::{
    Address, Link, LinkState,
    api::{LogIn, LogOut, SignUp, load_link},
};
use crate::{
    shared::forms::{Field, Problem},
    ui::{Data, Form, Loaded, Page, PageContext, TextField},
};
use password::NewPasswordFields;

pub use password::new_password_help;

/// `/accounts/signup`
#[component]
pub fn SignupPage() -> impl IntoView {
    view! {
        <Page title="Sign up" class="page narrow">
            <Form path=SignUp::PATH submit="Sign up">
                <TextField
                    field=Field::Username
                    label="Username"
                    autocomplete="username"
                    help="150 characters or fewer. Letters, digits and @/./+/-/_ only."
                />
                <TextField
                    field=Field::Email
                    label="Email address"
                    kind="email"
                    autocomplete="email"
                    help="You can log in with it once you have confirmed it."
                />
                <NewPasswordFields label="Password" again="Password confirmation" />
            </Form>
            <p>"Already have an account? " <a href="/accounts/login">"Log in"</a></p>
        </Page>
    }
}

/// `/accounts/login`
#[component]
pub fn LoginPage() -> impl IntoView {
    let location = use_location();
    let next = move || next_of(&location.search.get());
    view! {
        <Page title="Log in" class="page narrow">
            <Form path=LogIn::PATH submit="Log in">
                {move || next().map(|next| view! { <input type="hidden" name="next" value=next /> })}
                <TextField field=Field::Login label="Username or email address" autocomplete="username" />
                <TextField field=Field::Password label="Password" kind="password" autocomplete="current-password" />
                <label class="check">
                    <input type="checkbox" name="remember" value="yes" />
                    "Remember me on this device"
                </label>
            </Form>
            <p>
                <a href="/accounts/password_reset">"Forgot your password?"</a>
            </p>
            <p>"Don’t have an account? " <a href="/accounts/signup">"Sign up"</a></p>
        </Page>
    }
}

/// The parameter `next`, decoded once: the router's own map of parameters decodes twice, and `%252F` would come out as a slash.
fn next_of(search: &str) -> Option<String> {
    form_urlencoded::parse(search.trim_start_matches('?').as_bytes())
        .find(|(name, value)| name == "next" && !value.is_empty())
        .map(|(_, value)| value.into_owned())
}

/// `/accounts/logout`: asks; only the button logs out.
#[component]
pub fn LogoutPage() -> impl IntoView {
    let is_signed_in = use_context::<PageContext>().is_some_and(|context| context.visitor.is_some());
    let content = if is_signed_in {
        view! {
            <p>"Do you want to log out on this device?"</p>
            <form method="post" action=LogOut::PATH class="form">
                <button type="submit" class="button primary">
                    "Log out"
                </button>
            </form>
        }
        .into_any()
    } else {
        view! {
            <p>"You are not logged in on this device."</p>
            <p>
                <a class="button" href="/accounts/login">
                    "Log in"
                </a>
            </p>
        }
        .into_any()
    };
    view! {
        <Page title="Log out" class="page narrow">
            {content}
        </Page>
    }
}

/// A page behind a link in a mail: a button where the link is good; what it has done where it was used; what else can be done where
/// there is none.
#[component]
fn LinkPage(
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
fn WayOn() -> impl IntoView {
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
fn Account(
    /// As it is shown.
    name: String,
) -> impl IntoView {
    view! {
        <strong>
            <bdi>{name}</bdi>
        </strong>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_is_decoded_once() {
        assert_eq!(next_of("?a=b&next=/x%3Fc%3D%252F").as_deref(), Some("/x?c=%2F"));
        assert_eq!(next_of("next=").as_deref(), None);
        assert_eq!(next_of("").as_deref(), None);
    }
}
