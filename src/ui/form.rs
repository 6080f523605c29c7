//! One mechanism for all forms. Without JavaScript, `server::plain_forms` returns a refused form to
//! its page, with errors and values; hydrated, the same errors arrive as the response to
//! [`Sender`]. Both end up in the same [`FormState`], from which each field takes its own.

use std::sync::Arc;

use leptos::{
    ev::{self, SubmitEvent},
    form::form_data_from_event,
    html,
    prelude::*,
};
use leptos_router::hooks::use_location;

use super::{
    Once, PageContext, SessionNotice,
    form_errors::{Errors, are_at_fields, summary as summary_of},
    form_state::{FormState, encoded},
    heading::WindowTitle,
    messages::ShownMessages,
    page::IN_BROWSER,
    session_notice::SessionEnded,
};
use crate::shared::{
    error::AppError,
    forms::{FORM_MEMBER, FORM_PAGE, Field, FormErrors, ReturnedForm, Submission},
};

/// Sends a form, in the browser: takes the server function's path and the encoded fields, and
/// returns the response through a callback. One for all forms, because the WASM would contain each
/// server function's own client separately. Absent on the server.
#[derive(Clone)]
pub struct Sender(Arc<Send>);

/// The callback for the response.
pub type Answered = Box<dyn FnOnce(Result<Submission, AppError>)>;

type Send = dyn Fn(&'static str, String, Answered) + std::marker::Send + Sync;

impl Sender {
    /// Sends the encoded fields to this path.
    pub(super) fn send(&self, path: &'static str, body: String, answered: Answered) {
        (self.0)(path, body, answered);
    }

    /// Wraps the browser's implementation.
    pub fn new(send: impl Fn(&'static str, String, Answered) + std::marker::Send + Sync + 'static) -> Self {
        Self(Arc::new(send))
    }
}

/// A form for a server function. `submit` is the label of its button.
#[component]
pub fn Form(
    /// The path of the server function, whose output is a [`Submission`].
    path: &'static str,
    /// The button's label.
    submit: &'static str,
    /// The button's label while the form is being sent.
    #[prop(default = "Please wait…")]
    busy: &'static str,
    /// The button's class.
    #[prop(default = "button primary")]
    button: &'static str,
    /// The refused form, for a form inside [`super::Loaded`]: that content is rendered more than
    /// once, and [`Once`] returns the form only once.
    #[prop(optional_no_strip)]
    returned: Option<ReturnedForm>,
    /// The form's anchor on its page, such as `#names`, for a form further down: without
    /// JavaScript, the browser returns there.
    #[prop(optional)]
    anchor: &'static str,
    /// A second button, by its server function and its label.
    #[prop(optional_no_strip)]
    other: Option<(&'static str, &'static str)>,
    /// Whether the browser submits it even where scripts run, because its effect is worth a page
    /// load.
    #[prop(optional)]
    plain: bool,
    /// The fields, if any.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let of_other = || other.and_then(|(path, _)| Once::form(path));
    let returned = returned.or_else(|| Once::form(path)).or_else(of_other).unwrap_or_default();
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
    // True from the submit to a refusal; after acceptance, until the next page is there.
    let is_sent = RwSignal::new(false);
    let sent_to = StoredValue::new(path);
    let (shown, verdict, corrected) = (RwSignal::new(None), RwSignal::new(None), RwSignal::default());
    let (labels, turn) = (StoredValue::default(), StoredValue::new(0));
    let state = FormState { errors, corrected, labels, is_sent, values, shown, verdict, turn };
    provide_context(state);
    // Before the summary, which lists the fields by their labels.
    let children = children.map(|children| children());
    let messages = use_context::<ShownMessages>();
    let title = use_context::<WindowTitle>();
    if refusal.with_untracked(Option::is_some) {
        WindowTitle::mark(title, true);
    }
    let summary = NodeRef::<html::Div>::new();
    let answered = move |answer| {
        let error = match answer {
            // A redirect follows.
            Ok(Submission::Accepted | Submission::Reauthenticate) => return,
            Ok(Submission::Refused(errors)) => AppError::Invalid(errors),
            Err(error) => error,
        };
        // Messages from before the submit are outdated.
        if let Some(messages) = messages {
            messages.clear();
        }
        // The visitor may have left the page meanwhile.
        refusal.try_set(Some(error));
        corrected.try_set(Vec::new());
        is_sent.try_set(false);
        WindowTitle::mark(title, true);
        request_animation_frame(move || {
            let Some(Some(summary)) = summary.try_get_untracked() else {
                return;
            };
            if errors.with_untracked(are_at_fields) {
                drop(summary.focus());
            } else if f64::from(summary.offset_top()) < window().page_y_offset().unwrap_or_default() {
                // In a small window the button is far below the error. The focus stays on it.
                summary.scroll_into_view();
            }
        });
    };
    let sender = use_context::<Sender>().filter(|_| !plain);
    let session = use_context::<SessionNotice>();
    // Prevents a second submit. Not with a disabled button: that would lose the keyboard focus.
    let send = move |event: SubmitEvent| {
        shown.set(None);
        if session.as_ref().is_some_and(SessionNotice::is_of_another) {
            return event.prevent_default();
        }
        let body = form_data_from_event(&event).ok().and_then(|fields| encoded(&fields));
        let (Some(sender), Some(body)) = (&sender, body) else {
            return;
        };
        event.prevent_default();
        let action = event.submitter().and_then(|button| button.get_attribute("formaction"));
        let path =
            other.map_or(path, |(other, _)| if action.as_deref() == Some(other) { other } else { path });
        if !is_sent.get_untracked() {
            state.next_turn();
            verdict.set(None);
            sent_to.set_value(path);
            is_sent.set(true);
            sender.send(path, body, Box::new(answered));
        }
    };
    on_return(move || {
        WindowTitle::mark(title, false);
        refusal.set(None);
        is_sent.set(false);
        shown.set(None);
        verdict.set(None);
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
            on:input=move |event| state.correct(&event)
        >
            <input type="hidden" name=FORM_PAGE value=page />
            {member.map(|member| view! { <input type="hidden" name=FORM_MEMBER value=member /> })}
            <div
                class="form-errors"
                role="alert"
                tabindex="-1"
                // Without JavaScript. Not where the address names a place on the page: browsers go
                // there.
                autofocus=!IN_BROWSER && anchor.is_empty() && errors.with_untracked(are_at_fields)
                node_ref=summary
            >
                {move || outage().map(|text| view! { <p class="error">{text}</p> })}
                <Errors field=Field::Form errors />
                {move || errors.with(|errors| labels.with_value(|labels| summary_of(errors, labels)))}
            </div>
            {children}
            <button
                type="submit"
                class=button
                aria-disabled=move || is_sent.get().then_some("true")
            >
                {move || if is_sent.get() && sent_to.get_value() == path { busy } else { submit }}
            </button>
            {other
                .map(|(path, label)| {
                    view! {
                        <button
                            type="submit"
                            class="button"
                            formaction=path
                            aria-disabled=move || is_sent.get().then_some("true")
                        >
                            {label}
                        </button>
                    }
                })}
        </form>
    }
}

/// Runs `start_again` when the browser restores the page from its back/forward cache, with the
/// input and the state of our signals.
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
