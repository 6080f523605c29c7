//! SQL for finding an account by its name.

use sqlx::AnyConnection;

use crate::member::UserId;

/// By what makes two names the same name.
pub async fn id_by_key(connection: &mut AnyConnection, key: &str) -> Result<Option<UserId>, sqlx::Error> {
    let found: Option<(i64,)> = sqlx::query_as("SELECT id FROM users WHERE username_key = $1")
        .bind(key)
        .fetch_optional(connection)
        .await?;
    Ok(found.map(|(id,)| UserId(id)))
}
