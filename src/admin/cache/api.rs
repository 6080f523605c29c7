//! Server functions of the cache inspector. Those that drop entries redirect to the page that they
//! were called from.

#![expect(missing_docs, reason = "the macro makes each argument a public field, and passes no comment on")]

use leptos::prelude::*;

use super::Inspection;
use crate::shared::{error::AppError, forms::Submission, json::Json};

/// Loads the cache's state and the entries that `query`, the query of the page's address, asks for.
///
/// # Errors
/// [`AppError::SignedOut`] or [`AppError::Forbidden`] without the permission;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "admin/cache", output = Json)]
pub async fn load_cache(#[server(default)] query: String) -> Result<Inspection, AppError> {
    use super::{Query, service};
    use crate::{
        shared::permission::Permission,
        site::{RequestContext, current_staff},
    };

    let (context, staff) = (RequestContext::current()?, current_staff(Permission::ViewCache)?);
    service::inspect(&context.site, &staff, &Query::from_query(&query)).await
}

/// Drops one entry.
///
/// # Errors
/// [`AppError::SignedOut`] or [`AppError::Forbidden`] without the permission;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "admin/cache/drop_entry")]
pub async fn drop_entry(
    #[server(default)] fingerprint: String,
    #[server(default)] query: String,
) -> Result<Submission, AppError> {
    use super::{answer, service};
    use crate::{
        shared::permission::Permission,
        site::{RequestContext, current_staff},
    };

    let (context, staff) = (RequestContext::current()?, current_staff(Permission::ChangeCache)?);
    answer::answer(service::drop_entry(&context.site, &staff, &fingerprint).await, &query)
}

/// Drops every entry with this policy name.
///
/// # Errors
/// [`AppError::SignedOut`] or [`AppError::Forbidden`] without the permission;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "admin/cache/drop_name")]
pub async fn drop_name(
    #[server(default)] name: String,
    #[server(default)] query: String,
) -> Result<Submission, AppError> {
    use super::{answer, service};
    use crate::{
        shared::permission::Permission,
        site::{RequestContext, current_staff},
    };

    let (context, staff) = (RequestContext::current()?, current_staff(Permission::ChangeCache)?);
    let dropped = service::drop_several(&context.site, &staff, service::Several::Named(&name));
    answer::answer(dropped.await, &query)
}

/// Drops every entry of a member, who is given by username.
///
/// # Errors
/// [`AppError::SignedOut`] or [`AppError::Forbidden`] without the permission;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "admin/cache/drop_member")]
pub async fn drop_member(
    #[server(default)] member: String,
    #[server(default)] query: String,
) -> Result<Submission, AppError> {
    use super::{answer, service};
    use crate::{
        shared::permission::Permission,
        site::{RequestContext, current_staff},
    };

    let (context, staff) = (RequestContext::current()?, current_staff(Permission::ChangeCache)?);
    let dropped = service::drop_several(&context.site, &staff, service::Several::OfMember(member.trim()));
    answer::answer(dropped.await, &query)
}

/// Drops every entry.
///
/// # Errors
/// [`AppError::SignedOut`] or [`AppError::Forbidden`] without the permission;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "admin/cache/drop_all")]
pub async fn drop_all(#[server(default)] query: String) -> Result<Submission, AppError> {
    use super::{answer, service};
    use crate::{
        shared::permission::Permission,
        site::{RequestContext, current_staff},
    };

    let (context, staff) = (RequestContext::current()?, current_staff(Permission::ChangeCache)?);
    let dropped = service::drop_several(&context.site, &staff, service::Several::All);
    answer::answer(dropped.await, &query)
}
