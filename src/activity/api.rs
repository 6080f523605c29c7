//! Server functions of the activity page.

#![expect(missing_docs, reason = "the macro makes each argument a public field, and passes no comment on")]

use leptos::prelude::*;

use super::ActivityListing;
use crate::shared::{error::AppError, json::Json};

/// Returns a page of the caller's activity; `query` is the query of the page's address.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in; [`AppError::Unavailable`] when the database
/// cannot be used.
#[server(prefix = "/api", endpoint = "members/activity", output = Json)]
pub async fn load_activity(#[server(default)] query: String) -> Result<ActivityListing, AppError> {
    use crate::{
        shared::list_page::ListPage,
        site::{RequestContext, current_member},
    };

    super::service::listing(
        &RequestContext::current()?.site,
        &current_member()?,
        ListPage::from_query(&query),
    )
    .await
}
