//! Server functions of the lab; open to everybody where the lab is.

use leptos::prelude::*;

use super::{ApiLesson, Matrix};
use crate::{error::AppError, ui::Moment};

/// What time it is.
///
/// # Errors
/// None but those of the way.
#[server(prefix = "/api", endpoint = "lab/now")]
pub async fn tell_time() -> Result<Moment, AppError> {
    use crate::server::{Visit, moment::moment};

    Ok(moment(Visit::current()?.site.clock.now()))
}

/// Exercise 5.
///
/// # Errors
/// An outage.
#[server(prefix = "/api", endpoint = "lab/cache_api")]
pub async fn load_api_lesson() -> Result<ApiLesson, AppError> {
    use crate::server::{Visit, page_cache};

    page_cache::no_store();
    super::service::api_lesson(&Visit::current()?).await
}

/// The dashboard's two times.
///
/// # Errors
/// An outage.
#[server(prefix = "/api", endpoint = "lab/matrix")]
pub async fn load_matrix() -> Result<Matrix, AppError> {
    use crate::server::{Visit, current_member, page_cache};

    page_cache::no_store();
    super::service::matrix(&Visit::current()?, current_member().ok().as_ref()).await
}
