//! The security page: what protects an account, and what is still open.

pub mod api;
pub mod pages;

#[cfg(feature = "ssr")]
pub mod checklist;
#[cfg(feature = "ssr")]
pub mod service;

use serde::{Deserialize, Serialize};

use crate::shared::{login_method::LoginMethod, moment::Moment};

/// With so many recovery codes or fewer, new ones are due.
pub const FEW_CODES: i64 = 3;

/// What protects a member's account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Security {
    /// The username.
    pub username: String,
    /// Whether there is a password.
    pub has_password: bool,
    /// When the password was last set, or `None` if that was not recorded.
    pub password_changed: Option<Moment>,
    /// The email address; may be empty.
    pub email: String,
    /// Whether the owner has confirmed the address.
    pub email_is_proven: bool,
    /// Whether the password alone does not log in.
    pub has_two_steps: bool,
    /// Whether the site has passkeys.
    pub offers_passkeys: bool,
    /// How many authenticator apps are set up.
    pub authenticator_apps: i64,
    /// How many passkeys are set up.
    pub passkeys: i64,
    /// How many recovery codes are left.
    pub recovery_codes: i64,
    /// How many browsers are known.
    pub known_browsers: i64,
    /// How many devices are signed in.
    pub devices: i64,
    /// The last login, including the present one.
    pub last_login: Option<Moment>,
    /// What it began with, or `None` if that was not recorded.
    pub last_method: Option<LoginMethod>,
}

/// Something that protects an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// A password. (Without one, a mailed code or a passkey logs in.)
    Password,
    /// A confirmed email address.
    Email,
    /// A second factor, of whatever kind.
    SecondFactor,
    /// A passkey.
    Passkey,
    /// More than a few recovery codes.
    RecoveryCodes,
}

impl Security {
    /// Returns the checks that apply, in the order of the page. Without passkeys on this site there
    /// is nothing to do about them, who has an app need not have one, and who has only a
    /// passkey needs no codes.
    pub fn checks(&self) -> impl Iterator<Item = (Check, bool)> {
        let applies = |check: &Check| match check {
            Check::Passkey => self.passkeys > 0 || (self.offers_passkeys && self.authenticator_apps == 0),
            Check::RecoveryCodes => self.has_two_steps || self.passkeys == 0,
            Check::Password | Check::Email | Check::SecondFactor => true,
        };
        let all = [Check::Password, Check::Email, Check::SecondFactor, Check::Passkey, Check::RecoveryCodes];
        all.into_iter().filter(move |check| applies(check)).map(|check| (check, self.is_done(check)))
    }

    /// Returns how many recovery codes are left, if these are few.
    pub fn few_codes(&self) -> Option<i64> {
        (self.has_two_steps && self.recovery_codes <= FEW_CODES).then_some(self.recovery_codes)
    }

    /// Returns whether the check is done.
    pub fn is_done(&self, check: Check) -> bool {
        match check {
            Check::Password => self.has_password,
            Check::Email => self.email_is_proven,
            Check::SecondFactor => self.has_two_steps,
            Check::Passkey => self.passkeys > 0,
            Check::RecoveryCodes => self.has_two_steps && self.few_codes().is_none(),
        }
    }

    /// Returns how many of all checks are done.
    pub fn progress(&self) -> Progress {
        let (done, all) =
            self.checks().fold((0, 0), |(done, all), (_, is_done)| (done + usize::from(is_done), all + 1));
        Progress { done, all }
    }
}

/// Something that is left to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What to do.
    pub text: String,
    /// The page that does it.
    pub page: String,
}

/// How many checks are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Those that are done.
    pub done: usize,
    /// All of them.
    pub all: usize,
}

impl std::fmt::Display for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} done", self.done, self.all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn security() -> Security {
        Security {
            username: "ada".to_owned(),
            has_password: true,
            password_changed: None,
            email: "ada@example.com".to_owned(),
            email_is_proven: true,
            has_two_steps: false,
            offers_passkeys: true,
            authenticator_apps: 0,
            passkeys: 0,
            recovery_codes: 0,
            known_browsers: 1,
            devices: 1,
            last_login: None,
            last_method: None,
        }
    }

    #[test]
    fn what_is_done_depends_on_the_address_the_factors_and_the_codes() {
        use Check::{Email, Passkey, Password, RecoveryCodes, SecondFactor};
        let open = |security: Security| -> Vec<Check> {
            security.checks().filter(|(_, is_done)| !is_done).map(|(check, _)| check).collect()
        };
        let with_app =
            || Security { authenticator_apps: 1, has_two_steps: true, recovery_codes: 4, ..security() };
        let with_passkey = || Security { passkeys: 1, ..security() };
        assert_eq!(open(security()), [SecondFactor, Passkey, RecoveryCodes]);
        assert_eq!(
            open(Security { email_is_proven: false, ..security() }),
            [Email, SecondFactor, Passkey, RecoveryCodes]
        );
        assert_eq!(open(Security { offers_passkeys: false, ..security() }), [SecondFactor, RecoveryCodes]);
        assert_eq!(open(with_app()), []);
        assert_eq!(open(Security { recovery_codes: 3, ..with_app() }), [RecoveryCodes]);
        assert_eq!(open(Security { passkeys: 1, ..with_app() }), []);
        assert_eq!(open(with_passkey()), [SecondFactor]);
        assert_eq!(open(Security { has_two_steps: true, ..with_passkey() }), [RecoveryCodes]);
        assert!(security().is_done(Password));
    }

    #[test]
    fn few_codes_are_counted_only_where_they_are_needed() {
        let few = |has_two_steps, recovery_codes| {
            Security { has_two_steps, recovery_codes, ..security() }.few_codes()
        };
        assert_eq!([few(true, 4), few(true, 3), few(true, 0), few(false, 0)], [None, Some(3), Some(0), None]);
    }

    #[test]
    fn the_progress_counts_what_applies() {
        assert_eq!(security().progress().to_string(), "2 of 5 done");
        assert_eq!(Security { offers_passkeys: false, ..security() }.progress().to_string(), "2 of 4 done");
    }
}
