//! Server functions for the activity of all users.

#![expect(missing_docs, reason = "the macro makes each argument a public field, and passes no comment on")]

use leptos::prelude::*;

use super::SiteActivityListing;
use crate::shared::{error::AppError, json::Json};

/// Loads a page of the list; `query` is the query string of the page's address.
///
/// # Errors
/// [`AppError::SignedOut`] or [`AppError::Forbidden`] without the permission;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "admin/activity", output = Json)]
pub async fn load_all_activity(#[server(default)] query: String) -> Result<SiteActivityListing, AppError> {
    use crate::{
        shared::permission::Permission,
        site::{RequestContext, current_staff},
    };

    let staff = current_staff(Permission::ViewActivity)?;
    super::service::listing(&RequestContext::current()?.site, &staff, &query).await
}
