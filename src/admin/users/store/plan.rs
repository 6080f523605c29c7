//! How the users of a list are found, so that it takes no longer with a million of them. The
//! service chooses the way: it knows how many users there are of each kind, and how many may match
//! a search.

use super::super::{
    dates::Range,
    filter::By,
    search::{Search, Way},
};
use crate::base::sql::Sql;

/// A list's conditions, and the database that they are for.
pub struct Plan<'a> {
    /// Whether the database is SQLite; otherwise it is PostgreSQL.
    pub is_embedded: bool,
    /// The accepted values of `facet` that at least one user has.
    pub facets: &'a [i64],
    /// Members of this group only.
    pub group: Option<i64>,
    /// The search, if there is one.
    pub search: Option<&'a Search>,
    /// The times within which they joined, or last logged in.
    pub dates: &'a [Range],
    /// The way in which they are found.
    pub source: PlanSource,
}

/// The way in which a list's users are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanSource {
    /// From an index in the order of the list: without a search, or examining each user.
    Sorted,
    /// From the search index: few enough match to be sorted.
    Matches,
    /// From all that have the accepted facets: few enough to be examined.
    Few,
    /// From those of them within one of the dates, of this column.
    Dated(By),
    /// From the index of one of the dates, in its order: too many are within it to be sorted.
    SortedBy(By),
    /// By id, that is by creation: too many match to be sorted.
    Stream,
    /// The same from the search index, which returns them in that order. On SQLite only.
    StreamOfMatches,
}

/// Users that are sorted or examined for a page, at most.
pub const MAX_COUNTED: i64 = 5000;

impl Plan<'_> {
    /// Appends ` (SELECT … AS id …) AS matches`: the candidates for the search, one more than
    /// [`MAX_COUNTED`] at most.
    pub fn push_matches(&self, sql: &mut Sql, search: &Search) {
        self.push_matches_up_to(sql, search, MAX_COUNTED + 1);
    }

    fn push_matches_up_to(&self, sql: &mut Sql, search: &Search, limit: i64) {
        match search.way() {
            Way::Trigrams(needles) if self.is_embedded => {
                let trigrams = Search::trigrams(&needles);
                sql.push(" (SELECT rowid AS id FROM users_search WHERE users_search MATCH ").text(trigrams);
                sql.push(" LIMIT ").number(limit).push(") AS matches");
            }
            Way::Trigrams(_) => {
                let patterns = search.patterns().join("\u{1f}");
                sql.push(" (SELECT id FROM users_matching(").text(patterns).push(", ").number(limit);
                sql.push(") AS id) AS matches");
            }
            Way::Beginning(beginning) => {
                sql.push(" (");
                for (at, column) in SEARCHED.into_iter().enumerate() {
                    sql.push(if at == 0 { "" } else { " UNION " }).push("SELECT id FROM ");
                    push_beginning(sql, column, &beginning, limit);
                    sql.push([" AS a", " AS b", " AS c", " AS d"][at]);
                }
                sql.push(") AS matches");
            }
        }
    }

    /// Returns statements that count the users whose names begin so, up to one more than
    /// [`MAX_COUNTED`]: one for each searched column.
    pub fn beginnings(beginning: &str) -> [Sql; SEARCHED.len()] {
        SEARCHED.map(|column| {
            let mut sql = Sql::new("SELECT CAST(COUNT(*) AS BIGINT) FROM ");
            push_beginning(&mut sql, column, beginning, MAX_COUNTED + 1);
            sql.push(" AS begun");
            sql
        })
    }

    /// Returns a statement that counts the matches in a random sample of about `size` users.
    /// PostgreSQL only.
    pub fn count_of_sample(&self, size: i64, total: i64) -> Sql {
        let mut sql = Sql::new("SELECT COUNT(*) FROM users TABLESAMPLE SYSTEM (100.0 * ");
        sql.number(size).push(" / ").number(total.max(size)).push(") WHERE 1 = 1");
        self.push_likes(&mut sql);
        sql
    }

    /// Returns a statement that counts the candidates, up to a limit.
    pub fn count_of_matches(&self, search: &Search, limit: i64) -> Sql {
        let mut sql = Sql::new("SELECT CAST(COUNT(*) AS BIGINT) FROM");
        self.push_matches_up_to(&mut sql, search, limit);
        sql
    }

    /// Appends ` FROM … WHERE …` for all users that match, as the table `users`.
    pub fn push_from_where(&self, sql: &mut Sql) {
        match (self.source, self.search) {
            (PlanSource::Matches, Some(search)) => {
                sql.push(" FROM");
                self.push_matches(sql, search);
                sql.push(self.join()).push("users ON users.id = matches.id WHERE users.facet IN ");
                sql.numbers(self.facets.iter().copied());
                self.push_group(sql);
            }
            (PlanSource::StreamOfMatches, Some(search)) => {
                let Way::Trigrams(needles) = search.way() else { return };
                sql.push(" FROM users_search CROSS JOIN users ON users.id = users_search.rowid WHERE users_search MATCH ");
                sql.text(Search::trigrams(&needles)).push(" AND users.facet IN ");
                sql.numbers(self.facets.iter().copied());
                self.push_group(sql);
            }
            (PlanSource::Few | PlanSource::Dated(_), _) => {
                sql.push(" FROM");
                self.push_few(sql);
                sql.push(self.join()).push("users ON users.id = few.id WHERE 1 = 1");
            }
            _ => {
                // The unary plus keeps the planner from the index of facets, so that the ids are
                // read in their order.
                let facet = if self.source == PlanSource::Stream { "+" } else { "" };
                match self.group {
                    Some(group) => {
                        sql.push(" FROM group_members").push(self.join());
                        sql.push("users ON users.id = group_members.user_id WHERE group_members.group_id = ")
                            .number(group);
                        sql.push(" AND ").push(facet).push("group_members.facet IN ");
                    }
                    None => {
                        sql.push(" FROM users WHERE ").push(facet).push("users.facet IN ");
                    }
                }
                sql.numbers(self.facets.iter().copied());
            }
        }
        self.push_conditions(sql);
    }

    /// Appends ` (SELECT … AS id …) AS few`: the users of [`PlanSource::Few`] or
    /// [`PlanSource::Dated`], one more than [`MAX_COUNTED`] at most. A subquery of its own, so
    /// that the planner only fetches these.
    fn push_few(&self, sql: &mut Sql) {
        match self.group {
            Some(group) => sql
                .push(" (SELECT user_id AS id FROM group_members WHERE group_id = ")
                .number(group)
                .push(" AND "),
            None => sql.push(" (SELECT id FROM users WHERE "),
        };
        sql.push("facet IN ").numbers(self.facets.iter().copied());
        for range in self.dates.iter().filter(|range| self.source == PlanSource::Dated(range.by)) {
            push_range(sql, "", range);
        }
        sql.push(" LIMIT ").number(MAX_COUNTED + 1).push(") AS few");
    }

    /// Returns a statement that counts those, up to the limit.
    pub fn count_of_few(&self) -> Sql {
        let mut sql = Sql::new("SELECT CAST(COUNT(*) AS BIGINT) FROM");
        self.push_few(&mut sql);
        sql
    }

    /// Appends ` AND …` for the search and the dates.
    pub fn push_conditions(&self, sql: &mut Sql) {
        self.push_likes(sql);
        // A group's members have these columns too, in their indexes.
        let is_of_group =
            matches!(self.source, PlanSource::Sorted | PlanSource::SortedBy(_)) && self.group.is_some();
        let table = if is_of_group { "group_members." } else { "users." };
        self.dates.iter().for_each(|range| push_range(sql, table, range));
    }

    /// Returns the join operator. SQLite's planner would at times begin with all users; its CROSS
    /// JOIN fixes the order. PostgreSQL needs no help.
    pub fn join(&self) -> &'static str {
        if self.is_embedded { " CROSS JOIN " } else { " JOIN " }
    }

    /// Returns the id by which a stream is ordered.
    pub fn stream_id(&self) -> &'static str {
        if self.source == PlanSource::StreamOfMatches {
            "users_search.rowid"
        } else if self.group.is_some() {
            "group_members.user_id"
        } else {
            "users.id"
        }
    }

    fn push_group(&self, sql: &mut Sql) {
        if let Some(group) = self.group {
            sql.push(" AND EXISTS (SELECT 1 FROM group_members WHERE group_members.group_id = ")
                .number(group);
            sql.push(" AND group_members.user_id = users.id)");
        }
    }

    /// Appends ` AND …` for each needle. The indexes only find candidates; this decides which
    /// match.
    fn push_likes(&self, sql: &mut Sql) {
        let Some(search) = self.search else { return };
        match self.is_embedded {
            true => {
                for pattern in search.patterns() {
                    sql.push(" AND users.search LIKE ").text(pattern).push(" ESCAPE '\\'");
                }
            }
            // PostgreSQL underestimates how many rows match LIKE, and may then scan the index or
            // the table to the end. For a comparison with a function it assumes that a third of the
            // rows match, which gives the plan we want.
            false => {
                for needle in search.needles() {
                    sql.push(" AND strpos(users.search, ").text(needle.as_str()).push(") > 0");
                }
            }
        }
    }
}

/// The columns that are searched by prefix, each with an index.
const SEARCHED: [&str; 4] = ["username_key", "email_key", "first_name_key", "last_name_key"];

fn push_range(sql: &mut Sql, table: &'static str, range: &Range) {
    let column = if range.by == By::LastLogin { "seen" } else { "date_joined" };
    sql.push(" AND ").push(table).push(column).push(" >= ").number(range.from);
    sql.push(" AND ").push(table).push(column).push(" < ").number(range.before);
}

fn push_beginning(sql: &mut Sql, column: &'static str, beginning: &str, limit: i64) {
    sql.push("(SELECT id FROM users WHERE ").push(column).push(" >= ").text(beginning);
    // The last Unicode character.
    sql.push(" AND ").push(column).push(" < ").text(format!("{beginning}\u{10FFFF}"));
    sql.push(" LIMIT ").number(limit).push(")");
}
