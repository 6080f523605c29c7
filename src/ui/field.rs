//! One field of a form.

use leptos::{attr::custom::custom_attribute, html, prelude::*};

use super::{
    PageContext,
    form::{Sender, on_return},
    form_errors::Errors,
    form_state::FormState,
    page::IN_BROWSER,
};
use crate::shared::forms::Field;

/// A labelled input with its errors, connected by `aria-describedby` (WCAG 3.3.1).
#[component]
pub fn TextField(
    /// The field, which names the input.
    field: Field,
    /// The label.
    label: &'static str,
    /// The input's type.
    #[prop(default = "text")]
    kind: &'static str,
    /// The `autocomplete` attribute.
    autocomplete: &'static str,
    /// The initial value.
    #[prop(optional, into)]
    present: Option<String>,
    /// Whether it may be empty.
    #[prop(optional)]
    optional: bool,
    /// The `autocapitalize` attribute.
    #[prop(default = "none")]
    capitals: &'static str,
    /// The `inputmode` attribute.
    #[prop(optional)]
    inputmode: Option<&'static str>,
    /// The id of a `datalist` with suggestions.
    #[prop(optional)]
    list: Option<&'static str>,
    /// Whether a page that is loaded begins here.
    #[prop(optional)]
    autofocus: bool,
    /// A hint shown with the input.
    #[prop(optional, into)]
    help: Option<String>,
) -> impl IntoView {
    let state = use_context::<FormState>();
    let is_judged = field == Field::Password1;
    let errors = Signal::derive(move || {
        let verdict = state.filter(|_| is_judged).and_then(|state| state.verdict.get());
        let refused = state.filter(|state| state.corrected.with(|corrected| !corrected.contains(&field)));
        verdict.or_else(|| Some(refused?.errors.get())).unwrap_or_default()
    });
    if let Some(state) = state {
        state.add_label(field, label);
    }
    let judge = use_context::<Sender>().filter(|_| is_judged).zip(state);
    let name = field.name();
    let value = state
        .and_then(|state| state.values.with_value(|values| values.get(name).cloned()))
        .or(present)
        .unwrap_or_default();
    let id = format!("id_{name}");
    let (help_id, error_id) = (format!("{id}_help"), format!("{id}_error"));
    let is_sent = move || state.is_some_and(|state| state.is_sent.get());
    let is_wrong = move || !is_sent() && errors.get().of(field).next().is_some();
    let described_by = {
        let (help_id, error_id) = (help.as_ref().map(|_| help_id.clone()), error_id.clone());
        move || {
            let ids: Vec<&str> =
                help_id.as_deref().into_iter().chain(is_wrong().then_some(error_id.as_str())).collect();
            (!ids.is_empty()).then(|| ids.join(" "))
        }
    };
    let is_password = kind == "password";
    let is_shown = move || state.is_some_and(|state| state.shown.get() == Some(field));
    let rules = (autocomplete == "new-password")
        .then(|| use_context::<PageContext>().unwrap_or_default().password_rules.attribute());
    let input = NodeRef::<html::Input>::new();
    if is_password {
        // The visitor who returns may be somebody else.
        on_return(move || {
            if let Some(input) = input.get_untracked() {
                input.set_value("");
            }
        });
    }
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <input
                node_ref=input
                id=id.clone()
                name=name
                type=move || if is_shown() { "text" } else { kind }
                value=(!is_password).then_some(value)
                autocomplete=autocomplete
                autocapitalize=capitals
                inputmode=inputmode
                spellcheck="false"
                dir="auto"
                {..custom_attribute("passwordrules", rules)}
                list=list
                required=!optional
                // After a navigation within the browser the focus is on the content.
                autofocus=autofocus && !IN_BROWSER
                aria-invalid=move || is_wrong().then_some("true")
                aria-describedby=described_by
                on:change=move |event| {
                    if let Some((sender, state)) = &judge {
                        state.judge(sender, &event);
                    }
                }
            />
            {state
                .filter(|_| is_password)
                .map(|state| {
                    // Invisible until the page is hydrated (forms.css).
                    view! {
                        <button
                            type="button"
                            class="show-password"
                            aria-pressed=move || is_shown().to_string()
                            aria-controls=id.clone()
                            on:click=move |_| state.shown.update(|shown| *shown = (*shown != Some(field)).then_some(field))
                        >
                            "Show password"
                        </button>
                    }
                })}
            {help.map(|help| view! { <p class="help" id=help_id>{help}</p> })}
            <div class="field-errors" id=error_id aria-live=is_judged.then_some("polite")>
                <Errors field errors />
            </div>
        </div>
    }
}
