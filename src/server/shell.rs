//! The HTML document around the app, and its Content-Security-Policy.

use axum::http::{HeaderValue, header};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_axum::ResponseOptions;
use leptos_meta::MetaTags;

use super::{headers::page_csp, hydration};
use crate::{app::App, site::AppState, ui::FAILED_EVENT};

/// Renders the whole document. It runs only on the server, so it is not part of the WASM.
pub fn shell(site: &AppState) -> impl IntoView + use<> {
    let nonce = use_nonce().map(|nonce| nonce.to_string()).unwrap_or_default();
    if let Some(response) = use_context::<ResponseOptions>()
        && let Ok(policy) = HeaderValue::try_from(page_csp(&nonce, site.is_watched))
    {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
    let assets = &site.assets;
    let start = start_script(&assets.js, &assets.wasm);
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                // Safari turns what looks like a telephone number, such as a username, into a link,
                // and then the page cannot be hydrated.
                <meta name="format-detection" content="telephone=no" />
                <link rel="stylesheet" href=assets.css.clone() />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <script type="module" nonce=nonce>
                    {start}
                </script>
                {site.is_watched.then(|| view! { <AutoReload options=site.leptos.clone() /> })}
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// Returns the script that starts the app in the browser. JavaScript and WASM are fetched in
/// parallel, but not by `<link rel="preload">`, which would load them even where no script runs.
///
/// If the app fails, during hydration (an extension or a translator has changed the page) or later,
/// its listeners are still attached and would swallow clicks. From then on they receive no events,
/// and the browser handles links and forms itself.
fn start_script(js: &str, wasm: &str) -> String {
    format!(
        "const wasm=fetch({wasm:?});wasm.catch(()=>{{}});let failed=false;\
         const fail=()=>{{if(failed)return;failed=true;document.documentElement.dataset.hydrated=\"failed\";\
         for(const type of[\"click\",\"submit\",\"input\",\"change\",\"visibilitychange\",\"pageshow\",\"pagehide\",\"popstate\"])\
         addEventListener(type,event=>{{event.stopImmediatePropagation();if(type===\"popstate\")location.reload()}},true);\
         navigator.sendBeacon({beacon:?})}};\
         addEventListener({FAILED_EVENT:?},fail);\
         import({js:?}).then(app=>app.default({{module_or_path:wasm}}).then(()=>{{try{{app.hydrate()}}catch{{fail()}}}}))\
         .catch(error=>console.info(\"This page works without its scripts:\",error));",
        beacon = hydration::PATH,
    )
}
