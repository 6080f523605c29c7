//! What the file and the environment say, before it has types.

use std::{collections::BTreeMap, str::FromStr};

use serde::{
    Deserializer,
    de::{
        Error, IntoDeserializer, Visitor,
        value::{MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};
use toml::{Table, Value};

/// A value that has the type of the key it is read for. A variable of the environment is a text: a
/// name of digits stays a name, and a number is parsed where a number is expected.
pub(super) enum Untyped {
    /// Keys, and what they are set to.
    Section(BTreeMap<String, Self>),
    /// A value of the file.
    File(Value),
    /// The text of an environment variable.
    Variable(String),
}

impl From<Table> for Untyped {
    fn from(table: Table) -> Self {
        let value = |value| match value {
            Value::Table(table) => table.into(),
            value => Self::File(value),
        };
        Self::Section(table.into_iter().map(|(key, found)| (key, value(found))).collect())
    }
}

impl Untyped {
    /// Sets the value at `keys`. Returns whether it could: what is above it must be a section.
    pub(super) fn set(&mut self, keys: &[String], value: String) -> bool {
        let Some((key, below)) = keys.split_first() else {
            *self = Self::Variable(value);
            return true;
        };
        let Self::Section(section) = self else {
            return false;
        };
        section.entry(key.clone()).or_insert_with(|| Self::Section(BTreeMap::new())).set(below, value)
    }

    fn parse<T: FromStr>(&self) -> Option<T> {
        match self {
            Self::Variable(text) => text.trim().parse().ok(),
            Self::Section(_) | Self::File(_) => None,
        }
    }
}

impl<'de> IntoDeserializer<'de, toml::de::Error> for Untyped {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Text that cannot be parsed goes to the visitor as text, whose error says what was expected.
macro_rules! parse_for {
    ($visit:ident: $($method:ident)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            match self.parse() {
                Some(value) => visitor.$visit(value),
                None => self.deserialize_any(visitor),
            }
        }
    )+};
}

impl<'de> Deserializer<'de> for Untyped {
    type Error = toml::de::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self {
            Self::Section(keys) => visitor.visit_map(MapDeserializer::new(keys.into_iter())),
            Self::File(value) => value.deserialize_any(visitor),
            Self::Variable(text) => visitor.visit_string(text),
        }
    }

    parse_for!(visit_bool: deserialize_bool);
    parse_for!(visit_i64: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64);
    parse_for!(visit_i64: deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64);
    parse_for!(visit_f64: deserialize_f32 deserialize_f64);

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        let Self::Variable(text) = self else {
            return self.deserialize_any(visitor);
        };
        let list = text.trim().strip_prefix('[').and_then(|list| list.strip_suffix(']'));
        let list = list.ok_or_else(|| {
            Error::custom(format!("`{text}` is not a list such as `[\"10.0.0.0/8\", \"192.0.2.7/32\"]`"))
        })?;
        let values = list.split(',').map(|value| value.trim().trim_matches('"'));
        visitor.visit_seq(SeqDeserializer::new(values.filter(|value| !value.is_empty())))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        match self {
            Self::Variable(text) | Self::File(Value::String(text)) => {
                visitor.visit_enum(text.into_deserializer())
            }
            other => other.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        keys: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        match self {
            Self::Section(_) => self.deserialize_any(visitor),
            Self::File(_) | Self::Variable(_) => {
                Err(Error::custom(format!("this is a section with the keys {}", keys.join(", "))))
            }
        }
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf option unit unit_struct newtype_struct tuple tuple_struct map
        identifier ignored_any
    }
}
