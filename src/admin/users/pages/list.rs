//! The list of users.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::super::{
    GroupChoice, MatchCount, UserLine, UserListing, api,
    batch::{Action, CHOSEN},
    filter::{By, FACTS, Fact, ListPage, UserFilter},
};
use super::filters::{Filters, SearchForm, Sizes};
use crate::{
    admin::layout::{AdminFrame, visitor_may},
    shared::{
        paths::{CONFIRM, USERS, USERS_CSV},
        permission::Permission,
    },
    ui::{Data, IfAllowed, Loaded, Pager, Timestamp, number::grouped},
};

/// `/admin/users`
#[component]
pub fn UsersPage() -> impl IntoView {
    let search = use_location().search;
    let data = Data::load(move || search.get(), api::load_users);
    view! {
        <AdminFrame title="Users">
            <IfAllowed permission=Permission::AddUser>
                // A full page load, because the server may require re-authentication first.
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
fn List(listing: UserListing) -> impl IntoView {
    let UserListing { filter, problem, lines, found, total, choices, previous, next } = listing;
    let groups = choices.groups.clone();
    let (_, place) = UserFilter::from_query(&use_location().search.get_untracked());
    let address = {
        let filter = filter.clone();
        move |place: Option<ListPage>| place.map(|place| format!("{USERS}{}", filter.to_query(&place)))
    };
    view! {
        <SearchForm filter=filter.clone() />
        <Filters filter=filter.clone() choices problem />
        <p class="found" role="status">
            {how_many(found, total)}
        </p>
        // A plain form, as for the copy of a member's own data.
        <form method="post" action=format!("{USERS_CSV}{}", filter.to_query(&ListPage::First))>
            <p>
                <button type="submit" class="button">
                    "Download CSV"
                </button>
            </p>
        </form>
        <UserTable filter=filter.clone() place lines groups found />
        <Sizes filter />
        <Pager newer=address(previous) older=address(next) labels=("Previous", "Next") />
    }
}

fn how_many(found: MatchCount, total: i64) -> String {
    let total = grouped(total);
    match found {
        MatchCount::Exactly(1) => format!("1 of {total} users"),
        MatchCount::Exactly(count) => format!("{} of {total} users", grouped(count)),
        MatchCount::MoreThan { count, is_sorted } => {
            let order = if is_sorted { "" } else { ", shown newest first instead of sorted" };
            format!(
                "More than {} users match{order}. Type more of the name or choose fewer days.",
                grouped(count)
            )
        }
    }
}

#[component]
fn UserTable(
    filter: UserFilter,
    place: ListPage,
    lines: Vec<UserLine>,
    groups: Vec<GroupChoice>,
    found: MatchCount,
) -> impl IntoView {
    if lines.is_empty() {
        return view! { <p class="help">"No users match."</p> }.into_any();
    }
    let actions: Vec<Action> =
        Action::ALL.into_iter().filter(|action| visitor_may(action.permission())).collect();
    let can_choose = !actions.is_empty();
    // Set on return from the confirmation page.
    let chosen = chosen(&use_location().search.get_untracked());
    let row = |line: UserLine| {
        let is_chosen = chosen.contains(&line.id);
        view! { <UserTableRow line can_choose is_chosen /> }
    };
    let rows = lines.into_iter().map(row).collect_view();
    let list = filter.to_query(&place);
    let head = By::ALL.map(|by| view! { <SortedHead filter=filter.clone() by /> }).collect_view();
    let table = view! {
        <table class="list">
            <caption class="hidden-text">"Users"</caption>
            <thead>
                <tr>
                    {can_choose
                        .then(|| {
                            view! {
                                <th scope="col">
                                    <span class="hidden-text">"Chosen"</span>
                                </th>
                            }
                        })}
                    {head}
                    <th scope="col">"Name"</th>
                    <th scope="col">"State"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any();
    if !can_choose {
        return table;
    }
    // A full page load with everything in the address, because the server may require
    // re-authentication first.
    view! {
        <form method="get" action=CONFIRM>
            <input type="hidden" name="list" value=list />
            <Actions actions groups found />
            {table}
        </form>
    }
    .into_any()
}

/// Returns the chosen users from the query of the page.
fn chosen(query: &str) -> Vec<i64> {
    form_urlencoded::parse(query.trim_start_matches('?').as_bytes())
        .filter(|(name, _)| name == CHOSEN)
        .filter_map(|(_, value)| value.parse().ok())
        .collect()
}

/// The actions for the chosen users, or for all that were found.
#[component]
fn Actions(actions: Vec<Action>, groups: Vec<GroupChoice>, found: MatchCount) -> impl IntoView {
    let with_groups = actions.iter().any(|action| action.needs_group()) && !groups.is_empty();
    let options = actions
        .into_iter()
        .filter(|action| with_groups || !action.needs_group())
        .map(|action| view! { <option value=action.name()>{action.label()}</option> })
        .collect_view();
    let groups = with_groups.then(|| {
        let options = groups
            .into_iter()
            .map(|group| view! { <option value=group.id.to_string()>{group.name}</option> })
            .collect_view();
        view! {
            <span class="to-group">
                <label for="id_to_group">"Group"</label>
                <select id="id_to_group" name="to_group">
                    {options}
                </select>
            </span>
        }
    });
    let all = match found {
        MatchCount::Exactly(count) => format!("Apply to all {} results", grouped(count)),
        MatchCount::MoreThan { count, .. } => format!("Apply to all {}+ results", grouped(count)),
    };
    view! {
        <fieldset class="batch">
            <legend>"Bulk actions"</legend>
            // Only where scripts run: `public/lists.js` selects and counts.
            <label class="check select-all">
                <input type="checkbox" />
                "Select all on this page"
            </label>
            <output class="selected"></output>
            <label for="id_action">"Action"</label>
            <select id="id_action" name="action">
                {options}
            </select>
            {groups}
            <p class="actions">
                <button type="submit" name="scope" value="chosen" class="button">
                    "Apply to selected"
                </button>
                <button type="submit" name="scope" value="all" class="button">
                    {all}
                </button>
            </p>
            <p class="help">"You will be asked to confirm."</p>
        </fieldset>
    }
}

#[component]
fn SortedHead(filter: UserFilter, by: By) -> impl IntoView {
    let name = match by {
        By::Username => "Username",
        By::Email => "Email address",
        By::Joined => "Joined",
        By::LastLogin => "Last login",
    };
    let is_present = filter.sort.by == by;
    let order = if filter.sort.descending { "descending" } else { "ascending" };
    let page = format!("{USERS}{}", filter.sorted(by).to_query(&ListPage::First));
    view! {
        <th scope="col" aria-sort=is_present.then_some(order)>
            <a href=page>{name}</a>
        </th>
    }
}

#[component]
fn UserTableRow(line: UserLine, can_choose: bool, is_chosen: bool) -> impl IntoView {
    let state = view! { <States facts=line.facts /> };
    let seen = match line.seen {
        Some(moment) => view! { <Timestamp moment /> }.into_any(),
        None => "Never".into_any(),
    };
    view! {
        <tr>
            {can_choose
                .then(|| {
                    let label = format!("Select {}", line.username);
                    view! {
                        <td class="choose">
                            <input
                                type="checkbox"
                                name=CHOSEN
                                value=line.id.to_string()
                                checked=is_chosen
                                aria-label=label
                            />
                        </td>
                    }
                })}
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
            <td data-label="Name">{(!line.name.is_empty()).then(|| view! { <bdi>{line.name}</bdi> })}</td>
            <td data-label="State">{state}</td>
        </tr>
    }
}

/// Badges for what is unusual about an account.
#[component]
pub fn States(
    /// For each of [`Fact::ALL`].
    facts: [bool; FACTS],
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
