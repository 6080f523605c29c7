//! On the server, loaded data is serialized into the page.

use axum::http::request::Parts;
use leptos::prelude::use_context;
use serde::Serialize;

use super::ToJson;
use crate::shared::json::to_json;
use crate::{shared::error::AppError, timing::request_id::of_request};

/// Returns a function that serializes a value of this type.
pub fn of<T: Serialize + 'static>() -> ToJson {
    |value| to_json(&value.downcast_ref::<Result<T, AppError>>())
}

/// Returns a function that adds the current request's id to an error.
pub fn report() -> impl FnOnce(AppError) -> AppError + Send + 'static {
    let id = use_context::<Parts>().and_then(|parts| of_request(&parts.headers).map(str::to_owned));
    move |error| error.reported(id.as_deref())
}
