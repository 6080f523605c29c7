//! The shutdown signal, for tasks and streams that would otherwise run forever.

use tokio::sync::watch;

/// How far the shutdown is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    #[default]
    Serving,
    /// Requests are answered, but shall go to other instances.
    Draining,
    /// Running requests finish.
    Stopping,
}

/// The shutdown signal. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Shutdown(watch::Sender<Stage>);

impl Shutdown {
    /// Announces the shutdown.
    pub fn drain(&self) {
        self.0.send_replace(Stage::Draining);
    }

    /// Starts the shutdown.
    pub fn trigger(&self) {
        self.0.send_replace(Stage::Stopping);
    }

    /// Returns whether the shutdown was announced, or has begun.
    pub fn is_announced(&self) -> bool {
        *self.0.borrow() > Stage::Serving
    }

    /// Completes once the shutdown has begun.
    pub async fn triggered(&self) {
        let _ = self.0.subscribe().wait_for(|stage| *stage == Stage::Stopping).await;
    }
}
