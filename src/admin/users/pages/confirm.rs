//! The page that confirms a batch.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use server_fn::ServerFn;

use super::super::{
    api::{ApplyBatch, load_batch},
    batch::{Action, Confirmation},
};
use crate::{
    shared::paths::USERS,
    ui::{Data, Form, Loaded, Once, Page, number::grouped},
};

/// `/admin/users/confirm`
#[component]
pub fn ConfirmPage() -> impl IntoView {
    // Untracked: on navigation within the browser the address changes shortly before this page is
    // disposed.
    let query = use_location().search.get_untracked();
    let data = Data::load(move || query.clone(), load_batch);
    let returned = Once::form(ApplyBatch::PATH);
    view! {
        <Page title="Are you sure?" class="page narrow">
            <Loaded
                data
                show=move |confirmation: Confirmation| {
                    let returned = returned.clone();
                    let list = format!("{USERS}{}", confirmation.list);
                    let (count, newest) = (confirmation.count.to_string(), confirmation.newest.to_string());
                    let (batch, label) = (confirmation.batch.clone(), confirmation.action.label());
                    let is_bad = matches!(confirmation.action, Action::Delete | Action::Deactivate);
                    let form = (confirmation.count > 0)
                        .then(|| {
                            view! {
                                <div class=is_bad.then_some("danger-form")>
                                    <Form path=ApplyBatch::PATH submit=label plain=true returned>
                                        <input type="hidden" name="batch" value=batch />
                                        <input type="hidden" name="count" value=count />
                                        <input type="hidden" name="newest" value=newest />
                                    </Form>
                                </div>
                            }
                        });
                    view! {
                        <What confirmation />
                        {form}
                        <p>
                            <a class="button" href=list>"Cancel"</a>
                        </p>
                    }
                }
            />
        </Page>
    }
}

#[component]
fn What(confirmation: Confirmation) -> impl IntoView {
    let Confirmation { action, group, count, has_more, left_out, names, goes, .. } = confirmation;
    let more = count - names.len() as i64;
    let names = names.into_iter().map(|name| view! { <li><bdi>{name}</bdi></li> }).collect_view();
    let goes = goes
        .into_iter()
        .map(|(what, count)| view! { <li>{what.words()} ": " {grouped(count)}</li> })
        .collect_view();
    let left_out = left_out.filter(|count| *count > 0);
    view! {
        <p class="lead">{sentence(action, group.as_deref(), count)}</p>
        {has_more
            .then(|| view! { <p>"This is the first batch; you will be asked again for the rest."</p> })}
        {left_out.map(|count| view! { <p class="help">{why_left_out(action, count)}</p> })}
        {(count > 0)
            .then(|| {
                view! {
                    <h2 id="whom">"Who"</h2>
                    <ul class="names" aria-labelledby="whom">
                        {names}
                        {(more > 0).then(|| view! { <li>{format!("and {} more", grouped(more))}</li> })}
                    </ul>
                }
            })}
        {(!goes.is_empty())
            .then(|| {
                view! {
                    <h2 id="goes">"This also deletes"</h2>
                    <ul aria-labelledby="goes">{goes}</ul>
                }
            })}
        {(action == Action::Delete && count > 0)
            .then(|| view! { <p>"This takes effect immediately and can’t be undone."</p> })}
    }
}

fn sentence(action: Action, group: Option<&str>, count: i64) -> String {
    let group = group.unwrap_or_default();
    let users = if count == 1 { "1 user".to_owned() } else { format!("{} users", grouped(count)) };
    if count == 0 {
        return format!("“{}” would change none of these users.", action.label());
    }
    match action {
        Action::Activate => format!("You are about to activate {users}."),
        Action::Deactivate => {
            format!("You are about to deactivate {users}. They are logged out and can no longer log in.")
        }
        Action::JoinGroup => format!("You are about to add {users} to the group “{group}”."),
        Action::LeaveGroup => format!("You are about to remove {users} from the group “{group}”."),
        Action::EndSessions => format!("You are about to log {users} out on all devices."),
        Action::Delete => format!("You are about to delete {users} and all their data."),
    }
}

fn why_left_out(action: Action, count: i64) -> String {
    let who = if count == 1 { "1 is skipped".to_owned() } else { format!("{} are skipped", grouped(count)) };
    let already = match action {
        Action::Activate => "already active",
        Action::Deactivate => "already inactive",
        Action::JoinGroup => "already in the group",
        Action::LeaveGroup => "not in the group",
        Action::EndSessions => "not logged in anywhere",
        Action::Delete => return format!("{who}: yourself, or someone with more permissions than you."),
    };
    format!("{who}: {already}, yourself, or someone with more permissions than you.")
}
