//! Links and codes in mails: random, stored as hashes, valid once, for one purpose, one account and
//! one address.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::super::{
    store as accounts,
    store::{
        OwnerRow, tokens as store,
        tokens::{NewToken, TokenRow, UsedRow},
    },
};
use crate::{
    base::{
        clock::{Millis, latest},
        db::{Connection, Transaction},
        member::{Member, UserId},
    },
    shared::error::AppError,
    site::AppState,
};

/// The proof of an address: the link in the mail or, signed in, the code beside it.
pub enum Proof<'a> {
    /// The token from the link.
    Token(&'a str),
    /// The member and the code, as typed.
    Code(&'a Member, &'a str),
}

pub use super::{
    purpose::Purpose,
    revocation::{Change, revoke, revoke_logged_out, revoke_since_change},
};

/// A token and its code in plain text. They exist only in the mail.
pub struct Issued {
    /// The token for the link.
    pub token: String,
    /// The code for typing.
    pub code: String,
}

/// Creates a token and a code; `occurred_at` is when the mail's cause happened, in milliseconds
/// since 1970. [`replace_earlier`] comes before it, in the same transaction.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn issue(
    transaction: &mut Transaction,
    now: Millis,
    occurred_at: Millis,
    user: UserId,
    purpose: Purpose,
    email: &str,
) -> Result<Issued, AppError> {
    let token = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    let code = code_of(&token);
    let row = NewToken {
        token_hash: &hash_token(&token),
        purpose: purpose.name(),
        user,
        email,
        code_hash: Some(&hash_code(purpose, user, &code)),
        created_at: occurred_at,
        expires_at: now.saturating_add(purpose.lifetime()),
    };
    store::insert(transaction, &row).await?;
    Ok(Issued { token, code })
}

/// Deletes the account's earlier tokens that a new one for this purpose replaces. Returns false if
/// a later cause than `occurred_at` has created one: several mails are written at a time, and one
/// may have been delayed, but the one that was asked for last counts.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn replace_earlier(
    transaction: &mut Transaction,
    now: Millis,
    occurred_at: Millis,
    user: UserId,
    purpose: Purpose,
) -> Result<bool, AppError> {
    if !purpose.replaces_earlier() {
        return Ok(true);
    }
    let times = (occurred_at, latest(now, 0));
    if store::has_later(transaction, user, purpose.name(), times).await? {
        return Ok(false);
    }
    store::delete(transaction, user, purpose.name()).await?;
    Ok(true)
}

/// A valid token and its account.
pub struct Token {
    /// The id of the account.
    pub user: UserId,
    /// The account's present data.
    pub owner: OwnerRow,
    /// The address to which the token was mailed.
    pub email: String,
    /// When the mail's cause happened, in milliseconds since 1970.
    pub created_at: Millis,
}

/// Returns the token with its account, if it is still valid for it.
pub(super) async fn good(
    connection: &mut Connection,
    purpose: Purpose,
    row: Option<TokenRow>,
) -> Result<Option<Token>, AppError> {
    let Some(TokenRow { user_id, email, created_at }) = row else {
        return Ok(None);
    };
    let user = UserId(user_id);
    let owner = accounts::owner(connection, user).await?;
    Ok(owner.filter(|owner| purpose.accepts(&email, &owner.email)).map(|owner| Token {
        user,
        owner,
        email,
        created_at,
    }))
}

/// Returns the token if it can be used, without using it.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn peek(site: &AppState, purpose: Purpose, token: &str) -> Result<Option<Token>, AppError> {
    let mut connection = site.db.read().await?;
    let row = store::find(&mut connection, &hash_token(token), purpose.name(), site.clock.now()).await?;
    good(&mut connection, purpose, row).await
}

/// Returns the owner of a token that can be used.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn owner_of(
    connection: &mut Connection,
    purpose: Purpose,
    token: &str,
    now: Millis,
) -> Result<Option<UserId>, AppError> {
    let row = store::find(connection, &hash_token(token), purpose.name(), now).await?;
    Ok(good(connection, purpose, row).await?.map(|token| token.user))
}

/// Returns a used token and its account, if the token's effect still holds.
pub(super) async fn used(
    site: &AppState,
    purpose: Purpose,
    proof: &Proof<'_>,
) -> Result<Option<(UsedRow, OwnerRow)>, AppError> {
    let (mut connection, name) = (site.db.read().await?, purpose.name());
    let row = match proof {
        Proof::Token(token) => store::find_used(&mut connection, &hash_token(token), name).await?,
        Proof::Code(member, code) => {
            let hash = hash_code(purpose, member.id(), code);
            store::find_used_by_code(&mut connection, &hash, name, member.id()).await?
        }
    };
    let Some(row) = row else {
        return Ok(None);
    };
    let owner = accounts::owner(&mut connection, UserId(row.user_id)).await?;
    Ok(owner.filter(|owner| purpose.still_holds(&row.email, owner)).map(|owner| (row, owner)))
}

/// Returns the owner of a token that was used a moment ago, if its effect still holds. If a button
/// is pressed twice, the first request has done the work, and the visitor sees the answer to the
/// second.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn used_just_now(
    site: &AppState,
    purpose: Purpose,
    proof: &Proof<'_>,
) -> Result<Option<(UserId, OwnerRow)>, AppError> {
    const DOUBLE_CLICK_MS: Millis = 10_000;
    let now = site.clock.now();
    Ok(used(site, purpose, proof)
        .await?
        .filter(|(row, _)| (0..=DOUBLE_CLICK_MS).contains(&now.saturating_sub(row.used_at)))
        .map(|(row, owner)| (UserId(row.user_id), owner)))
}

/// Uses a token and returns it, or `None` when it cannot be used. Of two concurrent requests one
/// succeeds.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn take(
    transaction: &mut Transaction,
    now: Millis,
    purpose: Purpose,
    proof: &Proof<'_>,
) -> Result<Option<Token>, AppError> {
    let name = purpose.name();
    let row = match proof {
        Proof::Token(token) => store::take(transaction, &hash_token(token), name, now).await?,
        Proof::Code(member, code) => {
            let hash = hash_code(purpose, member.id(), code);
            store::take_by_code(transaction, &hash, name, member.id(), now).await?
        }
    };
    good(transaction, purpose, row).await
}

/// Corrects tokens that were created while the clock was ahead, as if they were created now.
/// Returns how many.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn correct_times(site: &AppState, now: Millis) -> Result<u64, AppError> {
    let mut corrected = 0;
    let mut transaction = site.db.begin().await?;
    for purpose in Purpose::ALL {
        let (end, latest) = (now.saturating_add(purpose.lifetime()), latest(now, purpose.lifetime()));
        corrected += store::correct_times(&mut transaction, purpose.name(), now, latest, end).await?;
    }
    transaction.commit().await?;
    Ok(corrected)
}

/// Deletes expired tokens and returns how many.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn sweep(site: &AppState, now: Millis) -> Result<u64, AppError> {
    let mut transaction = site.db.begin().await?;
    let gone = store::delete_expired(&mut transaction, now).await?;
    transaction.commit().await?;
    Ok(gone)
}

pub(super) fn hash_token(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// Includes account and purpose, so that equal codes of two accounts have different hashes.
pub(super) fn hash_code(purpose: Purpose, user: UserId, code: &str) -> [u8; 32] {
    let letters: String =
        code.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_uppercase()).collect();
    Sha256::digest(format!("{}:{user}:{letters}", purpose.name())).into()
}

/// Returns the code that belongs to a token, so that its link can show it: eight consonants,
/// `BCDF-GHJK`, no digits to confuse with letters, no vowels to form words. 34 bits, which cannot
/// be guessed with five attempts in ten minutes. The hash leaves the letters even to 2^-93.
pub fn code_of(token: &str) -> String {
    const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
    let digest = Sha256::new().chain_update("code of ").chain_update(token).finalize();
    let mut random = digest.first_chunk().map(|bytes| u128::from_be_bytes(*bytes)).unwrap_or_default();
    let mut letter = || {
        let letter = LETTERS[usize::try_from(random % 20).unwrap_or_default()];
        random /= 20;
        char::from(letter)
    };
    let mut half = || (0..4).map(|_| letter()).collect::<String>();
    format!("{}-{}", half(), half())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_normalised_before_comparison() {
        let (user, purpose) = (UserId(7), Purpose::VerifyEmail);
        let code = code_of("a token");
        assert!(code == code_of("a token") && code != code_of("another token"), "{code}");
        assert!(code.len() == 9 && code.as_bytes()[4] == b'-', "{code}");
        let typed = format!(" {} ", code.replace('-', " ").to_lowercase());
        assert_eq!(hash_code(purpose, user, &typed), hash_code(purpose, user, &code));
        assert_ne!(hash_code(purpose, UserId(8), &code), hash_code(purpose, user, &code));
        assert_ne!(hash_code(Purpose::ChangeEmail, user, &code), hash_code(purpose, user, &code));
    }
}
