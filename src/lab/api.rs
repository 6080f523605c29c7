//! Server functions of the lab; public where the lab is enabled.

use leptos::prelude::*;

use super::{ApiLesson, Matrix};
use crate::shared::{error::AppError, forms::Submission, json::Json, moment::Moment};

/// Returns the present time.
///
/// # Errors
/// None of its own; [`AppError::Offline`] and the like from the transport.
#[server(prefix = "/api", endpoint = "lab/now", output = Json)]
pub async fn tell_time() -> Result<Moment, AppError> {
    use crate::{base::moment::moment, site::RequestContext};

    Ok(moment(RequestContext::current()?.site.clock.now()))
}

/// Loads exercise 5.
///
/// # Errors
/// [`AppError::Internal`] if the value cannot be computed.
#[server(prefix = "/api", endpoint = "lab/cache_api", output = Json)]
pub async fn load_api_lesson() -> Result<ApiLesson, AppError> {
    use crate::site::RequestContext;

    crate::site::response::no_store();
    super::service::api_lesson(&RequestContext::current()?).await
}

/// Queues a flash message of each level, and redirects to the page that shows them.
///
/// # Errors
/// None of its own; [`AppError::Offline`] and the like from the transport.
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

/// Loads the dashboard's two times.
///
/// # Errors
/// [`AppError::Internal`] if a value cannot be encoded for the cache.
#[server(prefix = "/api", endpoint = "lab/matrix", output = Json)]
pub async fn load_matrix() -> Result<Matrix, AppError> {
    use crate::site::{RequestContext, current_member};

    crate::site::response::no_store();
    super::service::matrix(&RequestContext::current()?, current_member().ok().as_ref()).await
}
