//! SQL for the table `pictures`.

use super::Size;
use crate::base::{db::AnyConnection, member::UserId};

pub async fn put(
    connection: &mut AnyConnection,
    user: UserId,
    large: &[u8],
    small: &[u8],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO pictures (user_id, large, small) VALUES ($1, $2, $3) \
         ON CONFLICT (user_id) DO UPDATE SET large = excluded.large, small = excluded.small",
    )
    .bind(user.0)
    .bind(large)
    .bind(small)
    .execute(connection)
    .await
    .map(drop)
}

/// Returns whether there was one.
pub async fn delete(connection: &mut AnyConnection, user: UserId) -> Result<bool, sqlx::Error> {
    sqlx::query("DELETE FROM pictures WHERE user_id = $1")
        .bind(user.0)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() > 0)
}

pub async fn find(
    connection: &mut AnyConnection,
    user: UserId,
    size: Size,
) -> Result<Option<Vec<u8>>, sqlx::Error> {
    let query = match size {
        Size::Large => "SELECT large FROM pictures WHERE user_id = $1",
        Size::Small => "SELECT small FROM pictures WHERE user_id = $1",
    };
    sqlx::query_scalar(query).bind(user.0).fetch_optional(connection).await
}
