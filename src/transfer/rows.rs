//! Reads a JSON array of rows one row at a time, keeping only the fields that are needed.

use std::{collections::HashMap, fmt, io::Read};

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;

/// A row, with its fields if they were asked for.
pub struct FixtureRow {
    /// `app.model`
    pub model: String,
    /// The primary key, or null.
    pub pk: Value,
    /// The fields, if the model was asked for.
    pub fields: Option<Fields>,
}

/// The fields that are used, of all models together. All others are skipped: there may be a whole
/// blog post in them.
const KNOWN: [&str; 19] = [
    "username",
    "password",
    "email",
    "first_name",
    "last_name",
    "is_active",
    "is_staff",
    "is_superuser",
    "date_joined",
    "last_login",
    "groups",
    "user_permissions",
    "name",
    "permissions",
    "codename",
    "content_type",
    "app_label",
    "user",
    "verified",
];

/// The known fields of a row.
#[derive(Default)]
pub struct Fields(HashMap<String, Value>);

impl Fields {
    /// Returns a field, or `None` if the row lacks it.
    pub fn get(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }

    /// Returns whether the row has one of these fields.
    pub fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.0.contains_key(*name))
    }
}

/// The models and fields to read.
pub struct FieldSelection<'a> {
    /// Returns whether a model's fields are needed.
    pub models: &'a dyn Fn(&str) -> bool,
    /// A field to read besides the known ones.
    pub field: &'a str,
}

/// Passes each row to `each`, with its fields if the model is wanted.
///
/// # Errors
/// A sentence that says what is wrong and where, or the error of `each`.
pub fn each_row(
    from: impl Read,
    wanted: &FieldSelection<'_>,
    mut each: impl FnMut(FixtureRow) -> Result<(), String>,
) -> Result<(), String> {
    let mut reader = serde_json::Deserializer::from_reader(from);
    let (mut trouble, mut place) = (None, ReadPosition::default());
    let rows = Rows { wanted, each: &mut each, trouble: &mut trouble, place: &mut place };
    let read = reader.deserialize_seq(rows).and_then(|()| reader.end());
    match (trouble, read) {
        (Some(trouble), _) => Err(trouble),
        (None, read) => read.map_err(|error| format!("it is not a complete dump: {error}{place}")),
    }
}

/// The row being read, or read last, for error messages: a line number says nothing in a file of
/// one line.
#[derive(Default)]
struct ReadPosition {
    model: String,
    pk: String,
    is_inside: bool,
}

impl fmt::Display for ReadPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MAX_CHARS: usize = 60;
        if self.model.is_empty() {
            return Ok(());
        }
        // Escaped, because it comes from the file and goes to a terminal.
        let shown = |text: &str| text.chars().take(MAX_CHARS).collect::<String>().escape_debug().to_string();
        let place = if self.is_inside { "in" } else { "after" };
        write!(f, " ({place} the row of {}", shown(&self.model))?;
        if !self.pk.is_empty() {
            write!(f, " with the key {}", shown(&self.pk))?;
        }
        f.write_str(")")
    }
}

struct Rows<'a> {
    wanted: &'a FieldSelection<'a>,
    place: &'a mut ReadPosition,
    each: &'a mut dyn FnMut(FixtureRow) -> Result<(), String>,
    trouble: &'a mut Option<String>,
}

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        while let Some(row) = rows.next_element_seed(OneRow(self.wanted, self.place))? {
            if let Err(trouble) = (self.each)(row) {
                *self.trouble = Some(trouble);
                return Err(A::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

struct OneRow<'a>(&'a FieldSelection<'a>, &'a mut ReadPosition);

impl<'de> DeserializeSeed<'de> for OneRow<'_> {
    type Value = FixtureRow;

    fn deserialize<D: Deserializer<'de>>(self, row: D) -> Result<FixtureRow, D::Error> {
        row.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for OneRow<'_> {
    type Value = FixtureRow;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row with model, pk and fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut row: A) -> Result<FixtureRow, A::Error> {
        let Self(wanted, place) = self;
        let (mut model, mut pk, mut fields) = (None::<String>, Value::Null, None);
        while let Some(key) = row.next_key::<String>()? {
            match key.as_str() {
                "model" => {
                    let found: String = row.next_value()?;
                    (place.is_inside, place.model, place.pk) = (true, found.clone(), String::new());
                    model = Some(found);
                }
                "pk" => {
                    pk = row.next_value()?;
                    place.pk = pk.as_str().map_or_else(|| pk.to_string(), str::to_owned);
                }
                // Django writes the model first; if another writer does not, the fields are always
                // read.
                "fields" if model.as_deref().is_none_or(wanted.models) => {
                    fields = Some(row.next_value_seed(OfRow(wanted.field))?);
                }
                _ => {
                    row.next_value::<IgnoredAny>()?;
                }
            }
        }
        place.is_inside = false;
        let model = model.ok_or_else(|| A::Error::missing_field("model"))?;
        let fields = fields.filter(|_| (wanted.models)(&model));
        Ok(FixtureRow { model, pk, fields })
    }
}

struct OfRow<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for OfRow<'_> {
    type Value = Fields;

    fn deserialize<D: Deserializer<'de>>(self, fields: D) -> Result<Fields, D::Error> {
        fields.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for OfRow<'_> {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the fields of a row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut row: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::default();
        while let Some(key) = row.next_key::<String>()? {
            if key == self.0 || KNOWN.contains(&key.as_str()) {
                fields.0.insert(key, row.next_value()?);
            } else {
                row.next_value::<IgnoredAny>()?;
            }
        }
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn models(text: &str) -> Result<Vec<(String, bool)>, String> {
        let mut models = Vec::new();
        let wanted = FieldSelection { models: &|model| model == "auth.user", field: "" };
        each_row(text.as_bytes(), &wanted, |row| {
            models.push((row.model, row.fields.is_some()));
            Ok(())
        })?;
        Ok(models)
    }

    #[test]
    fn rows_in_whatever_order_with_whatever_else() {
        let text = r#"[{"model": "blog.post", "pk": 1, "fields": {"username": {"x": [1, {"y": "]}"}]}}},
            {"pk": 2, "fields": {"username": "ada", "bio": "\u0000\"}]"}, "more": [], "model": "auth.user"}]  "#;
        assert_eq!(models(text), Ok(vec![("blog.post".into(), false), ("auth.user".into(), true)]));
        assert_eq!(models("[]"), Ok(vec![]));
    }

    #[test]
    fn an_error_names_the_row() {
        for (text, said) in [
            (
                r#"[{"model": "auth.user", "pk": 7, "fields": {"username": tru}}]"#,
                "(in the row of auth.user with the key 7)",
            ),
            (r#"[{"model": "x.y", "pk": "a\n"}, {]"#, "(after the row of x.y with the key a\\n)"),
            (r#"[{"model": "x.y", "fields": {"a": ]"#, "(in the row of x.y)"),
        ] {
            let found = models(text).expect_err("refused");
            assert!(found.ends_with(said), "{found}, not {said}");
        }
    }

    #[test]
    fn what_is_no_whole_dump() {
        for text in [
            "",
            "{}",
            "[",
            r#"[{"model": "auth.user", "fields": {"username": "a"#,
            r#"[{"model": "auth.user"}"#,
            r#"[{"model": "auth.user"}] []"#,
            r#"[{"pk": 1}]"#,
            r#"[{"model": "auth.user", "fields": 7}]"#,
            "[1]",
            &"[".repeat(100_000),
            &format!(r#"[{{"model": "auth.user", "fields": {{"username": {}"#, "[".repeat(100_000)),
        ] {
            let said = models(text).expect_err("refused");
            assert!(said.starts_with("it is not a complete dump: "), "{said}");
        }
    }
}
