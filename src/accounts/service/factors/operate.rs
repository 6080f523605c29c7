//! What the operator does with second factors.

use super::{bound_to, store};
use crate::{
    accounts::service::notify,
    base::{db::Transaction, member::UserId},
    mail::service::MailKind,
    shared::error::AppError,
    site::{AppState, RequestContext},
};

pub use store::FactorRow as Factor;

/// Returns an account's factors, the oldest first.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn list(site: &AppState, user: UserId) -> Result<Vec<Factor>, AppError> {
    Ok(store::list(&mut *site.db.read().await?, user).await?)
}

/// Removes an account's factors and mails its owner. Returns false when there were none. The caller
/// records it.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn reset(
    transaction: &mut Transaction,
    context: &RequestContext,
    user: UserId,
) -> Result<bool, AppError> {
    if !super::delete_all(transaction, user).await? {
        return Ok(false);
    }
    notify(transaction, context, MailKind::SecondFactorChanged, user, "reset").await?;
    Ok(true)
}

/// Seals all secrets again that are not sealed with the first key. Returns how many, and of how
/// many more the key is not here.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used. What was sealed again stays so.
pub async fn reseal_all(site: &AppState) -> Result<(u64, u64), AppError> {
    const BATCH: i64 = 100;
    let (mut after, mut resealed, mut lost) = (0, 0, 0);
    loop {
        let mut transaction = site.db.begin().await?;
        let rows = store::sealed(&mut transaction, after, BATCH).await?;
        let Some(last) = rows.last().map(|row| row.id) else {
            return Ok((resealed, lost));
        };
        for row in rows.iter().filter(|row| !site.seal.is_current(&row.secret)) {
            let bound_to = bound_to(UserId(row.user_id), row.id);
            let Some(secret) = site.seal.open(&bound_to, &row.secret).await else {
                lost += 1;
                continue;
            };
            store::reseal(&mut transaction, row.id, &site.seal.reseal(&bound_to, &secret)?).await?;
            resealed += 1;
        }
        transaction.commit().await?;
        after = last;
    }
}
