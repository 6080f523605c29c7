//! A page while it is being made to be kept: what it may say of itself.

use crate::{
    base::{
        clock::{Millis, to_millis},
        moment::moment,
    },
    cache::Ttl,
    shared::moment::Validity,
    timing::Recorder,
};

/// In the extensions of the request under which a page is made to be kept.
#[derive(Clone, Copy, Debug)]
pub struct PageInProgress {
    begun: Millis,
    longest: Millis,
    outlives_its_parts: bool,
}

impl PageInProgress {
    /// From now on.
    pub fn begin(ttl: Ttl, outlives_its_parts: bool, now: Millis) -> Self {
        let longest = match ttl {
            Ttl::For(ttl) => now.saturating_add(to_millis(ttl)),
            Ttl::Never => Millis::MAX,
        };
        Self { begun: now, longest, outlives_its_parts }
    }

    /// Since when it is being made; no part of it is newer than that.
    pub fn begun(&self) -> Millis {
        self.begun
    }

    /// When the page is over: after its own time, or with the first of the cached things that were read so far.
    pub fn expires_at(&self, recorder: &Recorder) -> Millis {
        if self.outlives_its_parts { self.longest } else { self.longest.min(recorder.all_good_until()) }
    }

    /// The same in words, for the page itself.
    pub fn validity(&self, recorder: &Recorder) -> Validity {
        Validity { rendered_at: moment(self.begun), valid_until: moment(self.expires_at(recorder)) }
    }
}
