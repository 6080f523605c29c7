//! The HTML around the app, and the page's Content-Security-Policy.

use axum::http::{HeaderValue, header};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_axum::ResponseOptions;
use leptos_meta::MetaTags;

use super::{Site, headers::page_csp};
use crate::app::App;

/// The whole document. Runs on the server only, so it is no part of the WASM.
pub fn shell(site: &Site) -> impl IntoView + use<> {
    let nonce = use_nonce().map(|nonce| nonce.to_string()).unwrap_or_default();
    if let Some(response) = use_context::<ResponseOptions>()
        && let Ok(policy) = HeaderValue::try_from(page_csp(&nonce, site.is_watched))
    {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
    let assets = &site.assets;
    // Both at once; not by <link rel="preload">, which loads them also where no script will ever run.
    let start = format!(
        "const wasm=fetch({wasm:?});import({js:?}).then(app=>app.default({{module_or_path:wasm}}).then(()=>app.hydrate()));",
        js = assets.js,
        wasm = assets.wasm
    );
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
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
