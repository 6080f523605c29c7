//! The shutdown signal, for tasks and streams that would otherwise run forever.

use tokio::sync::watch;

/// The shutdown signal. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Shutdown(watch::Sender<bool>);

impl Shutdown {
    /// Starts the shutdown.
    pub fn trigger(&self) {
        self.0.send_replace(true);
    }

    /// Returns whether the shutdown has begun.
    pub fn has_begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Completes once the shutdown has begun.
    pub async fn triggered(&self) {
        let _ = self.0.subscribe().wait_for(|begun| *begun).await;
    }
}
