//! The page that adds a user.

use leptos::prelude::*;
use server_fn::ServerFn;

use super::super::api::AddUser;
use crate::{
    accounts::pages::new_password_help,
    admin::layout::AdminFrame,
    shared::forms::Field,
    ui::{Form, TextField},
};

/// `/admin/users/new`
#[component]
pub fn NewUserPage() -> impl IntoView {
    view! {
        <AdminFrame title="Add a user">
            <div class="narrow">
                <Form path=AddUser::PATH submit="Add the user" plain=true>
                    <TextField
                        field=Field::Username
                        label="Username"
                        autocomplete="off"
                        help="Letters, digits and @ . + - _ only."
                    />
                    <TextField field=Field::Email label="Email address" kind="email" autocomplete="off" />
                    <TextField
                        field=Field::FirstName
                        label="First name (optional)"
                        autocomplete="off"
                        optional=true
                        capitals="words"
                    />
                    <TextField
                        field=Field::LastName
                        label="Last name (optional)"
                        autocomplete="off"
                        optional=true
                        capitals="words"
                    />
                    <TextField
                        field=Field::Password1
                        label="Password (optional)"
                        kind="password"
                        autocomplete="new-password"
                        optional=true
                        help=format!(
                            "Leave empty to email them a link to set their own password (recommended). \
                             Otherwise: {}",
                            new_password_help("their"),
                        )
                    />
                    <TextField
                        field=Field::Password2
                        label="Password confirmation"
                        kind="password"
                        autocomplete="new-password"
                        optional=true
                    />
                </Form>
            </div>
        </AdminFrame>
    }
}
