//! A user's groups.

use leptos::prelude::*;
use server_fn::ServerFn;

use super::super::{
    User,
    api::{JoinGroup, LeaveGroup},
};
use crate::{
    shared::forms::{FORM_PAGE, Field, ReturnedForm},
    ui::{Form, TextField},
};

/// The groups, each with a button to leave it, and a choice of others.
#[component]
pub fn GroupSection(user: User, returned: Option<ReturnedForm>) -> impl IntoView {
    let (id, page) = (user.id.to_string(), format!("{}/{}", crate::shared::paths::USERS, user.id));
    let is_empty = user.groups.is_empty();
    let groups = user
        .groups
        .into_iter()
        .map(|(group, name)| {
            let label = format!("Remove from {name}");
            view! {
                <li>
                    <form method="post" action=LeaveGroup::PATH class="row">
                        <input type="hidden" name=FORM_PAGE value=page.clone() />
                        <input type="hidden" name="user" value=id.clone() />
                        <input type="hidden" name="group" value=group.to_string() />
                        <bdi>{name}</bdi>
                        <button type="submit" class="button small" aria-label=label>
                            "Remove"
                        </button>
                    </form>
                </li>
            }
        })
        .collect_view();
    let others = user.other_groups;
    let is_none_left = others.as_ref().is_some_and(Vec::is_empty);
    view! {
        <section class="card" aria-labelledby="groups">
            <h2 id="groups">"Groups"</h2>
            {is_empty.then(|| view! { <p class="help">"Not in any group."</p> })}
            {(!is_empty).then(|| view! { <ul class="rows" aria-labelledby="groups">{groups}</ul> })}
            {(!is_none_left)
                .then(|| {
                    view! {
                        <Form path=JoinGroup::PATH submit="Add to group" button="button" plain=true returned>
                            <input type="hidden" name="user" value=id />
                            <GroupField others />
                        </Form>
                    }
                })}
        </section>
    }
}

/// The choice of a group, or a field for its name where there are too many. A separate component,
/// so that the field is created inside the form, which provides what was submitted.
#[component]
fn GroupField(others: Option<Vec<String>>) -> impl IntoView {
    match others {
        None => view! {
            <TextField
                field=Field::GroupName
                label="Group"
                autocomplete="off"
                help="There are too many groups for a list. Type the group’s name in full."
            />
        }
        .into_any(),
        Some(names) => view! {
            <div class="field">
                <label for="id_group_name">"Group"</label>
                <select id="id_group_name" name=Field::GroupName.name()>
                    <option value="">"Choose a group"</option>
                    {names.into_iter().map(|name| view! { <option>{name}</option> }).collect_view()}
                </select>
            </div>
        }
        .into_any(),
    }
}
