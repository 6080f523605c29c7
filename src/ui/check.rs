//! A box to tick.

use leptos::prelude::*;

use super::form::FormState;
use crate::shared::forms::Field;

/// A labelled box. In a form that came back it is as it was left.
#[component]
pub fn CheckField(
    /// Which one; it gives the box its name.
    field: Field,
    /// What it is called.
    #[prop(into)]
    label: String,
    /// Whether it is ticked at first.
    present: bool,
    /// What is sent when it is, where several have the same name.
    #[prop(default = "yes".into(), into)]
    value: String,
    /// Cannot be changed by this visitor.
    #[prop(optional)]
    disabled: bool,
) -> impl IntoView {
    let returned = use_context::<FormState>().and_then(|state| {
        state.values.with_value(|values| {
            let ticked = |values: &String| values.split(',').any(|one| one == value);
            (!values.is_empty()).then(|| values.get(field.name()).is_some_and(ticked))
        })
    });
    // What cannot be changed is not sent, and would count as not ticked.
    let kept = (disabled && present).then(|| {
        view! { <input type="hidden" name=field.name() value=value.clone() /> }
    });
    view! {
        {kept}
        <label class="check">
            <input
                type="checkbox"
                name=field.name()
                value=value
                checked=returned.unwrap_or(present)
                disabled=disabled
            />
            {label}
        </label>
    }
}
