//! Django's five levels of messages.

use serde::{Deserialize, Serialize};

/// Django's levels, the least first. What is below `site.message_level` is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// For developers.
    Debug,
    /// Good to know.
    Info,
    /// It worked.
    Success,
    /// Something to mind.
    Warning,
    /// It did not work.
    Error,
}

impl Level {
    /// All five.
    pub const ALL: [Self; 5] = [Self::Debug, Self::Info, Self::Success, Self::Warning, Self::Error];

    /// Returns its name, as in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// Returns the class of the element that shows it.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Debug => "message debug",
            Self::Info => "message info",
            Self::Success => "message success",
            Self::Warning => "message warning",
            Self::Error => "message error",
        }
    }

    /// What interrupts a screen reader, and what waits.
    pub const fn role(self) -> &'static str {
        match self {
            Self::Debug | Self::Info | Self::Success => "status",
            Self::Warning | Self::Error => "alert",
        }
    }
}
