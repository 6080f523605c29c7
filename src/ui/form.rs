//! One mechanism for all forms. Without JavaScript a refused form comes back through `server::plain_forms` with its errors and
//! values in the page; hydrated, the same errors arrive as the answer to what [`Sender`] sent. Both end up in the same [`FormState`], from which
//! each field takes what is its own.

use std::{collections::BTreeMap, sync::Arc};

use leptos::{
    ev::{self, SubmitEvent},
    form::form_data_from_event,
    html,
    prelude::*,
    web_sys::UrlSearchParams,
};
use leptos_router::hooks::use_location;

use super::{Once, PageContext, SessionNotice, messages::ShownMessages, session_notice::SessionEnded};
use crate::shared::{
    error::AppError,
    forms::{FORM_MEMBER, FORM_PAGE, Field, FormErrors, ReturnedForm, Submission},
};

/// What is wrong with the form around, and what was typed into it.
#[derive(Clone, Copy)]
pub(super) struct FormState {
    pub errors: Signal<FormErrors>,
    pub is_sent: RwSignal<bool>,
    pub values: StoredValue<BTreeMap<String, String>>,
}

/// Sends what stands in a form, in the browser: the server function's path and the encoded fields in, the answer out. One for all
/// forms, and not each server function's own client, which would be in the WASM once for each form. There is none on the server.
#[derive(Clone)]
pub struct Sender(Arc<Send>);

/// What is called with the answer.
pub type Answered = Box<dyn FnOnce(Result<Submission, AppError>)>;

type Send = dyn Fn(&'static str, String, Answered) + std::marker::Send + Sync;

impl Sender {
    /// Wraps what the browser does.
    pub fn new(send: impl Fn(&'static str, String, Answered) + std::marker::Send + Sync + 'static) -> Self {
        Self(Arc::new(send))
    }
}

/// A form around a server function. `submit` is on its button.
#[component]
pub fn Form(
    /// The path of the server function, whose output is a [`Submission`].
    path: &'static str,
    /// What the button says.
    submit: &'static str,
    /// The button's class.
    #[prop(default = "button primary")]
    button: &'static str,
    /// The refused form, for a form inside of [`super::Loaded`]: what is in there is made more than once, and [`Once`] gives once.
    #[prop(optional_no_strip)]
    returned: Option<ReturnedForm>,
    /// Where on its page it stands, such as `#names`, for a form further down: there the way back leads without JavaScript.
    #[prop(optional)]
    anchor: &'static str,
    /// Sent by the browser, also where there are scripts: what it does is worth a page load.
    #[prop(optional)]
    plain: bool,
    /// The fields, where there are any.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let returned = returned.or_else(|| Once::form(path)).unwrap_or_default();
    let values = StoredValue::new(returned.values);
    let refusal = RwSignal::new((!returned.errors.is_empty()).then_some(AppError::Invalid(returned.errors)));
    let errors = Signal::derive(move || match refusal.get() {
        Some(AppError::Invalid(errors)) => errors,
        _ => FormErrors::default(),
    });
    let outage = move || match refusal.get() {
        None | Some(AppError::Invalid(_)) => None,
        Some(AppError::SignedOut) => Some(view! { <SessionEnded /> }.into_any()),
        Some(error) => Some(error.to_string().into_any()),
    };
    // From the submit to a refusal; when it was accepted, until the next page is there.
    let is_sent = RwSignal::new(false);
    provide_context(FormState { errors, is_sent, values });
    let messages = use_context::<ShownMessages>();
    let summary = NodeRef::<html::Div>::new();
    let answered = move |answer| {
        let error = match answer {
            // A redirect leads on.
            Ok(Submission::Accepted | Submission::Reauthenticate) => return,
            Ok(Submission::Refused(errors)) => AppError::Invalid(errors),
            Err(error) => error,
        };
        // What was said before the submit is out of date.
        if let Some(messages) = messages {
            messages.clear();
        }
        // The visitor may have gone to another page meanwhile.
        refusal.try_set(Some(error));
        is_sent.try_set(false);
        // On a small window the button is far below. The focus stays with it.
        request_animation_frame(move || {
            if let Some(Some(summary)) = summary.try_get_untracked()
                && f64::from(summary.offset_top()) < window().page_y_offset().unwrap_or_default()
            {
                summary.scroll_into_view();
            }
        });
    };
    let sender = use_context::<Sender>().filter(|_| !plain);
    let session = use_context::<SessionNotice>();
    // Once is enough. Not by a disabled button: that would lose the keyboard's focus.
    let send = move |event: SubmitEvent| {
        if session.as_ref().is_some_and(SessionNotice::is_of_another) {
            return event.prevent_default();
        }
        let (Some(sender), Some(body)) = (&sender, encoded(&event)) else {
            return;
        };
        event.prevent_default();
        if !is_sent.get_untracked() {
            is_sent.set(true);
            (sender.0)(path, body, Box::new(answered));
        }
    };
    on_return(move || {
        refusal.set(None);
        is_sent.set(false);
    });
    let visitor = use_context::<PageContext>().and_then(|context| context.visitor);
    let member = visitor.map(|visitor| visitor.username);
    let location = use_location();
    let page = move || format!("{}{}{anchor}", location.pathname.get(), query(&location.search.get()));
    view! {
        <form
            method="post"
            action=path
            class="form"
            novalidate=true
            aria-busy=move || is_sent.get().then_some("true")
            on:submit=send
        >
            <input type="hidden" name=FORM_PAGE value=page />
            {member.map(|member| view! { <input type="hidden" name=FORM_MEMBER value=member /> })}
            <div class="form-errors" role="alert" node_ref=summary>
                {move || outage().map(|text| view! { <p class="error">{text}</p> })}
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
        </form>
    }
}

/// The fields as a plain form post would send them.
fn encoded(event: &SubmitEvent) -> Option<String> {
    let fields = form_data_from_event(event).ok()?;
    let fields = UrlSearchParams::new_with_str_sequence_sequence(&fields).ok()?;
    fields.to_string().as_string()
}

/// When the browser brings the page back from its memory (bfcache), as it was left: with what was typed, and with what our signals
/// held.
pub(super) fn on_return(start_again: impl Fn() + Clone + 'static) {
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

/// The errors of a field.
#[component]
pub(super) fn Errors(field: Field, errors: Signal<FormErrors>) -> impl IntoView {
    move || {
        errors
            .get()
            .of(field)
            .map(|problem| view! { <p class="error">{problem.to_string()}</p> })
            .collect_view()
    }
}
