//! Pages for the password.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use server_fn::ServerFn;

use super::super::{
    Link,
    api::{AskForReset, ChangePassword, Reauthenticate, ResetPassword},
};
use super::parts::{Account, LinkPage, next_of};
use crate::{
    shared::forms::Field,
    ui::{Form, Page, PageContext, TextField},
};

/// Returns the help text of a new password; `whose` is "your" or "their".
pub fn new_password_help(whose: &str) -> String {
    use_context::<PageContext>().map(|context| context.password_rules).unwrap_or_default().help(whose)
}

/// A hidden field that tells password managers whose password the form is about.
#[component]
fn UsernameForManager(
    /// The username.
    username: String,
) -> impl IntoView {
    view! { <input type="text" name="username" value=username autocomplete="username" readonly=true hidden=true /> }
}

fn visitor_name() -> String {
    use_context::<PageContext>()
        .and_then(|context| context.visitor)
        .map(|visitor| visitor.username)
        .unwrap_or_default()
}

/// The two fields for a new password.
#[component]
pub fn NewPasswordFields(
    /// The first field's label.
    label: &'static str,
    /// The second field's label.
    again: &'static str,
) -> impl IntoView {
    view! {
        <TextField
            field=Field::Password1
            label=label
            kind="password"
            autocomplete="new-password"
            help=new_password_help("your")
        />
        <TextField
            field=Field::Password2
            label=again
            kind="password"
            autocomplete="new-password"
            help="The same password once more."
        />
    }
}

/// `/accounts/password_change`: changes the password.
#[component]
pub fn PasswordChangePage() -> impl IntoView {
    view! {
        <Page title="Change your password" class="page narrow">
            <p>"All your other devices will be logged out, and you get a mail that says so."</p>
            <Form path=ChangePassword::PATH submit="Change password">
                <UsernameForManager username=visitor_name() />
                <TextField
                    field=Field::OldPassword
                    label="Old password"
                    kind="password"
                    autocomplete="current-password"
                />
                <NewPasswordFields label="New password" again="New password confirmation" />
            </Form>
            <p>
                <a href="/accounts/password_reset">"Forgot your password?"</a>
            </p>
        </Page>
    }
}

/// `/accounts/password_reset`: requests a mail to set a new password.
#[component]
pub fn PasswordResetPage() -> impl IntoView {
    view! {
        <Page title="Forgot your password?" class="page narrow">
            <p>"Enter your email address, and we will send you a mail with which to set a new one."</p>
            <Form path=AskForReset::PATH submit="Send me a mail">
                <TextField field=Field::Email label="Email address" kind="email" autocomplete="email" />
            </Form>
            <p>
                <a href="/accounts/login">"Back to the login page"</a>
            </p>
        </Page>
    }
}

/// `/accounts/password_reset/done`: says that the mail was requested.
#[component]
pub fn PasswordResetDonePage() -> impl IntoView {
    view! {
        <Page title="Look into your mailbox" class="page narrow">
            <p>
                "If there is an account with the address that you entered, a mail with a link is on its way to it. The link is good for one hour."
            </p>
            <p>
                "Nothing after a few minutes? Look into the spam folder, and make sure that you entered the address that you signed up with. "
                <a href="/accounts/password_reset">"Try again"</a>
            </p>
        </Page>
    }
}

/// `/accounts/reset/new`: sets a new password with the link from the mail.
#[component]
pub fn ResetPage() -> impl IntoView {
    view! {
        <LinkPage
            title="Set a new password"
            link=Link::ResetPassword
            usable=|about| {
                let name = about.username.clone();
                view! {
                    <p>"For the account " <Account name /> ". All its devices will be logged out."</p>
                    <Form path=ResetPassword::PATH submit="Set the new password">
                        <UsernameForManager username=about.username />
                        <NewPasswordFields label="New password" again="New password confirmation" />
                    </Form>
                }
                    .into_any()
            }
            done=|about| {
                view! {
                    <p>
                        "This link has been used: the account " <Account name=about.username />
                        " got a new password, and all its devices were logged out."
                    </p>
                    <p>
                        <a href="/accounts/password_reset">"Ask for a new link"</a>
                    </p>
                }
                    .into_any()
            }
            without=|is_dead| {
                view! {
                    {(!is_dead)
                        .then(|| view! { <p>"This page needs the link in our mail, opened in this browser."</p> })}
                    <p>
                        <a class="button" href="/accounts/password_reset">
                            "Ask for a new link"
                        </a>
                    </p>
                }
                    .into_any()
            }
        />
    }
}

/// `/accounts/reset/done`: says that the new password is set.
#[component]
pub fn ResetDonePage() -> impl IntoView {
    view! {
        <Page title="Your new password is set" class="page narrow">
            <p>"All devices have been logged out. You may log in with the new password now."</p>
            <p>
                <a class="button primary" href="/accounts/login">
                    "Log in"
                </a>
            </p>
        </Page>
    }
}

/// `/accounts/reauthenticate`: asks for the password again.
#[component]
pub fn ReauthenticatePage() -> impl IntoView {
    let location = use_location();
    let next = move || next_of(&location.search.get());
    view! {
        <Page title="Please give your password again" class="page narrow">
            <p>"Before this goes on, please show that it is you."</p>
            <Form path=Reauthenticate::PATH submit="Go on">
                {move || next().map(|next| view! { <input type="hidden" name="next" value=next /> })}
                <UsernameForManager username=visitor_name() />
                <TextField field=Field::Password label="Password" kind="password" autocomplete="current-password" />
            </Form>
            <p>
                <a href="/accounts/password_reset">"Forgot your password?"</a>
            </p>
        </Page>
    }
}
