//! JSON between server and browser. The server writes it with `serde_json`. The browser parses it by
//! itself and needs only the code that turns its values into ours: `serde_json`'s parser, compiled
//! for each type, would be a tenth of the WASM that every page loads.

#[cfg(not(feature = "ssr"))]
#[path = "in_browser.rs"]
mod reading;
#[cfg(feature = "ssr")]
#[path = "on_server.rs"]
mod reading;

use std::{error::Error, fmt};

use leptos::server::codee::{Decoder, Encoder};
use serde::{Serialize, de::DeserializeOwned};
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
        serde_json::to_string(value)
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
        serde_json::to_vec(value).map(Bytes::from)
    }
}

impl<T: DeserializeOwned> Decodes<T> for JsonEncoding {
    type Error = UnreadableJson;

    fn decode(bytes: Bytes) -> Result<T, UnreadableJson> {
        from_json(std::str::from_utf8(&bytes).map_err(|_| UnreadableJson)?)
    }
}
