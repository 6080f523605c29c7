//! SQL for the numbers of the admin's start page. Each count ends at a limit: the page must not
//! wait for a million rows.

use crate::base::{clock::Millis, db::AnyConnection, id::first_id_at, sql::Sql};

/// Counts the lines of activity of this kind that were written from `from` to before `until`, by
/// the times in their ids.
pub fn activity_statement(kind: &str, from: Millis, until: Millis, limit: i64) -> Sql {
    let mut sql = Sql::new("SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT 1 FROM activity WHERE kind = ");
    sql.text(kind)
        .push(" AND id >= ")
        .number(first_id_at(from))
        .push(" AND id < ")
        .number(first_id_at(until));
    sql.push(" LIMIT ").number(limit).push(") AS found");
    sql
}

/// Counts the users who joined at `since` or later.
pub fn joined_statement(facets: &[i64], since: Millis, limit: i64) -> Sql {
    let mut sql = Sql::new("SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT 1 FROM users WHERE facet IN ");
    sql.numbers(facets.iter().copied()).push(" AND date_joined >= ").number(since);
    sql.push(" LIMIT ").number(limit).push(") AS found");
    sql
}

pub async fn count(connection: &mut AnyConnection, sql: Sql) -> Result<i64, sqlx::Error> {
    let (count,) = sql.query_as().fetch_one(connection).await?;
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{admin::users::filter::UserFilter, base::explained::Explainer};

    #[tokio::test]
    async fn each_count_is_a_range_of_an_index() {
        for mut explainer in Explainer::all().await {
            let day = activity_statement("login", 1_795_330_923_004, 1_795_417_323_004, 10_001);
            explainer.assert_uses("activity_kind", day).await;
            let week = joined_statement(&UserFilter::default().facets(), 1_795_330_923_004, 10_001);
            explainer.assert_uses("users_by_joined", week).await;
            explainer.close().await;
        }
    }
}
