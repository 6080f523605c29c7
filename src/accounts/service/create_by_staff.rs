//! What the admin needs to make an account.

use super::super::store;
use super::profile::Names;
use crate::{
    base::{
        clock::Millis,
        db::{Connection, Transaction},
        email_address,
        member::UserId,
        username,
    },
    shared::error::AppError,
};

/// An account that staff make.
pub struct NewUser<'a> {
    /// Its id.
    pub id: UserId,
    /// How its owner is called.
    pub names: &'a Names,
    /// An address, which nobody has confirmed yet.
    pub email: &'a str,
    /// A hash, or what none fits.
    pub password_hash: &'a str,
}

/// Adds an account; a taken name is a refused form.
///
/// # Errors
/// A refused form, or an outage.
pub async fn insert(transaction: &mut Transaction, now: Millis, user: &NewUser<'_>) -> Result<(), AppError> {
    let row = store::NewUser {
        id: user.id.0,
        username: &user.names.username,
        username_key: &username::key(&user.names.username),
        email: user.email,
        email_key: &email_address::key(user.email),
        email_verified_at: None,
        first_name: &user.names.first_name,
        last_name: &user.names.last_name,
        password_hash: user.password_hash,
        session_stamp: &rand::random::<[u8; 32]>(),
        is_superuser: false,
        date_joined: now,
    };
    Ok(store::insert(transaction, &row).await?)
}

/// Whether another account has proven this address.
///
/// # Errors
/// An outage.
pub async fn is_proven_elsewhere(connection: &mut Connection, email: &str) -> Result<bool, AppError> {
    let accounts = store::by_email(connection, &email_address::key(email)).await?;
    Ok(accounts.iter().any(|account| account.email_verified_at.is_some()))
}
