//! A member's passkeys: adding, listing, renaming and removing them.

use super::{
    MAX_PASSKEYS, Purpose, answered,
    challenges::too_many,
    credential, refused,
    store::{self, PasskeyRow},
};
use crate::{
    accounts::{
        names,
        service::notify,
        store::{factors, owner},
    },
    activity::{self, Kind},
    auth::{
        sessions::login_context::RecentAuth,
        webauthn::{Credential, Expected, Registration, RelyingParty, encode, proposed_name},
    },
    base::{
        clock::Millis,
        db::Connection,
        id::new_id,
        member::{Member, UserId},
    },
    mail::service::Kind as Mail,
    shared::{
        error::AppError,
        forms::{Field, PASSKEY_NAME_MAX, Problem},
    },
    site::{AppState, RequestContext},
};

/// A member's passkey.
pub struct Passkey {
    /// Its number.
    pub id: i64,
    /// The name that its owner gave it.
    pub name: String,
    /// When it was added.
    pub created_at: Millis,
    /// When it was last used.
    pub last_used_at: Option<Millis>,
    /// What is known of it.
    pub credential: Credential,
}

/// Returns the member's passkeys, the oldest first.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn list(site: &AppState, member: &Member, _: &RecentAuth) -> Result<Vec<Passkey>, AppError> {
    let rows = store::list(&mut *site.db.read().await?, member.id()).await?;
    let passkey = |row: PasskeyRow| {
        let credential = credential(&row)?;
        let PasskeyRow { id, label, created_at, last_used_at, .. } = row;
        Some(Passkey { id, name: label, created_at, last_used_at, credential })
    };
    Ok(rows.into_iter().filter_map(passkey).collect())
}

/// Returns the member's handle and the ids of all their credentials, for the browser to tell its
/// authenticators, or `None` if they never had any.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn accepted(
    site: &AppState,
    member: &Member,
    _: &RecentAuth,
) -> Result<Option<(String, Vec<String>)>, AppError> {
    let mut connection = site.db.read().await?;
    let Some(handle) = store::find_handle(&mut connection, member.id()).await? else {
        return Ok(None);
    };
    let ids = store::list(&mut connection, member.id()).await?.into_iter().map(|row| row.handle);
    Ok(Some((encode(&handle), ids.collect())))
}

/// Adds the passkey in the response of the browser. Returns its number.
///
/// # Errors
/// [`AppError::Invalid`] when it is refused, or the member has as many as they may have;
/// [`AppError::ClosedWhileActing`] during an impersonation; [`AppError::Throttled`] past the limit;
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn add(
    context: &RequestContext,
    party: &RelyingParty,
    browser: &str,
    member: &Member,
    _: &RecentAuth,
    text: &str,
) -> Result<i64, AppError> {
    member.in_person()?;
    if text.is_empty() {
        return Err(refused(Problem::PasskeyMissing));
    }
    let not_added = || refused(Problem::PasskeyNotAdded);
    let response = Registration::read(text).ok_or_else(not_added)?;
    let (site, user, now) = (&context.site, member.id(), context.site.clock.now());
    let purposes = [Purpose::Register, Purpose::RegisterSecurityKey];
    let purpose = answered(context, browser, response.challenge(), &purposes, Some(user)).await?;
    let expected = Expected { party, user_verified: purpose == Purpose::Register };
    let (handle, credential, counter) = response.verify(&expected).ok_or_else(not_added)?;
    let label = proposed_name(&credential.aaguid, credential.logs_in);
    let new = store::NewPasskey {
        id: new_id(now),
        user,
        handle: &handle,
        secret: &serde_json::to_vec(&credential).map_err(|_| AppError::Internal)?,
        counter: counter.into(),
        label,
        created_at: now,
    };
    let mut transaction = site.db.begin().await?;
    store::lock(&mut transaction, user).await?;
    if store::list(&mut transaction, user).await?.len() >= MAX_PASSKEYS {
        return Err(too_many());
    }
    if !store::insert(&mut transaction, &new).await? {
        return Err(not_added());
    }
    activity::service::record(&mut transaction, now, user, Kind::PasskeyAdded, label, &context.client)
        .await?;
    notify(&mut transaction, context, Mail::PasskeyChanged, user, "added").await?;
    transaction.commit().await?;
    site.mails.wake();
    site.cache.invalidate_member(user, "passkey added").await;
    Ok(new.id)
}

/// Renames one of the member's passkeys. Returns false when there is none.
///
/// # Errors
/// [`AppError::Invalid`] when the name is empty, too long, or has control characters;
/// [`AppError::ClosedWhileActing`] during an impersonation; [`AppError::Unavailable`] when the
/// database cannot be used.
pub async fn rename(
    context: &RequestContext,
    member: &Member,
    _: &RecentAuth,
    id: &str,
    name: &str,
) -> Result<bool, AppError> {
    member.in_person()?;
    let (site, name) = (&context.site, names::normalize(name));
    let found = u32::try_from(name.chars().count()).unwrap_or(u32::MAX);
    let problem = match found {
        0 => Some(Problem::Required),
        _ if found > PASSKEY_NAME_MAX => Some(Problem::TooLong { max: PASSKEY_NAME_MAX, found }),
        _ => names::problem(&name),
    };
    if let Some(problem) = problem {
        return Err(AppError::invalid(Field::PasskeyName, problem));
    }
    let Ok(id) = id.parse() else { return Ok(false) };
    let mut transaction = site.db.begin().await?;
    let renamed = store::rename(&mut transaction, member.id(), id, &name).await?;
    transaction.commit().await?;
    Ok(renamed)
}

/// What became of a passkey that was to be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// It is removed.
    Done,
    /// The member has no such passkey.
    Gone,
    /// It is still there: the member could not log in any more.
    LastWay,
}

/// Removes one of the member's passkeys.
///
/// # Errors
/// [`AppError::ClosedWhileActing`] during an impersonation; [`AppError::Unavailable`] when the
/// database cannot be used.
pub async fn remove(
    context: &RequestContext,
    member: &Member,
    _: &RecentAuth,
    id: &str,
) -> Result<Removal, AppError> {
    member.in_person()?;
    let (site, user, now) = (&context.site, member.id(), context.site.clock.now());
    let Ok(id) = id.parse::<i64>() else { return Ok(Removal::Gone) };
    let mut transaction = site.db.begin().await?;
    store::lock(&mut transaction, user).await?;
    let passkeys = store::list(&mut transaction, user).await?;
    let Some(passkey) = passkeys.iter().find(|passkey| passkey.id == id) else {
        return Ok(Removal::Gone);
    };
    let logs_in = |passkey: &PasskeyRow| credential(passkey).is_some_and(|credential| credential.logs_in);
    let is_last = logs_in(passkey) && passkeys.iter().filter(|passkey| logs_in(passkey)).count() == 1;
    if is_last && !has_password(&mut transaction, user).await? {
        return Ok(Removal::LastWay);
    }
    factors::delete(&mut transaction, id).await?;
    let (kind, label) = (Kind::PasskeyRemoved, &passkey.label);
    activity::service::record(&mut transaction, now, user, kind, label, &context.client).await?;
    notify(&mut transaction, context, Mail::PasskeyChanged, user, "removed").await?;
    transaction.commit().await?;
    site.mails.wake();
    site.cache.invalidate_member(user, "passkey removed").await;
    Ok(Removal::Done)
}

/// Returns whether the account has a password that logs in: staff can switch it off.
async fn has_password(connection: &mut Connection, user: UserId) -> Result<bool, AppError> {
    let account = owner(connection, user).await?.ok_or(AppError::SignedOut)?;
    Ok(!account.password_hash.starts_with(['!', '?']))
}
