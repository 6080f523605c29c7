//! The page about the mail queue.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use server_fn::ServerFn;

use super::super::layout::{AdminFrame, visitor_may};
use super::{
    MailLine, MailListing,
    api::{DropMail, RetryMail, load_mails},
};
use crate::{
    shared::{
        forms::FORM_PAGE,
        paths::{MAILS, USERS},
        permission::Permission,
    },
    ui::{Data, Loaded, Pager, Timestamp, number::grouped},
};

/// `/admin/mails`
#[component]
pub fn MailsPage() -> impl IntoView {
    let search = use_location().search;
    let data = Data::load(move || search.get(), load_mails);
    view! {
        <AdminFrame title="Email queue">
            <Loaded data show=|listing| view! { <Queue listing /> } />
        </AdminFrame>
    }
}

#[component]
fn Queue(listing: MailListing) -> impl IntoView {
    let MailListing { only_stuck, waiting, stuck, lines, is_later, next } = listing;
    let count = |count: Option<i64>| count.map_or("over 10,000".to_owned(), grouped);
    let links = [
        (MAILS.to_owned(), "Queued", count(waiting), !only_stuck),
        (format!("{MAILS}?stuck=1"), "Failed", count(stuck), only_stuck),
    ]
    .map(|(page, label, count, is_present)| {
        view! {
            <li>
                <a href=page aria-current=is_present.then_some("true")>
                    {label}
                    " "
                    <span class="count">{count}</span>
                </a>
            </li>
        }
    })
    .collect_view();
    let first = if only_stuck { format!("{MAILS}?stuck=1") } else { MAILS.to_owned() };
    let content = if lines.is_empty() {
        view! { <p class="help">"The queue is empty."</p> }.into_any()
    } else {
        view! {
            <table class="list">
                <caption class="hidden-text">"Queued emails"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Email"</th>
                        <th scope="col">"To"</th>
                        <th scope="col">"Since"</th>
                        <th scope="col">"Tried"</th>
                        <th scope="col">"Next"</th>
                        <th scope="col">"Last error"</th>
                        <th scope="col">
                            <span class="hidden-text">"Actions"</span>
                        </th>
                    </tr>
                </thead>
                <tbody>{lines.into_iter().map(row).collect_view()}</tbody>
            </table>
        }
        .into_any()
    };
    view! {
        <section class="filters" aria-label="Filters">
            <div class="filter">
                <ul aria-label="Filter">{links}</ul>
            </div>
        </section>
        {content}
        <Pager
            newer=is_later.then_some(first)
            older=next.map(|query| format!("{MAILS}{query}"))
            labels=("First page", "Next")
        />
    }
}

fn row(line: MailLine) -> impl IntoView {
    let MailLine { id, what, address, user, since, tries, next_try, error, can_be_changed } = line;
    let button = |path: &'static str, word: &'static str, class: &'static str| {
        let label = format!("{word}: {what} to {address}");
        view! {
            <form method="post" action=path>
                <input type="hidden" name=FORM_PAGE value=MAILS />
                <input type="hidden" name="mail" value=id.to_string() />
                <button type="submit" class=class aria-label=label>
                    {word}
                </button>
            </form>
        }
    };
    let retry = (can_be_changed && visitor_may(Permission::ChangeMail))
        .then(|| button(RetryMail::PATH, "Try now", "button small"));
    let delete = (can_be_changed && visitor_may(Permission::DeleteMail))
        .then(|| button(DropMail::PATH, "Delete", "button small danger"));
    let user = user.map(|(user, username)| {
        view! {
            " ("
            <a href=format!("{USERS}/{user}")>
                <bdi>{username}</bdi>
            </a>
            ")"
        }
    });
    let next = match next_try {
        Some(moment) => view! { <Timestamp moment /> }.into_any(),
        None => "No automatic retry".into_any(),
    };
    view! {
        <tr>
            <th scope="row">{what.clone()}</th>
            <td data-label="To">{address.clone()} {user}</td>
            <td data-label="Since">
                <Timestamp moment=since />
            </td>
            <td data-label="Tried">{tries}</td>
            <td data-label="Next">{next}</td>
            <td data-label="Last error">{error}</td>
            <td class="act">{retry} {delete}</td>
        </tr>
    }
}
