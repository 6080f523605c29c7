//! Form errors. The sentences are Django's where Django has one.

mod field;
mod problem;

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

pub use field::Field;
pub use problem::Problem;

/// The maximum length of a username, in characters (Django's column).
pub const USERNAME_MAX: u32 = 150;

/// The maximum length of a first name and of a last name, in characters (Django's columns).
pub const NAME_MAX: u32 = 150;

/// The maximum length of a passkey's name, in characters.
pub const PASSKEY_NAME_MAX: u32 = 60;

/// The maximum length of an email address, in characters (RFC 5321, 4.5.3.1.3: 256 with its
/// brackets).
pub const EMAIL_MAX: u32 = 254;
/// The hidden field with the form's page, to return to without JavaScript.
pub const FORM_PAGE: &str = "form_page";
/// The hidden field with the member that the page was rendered for: their input is shown to nobody
/// else.
pub const FORM_MEMBER: &str = "form_member";

/// A password as typed. Never printed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps typed text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the text itself, only for checking or hashing it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// All errors of a form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormErrors(Vec<(Field, Problem)>);

impl FormErrors {
    /// Creates a single error.
    pub fn one(field: Field, problem: Problem) -> Self {
        Self(vec![(field, problem)])
    }

    /// Adds an error.
    pub fn add(&mut self, field: Field, problem: Problem) {
        self.0.push((field, problem));
    }

    /// Appends all errors of another form.
    pub fn append(&mut self, mut others: Self) {
        self.0.append(&mut others.0);
    }

    /// Returns whether there are no errors.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the errors of one field.
    pub fn of(&self, field: Field) -> impl Iterator<Item = &Problem> {
        self.0.iter().filter(move |(at, _)| *at == field).map(|(_, problem)| problem)
    }

    /// Returns the first error.
    pub fn first(&self) -> Option<&Problem> {
        self.0.first().map(|(_, problem)| problem)
    }
}

/// The response to a submitted form.
///
/// A refusal is a response and not an error, so that the hydrated page gets it with status 200:
/// browsers write every 4xx response to the console, and our pages leave nothing there. Plain form
/// posts never see this type (`server::plain_forms`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Submission {
    /// Done; a redirect leads to the next page.
    Accepted,
    /// Nothing was done, because of these errors.
    Refused(FormErrors),
    /// Nothing was done: re-authentication is required first. The input is preserved meanwhile
    /// (`server::plain_forms`).
    Reauthenticate,
}

/// A refused form that is returned to its page, without JavaScript.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnedForm {
    /// The path of the server function that refused it.
    pub form: String,
    /// The errors.
    pub errors: FormErrors,
    /// The input, by field name; never a password.
    pub values: BTreeMap<String, String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        assert!(!format!("{:?}", Secret::new("hunter2")).contains("hunter2"));
    }

    #[test]
    fn errors_are_found_by_their_field() {
        let mut errors = FormErrors::one(Field::Password2, Problem::PasswordTooShort { min: 8 });
        errors.add(Field::Password2, Problem::PasswordNumeric);
        assert_eq!(errors.of(Field::Password2).count(), 2);
        assert_eq!(errors.of(Field::Username).count(), 0);
    }
}
