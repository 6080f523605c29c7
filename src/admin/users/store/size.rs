//! Estimates how much a search finds, as far as that decides how a list is read.

use super::super::search::{Search, Way};
use super::plan::{MAX_COUNTED, Plan, PlanSource};
use crate::base::{db::AnyConnection, sql::Sql};

/// Returns true if more than [`MAX_COUNTED`] users certainly match, where that can be told without
/// finding them all: with very many matches, finding them is what takes the time. False means
/// unknown.
pub async fn are_too_many(
    connection: &mut AnyConnection,
    of_everybody: &Plan<'_>,
    search: &Search,
    total: i64,
) -> Result<bool, sqlx::Error> {
    match search.way() {
        Way::Beginning(beginning) => {
            for begin in Plan::beginnings(&beginning) {
                if one(connection, begin).await? > MAX_COUNTED {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        // SQLite's index stops at the limit; PostgreSQL's is read to the end.
        Way::Trigrams(_) if of_everybody.is_embedded => Ok(false),
        Way::Trigrams(_) => {
            // The sample consists of pages with about thirty users each: ten pages full of matches
            // are no coincidence.
            const SAMPLE: i64 = 10_000;
            const MIN_HITS: i64 = 300;
            if total <= 2 * SAMPLE {
                return Ok(false);
            }
            let expected = MAX_COUNTED * SAMPLE / total;
            let hits = one(connection, of_everybody.count_of_sample(SAMPLE, total)).await?;
            Ok(hits > MIN_HITS.max(3 * expected))
        }
    }
}

/// Chooses the ids by which too many matches are read. SQLite's trigram index returns users in the
/// order of their ids (PostgreSQL's does not); but the members of a group may be the last of them,
/// so with very many matches the group's members are read instead.
pub async fn stream(
    connection: &mut AnyConnection,
    of_everybody: &Plan<'_>,
    group: Option<i64>,
    search: &Search,
) -> Result<PlanSource, sqlx::Error> {
    const VERY_MANY: i64 = 30_000;
    if !of_everybody.is_embedded || !matches!(search.way(), Way::Trigrams(_)) {
        return Ok(PlanSource::Stream);
    }
    if group.is_none() {
        return Ok(PlanSource::StreamOfMatches);
    }
    let matches = one(connection, of_everybody.count_of_matches(search, VERY_MANY)).await?;
    Ok(if matches < VERY_MANY { PlanSource::StreamOfMatches } else { PlanSource::Stream })
}

/// Returns the single number that a statement selects.
pub async fn one(connection: &mut AnyConnection, sql: Sql) -> Result<i64, sqlx::Error> {
    let (number,): (i64,) = sql.query_as().fetch_one(connection).await?;
    Ok(number)
}
