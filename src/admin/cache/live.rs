//! By what an open inspector stays up to date (server-sent events).
//!
//! Each answer tells the present state and ends; the browser asks again after the time that the answer names. So nothing is kept here
//! for an open page, and who may see it is asked each time. Like `sessions::live` it stands outside of the session layer: a forgotten
//! open inspector is no visit, and does not keep its session alive.

use std::time::{Duration, Instant};

use axum::{
    Router,
    extract::{RawQuery, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
    routing::get,
};

use super::{Query, service};
use crate::{
    accounts::identity,
    sessions::ENDED_EVENT,
    shared::{error::AppError, paths::CACHE_STREAM, permission::Permission},
    site::AppState,
    timing::layer::Quiet,
};

/// How often a page asks.
const EVERY: Duration = Duration::from_secs(2);
/// And after an outage.
const LATER: Duration = Duration::from_secs(20);
/// A backend that takes long to look through is asked so much less often: it works for one open page at most this part of its time.
const SHARE: u32 = 20;

/// The one route.
pub fn routes() -> Router<AppState> {
    Router::new().route(CACHE_STREAM, get(tell))
}

async fn tell(State(site): State<AppState>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let begun = Instant::now();
    let state = async {
        let member = identity::member(&site, &headers).await?.ok_or(AppError::SignedOut)?;
        let staff = member.require(Permission::ViewCache)?;
        service::inspect(&site, &staff, &Query::from_query(&query.unwrap_or_default())).await
    };
    answer(match state.await {
        Ok(state) => {
            let again = EVERY.max(begun.elapsed() * SHARE).min(LATER).as_millis();
            format!("retry: {again}\ndata: {}\n\n", serde_json::to_string(&state).unwrap_or_default())
        }
        // The page is loaded again, and says what there is to say.
        Err(AppError::SignedOut | AppError::Forbidden) => format!("event: {ENDED_EVENT}\ndata: no more\n\n"),
        Err(_) => format!("retry: {}\n\n", LATER.as_millis()),
    })
}

fn answer(events: String) -> Response {
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "private, no-store")];
    let mut response = (headers, events).into_response();
    response.extensions_mut().insert(Quiet);
    response
}
