//! Pages for the password.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use server_fn::ServerFn;

use super::super::{
    Link, Reauthentication,
    api::{
        AskForReset, ChangePassword, PasskeyReauthenticate, Reauthenticate, ResetPassword,
        load_reauthentication,
    },
};
use super::{
    parts::{Account, LinkPage, RecoveryCodeField, next_of},
    passkeys::PasskeyForm,
};
use crate::{
    mail::pages::MailboxLink,
    shared::{forms::Field, paths::LOGIN},
    ui::{Data, Form, Loaded, Page, PageContext, SettingsPage, TextField, expect_member},
};

/// Returns the help text of a new password; `possessive` is "your" or "their".
pub fn new_password_help(possessive: &str) -> String {
    use_context::<PageContext>().map(|context| context.password_rules).unwrap_or_default().help(possessive)
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
            help="Enter the same password again."
        />
    }
}

/// `/accounts/password_change`: changes the password.
#[component]
pub fn PasswordChangePage() -> impl IntoView {
    view! {
        <SettingsPage title="Change your password">
            <p>"Your other devices will be logged out, and we will email you a confirmation."</p>
            <Form path=ChangePassword::PATH submit="Change password">
                <UsernameForManager username=visitor_name() />
                <TextField
                    field=Field::OldPassword
                    label="Current password"
                    kind="password"
                    autocomplete="current-password"
                />
                <NewPasswordFields label="New password" again="New password confirmation" />
            </Form>
            <p>
                <a href="/accounts/password_reset">"Forgot your password?"</a>
            </p>
        </SettingsPage>
    }
}

/// `/accounts/password_reset`: requests a mail to set a new password.
#[component]
pub fn PasswordResetPage() -> impl IntoView {
    view! {
        <Page title="Forgot your password?" class="page auth">
            <p>"Enter your email address, and we will send you a link to reset your password."</p>
            <Form path=AskForReset::PATH submit="Email me a reset link">
                <TextField
                    field=Field::Email
                    label="Email address"
                    kind="email"
                    autocomplete="email"
                    autofocus=true
                />
            </Form>
            <p>
                <a href=LOGIN>"Back to the login page"</a>
            </p>
        </Page>
    }
}

/// `/accounts/password_reset/done`: says that the mail was requested.
#[component]
pub fn PasswordResetDonePage() -> impl IntoView {
    view! {
        <Page title="Check your email" class="page auth">
            <p>
                "If an account uses that address, we have sent it a reset link. The link expires after one hour."
            </p>
            <p>
                "No email after a few minutes? Check your spam folder, and that you entered the address you signed up with. "
                <a href="/accounts/password_reset">"Try again"</a>
            </p>
            <MailboxLink />
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
            usable=|account| {
                let name = account.username.clone();
                view! {
                    <p>"For the account " <Account name /> ". You will be logged out on all devices."</p>
                    <Form path=ResetPassword::PATH submit="Set new password">
                        <UsernameForManager username=account.username />
                        <NewPasswordFields label="New password" again="New password confirmation" />
                    </Form>
                }
                    .into_any()
            }
            done=|account| {
                view! {
                    <p>
                        "This link has been used: the account " <Account name=account.username />
                        " has a new password, and all its devices were logged out."
                    </p>
                    <p>
                        <a href="/accounts/password_reset">"Send a new link"</a>
                    </p>
                }
                    .into_any()
            }
            without=|is_dead| {
                view! {
                    {(!is_dead)
                        .then(|| view! { <p>"To continue, open the link in our email in this browser."</p> })}
                    <p>
                        <a class="button" href="/accounts/password_reset">
                            "Send a new link"
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
        <Page title="Password changed" class="page auth">
            <p>"You have been logged out everywhere. Log in with your new password."</p>
            <p>
                <a class="button primary" href=LOGIN>
                    "Log in"
                </a>
            </p>
        </Page>
    }
}

/// `/accounts/reauthenticate`: asks for the password again and, with a second factor, for a code.
#[component]
pub fn ReauthenticatePage() -> impl IntoView {
    let data = Data::load(|| (), |()| load_reauthentication());
    let location = use_location();
    let next = move || next_of(&location.search.get());
    let name = visitor_name();
    view! {
        <Page title="Confirm your password" class="page auth">
            <Loaded
                data
                show=move |Reauthentication { username, asks_for_code, has_app, offers_passkey }| {
                    expect_member(&name, &username);
                    let both = if asks_for_code { " and a code" } else { "" };
                    view! {
                        <p>
                            "This is a sensitive action. Enter your password" {both}
                            " to confirm that it is you."
                        </p>
                        <Form path=Reauthenticate::PATH submit="Continue">
                            {move || next().map(|next| view! { <input type="hidden" name="next" value=next /> })}
                            <UsernameForManager username />
                            <TextField
                                field=Field::Password
                                label="Password"
                                kind="password"
                                autocomplete="current-password"
                                autofocus=true
                            />
                            {asks_for_code
                                .then(|| match has_app {
                                    true => view! {
                                        <TextField
                                            field=Field::Code
                                            label="Code from your authenticator app"
                                            autocomplete="one-time-code"
                                            help="Or one of your recovery codes."
                                        />
                                    }
                                    .into_any(),
                                    false => view! { <RecoveryCodeField /> }.into_any(),
                                })}
                        </Form>
                        {offers_passkey
                            .then(|| {
                                view! {
                                    <PasskeyForm
                                        purpose="passkey_reauthenticate"
                                        path=PasskeyReauthenticate::PATH
                                        submit="Use a passkey instead"
                                        next=next()
                                    />
                                }
                            })}
                    }
                }
            />
            <p>
                <a href="/accounts/password_reset">"Forgot your password?"</a>
            </p>
        </Page>
    }
}
