//! SQL for the export of a member's data. This store reads the tables of other features: if each
//! feature contributed its own part, nobody would notice a missing one. `tests/http/export.rs`
//! compares it with the schema.

use serde_json::Value;
use sqlx::{
    AnyConnection, Column, Error, Row, TypeInfo, ValueRef,
    any::{AnyRow, AnyTypeInfoKind},
};
use tokio_stream::{Stream, StreamExt};

use crate::base::{member::UserId, moment::moment};

/// A part of the export: its name, and its statement. Hashes and other secrets are left out: they
/// are of no use to the member, but of much to anybody else who gets the file.
pub struct Part {
    pub name: &'static str,
    sql: &'static str,
}

/// The member's own row.
pub const ACCOUNT: Part = Part {
    name: "account",
    sql: "SELECT username, first_name, last_name, email, email_verified_at, is_active, is_staff, is_superuser, date_joined, \
          last_login, delete_after FROM users WHERE id = $1",
};

/// The parts with any number of rows.
pub const LISTS: &[Part] = &[
    Part {
        name: "groups",
        sql: "SELECT groups.name FROM group_members JOIN groups ON groups.id = group_members.group_id \
              WHERE group_members.user_id = $1 ORDER BY groups.name_key",
    },
    Part {
        name: "permissions",
        sql: "SELECT codename FROM user_permissions WHERE user_id = $1 ORDER BY codename",
    },
    // Without the staff member's name, which is that person's data.
    Part {
        name: "changes_by_staff",
        sql: "SELECT at, what, old_value, new_value FROM changes WHERE object_kind = 'user' AND object_id = $1 ORDER BY id",
    },
    // The origin of an imported account.
    Part {
        name: "imported_from",
        sql: "SELECT source, source_key FROM imported_users WHERE user_id = $1 ORDER BY source, source_key",
    },
    Part {
        name: "sessions",
        sql: "SELECT created_at, last_seen_at, idle_expires_at, absolute_expires_at, address, agent FROM sessions \
              WHERE user_id = $1 ORDER BY created_at, id_hash",
    },
    Part {
        name: "known_devices",
        sql: "SELECT created_at, last_login_at FROM known_devices WHERE user_id = $1 ORDER BY created_at, token_hash",
    },
    Part {
        name: "links_in_mails",
        sql: "SELECT purpose, email, created_at, expires_at, used_at FROM tokens WHERE user_id = $1 ORDER BY created_at, token_hash",
    },
    Part {
        name: "mails_to_be_sent",
        sql: "SELECT kind, address, detail, created_at, tries, next_try_at FROM mails WHERE user_id = $1 ORDER BY id",
    },
    Part {
        name: "activity",
        sql: "SELECT at, kind, detail, address, agent FROM activity WHERE user_id = $1 ORDER BY at, id",
    },
];

/// A row, with its columns in order.
pub type Fields = Vec<(String, Value)>;

/// Streams the rows of a part.
pub fn rows<'c>(
    connection: &'c mut AnyConnection,
    part: &Part,
    user: UserId,
) -> impl Stream<Item = Result<Fields, Error>> + Send + Unpin + use<'c> {
    sqlx::query(part.sql).bind(user.0).fetch(connection).map(|row| fields(&row?))
}

fn fields(row: &AnyRow) -> Result<Fields, Error> {
    row.columns()
        .iter()
        .map(|column| Ok((column.name().to_owned(), value(row, column.ordinal(), column.name())?)))
        .collect()
}

/// Converts a column. Numbers are booleans, times or numbers depending on the column's name, by the
/// conventions of `migrations/`.
fn value(row: &AnyRow, at: usize, name: &str) -> Result<Value, Error> {
    let raw = row.try_get_raw(at)?;
    if raw.is_null() || raw.type_info().is_null() {
        return Ok(Value::Null);
    }
    if raw.type_info().kind() == AnyTypeInfoKind::Text {
        return row.try_get::<String, _>(at).map(Value::from);
    }
    let number: i64 = row.try_get(at)?;
    let is_time = name == "at" || name.ends_with("_at");
    Ok(if name.starts_with("is_") {
        Value::from(number == 1)
    } else if is_time || ["date_joined", "last_login", "delete_after"].contains(&name) {
        Value::from(moment(number).iso)
    } else {
        Value::from(number)
    })
}

/// Returns the large and the small picture, if there is one.
pub async fn picture(
    connection: &mut AnyConnection,
    user: UserId,
) -> Result<Option<(Vec<u8>, Vec<u8>)>, Error> {
    sqlx::query_as("SELECT large, small FROM pictures WHERE user_id = $1")
        .bind(user.0)
        .fetch_optional(connection)
        .await
}
