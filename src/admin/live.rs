//! Server-sent events that keep an open page of the admin up to date.
//!
//! Each response carries the present state and ends; the browser reconnects after the `retry` time
//! in it. So an open page holds no connection, and its permission is checked every time. Like
//! `sessions::live`, the routes are outside the session layer: a page left open does not count as
//! activity and does not keep its session alive.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use axum::{
    http::HeaderMap,
    response::{Response, sse::Event},
};
use serde::Serialize;
use tokio_stream::once;

use crate::{
    accounts::identity,
    base::member::Staff,
    sessions::live::{ended, respond},
    shared::{error::AppError, json::to_json, permission::Permission},
    site::AppState,
};

/// How often a page reconnects.
const INTERVAL: Duration = Duration::from_secs(2);
/// How long a page waits before reconnecting after an error.
const SLOW_RETRY: Duration = Duration::from_secs(20);
/// Limits the load of what is slow to load: a page waits this many times as long as that took.
const COST_FACTOR: u32 = 20;

/// Responds with the state that `load` returns to staff with this permission.
pub async fn send_events<T: Serialize, F: Future<Output = Result<T, AppError>>>(
    site: &AppState,
    headers: &HeaderMap,
    permission: Permission,
    load: impl FnOnce(Staff) -> F,
) -> Response {
    let begun = Instant::now();
    let state = async {
        let member = identity::member(site, headers).await?.ok_or(AppError::SignedOut)?;
        let staff = member.require(permission)?;
        // As the guard, which is in the session layer.
        if member.must_have_second_factor() && !identity::has_both_factors(site, headers).await? {
            return Err(AppError::SecondFactorRequired);
        }
        load(staff).await
    };
    respond(once(match state.await {
        Ok(state) => Event::default()
            .retry(INTERVAL.max(begun.elapsed() * COST_FACTOR).min(SLOW_RETRY))
            .data(to_json(&state).unwrap_or_default()),
        // The page reloads on this event, and then shows the login page or the error.
        Err(AppError::SignedOut | AppError::Forbidden | AppError::SecondFactorRequired) => ended(),
        Err(_) => Event::default().retry(SLOW_RETRY),
    }))
}
