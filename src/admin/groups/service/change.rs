//! Adding, changing and deleting groups. Whatever changes what a group gives counts for all its members from their next request on.

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

/// The name as it is stored, and what makes it the same as another.
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

/// All its members may have lost or won something, and there may be a million of them.
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

/// Adds a group with these permissions.
///
/// # Errors
/// A refused form, also for what the caller has not themselves, or an outage.
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

/// What is to become of a group.
pub struct Wanted<'a> {
    /// The version that the form showed.
    pub version: i64,
    /// What it is called.
    pub name: &'a str,
    /// The permissions that the form was shown with.
    pub shown: &'a [Permission],
    /// Those that were chosen.
    pub chosen: &'a [Permission],
}

/// Changes a group, if nobody has since the form was shown. Names of permissions that the program does not know stay.
///
/// # Errors
/// A refused form, a group that gives more than the caller has, or an outage.
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

/// Deletes a group; its members stay, without what it gave them. If nobody has changed it since that was asked.
///
/// # Errors
/// A refused form, a group that gives more than the caller has, or an outage.
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
