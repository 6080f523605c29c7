//! Second factors: an authenticator app, and the recovery codes that stand in for it.

mod check;
mod enrol;
mod operate;
mod recovery_codes;

use super::super::store::{factors as store, mail_logins, passkeys, pending_logins};
use crate::{
    auth::throttle::service::Limit,
    base::{
        clock::{Millis, latest},
        db::{Connection, Transaction},
        member::UserId,
    },
    shared::error::AppError,
    site::AppState,
};

pub use check::{Fitting, confirm_code, find, spend};
pub use enrol::{Enrolment, authenticator, confirm, remove, start};
pub use operate::{Factor, list, reseal_all, reset};
pub use recovery_codes::{first_codes, left, new_codes, seal_for_display, unseal_for_display};

/// How long a secret waits for its first code, in milliseconds.
const ENROLMENT: Millis = 30 * 60_000;

/// Returns whether the account has a second factor. Read from the database: the cached member may
/// be outdated.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn has_second_factor(
    site: &AppState,
    connection: &mut Connection,
    user: UserId,
) -> Result<bool, AppError> {
    Ok(store::has_second_factor(connection, user, &site.config.passkey_party()).await?)
}

/// Returns whether the account has an authenticator app.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn has_app(connection: &mut Connection, user: UserId) -> Result<bool, AppError> {
    Ok(store::totp(connection, user).await?.is_some_and(|app| app.confirmed_at.is_some()))
}

/// The limit of wrong codes, one for all factors of an account. It is reached only after the right
/// password, so that no stranger can lock an owner out.
pub(super) fn limit(site: &AppState, user: UserId) -> Limit {
    let rate = site.config.throttle.second_factor_per_account;
    Limit::new("second_factor_per_account", &user.to_string(), rate)
}

/// What a sealed secret is bound to.
fn bound_to(user: UserId, factor: i64) -> String {
    format!("totp:{user}:{factor}")
}

/// Deletes all factors of an account, passkeys included, and the logins that wait for one.
/// Returns whether there was any. The caller records it, and invalidates the member after the
/// commit.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn delete_all(transaction: &mut Transaction, user: UserId) -> Result<bool, AppError> {
    // The account first, like everything else that locks several tables.
    passkeys::set_asks(transaction, user, false).await?;
    pending_logins::delete_all(transaction, user).await?;
    passkeys::delete_handle(transaction, user).await?;
    Ok(store::delete_all(transaction, user).await? > 0)
}

/// Ends the logins that wait for a second step, which may be gone, and deletes the recovery codes
/// if the account has no second factor any more. Returns whether it has one.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn after_removal(
    site: &AppState,
    transaction: &mut Transaction,
    user: UserId,
) -> Result<bool, AppError> {
    pending_logins::delete_all(transaction, user).await?;
    if passkeys::list(transaction, user).await?.is_empty() {
        passkeys::set_asks(transaction, user, false).await?;
    }
    let has_one = has_second_factor(site, transaction, user).await?;
    if !has_one {
        store::delete_recovery_codes(transaction, user).await?;
    }
    Ok(has_one)
}

/// Deletes secrets that were never confirmed, logins that were not completed, and challenges that
/// were not answered. Returns how many.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn sweep(site: &AppState, now: Millis) -> Result<u64, AppError> {
    let mut transaction = site.db.begin().await?;
    let mut gone = store::delete_stale(
        &mut transaction,
        now.saturating_sub(ENROLMENT),
        latest(site.clock.now_from(now), 0),
    )
    .await?;
    transaction.commit().await?;
    for table in [pending_logins::TABLE, mail_logins::TABLE, passkeys::CHALLENGES] {
        gone += table.delete(&site.db, &site.clock, now).await?;
    }
    Ok(gone)
}
