//! Waits until an invalidation has reached the other instances.

use std::{
    future::{Future, IntoFuture},
    pin::Pin,
};

use tokio::sync::oneshot;

/// The propagation of an invalidation to a backend shared with other instances. Await it before
/// answering a visitor whose next request may go to another instance. It completes immediately for
/// an in-process backend, and if the backend is down, once the database knows.
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
