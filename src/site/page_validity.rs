//! The validity of a page that is being rendered for the page cache.

use crate::{
    base::{
        clock::{Millis, to_millis},
        moment::moment,
    },
    cache::Ttl,
    shared::moment::Validity,
    timing::Recorder,
};

/// Request extension: the page is being rendered for the page cache.
#[derive(Clone, Copy, Debug)]
pub struct PageInProgress {
    begun: Millis,
    longest: Millis,
    outlives_its_parts: bool,
}

impl PageInProgress {
    /// Starts the rendering of a page at `now`.
    pub fn begin(ttl: Ttl, outlives_its_parts: bool, now: Millis) -> Self {
        let longest = match ttl {
            Ttl::For(ttl) => now.saturating_add(to_millis(ttl)),
            Ttl::Never => Millis::MAX,
        };
        Self { begun: now, longest, outlives_its_parts }
    }

    /// Returns when the rendering started, in milliseconds since 1970; no part of the page is
    /// newer.
    pub fn begun(&self) -> Millis {
        self.begun
    }

    /// Returns when the page expires: after its own lifetime, or with the first of the cached
    /// values read so far.
    pub fn expires_at(&self, recorder: &Recorder) -> Millis {
        if self.outlives_its_parts { self.longest } else { self.longest.min(recorder.all_good_until()) }
    }

    /// Returns the validity as formatted timestamps, for the page itself.
    pub fn validity(&self, recorder: &Recorder) -> Validity {
        Validity { rendered_at: moment(self.begun), valid_until: moment(self.expires_at(recorder)) }
    }
}
