//! SQL for the export of a member's data. What is in it is written in `migrations/`, beside the
//! tables: a view `export_NAME` for each list. `tests/http/export.rs` compares them with the
//! schema.

use serde_json::Value;
use sqlx::{
    Column, Error, Row, TypeInfo, ValueRef,
    any::{AnyRow, AnyTypeInfoKind},
};
use tokio_stream::{Stream, StreamExt};

use crate::base::{db::AnyConnection, member::UserId, moment::moment};

/// The column of each view that says whose row it is. It is not part of the export.
const OWNER: &str = "user_id";

/// A part of the export: its name, and its statement.
pub struct Part {
    pub name: String,
    sql: String,
}

/// Returns the member's own row.
pub fn account() -> Part {
    let sql = "SELECT username, first_name, last_name, time_zone, email, email_verified_at, is_active, is_staff, is_superuser, date_joined, \
               last_login, last_login_method, password_changed_at, delete_after, second_factor_required, \
                second_factor_required_at, asks_passkey \
               FROM users WHERE id = $1";
    Part { name: "account".into(), sql: sql.into() }
}

/// Returns the parts with any number of rows: a list for each view. Only the view decides which
/// columns are in it, and only this statement whose rows.
pub async fn lists(connection: &mut AnyConnection, is_embedded: bool) -> Result<Vec<Part>, Error> {
    let views = if is_embedded {
        "SELECT name FROM sqlite_master WHERE type = 'view' AND name LIKE 'export~_%' ESCAPE '~' ORDER BY name"
    } else {
        "SELECT table_name::text FROM information_schema.views \
         WHERE table_schema = current_schema() AND table_name LIKE 'export~_%' ESCAPE '~' ORDER BY 1"
    };
    let views: Vec<(String,)> = sqlx::query_as(views).fetch_all(connection).await?;
    let part = |(view,): (String,)| Part {
        name: view.strip_prefix("export_").unwrap_or(&view).to_owned(),
        sql: format!("SELECT * FROM \"{view}\" WHERE {OWNER} = $1 ORDER BY 2"),
    };
    Ok(views.into_iter().map(part).collect())
}

/// A row, with its columns in order.
pub type Fields = Vec<(String, Value)>;

/// Streams the rows of a part.
pub fn rows<'c>(
    connection: &'c mut AnyConnection,
    part: &'c Part,
    user: UserId,
) -> impl Stream<Item = Result<Fields, Error>> + Send + Unpin + use<'c> {
    // The names of views come from the schema, which only migrations write.
    sqlx::query(sqlx::AssertSqlSafe(part.sql.clone())).bind(user.0).fetch(connection).map(|row| fields(&row?))
}

fn fields(row: &AnyRow) -> Result<Fields, Error> {
    row.columns()
        .iter()
        .filter(|column| column.name() != OWNER)
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
