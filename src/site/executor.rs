//! Where Leptos runs what a page loads: on tokio, within the span of the request that asked, so that what is logged there has the
//! request's id.

use any_spawner::{CustomExecutor, Executor, PinnedFuture, PinnedLocalFuture};
use tracing::Instrument;

struct InSpan;

impl CustomExecutor for InSpan {
    fn spawn(&self, future: PinnedFuture<()>) {
        tokio::spawn(future.in_current_span());
    }

    fn spawn_local(&self, future: PinnedLocalFuture<()>) {
        tokio::task::spawn_local(future.in_current_span());
    }

    fn poll_local(&self) {}
}

/// Has Leptos use it. Before the first router is made: that would have it use tokio alone.
pub fn begin() {
    // In tests there are many sites in one process.
    let _ = Executor::init_custom_executor(InSpan);
}
