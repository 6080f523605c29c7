//! One mechanism for all forms. Without JavaScript a refused form comes back through `server::plain_forms` with its errors and
//! values in the page; hydrated, the same errors arrive as the action's value. Both end up in the same [`FormState`], from which
//! each field takes what is its own.

use std::collections::BTreeMap;

use leptos::{
    ev::{self, SubmitEvent},
    form::ActionForm,
    html,
    prelude::*,
    server_fn::{Http, ServerFn, client::Client, codec::PostUrl, request::ClientReq},
};
use leptos_router::hooks::use_location;
use serde::de::DeserializeOwned;

use super::{Once, flash::ShownMessages};
use crate::{
    error::AppError,
    forms::{FORM_PAGE, Field, FormErrors, ReturnedForm, Submission},
};

/// What is wrong with the form around, and what was typed into it.
#[derive(Clone, Copy)]
struct FormState {
    errors: Signal<FormErrors>,
    is_sent: RwSignal<bool>,
    values: StoredValue<BTreeMap<String, String>>,
}

/// A form around a server function. `submit` is on its button.
#[component]
pub fn Form<F, OutputProtocol>(
    /// The server function's action.
    action: ServerAction<F>,
    /// What the button says.
    submit: &'static str,
    /// The button's class.
    #[prop(default = "button primary")]
    button: &'static str,
    /// The refused form, for a form inside of [`super::Loaded`]: what is in there is made more than once, and [`Once`] gives once.
    #[prop(optional_no_strip)]
    returned: Option<ReturnedForm>,
    /// The fields, where there are any.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView
where
    F: ServerFn<Output = Submission, Error = AppError, Protocol = Http<PostUrl, OutputProtocol>>
        + DeserializeOwned
        + Clone
        + Send
        + Sync
        + 'static,
    F::Client: Client<AppError>,
    <<F::Client as Client<AppError>>::Request as ClientReq<AppError>>::FormData:
        From<leptos::web_sys::FormData>,
    OutputProtocol: 'static,
{
    let returned = returned.or_else(|| Once::form(F::PATH)).unwrap_or_default();
    let values = StoredValue::new(returned.values);
    let refusal = RwSignal::new((!returned.errors.is_empty()).then_some(AppError::Invalid(returned.errors)));
    let errors = Signal::derive(move || match refusal.get() {
        Some(AppError::Invalid(errors)) => errors,
        _ => FormErrors::default(),
    });
    let outage = move || match refusal.get() {
        None | Some(AppError::Invalid(_)) => None,
        Some(error) => Some(error.to_string()),
    };
    // From the submit to a refusal; when it was accepted, until the next page is there.
    let is_sent = RwSignal::new(false);
    provide_context(FormState { errors, is_sent, values });
    // Once is enough. Before `ActionForm` hears of it, which leaves alone what was prevented. Not by a disabled button: that would
    // lose the keyboard's focus.
    let submit_once = move |event: SubmitEvent| {
        if is_sent.get_untracked() {
            event.prevent_default();
        } else {
            is_sent.set(true);
        }
    };
    let messages = use_context::<ShownMessages>();
    Effect::new(move || {
        let error = match action.value().get() {
            None | Some(Ok(Submission::Accepted | Submission::Reauthenticate)) => return,
            Some(Ok(Submission::Refused(errors))) => AppError::Invalid(errors),
            Some(Err(error)) => error,
        };
        // What was said before the submit is out of date.
        if let Some(messages) = messages {
            messages.clear();
        }
        refusal.set(Some(error));
        is_sent.set(false);
    });
    on_return(move || {
        refusal.set(None);
        is_sent.set(false);
    });
    let location = use_location();
    let page = move || format!("{}{}", location.pathname.get(), query(&location.search.get()));
    view! {
        <ActionForm
            action
            attr:class="form"
            attr:novalidate=true
            attr:aria-busy=move || is_sent.get().then_some("true")
            on:submit:capture=submit_once
        >
            <input type="hidden" name=FORM_PAGE value=page />
            <div class="form-errors" role="alert">
                {move || outage().map(|sentence| view! { <p class="error">{sentence}</p> })}
                <Errors field=Field::Form errors />
                {move || has_field_errors(&errors.get()).then(|| view! { <p class="error">{AppError::Invalid(FormErrors::default()).to_string()}</p> })}
            </div>
            {children.map(|children| children())}
            <button
                type="submit"
                class=button
                aria-disabled=move || is_sent.get().then_some("true")
            >
                {submit}
            </button>
        </ActionForm>
    }
}

/// When the browser brings the page back from its memory (bfcache), as it was left: with what was typed, and with what our signals
/// held.
fn on_return(start_again: impl Fn() + Clone + 'static) {
    Effect::new(move || {
        let start_again = start_again.clone();
        let listener = window_event_listener(ev::pageshow, move |event| {
            if event.persisted() {
                start_again();
            }
        });
        on_cleanup(move || listener.remove());
    });
}

fn query(search: &str) -> String {
    match search.trim_start_matches('?') {
        "" => String::new(),
        search => format!("?{search}"),
    }
}

fn has_field_errors(errors: &FormErrors) -> bool {
    !errors.is_empty() && errors.of(Field::Form).next().is_none()
}

/// A labelled input with its errors; `aria-describedby` ties them (WCAG 3.3.1).
#[component]
pub fn TextField(
    /// Which one; it gives the input its name.
    field: Field,
    /// What it is called.
    label: &'static str,
    /// The input's type.
    #[prop(default = "text")]
    kind: &'static str,
    /// What the browser may fill in.
    autocomplete: &'static str,
    /// What it holds at first.
    #[prop(optional, into)]
    present: Option<String>,
    /// Whether it may stay empty.
    #[prop(optional)]
    optional: bool,
    /// What a keyboard on a screen begins with a capital letter.
    #[prop(default = "none")]
    capitals: &'static str,
    /// What to know before typing.
    #[prop(optional)]
    help: Option<&'static str>,
) -> impl IntoView {
    let state = use_context::<FormState>();
    let errors = Signal::derive(move || state.map(|state| state.errors.get()).unwrap_or_default());
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
        let (help_id, error_id) = (help.map(|_| help_id.clone()), error_id.clone());
        move || {
            let ids: Vec<&str> =
                help_id.as_deref().into_iter().chain(is_wrong().then_some(error_id.as_str())).collect();
            (!ids.is_empty()).then(|| ids.join(" "))
        }
    };
    let is_password = kind == "password";
    let input = NodeRef::<html::Input>::new();
    if is_password {
        // Whoever comes back may be somebody else.
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
                id=id
                name=name
                type=kind
                value=(!is_password).then_some(value)
                autocomplete=autocomplete
                autocapitalize=capitals
                spellcheck="false"
                dir="auto"
                required=!optional
                aria-invalid=move || is_wrong().then_some("true")
                aria-describedby=described_by
            />
            {help.map(|help| view! { <p class="help" id=help_id>{help}</p> })}
            <div class="field-errors" id=error_id>
                <Errors field errors />
            </div>
        </div>
    }
}

#[component]
fn Errors(field: Field, errors: Signal<FormErrors>) -> impl IntoView {
    move || {
        errors
            .get()
            .of(field)
            .map(|problem| view! { <p class="error">{problem.to_string()}</p> })
            .collect_view()
    }
}
