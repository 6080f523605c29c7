//! Reading JSON on the server, which reads what it wrote itself, and what tests send.

use serde::de::DeserializeOwned;

use super::UnreadableJson;

pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, UnreadableJson> {
    serde_json::from_str(text).map_err(|_| UnreadableJson)
}
