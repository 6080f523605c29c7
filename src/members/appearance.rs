//! The page for the theme. Its form is plain, hydrated or not: the next page has the new colours.

use leptos::prelude::*;
use server_fn::ServerFn;

use super::api::SetTheme;
use crate::{
    shared::theme::Theme,
    ui::{PageContext, SettingsPage},
};

/// `/members/appearance`
#[component]
pub fn AppearancePage() -> impl IntoView {
    let present = use_context::<PageContext>().map(|context| context.theme).unwrap_or_default();
    let choices = Theme::ALL.map(|theme| {
        let label = match theme {
            Theme::System => "Same as this device",
            Theme::Light => "Light",
            Theme::Dark => "Dark",
        };
        view! {
            <label class="check">
                <input type="radio" name="theme" value=theme.name() checked=theme == present />
                {label}
            </label>
        }
    });
    view! {
        <SettingsPage title="Appearance">
            <form method="post" action=SetTheme::PATH class="form">
                <fieldset class="boxes choices">
                    <legend>"Theme"</legend>
                    {choices.collect_view()}
                </fieldset>
                <p class="help">"Applies to this browser only."</p>
                <button type="submit" class="button primary">
                    "Save theme"
                </button>
            </form>
        </SettingsPage>
    }
}
