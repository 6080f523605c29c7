//! Writing and reading the record.

use super::{Kind, store};
use crate::{
    error::AppError,
    member::{Client, Member, UserId},
    server::{Site, clock::Millis, db::Transaction, id::new_id},
};

pub use super::store::ActivityRow as Activity;

/// Writes a line, in the transaction of what it tells of: both are there, or neither is.
///
/// # Errors
/// An outage.
pub async fn record(
    transaction: &mut Transaction,
    now: Millis,
    user: UserId,
    kind: Kind,
    detail: &str,
    client: &Client,
) -> Result<(), AppError> {
    Ok(store::insert(transaction, new_id(now), user, kind.name(), detail, now, client).await?)
}

/// The member's latest logins, the latest first.
///
/// # Errors
/// An outage.
pub async fn recent_logins(site: &Site, member: &Member) -> Result<Vec<Activity>, AppError> {
    const LIMIT: i64 = 5;
    let mut connection = site.db.read().await?;
    Ok(store::latest(&mut connection, member.id(), Kind::Login.name(), LIMIT).await?)
}
