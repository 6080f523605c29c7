//! Creating accounts, for the admin and the import.

use super::super::store;
use crate::{
    base::{
        db::{Connection, Transaction},
        email_address,
    },
    shared::error::AppError,
};

/// Inserts accounts.
///
/// # Errors
/// [`AppError::Invalid`] when a username is taken; [`AppError::Unavailable`] when the database
/// cannot be used.
pub async fn insert(transaction: &mut Transaction, users: &[store::NewUser<'_>]) -> Result<(), AppError> {
    Ok(store::insert(transaction, users).await?)
}

/// Returns whether an active account has verified this address.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn is_proven_elsewhere(connection: &mut Connection, email: &str) -> Result<bool, AppError> {
    let accounts = store::by_email(connection, &email_address::key(email)).await?;
    Ok(accounts.iter().any(|account| account.email_verified_at.is_some()))
}
