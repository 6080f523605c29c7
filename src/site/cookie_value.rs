//! Values of our own cookies: JSON, encoded for a cookie.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use crate::shared::forms::ReturnedForm;

/// The maximum size of a value, in bytes. Browsers refuse cookies over 4096 bytes, including name
/// and attributes.
pub const MAX_COOKIE_BYTES: usize = 3800;

/// Encodes a form so that it fits into a cookie, by cutting its values, the longest first.
pub fn fitting(mut form: ReturnedForm, encoded: impl Fn(ReturnedForm) -> String) -> String {
    const MIN_CUT_BYTES: usize = 64;
    let mut cut = 1024;
    loop {
        for value in form.values.values_mut() {
            if let Some((end, _)) = value.char_indices().find(|(at, c)| at + c.len_utf8() > cut) {
                value.truncate(end);
            }
        }
        let value = encoded(form.clone());
        if value.len() <= MAX_COOKIE_BYTES || cut <= MIN_CUT_BYTES {
            return value;
        }
        cut /= 2;
    }
}

/// Encodes a value.
pub fn encode<T: Serialize>(carried: &T) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(carried).unwrap_or_default())
}

/// Decodes a value, or returns `None` if it is not one of ours.
pub fn decode<T: DeserializeOwned>(value: Option<String>) -> Option<T> {
    URL_SAFE_NO_PAD.decode(value?).ok().and_then(|json| serde_json::from_slice(&json).ok())
}
