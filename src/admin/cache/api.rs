//! Server functions of the inspector. What drops something leads back to the page that it was asked from.

#![expect(missing_docs, reason = "the macro makes each argument a public field, and passes no comment on")]

use leptos::prelude::*;

use super::Inspection;
use crate::shared::{error::AppError, forms::Submission};

/// What is in the cache; the query of the page's address says which part.
///
/// # Errors
/// They may not see it, or an outage.
#[server(prefix = "/api", endpoint = "admin/cache")]
pub async fn load_cache(#[server(default)] query: String) -> Result<Inspection, AppError> {
    use super::{Query, service};
    use crate::{
        shared::permission::Permission,
        site::{RequestContext, current_staff},
    };

    let (visit, staff) = (RequestContext::current()?, current_staff(Permission::ViewCache)?);
    service::inspect(&visit.site, &staff, &Query::from_query(&query)).await
}

/// Drops one entry.
///
/// # Errors
/// They may not do that, or an outage.
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

    let (visit, staff) = (RequestContext::current()?, current_staff(Permission::ChangeCache)?);
    answer::answer(service::drop_entry(&visit.site, &staff, &fingerprint).await, &query)
}

/// Drops everything of a name.
///
/// # Errors
/// They may not do that, or an outage.
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

    let (visit, staff) = (RequestContext::current()?, current_staff(Permission::ChangeCache)?);
    let dropped = service::drop_several(&visit.site, &staff, service::Several::Named(&name));
    answer::answer(dropped.await, &query)
}

/// Drops everything of a member.
///
/// # Errors
/// They may not do that, or an outage.
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

    let (visit, staff) = (RequestContext::current()?, current_staff(Permission::ChangeCache)?);
    let dropped = service::drop_several(&visit.site, &staff, service::Several::OfMember(member.trim()));
    answer::answer(dropped.await, &query)
}

/// Drops everything.
///
/// # Errors
/// They may not do that, or an outage.
#[server(prefix = "/api", endpoint = "admin/cache/drop_all")]
pub async fn drop_all(#[server(default)] query: String) -> Result<Submission, AppError> {
    use super::{answer, service};
    use crate::{
        shared::permission::Permission,
        site::{RequestContext, current_staff},
    };

    let (visit, staff) = (RequestContext::current()?, current_staff(Permission::ChangeCache)?);
    let dropped = service::drop_several(&visit.site, &staff, service::Several::All);
    answer::answer(dropped.await, &query)
}
