//! The list of all users' activity.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::super::layout::{AdminFrame, UserSearch};
use super::{Asked, SiteActivityLine, SiteActivityListing, api::load_all_activity};
use crate::{
    activity::ActivityKind,
    shared::paths::{ADMIN_ACTIVITY, USERS},
    ui::{Data, Loaded, Pager, Timestamp},
};

/// `/admin/activity`
#[component]
pub fn AllActivityPage() -> impl IntoView {
    let search = use_location().search;
    let data = Data::load(move || search.get(), load_all_activity);
    view! {
        <AdminFrame title="Activity">
            <Loaded data show=|listing| view! { <List listing /> } />
        </AdminFrame>
    }
}

#[component]
fn List(listing: SiteActivityListing) -> impl IntoView {
    let SiteActivityListing { asked, of, is_too_many, lines, older } = listing;
    let older = older.map(|before| {
        format!("{ADMIN_ACTIVITY}{}", Asked { before: Some(before), ..asked.clone() }.to_query())
    });
    let latest = asked
        .before
        .is_some()
        .then(|| format!("{ADMIN_ACTIVITY}{}", Asked { before: None, ..asked.clone() }.to_query()));
    let content = if lines.is_empty() {
        let sentence = match is_too_many {
            true => "Too many matching users: type more of the name.",
            false => "No more events.",
        };
        view! { <p class="help">{sentence}</p> }.into_any()
    } else {
        let rows = lines.into_iter().map(row).collect_view();
        view! {
            <table class="list">
                <caption class="hidden-text">"Activity"</caption>
                <thead>
                    <tr>
                        <th scope="col">"User"</th>
                        <th scope="col">"When"</th>
                        <th scope="col">"What"</th>
                        <th scope="col">"From"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        }
        .into_any()
    };
    let hidden = asked.kind.map(|kind| ("kind", kind.name().to_owned())).into_iter().collect::<Vec<_>>();
    view! {
        <UserSearch action=ADMIN_ACTIVITY search=asked.search.clone() hidden />
        <KindForm asked=asked.clone() />
        {of
            .map(|username| {
                view! {
                    <p class="found">
                        "Of " <bdi>{username}</bdi> " only. " <a href=ADMIN_ACTIVITY>"Show everyone’s"</a>
                    </p>
                }
            })}
        {content}
        <Pager newer=latest older=older labels=("Latest", "Older") />
    }
}

#[component]
fn KindForm(asked: Asked) -> impl IntoView {
    let present = asked.kind;
    let options = ActivityKind::ALL
        .map(|kind| {
            view! {
                <option value=kind.name() selected=present == Some(kind)>
                    {kind.to_string()}
                </option>
            }
        })
        .collect_view();
    let search =
        (!asked.search.is_empty()).then(|| view! { <input type="hidden" name="q" value=asked.search /> });
    let user = asked.user.map(|user| view! { <input type="hidden" name="user" value=user.to_string() /> });
    view! {
        <form method="get" action=ADMIN_ACTIVITY class="search">
            {search}
            {user}
            <label for="id_kind">"What"</label>
            <div class="joined">
                <select id="id_kind" name="kind">
                    <option value="">"Everything"</option>
                    {options}
                </select>
                <button type="submit" class="button">
                    "Show"
                </button>
            </div>
        </form>
    }
}

fn row(line: SiteActivityLine) -> impl IntoView {
    let what = ActivityKind::describe(line.kind);
    let what = if line.detail.is_empty() { what } else { format!("{what}: {}", line.detail) };
    let from = [line.address, line.browser].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
    view! {
        <tr>
            <th scope="row">
                <a href=format!("{USERS}/{}", line.user)>
                    <bdi>{line.username}</bdi>
                </a>
            </th>
            <td data-label="When">
                <Timestamp moment=line.at />
            </td>
            <td data-label="What">{what}</td>
            <td data-label="From">{(!from.is_empty()).then(|| from.join(", "))}</td>
        </tr>
    }
}
