//! Pages for the recovery of a lost second factor.

use leptos::prelude::*;
use server_fn::ServerFn;

use super::super::{
    Link, LostFactor,
    api::{AskForRecovery, BeginRecovery, StopRecovery},
};
use super::{
    email::only_by_link,
    parts::{Account, LinkPage},
};
use crate::ui::{Form, Timestamp};

/// What a member can do at the second step without any second factor.
pub(super) fn without_factor(lost: LostFactor) -> AnyView {
    match lost {
        LostFactor::ContactUs => view! { <p>"Don’t have either? Please contact us."</p> }.into_any(),
        LostFactor::Ask => view! {
            <p>
                "Don’t have either? We can email you a link that starts a waiting period, at whose end your second \
                 factor is removed. If you are in a hurry, please contact us."
            </p>
            <Form path=AskForRecovery::PATH submit="I have lost my second factor" button="button" />
        }
        .into_any(),
        LostFactor::Waits(until) => view! {
            <p>
                "Your second factor will be removed on " <Timestamp moment=until />
                ". Logging in with it stops that, and so does the link in our email."
            </p>
        }
        .into_any(),
    }
}

/// `/accounts/recovery/begin`: begins the waiting period.
#[component]
pub fn RecoveryBeginPage() -> impl IntoView {
    view! {
        <LinkPage
            title="Lost your second factor?"
            link=Link::RecoverFactor
            usable=|account| {
                view! {
                    <p>
                        "A waiting period begins for the account " <Account name=account.username />
                        ". At its end its authenticator app, passkeys and recovery codes are removed, all devices \
                         are logged out, and the password alone logs in. We email you now, half-way and at the end; \
                         you can stop it at any time."
                    </p>
                    <Form path=BeginRecovery::PATH submit="Start the waiting period" />
                }
                    .into_any()
            }
            done=|account| {
                view! {
                    <p>
                        "This link has been used: a waiting period began for the account "
                        <Account name=account.username /> ". Our emails say when it ends."
                    </p>
                }
                    .into_any()
            }
            without=only_by_link
        />
    }
}

/// `/accounts/recovery/stop`: stops it.
#[component]
pub fn RecoveryStopPage() -> impl IntoView {
    view! {
        <LinkPage
            title="Keep your second factor"
            link=Link::StopRecovery
            usable=|account| {
                view! {
                    <p>
                        "The second factor of the account " <Account name=account.username />
                        " will stay. If you did not ask for its removal, somebody else knows your password: please \
                         change it."
                    </p>
                    <Form path=StopRecovery::PATH submit="Stop the removal" />
                }
                    .into_any()
            }
            done=|account| {
                view! {
                    <p>
                        "The removal of the second factor of the account " <Account name=account.username />
                        " was stopped."
                    </p>
                }
                    .into_any()
            }
            without=only_by_link
        />
    }
}
