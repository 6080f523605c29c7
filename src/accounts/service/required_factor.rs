//! Who must have a second factor, and by when: the setting `second_factor.required`, and groups
//! that require one.

use super::{
    super::store::rights::{self as store, ActiveMember},
    factors,
};
use crate::{
    base::{
        clock::{Millis, latest, to_millis},
        member::UserId,
    },
    shared::error::AppError,
    site::AppState,
};

/// Completes what was read of an account by the rule: by when it must have a second factor, in
/// milliseconds since 1970. Records when that was first found: the period of grace begins then, and
/// does not begin again when the rule was off for a while. Nobody need have one on a site where
/// nobody can set one up; the start and `check --deploy` say so.
pub(super) async fn apply(site: &AppState, id: UserId, account: &mut ActiveMember) {
    let settings = &site.config.second_factor;
    let is_required = (account.group_requires || settings.required.holds_for(&account.rights))
        && (site.seal.is_available() || site.config.offers_passkeys());
    let now = site.clock.now();
    let latest = latest(now, 0);
    let since = account.required_at.filter(|since| *since <= latest);
    if is_required != account.is_required || (is_required && since.is_none()) {
        match record(site, id, is_required, now, latest).await {
            Ok(has_second_factor) => account.rights.has_second_factor = has_second_factor,
            // A read must not fail because the database cannot be written: the next one records it.
            Err(error) => {
                tracing::warn!(user_id = id.0, %error, "Who needs a second factor was not recorded")
            }
        }
    }
    account.rights.second_factor_due =
        is_required.then(|| since.unwrap_or(now).saturating_add(to_millis(settings.grace.get())));
}

/// Returns whether the account has a second factor under the rule.
async fn record(
    site: &AppState,
    id: UserId,
    is_required: bool,
    now: Millis,
    latest: Millis,
) -> Result<bool, AppError> {
    let mut transaction = site.db.begin().await?;
    store::set_required(&mut transaction, id, is_required, now, latest).await?;
    let has_second_factor = factors::has_second_factor(site, &mut transaction, id).await?;
    transaction.commit().await?;
    site.cache.invalidate_member(id, "second factor required").await;
    Ok(has_second_factor)
}
