//! `/site.webmanifest`: the site's name, icons and colours, for those who put it on their home
//! screen.

use axum::{Router, http::header, response::IntoResponse, routing::get};
use serde_json::json;

use super::{
    static_files::{REVALIDATE, with_caching},
    theme::SURFACE,
};
use crate::{
    base::{assets::WEB_MANIFEST, site_files::content_type},
    site::AppState,
};

/// Returns the route.
pub fn routes(site: &AppState) -> Router<AppState> {
    let [(_, light), _] = SURFACE;
    let icon = |file: &str, size: &str, purpose: &str| json!({ "src": file, "sizes": size, "type": "image/png", "purpose": purpose });
    let manifest = json!({
        "name": site.config.site.name,
        "start_url": "/",
        "display": "browser",
        "background_color": light,
        "theme_color": light,
        "icons": [icon("/icon-192.png", "192x192", "any"), icon("/icon-512.png", "512x512", "maskable")],
    })
    .to_string();
    let kind = content_type(WEB_MANIFEST).unwrap_or_default();
    let file = get(move || async move { ([(header::CONTENT_TYPE, kind)], manifest).into_response() });
    with_caching(Router::new().route(WEB_MANIFEST, file), REVALIDATE)
}
