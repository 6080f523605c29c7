//! Server functions of the timing page.

#![expect(missing_docs, reason = "the macro makes each argument a public field, and passes no comment on")]

use leptos::prelude::*;

use super::TimingsReport;
use crate::shared::{error::AppError, json::Json};

/// Loads the timings that `query`, the query of the page's address, asks for.
///
/// # Errors
/// [`AppError::SignedOut`] or [`AppError::Forbidden`] without the permission.
#[server(prefix = "/api", endpoint = "admin/timings", output = Json)]
pub async fn load_timings(#[server(default)] query: String) -> Result<TimingsReport, AppError> {
    use super::{Window, service};
    use crate::{
        shared::permission::Permission,
        site::{RequestContext, current_staff},
    };

    let (context, staff) = (RequestContext::current()?, current_staff(Permission::ViewTiming)?);
    service::report(&context.site, &staff, Window::from_query(&query)).await
}
