//! A statement that is put together from parts: only the texts of the program are joined, what comes from outside is bound. With
//! numbered placeholders, which both databases take.

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

/// A statement and its values.
pub struct Sql {
    text: String,
    values: Vec<Value>,
}

impl Sql {
    /// Begins with this text.
    pub fn new(text: &'static str) -> Self {
        Self { text: text.to_owned(), values: Vec::new() }
    }

    /// Adds text of the program.
    pub fn push(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Adds a placeholder for a number.
    pub fn number(&mut self, number: i64) -> &mut Self {
        self.values.push(Value::Number(number));
        self.placeholder()
    }

    /// Adds a placeholder for a text.
    pub fn text(&mut self, text: impl Into<String>) -> &mut Self {
        self.values.push(Value::Text(text.into()));
        self.placeholder()
    }

    /// Adds a placeholder for bytes.
    pub fn bytes(&mut self, bytes: impl Into<Vec<u8>>) -> &mut Self {
        self.values.push(Value::Bytes(bytes.into()));
        self.placeholder()
    }

    /// Adds `($1, $2, …)`. Of none at all: `(NULL)`, which nothing is in.
    pub fn numbers(&mut self, numbers: impl IntoIterator<Item = i64>) -> &mut Self {
        self.list(numbers, |sql, number| {
            sql.number(number);
        })
    }

    /// The same of texts.
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
        // To write to a string cannot fail.
        let _ = write!(self.text, "${}", self.values.len());
        self
    }

    /// The statement, for its rows. Planned anew each time: what is frequent and what is rare decides how PostgreSQL goes about it.
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

    /// The statement, for what it does.
    pub fn query(&self) -> Query<'_, Any, AnyArguments<'_>> {
        self.values.iter().fold(sqlx::query(&self.text), |query, value| match value {
            Value::Number(number) => query.bind(number),
            Value::Text(text) => query.bind(text),
            Value::Bytes(bytes) => query.bind(bytes),
        })
    }

    /// The same statement with `EXPLAIN` in front, for tests.
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
