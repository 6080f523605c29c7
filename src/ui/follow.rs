//! Server-sent events for an open page.

use std::sync::Arc;

use leptos::prelude::*;
use serde::de::DeserializeOwned;

use crate::shared::json::from_json;

/// Opens event streams, in the browser: takes the path and a callback for each message, and returns
/// a function that closes the stream. Absent on the server.
#[derive(Clone)]
pub struct Follow(Arc<Open>);

/// The callback for each message.
pub type OnMessage = Box<dyn Fn(String)>;
/// Closes a stream.
pub type Stop = Box<dyn FnOnce()>;

type Open = dyn Fn(String, OnMessage) -> Stop + Send + Sync;

impl Follow {
    /// Wraps the browser's implementation.
    pub fn new(open: impl Fn(String, OnMessage) -> Stop + Send + Sync + 'static) -> Self {
        Self(Arc::new(open))
    }

    /// Follows the stream at this path until the current part of the page is removed. Messages that
    /// cannot be parsed, such as those of another release, are skipped.
    pub fn json<T: DeserializeOwned>(path: String, on_message: impl Fn(T) + Clone + Send + Sync + 'static) {
        let Some(follow) = use_context::<Self>() else {
            return;
        };
        // Starts after hydration: until then the page shows the data that came with it.
        Effect::new(move || {
            let on_message = on_message.clone();
            let read = move |text: String| {
                if let Ok(value) = from_json(&text) {
                    on_message(value);
                }
            };
            let stop = StoredValue::new_local(Some((follow.0)(path.clone(), Box::new(read))));
            on_cleanup(move || {
                if let Some(stop) = stop.try_update_value(Option::take).flatten() {
                    stop();
                }
            });
        });
    }
}
