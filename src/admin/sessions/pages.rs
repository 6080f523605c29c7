//! The list of all users' sessions.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use server_fn::ServerFn;

use super::super::layout::{AdminFrame, UserSearch, visitor_may};
use super::{
    SessionLine, SessionListing,
    api::{EndAnySession, load_all_sessions},
};
use crate::{
    shared::{
        forms::FORM_PAGE,
        paths::{ADMIN_SESSIONS, USERS},
        permission::Permission,
    },
    ui::{Data, Loaded, Pager, Timestamp},
};

/// `/admin/sessions`
#[component]
pub fn SessionsPage() -> impl IntoView {
    let search = use_location().search;
    let data = Data::load(move || search.get(), load_all_sessions);
    view! {
        <AdminFrame title="Sessions">
            <Loaded data show=|listing| view! { <List listing /> } />
        </AdminFrame>
    }
}

#[component]
fn List(listing: SessionListing) -> impl IntoView {
    let SessionListing { search, is_too_many, lines, is_older, older } = listing;
    let may_end = visitor_may(Permission::DeleteSession);
    let rows = lines
        .into_iter()
        .map(|line| view! { <SessionTableRow line search=search.clone() may_end /> })
        .collect::<Vec<_>>();
    let content = if rows.is_empty() {
        let sentence = match is_too_many {
            true => "Too many matching users: type more of the name.",
            false => "No active logins.",
        };
        view! { <p class="help">{sentence}</p> }.into_any()
    } else {
        view! {
            <table class="list">
                <caption class="hidden-text">"Signed-in devices"</caption>
                <thead>
                    <tr>
                        <th scope="col">"User"</th>
                        <th scope="col">"Device"</th>
                        <th scope="col">"Address"</th>
                        <th scope="col">"Signed in"</th>
                        <th scope="col">"Last seen"</th>
                        {may_end
                            .then(|| {
                                view! {
                                    <th scope="col">
                                        <span class="hidden-text">"Log out"</span>
                                    </th>
                                }
                            })}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        }
        .into_any()
    };
    view! {
        <UserSearch action=ADMIN_SESSIONS search />
        {content}
        <Pager
            newer=is_older.then(|| ADMIN_SESSIONS.to_owned())
            older=older.map(|query| format!("{ADMIN_SESSIONS}{query}"))
            labels=("Latest", "Older")
        />
    }
}

#[component]
fn SessionTableRow(line: SessionLine, search: String, may_end: bool) -> impl IntoView {
    let SessionLine { session, user, username, device, address, since, last_seen, can_be_ended } = line;
    let label = format!("Log out {device} of {username}, signed in {}", since.text);
    let end = may_end.then(|| {
        let form = can_be_ended.then(|| {
            view! {
                <form method="post" action=EndAnySession::PATH>
                    <input type="hidden" name=FORM_PAGE value=ADMIN_SESSIONS />
                    <input type="hidden" name="session" value=session />
                    <input type="hidden" name="search" value=search />
                    <button type="submit" class="button small" aria-label=label>
                        "Log out"
                    </button>
                </form>
            }
        });
        view! { <td class="act">{form}</td> }
    });
    view! {
        <tr>
            <th scope="row">
                <a href=format!("{USERS}/{user}")>
                    <bdi>{username}</bdi>
                </a>
            </th>
            <td data-label="Device">{device}</td>
            <td data-label="Address">{address}</td>
            <td data-label="Signed in">
                <Timestamp moment=since />
            </td>
            <td data-label="Last seen">
                <Timestamp moment=last_seen />
            </td>
            {end}
        </tr>
    }
}
