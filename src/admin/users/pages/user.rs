//! A user's page: their data, and the forms that change it. The forms are plain ones even when
//! hydrated: their changes are worth a page load.

use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_params_map};
use server_fn::ServerFn;

use super::super::{
    Password, Reach, User,
    api::{JoinGroup, ResetUserSecondFactor, SaveUser, SendUserReset, SetUserPassword, load_user},
    filter::Fact,
};
use super::{
    account::{AccountForm, Facts},
    groups::GroupSection,
    list::States,
    secrets::{Danger, PasswordSection, SecondFactorSection},
};
use crate::{
    admin::layout::{AdminFrame, visitor_may},
    audit::pages::HistorySection,
    shared::{
        forms::ReturnedForm,
        paths::{ACT, USERS},
        permission::Permission,
    },
    ui::{Data, Heading, Loaded, Once},
};

/// Forms that were refused, with their values.
#[derive(Clone)]
pub struct Returned {
    pub account: Option<ReturnedForm>,
    pub group: Option<ReturnedForm>,
    pub password: Option<ReturnedForm>,
    pub reset: Option<ReturnedForm>,
    pub second_factor: Option<ReturnedForm>,
}

/// `/admin/users/ID`
#[component]
pub fn UserPage() -> impl IntoView {
    let (params, search) = (use_params_map(), use_location().search);
    let id = move || params.with(|params| params.get("id").unwrap_or_default());
    let data = Data::load(move || (id(), search.get()), |(id, query)| load_user(id, query));
    let returned = Returned {
        account: Once::form(SaveUser::PATH),
        group: Once::form(JoinGroup::PATH),
        password: Once::form(SetUserPassword::PATH),
        reset: Once::form(SendUserReset::PATH),
        second_factor: Once::form(ResetUserSecondFactor::PATH),
    };
    view! {
        <AdminFrame title="User" is_named_by_data=true>
            <Loaded
                data
                show=move |user| {
                    view! { <Whole user returned=returned.clone() /> }
                }
            />
        </AdminFrame>
    }
}

#[component]
fn Whole(user: User, returned: Returned) -> impl IntoView {
    let page = format!("{USERS}/{}", user.id);
    let may_change = visitor_may(Permission::ChangeUser) && user.reach != Reach::Beyond;
    let (history, deeds) = (user.history.clone(), user.deeds.clone());
    let facts = view! { <Facts user=user.clone() /> }.into_any();
    let forms = may_change.then(|| {
        view! {
            <GroupSection user=user.clone() returned=returned.group />
            <AccountForm user=user.clone() returned=returned.account />
            <PasswordSection user=user.clone() returned=returned.password reset=returned.reset />
        }
        .into_any()
    });
    view! {
        <Heading title=user.shown_name() />
        <p class="lead user-name">
            <bdi>{user.username.clone()}</bdi>
            " "
            {user.is(Fact::Active).then(|| view! { <span class="badge">"Active"</span> " " })}
            <States facts=user.facts />
            {user.is(Fact::SecondFactor).then(|| view! { <span class="badge">"Two-step"</span> })}
        </p>
        {why_not(&user).map(|sentence| view! { <p class="help">{sentence}</p> })}
        {act_as(&user)}
        <div class="columns">
            {facts}
            {forms}
            <SecondFactorSection user=user.clone() returned=returned.second_factor />
            <Danger user />
            <HistorySection title="History" id="history" history page=page.clone() />
            {deeds
                .map(|deeds| {
                    view! { <HistorySection title="What they changed" id="deeds" history=deeds page /> }
                })}
        </div>
    }
}

/// The link to impersonating the user. A full page load, because the server may require
/// re-authentication first.
fn act_as(user: &User) -> Option<impl IntoView + use<>> {
    let [is_active, is_staff, is_superuser, ..] = user.facts;
    let is_possible = is_active && !is_staff && !is_superuser && user.reach != Reach::Own;
    let page = format!("{ACT}?user={}", user.id);
    (is_possible && visitor_may(Permission::ActAsMember)).then(|| {
        view! {
            <p>
                <a href=page rel="external">
                    "Act as this member …"
                </a>
            </p>
        }
    })
}

fn why_not(user: &User) -> Option<&'static str> {
    match user.reach {
        Reach::Own => Some("This is your account. Another administrator has to change your role."),
        Reach::Beyond => Some("This account has more permissions than you, so you can only view it."),
        Reach::Within if user.password == Password::Off => Some("The password of this account is disabled."),
        Reach::Within => None,
    }
}
