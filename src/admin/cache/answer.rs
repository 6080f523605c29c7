//! The response to a form of the inspector.

use super::Query;
use crate::{
    shared::{error::AppError, forms::Submission, level::Level, paths::ADMIN_CACHE},
    site::flash,
    ui::flash::Message,
};

/// Reports whether something was dropped, and redirects to the search that the form was on.
pub fn answer(dropped: Result<bool, AppError>, query: &str) -> Result<Submission, AppError> {
    Submission::from_result(dropped.map(|dropped| {
        match dropped {
            true => flash::message(Level::Success, Message::CacheDropped),
            false => flash::message(Level::Warning, Message::CacheNothingThere),
        }
        leptos_axum::redirect(&format!("{ADMIN_CACHE}{}", Query::from_query(query).to_query()));
    }))
}
