//! What a refused form says, and where. The sentences are Django's where Django has one.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::error::AppError;

/// The hidden field that names the form's page, for the way back without JavaScript.
pub const FORM_PAGE: &str = "form_page";

/// The field that an error belongs to; its name is the `name` of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The form as a whole.
    Form,
    /// A member's name.
    Username,
    /// An e-mail address.
    Email,
    /// Username or e-mail address, at login.
    Login,
    /// The password at login.
    Password,
    /// A new password.
    Password1,
    /// The new password once more.
    Password2,
}

impl Field {
    /// Whose values come back with a refused form; a password never does.
    pub const SHOWN_AGAIN: [Self; 3] = [Self::Username, Self::Email, Self::Login];

    /// The `name` attribute of the input.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Username => "username",
            Self::Email => "email",
            Self::Login => "login",
            Self::Password => "password",
            Self::Password1 => "password1",
            Self::Password2 => "password2",
        }
    }
}

/// What is wrong with a field. Closed, so that no text from outside can be shown as ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Problem {
    /// Nothing was typed.
    Required,
    /// Over the limit, both in characters.
    TooLong {
        /// The most that is accepted.
        max: u32,
        /// What was typed.
        found: u32,
    },
    /// Characters that a username may not have.
    UsernameCharacters,
    /// Nothing visible in it.
    UsernameEmpty,
    /// Somebody has it.
    UsernameTaken,
    /// Not an e-mail address.
    EmailMalformed,
    /// The two passwords differ.
    PasswordMismatch,
    /// Fewer than eight characters.
    PasswordTooShort,
    /// Over the limit, in bytes.
    PasswordTooLong,
    /// On the list of common ones.
    PasswordTooCommon,
    /// Only digits.
    PasswordNumeric,
    /// Too close to the username.
    PasswordLikeUsername,
    /// Too close to the e-mail address.
    PasswordLikeEmail,
    /// Unknown user, wrong password, or inactive: never said which.
    BadCredentials,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Required => "This field is required.",
            Self::TooLong { max, found } => {
                return write!(f, "Ensure this value has at most {max} characters (it has {found}).");
            }
            Self::UsernameCharacters => {
                "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters."
            }
            Self::UsernameEmpty => "Enter a username that can be seen.",
            Self::UsernameTaken => "A user with that username already exists.",
            Self::EmailMalformed => "Enter a valid email address.",
            Self::PasswordMismatch => "The two password fields didn’t match.",
            Self::PasswordTooShort => "This password is too short. It must contain at least 8 characters.",
            Self::PasswordTooLong => "This password is too long. It must contain at most 4096 bytes.",
            Self::PasswordTooCommon => "This password is too common.",
            Self::PasswordNumeric => "This password is entirely numeric.",
            Self::PasswordLikeUsername => "The password is too similar to the username.",
            Self::PasswordLikeEmail => "The password is too similar to the email address.",
            Self::BadCredentials => {
                "Please enter a correct username or email address and password. Note that the password is case-sensitive."
            }
        })
    }
}

/// A password as it was typed. Never printed (law 6).
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

    /// No error.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The errors of one field.
    pub fn of(&self, field: Field) -> impl Iterator<Item = &Problem> {
        self.0.iter().filter(move |(at, _)| *at == field).map(|(_, problem)| problem)
    }

    /// `Ok` when there is none.
    pub fn into_result(self) -> Result<(), AppError> {
        if self.is_empty() { Ok(()) } else { Err(AppError::Invalid(self)) }
    }
}

/// The answer to a submitted form.
///
/// A refusal is an answer and not an error, so that the hydrated page gets it with status 200: browsers write every 4xx
/// answer to the console, and our pages leave nothing there. Plain form posts never see this type (`server::forms`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Submission {
    /// Done; a redirect says where to go on.
    Accepted,
    /// Nothing was done; this is why.
    Refused(FormErrors),
}

impl Submission {
    /// Turns a service's verdict into an answer.
    pub fn from_result<T>(result: Result<T, AppError>) -> Result<Self, AppError> {
        match result {
            Ok(_) => Ok(Self::Accepted),
            Err(AppError::Invalid(errors)) => Ok(Self::Refused(errors)),
            Err(error) => Err(error),
        }
    }
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
    fn a_refusal_is_an_answer_and_an_outage_an_error() {
        let errors = FormErrors::one(Field::Username, Problem::Required);
        assert_eq!(
            Submission::from_result::<()>(Err(AppError::Invalid(errors.clone()))),
            Ok(Submission::Refused(errors))
        );
        assert_eq!(Submission::from_result::<()>(Err(AppError::Unavailable)), Err(AppError::Unavailable));
    }

    #[test]
    fn a_secret_is_not_printed() {
        assert!(!format!("{:?}", Secret::new("hunter2")).contains("hunter2"));
    }

    #[test]
    fn errors_are_found_by_their_field() {
        let mut errors = FormErrors::one(Field::Password2, Problem::PasswordTooShort);
        errors.add(Field::Password2, Problem::PasswordNumeric);
        assert_eq!(errors.of(Field::Password2).count(), 2);
        assert_eq!(errors.of(Field::Username).count(), 0);
    }
}
