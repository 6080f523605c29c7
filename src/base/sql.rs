//! Builds a statement from parts. Only the program's own texts are joined; input is bound to
//! numbered placeholders, which both databases accept.

use std::fmt::Write;

use sqlx::{
    Any, FromRow,
    any::{AnyArguments, AnyRow},
    query::{Query, QueryAs},
};

enum Value {
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// A statement with its values.
pub struct Sql {
    text: String,
    values: Vec<Value>,
}

impl Sql {
    /// Starts a statement with `text`.
    pub fn new(text: &'static str) -> Self {
        Self { text: text.to_owned(), values: Vec::new() }
    }

    /// Appends text of the program.
    pub fn push(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends a placeholder for a number.
    pub fn number(&mut self, number: i64) -> &mut Self {
        self.values.push(Value::Number(number));
        self.placeholder()
    }

    /// Appends a placeholder for a text.
    pub fn text(&mut self, text: impl Into<String>) -> &mut Self {
        self.values.push(Value::Text(text.into()));
        self.placeholder()
    }

    /// Appends a placeholder for bytes.
    pub fn bytes(&mut self, bytes: impl Into<Vec<u8>>) -> &mut Self {
        self.values.push(Value::Bytes(bytes.into()));
        self.placeholder()
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

    fn placeholder(&mut self) -> &mut Self {
        // Writing to a string cannot fail.
        let _ = write!(self.text, "${}", self.values.len());
        self
    }

    /// Returns the statement for reading its rows. It is planned each time: the best plan in
    /// PostgreSQL depends on how frequent the values are.
    pub fn query_as<'q, T: for<'r> FromRow<'r, AnyRow>>(&'q self) -> QueryAs<'q, Any, T, AnyArguments<'q>> {
        self.values
            .iter()
            .fold(sqlx::query_as(&self.text), |query, value| match value {
                Value::Number(number) => query.bind(number),
                Value::Text(text) => query.bind(text),
                Value::Bytes(bytes) => query.bind(bytes),
            })
            .persistent(false)
    }

    /// Returns the statement for executing it.
    pub fn query(&self) -> Query<'_, Any, AnyArguments<'_>> {
        self.values.iter().fold(sqlx::query(&self.text), |query, value| match value {
            Value::Number(number) => query.bind(number),
            Value::Text(text) => query.bind(text),
            Value::Bytes(bytes) => query.bind(bytes),
        })
    }

    /// Returns the statement prefixed with `EXPLAIN`, for tests.
    #[cfg(test)]
    pub fn explained(mut self, how: &str) -> Self {
        self.text.insert_str(0, how);
        self
    }
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
}
