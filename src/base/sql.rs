//! Builds a statement from parts. Only the program's own texts are joined; input is bound to
//! numbered placeholders, which both databases accept.

use std::fmt::Write;

use sqlx::{
    Any, Arguments as _, AssertSqlSafe, Encode, FromRow, Type,
    any::{AnyArguments, AnyRow},
    query::{Query, QueryAs},
};

/// A statement with its values. sqlx's `QueryBuilder` cannot take its place: for [`Any`] it writes
/// `?`, which PostgreSQL does not know, and it joins any text.
pub struct Sql {
    text: String,
    values: AnyArguments,
}

impl Sql {
    /// Starts a statement with `text`.
    pub fn new(text: &'static str) -> Self {
        Self { text: text.to_owned(), values: AnyArguments::default() }
    }

    /// Appends text of the program.
    pub fn push(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends a placeholder for a number.
    pub fn number(&mut self, number: i64) -> &mut Self {
        self.bind(number)
    }

    /// Appends a placeholder for a text.
    pub fn text(&mut self, text: impl Into<String>) -> &mut Self {
        self.bind(text.into())
    }

    /// Appends a placeholder for bytes.
    pub fn bytes(&mut self, bytes: impl Into<Vec<u8>>) -> &mut Self {
        self.bind(bytes.into())
    }

    /// Appends `($1, $2, …)`. For an empty list it appends `(NULL)`, which matches nothing.
    pub fn numbers(&mut self, numbers: impl IntoIterator<Item = i64>) -> &mut Self {
        self.list(numbers, |sql, number| {
            sql.number(number);
        })
    }

    /// Appends a list of texts, as [`Self::numbers`] does.
    pub fn texts<'a>(&mut self, texts: impl IntoIterator<Item = &'a str>) -> &mut Self {
        self.list(texts, |sql, text| {
            sql.text(text);
        })
    }

    fn list<T>(&mut self, values: impl IntoIterator<Item = T>, add: impl Fn(&mut Self, T)) -> &mut Self {
        let mut before = "(";
        for value in values {
            self.text.push_str(before);
            add(self, value);
            before = ", ";
        }
        self.text.push_str(if before == "(" { "(NULL)" } else { ")" });
        self
    }

    fn bind<'t>(&mut self, value: impl Encode<'t, Any> + Type<Any>) -> &mut Self {
        // Neither fails for these types. Without its value, the database would refuse the
        // statement.
        let _ = write!(self.text, "${}", self.values.len() + 1);
        let _ = self.values.add(value);
        self
    }

    /// Returns the statement for reading its rows. It is planned each time: the best plan in
    /// PostgreSQL depends on how frequent the values are.
    pub fn query_as<T: for<'r> FromRow<'r, AnyRow>>(self) -> QueryAs<'static, Any, T, AnyArguments> {
        sqlx::query_as_with(AssertSqlSafe(self.text), self.values).persistent(false)
    }

    /// Returns the statement for executing it.
    pub fn query(self) -> Query<'static, Any, AnyArguments> {
        sqlx::query_with(AssertSqlSafe(self.text), self.values)
    }

    /// Returns the statement prefixed with `EXPLAIN`, for tests.
    #[cfg(test)]
    pub fn explained(mut self, how: &str) -> Self {
        self.text.insert_str(0, how);
        self
    }
}

/// Returns placeholders for rows of values: `($1, $2), ($3, $4)`.
pub fn values(count: usize, columns: usize) -> String {
    let mut sql = String::with_capacity(count * columns * 6);
    for row in 0..count {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        sql.push_str(&places(row * columns + 1, columns));
        sql.push(')');
    }
    sql
}

/// Returns `count` placeholders from the number `first` on: `$3, $4, $5`.
pub fn places(first: usize, count: usize) -> String {
    let mut sql = String::with_capacity(count * 6);
    for number in first..first + count {
        let between = if number == first { "" } else { ", " };
        let _ = write!(sql, "{between}${number}");
    }
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_numbered_and_nothing_from_outside_is_in_the_text() {
        let mut sql = Sql::new("SELECT 1 WHERE a = ");
        sql.number(7).push(" AND b = ").text("x' OR 1").push(" AND c IN ").numbers([1, 2]);
        sql.push(" AND d IN ").texts([]);
        assert_eq!(sql.text, "SELECT 1 WHERE a = $1 AND b = $2 AND c IN ($3, $4) AND d IN (NULL)");
        assert_eq!(sql.values.len(), 4);
    }

    #[test]
    fn placeholders_for_rows() {
        assert_eq!(values(2, 3), "($1, $2, $3), ($4, $5, $6)");
        assert_eq!(places(2, 3), "$2, $3, $4");
    }
}
