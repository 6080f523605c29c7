//! Server functions for members; each asks first who is asking.

#![expect(missing_docs, reason = "the macro makes each argument a public field, and passes no comment on")]

use leptos::prelude::*;

use super::{Dashboard, ProfileSummary};
use crate::shared::{error::AppError, forms::Submission};

/// The caller's dashboard.
///
/// # Errors
/// Nobody is signed in, or an outage.
#[server(prefix = "/api", endpoint = "members/dashboard")]
pub async fn load_dashboard() -> Result<Dashboard, AppError> {
    use crate::site::{RequestContext, current_member};

    super::service::dashboard(&RequestContext::current()?, &current_member()?).await
}

/// The caller's profile summary.
///
/// # Errors
/// Nobody is signed in, or an outage.
#[server(prefix = "/api", endpoint = "members/profile")]
pub async fn load_profile() -> Result<ProfileSummary, AppError> {
    use crate::site::{RequestContext, current_member};

    super::service::profile_summary(&RequestContext::current()?, &current_member()?).await
}

/// How many of a hundred reads the cache answers; nothing before the first. For who may look at the cache.
///
/// # Errors
/// Nobody is signed in, or [`AppError::Forbidden`].
#[server(prefix = "/api", endpoint = "members/hit_ratio")]
pub async fn load_hit_ratio() -> Result<Option<u64>, AppError> {
    use crate::{shared::permission::Permission, site::permitted};

    let (visit, _) = permitted(Permission::ViewCache)?;
    Ok(super::service::hit_ratio(&visit).await)
}

/// Changes how the caller is called; leads back to the profile.
///
/// # Errors
/// Nobody is signed in, or an outage.
#[server(prefix = "/api", endpoint = "members/save_profile")]
pub async fn save_profile(
    #[server(default)] username: String,
    #[server(default)] first_name: String,
    #[server(default)] last_name: String,
) -> Result<Submission, AppError> {
    use crate::accounts::service::{Names, save_names};
    use crate::accounts::session;
    use crate::site::{RequestContext, current_member, flash};
    use crate::{shared::level::Level, ui::flash::Message};

    let (visit, member) = (RequestContext::current()?, current_member()?);
    let names = Names { username, first_name, last_name };
    let saved = async {
        let recent = session::recently_authenticated(&session::auth_session().await?, &visit.site).await;
        save_names(&visit, &member, recent, &names).await
    };
    Submission::from_result(saved.await.map(|()| {
        flash::message(Level::Success, Message::ProfileSaved);
        leptos_axum::redirect(crate::shared::paths::PROFILE);
    }))
}
