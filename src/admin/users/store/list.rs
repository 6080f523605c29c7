//! SQL for a page of a list of users.

use sqlx::FromRow;

use super::super::filter::{By, Cursor, Fact, Sort};
use super::plan::{Plan, PlanSource};
use crate::base::{clock::Millis, db::AnyConnection, sql::Sql};

/// A user, as a line of a list.
#[derive(FromRow)]
pub struct LineRow {
    /// The id.
    pub id: i64,
    /// The username.
    pub username: String,
    /// The email address; may be empty.
    pub email: String,
    /// The first name; may be empty.
    pub first_name: String,
    /// The last name; may be empty.
    pub last_name: String,
    /// The answers to [`Fact::ALL`] as bits.
    pub facet: i64,
    /// When the account was created.
    pub date_joined: Millis,
    /// When the user last logged in, if ever.
    pub last_login: Option<Millis>,
    /// When the account is due to be deleted, if it is.
    pub delete_after: Option<Millis>,
    /// The line's sort key, as text.
    pub sort_key: String,
}

impl LineRow {
    /// Returns whether the fact applies to the user.
    pub fn is(&self, fact: Fact) -> bool {
        self.facet & fact.bit() != 0
    }
}

const COLUMNS: &str = "users.id, users.username, users.email, users.first_name, users.last_name, users.facet, users.date_joined, users.last_login, users.delete_after, ";

impl By {
    const fn column(self) -> &'static str {
        match self {
            Self::Joined => "users.date_joined",
            Self::Username => "users.username_key",
            Self::Email => "users.email_key",
            Self::LastLogin => "users.seen",
        }
    }

    /// The copy of the column in the index of a group's members.
    const fn column_of_members(self) -> &'static str {
        match self {
            Self::Joined => "group_members.date_joined",
            Self::Username => "group_members.username_key",
            Self::Email => "group_members.email_key",
            Self::LastLogin => "group_members.seen",
        }
    }

    const fn is_number(self) -> bool {
        matches!(self, Self::Joined | Self::LastLogin)
    }
}

/// The order in which a page is read, and where it begins.
pub struct Page<'a> {
    /// Reversed for the page before a line.
    pub sort: Sort,
    /// The line before the first.
    pub from: Option<&'a Cursor>,
    /// Lines, at most.
    pub limit: i64,
}

impl Page<'_> {
    fn direction(&self) -> &'static str {
        if self.sort.descending { " DESC" } else { "" }
    }

    /// Appends ` AND (key, id) > ($1, $2)`, unless the page is the first.
    fn push_from(&self, sql: &mut Sql, key: &'static str, id: &'static str) {
        let Some(from) = self.from else { return };
        sql.push(" AND (").push(key).push(", ").push(id).push(") ");
        sql.push(if self.sort.descending { "< (" } else { "> (" });
        match self.sort.by.is_number() {
            true => sql.number(from.key.parse().unwrap_or_default()),
            false => sql.text(from.key.as_str()),
        };
        sql.push(", ").number(from.id).push(")");
    }
}

/// Returns the statement of a page.
pub fn statement(plan: &Plan<'_>, page: &Page<'_>) -> Sql {
    match plan.source {
        PlanSource::Sorted | PlanSource::SortedBy(_) => sorted(plan, page),
        PlanSource::Matches | PlanSource::Few | PlanSource::Dated(_) => found(plan, page),
        PlanSource::Stream | PlanSource::StreamOfMatches => stream(plan, page),
    }
}

pub async fn lines(connection: &mut AnyConnection, sql: Sql) -> Result<Vec<LineRow>, sqlx::Error> {
    sql.query_as().fetch_all(connection).await
}

/// Takes the first lines of each facet from its range of the index, and from those the first lines
/// of all.
fn sorted(plan: &Plan<'_>, page: &Page<'_>) -> Sql {
    let (id, column) = match plan.group.is_some() {
        true => ("group_members.user_id", page.sort.by.column_of_members()),
        false => ("users.id", page.sort.by.column()),
    };
    let (table, facet_column) = match (plan.group.is_some(), plan.search.is_some()) {
        (false, _) => ("users", "users.facet = "),
        (true, false) => ("group_members", "group_members.facet = "),
        // The searched text is only in the table of users.
        (true, true) if plan.is_embedded => {
            ("group_members CROSS JOIN users ON users.id = group_members.user_id", "group_members.facet = ")
        }
        (true, true) => {
            ("group_members JOIN users ON users.id = group_members.user_id", "group_members.facet = ")
        }
    };
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS).push("CAST(page.sort_key AS TEXT) AS sort_key FROM (SELECT id, sort_key FROM (");
    // Without facets, -1 matches nobody.
    for (at, facet) in plan.facets.iter().copied().chain(plan.facets.is_empty().then_some(-1)).enumerate() {
        sql.push(if at == 0 { "" } else { " UNION ALL " });
        sql.push("SELECT id, sort_key FROM (SELECT ").push(id).push(" AS id, ").push(column);
        sql.push(" AS sort_key FROM ").push(table).push(" WHERE ");
        if let Some(group) = plan.group {
            sql.push("group_members.group_id = ").number(group).push(" AND ");
        }
        sql.push(facet_column).number(facet);
        plan.push_conditions(&mut sql);
        page.push_from(&mut sql, column, id);
        sql.push(" ORDER BY ").push(column).push(page.direction()).push(", ").push(id).push(page.direction());
        sql.push(" LIMIT ").number(page.limit).push(") AS one");
    }
    sql.push(") AS branches");
    push_order(&mut sql, page, "sort_key", "id");
    sql.push(" LIMIT ").number(page.limit).push(") AS page JOIN users ON users.id = page.id");
    push_order(&mut sql, page, "page.sort_key", "page.id");
    sql
}

fn found(plan: &Plan<'_>, page: &Page<'_>) -> Sql {
    let key = page.sort.by.column();
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS).push("CAST(").push(key).push(" AS TEXT) AS sort_key");
    plan.push_from_where(&mut sql);
    page.push_from(&mut sql, key, "users.id");
    push_order(&mut sql, page, key, "users.id");
    sql.push(" LIMIT ").number(page.limit);
    sql
}

/// Ordered by id; the cursor's key is not used.
fn stream(plan: &Plan<'_>, page: &Page<'_>) -> Sql {
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS).push("CAST(users.id AS TEXT) AS sort_key");
    plan.push_from_where(&mut sql);
    let id = plan.stream_id();
    if let Some(from) = page.from {
        sql.push(" AND ").push(id).push(if page.sort.descending { " < " } else { " > " }).number(from.id);
    }
    sql.push(" ORDER BY ").push(id).push(page.direction()).push(" LIMIT ").number(page.limit);
    sql
}

fn push_order(sql: &mut Sql, page: &Page<'_>, key: &'static str, id: &'static str) {
    sql.push(" ORDER BY ").push(key).push(page.direction()).push(", ").push(id).push(page.direction());
}
