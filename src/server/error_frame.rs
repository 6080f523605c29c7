//! Puts the member's own navigation on error pages.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};

use super::error_page::{self, Unframed};
use crate::{
    accounts::identity::{Identity, identify},
    site::AppState,
};

/// Renders an error page again with the navigation of the member who asked, and the banner if they
/// are impersonated. Error pages are also made outside the session layer: after a panic or a
/// timeout, or for a malformed request.
pub async fn frame_error_pages(State(site): State<AppState>, request: Request, next: Next) -> Response {
    let (headers, path) = (request.headers().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    let Some(unframed) = response.extensions().get::<Unframed>().cloned() else {
        return response;
    };
    match identify(&site, &headers).await {
        Ok(Some(Identity::Member(member))) => error_page::framed(&site, response, unframed, &member, &path),
        _ => response,
    }
}
