//! The pages about groups.

mod delete;
mod group;

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use server_fn::ServerFn;

pub use delete::DeleteGroupPage;
pub use group::GroupPage;

use super::super::{layout::AdminFrame, permissions::PermissionTable};
use super::{
    GroupLine, Groups,
    api::{AddGroup, load_group_choices, load_groups},
};
use crate::{
    shared::{forms::Field, paths::GROUPS, permission::Permission},
    ui::{CheckField, Data, Form, IfAllowed, Loaded, Once, Pager, TextField, number::grouped},
};

/// `/admin/groups`
#[component]
pub fn GroupsPage() -> impl IntoView {
    let search = use_location().search;
    let data = Data::load(move || search.get(), load_groups);
    view! {
        <AdminFrame title="Groups">
            <IfAllowed permission=Permission::AddGroup>
                // A full page load, because the server may require re-authentication first.
                <p>
                    <a class="button" href="/admin/groups/new" rel="external">
                        "Add a group"
                    </a>
                </p>
            </IfAllowed>
            <Loaded data show=|groups| view! { <List groups /> } />
        </AdminFrame>
    }
}

#[component]
fn List(groups: Groups) -> impl IntoView {
    let Groups { lines, is_later, next } = groups;
    let pager = view! {
        <Pager
            newer=is_later.then(|| GROUPS.to_owned())
            older=next.map(|query| format!("{GROUPS}{query}"))
            labels=("First page", "Next")
        />
    };
    if lines.is_empty() {
        return view! {
            <p class="help">"There are no groups yet."</p>
            {pager}
        }
        .into_any();
    }
    view! {
        <table class="list">
            <caption class="hidden-text">"Groups"</caption>
            <thead>
                <tr>
                    <th scope="col">"Name"</th>
                    <th scope="col">"Members"</th>
                    <th scope="col">"Permissions"</th>
                </tr>
            </thead>
            <tbody>{lines.into_iter().map(row).collect_view()}</tbody>
        </table>
        {pager}
    }
    .into_any()
}

fn row(line: GroupLine) -> impl IntoView {
    view! {
        <tr>
            <th scope="row">
                <a href=format!("{GROUPS}/{}", line.id)>
                    <bdi>{line.name}</bdi>
                </a>
            </th>
            <td data-label="Members">{grouped(line.members)}</td>
            <td data-label="Permissions">{line.permissions}</td>
        </tr>
    }
}

/// `/admin/groups/new`
#[component]
pub fn NewGroupPage() -> impl IntoView {
    let data = Data::load(|| (), |()| load_group_choices());
    let returned = Once::form(AddGroup::PATH);
    view! {
        <AdminFrame title="Add a group">
            <Loaded
                data
                show=move |choices| {
                    view! {
                        <Form path=AddGroup::PATH submit="Add the group" plain=true returned=returned.clone()>
                            <TextField field=Field::GroupName label="Name" autocomplete="off" capitals="words" />
                            <RequiresFactor present=false />
                            <PermissionTable choices />
                        </Form>
                    }
                }
            />
        </AdminFrame>
    }
}

#[component]
fn RequiresFactor(present: bool) -> impl IntoView {
    view! {
        <CheckField
            field=Field::RequiresSecondFactor
            label="Members must have two-step login"
            present
        />
    }
}
