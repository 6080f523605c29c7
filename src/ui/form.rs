//! One mechanism for all forms. Without JavaScript, `server::plain_forms` returns a refused form to
//! its page, with errors and values; hydrated, the same errors arrive as the response to
//! [`Sender`]. Both end up in the same [`FormState`], from which each field takes its own.

use std::{collections::BTreeMap, sync::Arc};

use leptos::{
    ev::{self, SubmitEvent},
    form::form_data_from_event,
    html,
    prelude::*,
    web_sys::{Event, FormData, HtmlInputElement, UrlSearchParams},
};
use leptos_router::hooks::use_location;

use super::{Once, PageContext, SessionNotice, messages::ShownMessages, session_notice::SessionEnded};
use crate::shared::{
    error::AppError,
    forms::{FORM_MEMBER, FORM_PAGE, Field, FormErrors, ReturnedForm, Submission},
    paths::JUDGE_PASSWORD,
};

/// The errors and values of the enclosing form.
#[derive(Clone, Copy)]
pub(super) struct FormState {
    pub errors: Signal<FormErrors>,
    pub is_sent: RwSignal<bool>,
    pub values: StoredValue<BTreeMap<String, String>>,
    /// The password that is shown as text, if any; none from the submit on, so that no browser
    /// takes it for a text to remember.
    pub shown: RwSignal<Option<Field>>,
    /// The server's verdict on the new password, from before the submit.
    pub verdict: RwSignal<Option<FormErrors>>,
    /// Counts verdicts asked for and submits: the answer to an earlier one is outdated.
    turn: StoredValue<u32>,
}

impl FormState {
    fn next_turn(self) -> Option<u32> {
        self.turn.try_update_value(|turn| {
            *turn += 1;
            *turn
        })
    }

    /// Asks the server for its verdict on the new password in this input, which has changed and lost
    /// the focus. Sends what else is typed in the form, without its other passwords.
    pub fn judge(self, sender: &Sender, event: &Event) {
        let turn = self.next_turn();
        let input: HtmlInputElement = event_target(event);
        let fields = input.form().and_then(|form| FormData::new_with_form(&form).ok());
        let Some(fields) = fields.filter(|_| !input.value().is_empty()) else {
            return;
        };
        for other in [Field::OldPassword, Field::Password2] {
            fields.delete(other.name());
        }
        let Some(body) = encoded(&fields) else {
            return;
        };
        let answered = move |answer| {
            let errors = match answer {
                Ok(Submission::Refused(errors)) => errors,
                Ok(_) => FormErrors::default(),
                Err(_) => return,
            };
            if self.turn.try_get_value() == turn {
                self.verdict.try_set(Some(errors));
            }
        };
        (sender.0)(JUDGE_PASSWORD, body, Box::new(answered));
    }
}

/// Sends a form, in the browser: takes the server function's path and the encoded fields, and
/// returns the response through a callback. One for all forms, because the WASM would contain each
/// server function's own client separately. Absent on the server.
#[derive(Clone)]
pub struct Sender(Arc<Send>);

/// The callback for the response.
pub type Answered = Box<dyn FnOnce(Result<Submission, AppError>)>;

type Send = dyn Fn(&'static str, String, Answered) + std::marker::Send + Sync;

impl Sender {
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
    let (shown, verdict) = (RwSignal::new(None), RwSignal::new(None));
    let state = FormState { errors, is_sent, values, shown, verdict, turn: StoredValue::new(0) };
    provide_context(state);
    let messages = use_context::<ShownMessages>();
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
        is_sent.try_set(false);
        // In a small window the button is far below the errors. The focus stays on it.
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
            is_sent.set(true);
            (sender.0)(path, body, Box::new(answered));
        }
    };
    on_return(move || {
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

/// Encodes the fields as a plain form post does.
fn encoded(fields: &FormData) -> Option<String> {
    let fields = UrlSearchParams::new_with_str_sequence_sequence(fields).ok()?;
    fields.to_string().as_string()
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

fn has_field_errors(errors: &FormErrors) -> bool {
    !errors.is_empty() && errors.of(Field::Form).next().is_none()
}

/// Shows the errors of a field.
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
