//! Groups in lists.

use super::super::{Choice, GroupDetail, GroupLine, Groups, store};
use super::find::{self, Group};
use crate::{
    admin::users::service as users,
    audit::{service as history, service::Object},
    base::member::{Permission, Rights, Staff},
    shared::error::AppError,
    site::AppState,
};

/// More are not offered for a choice: their pages lead to their members.
const CHOICES: i64 = 300;
/// Lines on a page.
const PAGE: usize = 100;

/// Ids and names of the groups, to choose from, and of the chosen one in any case.
///
/// # Errors
/// An outage.
pub async fn names(site: &AppState, chosen: Option<i64>) -> Result<Vec<(i64, String)>, AppError> {
    let mut connection = site.db.read().await?;
    let mut names = store::names(&mut connection, CHOICES).await?;
    if let Some(chosen) = chosen.filter(|chosen| names.iter().all(|(id, _)| id != chosen)) {
        let group = store::find(&mut connection, chosen).await?;
        names.extend(group.map(|group| (group.id, group.name)));
    }
    Ok(names)
}

/// A page of the list, after this name.
///
/// # Errors
/// An outage.
pub async fn listing(site: &AppState, _: &Staff, after: &str) -> Result<Groups, AppError> {
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    // PostgreSQL takes no NUL.
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

/// One group, with the part of its history before this line.
///
/// # Errors
/// [`AppError::NotFound`], or an outage.
pub async fn shown(
    site: &AppState,
    staff: &Staff,
    id: i64,
    before: Option<i64>,
) -> Result<GroupDetail, AppError> {
    let found = find::find(&mut *site.db.read().await?, id).await?;
    let Group { name, version, permissions, .. } = found.ok_or(AppError::NotFound)?;
    let history = history::of_object(site, Object::Group(id, ""), before).await?;
    let choices = choices(staff, |name| permissions.contains(name));
    let unknown =
        permissions.iter().filter(|name| Permission::from_codename(name).is_none()).cloned().collect();
    let members = users::members_of_groups(site).await?.get(&id).copied().unwrap_or(0);
    let rights = Rights { of_groups: permissions, ..Rights::default() };
    let is_beyond = !users::has_all(staff, &rights);
    Ok(GroupDetail { id, version, name, members, permissions: choices, unknown, is_beyond, history })
}

/// Every permission that the program knows.
pub fn choices(staff: &Staff, is_given: impl Fn(&str) -> bool) -> Vec<Choice> {
    let choice = |permission: Permission| Choice {
        permission,
        is_given: is_given(permission.codename()),
        can_be_given: staff.member().may(permission),
    };
    Permission::ALL.map(choice).into()
}
