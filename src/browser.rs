//! What the browser runs first.

mod arrival;
mod follow;
mod live;
mod post;
mod typed;

use leptos::{prelude::*, web_sys::Event};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::{
    app::App,
    ui::{FAILED_EVENT, SessionNotice},
};

/// Takes the page over from the server.
#[wasm_bindgen]
pub fn hydrate() {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        // The script that has started this (`server::shell`) gives links and forms back to the browser.
        if let Ok(event) = Event::new(FAILED_EVENT) {
            let _ = window().dispatch_event(&event);
        }
    }));
    // A form that was accepted leads on by a full page load: who is signed in may have changed, and nothing of the member before
    // may stay in memory. Set before the router sets its own; the first one wins.
    let _ = server_fn::redirect::set_redirect_hook(|location| {
        let _ = window().location().assign(location);
    });
    let notice = SessionNotice::default();
    let shown = notice.clone();
    leptos::mount::hydrate_body(move || {
        provide_context(shown.clone());
        provide_context(post::sender());
        provide_context(arrival::arrival());
        provide_context(follow::follow(shown));
        view! { <App /> }
    });
    live::begin(notice);
    // For tests: from here on the page answers to scripts.
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-hydrated", "true");
    }
}
