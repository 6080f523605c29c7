//! SQL for finding an account by its username.

use crate::base::{db::AnyConnection, member::UserId};

/// Returns the account with this username key, and the username as its owner wrote it.
pub async fn by_key(
    connection: &mut AnyConnection,
    key: &str,
) -> Result<Option<(UserId, String)>, sqlx::Error> {
    let found: Option<(i64, String)> =
        sqlx::query_as("SELECT id, username FROM users WHERE username_key = $1")
            .bind(key)
            .fetch_optional(connection)
            .await?;
    Ok(found.map(|(id, username)| (UserId(id), username)))
}
