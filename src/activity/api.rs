//! Server functions.

#![expect(missing_docs, reason = "the macro makes each argument a public field, and passes no comment on")]

use leptos::prelude::*;

use super::Listing;
use crate::shared::error::AppError;

/// A page of the caller's record; the query of its address says which.
///
/// # Errors
/// Nobody is signed in, or an outage.
#[server(prefix = "/api", endpoint = "members/activity")]
pub async fn load_activity(#[server(default)] query: String) -> Result<Listing, AppError> {
    use super::Place;
    use crate::site::{RequestContext, current_member};

    super::service::listing(&RequestContext::current()?.site, &current_member()?, Place::from_query(&query))
        .await
}
