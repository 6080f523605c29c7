//! Server functions on everybody's activity.

#![expect(missing_docs, reason = "the macro makes each argument a public field, and passes no comment on")]

use leptos::prelude::*;

use super::Listing;
use crate::shared::error::AppError;

/// A page of the list; the query of its address says which.
///
/// # Errors
/// Not allowed, or an outage.
#[server(prefix = "/api", endpoint = "admin/activity")]
pub async fn load_all_activity(#[server(default)] query: String) -> Result<Listing, AppError> {
    use crate::{
        shared::permission::Permission,
        site::{RequestContext, current_staff},
    };

    let staff = current_staff(Permission::ViewActivity)?;
    super::service::listing(&RequestContext::current()?.site, &staff, &query).await
}
