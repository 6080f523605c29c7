//! Server functions of the lab; open to everybody where the lab is.

use leptos::prelude::*;

use super::{ApiLesson, Matrix};
use crate::shared::{error::AppError, forms::Submission, moment::Moment};

/// What time it is.
///
/// # Errors
/// None but those of the way.
#[server(prefix = "/api", endpoint = "lab/now")]
pub async fn tell_time() -> Result<Moment, AppError> {
    use crate::{base::moment::moment, site::RequestContext};

    Ok(moment(RequestContext::current()?.site.clock.now()))
}

/// Exercise 5.
///
/// # Errors
/// An outage.
#[server(prefix = "/api", endpoint = "lab/cache_api")]
pub async fn load_api_lesson() -> Result<ApiLesson, AppError> {
    use crate::site::RequestContext;

    crate::site::response::no_store();
    super::service::api_lesson(&RequestContext::current()?).await
}

/// Adds a message of each level, and leads back to their page.
///
/// # Errors
/// None but those of the way.
#[server(prefix = "/api", endpoint = "lab/send_messages")]
pub async fn send_messages() -> Result<Submission, AppError> {
    use crate::{shared::level::Level, site::flash, ui::flash::Message::Example};

    flash::debug(Example { level: Level::Debug });
    flash::info(Example { level: Level::Info });
    flash::success(Example { level: Level::Success });
    flash::warning(Example { level: Level::Warning });
    flash::error(Example { level: Level::Error });
    leptos_axum::redirect(crate::shared::paths::MESSAGES);
    Ok(Submission::Accepted)
}

/// The dashboard's two times.
///
/// # Errors
/// An outage.
#[server(prefix = "/api", endpoint = "lab/matrix")]
pub async fn load_matrix() -> Result<Matrix, AppError> {
    use crate::site::{RequestContext, current_member};

    crate::site::response::no_store();
    super::service::matrix(&RequestContext::current()?, current_member().ok().as_ref()).await
}
