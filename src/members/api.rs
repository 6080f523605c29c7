//! Server functions for members; each asks first who is asking.

use leptos::prelude::*;

use super::{Dashboard, ProfileSummary};
use crate::error::AppError;

/// The caller's dashboard.
///
/// # Errors
/// Nobody is signed in, or an outage.
#[server(prefix = "/api", endpoint = "members/dashboard")]
pub async fn load_dashboard() -> Result<Dashboard, AppError> {
    use crate::server::{Visit, current_member};

    super::service::dashboard(&Visit::current()?, &current_member()?).await
}

/// The caller's profile summary.
///
/// # Errors
/// Nobody is signed in, or an outage.
#[server(prefix = "/api", endpoint = "members/profile")]
pub async fn load_profile() -> Result<ProfileSummary, AppError> {
    use crate::server::{Visit, current_member};

    super::service::profile_summary(&Visit::current()?, &current_member()?).await
}
