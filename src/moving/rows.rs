//! One array of rows in JSON, read a row at a time, and of each only what is asked for.

use std::{fmt, io::Read};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;

/// A row; its fields where they were asked for.
pub struct Row {
    /// `app.model`
    pub model: String,
    /// The primary key; null where there is none.
    pub pk: Value,
    /// The fields of a model that was asked for.
    pub fields: Option<Fields>,
}

/// The fields that mean something here, of all models together. Whatever else a row has, and a whole blog post may stand there, is
/// passed over.
#[derive(Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "they are Django's columns")]
pub struct Fields {
    pub username: Value,
    pub password: Value,
    pub email: Value,
    pub first_name: Value,
    pub last_name: Value,
    pub is_active: Value,
    pub is_staff: Value,
    pub is_superuser: Value,
    pub date_joined: Value,
    pub last_login: Value,
    pub groups: Value,
    pub user_permissions: Value,
    pub name: Value,
    pub permissions: Value,
    pub codename: Value,
    pub content_type: Value,
    pub app_label: Value,
    pub user: Value,
    pub verified: Value,
}

/// Hands over each row, with its fields where `wants` says so of its model.
///
/// # Errors
/// What is wrong with the text and where, or what `each` says.
pub fn each_row(
    from: impl Read,
    wants: &dyn Fn(&str) -> bool,
    mut each: impl FnMut(Row) -> Result<(), String>,
) -> Result<(), String> {
    let mut reader = serde_json::Deserializer::from_reader(from);
    let mut trouble = None;
    let rows = Rows { wants, each: &mut each, trouble: &mut trouble };
    let read = reader.deserialize_seq(rows).and_then(|()| reader.end());
    match (trouble, read) {
        (Some(trouble), _) => Err(trouble),
        (None, read) => read.map_err(|error| format!("it is no whole dump: {error}")),
    }
}

struct Rows<'a> {
    wants: &'a dyn Fn(&str) -> bool,
    each: &'a mut dyn FnMut(Row) -> Result<(), String>,
    trouble: &'a mut Option<String>,
}

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        while let Some(row) = rows.next_element_seed(OneRow(self.wants))? {
            if let Err(trouble) = (self.each)(row) {
                *self.trouble = Some(trouble);
                return Err(A::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

struct OneRow<'a>(&'a dyn Fn(&str) -> bool);

impl<'de> DeserializeSeed<'de> for OneRow<'_> {
    type Value = Row;

    fn deserialize<D: Deserializer<'de>>(self, row: D) -> Result<Row, D::Error> {
        row.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for OneRow<'_> {
    type Value = Row;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row with model, pk and fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut row: A) -> Result<Row, A::Error> {
        let (mut model, mut pk, mut fields) = (None::<String>, Value::Null, None);
        while let Some(key) = row.next_key::<String>()? {
            match key.as_str() {
                "model" => model = Some(row.next_value()?),
                "pk" => pk = row.next_value()?,
                // Django writes the model first; where it does not come first, the fields are read in any case.
                "fields" if model.as_deref().is_none_or(self.0) => fields = Some(row.next_value()?),
                _ => {
                    row.next_value::<IgnoredAny>()?;
                }
            }
        }
        let model = model.ok_or_else(|| A::Error::missing_field("model"))?;
        let fields = fields.filter(|_| (self.0)(&model));
        Ok(Row { model, pk, fields })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn models(text: &str) -> Result<Vec<(String, bool)>, String> {
        let mut models = Vec::new();
        each_row(text.as_bytes(), &|model| model == "auth.user", |row| {
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
            assert!(said.starts_with("it is no whole dump: "), "{said}");
        }
    }
}
