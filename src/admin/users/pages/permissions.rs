//! A user's own permissions, and their groups.

use leptos::prelude::*;
use server_fn::ServerFn;

use super::super::{
    Given, User,
    api::{JoinGroup, LeaveGroup, SaveUserPermissions},
};
use crate::{
    shared::forms::{FORM_PAGE, Field, ReturnedForm},
    ui::{CheckField, Form, TextField},
};

/// A checkbox for each permission.
#[component]
pub fn PermissionSection(user: User, returned: Option<ReturnedForm>) -> impl IntoView {
    let own = user.permissions.iter().filter(|given| given.own);
    let shown: Vec<&str> = own.map(|given| given.permission.codename()).collect();
    let shown = shown.join(",");
    let [_, _, is_superuser, ..] = user.facts;
    let permissions = user.permissions;
    let unknown = (!user.unknown.is_empty()).then(|| {
        view! {
            <p class="help">
                "Unknown permissions (kept unchanged): "
                {user.unknown.join(", ")}
            </p>
        }
    });
    view! {
        <section class="card" aria-labelledby="permissions">
            <h2 id="permissions">"Permissions"</h2>
            {is_superuser
                .then(|| {
                    view! { <p class="help">"A superuser has all permissions, whatever is selected here."</p> }
                })}
            <Form path=SaveUserPermissions::PATH submit="Save permissions" plain=true returned>
                <input type="hidden" name="user" value=user.id.to_string() />
                <input type="hidden" name="shown" value=shown />
                <div class="boxes">{permissions.into_iter().map(permission_box).collect_view()}</div>
            </Form>
            {unknown}
        </section>
    }
}

/// A permission that the caller lacks cannot be ticked, but can be unticked.
fn permission_box(given: Given) -> impl IntoView {
    let Given { permission, own, of_groups, can_be_given } = given;
    let of_groups = if of_groups { " (through a group)" } else { "" };
    let label = format!("{permission}{of_groups}");
    view! {
        <CheckField
            field=Field::Permissions
            label
            present=own
            value=permission.codename()
            disabled=!own && !can_be_given
        />
    }
}

/// The groups, each with a button to leave it, and a field to join another.
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
    let names = user.all_groups.into_iter().map(|name| view! { <option value=name></option> }).collect_view();
    view! {
        <section class="card" aria-labelledby="groups">
            <h2 id="groups">"Groups"</h2>
            {is_empty.then(|| view! { <p class="help">"Not in any group."</p> })}
            {(!is_empty).then(|| view! { <ul class="rows" aria-labelledby="groups">{groups}</ul> })}
            <Form path=JoinGroup::PATH submit="Add to group" button="button" plain=true returned>
                <input type="hidden" name="user" value=id />
                <TextField field=Field::GroupName label="Group" autocomplete="off" list="group-names" />
                <datalist id="group-names">{names}</datalist>
            </Form>
        </section>
    }
}
