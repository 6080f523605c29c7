//! Server functions for members; each requires a session.

#![expect(missing_docs, reason = "the macro makes each argument a public field, and passes no comment on")]

use leptos::prelude::*;

use super::{Dashboard, ProfileSummary};
use crate::shared::{error::AppError, forms::Submission, json::Json};

/// Loads the caller's dashboard.
///
/// # Errors
/// [`AppError::SignedOut`] without a session; [`AppError::Unavailable`] when the database cannot be
/// used.
#[server(prefix = "/api", endpoint = "members/dashboard", output = Json)]
pub async fn load_dashboard() -> Result<Dashboard, AppError> {
    use crate::site::{RequestContext, current_member};

    super::service::dashboard(&RequestContext::current()?, &current_member()?).await
}

/// Loads the caller's profile summary.
///
/// # Errors
/// [`AppError::SignedOut`] without a session; [`AppError::Unavailable`] when the database cannot be
/// used.
#[server(prefix = "/api", endpoint = "members/profile", output = Json)]
pub async fn load_profile() -> Result<ProfileSummary, AppError> {
    use crate::site::{RequestContext, current_member};

    super::service::profile_summary(&RequestContext::current()?, &current_member()?).await
}

/// Loads the time zones to choose from, as the options of a select.
///
/// # Errors
/// [`AppError::SignedOut`] without a session.
#[server(prefix = "/api", endpoint = "members/time_zones", output = Json)]
pub async fn load_time_zones() -> Result<String, AppError> {
    use crate::site::current_member;

    Ok(super::service::time_zone_options(current_member()?.time_zone()))
}

/// Loads the percentage of reads that the cache answers, or `None` before the first read. Requires
/// the permission to view the cache.
///
/// # Errors
/// [`AppError::SignedOut`] without a session, or [`AppError::Forbidden`] without the permission.
#[server(prefix = "/api", endpoint = "members/hit_ratio", output = Json)]
pub async fn load_hit_ratio() -> Result<Option<u64>, AppError> {
    use crate::{shared::permission::Permission, site::permitted};

    let (context, _) = permitted(Permission::ViewCache)?;
    Ok(super::service::hit_ratio(&context).await)
}

/// Changes the caller's username, first and last name, and redirects to the profile.
///
/// # Errors
/// [`AppError::SignedOut`] without a session; [`AppError::ClosedWhileActing`] during an
/// impersonation; [`AppError::Throttled`] after too many changes; [`AppError::Unavailable`] when
/// the database cannot be used.
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

    let (context, member) = (RequestContext::current()?, current_member()?);
    let names = Names { username, first_name, last_name };
    let saved = async {
        let recent = session::recently_authenticated(&session::auth_session().await?, &context.site).await;
        save_names(&context, &member, recent, &names).await
    };
    Submission::from_result(saved.await.map(|()| {
        flash::message(Level::Success, Message::ProfileSaved);
        leptos_axum::redirect(crate::shared::paths::PROFILE);
    }))
}

/// Changes the caller's time zone, and redirects to the profile.
///
/// # Errors
/// [`AppError::SignedOut`] without a session; [`AppError::BadRequest`] for an unknown zone;
/// [`AppError::ClosedWhileActing`] during an impersonation; [`AppError::Throttled`] after too many
/// changes; [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "members/save_time_zone")]
pub async fn save_time_zone(#[server(default)] time_zone: String) -> Result<Submission, AppError> {
    use crate::site::{RequestContext, current_member, flash};
    use crate::{accounts::service, shared::level::Level, ui::flash::Message};

    let saved = service::save_time_zone(&RequestContext::current()?, &current_member()?, &time_zone).await;
    Submission::from_result(saved.map(|()| {
        flash::message(Level::Success, Message::ProfileSaved);
        leptos_axum::redirect(crate::shared::paths::PROFILE);
    }))
}

/// Sets the theme of this browser, and redirects to its page.
///
/// # Errors
/// [`AppError::SignedOut`] without a session.
#[server(prefix = "/api", endpoint = "members/set_theme")]
pub async fn set_theme(#[server(default)] theme: String) -> Result<Submission, AppError> {
    use std::time::Duration;

    use crate::shared::theme::{THEME, Theme};
    use crate::site::{cookies, current_member, flash};
    use crate::{shared::level::Level, ui::flash::Message};

    /// Browsers keep no cookie for longer.
    const LIFETIME: Duration = Duration::from_secs(400 * 24 * 60 * 60);

    current_member()?;
    match Theme::from_name(&theme) {
        Theme::System => cookies::set_current(THEME, String::new(), Duration::ZERO),
        theme => cookies::set_current(THEME, theme.name().to_owned(), LIFETIME),
    }
    flash::message(Level::Success, Message::ThemeSaved);
    leptos_axum::redirect(crate::shared::paths::APPEARANCE);
    Ok(Submission::Accepted)
}
