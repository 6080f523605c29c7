//! Who must have a second factor, and by when: the setting `second_factor.required`, and groups
//! that require one.

use super::super::store::rights::{self as store, ActiveMember};
use crate::{
    base::{
        clock::{Millis, latest, to_millis},
        member::UserId,
    },
    shared::error::AppError,
    site::AppState,
};

/// Returns by when an account must have a second factor, in milliseconds since 1970, or `None` if
/// it need not. The first time, records that: the period of grace begins then, and does not begin
/// again when the rule was off for a while. Nobody need have one on a site without a key, where
/// nobody can set one up; the start and `check --deploy` say so.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub(super) async fn due(
    site: &AppState,
    id: UserId,
    account: &ActiveMember,
) -> Result<Option<Millis>, AppError> {
    let settings = &site.config.second_factor;
    let is_required = account.group_requires || settings.required.holds_for(&account.rights);
    if !is_required || !site.seal.is_available() {
        return Ok(None);
    }
    let now = site.clock.now();
    let latest = latest(now, 0);
    let since = match account.required_at.filter(|since| *since <= latest) {
        Some(since) => since,
        None => {
            let mut transaction = site.db.begin().await?;
            store::set_required_at(&mut transaction, id, now, latest).await?;
            transaction.commit().await?;
            now
        }
    };
    Ok(Some(since.saturating_add(to_millis(settings.grace.get()))))
}
