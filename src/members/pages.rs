//! The members' pages, and the start page that leads to them.

use leptos::prelude::*;

use super::{Activity, Dashboard, Device, Login, ProfileSummary, api};
use crate::{
    activity::pages::{ACTIVITY, ActivityLines},
    my_data::DATA,
    ui::{Loaded, Page, PageContext, Timestamp, expect_member},
};

/// `/`
#[component]
pub fn HomePage() -> impl IntoView {
    let context = use_context::<PageContext>().unwrap_or_default();
    let invitation = match context.visitor {
        Some(_) => view! {
            <a class="button primary" href="/members/dashboard">
                "To your dashboard"
            </a>
        }
        .into_any(),
        None => view! {
            <a class="button primary" href="/accounts/signup">
                "Sign up"
            </a>
            <a class="button" href="/accounts/login">
                "Log in"
            </a>
        }
        .into_any(),
    };
    view! {
        <Page title=context.site_name>
            <p class="lead">"A place for members, with a dashboard of their own."</p>
            <p class="actions">{invitation}</p>
        </Page>
    }
}

/// `/members/dashboard`
#[component]
pub fn DashboardPage() -> impl IntoView {
    let data = Resource::new(|| (), |()| api::load_dashboard());
    let name = visitor_name();
    view! {
        <Page title=format!("Welcome, {name}!")>
            <Loaded
                data
                show=move |Dashboard { summary, activity }| {
                    expect_member(&name, &summary.username);
                    view! {
                        <div class="columns">
                            <ProfileSummaryCard summary />
                            <ActivityCard activity />
                        </div>
                    }
                }
            />
        </Page>
    }
}

/// The profile summary; what the lesson caches as a template fragment.
#[component]
fn ProfileSummaryCard(summary: ProfileSummary) -> impl IntoView {
    view! {
        <section class="card" aria-labelledby="profile-summary">
            <h2 id="profile-summary">"Profile summary"</h2>
            <ProfileFacts summary=summary.clone() />
            <p class="cache-note">
                "This profile summary is cached per user!" <br /> "Fragment rendered at "
                <Timestamp moment=summary.rendered_at id="fragment-rendered-at" />
            </p>
        </section>
    }
}

#[component]
fn ProfileFacts(summary: ProfileSummary) -> impl IntoView {
    let last_login = match summary.last_login {
        Some(moment) => view! { <Timestamp moment /> }.into_any(),
        None => view! { "Never" }.into_any(),
    };
    view! {
        <dl class="facts">
            <dt>"Username"</dt>
            <dd>{summary.username}</dd>
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
            <span class="detail">{format!("from {}", login.address)}</span>
            <span class="detail agent">{login.agent}</span>
        </li>
    }
}

fn device_row(device: Device) -> impl IntoView {
    view! {
        <li>
            <span>"last seen " <Timestamp moment=device.last_seen /></span>
            <span class="detail">"signed in " <Timestamp moment=device.since /> {format!(" from {}", device.address)}</span>
            <span class="detail agent">{device.agent}</span>
        </li>
    }
}

/// `/members/profile`
#[component]
pub fn ProfilePage() -> impl IntoView {
    let data = Resource::new(|| (), |()| api::load_profile());
    let name = visitor_name();
    view! {
        <Page title="Profile" class="page narrow">
            <Loaded
                data
                show=move |summary: ProfileSummary| {
                    expect_member(&name, &summary.username);
                    view! {
                        <ProfileFacts summary />
                        <p>
                            <a href=DATA>"Your data: download a copy, or delete your account"</a>
                        </p>
                    }
                }
            />
        </Page>
    }
}

/// `/members/secret`; the lesson's fourth exercise.
#[component]
pub fn SecretPage() -> impl IntoView {
    let data = Resource::new(|| (), |()| api::load_profile());
    let name = visitor_name();
    view! {
        <Page title=format!("Welcome to the secret page, {name}!") class="page narrow">
            <p>"Only logged-in members can see this content."</p>
            <Loaded
                data
                show=move |summary: ProfileSummary| {
                    expect_member(&name, &summary.username);
                    view! {
                        <p>
                            "Your last login was: "
                            {match summary.last_login {
                                Some(moment) => view! { <Timestamp moment /> }.into_any(),
                                None => view! { "Never" }.into_any(),
                            }}
                        </p>
                    }
                }
            />
        </Page>
    }
}

fn visitor_name() -> String {
    use_context::<PageContext>()
        .and_then(|context| context.visitor)
        .map(|visitor| visitor.username)
        .unwrap_or_default()
}
