//! The link to create the first superuser. As with the links in mails, the token moves into a
//! cookie and the visitor to a page without it in the address. With a wrong token, or when there is
//! a superuser, link and page do not exist (404).

use std::time::Duration;

use axum::{
    Router,
    extract::{OriginalUri, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
    routing::get,
};

use super::{link_token::token_in, service};
use crate::{
    shared::{error::AppError, paths::SETUP},
    site::{AppState, cookies, response::refuse},
};

/// The route of the link.
pub const LINK: &str = "/accounts/setup/{*token}";
/// The cookie for the token of the opened link.
pub const COOKIE: &str = "link_setup";
/// Time to fill in the form.
const LIFETIME: Duration = Duration::from_secs(3600);

/// Returns the path of the link with this token.
pub fn path(token: &str) -> String {
    format!("{SETUP}/{token}")
}

/// Returns the token of the link that was opened in this browser, or an empty string. For server
/// functions.
pub fn opened() -> String {
    cookies::current(COOKIE).unwrap_or_default()
}

/// Removes the token from this browser. For server functions.
pub fn forget() {
    cookies::set_current(COOKIE, String::new(), Duration::ZERO);
}

/// Returns the route that opens the link.
pub fn routes() -> Router<AppState> {
    Router::new().route(LINK, get(open))
}

async fn open(State(site): State<AppState>, OriginalUri(uri): OriginalUri) -> Response {
    let opened = uri.path().strip_prefix(SETUP).unwrap_or_default();
    let token = token_in(opened.trim_start_matches('/')).unwrap_or_default();
    if let Err(error) = admit(&site, token).await {
        return refuse(error);
    }
    let mut headers = HeaderMap::new();
    headers.insert(header::LOCATION, HeaderValue::from_static(SETUP));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    cookies::set(&site, &mut headers, COOKIE, token.to_owned(), LIFETIME);
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// Answers the page with 404, unless the link was opened in this browser and is still good.
pub async fn closed(State(site): State<AppState>, request: Request, next: Next) -> Response {
    if request.uri().path() != SETUP {
        return next.run(request).await;
    }
    let token = cookies::read(&site, request.headers(), COOKIE).unwrap_or_default();
    match admit(&site, &token).await {
        Ok(()) => next.run(request).await,
        Err(error) => refuse(error),
    }
}

async fn admit(site: &AppState, token: &str) -> Result<(), AppError> {
    match service::may_set_up(site, token).await? {
        true => Ok(()),
        false => Err(AppError::NotFound),
    }
}
