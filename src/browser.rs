//! What the browser runs first.

mod arrival;
mod follow;
mod live;
mod post;

use leptos::prelude::*;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::app::App;

/// Takes the page over from the server.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    // A form that was accepted leads on by a full page load: who is signed in may have changed, and nothing of the member before
    // may stay in memory. Set before the router sets its own; the first one wins.
    let _ = server_fn::redirect::set_redirect_hook(|location| {
        let _ = window().location().assign(location);
    });
    leptos::mount::hydrate_body(|| {
        provide_context(post::sender());
        provide_context(arrival::arrival());
        provide_context(follow::follow());
        view! { <App /> }
    });
    live::begin();
    // For tests: from here on the page answers to scripts.
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-hydrated", "true");
    }
}
