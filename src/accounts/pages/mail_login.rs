//! The page of a login by a mailed code.

use leptos::prelude::*;
use server_fn::ServerFn;

use super::super::{
    MailedCode,
    api::{LogInByCode, load_mailed_code},
};
use super::parts::Account;
use crate::{
    mail::pages::MailboxLink,
    shared::{
        forms::{Field, Problem},
        paths::LOGIN,
    },
    ui::{Data, Form, Loaded, Page, TextField},
};

/// `/accounts/login/code`: takes the code where it was asked for; elsewhere, the link shows it.
#[component]
pub fn MailedCodePage() -> impl IntoView {
    let data = Data::load(|| (), |()| load_mailed_code());
    view! {
        <Page title="Log in by email" class="page auth">
            <Loaded
                data
                show=move |state: MailedCode| match state {
                    MailedCode::None => view! { <p>"No code was requested in this browser, or it has expired."</p> }.into_any(),
                    MailedCode::Asked => view! { <ByCode /> }.into_any(),
                    MailedCode::Here(username) => {
                        view! {
                            <p>"You are about to log in to the account " <Account name=username /> "."</p>
                            <Form path=LogInByCode::PATH submit="Log in" busy="Logging in…" />
                        }
                            .into_any()
                    }
                    MailedCode::Elsewhere(code) => view! { <Shown code /> }.into_any(),
                    MailedCode::Dead { is_asked } => {
                        view! {
                            <p class="message warning" role="alert">
                                {Problem::LinkDead.to_string()}
                            </p>
                            {is_asked.then(|| view! { <ByCode /> })}
                        }
                            .into_any()
                    }
                }
            />
            <p>
                <a href=LOGIN>"Back to the login page"</a>
            </p>
        </Page>
    }
}

#[component]
fn ByCode() -> impl IntoView {
    view! {
        <p>
            "If there is an account with a confirmed address, we have sent a code there. Open the link in the email in \
             this browser, or enter the code. Both expire after 10 minutes."
        </p>
        <Form path=LogInByCode::PATH submit="Log in" busy="Logging in…">
            <TextField
                field=Field::Code
                label="Code from the email"
                autocomplete="one-time-code"
                capitals="characters"
                autofocus=true
            />
        </Form>
        <p class="help">
            "No email after a few minutes? Check your spam folder. Only a confirmed address gets one."
        </p>
        <MailboxLink />
    }
}

#[component]
fn Shown(code: String) -> impl IntoView {
    view! {
        <p>"This code logs you in only in the browser in which you asked for it. Enter it there:"</p>
        <p>
            <code class="key">{code}</code>
        </p>
        <p>"If you did not ask for it, do not share it: whoever asked for it would be logged in to your account."</p>
    }
}
