//! The browser's entry point.

mod arrival;
mod bundle;
mod follow;
mod post;
mod typed;

use leptos::{prelude::*, web_sys::Event};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::spawn_local;

use crate::{
    app::App,
    shared::bundle::Bundle,
    ui::{FAILED_EVENT, SessionNotice},
};

/// Hydrates the page that the server rendered.
#[wasm_bindgen]
pub fn hydrate() {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        // The script that loaded this one (`server::shell`) then hands links and forms back to the
        // browser.
        if let Ok(event) = Event::new(FAILED_EVENT) {
            let _ = window().dispatch_event(&event);
        }
    }));
    // After an accepted form the next page is loaded in full: the visitor may be another one, and
    // nothing of the previous member may stay in memory. Set before the router sets its own; the
    // first one wins.
    let _ = server_fn::redirect::set_redirect_hook(|location| {
        let _ = window().location().assign(location);
    });
    let path = window().location().pathname().unwrap_or_default();
    match Bundle::of(&path) {
        None => start(),
        // Where the bundle cannot be loaded, the page stays as the server rendered it.
        Some(bundle) => spawn_local(async move {
            if bundle::load(bundle).await {
                start();
            }
        }),
    }
}

fn start() {
    let notice = SessionNotice::default();
    let shown = notice.clone();
    leptos::mount::hydrate_body(move || {
        provide_context(shown.clone());
        provide_context(post::sender());
        provide_context(arrival::arrival());
        provide_context(follow::follow(shown));
        provide_context(bundle::loader());
        view! { <App /> }
    });
    follow::watch_session(notice);
    // Tests wait for this attribute: from here on the page is interactive.
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-hydrated", "true");
    }
}
