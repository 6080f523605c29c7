//! The present request, in a server function.

use axum::http::request::Parts;
use leptos::prelude::use_context;

use crate::shared::error::AppError;

/// Leptos drops its context when a visitor goes away in the middle, so its absence is an error and no panic.
pub fn parts() -> Result<Parts, AppError> {
    use_context::<Parts>().ok_or(AppError::Internal)
}
