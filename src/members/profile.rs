//! The profile page: the account's data, and the forms that change it.

use leptos::prelude::*;
use server_fn::ServerFn;

use super::{
    ProfileSummary,
    api::{self, SaveProfile},
    pages::{ProfileFacts, visitor_name},
};
use crate::{
    pictures::pages::PictureSection,
    shared::{
        forms::{Field, ReturnedForm},
        paths::{ACTIVITY, DATA, SECURITY},
    },
    ui::{Data, Form, Loaded, Once, Page, PageContext, TextField, expect_member},
};

/// `/members/profile`
#[component]
pub fn ProfilePage() -> impl IntoView {
    let data = Data::load(|| (), |()| api::load_profile());
    let name = visitor_name();
    // An impersonating staff member is not offered what the server would refuse.
    let is_impersonating =
        use_context::<PageContext>().is_some_and(|context| context.impersonation.is_some());
    let returned_names = Once::form(SaveProfile::PATH);
    let returned_picture = Once::form(crate::shared::paths::SAVE_PICTURE);
    view! {
        <Page title="Profile" class="page narrow">
            <Loaded
                data
                show=move |summary: ProfileSummary| {
                    expect_member(&name, &summary.username);
                    view! {
                        <ProfileFacts summary=summary.clone() />
                        {(!is_impersonating)
                            .then(|| {
                                view! { <NamesSection returned=returned_names.clone() summary=summary.clone() /> }
                            })}
                        <PictureSection version=summary.picture returned=returned_picture.clone() />
                        {(!is_impersonating).then(|| view! { <AccountLinks /> })}
                    }
                }
            />
        </Page>
    }
}

/// Links to the member's other settings. Full page loads, because the server may require
/// re-authentication first.
#[component]
fn AccountLinks() -> impl IntoView {
    let links = [
        (SECURITY, "Security: password, two-step login, browsers and devices"),
        ("/accounts/email", "Email address"),
        (ACTIVITY, "Activity"),
        (DATA, "Your data: download a copy, or delete your account"),
    ];
    let links = links
        .map(|(page, label)| {
            view! {
                <li>
                    <a href=page rel="external">
                        {label}
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <nav class="part" aria-labelledby="more">
            <h2 id="more">"More settings"</h2>
            <ul class="links">{links}</ul>
        </nav>
    }
}

#[component]
fn NamesSection(returned: Option<ReturnedForm>, summary: ProfileSummary) -> impl IntoView {
    view! {
        <section class="part" aria-labelledby="names">
            <h2 id="names">"Names"</h2>
            <Form path=SaveProfile::PATH submit="Save names" returned anchor="#names">
                <TextField
                    field=Field::Username
                    label="Username"
                    autocomplete="username"
                    present=summary.username
                    help="150 characters or fewer. Letters, digits and @/./+/-/_ only. You log in with it."
                />
                <TextField
                    field=Field::FirstName
                    label="First name (optional)"
                    autocomplete="given-name"
                    present=summary.first_name
                    optional=true
                    capitals="words"
                />
                <TextField
                    field=Field::LastName
                    label="Last name (optional)"
                    autocomplete="family-name"
                    present=summary.last_name
                    optional=true
                    capitals="words"
                />
            </Form>
        </section>
    }
}
