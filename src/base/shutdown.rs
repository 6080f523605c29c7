//! For what would otherwise go on for ever: the site stops.

use tokio::sync::watch;

/// The signal. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Shutdown(watch::Sender<bool>);

impl Shutdown {
    /// From here on the site stops.
    pub fn trigger(&self) {
        self.0.send_replace(true);
    }

    /// Returns whether the site has begun to stop.
    pub fn has_begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Ready when the site stops, or has begun to.
    pub async fn triggered(&self) {
        let _ = self.0.subscribe().wait_for(|begun| *begun).await;
    }
}
