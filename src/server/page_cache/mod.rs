//! Pages that are kept as they were sent: rendered once, compressed once, and sent again to whom they were made for, and to nobody
//! else.
//!
//! Which pages: [`policy`], one line each. For whom and by what a page varies: [`variant`]. A page that is kept is rendered under a
//! request that says nothing but that ([`sealed`]), so that nothing else can be in it. What is kept, and in which form: [`kept`],
//! with its scripts pinned by their hashes ([`pin`]). [`layer`] stands after the guard and reads and writes; [`warm`] answers what is
//! ready without any layer, where it can tell that the layers would say the same.

mod answer;
mod encoding;
mod guests;
mod kept;
mod layer;
mod making;
mod pin;
mod policy;
mod sealed;
mod variant;
mod warm;

use axum::http::{HeaderValue, header};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use crate::base::work_queue::Workshop;
pub use answer::X_CACHE;
pub use layer::keep_pages;
pub use making::Making;
pub use policy::{CachedPage, CachedPages, Scope};
pub use variant::{fingerprint, is_in_person};
pub use warm::warm;

/// Where pages are packed. What finds no place is sent and not kept.
pub fn workshop() -> Workshop {
    const QUEUE: usize = 64;
    Workshop::new(std::thread::available_parallelism().map_or(1, usize::from), QUEUE)
}

/// Says of the page being rendered that it is not to be kept, by us or by anybody. In a server function.
pub fn no_store() {
    if let Some(response) = use_context::<ResponseOptions>() {
        response.insert_header(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
}
