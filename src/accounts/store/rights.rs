//! SQL to read an account's permissions from `user_permissions`, `group_members` and
//! `group_permissions`.

use sqlx::AnyConnection;

use crate::base::member::{Rights, UserId};

/// Returns the codenames granted to an account and to its groups.
pub async fn given(connection: &mut AnyConnection, id: UserId) -> Result<Rights, sqlx::Error> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT codename, CAST(0 AS BIGINT) FROM user_permissions WHERE user_id = $1 \
         UNION ALL SELECT group_permissions.codename, CAST(1 AS BIGINT) FROM group_members \
         JOIN group_permissions ON group_permissions.group_id = group_members.group_id WHERE group_members.user_id = $1",
    )
    .bind(id.0)
    .fetch_all(connection)
    .await?;
    let mut rights = Rights::default();
    for (codename, is_of_group) in rows {
        let set = if is_of_group == 1 { &mut rights.of_groups } else { &mut rights.own };
        set.insert(codename);
    }
    Ok(rights)
}
