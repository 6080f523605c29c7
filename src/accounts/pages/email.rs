//! Pages for the email address.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use server_fn::ServerFn;

use super::super::{
    Address, Link,
    api::{
        AskForEmailChange, AskForVerification, ChangeByCode, ConfirmEmailChange, NotMe, UndoEmailChange,
        VerifyByCode, VerifyEmail, load_email,
    },
};
use super::parts::{Account, LinkPage};
use crate::{
    mail::pages::MailboxLink,
    shared::{forms::Field, paths::LOGIN},
    ui::{Data, Form, Loaded, PageContext, SettingsPage, TextField, expect_member},
};

/// `/accounts/verify`: verifies the address by the link or, signed in, by the code.
#[component]
pub fn VerifyPage() -> impl IntoView {
    view! {
        <LinkPage
            title="Confirm your email address"
            link=Link::VerifyEmail
            usable=|account| {
                view! {
                    <p>
                        "Confirm that " <strong>{account.email}</strong>
                        " is the email address of the account " <Account name=account.username /> "."
                    </p>
                    {account.takes_whole.then(takes_whole)}
                    <Form path=VerifyEmail::PATH submit="Confirm email address" />
                }
                    .into_any()
            }
            done=confirmed
            without=|_| view! { <ForMember show=by_code /> }.into_any()
        />
    }
}

/// Anybody may have signed up with this address.
fn takes_whole() -> impl IntoView {
    view! {
        <p class="message warning">
            "You are not logged in to this account here, and did not sign up in this browser. If you go on, its \
             password, devices and whatever else was set up before are removed, and we email you a link to set a \
             new password. To keep them, open the link in the browser in which you signed up, or log in there and \
             enter the code."
        </p>
    }
}

fn by_code(address: Address) -> AnyView {
    if address.is_proven {
        return view! {
            <p>"Your address " <strong>{address.email}</strong> " is confirmed."</p>
            <p>
                <a href="/members/dashboard">"Go to your dashboard"</a>
            </p>
        }
        .into_any();
    }
    view! {
        <p>
            "We have sent an email to " <strong>{address.email}</strong>
            ". Open the link in it, or enter the code below. Both expire after 24 hours."
        </p>
        <Form path=VerifyByCode::PATH submit="Confirm">
            <TextField field=Field::Code label="Code from the email" autocomplete="one-time-code" />
        </Form>
        <MailboxLink />
        <p>"Didn’t get it, or has it expired?"</p>
        <Form path=AskForVerification::PATH submit="Send a new email" button="button" />
        <p>
            "Wrong address? " // The server may ask for the password first.
            <a href="/accounts/email" rel="external">
                "Change it"
            </a>
        </p>
    }
    .into_any()
}

/// `/accounts/email`: shows the address and requests a change.
#[component]
pub fn EmailPage() -> impl IntoView {
    let show = |address: Address| {
        let state = if address.is_proven { "It is confirmed." } else { "It is not confirmed yet." };
        view! {
            <p>"Your address is " <strong>{address.email}</strong> ". " {state}</p>
            {(!address.is_proven).then(|| view! { <p><a href="/accounts/verify">"Confirm email address"</a></p> })}
            <p>
                "We will send a confirmation link to the new address; your address changes once you open it in this browser, \
                 or enter its code here. \
                 Your old address gets an email with a link to undo the change within 72 hours."
            </p>
            <Form path=AskForEmailChange::PATH submit="Change the address">
                <TextField field=Field::Email label="New email address" kind="email" autocomplete="email" />
            </Form>
        }
        .into_any()
    };
    view! {
        <SettingsPage title="Email address">
            <ForMember show />
        </SettingsPage>
    }
}

/// `/accounts/email/confirm`: confirms a new address by the link or, signed in, by the code.
#[component]
pub fn EmailConfirmPage() -> impl IntoView {
    view! {
        <LinkPage
            title="Confirm your new email address"
            link=Link::ChangeEmail
            usable=|account| {
                if let Some(code) = account.code {
                    return by_member(account.username, code);
                }
                view! {
                    <p>
                        "Confirm that " <strong>{account.email}</strong> " is the new email address of the account "
                        <Account name=account.username /> "."
                    </p>
                    {account.takes_whole.then(takes_whole)}
                    <Form path=ConfirmEmailChange::PATH submit="Use this address" />
                }
                    .into_any()
            }
            done=confirmed
            without=|_| view! { <ForMember show=change_by_code /> }.into_any()
        />
    }
}

/// Anybody may have entered this address as their new one.
fn by_member(username: String, code: String) -> AnyView {
    view! {
        <p>
            "The account " <Account name=username />
            " asked for this address. The link works only where that account is logged in; enter this code there, or "
            <a href=format!("{LOGIN}?next=/accounts/email/confirm")>"log in here"</a> ":"
        </p>
        <p>
            <code class="key">{code}</code>
        </p>
        <p>"If this is not your account, do nothing and do not share the code."</p>
    }
    .into_any()
}

fn change_by_code(address: Address) -> AnyView {
    view! {
        <p>
            "Open the link in the email to your new address, or enter its code below. Until then your address is "
            <strong>{address.email}</strong> "."
        </p>
        <Form path=ChangeByCode::PATH submit="Use the new address">
            <TextField field=Field::Code label="Code from the email" autocomplete="one-time-code" />
        </Form>
        <p>
            <a href="/accounts/email" rel="external">
                "Send another email"
            </a>
        </p>
    }
    .into_any()
}

/// `/accounts/email/undo`: undoes a change of address.
#[component]
pub fn EmailUndoPage() -> impl IntoView {
    view! {
        <LinkPage
            title="Undo the change of your address"
            link=Link::UndoEmail
            usable=|account| {
                view! {
                    <p>
                        <strong>{account.email}</strong> " will be the email address of the account "
                        <Account name=account.username />
                        " again. All devices will be logged out, and we will send a password-reset link there."
                    </p>
                    <Form path=UndoEmailChange::PATH submit="Undo the change" />
                }
                    .into_any()
            }
            done=|account| {
                view! {
                    <p>
                        <strong>{account.email}</strong> " is the email address of the account "
                        <Account name=account.username />
                        " again. All its devices were logged out, and a password-reset link was sent."
                    </p>
                }
                    .into_any()
            }
            without=only_by_link
        />
    }
}

/// `/accounts/not_me`: reports that the owner did not cause a notice.
#[component]
pub fn NotMePage() -> impl IntoView {
    view! {
        <LinkPage
            title="Wasn’t you?"
            link=Link::NotMe
            usable=|account| {
                view! {
                    <p>
                        "We will secure the account " <Account name=account.username />
                        ": all devices are logged out, and we email you a link to set a new password."
                    </p>
                    <Form path=NotMe::PATH submit="Log out all devices" />
                }
                    .into_any()
            }
            done=|account| {
                view! {
                    <p>
                        "This link has been used: all devices of the account " <Account name=account.username />
                        " were logged out, and a password-reset link was sent."
                    </p>
                }
                    .into_any()
            }
            without=only_by_link
        />
    }
}

fn confirmed(account: Address) -> AnyView {
    view! {
        <p>
            <strong>{account.email}</strong> " is confirmed as the email address of the account "
            <Account name=account.username /> "."
        </p>
    }
    .into_any()
}

/// The text for visitors without a usable link.
pub(super) fn only_by_link(is_dead: bool) -> AnyView {
    view! {
        {(!is_dead).then(|| view! { <p>"To continue, open the link in our email in this browser."</p> })}
        <p>
            "You can also " <a href="/accounts/password_reset">"set a new password"</a>
            ", which logs out all devices."
        </p>
    }
    .into_any()
}

/// Shows a member their address, and asks anonymous visitors to log in.
#[component]
fn ForMember(
    /// Renders the address.
    show: fn(Address) -> AnyView,
) -> impl IntoView {
    let visitor = use_context::<PageContext>().and_then(|context| context.visitor);
    let log_in = format!("{LOGIN}?next={}", use_location().pathname.get_untracked());
    match visitor {
        None => view! {
            <p>"Open the link in our email in this browser, or log in and enter the code."</p>
            <p>
                <a class="button" href=log_in>
                    "Log in"
                </a>
            </p>
        }
        .into_any(),
        Some(visitor) => {
            let data = Data::load(|| (), |()| load_email());
            view! {
                <Loaded
                    data
                    show=move |address: Address| {
                        expect_member(&visitor.username, &address.username);
                        show(address)
                    }
                />
            }
            .into_any()
        }
    }
}
