//! Server functions of the admin's start page.

use leptos::prelude::*;

use super::Overview;
use crate::shared::{error::AppError, json::Json};

/// Loads what the caller may know of how the site is doing.
///
/// # Errors
/// [`AppError::SignedOut`] without a session, [`AppError::Forbidden`] for others than staff,
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "admin/overview", output = Json)]
pub async fn load_overview() -> Result<Overview, AppError> {
    use crate::site::{RequestContext, current_member};

    super::service::overview(&RequestContext::current()?, &current_member()?.staff()?).await
}
