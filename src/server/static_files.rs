//! Static files. Their routes are outside the session layer, so no file loads a session.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    Router,
    body::Body,
    extract::{OriginalUri, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::page_cache::{answer::names, encoding::Encoding};
use crate::{
    base::{
        assets::{Asset, PKG_DIR},
        site_files::{content_type, required},
    },
    site::AppState,
    timing::layer::Quiet,
    ui::icon,
};

/// For names that change with their content.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// For names that do not: the browser revalidates, which costs a 304.
pub(super) const REVALIDATE: &str = "no-cache";

/// Returns routes for the built files and for the files beside them.
pub fn routes(site: &AppState) -> Router<AppState> {
    let built = |folder: &str| Router::new().route(&format!("{folder}/{{*path}}"), get(send));
    let mut named = built(&format!("/{PKG_DIR}"));
    for name in &site.assets.files {
        named = named.route(&format!("/{name}"), get(send));
    }
    let named = with_caching(named, REVALIDATE);
    match &site.assets.hashed_folder {
        Some(folder) => named.merge(with_caching(built(folder), IMMUTABLE)),
        None => named,
    }
}

/// Sends the file in the encoding that the client prefers.
async fn send(State(site): State<AppState>, OriginalUri(uri): OriginalUri, asked: HeaderMap) -> Response {
    let folder = site.assets.hashed_folder.as_deref();
    let path = match folder.and_then(|folder| uri.path().strip_prefix(folder)) {
        Some(built) => format!("{PKG_DIR}{built}"),
        None => uri.path().trim_start_matches('/').to_owned(),
    };
    // For a page of another build, while instances of both answer or after an update. It does
    // without its scripts, and this stylesheet is better than none.
    let other = || {
        let [style, ..] = required();
        path.ends_with(style.trim_start_matches(PKG_DIR)).then(|| site.assets.find(&style))?
    };
    let Some(Asset { plain, brotli, gzip, hash }) = site.assets.find(&path).or_else(other) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let (encoding, form, content) = match (Encoding::best(&asked, brotli.is_some()), brotli, gzip) {
        (Encoding::Brotli, Some(brotli), _) => (Encoding::Brotli, "-br", brotli),
        (Encoding::Gzip, _, Some(gzip)) => (Encoding::Gzip, "-gz", gzip),
        _ => (Encoding::Identity, "", plain),
    };
    let etag = format!("\"{hash}{form}\"");
    let is_known = names(&asked, &etag);
    let mut headers: HeaderMap =
        HeaderValue::try_from(etag).map(|etag| (header::ETAG, etag)).into_iter().collect();
    if is_known {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    headers.extend(encoding.header().map(|encoding| (header::CONTENT_ENCODING, encoding)));
    let kind = HeaderValue::from_static(content_type(&path).unwrap_or("application/octet-stream"));
    headers.insert(header::CONTENT_TYPE, kind);
    (headers, Body::new(Pieces(content))).into_response()
}

pub(super) fn with_caching(files: Router<AppState>, caching: &'static str) -> Router<AppState> {
    files.layer(middleware::from_fn(move |request: Request, next: Next| async move {
        // The icons' address has their version.
        let caching = if request.uri() == &*icon::address() { IMMUTABLE } else { caching };
        let mut response = next.run(request).await;
        if response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED {
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
            // The same address answers in Brotli, in gzip, or uncompressed.
            response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        response.extensions_mut().insert(Quiet);
        response
    }))
}

/// A file's content in pieces, none of them copied. In one piece, the request would count as
/// answered before the client has read anything, and its connection as one that waits.
struct Pieces(Bytes);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        const BYTES: usize = 16 * 1024;
        let length = self.0.len().min(BYTES);
        let piece = self.0.split_to(length);
        Poll::Ready((!piece.is_empty()).then(|| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.len() as u64)
    }
}
