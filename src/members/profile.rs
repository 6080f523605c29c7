//! The profile page: the account's data, and the forms that change it.

use leptos::prelude::*;
use server_fn::ServerFn;

use super::{
    ProfileSummary,
    api::{self, SaveProfile, SaveTimeZone},
    pages::{ProfileFacts, visitor_name},
};
use crate::{
    pictures::pages::PictureSection,
    shared::forms::{Field, ReturnedForm},
    ui::{Data, Form, Loaded, Once, PageContext, SettingsPage, TextField, expect_member},
};

/// `/members/profile`
#[component]
pub fn ProfilePage() -> impl IntoView {
    let load = |()| async { Ok((api::load_profile().await?, api::load_time_zones().await?)) };
    let data = Data::load(|| (), load);
    let name = visitor_name();
    // An impersonating staff member is not offered what the server would refuse.
    let is_impersonating =
        use_context::<PageContext>().is_some_and(|context| context.impersonation.is_some());
    let returned_names = Once::form(SaveProfile::PATH);
    let returned_picture = Once::form(crate::shared::paths::SAVE_PICTURE);
    view! {
        <SettingsPage title="Profile">
            <Loaded
                data
                show=move |(summary, zones): (ProfileSummary, String)| {
                    expect_member(&name, &summary.username);
                    view! {
                        <ProfileFacts summary=summary.clone() />
                        {(!is_impersonating)
                            .then(|| {
                                view! { <NamesSection returned=returned_names.clone() summary=summary.clone() /> }
                            })}
                        {(!is_impersonating).then(|| view! { <TimeZoneSection zones /> })}
                        <PictureSection version=summary.picture returned=returned_picture.clone() />
                    }
                }
            />
        </SettingsPage>
    }
}

#[component]
fn NamesSection(returned: Option<ReturnedForm>, summary: ProfileSummary) -> impl IntoView {
    view! {
        <section class="part" aria-labelledby="names">
            <h2 id="names">"Names"</h2>
            <Form path=SaveProfile::PATH submit="Save names" busy="Saving…" returned anchor="#names">
                <TextField
                    field=Field::Username
                    label="Username"
                    autocomplete="username"
                    present=summary.username
                    help="Letters, digits and @ . + - _ only. You can log in with it."
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

/// The choice of a time zone.
#[component]
fn TimeZoneSection(
    /// The options.
    zones: String,
) -> impl IntoView {
    view! {
        <section class="part" aria-labelledby="time-zone">
            <h2 id="time-zone">"Time zone"</h2>
            <Form path=SaveTimeZone::PATH submit="Save time zone" anchor="#time-zone">
                <div class="field">
                    <label for="time_zone">"Time zone"</label>
                    <select id="time_zone" name="time_zone" aria-describedby="time-zone-help" inner_html=zones></select>
                    <p class="help" id="time-zone-help">
                        "For browsers that run no scripts. Others show times in the zone of your device."
                    </p>
                </div>
            </Form>
        </section>
    }
}
