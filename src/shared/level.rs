//! Django's five levels of messages.

use serde::{Deserialize, Serialize};

/// Django's message levels, the lowest first. Levels below `site.message_level` are not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// For developers.
    Debug,
    /// Information.
    Info,
    /// Something worked.
    Success,
    /// Something to be careful about.
    Warning,
    /// Something failed.
    Error,
}

impl Level {
    /// All five.
    pub const ALL: [Self; 5] = [Self::Debug, Self::Info, Self::Success, Self::Warning, Self::Error];

    /// Returns the level's name, as in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// Returns the class of the message's element.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Debug => "message debug",
            Self::Info => "message info",
            Self::Success => "message success",
            Self::Warning => "message warning",
            Self::Error => "message error",
        }
    }

    /// Returns the ARIA role: `alert` interrupts a screen reader, `status` waits.
    pub const fn role(self) -> &'static str {
        match self {
            Self::Debug | Self::Info | Self::Success => "status",
            Self::Warning | Self::Error => "alert",
        }
    }
}
