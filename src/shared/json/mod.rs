//! JSON between server and browser. The server writes it with `serde_json`. The browser parses it
//! by itself and needs only the code that turns its values into ours: `serde_json`'s parser,
//! compiled for each type, would be a tenth of the WASM that every page loads.

#[cfg(not(feature = "ssr"))]
#[path = "in_browser.rs"]
mod reading;
#[cfg(feature = "ssr")]
#[path = "on_server.rs"]
mod reading;

use std::{error::Error, fmt, io};

use leptos::server::codee::{Decoder, Encoder};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{
    Serializer,
    ser::{CompactFormatter, Formatter},
};
use server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType, codec::Post};

/// The JSON of a page's data, of answers and of errors: as an encoding of leptos and of server
/// functions.
pub struct JsonEncoding;

/// The answers of server functions that the browser calls: `#[server(output = Json)]`.
pub type Json = Post<JsonEncoding>;

/// A text that is no JSON, or not of the wanted type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnreadableJson;

impl fmt::Display for UnreadableJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unreadable JSON")
    }
}

impl Error for UnreadableJson {}

/// The largest integer that a browser's numbers hold exactly, and its opposite the smallest. Row
/// ids are larger.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// Writes a value for a browser: an integer that its numbers cannot hold is written as text.
///
/// # Errors
/// When the value has no JSON, such as a map whose keys are no texts.
pub fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<String, serde_json::Error> {
    let mut text = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut text, ForBrowsers))?;
    String::from_utf8(text).map_err(serde::ser::Error::custom)
}

struct ForBrowsers;

impl Formatter for ForBrowsers {
    fn write_i64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: i64) -> io::Result<()> {
        match value.unsigned_abs() <= MAX_SAFE_INTEGER {
            true => CompactFormatter.write_i64(writer, value),
            false => write!(writer, "\"{value}\""),
        }
    }

    fn write_u64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: u64) -> io::Result<()> {
        match value <= MAX_SAFE_INTEGER {
            true => CompactFormatter.write_u64(writer, value),
            false => write!(writer, "\"{value}\""),
        }
    }
}

/// Reads a value.
///
/// # Errors
/// [`UnreadableJson`] if the text is no JSON, or of another type.
pub fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, UnreadableJson> {
    reading::read(text)
}

impl<T: Serialize> Encoder<T> for JsonEncoding {
    type Error = serde_json::Error;
    type Encoded = String;

    fn encode(value: &T) -> Result<String, serde_json::Error> {
        to_json(value)
    }
}

impl<T: DeserializeOwned> Decoder<T> for JsonEncoding {
    type Error = UnreadableJson;
    type Encoded = str;

    fn decode(text: &str) -> Result<T, UnreadableJson> {
        from_json(text)
    }
}

impl ContentType for JsonEncoding {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for JsonEncoding {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for JsonEncoding {
    type Error = serde_json::Error;

    fn encode(value: &T) -> Result<Bytes, serde_json::Error> {
        to_json(value).map(Bytes::from)
    }
}

impl<T: DeserializeOwned> Decodes<T> for JsonEncoding {
    type Error = UnreadableJson;

    fn decode(bytes: Bytes) -> Result<T, UnreadableJson> {
        from_json(std::str::from_utf8(&bytes).map_err(|_| UnreadableJson)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_that_a_browser_would_round_is_written_as_text() {
        let limit = 9_007_199_254_740_991_i64;
        let ids = [1, limit, -limit, limit + 1, -limit - 1, i64::MAX];
        let expected = format!("[1,{limit},-{limit},\"{}\",\"-{}\",\"{}\"]", limit + 1, limit + 1, i64::MAX);
        assert_eq!(to_json(&ids).expect("JSON"), expected);
        assert_eq!(to_json(&u64::MAX).expect("JSON"), format!("\"{}\"", u64::MAX));
    }
}
