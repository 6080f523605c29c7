//! Moments. They are put into words on the server: clock, language and time zone of the browser differ, and hydration must not.

use serde::{Deserialize, Serialize};

/// A moment in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// RFC 3339, for machines.
    pub iso: String,
    /// For people, in UTC.
    pub text: String,
}

/// From when until when something that is cached is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validity {
    /// When it was put together.
    pub rendered_at: Moment,
    /// When it is put together anew, at the latest.
    pub valid_until: Moment,
}
