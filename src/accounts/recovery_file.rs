//! New recovery codes as a download. A route of its own: server functions answer forms with pages,
//! and this is a file.

use axum::{
    Extension, Router,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};

use super::{second_cookies, service::factors};
use crate::{
    base::member::Member,
    shared::paths::{CODES, CODES_FILE},
    site::{AppState, cookies},
};

/// Returns the router with the download. A GET redirects to the page with the button.
pub fn routes() -> Router<AppState> {
    Router::new().route(CODES_FILE, get(Redirect::to(CODES)).post(download))
}

/// Sends the codes that the page shows, as long as it shows them.
async fn download(
    State(site): State<AppState>,
    Extension(member): Extension<Member>,
    headers: HeaderMap,
) -> Response {
    let cookie = cookies::read(&site, &headers, second_cookies::CODES).unwrap_or_default();
    let Some(codes) = factors::unseal_for_display(&site, member.id(), &cookie) else {
        return Redirect::to(CODES).into_response();
    };
    let name = &site.config.site.name;
    let text = format!("Recovery codes of {} at {name}. Each works once.\n\n", member.username());
    let lines: String = codes.into_iter().map(|code| code + "\n").collect();
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"recovery-codes.txt\""),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
    ];
    (headers, text + &lines).into_response()
}
