//! Leptos' executor: runs what a page loads on tokio, within the span of its request, so that its
//! log lines have the request id, and with the record of what the request spends its time on.

use any_spawner::{CustomExecutor, Executor, PinnedFuture, PinnedLocalFuture};
use tracing::Instrument;

use crate::base::spent::carried;

struct InSpan;

impl CustomExecutor for InSpan {
    fn spawn(&self, future: PinnedFuture<()>) {
        tokio::spawn(carried(future.in_current_span()));
    }

    fn spawn_local(&self, future: PinnedLocalFuture<()>) {
        tokio::task::spawn_local(carried(future.in_current_span()));
    }

    fn poll_local(&self) {}
}

/// Installs the executor. Call it before the first router is created, which would install plain
/// tokio.
pub fn begin() {
    // Fails when it is installed already, as in tests with many sites in one process.
    let _ = Executor::init_custom_executor(InSpan);
}
