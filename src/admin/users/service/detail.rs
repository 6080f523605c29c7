//! A user's page.

use super::super::{Password, User, store::user};
use super::can_manage::Target;
use crate::{
    admin::groups,
    audit::{service as history, service::Object},
    base::{
        member::{Permission, Staff, UserId},
        moment::moment,
    },
    shared::error::AppError,
    site::AppState,
};

/// Returns a user as staff see them, with the parts of the audit logs before these lines.
///
/// # Errors
/// [`AppError::NotFound`] without such a user; [`AppError::Unavailable`] when the database cannot
/// be used.
pub async fn shown(
    site: &AppState,
    staff: &Staff,
    id: UserId,
    before: Option<i64>,
    deeds_before: Option<i64>,
) -> Result<User, AppError> {
    let mut connection = site.db.read().await?;
    let target = Target::find(&mut connection, id).await?;
    let groups = user::groups(&mut connection, id).await?;
    drop(connection);
    let mut other_groups = match staff.member().may(Permission::ChangeUser) {
        true => groups::service::names_to_give(site, staff).await?,
        false => Some(Vec::new()),
    };
    if let Some(names) = &mut other_groups {
        names.retain(|name| groups.iter().all(|(_, present)| present != name));
    }
    let history = history::of_object(site, Object::User(id, ""), before).await?;
    let deeds = history::by_actor(site, id, deeds_before).await?;
    let (can_manage, is_below, Target { row, rights }) =
        (target.can_manage(staff), target.is_below(staff), target);
    let flags = [
        row.is_active == 1,
        row.is_staff == 1,
        row.is_superuser == 1,
        row.email_verified_at.is_some(),
        row.has_second_factor == 1,
    ];
    let has_deeds = row.is_staff == 1 || !deeds.lines.is_empty();
    Ok(User {
        id: row.id,
        version: row.version,
        username: row.username,
        first_name: row.first_name,
        last_name: row.last_name,
        email: row.email,
        facts: flags,
        joined: moment(row.date_joined),
        seen: row.last_login.map(moment),
        deleted_at: row.delete_after.map(moment),
        password: match row.password_kind.as_str() {
            "!" => Password::Off,
            "?" | "" => Password::None,
            _ => Password::Set,
        },
        is_below,
        permissions: groups::service::choices(staff, &rights.own, &rights.of_groups),
        unknown: rights
            .own
            .iter()
            .filter(|name| Permission::from_codename(name).is_none())
            .cloned()
            .collect(),
        groups,
        other_groups,
        can_manage,
        history,
        deeds: has_deeds.then_some(deeds),
    })
}
