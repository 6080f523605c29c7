//! Server functions for a member's picture. (The upload, and the picture itself, are no server functions: `routes`.)

use leptos::prelude::*;

use crate::shared::{error::AppError, forms::Submission};

/// Removes the caller's picture; leads back to the profile.
///
/// # Errors
/// Nobody is signed in, or an outage.
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
