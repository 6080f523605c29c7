//! Reading JSON in the browser, by its own parser. Only what the server writes is read: types that
//! want to look at a value before they choose (untagged enums, flattened fields) are not supported,
//! a field of a struct may be missing only with `#[serde(default)]`, and an integer past 2^53 is a
//! text (`to_json`). Errors carry no message, for nobody would see it: the code of
//! the messages alone would be larger than this.

use js_sys::{Array, JSON, Object, Reflect};
use serde::{
    de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, Visitor},
    forward_to_deserialize_any,
};
use wasm_bindgen::{JsCast, JsValue};

use super::{MAX_SAFE_INTEGER, UnreadableJson};

pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, UnreadableJson> {
    T::deserialize(Value(JSON::parse(text).map_err(|_| UnreadableJson)?))
}

impl de::Error for UnreadableJson {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self
    }
}

struct Value(JsValue);

impl Value {
    fn text(&self) -> Result<String, UnreadableJson> {
        self.0.as_string().ok_or(UnreadableJson)
    }

    fn whole_number(&self) -> Result<i64, UnreadableJson> {
        match self.0.as_f64() {
            None => self.text()?.parse().map_err(|_| UnreadableJson),
            Some(number) if number.fract() == 0.0 && number.abs() <= MAX_SAFE_INTEGER as f64 => {
                Ok(number as i64)
            }
            Some(_) => Err(UnreadableJson),
        }
    }

    fn property(&self, name: &str) -> Result<Self, UnreadableJson> {
        Reflect::get(&self.0, &name.into()).map(Value).map_err(|_| UnreadableJson)
    }

    fn items(self) -> Result<Items, UnreadableJson> {
        match Array::is_array(&self.0) {
            true => Ok(Items { values: self.0.into(), next: 0 }),
            false => Err(UnreadableJson),
        }
    }

    /// The names of its own properties.
    fn names(&self) -> Result<Array, UnreadableJson> {
        match self.0.is_object() && !Array::is_array(&self.0) {
            true => Ok(Object::keys(self.0.unchecked_ref::<Object>())),
            false => Err(UnreadableJson),
        }
    }
}

macro_rules! numbers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, UnreadableJson> {
            visitor.visit_i64(self.whole_number()?)
        })*
    };
}

macro_rules! texts {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, UnreadableJson> {
            visitor.visit_string(self.text()?)
        })*
    };
}

impl<'de> de::Deserializer<'de> for Value {
    type Error = UnreadableJson;

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    texts! { deserialize_char deserialize_str deserialize_string deserialize_identifier }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, UnreadableJson> {
        Err(UnreadableJson)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, UnreadableJson> {
        visitor.visit_bool(self.0.as_bool().ok_or(UnreadableJson)?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, UnreadableJson> {
        visitor.visit_f64(self.0.as_f64().ok_or(UnreadableJson)?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, UnreadableJson> {
        match self.0.is_null() {
            true => visitor.visit_none(),
            false => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, UnreadableJson> {
        match self.0.is_null() {
            true => visitor.visit_unit(),
            false => Err(UnreadableJson),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, UnreadableJson> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, UnreadableJson> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, UnreadableJson> {
        visitor.visit_seq(self.items()?)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, UnreadableJson> {
        visitor.visit_seq(self.items()?)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, UnreadableJson> {
        visitor.visit_seq(self.items()?)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, UnreadableJson> {
        let names = self.names()?;
        visitor.visit_map(Properties { names: Items { values: names, next: 0 }, object: self, name: None })
    }

    /// In the order of its fields, without comparing names.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, UnreadableJson> {
        self.names()?;
        visitor.visit_seq(Fields { object: self, fields: fields.iter() })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, UnreadableJson> {
        if self.0.is_string() {
            return visitor.visit_enum(Variant { name: self.text()?, content: Self(JsValue::UNDEFINED) });
        }
        let name = Self(self.names()?.get(0)).text()?;
        let content = self.property(&name)?;
        visitor.visit_enum(Variant { name, content })
    }

    forward_to_deserialize_any! { i128 u128 f32 bytes byte_buf unit_struct }
}

/// The values of an array.
struct Items {
    values: Array,
    next: u32,
}

impl Items {
    fn value(&mut self) -> Option<Value> {
        let value = (self.next < self.values.length()).then(|| Value(self.values.get(self.next)));
        self.next += 1;
        value
    }
}

impl<'de> de::SeqAccess<'de> for Items {
    type Error = UnreadableJson;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, UnreadableJson> {
        self.value().map(|value| seed.deserialize(value)).transpose()
    }
}

/// The values of a struct's fields; none for one that is missing.
struct Fields {
    object: Value,
    fields: std::slice::Iter<'static, &'static str>,
}

impl Fields {
    fn value(&mut self) -> Result<Option<Value>, UnreadableJson> {
        let value = self.fields.next().map(|name| self.object.property(name)).transpose()?;
        Ok(value.filter(|value| !value.0.is_undefined()))
    }
}

impl<'de> de::SeqAccess<'de> for Fields {
    type Error = UnreadableJson;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, UnreadableJson> {
        self.value()?.map(|value| seed.deserialize(value)).transpose()
    }
}

/// Names and values of a map.
struct Properties {
    names: Items,
    object: Value,
    name: Option<String>,
}

impl<'de> de::MapAccess<'de> for Properties {
    type Error = UnreadableJson;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, UnreadableJson> {
        let Some(name) = self.names.value() else {
            return Ok(None);
        };
        self.name = Some(name.text()?);
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, UnreadableJson> {
        seed.deserialize(self.object.property(&self.name.take().ok_or(UnreadableJson)?)?)
    }
}

/// A variant of an enum: a text, or an object with one property.
struct Variant {
    name: String,
    content: Value,
}

impl<'de> de::EnumAccess<'de> for Variant {
    type Error = UnreadableJson;
    type Variant = Value;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Value), UnreadableJson> {
        let name: de::value::StringDeserializer<UnreadableJson> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, self.content))
    }
}

impl<'de> de::VariantAccess<'de> for Value {
    type Error = UnreadableJson;

    fn unit_variant(self) -> Result<(), UnreadableJson> {
        match self.0.is_undefined() {
            true => Ok(()),
            false => Err(UnreadableJson),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, UnreadableJson> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, UnreadableJson> {
        visitor.visit_seq(self.items()?)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, UnreadableJson> {
        de::Deserializer::deserialize_struct(self, "", fields, visitor)
    }
}
