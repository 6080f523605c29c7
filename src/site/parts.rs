//! The current request, in a server function.

use axum::http::request::Parts;
use leptos::prelude::use_context;

use crate::shared::error::AppError;

/// Returns the request's parts.
///
/// # Errors
/// [`AppError::Internal`] without a request. This is an error and no panic because Leptos drops the
/// context when the visitor cancels the request.
pub fn parts() -> Result<Parts, AppError> {
    use_context::<Parts>().ok_or(AppError::Internal)
}
