//! Lists of groups, and a group's page.

use std::collections::BTreeSet;

use super::super::{GroupDetail, GroupLine, Groups, store};
use super::find::{self, Group};
use crate::{
    admin::{permissions::Choice, users::service as users},
    audit::{service as history, service::Object},
    base::member::{Permission, Rights, Staff},
    shared::error::AppError,
    site::AppState,
};

/// Groups offered for a choice; the others are reached from their own pages, or by name.
const CHOICES: i64 = 300;
const PAGE: usize = 100;

/// Returns ids and names of the groups to choose from, and always the chosen one.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn names(site: &AppState, chosen: Option<i64>) -> Result<Vec<(i64, String)>, AppError> {
    let mut connection = site.db.read().await?;
    let mut names = store::names(&mut connection, CHOICES).await?;
    if let Some(chosen) = chosen.filter(|chosen| names.iter().all(|(id, _)| id != chosen)) {
        let group = store::find(&mut connection, chosen).await?;
        names.extend(group.map(|group| (group.id, group.name)));
    }
    Ok(names)
}

/// Returns the names of the groups that the caller can give, sorted: they give no permission that
/// the caller lacks. Returns `None` if there are too many groups to choose from.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn names_to_give(site: &AppState, staff: &Staff) -> Result<Option<Vec<String>>, AppError> {
    let rows = store::with_permissions(&mut *site.db.read().await?, CHOICES + 1).await?;
    let mut groups: Vec<(String, Rights)> = Vec::new();
    for (name, codename) in rows {
        if groups.last().is_none_or(|(last, _)| *last != name) {
            groups.push((name, Rights::default()));
        }
        if let Some((_, rights)) = groups.last_mut() {
            rights.of_groups.extend(codename);
        }
    }
    if groups.len() as i64 > CHOICES {
        return Ok(None);
    }
    groups.retain(|(_, rights)| users::has_all(staff, rights));
    Ok(Some(groups.into_iter().map(|(name, _)| name).collect()))
}

/// Returns ids and names of all groups, sorted by name, and the numbers of their members.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn all(site: &AppState) -> Result<Vec<(i64, String, i64)>, AppError> {
    let names = store::names(&mut *site.db.read().await?, i64::MAX).await?;
    let members = users::members_of_groups(site).await?;
    let of = |id| members.get(&id).copied().unwrap_or(0);
    Ok(names.into_iter().map(|(id, name)| (id, name, of(id))).collect())
}

/// Returns the page of the list that follows the folded name `after`.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn listing(site: &AppState, _: &Staff, after: &str) -> Result<Groups, AppError> {
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    // PostgreSQL rejects NUL.
    let after = after.replace('\0', "");
    let mut rows = store::after(&mut *site.db.read().await?, &after, limit).await?;
    let has_next = rows.len() > PAGE;
    rows.truncate(PAGE);
    let next = rows.last().filter(|_| has_next).map(|last| {
        form_urlencoded::Serializer::for_suffix("?".to_owned(), 1)
            .append_pair("after", &last.name_key)
            .finish()
    });
    let members = users::members_of_groups(site).await?;
    let line = |row: store::LineRow| GroupLine {
        members: members.get(&row.id).copied().unwrap_or(0),
        id: row.id,
        name: row.name,
        permissions: row.permissions,
    };
    Ok(Groups { lines: rows.into_iter().map(line).collect(), is_later: !after.is_empty(), next })
}

/// Returns one group, with the part of its audit log before the line `before`.
///
/// # Errors
/// [`AppError::NotFound`] without such a group; [`AppError::Unavailable`] when the database cannot
/// be used.
pub async fn shown(
    site: &AppState,
    staff: &Staff,
    id: i64,
    before: Option<i64>,
) -> Result<GroupDetail, AppError> {
    let found = find::find(&mut *site.db.read().await?, id).await?;
    let Group { name, version, requires_second_factor, permissions, .. } = found.ok_or(AppError::NotFound)?;
    let history = history::of_object(site, Object::Group(id, ""), before).await?;
    let choices = choices(staff, &permissions, &BTreeSet::new());
    let unknown =
        permissions.iter().filter(|name| Permission::from_codename(name).is_none()).cloned().collect();
    let members = users::members_of_groups(site).await?.get(&id).copied().unwrap_or(0);
    let rights = Rights { of_groups: permissions, ..Rights::default() };
    let is_beyond = !users::has_all(staff, &rights);
    Ok(GroupDetail {
        id,
        version,
        name,
        members,
        requires_second_factor,
        permissions: choices,
        unknown,
        is_beyond,
        history,
    })
}

/// Returns every permission that the program knows, whether it is among these given ones and among
/// those of groups, and whether the caller can give it.
pub fn choices(staff: &Staff, given: &BTreeSet<String>, of_groups: &BTreeSet<String>) -> Vec<Choice> {
    let choice = |permission: Permission| Choice {
        permission,
        is_given: given.contains(permission.codename()),
        of_groups: of_groups.contains(permission.codename()),
        can_be_given: staff.member().may(permission),
    };
    Permission::ALL.map(choice).into()
}
