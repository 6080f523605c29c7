//! Static files. Their routes are outside the session layer, so no file loads a session.

use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{self, Next},
};
use tower_http::services::{ServeDir, ServeFile};

use crate::{base::assets::PKG_DIR, site::AppState, timing::layer::Quiet};

/// For names that change with their content.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// For names that do not: the browser revalidates, which costs a 304.
pub(super) const REVALIDATE: &str = "no-cache";

/// Bytes of a file that are read at a time. They stay in memory until sent, and clients can leave
/// them unread: with the library's 64 KiB, five hundred such clients took 200 MiB.
const CHUNK: usize = 16 * 1024;

/// Returns routes for the built files and for the files beside them.
pub fn routes(site: &AppState) -> Router<AppState> {
    let root = &site.config.server.site_root;
    let built = |path: &str| {
        let folder = ServeDir::new(root.join(PKG_DIR));
        Router::new()
            .nest_service(path, folder.precompressed_br().precompressed_gzip().with_buf_chunk_size(CHUNK))
    };
    let mut named = built(&format!("/{PKG_DIR}"));
    for name in &site.assets.files {
        let file = ServeFile::new(root.join(name))
            .precompressed_br()
            .precompressed_gzip()
            .with_buf_chunk_size(CHUNK);
        named = named.route_service(&format!("/{name}"), file);
    }
    let named = with_caching(named, REVALIDATE);
    match &site.assets.hashed_folder {
        Some(folder) => named.merge(with_caching(built(folder), IMMUTABLE)),
        None => named,
    }
}

pub(super) fn with_caching(files: Router<AppState>, caching: &'static str) -> Router<AppState> {
    files.layer(middleware::from_fn(move |request: Request, next: Next| async move {
        let mut response = next.run(request).await;
        if response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED {
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
            // The same address answers in Brotli, in gzip, or uncompressed.
            response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        set_charset(response.headers_mut());
        response.extensions_mut().insert(Quiet);
        response
    }))
}

/// Adds `charset=utf-8`: all our text files are UTF-8, and the type guessed from a file's name
/// lacks it.
fn set_charset(headers: &mut HeaderMap) {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("text/")
        && !kind.contains("charset")
        && let Ok(kind) = HeaderValue::try_from(format!("{kind}; charset=utf-8"))
    {
        headers.insert(header::CONTENT_TYPE, kind);
    }
}
