//! The tokens of logins by a mailed code: a code is good only with the cookie that it was asked for
//! with.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::{
    super::store::tokens::{self as store, NewToken},
    tokens::{Purpose, code_of, good, hash_code, hash_token, replace_earlier},
};
use crate::{
    base::{
        clock::Millis,
        db::{Connection, Transaction},
        member::UserId,
    },
    mail::service::MailJob,
    shared::error::AppError,
    site::AppState,
};

/// Creates the token of a login, whose code belongs to it and to the hash `asked` of a cookie.
/// Returns the token, or `None` if a later request has one already.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn issue(
    transaction: &mut Transaction,
    now: Millis,
    order: &MailJob,
    user: UserId,
    asked: &[u8],
    expires_at: Millis,
) -> Result<Option<String>, AppError> {
    let purpose = Purpose::LogIn;
    if !replace_earlier(transaction, now, order.occasion.at, user, purpose).await? {
        return Ok(None);
    }
    let token = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    let row = NewToken {
        token_hash: &hash_token(&token),
        purpose: purpose.name(),
        user,
        email: &order.address,
        code_hash: Some(&hash_login_code(user, &code_of(&token), asked)),
        created_at: order.occasion.at,
        expires_at,
    };
    store::insert(transaction, &row).await?;
    Ok(Some(token))
}

/// Uses the code of a login up. Returns false when it is wrong, or cannot be used any more.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn take(
    connection: &mut Connection,
    user: UserId,
    code: &str,
    asked: &[u8],
    now: Millis,
) -> Result<bool, AppError> {
    let (hash, purpose) = (hash_login_code(user, code, asked), Purpose::LogIn);
    let row = store::take_by_code(connection, &hash, purpose.name(), user, now).await?;
    Ok(good(connection, purpose, row).await?.is_some())
}

/// Returns whether this is the code of a login of that cookie, without using it.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn is_of(site: &AppState, user: UserId, code: &str, asked: &[u8]) -> Result<bool, AppError> {
    let (hash, now) = (hash_login_code(user, code, asked), site.clock.now());
    let mut connection = site.db.read().await?;
    Ok(store::has_code(&mut connection, &hash, Purpose::LogIn.name(), user, now).await?)
}

/// SHA-256 over the code and the hash of a cookie that this site does not store: whoever computes
/// the code from the table still lacks the cookie.
fn hash_login_code(user: UserId, code: &str, asked: &[u8]) -> [u8; 32] {
    let code = hash_code(Purpose::LogIn, user, code);
    Sha256::new().chain_update(code).chain_update(asked).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_good_for_one_account_and_one_cookie_only() {
        let code = code_of("a token");
        let hash = |user, code: &str, asked: u8| hash_login_code(UserId(user), code, &[asked; 32]);
        let typed = code.replace('-', " ").to_lowercase();
        assert_eq!(hash(7, &typed, 1), hash(7, &code, 1));
        assert_ne!(hash(8, &code, 1), hash(7, &code, 1));
        assert_ne!(hash(7, &code, 2), hash(7, &code, 1));
    }
}
