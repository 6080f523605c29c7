//! Changes to an account that cannot be undone: passwords, sessions, deletion.

use leptos::prelude::*;
use server_fn::ServerFn;

use super::super::{
    CanManage, Password, User,
    api::{DisableUserPassword, ResetUserSecondFactor, SendUserReset, SetUserPassword},
    filter::Fact,
};
use crate::{
    accounts::pages::new_password_help,
    admin::layout::visitor_may,
    shared::{
        forms::{FORM_PAGE, Field, ReturnedForm},
        paths::{ACT, CONFIRM, USERS},
        permission::Permission,
    },
    ui::{Form, TextField},
};

/// Forms that set the password, disable it, or mail a link to choose one.
#[component]
pub fn PasswordSection(
    user: User,
    returned: Option<ReturnedForm>,
    reset: Option<ReturnedForm>,
) -> impl IntoView {
    if user.can_manage == CanManage::Own {
        return view! {
            <section class="card" aria-labelledby="password">
                <h2 id="password">"Password"</h2>
                <p>
                    "You change your own password "
                    <a href="/accounts/password_change" rel="external">
                        "on your own page"
                    </a>
                    "."
                </p>
            </section>
        }
        .into_any();
    }
    let (id, page) = (user.id.to_string(), format!("{USERS}/{}", user.id));
    let (is_open, reset_id, username) = (returned.is_some(), id.clone(), user.username);
    let switch_off = (user.password != Password::Off).then(|| {
        let id = id.clone();
        view! {
            <details>
                <summary>"Disable password login"</summary>
                <form method="post" action=DisableUserPassword::PATH class="form">
                    <input type="hidden" name=FORM_PAGE value=page />
                    <input type="hidden" name="user" value=id />
                    <p>"They are logged out everywhere and can’t reset their password by email."</p>
                    <button type="submit" class="button danger">
                        "Disable password login"
                    </button>
                </form>
            </details>
        }
    });
    view! {
        <section class="card" aria-labelledby="password">
            <h2 id="password">"Password"</h2>
            <Form path=SendUserReset::PATH submit="Send password-reset email" button="button" plain=true returned=reset>
                <input type="hidden" name="user" value=reset_id />
            </Form>
            <details open=is_open>
                <summary>"Set a password"</summary>
                <Form path=SetUserPassword::PATH submit="Set the password" plain=true returned>
                    <input type="hidden" name="user" value=id />
                    // Hidden: tells password managers that this password belongs to the user, not
                    // to the caller.
                    <input type="text" name="username" value=username autocomplete="username" readonly=true hidden=true />
                    <TextField
                        field=Field::Password1
                        label="New password"
                        kind="password"
                        autocomplete="new-password"
                        help=format!(
                            "{} They are logged out everywhere and notified by email. Prefer sending a reset \
                             email, so that only they know the password.",
                            new_password_help("their"),
                        )
                    />
                    <TextField
                        field=Field::Password2
                        label="New password confirmation"
                        kind="password"
                        autocomplete="new-password"
                    />
                </Form>
            </details>
            {switch_off}
        </section>
    }
    .into_any()
}

/// The form that removes a lost second factor.
#[component]
pub fn SecondFactorSection(user: User, returned: Option<ReturnedForm>) -> impl IntoView {
    let is_shown = user.is(Fact::SecondFactor) && user.is_below && visitor_may(Permission::ResetSecondFactor);
    is_shown.then(|| {
        view! {
            <section class="card" aria-labelledby="second-factor">
                <h2 id="second-factor">"Second factor"</h2>
                <p>
                    "If they have lost their app or passkeys, and their recovery codes: all of them go. Make sure first who is asking, and \
                     not by email alone."
                </p>
                <Form
                    path=ResetUserSecondFactor::PATH
                    submit="Remove it"
                    button="button danger"
                    plain=true
                    returned
                >
                    <input type="hidden" name="user" value=user.id.to_string() />
                    <TextField
                        field=Field::Reason
                        label="Reason"
                        autocomplete="off"
                        capitals="sentences"
                        help="For the history, for example how you know who is asking. They are logged out \
                              everywhere and notified by email."
                    />
                </Form>
            </section>
        }
    })
}

/// Links to the pages that confirm an action, in one row. Full page loads, because the server may
/// require re-authentication first.
#[component]
pub fn Actions(user: User) -> impl IntoView {
    let [is_active, is_staff, is_superuser, ..] = user.facts;
    let is_within = user.can_manage == CanManage::Yes;
    let can_act = is_active && !is_staff && !is_superuser && user.can_manage != CanManage::Own;
    let confirm = |action| format!("{CONFIRM}?scope=chosen&action={action}&id={}", user.id);
    let links: Vec<_> = [
        (
            can_act,
            Permission::ActAsMember,
            format!("{ACT}?user={}", user.id),
            "Act as this member …",
            "button",
        ),
        (
            is_within,
            Permission::DeleteSession,
            confirm("end_sessions"),
            "Log them out everywhere …",
            "button",
        ),
        (is_within, Permission::DeleteUser, confirm("delete"), "Delete the account …", "button danger"),
    ]
    .into_iter()
    .filter(|(is_possible, permission, ..)| *is_possible && visitor_may(*permission))
    .map(|(_, _, page, label, class)| {
        view! {
            <a class=class href=page rel="external">
                {label}
            </a>
        }
    })
    .collect();
    (!links.is_empty()).then(|| view! { <p class="actions wide">{links}</p> })
}
