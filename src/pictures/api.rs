//! Server functions for a member's picture. (Upload and delivery are not server functions: see
//! `routes`.)

use leptos::prelude::*;

use crate::shared::{error::AppError, forms::Submission};

/// Removes the caller's picture, and redirects to the profile.
///
/// # Errors
/// [`AppError::SignedOut`] without a session; [`AppError::Throttled`] after too many changes;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "members/remove_picture")]
pub async fn remove_picture() -> Result<Submission, AppError> {
    use crate::site::{RequestContext, current_member, flash};
    use crate::{shared::level::Level, ui::flash::Message};

    let removed = super::service::remove(&RequestContext::current()?, &current_member()?).await;
    Submission::from_result(removed.map(|()| {
        flash::message(Level::Success, Message::PictureRemoved);
        leptos_axum::redirect(crate::shared::paths::PROFILE);
    }))
}
