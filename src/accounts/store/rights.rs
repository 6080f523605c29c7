//! SQL to read an account's permissions from `user_permissions`, `group_members` and
//! `group_permissions`.

use sqlx::{AnyConnection, FromRow};

use super::factors::second_factor;
use crate::base::member::{Rights, UserId};

/// The codenames granted to the account `$1` and to its groups.
macro_rules! given {
    () => {
        "SELECT codename, CAST(0 AS BIGINT) AS is_of_group FROM user_permissions WHERE user_id = $1 \
         UNION ALL SELECT group_permissions.codename, CAST(1 AS BIGINT) AS is_of_group FROM group_members \
         JOIN group_permissions ON group_permissions.group_id = group_members.group_id WHERE group_members.user_id = $1"
    };
}

/// An account as every signed-in request needs it, once for each of its permissions.
#[derive(FromRow)]
struct MemberRow {
    username: String,
    session_stamp: Vec<u8>,
    is_staff: i64,
    is_superuser: i64,
    has_second_factor: i64,
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

/// Returns the name, the session stamp and the rights of an active account. One query, because on
/// SQLite each is a way to another thread and back.
pub async fn active_member(
    connection: &mut AnyConnection,
    id: UserId,
) -> Result<Option<(String, Vec<u8>, Rights)>, sqlx::Error> {
    let mut rows: Vec<MemberRow> = sqlx::query_as(concat!(
        "SELECT username, session_stamp, is_staff, is_superuser, ",
        second_factor!(),
        " AS has_second_factor, codename, is_of_group FROM users LEFT JOIN (",
        given!(),
        ") AS given ON 1 = 1 WHERE users.id = $1 AND users.is_active = 1"
    ))
    .bind(id.0)
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
        (row.username, row.session_stamp, rights)
    }))
}

fn add(rights: &mut Rights, codename: String, is_of_group: bool) {
    let set = if is_of_group { &mut rights.of_groups } else { &mut rights.own };
    set.insert(codename);
}
