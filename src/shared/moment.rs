//! Formatted timestamps. The server formats them: clock, language and time zone of the browser may
//! differ, and hydration must find the same text.

use serde::{Deserialize, Serialize};

/// A formatted timestamp.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// RFC 3339, for machines.
    pub iso: String,
    /// For people, in UTC.
    pub text: String,
}

/// The period during which a cached item is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validity {
    /// When it was rendered.
    pub rendered_at: Moment,
    /// When it expires, at the latest.
    pub valid_until: Moment,
}
