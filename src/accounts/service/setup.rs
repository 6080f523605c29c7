//! The first superuser, created in a browser with a link that the program prints at the start.

use super::{
    super::{setup_link, store},
    sign_up::{Account, Creator, NewAccount},
};
use crate::{
    auth::throttle::service::Limit,
    base::member::Member,
    shared::error::AppError,
    site::{AppState, RequestContext},
};

/// Returns the link to create the first superuser, or `None` when there is a superuser. Only the
/// first call in a run of the program returns one.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn new_setup_link(site: &AppState) -> Result<Option<String>, AppError> {
    if store::has_superuser(&mut *site.db.read().await?).await? {
        return Ok(None);
    }
    Ok(site.setup_token.issue().map(|token| site.url(&setup_link::path(&token))))
}

/// Returns whether the first superuser can be created with this token: it is the one of this run,
/// and there is no superuser.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn may_set_up(site: &AppState, token: &str) -> Result<bool, AppError> {
    Ok(site.setup_token.matches(token) && !store::has_superuser(&mut *site.db.read().await?).await?)
}

/// Creates the first superuser, by the rules of [`create_superuser`](super::create_superuser). A
/// form that is sent twice succeeds twice.
///
/// # Errors
/// [`AppError::NotFound`] for a wrong token, for which nothing is counted or read, and when there
/// is a superuser; otherwise as [`sign_up`](super::sign_up).
pub async fn create_first_superuser(
    context: &RequestContext,
    token: &str,
    typed: NewAccount,
) -> Result<Member, AppError> {
    let site = &context.site;
    if !site.setup_token.matches(token) {
        return Err(AppError::NotFound);
    }
    let rate = site.config.throttle.sign_up_per_address;
    site.throttle.take(&[Limit::for_address("setup_per_address", &context.client.address, rate)]).await?;
    let (account, errors) = Account::check(&site.password_rules, typed);
    if store::has_superuser(&mut *site.db.read().await?).await? {
        let made = match errors.is_empty() {
            true => account.made_just_now(site, &account.key()).await?,
            false => None,
        };
        return made.ok_or(AppError::NotFound);
    }
    account.create(site, Creator::SetupLink(context), errors).await
}
