//! Planning of a list of users before it is read: the counts, and the way to read it.

use super::super::{
    MatchCount,
    dates::{self, Range},
    filter::UserFilter,
    search::Search,
    store::{
        counts::{self, Count},
        plan::{MAX_COUNTED, Plan, PlanSource},
        size,
    },
};
use super::counts::fold_now;
use crate::{
    base::{db::AnyConnection, sql::Sql},
    shared::error::AppError,
    site::AppState,
};

/// Rows of counts above which they are merged.
const ROWS_OF_COUNTS: i64 = 5000;
/// Size of a list up to which every user may be examined, in any order.
const MAX_SCANNED: i64 = 60_000;

/// The counts of a list, and the way to read it.
pub struct ListPlan {
    pub source: PlanSource,
    pub found: MatchCount,
    /// Counts of the users that match the search, or of all; `None` if too many match to be
    /// counted.
    pub counts: Option<Vec<Count>>,
    pub total: i64,
    /// The facets that the filter accepts and at least one user has.
    pub facets: Vec<i64>,
    /// The times within which they joined, or last logged in.
    pub dates: Vec<Range>,
}

impl ListPlan {
    pub fn plan<'a>(&'a self, site: &AppState, filter: &UserFilter, search: Option<&'a Search>) -> Plan<'a> {
        Plan {
            is_embedded: site.db.is_embedded(),
            facets: &self.facets,
            group: filter.group,
            search,
            dates: &self.dates,
            source: self.source,
        }
    }
}

/// Counts the users first: the numbers decide how the list is read.
pub async fn look(
    site: &AppState,
    filter: &UserFilter,
    search: Option<&Search>,
) -> Result<ListPlan, AppError> {
    let mut connection = site.db.read().await?;
    let (all, stored) = counts::all(&mut connection).await?;
    if stored > ROWS_OF_COUNTS && !site.db.is_embedded() {
        tokio::spawn(fold_now(site.clone()));
    }
    let total = sum(&all, None, &UserFilter::default().facets());
    let wanted = filter.facets();
    let of_group = filter.group.unwrap_or(0);
    let dates = dates::of(filter);
    let facets: Vec<i64> = all
        .iter()
        .filter(|count| dates.is_ok() && count.group == of_group && wanted.contains(&count.facet))
        .map(|count| count.facet)
        .collect();
    // Impossible dates find nobody, also for a batch.
    let dates = dates.unwrap_or_default();
    let without_search = sum(&all, filter.group, &facets);
    if search.is_none() && dates.is_empty() {
        let found = MatchCount::Exactly(without_search);
        return Ok(ListPlan { source: PlanSource::Sorted, found, counts: Some(all), total, facets, dates });
    }
    let of_everybody = Plan {
        is_embedded: site.db.is_embedded(),
        facets: &[],
        group: None,
        search,
        dates: &dates,
        source: PlanSource::Matches,
    };
    let fitting = Plan { facets: &facets, group: filter.group, ..of_everybody };
    for range in &dates {
        let few = Plan { source: PlanSource::Dated(range.by), ..fitting };
        if size::one(&mut connection, few.count_of_few()).await? <= MAX_COUNTED {
            let found = MatchCount::Exactly(count(&mut connection, &few).await?);
            return Ok(ListPlan { source: few.source, found, counts: None, total, facets, dates });
        }
    }
    if let Some(search) = search
        && !size::are_too_many(&mut connection, &of_everybody, search, total).await?
    {
        let matching = counts::of_matches(&mut connection, matches_by_facet(&of_everybody, search)).await?;
        if matching.iter().map(|one| one.looked_at).sum::<i64>() <= MAX_COUNTED {
            let mut counted: Vec<Count> = matching.into_iter().map(|one| one.fitting).collect();
            counted
                .extend(counts::of_groups(&mut connection, matches_by_group(&of_everybody, search)).await?);
            let found = MatchCount::Exactly(sum(&counted, filter.group, &facets));
            return Ok(ListPlan {
                source: PlanSource::Matches,
                found,
                counts: Some(counted),
                total,
                facets,
                dates,
            });
        }
    }
    if without_search <= MAX_COUNTED {
        let few = Plan { source: PlanSource::Few, ..fitting };
        let found = MatchCount::Exactly(count(&mut connection, &few).await?);
        return Ok(ListPlan { source: PlanSource::Few, found, counts: None, total, facets, dates });
    }
    let source = match (dates.first(), search) {
        _ if without_search <= MAX_SCANNED => PlanSource::Sorted,
        (Some(range), _) => PlanSource::SortedBy(range.by),
        (None, Some(search)) => size::stream(&mut connection, &of_everybody, filter.group, search).await?,
        (None, None) => PlanSource::Sorted,
    };
    let is_sorted = source == PlanSource::Sorted || source == PlanSource::SortedBy(filter.sort.by);
    Ok(ListPlan {
        source,
        found: MatchCount::MoreThan { count: MAX_COUNTED, is_sorted },
        counts: None,
        total,
        facets,
        dates,
    })
}

/// Counts the few users that are examined.
async fn count(connection: &mut AnyConnection, few: &Plan<'_>) -> Result<i64, AppError> {
    let mut sql = Sql::new("SELECT CAST(COUNT(*) AS BIGINT)");
    few.push_from_where(&mut sql);
    Ok(size::one(connection, sql).await?)
}

/// Counts by facet the users that the index finds, and those of them that match.
fn matches_by_facet(plan: &Plan<'_>, search: &Search) -> Sql {
    let mut sql = Sql::new("SELECT users.facet, CAST(COUNT(*) AS BIGINT), CAST(SUM(CASE WHEN 1 = 1");
    plan.push_conditions(&mut sql);
    sql.push(" THEN 1 ELSE 0 END) AS BIGINT) FROM");
    plan.push_matches(&mut sql, search);
    sql.push(plan.join()).push("users ON users.id = matches.id GROUP BY users.facet");
    sql
}

fn matches_by_group(plan: &Plan<'_>, search: &Search) -> Sql {
    let mut sql = Sql::new("SELECT group_members.group_id, users.facet, CAST(COUNT(*) AS BIGINT) FROM");
    plan.push_matches(&mut sql, search);
    sql.push(plan.join()).push("users ON users.id = matches.id");
    sql.push(plan.join()).push("group_members ON group_members.user_id = users.id WHERE 1 = 1");
    plan.push_conditions(&mut sql);
    sql.push(" GROUP BY group_members.group_id, users.facet");
    sql
}

pub fn sum(counts: &[Count], group: Option<i64>, facets: &[i64]) -> i64 {
    let group = group.unwrap_or(0);
    let of_these = counts.iter().filter(|one| one.group == group && facets.contains(&one.facet));
    of_these.map(|one| one.count).sum()
}
