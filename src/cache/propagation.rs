//! Whether an invalidation has reached everybody.

use std::{
    future::{Future, IntoFuture},
    pin::Pin,
};

use tokio::sync::oneshot;

/// The way of an invalidation to a backend that other instances share. To be awaited by whoever answers a visitor who may next
/// ask another instance; over at once for a backend in this process, and as soon as one in vain try was made for one that is down.
#[derive(Debug)]
pub struct Propagation(pub(super) Option<oneshot::Receiver<()>>);

impl IntoFuture for Propagation {
    type Output = ();
    type IntoFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            if let Some(delivered) = self.0 {
                let _ = delivered.await;
            }
        })
    }
}
