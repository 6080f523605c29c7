//! What an open page is told by the server without asking for it.

use std::sync::Arc;

use leptos::prelude::*;
use serde::de::DeserializeOwned;

/// Follows a stream of events, in the browser: its path and what is to be called with each text in; what ends it out. There is none
/// on the server.
#[derive(Clone)]
pub struct Follow(Arc<Open>);

/// What is called with each text.
pub type Told = Box<dyn Fn(String)>;
/// What ends a stream.
pub type Stop = Box<dyn FnOnce()>;

type Open = dyn Fn(String, Told) -> Stop + Send + Sync;

impl Follow {
    /// Wraps what the browser does.
    pub fn new(open: impl Fn(String, Told) -> Stop + Send + Sync + 'static) -> Self {
        Self(Arc::new(open))
    }

    /// Follows the stream at this path for as long as the present part of the page is there. Texts that cannot be read, such as those
    /// of another release, are left out.
    pub fn json<T: DeserializeOwned>(path: String, told: impl Fn(T) + Clone + Send + Sync + 'static) {
        let Some(follow) = use_context::<Self>() else {
            return;
        };
        // After hydration: until then the page shows what came with it.
        Effect::new(move || {
            let told = told.clone();
            let read = move |text: String| {
                if let Ok(value) = serde_json::from_slice(text.as_bytes()) {
                    told(value);
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
