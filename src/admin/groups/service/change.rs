//! Adding, changing and deleting groups. A changed permission takes effect for all members at their
//! next request.

use super::super::store;
use super::find::{self, Group};
use crate::{
    accounts::names,
    admin::users::service::has_all,
    audit::{
        service as history,
        service::{Actor, Object},
    },
    auth::sessions::login_context::RecentAuth,
    base::{
        db::Transaction,
        id::new_id,
        member::{Permission, Rights, Staff},
        username,
    },
    shared::{
        error::AppError,
        forms::{Field, FormErrors, NAME_MAX, Problem},
    },
    site::{AppState, RequestContext},
};

fn refused(field: Field, problem: Problem) -> AppError {
    AppError::Invalid(FormErrors::one(field, problem))
}

/// Returns the name as it is stored and the key by which names are compared.
fn checked(typed: &str) -> Result<(String, String), AppError> {
    let name = names::normalize(typed);
    let found = name.chars().count();
    let problem = match names::problem(&name) {
        Some(problem) => Some(problem),
        None if found > NAME_MAX as usize => {
            Some(Problem::TooLong { max: NAME_MAX, found: u32::try_from(found).unwrap_or(u32::MAX) })
        }
        None => username::key(&name).is_empty().then_some(Problem::Required),
    };
    match problem {
        Some(problem) => Err(refused(Field::GroupName, problem)),
        None => {
            let key = username::key(&name);
            Ok((name, key))
        }
    }
}

/// Invalidates the cached data of all members, since a group can have a million of them.
fn invalidate(site: &AppState) {
    site.members.invalidate_all();
    site.cache.invalidate_everybody("a group's permissions changed");
}

async fn within_reach(transaction: &mut Transaction, staff: &Staff, id: i64) -> Result<Group, AppError> {
    let group = find::find(transaction, id).await?.ok_or(AppError::NotFound)?;
    let rights = Rights { of_groups: group.permissions.clone(), ..Rights::default() };
    if has_all(staff, &rights) { Ok(group) } else { Err(AppError::Forbidden) }
}

async fn give(
    transaction: &mut Transaction,
    staff: &Staff,
    group: i64,
    permissions: impl Iterator<Item = &Permission>,
) -> Result<Vec<(&'static str, &'static str, &'static str)>, AppError> {
    let mut changes = Vec::new();
    for permission in permissions {
        if !staff.member().may(*permission) {
            return Err(refused(Field::Form, Problem::NotYours));
        }
        if store::give(transaction, group, permission.codename()).await? {
            changes.push(("permission", "", permission.codename()));
        }
    }
    Ok(changes)
}

/// Adds a group with these permissions. Returns its id.
///
/// # Errors
/// [`AppError::Invalid`] if the name is invalid or taken, or if the caller lacks one of the
/// permissions; [`AppError::Unavailable`] when the database cannot be used.
pub async fn add(
    visit: &RequestContext,
    staff: &Staff,
    _: &RecentAuth,
    name: &str,
    permissions: &[Permission],
) -> Result<i64, AppError> {
    let (name, key) = checked(name)?;
    let now = visit.site.clock.now();
    let id = new_id(now);
    let mut transaction = visit.site.db.begin().await?;
    store::insert(&mut transaction, id, &name, &key).await?;
    let mut changes = vec![("added", "", "")];
    changes.extend(give(&mut transaction, staff, id, permissions.iter()).await?);
    let (actor, object) = (Actor::Staff(staff), Object::Group(id, &name));
    history::record(&mut transaction, now, actor, object, &changes).await?;
    transaction.commit().await?;
    Ok(id)
}

/// The submitted form of a group.
pub struct Wanted<'a> {
    /// The group's version when the form was shown.
    pub version: i64,
    /// The new name.
    pub name: &'a str,
    /// The permissions with which the form was shown.
    pub shown: &'a [Permission],
    /// The permissions that were chosen.
    pub chosen: &'a [Permission],
}

/// Changes a group unless its version has changed since the form was shown. Permissions that the
/// program does not know stay.
///
/// # Errors
/// [`AppError::Invalid`] if the form is invalid, if the group has changed since, or if the caller
/// lacks a permission that is to be granted; [`AppError::NotFound`] without such a group;
/// [`AppError::Forbidden`] if it gives permissions that the caller lacks; [`AppError::Unavailable`]
/// when the database cannot be used.
pub async fn save(
    visit: &RequestContext,
    staff: &Staff,
    _: &RecentAuth,
    id: i64,
    wanted: Wanted<'_>,
) -> Result<(), AppError> {
    let now = visit.site.clock.now();
    let mut transaction = visit.site.db.begin().await?;
    let old = within_reach(&mut transaction, staff, id).await?;
    if old.version != wanted.version {
        return Err(refused(Field::Form, Problem::ChangedMeanwhile));
    }
    let (name, key) = checked(wanted.name)?;
    let given = wanted.chosen.iter().filter(|permission| !wanted.shown.contains(permission));
    let mut changes = give(&mut transaction, staff, id, given).await?;
    for permission in wanted.shown.iter().filter(|permission| !wanted.chosen.contains(permission)) {
        if store::take(&mut transaction, id, permission.codename()).await? {
            changes.push(("permission", permission.codename(), ""));
        }
    }
    let gives_other = !changes.is_empty();
    let mut changes: Vec<(&str, &str, &str)> = changes;
    if name != old.name {
        changes.push(("name", &old.name, &name));
    }
    if changes.is_empty() {
        return Ok(());
    }
    if !store::update(&mut transaction, id, old.version, &name, &key).await? {
        return Err(refused(Field::Form, Problem::ChangedMeanwhile));
    }
    let (actor, object) = (Actor::Staff(staff), Object::Group(id, &name));
    history::record(&mut transaction, now, actor, object, &changes).await?;
    transaction.commit().await?;
    if gives_other {
        invalidate(&visit.site);
    }
    Ok(())
}

/// Deletes a group unless its version has changed since the form was shown. Its members stay, but
/// lose the permissions that it gave them.
///
/// # Errors
/// [`AppError::Invalid`] if the group has changed since; [`AppError::NotFound`] without such a
/// group; [`AppError::Forbidden`] if it gives permissions that the caller lacks;
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn delete(
    visit: &RequestContext,
    staff: &Staff,
    _: &RecentAuth,
    id: i64,
    version: i64,
) -> Result<(), AppError> {
    let mut transaction = visit.site.db.begin().await?;
    let old = within_reach(&mut transaction, staff, id).await?;
    if !store::delete(&mut transaction, id, version).await? {
        return Err(refused(Field::Form, Problem::ChangedMeanwhile));
    }
    let (actor, object) = (Actor::Staff(staff), Object::Group(id, &old.name));
    let now = visit.site.clock.now();
    history::record(&mut transaction, now, actor, object, &[("deleted", "", "")]).await?;
    transaction.commit().await?;
    invalidate(&visit.site);
    Ok(())
}
