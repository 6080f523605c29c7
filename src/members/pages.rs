//! The members' pages, and the start page that leads to them.

use leptos::prelude::*;

use super::{Activity, Dashboard, Device, Login, ProfileSummary, api, security::Progress};
use crate::{
    activity::pages::ActivityLines,
    pictures::pages::Portrait,
    shared::{
        paths::{ACTIVITY, CODES, DEVICES, LAB, LOGIN, SECURITY},
        permission::Permission,
    },
    ui::{
        Data, IfAllowed, InPerson, Loaded, MemberCached, Page, PageContext, Timestamp, WhyCached,
        allowed::visitor_may, expect_member, number::counted,
    },
};

pub use super::profile::ProfilePage;

/// `/`
#[component]
pub fn HomePage() -> impl IntoView {
    let context = use_context::<PageContext>().unwrap_or_default();
    let invitation = match context.visitor {
        Some(_) => view! {
            <a class="button primary" href="/members/dashboard">
                "Go to your dashboard"
            </a>
        }
        .into_any(),
        None => view! {
            <a class="button primary" href="/accounts/signup">
                "Sign up"
            </a>
            <a class="button" href=LOGIN>
                "Log in"
            </a>
        }
        .into_any(),
    };
    view! {
        <Page title=context.site_name>
            <p class="lead">"Your account, your devices and your data, in one place."</p>
            <p class="actions">{invitation}</p>
            {(context.has_lab && context.impersonation.is_none())
                .then(|| {
                    view! {
                        <p>
                            "For developers: "
                            <a href=LAB>"the caching lab"</a>
                        </p>
                    }
                })}
        </Page>
    }
}

/// `/members/dashboard`
#[component]
pub fn DashboardPage() -> impl IntoView {
    let data = Data::load(|| (), |()| api::load_dashboard());
    let name = visitor_name();
    view! {
        <Page title=format!("Welcome, {name}!")>
            <Loaded
                data
                show=move |Dashboard { summary, summary_ttl, summary_key, activity, page }| {
                    expect_member(&name, &summary.username);
                    let parts = vec![
                        ("Profile summary (fragment)", summary.validity()),
                        ("Your activity", activity.validity()),
                    ];
                    view! {
                        {(!summary.email_is_proven).then(|| view! { <Reminder /> })}
                        {activity.few_codes.map(|left| view! { <FewCodes left /> })}
                        {activity.progress.is_open().then(|| view! { <WhatIsOpen progress=activity.progress /> })}
                        <div class="columns">
                            // Another summary is another fragment. Its data are cached as well: other
                            // pages and client-side navigation need them without the HTML.
                            <MemberCached
                                name="profile_summary_card"
                                ttl=summary_ttl
                                parts=vec![summary_key]
                                let:_parts
                            >
                                <ProfileSummaryCard summary=summary.clone() />
                            </MemberCached>
                            <ActivityCard activity />
                        </div>
                        <WhyCached page parts />
                    }
                }
            />
            <p class="onward">"Members only: "<a href="/members/secret">"the secret page"</a>"."</p>
        </Page>
    }
}

/// For members who have not confirmed their address.
#[component]
fn Reminder() -> impl IntoView {
    view! {
        <p class="message warning reminder">
            "Please confirm your email address so that we can help you if you ever lose access. " <InPerson>
                <a href="/accounts/verify">"Confirm email address"</a>
            </InPerson>
        </p>
    }
}

/// For members who will soon have no recovery code.
#[component]
fn FewCodes(left: i64) -> impl IntoView {
    view! {
        <p class="message warning reminder">
            {format!("You have {} left. ", counted(left, "recovery code"))} <InPerson>
                // A full page load, because the server may require re-authentication first.
                <a href=CODES rel="external">
                    "Make new ones"
                </a>
            </InPerson>
        </p>
    }
}

/// For members who could do more to protect their account.
#[component]
fn WhatIsOpen(progress: Progress) -> impl IntoView {
    view! {
        <p class="what-is-open">
            {format!("Security of your account: {progress}. ")} <InPerson>
                <a href=SECURITY>"See what is open"</a>
            </InPerson>
        </p>
    }
}

/// The profile summary.
#[component]
fn ProfileSummaryCard(summary: ProfileSummary) -> impl IntoView {
    view! {
        <section class="card" aria-labelledby="profile-summary">
            <h2 id="profile-summary">"Profile summary"</h2>
            <Portrait version=summary.picture />
            <ProfileFacts summary=summary.clone() />
            <p class="cache-note">
                "This profile summary is cached per user!" <br /> "Fragment rendered at "
                <Timestamp moment=summary.rendered_at id="fragment-rendered-at" />
            </p>
        </section>
    }
}

/// The account's data, line by line.
#[component]
pub(super) fn ProfileFacts(summary: ProfileSummary) -> impl IntoView {
    let full_name = Some(summary.full_name()).filter(|name| !name.is_empty());
    let last_login = match summary.last_login {
        Some(moment) => view! { <Timestamp moment /> }.into_any(),
        None => view! { "Never" }.into_any(),
    };
    view! {
        <dl class="facts">
            {full_name
                .map(|name| {
                    view! {
                        <dt>"Name"</dt>
                        <dd>
                            <bdi>{name}</bdi>
                        </dd>
                    }
                })} <dt>"Username"</dt> <dd>
                <bdi>{summary.username}</bdi>
            </dd>
            <dt>"Email"</dt>
            <dd>{summary.email}</dd>
            <dt>"Member since"</dt>
            <dd>
                <Timestamp moment=summary.member_since />
            </dd>
            <dt>"Last login"</dt>
            <dd>{last_login}</dd>
        </dl>
    }
}

#[component]
fn ActivityCard(activity: Activity) -> impl IntoView {
    let logins = activity.logins.into_iter().map(login_row).collect_view();
    let devices = activity.devices.into_iter().map(device_row).collect_view();
    view! {
        <section class="card" aria-labelledby="your-activity">
            <h2 id="your-activity">"Your activity"</h2>
            <h3 id="recent-logins">"Recent logins"</h3>
            <ul class="log" aria-labelledby="recent-logins">
                {logins}
            </ul>
            <h3 id="devices">"Signed-in devices"</h3>
            <ul class="log" aria-labelledby="devices">
                {devices}
            </ul>
            <InPerson>
                // A full page load, because the server may require re-authentication first.
                <p>
                    <a href=DEVICES rel="external">
                        "Manage devices"
                    </a>
                </p>
            </InPerson>
            <h3 id="recent-activity">"Recent activity"</h3>
            <ActivityLines lines=activity.recent labelled_by="recent-activity" brief=true />
            <p>
                <a href=ACTIVITY>"All activity"</a>
            </p>
            <p class="cache-note">
                "View rendered at " <Timestamp moment=activity.rendered_at id="view-rendered-at" />
            </p>
        </section>
    }
}

fn login_row(login: Login) -> impl IntoView {
    view! {
        <li>
            <Timestamp moment=login.at />
            <span class="detail">{format!("{}, from {}", login.device, login.address)}</span>
        </li>
    }
}

fn device_row(device: Device) -> impl IntoView {
    view! {
        <li>
            <span>{device.name}</span>
            <span class="detail">"last seen " <Timestamp moment=device.last_seen /></span>
            <span class="detail">"signed in " <Timestamp moment=device.since /> {format!(" from {}", device.address)}</span>
        </li>
    }
}

/// `/members/secret`. Part of it requires a permission (Django: `has_perm`). The page checks it to
/// hide what would be of no use; the server function checks it again, because it can be called
/// without the page.
#[component]
pub fn SecretPage() -> impl IntoView {
    let may_view_cache = visitor_may(Permission::ViewCache);
    let load = move |()| async move {
        let summary = api::load_profile().await?;
        let hit_ratio = if may_view_cache { api::load_hit_ratio().await.ok().flatten() } else { None };
        Ok((summary, hit_ratio))
    };
    let data = Data::load(|| (), load);
    let name = visitor_name();
    view! {
        <Page title=format!("Welcome to the secret page, {name}!") class="page narrow">
            <p>"Only logged-in members can see this content."</p>
            <Loaded
                data
                show=move |(summary, hit_ratio): (ProfileSummary, Option<u64>)| {
                    expect_member(&name, &summary.username);
                    view! {
                        <p>
                            "Your last login was: "
                            {match summary.last_login {
                                Some(moment) => view! { <Timestamp moment /> }.into_any(),
                                None => view! { "Never" }.into_any(),
                            }}
                        </p>
                        <IfAllowed permission=Permission::ViewCache>
                            <p class="permitted">
                                "Cache (you have the permission to view it): "
                                {match hit_ratio {
                                    Some(percent) => format!("{percent} % of all reads were hits."),
                                    None => "no reads yet.".into(),
                                }}
                            </p>
                        </IfAllowed>
                    }
                }
            />
        </Page>
    }
}

/// Returns the username of the member whom the frame around the page's data shows.
pub(super) fn visitor_name() -> String {
    use_context::<PageContext>()
        .and_then(|context| context.visitor)
        .map(|visitor| visitor.username)
        .unwrap_or_default()
}
