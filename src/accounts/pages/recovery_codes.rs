//! The page of the recovery codes.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use server_fn::ServerFn;

use super::{
    super::{
        RecoveryCodes,
        api::{KeepRecoveryCodes, NewRecoveryCodes, load_recovery_codes},
    },
    parts::{NextField, next_of},
};
use crate::{
    shared::paths::{AUTHENTICATOR, CODES_FILE},
    ui::{Data, Form, Loaded, PageContext, SettingsPage, expect_member, number::counted},
};

/// `/members/security/codes`: shows a new set once, and how many are left later.
#[component]
pub fn RecoveryCodesPage() -> impl IntoView {
    let location = use_location();
    let next = move || next_of(&location.search.get()).unwrap_or_default();
    let data = Data::load(next, load_recovery_codes);
    let name = use_context::<PageContext>()
        .and_then(|context| context.visitor)
        .map(|visitor| visitor.username)
        .unwrap_or_default();
    view! {
        <SettingsPage title="Recovery codes">
            <Loaded
                data
                show=move |RecoveryCodes { username, left, shown, way_on }| {
                    expect_member(&name, &username);
                    match left {
                        None => view! { <WithoutFactor /> }.into_any(),
                        Some(_) if !shown.is_empty() => view! { <NewSet codes=shown /> }.into_any(),
                        Some(left) => view! { <Left left way_on /> }.into_any(),
                    }
                }
            />
        </SettingsPage>
    }
}

#[component]
fn WithoutFactor() -> impl IntoView {
    view! {
        <p>
            "Recovery codes stand in for a second factor, and you have none. "
            <a href=AUTHENTICATOR rel="external">
                "Set up an app"
            </a>
        </p>
    }
}

#[component]
fn NewSet(codes: Vec<String>) -> impl IntoView {
    let codes = codes.into_iter().map(|code| view! { <li><code>{code}</code></li> }).collect_view();
    view! {
        <p>
            "If you ever lose your phone or your keys, each of these codes logs you in once in their place. \
             Print them, or save them where you keep your passwords. "
            <strong>"You see them only now."</strong>
        </p>
        <ul class="codes" aria-label="Recovery codes">{codes}</ul>
        // A plain form: its response is a file, and this page stays.
        <form method="post" action=CODES_FILE>
            <button type="submit" class="button">
                "Download"
            </button>
        </form>
        <Form path=KeepRecoveryCodes::PATH submit="I have saved them">
            <NextField />
        </Form>
    }
}

#[component]
fn Left(left: i64, way_on: String) -> impl IntoView {
    let left = counted(left, "recovery code");
    view! {
        <p>"You have " <strong>{left}</strong> " left. New ones replace all of them."</p>
        <Form path=NewRecoveryCodes::PATH submit="Make new recovery codes" />
        <p>
            <a href=way_on rel="external">
                "Not now"
            </a>
        </p>
    }
}
