//! Server functions for groups. Each checks the caller's permission; those that change a group also
//! ask for re-authentication if the last password entry is too old.

#![expect(missing_docs, reason = "the macro makes each argument a public field, and passes no comment on")]

use leptos::prelude::*;

use super::{super::permissions::Choice, GroupDetail, Groups};
use crate::shared::{error::AppError, forms::Submission, json::Json};

/// Loads a page of the list; `query` is the query string of the page's address.
///
/// # Errors
/// [`AppError::SignedOut`] or [`AppError::Forbidden`] without the permission;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "admin/groups", output = Json)]
pub async fn load_groups(#[server(default)] query: String) -> Result<Groups, AppError> {
    use crate::{
        shared::permission::Permission,
        site::{RequestContext, current_staff},
    };

    let staff = current_staff(Permission::ViewGroup)?;
    let mut pairs = form_urlencoded::parse(query.trim_start_matches('?').as_bytes());
    let after = pairs.find(|(name, _)| name == "after").map(|(_, value)| value.into_owned());
    super::service::listing(&RequestContext::current()?.site, &staff, &after.unwrap_or_default()).await
}

/// Loads one group; the query of the page's address says which part of its history.
///
/// # Errors
/// [`AppError::SignedOut`] or [`AppError::Forbidden`] without the permission;
/// [`AppError::NotFound`] without such a group; [`AppError::Unavailable`] when the database cannot
/// be used.
#[server(prefix = "/api", endpoint = "admin/group", output = Json)]
pub async fn load_group(
    #[server(default)] id: String,
    #[server(default)] query: String,
) -> Result<GroupDetail, AppError> {
    use crate::{
        shared::permission::Permission,
        site::{RequestContext, current_staff},
    };

    let staff = current_staff(Permission::ViewGroup)?;
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    let mut pairs = form_urlencoded::parse(query.trim_start_matches('?').as_bytes());
    let before = pairs.find(|(name, _)| name == "history").and_then(|(_, value)| value.parse().ok());
    super::service::shown(&RequestContext::current()?.site, &staff, id, before).await
}

/// Lists the permissions, and which of them the caller can give to a new group.
///
/// # Errors
/// [`AppError::SignedOut`], or [`AppError::Forbidden`] without the permission.
#[server(prefix = "/api", endpoint = "admin/group_choices", output = Json)]
pub async fn load_group_choices() -> Result<Vec<Choice>, AppError> {
    use crate::{shared::permission::Permission, site::current_staff};

    let staff = current_staff(Permission::AddGroup)?;
    Ok(super::service::choices(&staff, &Default::default(), &Default::default()))
}

/// Adds a group, and redirects to its page.
///
/// # Errors
/// [`AppError::SignedOut`] or [`AppError::Forbidden`] without the permission;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "admin/add_group")]
pub async fn add_group(
    #[server(default)] group_name: String,
    #[server(default)] requires_second_factor: String,
    #[server(default)] permissions: Vec<String>,
) -> Result<Submission, AppError> {
    use super::super::staff_request::StaffRequest;
    use super::service;
    use crate::shared::paths::GROUPS;
    use crate::{shared::permission::Permission, ui::flash::Message};

    let chosen: Vec<_> = permissions.iter().filter_map(|name| Permission::from_codename(name)).collect();
    StaffRequest::open(Permission::AddGroup)?
        .answer(async |request, recent| {
            let (context, staff) = (&request.context, &request.staff);
            let is_required = !requires_second_factor.is_empty();
            let id = service::add(context, staff, recent, &group_name, is_required, &chosen).await?;
            Ok((Message::GroupAdded, format!("{GROUPS}/{id}")))
        })
        .await
}

/// Changes a group, and redirects to its page.
///
/// # Errors
/// [`AppError::SignedOut`] or [`AppError::Forbidden`] without the permission;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "admin/save_group")]
pub async fn save_group(
    #[server(default)] group: i64,
    #[server(default)] version: i64,
    #[server(default)] group_name: String,
    #[server(default)] requires_second_factor: String,
    #[server(default)] shown: String,
    #[server(default)] permissions: Vec<String>,
) -> Result<Submission, AppError> {
    use super::super::staff_request::StaffRequest;
    use super::service::{self, GroupForm};
    use crate::shared::paths::GROUPS;
    use crate::{shared::permission::Permission, ui::flash::Message};

    let shown: Vec<_> = shown.split(',').filter_map(Permission::from_codename).collect();
    let chosen: Vec<_> = permissions.iter().filter_map(|name| Permission::from_codename(name)).collect();
    let wanted = GroupForm {
        version,
        name: &group_name,
        requires_second_factor: !requires_second_factor.is_empty(),
        shown: &shown,
        chosen: &chosen,
    };
    StaffRequest::open(Permission::ChangeGroup)?
        .answer(async |request, recent| {
            service::save(&request.context, &request.staff, recent, group, wanted).await?;
            Ok((Message::GroupSaved, format!("{GROUPS}/{group}")))
        })
        .await
}

/// Deletes a group, and redirects to the list.
///
/// # Errors
/// [`AppError::SignedOut`] or [`AppError::Forbidden`] without the permission;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "admin/delete_group")]
pub async fn delete_group(
    #[server(default)] group: i64,
    #[server(default)] version: i64,
) -> Result<Submission, AppError> {
    use super::super::staff_request::StaffRequest;
    use super::service;
    use crate::shared::paths::GROUPS;
    use crate::{shared::permission::Permission, ui::flash::Message};

    StaffRequest::open(Permission::DeleteGroup)?
        .answer(async |request, recent| {
            service::delete(&request.context, &request.staff, recent, group, version).await?;
            Ok((Message::GroupDeleted, GROUPS.to_owned()))
        })
        .await
}
