//! What the page of passkeys shows.

use serde::{Deserialize, Serialize};

use crate::shared::moment::Moment;

/// The data of the page of passkeys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passkeys {
    /// The username of their owner.
    pub username: String,
    /// Why none can be added or used at this address.
    pub unavailable: Option<NoPasskeys>,
    /// The passkeys, the oldest first.
    pub passkeys: Vec<Passkey>,
    /// Whether the password alone does not log in.
    pub has_two_steps: bool,
    /// Whether a passkey is asked for after the password because its owner wants it, or `None`
    /// where a rule of the site decides.
    pub asks: Option<bool>,
    /// Whether there is a password.
    pub has_password: bool,
    /// Whether the account can do without one.
    pub may_remove_password: bool,
    /// The account and its passkeys, as they are reported to authenticators (JSON).
    pub accepted: Option<String>,
}

/// A passkey, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passkey {
    /// Its number, for the forms that change it.
    pub id: String,
    /// The name that its owner gave it.
    pub name: String,
    /// When it was added.
    pub made: Moment,
    /// When it was last used.
    pub last_used: Option<Moment>,
    /// Whether it can be synced; otherwise it is on one device only.
    pub can_sync: bool,
    /// Whether it is synced now.
    pub is_synced: bool,
    /// Whether it logs in by itself.
    pub logs_in: bool,
}

/// Why passkeys cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoPasskeys {
    /// The operator switched them off.
    Off,
    /// The site's address is an IP address, which has no passkeys.
    IpAddress,
    /// The same, and the site can be opened by this address instead.
    OpenInstead(String),
    /// Browsers offer them only over https.
    Insecure,
}
