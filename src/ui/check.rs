//! A checkbox.

use leptos::prelude::*;

use super::form_state::FormState;
use crate::shared::forms::Field;

/// A labelled checkbox. In a returned form it keeps the visitor's choice.
#[component]
pub fn CheckField(
    /// The field, which names the input.
    field: Field,
    /// The label.
    #[prop(into)]
    label: String,
    /// Whether it is checked at first.
    present: bool,
    /// The value sent when it is checked, for several boxes with one name.
    #[prop(default = "yes".into(), into)]
    value: String,
    /// Whether this visitor cannot change it.
    #[prop(optional)]
    disabled: bool,
) -> impl IntoView {
    let returned = use_context::<FormState>().and_then(|state| {
        state.values.with_value(|values| {
            let ticked = |values: &String| values.split(',').any(|one| one == value);
            (!values.is_empty()).then(|| values.get(field.name()).is_some_and(ticked))
        })
    });
    // A disabled input is not sent, and would count as not checked.
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
            <span>{label}</span>
        </label>
    }
}
