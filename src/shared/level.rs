//! Django's five levels of messages.

use serde::{Deserialize, Serialize};

use super::named_enum::named_enum;

named_enum! {
    /// Django's message levels, the lowest first. Levels below `site.message_level` are not shown.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Level(name) {
        /// For developers.
        Debug = "debug",
        /// Information.
        Info = "info",
        /// Something worked.
        Success = "success",
        /// Something to be careful about.
        Warning = "warning",
        /// Something failed.
        Error = "error",
    }
}

impl Level {
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
