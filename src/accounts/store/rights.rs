//! SQL to read an account's permissions from `user_permissions`, `group_members` and
//! `group_permissions`.

use sqlx::FromRow;

use super::factors::second_factor;
use crate::base::{
    clock::Millis,
    db::AnyConnection,
    member::{Rights, UserId},
};

/// The codenames granted to the account `$1` and to its groups.
macro_rules! given {
    () => {
        "SELECT codename, CAST(0 AS BIGINT) AS is_of_group FROM user_permissions WHERE user_id = $1 \
         UNION ALL SELECT group_permissions.codename, CAST(1 AS BIGINT) AS is_of_group FROM group_members \
         JOIN group_permissions ON group_permissions.group_id = group_members.group_id WHERE group_members.user_id = $1"
    };
}

/// Whether a group of the account of the row `users` requires a second factor.
macro_rules! group_requires {
    () => {
        "CAST(CASE WHEN EXISTS (SELECT 1 FROM group_members JOIN groups ON groups.id = group_members.group_id \
         WHERE group_members.user_id = users.id AND groups.requires_second_factor = 1) THEN 1 ELSE 0 END AS BIGINT)"
    };
}

/// An account as every signed-in request needs it, once for each of its permissions.
#[derive(FromRow)]
struct MemberRow {
    username: String,
    first_name: String,
    last_name: String,
    session_stamp: Vec<u8>,
    is_staff: i64,
    is_superuser: i64,
    has_second_factor: i64,
    group_requires: i64,
    is_required: i64,
    required_at: Option<Millis>,
    picture_version: Option<i64>,
    time_zone: Option<String>,
    codename: Option<String>,
    is_of_group: Option<i64>,
}

/// Returns the codenames granted to an account and to its groups.
pub async fn given(connection: &mut AnyConnection, id: UserId) -> Result<Rights, sqlx::Error> {
    let rows: Vec<(String, i64)> = sqlx::query_as(given!()).bind(id.0).fetch_all(connection).await?;
    let mut rights = Rights::default();
    rows.into_iter().for_each(|(codename, is_of_group)| add(&mut rights, codename, is_of_group == 1));
    Ok(rights)
}

/// An active account.
pub struct ActiveMember {
    pub username: String,
    pub first_name: String,
    pub last_name: String,
    pub session_stamp: Vec<u8>,
    /// All but when the second factor is due.
    pub rights: Rights,
    /// Whether one of its groups requires a second factor.
    pub group_requires: bool,
    /// Whether it was last found to need one.
    pub is_required: bool,
    /// When it was first found to need one.
    pub required_at: Option<Millis>,
}

/// Returns an active account. One query, because on SQLite each is a way to another thread and
/// back.
pub async fn active_member(
    connection: &mut AnyConnection,
    id: UserId,
    party: &str,
) -> Result<Option<ActiveMember>, sqlx::Error> {
    let mut rows: Vec<MemberRow> = sqlx::query_as(concat!(
        "SELECT username, first_name, last_name, session_stamp, is_staff, is_superuser, picture_version, ",
        second_factor!("$2"),
        " AS has_second_factor, second_factor_required AS is_required, second_factor_required_at AS required_at, time_zone, ",
        group_requires!(),
        " AS group_requires, codename, is_of_group FROM users LEFT JOIN (",
        given!(),
        ") AS given ON 1 = 1 WHERE users.id = $1 AND users.is_active = 1"
    ))
    .bind(id.0)
    .bind(party)
    .fetch_all(connection)
    .await?;
    let mut rights = Rights::default();
    for row in &mut rows {
        if let Some(codename) = row.codename.take() {
            add(&mut rights, codename, row.is_of_group == Some(1));
        }
    }
    Ok(rows.pop().map(|row| {
        (rights.is_staff, rights.is_superuser) = (row.is_staff == 1, row.is_superuser == 1);
        rights.has_second_factor = row.has_second_factor == 1;
        rights.picture = row.picture_version;
        rights.time_zone = row.time_zone;
        ActiveMember {
            username: row.username,
            first_name: row.first_name,
            last_name: row.last_name,
            session_stamp: row.session_stamp,
            rights,
            group_requires: row.group_requires == 1,
            is_required: row.is_required == 1,
            required_at: row.required_at,
        }
    }))
}

/// Records whether the account was found to need a second factor, and when first. Keeps an earlier
/// time, but for one after `latest`, which was written while the clock was ahead.
pub async fn set_required(
    connection: &mut AnyConnection,
    id: UserId,
    is_required: bool,
    now: Millis,
    latest: Millis,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE users SET second_factor_required = $2, second_factor_required_at = CASE WHEN $2 = 1 \
         AND (second_factor_required_at IS NULL OR second_factor_required_at > $4) THEN $3 \
         ELSE second_factor_required_at END WHERE id = $1",
    )
    .bind(id.0)
    .bind(i64::from(is_required))
    .bind(now)
    .bind(latest)
    .execute(connection)
    .await
    .map(drop)
}

fn add(rights: &mut Rights, codename: String, is_of_group: bool) {
    let set = if is_of_group { &mut rights.of_groups } else { &mut rights.own };
    set.insert(codename);
}
