//! Security headers on every response. A page brings its own Content-Security-Policy with its nonce
//! (`shell`); every other response gets one that allows no scripts.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

use crate::site::AppState;

/// The policy of responses that are not pages of the app. Error pages need their stylesheet and
/// icon.
const STRICT_CSP: &str = "default-src 'none'; style-src 'self'; img-src 'self'; manifest-src 'self'; base-uri 'none'; \
                          form-action 'none'; \
                          frame-ancestors 'none'";

/// Measured with Mozilla's HTTP Observatory: A+. The referrer policy
/// `same-origin` hides our paths from other sites but not from our own server.
const HEADERS: [(HeaderName, &str); 8] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), publickey-credentials-create=(self), \
         publickey-credentials-get=(self), usb=()",
    ),
    (HeaderName::from_static("x-permitted-cross-domain-policies"), "none"),
];

const HSTS: &str = "max-age=63072000; includeSubDomains";

/// Returns the Content-Security-Policy of a page with this nonce. `wasm-unsafe-eval` allows
/// WebAssembly but not JavaScript's `eval`.
pub fn page_csp(nonce: &str, is_watched: bool) -> String {
    // `cargo leptos watch` reloads the page through a web socket on another port.
    let reload = if is_watched { " ws:" } else { "" };
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; \
         font-src 'self'; connect-src 'self'{reload}; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
         object-src 'none'"
    )
}

/// Adds the security headers to the response.
pub async fn security_headers(State(site): State<AppState>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    add(&site, response.headers_mut());
    response
}

/// Adds the security headers to a response that does not go through the layers.
pub fn add(site: &AppState, headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(STRICT_CSP));
    // Shared caches may never store a response unless it says otherwise: a page contains its nonce
    // and its visitor's navigation.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    if site.is_https() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
    }
}
