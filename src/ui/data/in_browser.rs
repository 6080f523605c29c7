//! What a browser has loaded goes nowhere; so no code to write it is in the WASM.

use serde::Serialize;

use super::ToJson;
use crate::shared::error::AppError;

/// Nothing is written.
#[expect(clippy::extra_unused_type_parameters, reason = "called as its twin on the server")]
pub fn of<T: Serialize + 'static>() -> ToJson {
    |_| Ok(String::new())
}

/// The server has added the request's id already.
pub fn report() -> impl FnOnce(AppError) -> AppError + Send + 'static {
    |error| error
}
