//! The state of a form, which its fields share.

use std::collections::BTreeMap;

use leptos::{
    prelude::*,
    web_sys::{Event, FormData, HtmlInputElement, UrlSearchParams},
};

use super::form::Sender;
use crate::shared::{
    forms::{Field, FormErrors, Submission},
    paths::JUDGE_PASSWORD,
};

/// The errors and values of the enclosing form.
#[derive(Clone, Copy)]
pub(super) struct FormState {
    pub errors: Signal<FormErrors>,
    /// The fields that were changed since the form was refused: their errors are outdated.
    pub corrected: RwSignal<Vec<Field>>,
    /// The labels of the fields, in their order on the page.
    pub labels: StoredValue<Vec<(Field, &'static str)>>,
    pub is_sent: RwSignal<bool>,
    pub values: StoredValue<BTreeMap<String, String>>,
    /// The password that is shown as text, if any; none from the submit on, so that no browser
    /// takes it for a text to remember.
    pub shown: RwSignal<Option<Field>>,
    /// The server's verdict on the new password, from before the submit.
    pub verdict: RwSignal<Option<FormErrors>>,
    /// Counts verdicts asked for and submits: the answer to an earlier one is outdated.
    pub turn: StoredValue<u32>,
}

impl FormState {
    /// Adds a field's label for the summary of errors.
    pub fn add_label(self, field: Field, label: &'static str) {
        self.labels.update_value(|labels| {
            if labels.iter().all(|(other, _)| *other != field) {
                labels.push((field, label));
            }
        });
    }

    /// Makes a verdict that is on its way outdated.
    pub fn next_turn(self) -> Option<u32> {
        self.turn.try_update_value(|turn| {
            *turn += 1;
            *turn
        })
    }

    /// Removes the errors of the field that this input event is about.
    pub fn correct(self, event: &Event) {
        let name = event_target::<HtmlInputElement>(event).name();
        let Some(field) = Field::ALL.into_iter().find(|field| field.name() == name) else {
            return;
        };
        if field == Field::Password1 && self.verdict.with_untracked(Option::is_some) {
            self.verdict.set(None);
        }
        if self.errors.with_untracked(|errors| errors.of(field).next().is_some())
            && self.corrected.with_untracked(|corrected| !corrected.contains(&field))
        {
            self.corrected.update(|corrected| corrected.push(field));
        }
    }

    /// Asks the server for its verdict on the new password in this input, which has changed and
    /// lost the focus. Sends what else is typed in the form, without its other passwords.
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
        sender.send(JUDGE_PASSWORD, body, Box::new(answered));
    }
}

/// Encodes the fields as a plain form post does.
pub(super) fn encoded(fields: &FormData) -> Option<String> {
    let fields = UrlSearchParams::new_with_str_sequence_sequence(fields).ok()?;
    fields.to_string().as_string()
}
