//! The steps towards the removal of a lost second factor, as messages name them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A step towards the removal of a lost second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecoveryStep {
    /// A mail with a link was sent.
    Mailed,
    /// The waiting period has begun.
    Began,
    /// It was stopped.
    Stopped,
}

impl fmt::Display for RecoveryStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mailed => "We have emailed you a link that starts the waiting period. It expires after 12 hours.",
            Self::Began => "The waiting period has begun. We have emailed you when it ends, and how to stop it.",
            Self::Stopped => {
                "The removal of your second factor was stopped. If you did not ask for it, change your password: \
                 somebody else knows it."
            }
        })
    }
}
