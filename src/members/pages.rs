//! The members' pages.

use leptos::prelude::*;

use super::{Dashboard, Device, ProfileSummary, RecentActivity, api, security::Step};
use crate::{
    activity::pages::ActivityLines,
    pictures::pages::Portrait,
    shared::{
        moment::Moment,
        paths::{ACTIVITY, DEVICES, PROFILE, SECURITY},
        permission::Permission,
    },
    ui::{
        Data, IfAllowed, Loaded, MemberCached, Page, PageContext, Timestamp, Visitor, WhyCached,
        allowed::visitor_may, expect_member,
    },
};

pub use super::{home::HomePage, profile::ProfilePage};

/// `/members/dashboard`
#[component]
pub fn DashboardPage() -> impl IntoView {
    let data = Data::load(|| (), |()| api::load_dashboard());
    let context = use_context::<PageContext>().unwrap_or_default();
    let greeted_as = context.visitor.map(Visitor::greeted_as).unwrap_or_default();
    let (name, has_lab) = (visitor_name(), context.has_lab);
    view! {
        <Page title=format!("Welcome, {greeted_as}!")>
            <Loaded
                data
                show=move |Dashboard { summary, summary_ttl, summary_key, activity, page }| {
                    expect_member(&name, &summary.username);
                    let parts = vec![
                        ("Fragment: profile summary", "fragment-rendered-at", summary.validity()),
                        ("View: everything else", "view-rendered-at", activity.validity()),
                    ];
                    view! {
                        <div class="columns">
                            <SecurityCard
                                open=activity.open.clone()
                                progress=activity.progress.to_string()
                                password_changed=activity.password_changed.clone()
                            />
                            // Another summary is another fragment. Its data are cached as well:
                            // other pages and client-side navigation need them without the HTML.
                            <MemberCached
                                name="profile_summary_card"
                                ttl=summary_ttl
                                parts=vec![summary_key]
                                let:_parts
                            >
                                <ProfileSummaryCard summary=summary.clone() />
                            </MemberCached>
                            <DevicesCard devices=activity.devices.clone() more=activity.more_devices />
                            <ActivityCard activity />
                        </div>
                        {has_lab.then(|| view! { <WhyCached page parts /> })}
                    }
                }
            />
            <p class="onward">"Members only: "<a href="/members/secret">"the secret page"</a>"."</p>
        </Page>
    }
}

/// What is left to do to protect the account, and how much is done.
#[component]
fn SecurityCard(
    /// What is left to do.
    open: Vec<Step>,
    /// How much is done.
    progress: String,
    /// When the password was last set, if that is known.
    password_changed: Option<Moment>,
) -> impl IntoView {
    let is_impersonating =
        use_context::<PageContext>().is_some_and(|context| context.impersonation.is_some());
    let class = if open.is_empty() { "badge" } else { "badge open" };
    let steps = match open.is_empty() {
        true => view! { <p>"✓ All done. Nothing is left to do."</p> }.into_any(),
        false => {
            let step = |Step { text, page }| match is_impersonating {
                true => view! { <li>{text}</li> }.into_any(),
                // A full page load, because the server may require re-authentication first.
                false => view! {
                    <li>
                        <a href=page rel="external">
                            {text}
                        </a>
                    </li>
                }
                .into_any(),
            };
            view! { <ul class="steps">{open.into_iter().map(step).collect_view()}</ul> }.into_any()
        }
    };
    view! {
        <Card id="secure" title="Secure your account" action=(!is_impersonating).then_some((SECURITY, "See details"))>
            <p class="checks">
                <span class=class>{progress}</span>
            </p>
            {steps}
            {password_changed
                .map(|moment| {
                    view! { <p class="detail">"Password last changed " <Timestamp moment /> "."</p> }
                })}
        </Card>
    }
}

/// A full page load, where the server may require re-authentication first.
fn rel_of(page: &str) -> Option<&'static str> {
    (page == DEVICES).then_some("external")
}

/// A card with a heading and a link beside it.
#[component]
fn Card(
    /// The heading's id.
    id: &'static str,
    /// The heading.
    title: &'static str,
    /// The link's address and words.
    #[prop(optional_no_strip)]
    action: Option<(&'static str, &'static str)>,
    /// The time that the content was rendered at, where that is part of a fragment.
    #[prop(optional_no_strip)]
    rendered_at: Option<String>,
    /// The content.
    children: Children,
) -> impl IntoView {
    view! {
        <section class="card" aria-labelledby=id data-rendered-at=rendered_at>
            <div class="card-head">
                <h2 id=id>{title}</h2>
                {action.map(|(page, label)| view! { <a href=page rel=rel_of(page)>{label}</a> })}
            </div>
            {children()}
        </section>
    }
}

/// The profile summary.
#[component]
fn ProfileSummaryCard(summary: ProfileSummary) -> impl IntoView {
    let rendered_at = Some(summary.rendered_at.iso.clone());
    view! {
        <Card id="profile-summary" title="Profile summary" action=Some((PROFILE, "Edit profile")) rendered_at>
            <Portrait version=summary.picture />
            <ProfileFacts summary />
        </Card>
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

/// The first of the signed-in devices.
#[component]
fn DevicesCard(devices: Vec<Device>, more: usize) -> impl IntoView {
    let is_impersonating =
        use_context::<PageContext>().is_some_and(|context| context.impersonation.is_some());
    let devices = devices.into_iter().map(device_row).collect_view();
    view! {
        <Card id="devices" title="Devices" action=(!is_impersonating).then_some((DEVICES, "Manage devices"))>
            <ul class="log" aria-labelledby="devices">
                {devices}
            </ul>
            {(more > 0).then(|| view! { <p class="detail">{format!("And {more} more.")}</p> })}
        </Card>
    }
}

fn device_row(device: Device) -> impl IntoView {
    let seen = match device.is_this {
        true => "Active now".into_any(),
        false => view! { "Last seen " <Timestamp moment=device.last_seen /> }.into_any(),
    };
    view! {
        <li>
            <span>{device.name} " " {device.is_this.then(|| view! { <span class="badge">"This device"</span> })}</span>
            <span class="detail">{seen} {format!(" from {}", device.address)}</span>
        </li>
    }
}

#[component]
fn ActivityCard(activity: RecentActivity) -> impl IntoView {
    view! {
        <Card id="recent-activity" title="Recent activity" action=Some((ACTIVITY, "See all activity"))>
            <ActivityLines lines=activity.recent labelled_by="recent-activity" brief=true />
        </Card>
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
