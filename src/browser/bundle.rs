//! Loads bundles of pages.

use std::cell::RefCell;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::{
    admin::bundle::AdminPages, lab::bundle::LabPages, members::bundle::AccountPages, shared::bundle::Bundle,
    ui::bundle::BundleLoader,
};

#[wasm_bindgen]
extern "C" {
    /// Fetches the bundle's files (`server::shell`). The browser then has them in its cache; asked
    /// first, the loader that the build makes would write each failure to the console.
    #[wasm_bindgen(catch, js_name = fetchBundle)]
    async fn fetch_bundle(name: &str) -> Result<(), wasm_bindgen::JsValue>;
}

thread_local! {
    static LOADED: RefCell<Vec<Bundle>> = const { RefCell::new(Vec::new()) };
}

/// Returns the loader that all pages use.
pub fn loader() -> BundleLoader {
    BundleLoader::new(|bundle| Box::pin(load(bundle)))
}

/// Loads the bundle, unless it is there, and returns whether that went well.
pub async fn load(bundle: Bundle) -> bool {
    // At once, because hydration does not wait.
    if LOADED.with_borrow(|loaded| loaded.contains(&bundle)) {
        return true;
    }
    let is_loaded = fetch_bundle(bundle.name()).await.is_ok()
        && match bundle {
            Bundle::Account => AccountPages::load().await,
            Bundle::Admin => AdminPages::load().await,
            Bundle::Lab => LabPages::load().await,
        };
    if is_loaded {
        LOADED.with_borrow_mut(|loaded| loaded.push(bundle));
    }
    is_loaded
}
