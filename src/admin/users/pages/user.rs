//! A user's page: their data, and the forms that change it. The forms are plain ones even when
//! hydrated: their changes are worth a page load.

use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_params_map};
use server_fn::ServerFn;

use super::super::{
    CanManage, Password, User,
    api::{JoinGroup, ResetUserSecondFactor, SaveUser, SendUserReset, SetUserPassword, load_user},
    filter::Fact,
};
use super::{
    account::{AccountForm, Facts, Permissions},
    groups::GroupSection,
    list::States,
    secrets::{Actions, PasswordSection, SecondFactorSection},
};
use crate::{
    admin::layout::{AdminFrame, visitor_may},
    audit::pages::HistorySection,
    shared::{forms::ReturnedForm, paths::USERS, permission::Permission},
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
    let may_change = visitor_may(Permission::ChangeUser) && user.can_manage != CanManage::No;
    let (history, deeds) = (user.history.clone(), user.deeds.clone());
    let facts = view! { <Facts user=user.clone() /> }.into_any();
    let forms = if may_change {
        view! {
            <GroupSection user=user.clone() returned=returned.group />
            <AccountForm user=user.clone() returned=returned.account />
            <PasswordSection user=user.clone() returned=returned.password reset=returned.reset />
        }
        .into_any()
    } else {
        view! {
            <section class="card wide" aria-labelledby="permissions">
                <h2 id="permissions">"Permissions"</h2>
                <Permissions user=user.clone() is_read_only=true />
            </section>
        }
        .into_any()
    };
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
        <div class="columns">
            {facts}
            {forms}
            <SecondFactorSection user=user.clone() returned=returned.second_factor />
            <Actions user />
            <HistorySection title="History" id="history" history page=page.clone() />
            {deeds
                .map(|deeds| {
                    view! { <HistorySection title="What they changed" id="deeds" history=deeds page /> }
                })}
        </div>
    }
}

fn why_not(user: &User) -> Option<&'static str> {
    match user.can_manage {
        CanManage::Own => Some("This is your account. Another administrator has to change your role."),
        CanManage::No => Some("This account has more permissions than you, so you can only view it."),
        CanManage::Yes if user.password == Password::Off => Some("The password of this account is disabled."),
        CanManage::Yes => None,
    }
}
