//! Validates an account from elsewhere by our rules.

use std::fmt;

use super::iso;
use crate::{
    accounts::names,
    auth::{
        django_hash::{DjangoHash, Unfit},
        hasher,
    },
    base::{clock::Millis, email_address, time_zone, username},
    shared::{forms::Problem, permission::is_codename},
};

/// Stored in place of a hash if there is no password; no password matches it.
pub const NO_PASSWORD: &str = "!";
/// Stored in place of a hash if the owner has to set a password by mail; no password matches it.
pub const TO_BE_SET: &str = "?";

/// An account as it was found.
#[derive(Clone, Default)]
pub struct RawUser {
    /// The username.
    pub username: String,
    /// The email address; may be empty.
    pub email: String,
    /// When the address was confirmed, in milliseconds since 1970.
    pub email_verified_at: Option<Millis>,
    /// A hash in Django's format or ours, or `!`.
    pub password: String,
    /// The first name; may be empty.
    pub first_name: String,
    /// The last name; may be empty.
    pub last_name: String,
    /// The time zone that its owner has chosen, if any. Only a new account takes it over.
    pub time_zone: Option<String>,
    /// Whether it may log in.
    pub is_active: bool,
    /// Whether it is a staff account.
    pub is_staff: bool,
    /// Whether it is a superuser.
    pub is_superuser: bool,
    /// When it was created, in milliseconds since 1970, if known.
    pub date_joined: Option<Millis>,
    /// The last login, in milliseconds since 1970, if any.
    pub last_login: Option<Millis>,
    /// When it is due for deletion, in milliseconds since 1970, if it is.
    pub delete_after: Option<Millis>,
    /// Names of groups.
    pub groups: Vec<String>,
    /// Permissions as `app.codename`.
    pub permissions: Vec<String>,
}

/// An account that has passed validation.
pub struct ValidUser {
    /// The values as found, normalised.
    pub raw: RawUser,
    /// The username's key, which is equal for equivalent names.
    pub username_key: String,
    /// The address's key, which is equal for equivalent addresses.
    pub email_key: String,
    /// Whether it has a usable password.
    pub has_password: bool,
}

/// Why an account is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// It has neither a username nor an address.
    NoUsername,
    /// The username breaks our rules.
    Username(Problem),
    /// The username exists here, perhaps as another person's.
    Taken,
    /// Its key occurs twice in the file.
    Twice,
    /// It was imported before and has been deleted here since.
    Deleted,
    /// Another person was imported under its key before.
    SomebodyElse,
    /// This column has an invalid value.
    Value(&'static str),
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoUsername => f.write_str("there is neither a username nor an email address"),
            Self::Username(problem) => write!(f, "the username: {problem}"),
            Self::Taken => f.write_str("an account with that name already exists here"),
            Self::Twice => f.write_str("its key is in the file twice"),
            Self::Deleted => f.write_str("it was imported before and has been deleted here since"),
            Self::SomebodyElse => f.write_str(
                "another person was imported under that key before: use another --source for another site",
            ),
            Self::Value(column) => write!(f, "{column} has an invalid value"),
        }
    }
}

/// What of a row could not be imported, or was left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// The password must be reset by mail.
    Password(Unfit),
    /// The address cannot receive mail and was left out.
    Email,
    /// The address stays unconfirmed, because another account has confirmed it.
    ProvenElsewhere,
    /// A name breaks our rules and was left out.
    Name(&'static str),
    /// A permission with an invalid name, or one that is not in the file.
    Permission(String),
    /// A group that does not exist.
    Group(String),
    /// Changed in the source and here: the value here stays.
    Kept(&'static str),
    /// The new username is taken here: the old one stays.
    NewUsernameTaken,
    /// The account is the only superuser here, and stays one.
    LastSuperuser,
    /// The group already exists: its permissions stay as they are.
    GroupWasHere,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password(unfit) => write!(f, "{unfit}: it must be reset by mail"),
            Self::Email => f.write_str("the email address cannot receive mail, and was left out"),
            Self::ProvenElsewhere => {
                f.write_str("another account has confirmed the address: it stays unconfirmed")
            }
            Self::Name(column) => write!(f, "{column} is invalid, and was left out"),
            Self::Permission(name) => {
                write!(f, "the permission {name:?} is invalid or not in the file, and was left out")
            }
            Self::Group(name) => write!(f, "the group {name:?} does not exist, and was left out"),
            Self::Kept(column) => write!(f, "{column} was changed in both places: the value here stays"),
            Self::NewUsernameTaken => f.write_str("the new username is taken here: the old one stays"),
            Self::LastSuperuser => f.write_str("it is the only superuser here, and stays one"),
            Self::GroupWasHere => {
                f.write_str("a group with that name exists here: its permissions stay unchanged")
            }
        }
    }
}

/// Validates and normalises an account. Returns it with warnings about what was left out.
///
/// # Errors
/// The [`Rejection`] that says why it cannot be imported.
pub fn check(mut raw: RawUser) -> Result<(ValidUser, Vec<Warning>), Rejection> {
    let mut notes = Vec::new();
    if raw.username.trim().is_empty() {
        return Err(Rejection::NoUsername);
    }
    raw.username = username::normalize(&raw.username);
    if let Some(problem) = username::problems(&raw.username).into_iter().next() {
        return Err(Rejection::Username(problem));
    }
    raw.email = raw.email.trim().to_owned();
    // More permissive than sign-up: `root@intranet` is a valid address here.
    if !raw.email.is_empty() && email_address::wire(&raw.email).is_none() {
        notes.push(Warning::Email);
        raw.email.clear();
    }
    if raw.email.is_empty() {
        raw.email_verified_at = None;
    }
    for (name, column) in [(&mut raw.first_name, "first_name"), (&mut raw.last_name, "last_name")] {
        *name = names::normalize(name);
        if names::problem(name).is_some() {
            notes.push(Warning::Name(column));
            name.clear();
        }
    }
    if raw.time_zone.as_deref().is_some_and(|name| time_zone::known(name).is_none()) {
        notes.push(Warning::Name("time_zone"));
        raw.time_zone = None;
    }
    let has_password = match DjangoHash::parse(&raw.password) {
        Ok(_) => true,
        Err(_) if hasher::is_ours(&raw.password) => true,
        Err(unfit) => {
            let is_to_be_set = raw.password.starts_with(TO_BE_SET);
            // As in Django: the owner of an account with an empty password can set one by mail.
            let kind = if raw.password.starts_with(NO_PASSWORD) { NO_PASSWORD } else { TO_BE_SET };
            if kind == TO_BE_SET && !is_to_be_set {
                notes.push(Warning::Password(unfit));
            }
            raw.password = kind.to_owned();
            false
        }
    };
    raw.permissions.sort();
    raw.permissions.dedup();
    raw.permissions.retain(|name| {
        let is_good = is_codename(name);
        if !is_good {
            notes.push(Warning::Permission(name.clone()));
        }
        is_good
    });
    let person = ValidUser {
        username_key: username::key(&raw.username),
        email_key: email_address::key(&raw.email),
        has_password,
        raw,
    };
    Ok((person, notes))
}

/// Parses a column's text, from a dump or a database.
pub mod column {
    use super::{Millis, Rejection, iso};

    /// Parses a flag. Returns `None` if the column does not exist.
    pub fn flag(text: Option<&str>, column: &'static str) -> Result<Option<bool>, Rejection> {
        match text {
            None => Ok(None),
            Some("1" | "true" | "True" | "t") => Ok(Some(true)),
            Some("0" | "false" | "False" | "f") => Ok(Some(false)),
            Some(_) => Err(Rejection::Value(column)),
        }
    }

    /// Parses a time. Returns `None` if there is none.
    pub fn time(text: Option<&str>, column: &'static str) -> Result<Option<Millis>, Rejection> {
        text.map(|text| iso::parse(text).ok_or(Rejection::Value(column))).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(username: &str) -> RawUser {
        RawUser { username: username.into(), password: NO_PASSWORD.into(), ..Default::default() }
    }

    #[test]
    fn what_can_be_no_username_is_refused() {
        let refused = |username: &str| check(raw(username)).err();
        assert_eq!(refused("  "), Some(Rejection::NoUsername));
        assert_eq!(refused("two words"), Some(Rejection::Username(Problem::UsernameCharacters)));
        assert_eq!(refused("\u{3164}"), Some(Rejection::Username(Problem::UsernameEmpty)));
        let too_long = Rejection::Username(Problem::TooLong { max: 150, found: 151 });
        assert_eq!(refused(&"x".repeat(151)), Some(too_long));
        assert_eq!(check(raw("ﬀ")).map(|(person, _)| person.raw.username), Ok("ff".into()));
    }

    #[test]
    fn what_breaks_our_rules_is_left_out_and_said() {
        let found = RawUser {
            email: "nowhere".into(),
            first_name: "a\u{202E}b".into(),
            last_name: " Lovelace ".into(),
            password: "md5$salt$0123456789abcdef0123456789abcdef".into(),
            permissions: vec!["blog.add_post".into(), "blog".into(), "blog.add_post".into()],
            ..raw("ada")
        };
        let Ok((person, notes)) = check(found) else {
            panic!("taken");
        };
        assert_eq!((person.raw.email.as_str(), person.raw.first_name.as_str()), ("", ""));
        assert_eq!((person.raw.last_name.as_str(), person.raw.password.as_str()), ("Lovelace", "?"));
        assert_eq!(person.raw.permissions, ["blog.add_post"]);
        let expected = [
            Warning::Email,
            Warning::Name("first_name"),
            Warning::Password(Unfit::Kind),
            Warning::Permission("blog".into()),
        ];
        assert_eq!(notes, expected);
    }

    #[test]
    fn inactive_users_stay_inactive_and_others_may_set_a_password() {
        for (password, expected) in [("!", "!"), ("!x1y2", "!"), ("", "?"), ("?x1y2", "?"), ("plain", "?")] {
            let found = check(RawUser { password: password.into(), ..raw("ada") })
                .map(|(person, _)| person.raw.password);
            assert_eq!(found, Ok(expected.to_owned()), "{password:?}");
        }
    }

    #[test]
    fn addresses_that_no_mail_can_be_sent_to_are_left_out_and_said() {
        for (email, is_one) in [
            ("root@localhost", true),
            ("a@b", true),
            ("x@münchen.example", true),
            ("müller@example.org", false),
            ("user@exa_mple.org", false),
            ("\"a@b\"@example.org", false),
            ("a b@c", false),
            ("@b", false),
        ] {
            let Ok((person, notes)) = check(RawUser { email: email.into(), ..raw("ada") }) else {
                panic!("taken");
            };
            let expected = if is_one { (email, vec![]) } else { ("", vec![Warning::Email]) };
            assert_eq!((person.raw.email.as_str(), notes), expected);
        }
    }
}
