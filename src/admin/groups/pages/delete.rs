//! The page that confirms the deletion of a group.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use server_fn::ServerFn;

use super::super::{
    GroupDetail,
    api::{DeleteGroup, load_group},
};
use crate::{
    shared::paths::GROUPS,
    ui::{Data, Form, Loaded, Once, Page, number::grouped},
};

/// `/admin/groups/ID/delete`
#[component]
pub fn DeleteGroupPage() -> impl IntoView {
    let params = use_params_map();
    let id = move || params.with(|params| params.get("id").unwrap_or_default());
    let data = Data::load(id, |id| load_group(id, String::new()));
    let returned = Once::form(DeleteGroup::PATH);
    view! {
        <Page title="Delete a group" class="page narrow">
            <Loaded
                data
                show=move |group: GroupDetail| {
                    let page = format!("{GROUPS}/{}", group.id);
                    let permissions = group.permissions.iter().filter(|one| one.is_given).count() + group.unknown.len();
                    let members = grouped(group.members);
                    view! {
                        <p>"You are about to delete the group " <strong>{group.name}</strong> "."</p>
                        <ul>
                            <li>"Memberships removed: " {members} ". The users stay."</li>
                            <li>"Permissions members may lose: " {permissions} "."</li>
                        </ul>
                        <div class="danger-form">
                            <Form path=DeleteGroup::PATH submit="Delete the group" plain=true returned=returned.clone()>
                                <input type="hidden" name="group" value=group.id.to_string() />
                                <input type="hidden" name="version" value=group.version.to_string() />
                            </Form>
                        </div>
                        <p>
                            <a class="button" href=page>"Cancel"</a>
                        </p>
                    }
                }
            />
        </Page>
    }
}
