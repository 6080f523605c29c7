//! The pages about a member's data.

use leptos::prelude::*;
use server_fn::ServerFn;

use super::api;
use crate::{
    accounts::DeletionTerms,
    shared::{
        forms::Field,
        moment::Moment,
        paths::{ACTIVITY, DATA, EXPORT},
    },
    ui::{Data, Form, Loaded, PageContext, SettingsPage, TextField, Timestamp, expect_member},
};

/// `/members/data`
#[component]
pub fn DataPage() -> impl IntoView {
    view! {
        <SettingsPage title="Your data">
            <section class="card" aria-labelledby="download">
                <h2 id="download">"Download a copy"</h2>
                <p>
                    "Everything we store about you, as a ZIP file: account, profile, picture, devices and "
                    <a href=ACTIVITY>"activity"</a> ", in readable JSON and text files."
                </p>
                // A form and not a link, so that nothing (such as a prefetch) follows it unasked. A
                // plain form: its response is a file, and this page stays.
                <form method="post" action=EXPORT>
                    <button type="submit" class="button primary">
                        "Download"
                    </button>
                </form>
            </section>
            <section class="card" aria-labelledby="delete">
                <h2 id="delete">"Delete your account"</h2>
                <p>"You will see exactly what is deleted before you confirm."</p>
                // A full page load, because the server may require re-authentication first.
                <p>
                    <a class="button danger" href="/members/delete" rel="external">
                        "Delete my account …"
                    </a>
                </p>
            </section>
        </SettingsPage>
    }
}

/// `/members/delete`
#[component]
pub fn DeletePage() -> impl IntoView {
    let data = Data::load(|| (), |()| api::load_deletion_terms());
    let name = use_context::<PageContext>()
        .and_then(|context| context.visitor)
        .map(|visitor| visitor.username)
        .unwrap_or_default();
    let confirm = name.clone();
    view! {
        <SettingsPage title="Delete your account">
            <Loaded
                data
                show=move |DeletionTerms { username, deleted_at }| {
                    expect_member(&name, &username);
                    view! { <Terms deleted_at /> }
                }
            />
            <p>"To confirm, type your username: " <strong><bdi>{confirm}</bdi></strong></p>
            <div class="danger-form">
                <Form path=api::RequestDeletion::PATH submit="Delete my account">
                    <TextField field=Field::Username label="Your username" autocomplete="off" />
                </Form>
            </div>
            <p>
                <a class="button" href=DATA>"Cancel"</a>
            </p>
        </SettingsPage>
    }
}

#[component]
fn Terms(deleted_at: Moment) -> impl IntoView {
    view! {
        <dl class="terms">
            <dt>"At once"</dt>
            <dd>"You are logged out on all devices, including this one."</dd>
            <dt>"Until " <Timestamp moment=deleted_at /></dt>
            <dd>"Changed your mind? Log in before then and your account is restored."</dd>
            <dt>"After that"</dt>
            <dd>
                "Everything we store about you is deleted permanently: account, profile, picture, devices \
                 and activity. Anyone can then take your username."
            </dd>
        </dl>
        <p>
            "Want to keep something? Download " <a href=DATA>"a copy of your data"</a> " first."
        </p>
    }
}
