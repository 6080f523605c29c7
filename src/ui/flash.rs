//! Flash messages, shown once after a redirect: Django's message framework, with its five levels.

use serde::{Deserialize, Serialize};

use crate::shared::level::Level;

pub use super::flash_text::Message;

/// A message with its level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// The level.
    pub level: Level,
    /// The message.
    pub message: Message,
}

impl Message {
    /// Returns where to act on the message: the page and the text of its link.
    pub const fn link(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::PasswordBreached | Self::PasswordShort => {
                Some(("/accounts/password_change", "Change your password"))
            }
            _ => None,
        }
    }
}
