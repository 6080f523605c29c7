//! Links and codes in mails. Random, stored as hashes, good once, for one purpose, one account and one address.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::super::store::tokens::{self as store, NewToken, TokenRow};
use crate::{
    accounts::{Address, Link},
    error::AppError,
    mail::service::{self as mail, Kind as Mail},
    member::UserId,
    server::{Site, clock::Millis, db::Transaction},
};

const HOUR: Millis = 3_600_000;

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To set a new password.
    ResetPassword,
    /// To prove the account's address.
    VerifyEmail,
    /// To prove the address that is to become the account's.
    ChangeEmail,
    /// To take a change of address back.
    UndoEmail,
    /// To say that a notice was not about oneself.
    NotMe,
}

impl Purpose {
    /// The name in the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ResetPassword => "reset_password",
            Self::VerifyEmail => "verify_email",
            Self::ChangeEmail => "change_email",
            Self::UndoEmail => "undo_email",
            Self::NotMe => "not_me",
        }
    }

    /// Milliseconds.
    const fn lifetime(self) -> Millis {
        match self {
            Self::ResetPassword => HOUR,
            Self::VerifyEmail | Self::ChangeEmail => 24 * HOUR,
            Self::UndoEmail | Self::NotMe => 72 * HOUR,
        }
    }

    /// The mail that brings one, where there is one kind of it.
    const fn mail(self) -> Option<Mail> {
        match self {
            Self::ResetPassword => Some(Mail::ResetPassword),
            Self::VerifyEmail => Some(Mail::VerifyEmail),
            Self::ChangeEmail => Some(Mail::ChangeEmail),
            Self::UndoEmail | Self::NotMe => None,
        }
    }

    /// Whether a new one makes those before it useless. An undo does not: each leads back to its own address.
    const fn replaces(self) -> bool {
        matches!(self, Self::ResetPassword | Self::VerifyEmail | Self::ChangeEmail)
    }
}

impl Link {
    /// What its token has to be for.
    pub const fn purpose(self) -> Purpose {
        match self {
            Self::ResetPassword => Purpose::ResetPassword,
            Self::VerifyEmail => Purpose::VerifyEmail,
            Self::ChangeEmail => Purpose::ChangeEmail,
            Self::UndoEmail => Purpose::UndoEmail,
            Self::NotMe => Purpose::NotMe,
        }
    }
}

/// A token as it stands in a mail, and nowhere else.
pub struct Issued {
    /// For the link.
    pub token: String,
    /// For typing.
    pub code: String,
}

/// Makes a token and a code, about what happened then.
///
/// # Errors
/// An outage.
pub async fn issue(
    transaction: &mut Transaction,
    now: Millis,
    about: Millis,
    user: UserId,
    purpose: Purpose,
    email: &str,
) -> Result<Issued, AppError> {
    if purpose.replaces() {
        store::delete(transaction, user, purpose.name()).await?;
    }
    let token = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    let code = new_code();
    let row = NewToken {
        token_hash: &hash_token(&token),
        purpose: purpose.name(),
        user,
        email,
        code_hash: Some(&hash_code(purpose, user, &code)),
        created_at: about,
        expires_at: now.saturating_add(purpose.lifetime()),
    };
    store::insert(transaction, &row).await?;
    Ok(Issued { token, code })
}

/// Whether it would be taken, without taking it.
///
/// # Errors
/// An outage.
pub async fn peek(site: &Site, purpose: Purpose, token: &str) -> Result<Option<TokenRow>, AppError> {
    let mut connection = site.db.read().await?;
    Ok(store::find(&mut connection, &hash_token(token), purpose.name(), site.clock.now()).await?)
}

/// Whose account and which address a link is about that would be taken.
///
/// # Errors
/// An outage.
pub async fn about(site: &Site, purpose: Purpose, token: &str) -> Result<Option<Address>, AppError> {
    let Some(row) = peek(site, purpose, token).await? else {
        return Ok(None);
    };
    let mut connection = site.db.read().await?;
    let owner = super::super::store::owner(&mut connection, UserId(row.user_id)).await?;
    Ok(owner.map(|owner| Address {
        is_proven: owner.email_verified_at.is_some() && owner.email == row.email,
        username: owner.username,
        email: row.email,
    }))
}

/// Takes it: of two at once, one gets it.
///
/// # Errors
/// An outage.
pub async fn take(
    transaction: &mut Transaction,
    now: Millis,
    purpose: Purpose,
    token: &str,
) -> Result<Option<TokenRow>, AppError> {
    Ok(store::take(transaction, &hash_token(token), purpose.name(), now).await?)
}

/// The same by the code.
///
/// # Errors
/// An outage.
pub async fn take_by_code(
    transaction: &mut Transaction,
    now: Millis,
    purpose: Purpose,
    user: UserId,
    code: &str,
) -> Result<Option<TokenRow>, AppError> {
    Ok(store::take_by_code(transaction, &hash_code(purpose, user, code), purpose.name(), user, now).await?)
}

/// Makes the account's tokens for these purposes useless, also those whose mails are still to be written.
///
/// # Errors
/// An outage.
pub async fn revoke_all(
    transaction: &mut Transaction,
    user: UserId,
    purposes: &[Purpose],
) -> Result<(), AppError> {
    for mail in purposes.iter().filter_map(|purpose| purpose.mail()) {
        mail::forget(transaction, user, mail).await?;
    }
    revoke(transaction, user, purposes).await
}

/// Makes the account's tokens for these purposes useless, as far as they are there.
///
/// # Errors
/// An outage.
pub async fn revoke(
    transaction: &mut Transaction,
    user: UserId,
    purposes: &[Purpose],
) -> Result<(), AppError> {
    for purpose in purposes {
        store::delete(transaction, user, purpose.name()).await?;
    }
    Ok(())
}

/// After the change of address from `email` was taken back: whoever had the addresses since then gets no way back in, by a later
/// undo or a "this was not me". What undoes earlier changes stays.
///
/// # Errors
/// An outage.
pub async fn revoke_since_change(
    transaction: &mut Transaction,
    user: UserId,
    email: &str,
    changed_at: Millis,
) -> Result<(), AppError> {
    // First those that were still to be written.
    mail::forget_elsewhere(transaction, user, email).await?;
    store::delete_since(transaction, user, Purpose::UndoEmail.name(), changed_at).await?;
    Ok(store::delete_elsewhere(transaction, user, Purpose::NotMe.name(), email).await?)
}

/// Deletes tokens that are too old, and says how many.
///
/// # Errors
/// An outage.
pub async fn sweep(site: &Site) -> Result<u64, AppError> {
    let mut transaction = site.db.begin().await?;
    let gone = store::delete_expired(&mut transaction, site.clock.now()).await?;
    transaction.commit().await?;
    Ok(gone)
}

fn hash_token(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// With the account and the purpose in it, so that two accounts with the same code do not have the same hash.
fn hash_code(purpose: Purpose, user: UserId, code: &str) -> [u8; 32] {
    let letters: String =
        code.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_uppercase()).collect();
    Sha256::digest(format!("{}:{user}:{letters}", purpose.name())).into()
}

/// Eight consonants, `BCDF-GHJK`: no digits to mistake for letters, no vowels to make words. 34 bits, which with five tries in ten
/// minutes nobody guesses.
fn new_code() -> String {
    const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
    let letter = || char::from(LETTERS[rand::random_range(0..LETTERS.len())]);
    let half = || (0..4).map(|_| letter()).collect::<String>();
    format!("{}-{}", half(), half())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let (user, purpose) = (UserId(7), Purpose::VerifyEmail);
        let code = new_code();
        assert!(code.len() == 9 && code.as_bytes()[4] == b'-', "{code}");
        let typed = format!(" {} ", code.replace('-', " ").to_lowercase());
        assert_eq!(hash_code(purpose, user, &typed), hash_code(purpose, user, &code));
        assert_ne!(hash_code(purpose, UserId(8), &code), hash_code(purpose, user, &code));
        assert_ne!(hash_code(Purpose::ChangeEmail, user, &code), hash_code(purpose, user, &code));
    }
}
