//! Accounts: sign-up, login and logout, password, email address, deletion.

pub mod api;
pub mod pages;
mod passkeys;

#[cfg(feature = "ssr")]
pub mod backend;
#[cfg(feature = "ssr")]
pub mod compose;
#[cfg(feature = "ssr")]
mod factor_removed;
#[cfg(feature = "ssr")]
pub mod identity;
#[cfg(feature = "ssr")]
pub mod impersonation_session;
#[cfg(feature = "ssr")]
pub mod legacy_redirects;
#[cfg(feature = "ssr")]
mod link_token;
#[cfg(feature = "ssr")]
mod login_end;
#[cfg(feature = "ssr")]
pub mod mail_links;
#[cfg(feature = "ssr")]
pub mod mail_templates;
#[cfg(feature = "ssr")]
pub mod names;
#[cfg(feature = "ssr")]
mod notices;
#[cfg(feature = "ssr")]
pub mod passkey_party;
#[cfg(feature = "ssr")]
pub mod recovery_file;
#[cfg(feature = "ssr")]
pub mod second_cookies;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
pub mod session;
#[cfg(feature = "ssr")]
pub mod session_check;
#[cfg(feature = "ssr")]
pub mod session_layers;
#[cfg(feature = "ssr")]
mod session_store;
#[cfg(feature = "ssr")]
pub mod setup_link;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};

pub use passkeys::{NoPasskeys, Passkey, Passkeys};

use crate::shared::moment::Moment;

/// An account's email address, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// The username of the owner.
    pub username: String,
    /// The account's address, or the one that a link is about.
    pub email: String,
    /// Whether its owner has verified it.
    pub is_proven: bool,
    /// Whether a link that proves it removes what was set up before: this is no browser of the
    /// account's.
    #[serde(default)]
    pub takes_whole: bool,
    /// The code of a link that can be used only where the account is logged in.
    #[serde(default)]
    pub code: Option<String>,
}

/// The data of the page of known browsers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Browsers {
    /// The username of their owner.
    pub username: String,
    /// The known browsers: the present one, then the others, the last login first.
    pub browsers: Vec<Browser>,
}

/// A browser that was logged in with before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Browser {
    /// Its number, for the form that forgets it.
    pub id: i64,
    /// A description of browser and system.
    pub name: String,
    /// The first login.
    pub first_login: Moment,
    /// The last login.
    pub last_login: Moment,
    /// Whether it is the present browser.
    pub is_this: bool,
}

/// The purpose of a mail link, as its page requests it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// Sets a new password.
    ResetPassword,
    /// Verifies the account's address.
    VerifyEmail,
    /// Verifies the address that is to replace the present one.
    ChangeEmail,
    /// Undoes a change of address.
    UndoEmail,
    /// Reports that the owner did not cause a notice.
    NotMe,
    /// Begins the waiting period at whose end a lost second factor is removed.
    RecoverFactor,
    /// Stops that waiting period.
    StopRecovery,
}

/// Whether a mail link can be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// It can be used.
    Good(Address),
    /// It was used, and its effect still holds.
    Used(Address),
    /// It has expired, was replaced by a later one, or was used and its effect no longer holds.
    Dead,
    /// No link was opened in this browser.
    None,
}

/// What the page of a login by a mailed code can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailedCode {
    /// Nothing: no code was asked for in this browser.
    None,
    /// Take the code.
    Asked,
    /// Log in to the account with this username: its link was opened in the browser that asked.
    Here(String),
    /// Show the code of a link that another browser asked for.
    Elsewhere(String),
    /// Nothing with the link that was opened.
    Dead {
        /// Whether this browser has asked for a code and can still take it.
        is_asked: bool,
    },
}

/// The terms of a deletion that is requested now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletionTerms {
    /// The username of the account.
    pub username: String,
    /// When the account is deleted. A login before then cancels the deletion.
    pub deleted_at: Moment,
}

/// What a member has to prove themselves by, before a sensitive action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reauthentication {
    /// The username.
    pub username: String,
    /// Whether a code is needed beside the password.
    pub asks_for_code: bool,
    /// Whether that can be one of an authenticator app.
    pub has_app: bool,
    /// Whether a passkey does instead.
    pub offers_passkey: bool,
}

/// What a member can do about a lost second factor, at the second step of a login.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LostFactor {
    /// Only ask for help.
    #[default]
    ContactUs,
    /// Ask for a mail whose link begins a waiting period.
    Ask,
    /// Wait: it ends then.
    Waits(Moment),
}

/// A login that waits for its second step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingStep {
    /// Whether a code of an authenticator app can be it.
    pub has_app: bool,
    /// Whether a passkey or a security key can be it.
    pub offers_passkey: bool,
    /// What can be done without either.
    #[serde(default)]
    pub lost: LostFactor,
}

/// A member's authenticator app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authenticator {
    /// The username.
    pub username: String,
    /// The state of the app.
    pub state: AuthenticatorState,
    /// Whether a passkey can be added instead.
    pub offers_passkeys: bool,
}

/// The state of an authenticator app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthenticatorState {
    /// The site cannot keep its secret: the operator has given it no key.
    Unavailable,
    /// There is none.
    Off,
    /// It waits for its first code.
    Waiting(NewAuthenticator),
    /// It is in use.
    On {
        /// Since when.
        since: Moment,
        /// When its latest code was used.
        last_used: Option<Moment>,
        /// How many recovery codes are left.
        codes_left: i64,
    },
}

/// What an authenticator app takes over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewAuthenticator {
    /// The width of the QR code, in modules.
    pub width: usize,
    /// The path of its dark modules.
    pub path: String,
    /// The secret for typing, in groups of four.
    pub key: String,
    /// The address that opens an app on this device.
    pub link: String,
}

/// A member's recovery codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryCodes {
    /// The username.
    pub username: String,
    /// How many are left, or `None` without a second factor.
    pub left: Option<i64>,
    /// The codes themselves, for a few minutes after they were made.
    pub shown: Vec<String>,
    /// The page to go on to.
    pub way_on: String,
}
