//! How the users of a list are found, so that it takes no longer with a million of them. Which way is taken, the service decides: it
//! knows how many there are of each kind, and how many may fit a search.

use super::super::search::{Search, Way};
use crate::base::sql::Sql;

/// A list's conditions, and the engine that they are for.
pub struct Plan<'a> {
    /// SQLite, or PostgreSQL.
    pub is_embedded: bool,
    /// Values of `facet` that fit, of which there is anybody.
    pub facets: &'a [i64],
    /// Members of this group only.
    pub group: Option<i64>,
    /// What is searched for.
    pub search: Option<&'a Search>,
    /// How they are found.
    pub source: Source,
}

/// Where a list's users come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// From an index in the order of the list: nothing is searched for, or each is looked at.
    Sorted,
    /// From the index of what is searched: few enough fit to be sorted.
    Matches,
    /// All that have the wanted facets: few enough to be looked through.
    Few,
    /// Too many fit to be sorted: by their ids, that is by when they were made.
    Stream,
    /// The same, from the index of what is searched, which gives them in that order. On SQLite only.
    StreamOfMatches,
}

/// As many as are sorted, or looked through, for a page.
pub const MOST: i64 = 5000;

impl Plan<'_> {
    /// ` (SELECT … AS id …) AS matches`: who may fit the search, one more than [`MOST`] at most.
    pub fn push_matches(&self, sql: &mut Sql, search: &Search) {
        self.push_matches_up_to(sql, search, MOST + 1);
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

    /// How many begin so, up to one more than [`MOST`]: a statement for each part of the name.
    pub fn beginnings(beginning: &str) -> [Sql; SEARCHED.len()] {
        SEARCHED.map(|column| {
            let mut sql = Sql::new("SELECT CAST(COUNT(*) AS BIGINT) FROM ");
            push_beginning(&mut sql, column, beginning, MOST + 1);
            sql.push(" AS begun");
            sql
        })
    }

    /// How many fit, of about so many that are taken by chance. PostgreSQL only.
    pub fn count_of_sample(&self, size: i64, total: i64) -> Sql {
        let mut sql = Sql::new("SELECT COUNT(*) FROM users TABLESAMPLE SYSTEM (100.0 * ");
        sql.number(size).push(" / ").number(total.max(size)).push(") WHERE 1 = 1");
        self.push_likes(&mut sql);
        sql
    }

    /// How many may fit, up to a limit.
    pub fn count_of_matches(&self, search: &Search, limit: i64) -> Sql {
        let mut sql = Sql::new("SELECT CAST(COUNT(*) AS BIGINT) FROM");
        self.push_matches_up_to(&mut sql, search, limit);
        sql
    }

    /// ` FROM … WHERE …` of all that fit, as the table `users`.
    pub fn push_from_where(&self, sql: &mut Sql) {
        match (self.source, self.search) {
            (Source::Matches, Some(search)) => {
                sql.push(" FROM");
                self.push_matches(sql, search);
                sql.push(self.join()).push("users ON users.id = matches.id WHERE users.facet IN ");
                sql.numbers(self.facets.iter().copied());
                self.push_group(sql);
            }
            (Source::StreamOfMatches, Some(search)) => {
                let Way::Trigrams(needles) = search.way() else { return };
                sql.push(" FROM users_search CROSS JOIN users ON users.id = users_search.rowid WHERE users_search MATCH ");
                sql.text(Search::trigrams(&needles)).push(" AND users.facet IN ");
                sql.numbers(self.facets.iter().copied());
                self.push_group(sql);
            }
            // In a part of its own, so that nothing else is thought of than to fetch these few.
            (Source::Few, _) => {
                sql.push(" FROM (SELECT ");
                match self.group {
                    Some(group) => sql
                        .push("user_id AS id FROM group_members WHERE group_id = ")
                        .number(group)
                        .push(" AND "),
                    None => sql.push("id FROM users WHERE "),
                };
                sql.push("facet IN ").numbers(self.facets.iter().copied()).push(" LIMIT ").number(MOST + 1);
                sql.push(") AS few").push(self.join()).push("users ON users.id = few.id WHERE 1 = 1");
            }
            _ => {
                // A plus, which changes nothing, keeps the index of the facets out of it: the ids are read in their order.
                let facet = if self.source == Source::Stream { "+" } else { "" };
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
        self.push_likes(sql);
    }

    /// SQLite would at times begin with the users, all of them: its CROSS JOIN says what comes first. PostgreSQL finds out.
    pub fn join(&self) -> &'static str {
        if self.is_embedded { " CROSS JOIN " } else { " JOIN " }
    }

    /// The id by which a stream goes.
    pub fn stream_id(&self) -> &'static str {
        if self.source == Source::StreamOfMatches {
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

    /// ` AND …` for each of what is looked for. The indexes find who may fit; this says who does.
    pub fn push_likes(&self, sql: &mut Sql) {
        let Some(search) = self.search else { return };
        match self.is_embedded {
            true => {
                for pattern in search.patterns() {
                    sql.push(" AND users.search LIKE ").text(pattern).push(" ESCAPE '\\'");
                }
            }
            // Of LIKE, PostgreSQL would at times believe that hardly anybody fits, and read its index, or the table, to the end. Of a
            // comparison with a function it takes for granted that a third does.
            false => {
                for needle in search.needles() {
                    sql.push(" AND strpos(users.search, ").text(needle.as_str()).push(") > 0");
                }
            }
        }
    }
}

/// What is searched at its beginning, each with an index.
const SEARCHED: [&str; 4] = ["username_key", "email_key", "first_name_key", "last_name_key"];

fn push_beginning(sql: &mut Sql, column: &'static str, beginning: &str, limit: i64) {
    sql.push("(SELECT id FROM users WHERE ").push(column).push(" >= ").text(beginning);
    // The last character there is.
    sql.push(" AND ").push(column).push(" < ").text(format!("{beginning}\u{10FFFF}"));
    sql.push(" LIMIT ").number(limit).push(")");
}
