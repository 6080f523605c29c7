//! Counts of users by group and facet, which the database keeps up to date (`migrations/*/0005`).

use crate::base::{db::AnyConnection, sql::Sql};

/// The number of users in a group, or of all users (group 0), with one facet.
pub struct Count {
    pub group: i64,
    pub facet: i64,
    pub count: i64,
}

/// Returns all counts, and the number of rows that hold them.
pub async fn all(connection: &mut AnyConnection) -> Result<(Vec<Count>, i64), sqlx::Error> {
    let rows: Vec<(i64, i64, i64, i64)> = sqlx::query_as(
        "SELECT group_id, facet, CAST(SUM(count) AS BIGINT), CAST(COUNT(*) AS BIGINT) FROM user_counts GROUP BY group_id, facet",
    )
    .fetch_all(connection)
    .await?;
    let stored = rows.iter().map(|row| row.3).sum();
    let counts = rows.into_iter().map(|(group, facet, count, _)| Count { group, facet, count });
    Ok((counts.filter(|count| count.count > 0).collect(), stored))
}

/// Merges the rows for the same group and facet. PostgreSQL only: SQLite has one row for each.
pub async fn fold(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    sqlx::query(
        "WITH gone AS (DELETE FROM user_counts RETURNING group_id, facet, count) \
         INSERT INTO user_counts SELECT group_id, facet, SUM(count) FROM gone GROUP BY group_id, facet HAVING SUM(count) <> 0",
    )
    .execute(connection)
    .await
    .map(drop)
}

/// For one facet: how many users the index found for a search, and how many of those match.
pub struct Matching {
    pub looked_at: i64,
    pub fitting: Count,
}

/// Counts the users that the index found for a search, by facet.
pub async fn of_matches(connection: &mut AnyConnection, sql: Sql) -> Result<Vec<Matching>, sqlx::Error> {
    let rows: Vec<(i64, i64, i64)> = sql.query_as().fetch_all(connection).await?;
    let matching =
        |(facet, looked_at, count)| Matching { looked_at, fitting: Count { group: 0, facet, count } };
    Ok(rows.into_iter().map(matching).collect())
}

/// Counts the users that match a search, by group and facet.
pub async fn of_groups(connection: &mut AnyConnection, sql: Sql) -> Result<Vec<Count>, sqlx::Error> {
    let rows: Vec<(i64, i64, i64)> = sql.query_as().fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(group, facet, count)| Count { group, facet, count }).collect())
}
