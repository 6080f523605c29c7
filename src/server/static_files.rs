//! Files served as they are. Their routes stand outside of the session layer, so that no file ever asks for a session.

use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::{self, Next},
};
use tower_http::services::{ServeDir, ServeFile};

use super::{Site, assets::PKG_DIR};
use crate::timing::layer::Quiet;

/// For a name that changes with the content.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// For a name that does not: the browser asks again, which costs a 304.
const ASK_AGAIN: &str = "no-cache";

/// A route for the built files and one for each file beside them.
pub fn routes(site: &Site) -> Router<Site> {
    let root = &site.config.server.site_root;
    let built = ServeDir::new(root.join(PKG_DIR)).precompressed_br().precompressed_gzip();
    let built = Router::new().nest_service(&format!("/{PKG_DIR}"), built);
    let mut others = Router::new();
    for name in &site.assets.files {
        let file = ServeFile::new(root.join(name)).precompressed_br().precompressed_gzip();
        others = others.route_service(&format!("/{name}"), file);
    }
    with_caching(built, if site.assets.hashed { FOR_EVER } else { ASK_AGAIN })
        .merge(with_caching(others, ASK_AGAIN))
}

fn with_caching(files: Router<Site>, caching: &'static str) -> Router<Site> {
    files.layer(middleware::from_fn(move |request: Request, next: Next| async move {
        let mut response = next.run(request).await;
        if response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED {
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
            // The same address answers in Brotli, in gzip, or as it is.
            response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        response.extensions_mut().insert(Quiet);
        response
    }))
}
