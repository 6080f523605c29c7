//! SQL to find demo members.

use std::collections::BTreeMap;

use sqlx::FromRow;

use crate::base::{db::AnyConnection, sql::Sql};

/// An account as a session needs it.
#[derive(FromRow)]
pub struct DemoRow {
    pub id: i64,
    pub username: String,
    pub session_stamp: Vec<u8>,
}

/// Returns those of these accounts that there are, by the key of their usernames.
pub async fn find(
    connection: &mut AnyConnection,
    names: &[String],
) -> Result<BTreeMap<String, DemoRow>, sqlx::Error> {
    let mut sql = Sql::new("SELECT id, username, session_stamp FROM users WHERE username_key IN ");
    sql.texts(names.iter().map(String::as_str));
    let rows: Vec<DemoRow> = sql.query_as().fetch_all(connection).await?;
    Ok(rows.into_iter().map(|row| (row.username.to_lowercase(), row)).collect())
}
