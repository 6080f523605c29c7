//! What a refused form says, and where. The sentences are Django's where Django has one.

mod field;
mod problem;

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

pub use field::Field;
pub use problem::Problem;

/// The most characters of a username (Django's column).
pub const USERNAME_MAX: u32 = 150;

/// The most characters of a first name, and of a last name (Django's columns).
pub const NAME_MAX: u32 = 150;

/// The most characters of an e-mail address (RFC 5321, 4.5.3.1.3: 256 with its brackets).
pub const EMAIL_MAX: u32 = 254;
/// The hidden field that names the form's page, for the way back without JavaScript.
pub const FORM_PAGE: &str = "form_page";
/// The hidden field that names the member whose page it is: what they typed is shown again to nobody else.
pub const FORM_MEMBER: &str = "form_member";

/// A password as it was typed. Never printed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps what was typed.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, to be checked or hashed and nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// All errors of a form at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormErrors(Vec<(Field, Problem)>);

impl FormErrors {
    /// One error.
    pub fn one(field: Field, problem: Problem) -> Self {
        Self(vec![(field, problem)])
    }

    /// Adds an error.
    pub fn add(&mut self, field: Field, problem: Problem) {
        self.0.push((field, problem));
    }

    /// Adds all of another form's.
    pub fn append(&mut self, mut others: Self) {
        self.0.append(&mut others.0);
    }

    /// No error.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The errors of one field.
    pub fn of(&self, field: Field) -> impl Iterator<Item = &Problem> {
        self.0.iter().filter(move |(at, _)| *at == field).map(|(_, problem)| problem)
    }

    /// Returns the first error.
    pub fn first(&self) -> Option<&Problem> {
        self.0.first().map(|(_, problem)| problem)
    }
}

/// The answer to a submitted form.
///
/// A refusal is an answer and not an error, so that the hydrated page gets it with status 200: browsers write every 4xx
/// answer to the console, and our pages leave nothing there. Plain form posts never see this type (`server::plain_forms`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Submission {
    /// Done; a redirect says where to go on.
    Accepted,
    /// Nothing was done; this is why.
    Refused(FormErrors),
    /// Nothing was done: the password has to be given again first. What was typed is kept meanwhile (`server::plain_forms`).
    Reauthenticate,
}

/// A refused form on its way back to its page, without JavaScript.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnedForm {
    /// The path of the server function that refused it.
    pub form: String,
    /// Why.
    pub errors: FormErrors,
    /// What was typed, by field name; never a password.
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
