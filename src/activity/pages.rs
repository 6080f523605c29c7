//! The activity page.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::{ActivityKind, ActivityLine, ActivityListing, Cursor, api};
use crate::{
    shared::{
        list_page::ListPage,
        paths::{ACTIVITY, DEVICES},
    },
    ui::{Data, InPerson, Loaded, PageContext, Pager, SettingsPage, Timestamp, expect_member},
};

/// `/members/activity`: the member's activity.
#[component]
pub fn ActivityPage() -> impl IntoView {
    let search = use_location().search;
    let data = Data::load(move || search.get(), api::load_activity);
    let name = use_context::<PageContext>()
        .and_then(|context| context.visitor)
        .map(|visitor| visitor.username)
        .unwrap_or_default();
    let address =
        |place: Option<ListPage<Cursor>>| place.map(|place| format!("{ACTIVITY}{}", place.to_query()));
    view! {
        <SettingsPage title="Activity">
            <p>
                "Recent events on your account, latest first." // Full page loads, since the server may ask for the password first.
                <InPerson>
                    " If you don’t recognise something, " <a href="/accounts/password_change" rel="external">
                        "change your password"
                    </a> " and " <a href=DEVICES rel="external">
                        "log out the devices"
                    </a> " you don’t recognise."
                </InPerson>
            </p>
            <Loaded
                data
                show=move |ActivityListing { username, lines, newer, older }| {
                    expect_member(&name, &username);
                    view! {
                        <ActivityLines lines />
                        <Pager newer=address(newer) older=address(older) />
                    }
                }
            />
        </SettingsPage>
    }
}

/// A list of activity lines.
#[component]
pub fn ActivityLines(
    /// The lines, the latest first.
    lines: Vec<ActivityLine>,
    /// The id of the heading above, if there is one.
    #[prop(optional)]
    labelled_by: Option<&'static str>,
    /// Whether to omit the browser, where there is little room.
    #[prop(optional)]
    brief: bool,
) -> impl IntoView {
    if lines.is_empty() {
        return view! { <p class="help">"No more events."</p> }.into_any();
    }
    let lines = lines.into_iter().map(|one| line(one, brief)).collect_view();
    view! {
        <ul class="log activity" aria-labelledby=labelled_by>
            {lines}
        </ul>
    }
    .into_any()
}

/// Isolates both sides of “old → new”; otherwise two names in a right-to-left script would swap
/// places.
fn detail(detail: &str) -> AnyView {
    match detail.split_once(" → ") {
        Some((old, new)) => {
            view! { <bdi>{old.to_owned()}</bdi> " → " <bdi>{new.to_owned()}</bdi> }.into_any()
        }
        None => detail.to_owned().into_any(),
    }
}

fn line(line: ActivityLine, brief: bool) -> impl IntoView {
    let what = ActivityKind::describe(line.kind);
    let address = (!line.address.is_empty()).then(|| format!(" from {}", line.address));
    view! {
        <li>
            <span class="what">{what}</span>
            {(!line.detail.is_empty()).then(|| view! { <span class="detail">{detail(&line.detail)}</span> })}
            <span class="detail">
                <Timestamp moment=line.at />
                {address}
            </span>
            {(!brief && !line.browser.is_empty()).then(|| view! { <span class="detail agent">{line.browser}</span> })}
        </li>
    }
}
