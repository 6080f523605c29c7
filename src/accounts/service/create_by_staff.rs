//! Creating accounts in the admin.

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

/// An account that staff create.
pub struct NewUser<'a> {
    /// The account's id.
    pub id: UserId,
    /// The username, first and last name.
    pub names: &'a Names,
    /// The e-mail address, not verified.
    pub email: &'a str,
    /// A password hash, or a text that no password matches.
    pub password_hash: &'a str,
}

/// Inserts an account.
///
/// # Errors
/// [`AppError::Invalid`] when the username is taken; [`AppError::Unavailable`] when the database
/// cannot be used.
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

/// Returns whether an active account has verified this address.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn is_proven_elsewhere(connection: &mut Connection, email: &str) -> Result<bool, AppError> {
    let accounts = store::by_email(connection, &email_address::key(email)).await?;
    Ok(accounts.iter().any(|account| account.email_verified_at.is_some()))
}
