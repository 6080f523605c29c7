//! The security page: what protects an account, and what is still open.

pub mod api;
pub mod pages;

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
    /// When the password was last set, or `None` if that was not recorded.
    pub password_changed: Option<Moment>,
    /// The email address; may be empty.
    pub email: String,
    /// Whether the owner has confirmed the address.
    pub email_is_proven: bool,
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
    /// A password. (Without one nobody logs in.)
    Password,
    /// A confirmed email address.
    Email,
    /// A second factor, of whatever kind.
    SecondFactor,
    /// More than a few recovery codes.
    RecoveryCodes,
}

impl Check {
    /// All checks, in the order of the page.
    pub const ALL: [Self; 4] = [Self::Password, Self::Email, Self::SecondFactor, Self::RecoveryCodes];
}

impl Security {
    /// Returns whether the account has a second factor.
    pub const fn has_second_factor(&self) -> bool {
        self.authenticator_apps + self.passkeys > 0
    }

    /// Returns how many recovery codes are left, if these are few.
    pub fn few_codes(&self) -> Option<i64> {
        (self.has_second_factor() && self.recovery_codes <= FEW_CODES).then_some(self.recovery_codes)
    }

    /// Returns whether the check is done.
    pub fn is_done(&self, check: Check) -> bool {
        match check {
            Check::Password => true,
            Check::Email => self.email_is_proven,
            Check::SecondFactor => self.has_second_factor(),
            Check::RecoveryCodes => self.has_second_factor() && self.few_codes().is_none(),
        }
    }

    /// Returns how many of all checks are done.
    pub fn progress(&self) -> Progress {
        let done = Check::ALL.into_iter().filter(|check| self.is_done(*check)).count();
        Progress { done, all: Check::ALL.len() }
    }
}

/// How many checks are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Those that are done.
    pub done: usize,
    /// All of them.
    pub all: usize,
}

impl Progress {
    /// Returns whether something is left to do.
    pub const fn is_open(self) -> bool {
        self.done < self.all
    }
}

impl std::fmt::Display for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} done", self.done, self.all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_depends_on_the_address_the_factors_and_the_codes() {
        let done = |email_is_proven, authenticator_apps, passkeys, recovery_codes| {
            let security = Security {
                username: "ada".to_owned(),
                password_changed: None,
                email: "ada@example.com".to_owned(),
                email_is_proven,
                authenticator_apps,
                passkeys,
                recovery_codes,
                known_browsers: 1,
                devices: 1,
                last_login: None,
                last_method: None,
            };
            let checks = Check::ALL.map(|check| security.is_done(check));
            assert_eq!(security.progress().done, checks.iter().filter(|done| **done).count());
            (checks, security.few_codes())
        };
        assert_eq!(done(false, 0, 0, 0), ([true, false, false, false], None));
        assert_eq!(done(true, 0, 0, 0), ([true, true, false, false], None));
        assert_eq!(done(true, 1, 0, 10), ([true, true, true, true], None));
        assert_eq!(done(true, 1, 0, 4), ([true, true, true, true], None));
        assert_eq!(done(true, 1, 0, 3), ([true, true, true, false], Some(3)));
        assert_eq!(done(true, 0, 1, 0), ([true, true, true, false], Some(0)));
        assert_eq!(Progress { done: 2, all: 4 }.to_string(), "2 of 4 done");
    }
}
