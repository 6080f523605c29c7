//! In the browser, loaded data is never serialized, so the WASM contains no code for it.

use serde::Serialize;

use super::ToJson;
use crate::shared::error::AppError;

/// Returns a function that writes nothing.
#[expect(clippy::extra_unused_type_parameters, reason = "called as its twin on the server")]
pub fn of<T: Serialize + 'static>() -> ToJson {
    |_| Ok(String::new())
}

/// Returns the error unchanged: the server has already added the request id.
pub fn report() -> impl FnOnce(AppError) -> AppError + Send + 'static {
    |error| error
}
