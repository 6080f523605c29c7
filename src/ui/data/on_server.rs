//! What the server has loaded goes into the page.

use serde::Serialize;

use super::ToJson;
use crate::error::AppError;

/// How a value of this type is written.
pub fn of<T: Serialize + 'static>() -> ToJson {
    |value| serde_json::to_string(&value.downcast_ref::<Result<T, AppError>>())
}
