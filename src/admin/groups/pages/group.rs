//! A group's page: its permissions, and the form that changes it.

use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_params_map};
use server_fn::ServerFn;

use super::super::{
    GroupDetail,
    api::{SaveGroup, load_group},
};
use super::RequiresFactor;
use crate::{
    admin::{
        layout::{AdminFrame, visitor_may},
        permissions::{PermissionTable, codenames},
    },
    audit::pages::HistorySection,
    shared::{
        forms::{Field, Problem, ReturnedForm},
        paths::{GROUPS, USERS},
        permission::Permission,
    },
    ui::{Data, Form, Heading, IfAllowed, Loaded, Once, TextField, number::grouped},
};

/// `/admin/groups/ID`
#[component]
pub fn GroupPage() -> impl IntoView {
    let (params, search) = (use_params_map(), use_location().search);
    let id = move || params.with(|params| params.get("id").unwrap_or_default());
    let data = Data::load(move || (id(), search.get()), |(id, query)| load_group(id, query));
    let returned = Once::form(SaveGroup::PATH);
    view! {
        <AdminFrame title="Group" is_named_by_data=true>
            <Loaded
                data
                show=move |group| {
                    view! { <Whole group returned=returned.clone() /> }
                }
            />
        </AdminFrame>
    }
}

#[component]
fn Whole(group: GroupDetail, returned: Option<ReturnedForm>) -> impl IntoView {
    let page = format!("{GROUPS}/{}", group.id);
    let members = format!("{USERS}?group={}", group.id);
    let (may_change, may_delete) = (
        visitor_may(Permission::ChangeGroup) && !group.is_beyond,
        visitor_may(Permission::DeleteGroup) && !group.is_beyond,
    );
    let history = group.history.clone();
    let form = may_change.then(|| view! { <ChangeForm group=group.clone() returned /> }.into_any());
    let delete = format!("{page}/delete");
    let given: Vec<String> =
        group.permissions.iter().filter(|one| one.is_given).map(|one| one.permission.to_string()).collect();
    view! {
        <Heading title=group.name />
        {group
            .is_beyond
            .then(|| {
                view! { <p class="help">"This group grants permissions you don’t have, so you can only view \
                                         it."</p> }
            })}
        <div class="columns">
            <section class="card" aria-labelledby="group">
                <h2 id="group">"Group"</h2>
                <dl class="facts">
                    <dt>"Members"</dt>
                    <dd>{grouped(group.members)}</dd>
                    <dt>"Second factor"</dt>
                    <dd>{if group.requires_second_factor { "required" } else { "not required" }}</dd>
                    <dt>"Permissions"</dt>
                    <dd>{if given.is_empty() { "–".to_owned() } else { given.join(", ") }}</dd>
                </dl>
                {(!group.unknown.is_empty())
                    .then(|| {
                        view! {
                            <p class="help">
                                "Unknown permissions (kept unchanged): "
                                {group.unknown.join(", ")}
                            </p>
                        }
                    })}
                <IfAllowed permission=Permission::ViewUser>
                    <p>
                        <a href=members>"View members"</a>
                    </p>
                </IfAllowed>
                {may_delete
                    .then(|| {
                        view! {
                            <p>
                                <a class="button danger" href=delete rel="external">
                                    "Delete the group …"
                                </a>
                            </p>
                        }
                    })}
            </section>
            {form}
            <HistorySection title="History" id="history" history page />
        </div>
    }
}

#[component]
fn ChangeForm(group: GroupDetail, returned: Option<ReturnedForm>) -> impl IntoView {
    let is_conflict = returned
        .as_ref()
        .is_some_and(|form| form.errors.of(Field::Form).any(|problem| *problem == Problem::ChangedMeanwhile));
    let now = is_conflict.then(|| {
        let given = codenames(&group.permissions).replace(',', ", ");
        let words = if given.is_empty() { "none".to_owned() } else { given };
        let factor = if group.requires_second_factor { "two-step login required, " } else { "" };
        view! {
            <p class="differences">
                "Saved now: “" <bdi>{group.name.clone()}</bdi> "”, " {factor} "with the permissions " {words} "."
            </p>
        }
    });
    view! {
        <section class="card wide" aria-labelledby="change">
            <h2 id="change">"Change"</h2>
            {now}
            <Form path=SaveGroup::PATH submit="Save" plain=true returned>
                <input type="hidden" name="group" value=group.id.to_string() />
                <input type="hidden" name="version" value=group.version.to_string() />
                <TextField
                    field=Field::GroupName
                    label="Name"
                    autocomplete="off"
                    present=group.name
                    capitals="words"
                />
                <RequiresFactor present=group.requires_second_factor />
                <PermissionTable choices=group.permissions />
            </Form>
        </section>
    }
}
