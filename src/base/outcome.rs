//! The outcome of a form or call, as one word for its log line: `accepted`,
//! `refused:bad_credentials`, `failed:internal`.

use std::fmt;

use crate::shared::{error::AppError, forms::Submission};

/// Returns the word for a response.
pub fn of_submission(submission: &Submission) -> String {
    match submission {
        Submission::Accepted => "accepted".to_owned(),
        Submission::Refused(errors) => of_error(&AppError::Invalid(errors.clone())),
        Submission::Reauthenticate => of_error(&AppError::ReauthenticationRequired),
    }
}

/// Returns the word for an error.
pub fn of_error(error: &AppError) -> String {
    match error {
        AppError::Reported { error, .. } => of_error(error),
        error if error.status() >= 500 => format!("failed:{}", reason(error)),
        error => format!("refused:{}", reason(error)),
    }
}

/// Returns why a request was refused, or failed.
pub fn reason(error: &AppError) -> String {
    match error {
        AppError::Invalid(errors) => errors.first().map_or_else(|| "invalid".to_owned(), name),
        AppError::Reported { error, .. } => reason(error),
        error => name(error),
    }
}

/// Returns a variant's name in snake case, without its fields.
fn name(variant: &impl fmt::Debug) -> String {
    let text = format!("{variant:?}");
    let mut name = String::new();
    for letter in text.chars().take_while(char::is_ascii_alphanumeric) {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::forms::{Field, FormErrors, Problem};

    #[test]
    fn outcomes_have_words_for_the_log() {
        let wrong = FormErrors::one(Field::Form, Problem::BadCredentials);
        for (error, word) in [
            (AppError::Invalid(wrong.clone()), "refused:bad_credentials"),
            (AppError::Throttled { retry_after: 7 }, "refused:throttled"),
            (AppError::Unavailable.reported(Some("7f3a")), "failed:unavailable"),
            (AppError::Invalid(FormErrors::default()), "refused:invalid"),
        ] {
            assert_eq!(of_error(&error), word);
        }
        assert_eq!(of_submission(&Submission::Accepted), "accepted");
        assert_eq!(of_submission(&Submission::Refused(wrong)), "refused:bad_credentials");
        assert_eq!(of_submission(&Submission::Reauthenticate), "refused:reauthentication_required");
    }
}
