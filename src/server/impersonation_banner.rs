//! The banner of acting as a member on error pages.

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

/// Error pages are also made where nobody has asked for the session yet, or nobody remembers (a panic, a time that is over, a request
/// that cannot be read). Where somebody acts as a member, these too say so.
pub async fn banner_on_error_pages(State(site): State<AppState>, request: Request, next: Next) -> Response {
    let (headers, path) = (request.headers().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    let Some(unframed) = response.extensions().get::<Unframed>().cloned() else {
        return response;
    };
    match identify(&site, &headers).await {
        Ok(Some(Identity::Member(member))) if member.acting().is_some() => {
            error_page::framed(&site, response, unframed, &member, path)
        }
        _ => response,
    }
}
