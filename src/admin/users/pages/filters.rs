//! Search and filters: links and plain forms, so that the state is in the address.

use leptos::prelude::*;

use super::super::{
    Choices, GroupChoice,
    filter::{DAYS, Fact, ListPage, Size, UserFilter},
};
use crate::{shared::paths::USERS, ui::number::grouped};

/// Returns the label of a fact, and of its three answers.
const fn words(fact: Fact) -> (&'static str, [&'static str; 3]) {
    match fact {
        Fact::Active => ("Active", ["All", "Active", "Inactive"]),
        Fact::Staff => ("Staff", ["All", "Staff", "Not staff"]),
        Fact::Superuser => ("Superuser", ["All", "Superusers", "Others"]),
        Fact::SecondFactor => ("Second factor", ["All", "With", "Without"]),
        Fact::Verified => ("Email address", ["All", "Confirmed", "Unconfirmed"]),
    }
}

/// The search form.
#[component]
pub fn SearchForm(filter: UserFilter) -> impl IntoView {
    let typed = filter.search.clone();
    let clear = UserFilter { search: String::new(), ..filter.clone() };
    view! {
        <form method="get" action=USERS class="search" role="search">
            {hidden(&filter, &["q"])}
            <label for="id_q">"Username, email address, first or last name"</label>
            <div class="joined">
                <input id="id_q" name="q" type="search" value=typed.clone() autocomplete="off" dir="auto" />
                <button type="submit" class="button">
                    "Search"
                </button>
            </div>
            {(!typed.is_empty())
                .then(|| view! { <a href=format!("{USERS}{}", clear.to_query(&ListPage::First))>"Clear search"</a> })}
        </form>
    }
}

/// The filters to choose from, each with the number of users it would find.
#[component]
pub fn Filters(filter: UserFilter, choices: Choices, problem: Option<String>) -> impl IntoView {
    let facts = Fact::ALL
        .into_iter()
        .zip(choices.facts)
        .zip(filter.facts)
        .map(|((fact, counts), present)| view! { <FactLinks filter=filter.clone() fact counts present /> })
        .collect_view();
    view! {
        <section class="filters" aria-label="Filters">
            {facts}
            <GroupForm filter=filter.clone() groups=choices.groups everybody=choices.everybody />
            <DaysForm filter problem />
        </section>
    }
}

#[component]
fn FactLinks(
    filter: UserFilter,
    fact: Fact,
    counts: [Option<i64>; 3],
    present: Option<bool>,
) -> impl IntoView {
    let (question, answers) = words(fact);
    let links = [None, Some(true), Some(false)]
        .into_iter()
        .zip(answers)
        .zip(counts)
        .map(|((answer, word), count)| {
            let page = format!("{USERS}{}", filter.with(fact, answer).to_query(&ListPage::First));
            let count = count.map(|count| view! { " " <span class="count">{grouped(count)}</span> });
            view! {
                <li>
                    <a href=page aria-current=(answer == present).then_some("true")>
                        {word}
                        {count}
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <div class="filter">
            <h2 id=fact.name()>{question}</h2>
            <ul aria-labelledby=fact.name()>{links}</ul>
        </div>
    }
}

#[component]
fn GroupForm(filter: UserFilter, groups: Vec<GroupChoice>, everybody: Option<i64>) -> impl IntoView {
    let label = |name: &str, count: Option<i64>| match count {
        Some(count) => format!("{name} ({})", grouped(count)),
        None => name.to_owned(),
    };
    let present = filter.group;
    let options = groups
        .iter()
        .map(|group| {
            view! {
                <option value=group.id.to_string() selected=present == Some(group.id)>
                    {label(&group.name, group.count)}
                </option>
            }
        })
        .collect_view();
    (!groups.is_empty()).then(|| {
        view! {
            <form method="get" action=USERS class="filter">
                {hidden(&filter, &["group"])}
                <label for="id_group">"Group"</label>
                <div class="joined">
                    <select id="id_group" name="group">
                        <option value="">{label("All", everybody)}</option>
                        {options}
                    </select>
                    <button type="submit" class="button">
                        "Show"
                    </button>
                </div>
            </form>
        }
    })
}

/// The days on which users joined, and last logged in.
#[component]
fn DaysForm(filter: UserFilter, problem: Option<String>) -> impl IntoView {
    const LABELS: [&str; DAYS.len()] = ["Joined from", "Joined to", "Last login from", "Last login to"];
    let hidden = hidden(&filter, &DAYS);
    let inputs = DAYS.into_iter().zip(LABELS).zip(filter.days);
    let inputs = inputs
        .map(|((name, label), day)| {
            view! {
                <label>
                    {label} <input type="date" name=name value=day />
                </label>
            }
        })
        .collect_view();
    view! {
        <form method="get" action=USERS class="filter days">
            {hidden}
            {problem.map(|problem| view! { <p class="error" role="alert">{problem}</p> })}
            {inputs}
            <button type="submit" class="button">
                "Show days"
            </button>
            <p class="help">"Days are in UTC."</p>
        </form>
    }
}

/// How many users to show on a page.
#[component]
pub fn Sizes(filter: UserFilter) -> impl IntoView {
    let link = |size: Size| {
        let page = format!("{USERS}{}", UserFilter { size, ..filter.clone() }.to_query(&ListPage::First));
        view! {
            <li>
                <a href=page aria-current=(size == filter.size).then_some("true")>
                    {size.users()}
                </a>
            </li>
        }
    };
    view! {
        <nav class="filter sizes" aria-label="Users per page">
            <span aria-hidden="true">"Per page"</span>
            <ul>{Size::ALL.map(link).collect_view()}</ul>
        </nav>
    }
}

/// Hidden fields for all parameters but the form's own.
fn hidden(filter: &UserFilter, but: &[&str]) -> impl IntoView + use<> {
    filter
        .pairs()
        .into_iter()
        .filter(|(name, _)| !but.contains(name))
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect_view()
}
