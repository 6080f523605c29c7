//! The pages of an account: sign up, log in, log out; password; email address.

mod browsers;
mod email;
mod factor_recovery;
mod factors;
mod mail_login;
mod parts;
mod passkeys;
mod password;
mod recovery_codes;

use super::api::{LogIn, LogOut, MailCode, PasskeyLogIn, SetUp, SignUp};
use crate::{
    shared::{
        forms::Field,
        login_method::{LAST_LOGIN, LoginMethod},
        paths::LOGIN,
    },
    ui::{Form, Page, PageContext, TextField},
};
use leptos::{prelude::*, wasm_bindgen::JsCast, web_sys::HtmlDocument};
use leptos_router::hooks::use_location;
use server_fn::ServerFn;
use {
    parts::{NextField, WayOn, next_of},
    passkeys::PasskeyForm,
    password::NewPasswordFields,
};

pub use browsers::BrowsersPage;
pub use email::{EmailConfirmPage, EmailPage, EmailUndoPage, NotMePage, VerifyPage};
pub use password::{
    PasswordChangePage, PasswordResetDonePage, PasswordResetPage, ReauthenticatePage, ResetDonePage,
    ResetPage,
};

pub use factor_recovery::{RecoveryBeginPage, RecoveryStopPage};
pub use factors::{AuthenticatorPage, SecondStepPage};
pub use mail_login::MailedCodePage;
pub use passkeys::PasskeysPage;
pub use password::new_password_help;
pub use recovery_codes::RecoveryCodesPage;

/// The fields of a new account.
#[component]
fn AccountFields(
    /// What the address is for.
    email_help: &'static str,
) -> impl IntoView {
    view! {
        <TextField
            field=Field::Username
            label="Username"
            autocomplete="username"
            help="Letters, digits and @ . + - _ only."
        />
        <TextField field=Field::Email label="Email address" kind="email" autocomplete="email" help=email_help />
        <NewPasswordFields label="Password" again="Password confirmation" />
    }
}

/// Shows its content to visitors only. A member sees who is logged in, and can log out.
#[component]
fn UnlessLoggedIn(
    /// The form that logs somebody in.
    children: Children,
) -> impl IntoView {
    if use_context::<PageContext>().is_none_or(|context| context.visitor.is_none()) {
        return children();
    }
    view! {
        <WayOn />
        <form method="post" action=LogOut::PATH class="form">
            <NextField />
            <button type="submit" class="button">
                "Use another account"
            </button>
        </form>
    }
    .into_any()
}

/// `/accounts/signup`: the sign-up form.
#[component]
pub fn SignupPage() -> impl IntoView {
    view! {
        <Page title="Sign up" class="page auth">
            <UnlessLoggedIn>
                <Form path=SignUp::PATH submit="Sign up" busy="Signing up…">
                    <AccountFields email_help="You can log in with it once you have confirmed it." />
                </Form>
                <p>"Already have an account? " <a href=LOGIN>"Log in"</a></p>
            </UnlessLoggedIn>
        </Page>
    }
}

/// `/accounts/setup`: creates the first superuser.
#[component]
pub fn SetupPage() -> impl IntoView {
    view! {
        <Page title="Create the first superuser" class="page auth">
            <p>"This account will have all permissions. The link works until there is a superuser."</p>
            <Form path=SetUp::PATH submit="Create superuser">
                <AccountFields email_help="You can log in with it, too." />
            </Form>
        </Page>
    }
}

/// `/accounts/login`: the login form.
#[component]
pub fn LoginPage() -> impl IntoView {
    let location = use_location();
    let next = move || next_of(&location.search.get());
    let context = use_context::<PageContext>().unwrap_or_default();
    let by_mail = (!context.is_mail_login_off).then_some((MailCode::PATH, "Email me a code"));
    let last_login = RwSignal::new(context.last_login);
    // The page's context does not know it where no page was loaded.
    Effect::new(move || {
        if let Some(method) = last_login_here() {
            last_login.set(Some(method));
        }
    });
    let last = move || {
        let text = format!("Last time you logged in here with {}.", last_login.get()?);
        Some(view! { <p class="help">{text}</p> })
    };
    view! {
        <Page title="Log in" class="page auth">
            <UnlessLoggedIn>
                {last}
                <Form path=LogIn::PATH submit="Log in" busy="Logging in…" other=by_mail>
                    <NextField />
                    <TextField
                        field=Field::Login
                        label="Username or email address"
                        autocomplete="username webauthn"
                        autofocus=true
                    />
                    <TextField field=Field::Password label="Password" kind="password" autocomplete="current-password" />
                    <label class="check">
                        <input type="checkbox" name="remember" value="yes" />
                        "Remember me on this device"
                    </label>
                </Form>
                {move || {
                    view! {
                        <PasskeyForm
                            purpose="passkey_login"
                            path=PasskeyLogIn::PATH
                            submit="Log in with a passkey"
                            next=next()
                        />
                    }
                }}
                <p>
                    <a href="/accounts/password_reset">"Forgot your password?"</a>
                </p>
                <p>"Don’t have an account? " <a href="/accounts/signup">"Sign up"</a></p>
            </UnlessLoggedIn>
        </Page>
    }
}

/// Returns what the browser's cookie says that its last login began with.
fn last_login_here() -> Option<LoginMethod> {
    let cookies = document().unchecked_into::<HtmlDocument>().cookie().ok()?;
    let mut values = cookies.split("; ").filter_map(|cookie| cookie.split_once('='));
    let (_, value) = values.find(|(name, _)| name.strip_prefix("__Host-").unwrap_or(name) == LAST_LOGIN)?;
    LoginMethod::from_name(value)
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
                <a class="button" href=LOGIN>
                    "Log in"
                </a>
            </p>
        }
        .into_any()
    };
    view! {
        <Page title="Log out" class="page auth">
            {content}
        </Page>
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
