//! Server-sent events that keep an open inspector up to date.
//!
//! Each response carries the present state and ends; the browser reconnects after the `retry` time
//! in it. So an open page holds no connection, and its permission is checked every time. Like
//! `sessions::live`, the route is outside the session layer: an inspector left open does not count
//! as activity and does not keep its session alive.

use std::time::{Duration, Instant};

use axum::{
    Router,
    extract::{RawQuery, State},
    http::HeaderMap,
    response::{Response, sse::Event},
    routing::get,
};
use tokio_stream::once;

use super::{Query, service};
use crate::{
    accounts::identity,
    sessions::live::{ended, respond},
    shared::{error::AppError, json::to_json, paths::CACHE_STREAM, permission::Permission},
    site::AppState,
};

/// How often a page reconnects.
const INTERVAL: Duration = Duration::from_secs(2);
/// How long a page waits before reconnecting after an error.
const LATER: Duration = Duration::from_secs(20);
/// Limits the load on a backend that is slow to list: a page waits this many times as long as
/// listing took.
const SHARE: u32 = 20;

/// Returns the router with the event stream.
pub fn routes() -> Router<AppState> {
    Router::new().route(CACHE_STREAM, get(tell))
}

async fn tell(State(site): State<AppState>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let begun = Instant::now();
    let state = async {
        let member = identity::member(&site, &headers).await?.ok_or(AppError::SignedOut)?;
        let staff = member.require(Permission::ViewCache)?;
        // As the guard, which is in the session layer.
        if member.must_have_second_factor() && !identity::has_both_factors(&site, &headers).await? {
            return Err(AppError::SecondFactorRequired);
        }
        service::inspect(&site, &staff, &Query::from_query(&query.unwrap_or_default())).await
    };
    respond(once(match state.await {
        Ok(state) => Event::default()
            .retry(INTERVAL.max(begun.elapsed() * SHARE).min(LATER))
            .data(to_json(&state).unwrap_or_default()),
        // The page reloads on this event, and then shows the login page or the error.
        Err(AppError::SignedOut | AppError::Forbidden | AppError::SecondFactorRequired) => ended(),
        Err(_) => Event::default().retry(LATER),
    }))
}
