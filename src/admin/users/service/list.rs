//! A page of the list of users.

use super::super::{
    Choices, GroupChoice, MatchCount, UserLine, UserListing, dates,
    filter::{By, Cursor, Fact, ListPage, Sort, UserFilter},
    search::Search,
    store::{
        LineRow,
        counts::Count,
        list::{self, Page},
        plan::{Plan, PlanSource},
    },
};
use super::list_plan::{ListPlan, look, sum};
use crate::{
    admin::groups,
    base::{member::Staff, moment::moment},
    shared::error::AppError,
    site::AppState,
};

/// Returns the page of the list that `query` asks for.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn listing(site: &AppState, _: &Staff, query: &str) -> Result<UserListing, AppError> {
    let (filter, place) = UserFilter::from_query(query);
    let search = Search::parse(&filter.search);
    let look = look(site, &filter, search.as_ref()).await?;
    let plan = look.plan(site, &filter, search.as_ref());
    let (rows, has_previous, has_next) = read(site, &plan, filter.sort, &place, filter.size.users()).await?;
    // A page past the end has no lines; its link back leads to the first page.
    let previous =
        has_previous.then(|| rows.first().map_or(ListPage::First, |row| ListPage::Previous(cursor(row))));
    let next = rows.last().filter(|_| has_next).map(|row| ListPage::Next(cursor(row)));
    let choices = choices(site, &filter, look.counts.as_deref()).await?;
    Ok(UserListing {
        problem: dates::of(&filter).err(),
        filter,
        lines: rows.into_iter().map(line).collect(),
        found: look.found,
        total: look.total,
        choices,
        previous,
        next,
    })
}

/// The users that a filter finds, in its order, a thousand at a time.
pub struct Batches {
    site: AppState,
    filter: UserFilter,
    search: Option<Search>,
    plan: ListPlan,
    /// Where the next batch begins, if there is one.
    next: Option<ListPage>,
}

impl Batches {
    /// Plans how the users are read.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database cannot be used.
    pub async fn of(site: &AppState, filter: UserFilter) -> Result<Self, AppError> {
        let search = Search::parse(&filter.search);
        let plan = look(site, &filter, search.as_ref()).await?;
        Ok(Self { site: site.clone(), filter, search, plan, next: Some(ListPage::First) })
    }

    /// Returns how many users the filter finds.
    pub fn found(&self) -> MatchCount {
        self.plan.found
    }

    /// Reads the next batch, or `None` after the last.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database cannot be used.
    pub async fn next(&mut self) -> Result<Option<Vec<LineRow>>, AppError> {
        const BATCH_SIZE: usize = 1000;
        let Some(place) = self.next.take() else { return Ok(None) };
        let plan = self.plan.plan(&self.site, &self.filter, self.search.as_ref());
        let (rows, _, has_next) = read(&self.site, &plan, self.filter.sort, &place, BATCH_SIZE).await?;
        self.next = rows.last().filter(|_| has_next).map(|last| ListPage::Next(cursor(last)));
        Ok(Some(rows))
    }
}

/// Calls `each` with every user that the filter finds, in its order. Returns their number.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn each(
    site: &AppState,
    filter: &UserFilter,
    mut each: impl FnMut(&LineRow),
) -> Result<usize, AppError> {
    let mut batches = Batches::of(site, filter.clone()).await?;
    let mut count = 0;
    while let Some(rows) = batches.next().await? {
        rows.iter().for_each(&mut each);
        count += rows.len();
    }
    Ok(count)
}

fn cursor(row: &LineRow) -> Cursor {
    Cursor { key: row.sort_key.clone(), id: row.id }
}

/// Returns the lines of a page of this size in order, and whether there are pages before and after
/// it.
async fn read(
    site: &AppState,
    plan: &Plan<'_>,
    sort: Sort,
    place: &ListPage,
    size: usize,
) -> Result<(Vec<LineRow>, bool, bool), AppError> {
    // Too many to sort: listed by creation.
    let sort = match plan.source {
        PlanSource::Stream | PlanSource::StreamOfMatches => {
            Sort { by: By::Joined, descending: sort.by != By::Joined || sort.descending }
        }
        PlanSource::SortedBy(by) => Sort { by, descending: sort.by != by || sort.descending },
        _ => sort,
    };
    // One line more than is shown, to know whether there is another page.
    let limit = i64::try_from(size + 1).unwrap_or(i64::MAX);
    let mut connection = site.db.read().await?;
    if let ListPage::Previous(first) = place {
        let turned = Sort { descending: !sort.descending, ..sort };
        let page = Page { sort: turned, from: Some(first), limit };
        let mut rows = list::lines(&mut connection, list::statement(plan, &page)).await?;
        // Less than a full page before the cursor: show the first page instead.
        if rows.len() > size {
            rows.truncate(size);
            rows.reverse();
            return Ok((rows, true, true));
        }
    }
    let from = if let ListPage::Next(last) = place { Some(last) } else { None };
    let page = Page { sort, from, limit };
    let mut rows = list::lines(&mut connection, list::statement(plan, &page)).await?;
    let has_next = rows.len() > size;
    rows.truncate(size);
    Ok((rows, from.is_some(), has_next))
}

fn line(row: LineRow) -> UserLine {
    let facts = Fact::ALL.map(|fact| row.is(fact));
    let names = [row.first_name, row.last_name];
    UserLine {
        id: row.id,
        username: row.username,
        name: names.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(" "),
        email: row.email,
        facts,
        joined: moment(row.date_joined),
        seen: row.last_login.map(moment),
    }
}

async fn choices(
    site: &AppState,
    filter: &UserFilter,
    counts: Option<&[Count]>,
) -> Result<Choices, AppError> {
    let count = |filter: &UserFilter| counts.map(|counts| sum(counts, filter.group, &filter.facets()));
    let facts =
        Fact::ALL.map(|fact| [None, Some(true), Some(false)].map(|answer| count(&filter.with(fact, answer))));
    let groups = groups::service::names(site, filter.group)
        .await?
        .into_iter()
        .map(|(id, name)| GroupChoice { id, name, count: count(&filter.with_group(Some(id))) })
        .collect();
    Ok(Choices { facts, everybody: count(&filter.with_group(None)), groups })
}
