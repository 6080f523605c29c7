//! The list of users.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::{
    super::{
        Found, Line, Listing, USERS, api,
        filter::{By, Fact, Filter, Place},
        grouped,
    },
    filters::{Filters, SearchForm},
};
use crate::{
    admin::frame::AdminFrame,
    permission::Permission,
    ui::{IfAllowed, Loaded, Pager, Timestamp},
};

/// `/admin/users`
#[component]
pub fn UsersPage() -> impl IntoView {
    let search = use_location().search;
    let data = Resource::new(move || search.get(), api::load_users);
    view! {
        <AdminFrame title="Users">
            <IfAllowed permission=Permission::AddUser>
                // By a page load: the server looks how long ago the password was given.
                <p>
                    <a class="button" href="/admin/users/new" rel="external">
                        "Add a user"
                    </a>
                </p>
            </IfAllowed>
            <Loaded data show=|listing| view! { <List listing /> } />
        </AdminFrame>
    }
}

#[component]
fn List(listing: Listing) -> impl IntoView {
    let Listing { filter, lines, found, total, choices, previous, next } = listing;
    let address = {
        let filter = filter.clone();
        move |place: Option<Place>| place.map(|place| format!("{USERS}{}", filter.to_query(&place)))
    };
    view! {
        <SearchForm filter=filter.clone() />
        <Filters filter=filter.clone() choices />
        <p class="found" role="status">
            {how_many(found, total)}
        </p>
        <UserTable filter lines />
        <Pager newer=address(previous) older=address(next) labels=("Previous", "Next") />
    }
}

fn how_many(found: Found, total: i64) -> String {
    let total = grouped(total);
    match found {
        Found::Exactly(1) => format!("1 of {total} users"),
        Found::Exactly(count) => format!("{} of {total} users", grouped(count)),
        Found::MoreThan(count) => format!(
            "More than {} users fit the search: they are not sorted, but shown as they were made. Search for more of a name to narrow it down.",
            grouped(count)
        ),
    }
}

#[component]
fn UserTable(filter: Filter, lines: Vec<Line>) -> impl IntoView {
    if lines.is_empty() {
        return view! { <p class="help">"Nobody fits."</p> }.into_any();
    }
    let rows = lines.into_iter().map(|line| view! { <Row line /> }).collect_view();
    let head = By::ALL.map(|by| view! { <SortedHead filter=filter.clone() by /> }).collect_view();
    view! {
        <table class="list">
            <caption class="hidden-text">"Users"</caption>
            <thead>
                <tr>
                    {head}
                    <th scope="col">"Name"</th>
                    <th scope="col">"State"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

#[component]
fn SortedHead(filter: Filter, by: By) -> impl IntoView {
    let name = match by {
        By::Username => "Username",
        By::Email => "Email address",
        By::Joined => "Joined",
        By::Seen => "Last login",
    };
    let is_present = filter.sort.by == by;
    let order = if filter.sort.descending { "descending" } else { "ascending" };
    let page = format!("{USERS}{}", filter.sorted(by).to_query(&Place::First));
    view! {
        <th scope="col" aria-sort=is_present.then_some(order)>
            <a href=page>{name}</a>
        </th>
    }
}

#[component]
fn Row(line: Line) -> impl IntoView {
    let state = view! { <States facts=line.facts /> };
    let seen = match line.seen {
        Some(moment) => view! { <Timestamp moment /> }.into_any(),
        None => "Never".into_any(),
    };
    view! {
        <tr>
            <th scope="row">
                <a href=format!("{USERS}/{}", line.id)>
                    <bdi>{line.username}</bdi>
                </a>
            </th>
            <td data-label="Email address">{line.email}</td>
            <td data-label="Joined">
                <Timestamp moment=line.joined />
            </td>
            <td data-label="Last login">{seen}</td>
            <td data-label="Name">
                <bdi>{line.name}</bdi>
            </td>
            <td data-label="State">{state}</td>
        </tr>
    }
}

/// What is out of the ordinary about an account.
#[component]
pub fn States(
    /// For each of [`Fact::ALL`].
    facts: [bool; 4],
) -> impl IntoView {
    let is = |fact: Fact| Fact::ALL.into_iter().zip(facts).any(|(one, is)| one == fact && is);
    [
        (!is(Fact::Active), "Inactive", "badge bad"),
        (is(Fact::Superuser), "Superuser", "badge"),
        (is(Fact::Staff), "Staff", "badge"),
        (!is(Fact::Verified), "Unconfirmed", "badge quiet"),
    ]
    .map(|(is_so, word, class)| is_so.then(|| view! { <span class=class>{word}</span> " " }))
    .collect_view()
}
