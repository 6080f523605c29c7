//! A page of the list of users.

use std::collections::HashMap;

use super::super::{
    Choices, Found, GroupChoice, Line, Listing,
    filter::{By, Cursor, Fact, Filter, Place, Sort},
    search::Search,
    store::{
        LineRow,
        counts::{self, Count},
        list::{self, Page},
        plan::{MOST, Plan, Source},
    },
};
use crate::{
    admin::groups,
    error::AppError,
    member::Staff,
    server::{Site, moment::moment, sql::Sql},
};

/// Lines on a page.
const PAGE: usize = 100;
/// Of more than so many rows the counts are put together.
const ROWS_OF_COUNTS: i64 = 5000;

/// What was found out about a list before it is read.
pub(super) struct Look {
    pub source: Source,
    pub found: Found,
    /// Of the users that fit the search, or of all: none where too many fit to be counted.
    pub counts: Option<Vec<Count>>,
    pub total: i64,
    /// Wanted, and there is somebody.
    pub facets: Vec<i64>,
}

/// A page of the list that this query asks for.
///
/// # Errors
/// An outage.
pub async fn listing(site: &Site, _: &Staff, query: &str) -> Result<Listing, AppError> {
    let (filter, place) = Filter::from_query(query);
    let search = Search::parse(&filter.search);
    let look = look(site, &filter, search.as_ref()).await?;
    let plan = look.plan(site, &filter, search.as_ref());
    let (rows, has_previous, has_next) = read(site, &plan, filter.sort, &place).await?;
    let cursor = |row: &LineRow| Cursor { key: row.sort_key.clone(), id: row.id };
    // A page without lines, past the end, leads back to the beginning.
    let previous = has_previous.then(|| rows.first().map_or(Place::First, |row| Place::Before(cursor(row))));
    let next = rows.last().filter(|_| has_next).map(|row| Place::After(cursor(row)));
    let choices = choices(site, &filter, look.counts.as_deref()).await?;
    Ok(Listing {
        filter,
        lines: rows.into_iter().map(line).collect(),
        found: look.found,
        total: look.total,
        choices,
        previous,
        next,
    })
}

impl Look {
    pub fn plan<'a>(&'a self, site: &Site, filter: &Filter, search: Option<&'a Search>) -> Plan<'a> {
        Plan {
            is_embedded: site.db.is_embedded(),
            facets: &self.facets,
            group: filter.group,
            search,
            source: self.source,
        }
    }
}

/// Counts first: the numbers say by which way the list is read.
pub(super) async fn look(site: &Site, filter: &Filter, search: Option<&Search>) -> Result<Look, AppError> {
    let mut connection = site.db.read().await?;
    let (all, stored) = counts::all(&mut connection).await?;
    if stored > ROWS_OF_COUNTS && !site.db.is_embedded() {
        tokio::spawn(fold_now(site.clone()));
    }
    let total = sum(&all, None, &Filter::default().facets());
    let wanted = filter.facets();
    let of_group = filter.group.unwrap_or(0);
    let facets: Vec<i64> = all
        .iter()
        .filter(|count| count.group == of_group && wanted.contains(&count.facet))
        .map(|count| count.facet)
        .collect();
    let without_search = sum(&all, filter.group, &facets);
    let Some(search) = search else {
        let found = Found::Exactly(without_search);
        return Ok(Look { source: Source::Sorted, found, counts: Some(all), total, facets });
    };
    let of_everybody = Plan {
        is_embedded: site.db.is_embedded(),
        facets: &[],
        group: None,
        search: Some(search),
        source: Source::Matches,
    };
    let matching = counts::of_matches(&mut connection, &matches_by_facet(&of_everybody, search)).await?;
    if matching.iter().map(|one| one.looked_at).sum::<i64>() <= MOST {
        let mut counted: Vec<Count> = matching.into_iter().map(|one| one.fitting).collect();
        counted.extend(counts::of_groups(&mut connection, &matches_by_group(&of_everybody, search)).await?);
        let found = Found::Exactly(sum(&counted, filter.group, &facets));
        return Ok(Look { source: Source::Matches, found, counts: Some(counted), total, facets });
    }
    if without_search <= MOST {
        let few = Plan { facets: &facets, group: filter.group, source: Source::Few, ..of_everybody };
        let mut sql = Sql::new("SELECT CAST(0 AS BIGINT), users.facet, CAST(COUNT(*) AS BIGINT)");
        few.push_from_where(&mut sql);
        sql.push(" GROUP BY users.facet");
        let fitting = counts::of_groups(&mut connection, &sql).await?;
        let found = Found::Exactly(sum(&fitting, None, &facets));
        return Ok(Look { source: Source::Few, found, counts: None, total, facets });
    }
    Ok(Look { source: Source::Stream, found: Found::MoreThan(MOST), counts: None, total, facets })
}

/// Of the users that may fit, and of those that do.
fn matches_by_facet(plan: &Plan<'_>, search: &Search) -> Sql {
    let mut sql = Sql::new("SELECT users.facet, CAST(COUNT(*) AS BIGINT), CAST(SUM(CASE WHEN 1 = 1");
    plan.push_likes(&mut sql);
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
    plan.push_likes(&mut sql);
    sql.push(" GROUP BY group_members.group_id, users.facet");
    sql
}

fn sum(counts: &[Count], group: Option<i64>, facets: &[i64]) -> i64 {
    let group = group.unwrap_or(0);
    let of_these = counts.iter().filter(|one| one.group == group && facets.contains(&one.facet));
    of_these.map(|one| one.count).sum()
}

/// The lines of a page in their order, and whether there is something before and after them.
async fn read(
    site: &Site,
    plan: &Plan<'_>,
    sort: Sort,
    place: &Place,
) -> Result<(Vec<LineRow>, bool, bool), AppError> {
    // Too many to be sorted are shown as they were made.
    let sort = match plan.source {
        Source::Stream => Sort { by: By::Joined, descending: sort.by != By::Joined || sort.descending },
        _ => sort,
    };
    // One more than is shown tells whether there is another page.
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let mut connection = site.db.read().await?;
    if let Place::Before(first) = place {
        let turned = Sort { descending: !sort.descending, ..sort };
        let page = Page { sort: turned, from: Some(first), limit };
        let mut rows = list::lines(&mut connection, &list::statement(plan, &page)).await?;
        // Fewer are no page of their own: what follows then is the first one.
        if rows.len() > PAGE {
            rows.truncate(PAGE);
            rows.reverse();
            return Ok((rows, true, true));
        }
    }
    let from = if let Place::After(last) = place { Some(last) } else { None };
    let page = Page { sort, from, limit };
    let mut rows = list::lines(&mut connection, &list::statement(plan, &page)).await?;
    let has_next = rows.len() > PAGE;
    rows.truncate(PAGE);
    Ok((rows, from.is_some(), has_next))
}

fn line(row: LineRow) -> Line {
    let names = [row.first_name, row.last_name];
    Line {
        id: row.id,
        username: row.username,
        name: names.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(" "),
        email: row.email,
        facts: Fact::ALL.map(|fact| row.facet & fact.bit() != 0),
        joined: moment(row.date_joined),
        seen: row.last_login.map(moment),
    }
}

async fn choices(site: &Site, filter: &Filter, counts: Option<&[Count]>) -> Result<Choices, AppError> {
    let count = |filter: &Filter| counts.map(|counts| sum(counts, filter.group, &filter.facets()));
    let facts =
        Fact::ALL.map(|fact| [None, Some(true), Some(false)].map(|answer| count(&filter.with(fact, answer))));
    let groups = groups::service::names(site, filter.group)
        .await?
        .into_iter()
        .map(|(id, name)| GroupChoice { id, name, count: count(&filter.with_group(Some(id))) })
        .collect();
    Ok(Choices { facts, everybody: count(&filter.with_group(None)), groups })
}

/// How many belong to each group.
///
/// # Errors
/// An outage.
pub async fn members_of_groups(site: &Site) -> Result<HashMap<i64, i64>, AppError> {
    let (all, _) = counts::all(&mut *site.db.read().await?).await?;
    let mut members = HashMap::new();
    for one in all.iter().filter(|one| one.group != 0) {
        *members.entry(one.group).or_default() += one.count;
    }
    Ok(members)
}

async fn fold_now(site: Site) {
    if let Err(error) = fold_counts(&site).await {
        tracing::warn!(%error, "The counts of users could not be put together");
    }
}

/// Puts the rows of the counts together, where they are many.
///
/// # Errors
/// An outage.
pub async fn fold_counts(site: &Site) -> Result<(), AppError> {
    if site.db.is_embedded() {
        return Ok(());
    }
    let mut transaction = site.db.begin().await?;
    counts::fold(&mut transaction).await?;
    Ok(transaction.commit().await?)
}
