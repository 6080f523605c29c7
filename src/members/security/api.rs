//! The server function of the security page.

use leptos::prelude::*;

use super::Security;
use crate::shared::{error::AppError, json::Json};

/// Loads what protects the caller's account.
///
/// # Errors
/// [`AppError::SignedOut`] without a session; [`AppError::ClosedWhileActing`] during an
/// impersonation; [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "members/security", output = Json)]
pub async fn load_security() -> Result<Security, AppError> {
    use crate::site::{RequestContext, current_member};

    super::service::security(&RequestContext::current()?.site, &current_member()?).await
}
