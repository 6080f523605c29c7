//! A member's passkeys: adding, listing, renaming and removing them.

use super::{
    MAX_PASSKEYS, Purpose, answered,
    challenges::too_many,
    credential, refused,
    store::{self, PasskeyRow},
    suffice,
};
use crate::{
    accounts::{
        names,
        service::{
            factors::{after_removal, has_app, has_second_factor},
            notify,
            taking::hold,
        },
        store::{factors, owner},
    },
    activity::{self, ActivityKind},
    auth::{
        factors::{FactorKind, FactorUse},
        sessions::login_context::RecentAuth,
        webauthn::{Credential, Expected, Registration, RelyingParty, encode, proposed_name},
    },
    base::{
        clock::Millis,
        db::{Connection, Transaction},
        id::new_id,
        member::{Member, UserId},
    },
    mail::service::MailKind,
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

/// Adds the passkey in the response of the browser. Returns its number and, if it has verified its
/// user, that use of it.
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
) -> Result<(i64, Option<FactorUse>), AppError> {
    member.in_person()?;
    if text.is_empty() {
        // The browser gets no options for one more.
        let has_all =
            store::list(&mut *context.site.db.read().await?, member.id()).await?.len() >= MAX_PASSKEYS;
        return Err(if has_all { too_many() } else { refused(Problem::PasskeyMissing) });
    }
    let not_added = || refused(Problem::PasskeyNotAdded);
    let response = Registration::read(text).ok_or_else(not_added)?;
    let (site, user, now) = (&context.site, member.id(), context.site.clock.now());
    let purposes = [Purpose::Register, Purpose::RegisterSecurityKey, Purpose::Offer];
    let purpose = answered(context, browser, response.challenge(), &purposes, Some(user)).await?;
    let expected = Expected {
        party,
        // Browsers may make an offered one without a touch (WebAuthn Level 3, 5.1.3).
        user_present: purpose != Purpose::Offer,
        user_verified: purpose == Purpose::Register,
    };
    let logs_in = purpose != Purpose::RegisterSecurityKey;
    let (handle, credential, counter) = response.verify(&expected, logs_in).ok_or_else(not_added)?;
    let detail = match purpose {
        Purpose::RegisterSecurityKey => "key",
        Purpose::Offer => "offered",
        _ => "",
    };
    let label = proposed_name(&credential.aaguid, credential.logs_in);
    let new = store::NewPasskey {
        id: new_id(now),
        user,
        handle: &handle,
        secret: &serde_json::to_vec(&credential).map_err(|_| AppError::Internal)?,
        counter: counter.into(),
        label,
        party: &party.id,
        created_at: now,
        confirmed_at: (purpose == Purpose::Register).then_some(now),
    };
    let mut transaction = site.db.begin().await?;
    hold(&mut transaction, member).await?;
    if store::list(&mut transaction, user).await?.len() >= MAX_PASSKEYS {
        return Err(too_many());
    }
    if !store::insert(&mut transaction, &new).await? {
        return Err(not_added());
    }
    activity::service::record(
        &mut transaction,
        now,
        user,
        ActivityKind::PasskeyAdded,
        label,
        &context.client,
    )
    .await?;
    notify(&mut transaction, context, MailKind::PasskeyAdded, user, detail).await?;
    transaction.commit().await?;
    site.mails.wake();
    site.members.invalidate(user);
    site.cache.invalidate_member(user, "passkey added").await;
    let used = purpose == Purpose::Register;
    Ok((new.id, used.then_some(FactorUse { kind: FactorKind::Passkey, at: now })))
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
    hold(&mut transaction, member).await?;
    let passkeys = store::list(&mut transaction, user).await?;
    let Some(passkey) = passkeys.iter().find(|passkey| passkey.id == id) else {
        return Ok(Removal::Gone);
    };
    let logs_in = |passkey: &PasskeyRow| credential(passkey).is_some_and(|credential| credential.logs_in);
    let is_last = logs_in(passkey) && passkeys.iter().filter(|passkey| logs_in(passkey)).count() == 1;
    if is_last && is_only_way(&mut transaction, user).await? {
        return Ok(Removal::LastWay);
    }
    factors::delete(&mut transaction, id).await?;
    after_removal(site, &mut transaction, user).await?;
    let (kind, label) = (ActivityKind::PasskeyRemoved, &passkey.label);
    activity::service::record(&mut transaction, now, user, kind, label, &context.client).await?;
    notify(&mut transaction, context, MailKind::PasskeyChanged, user, "removed").await?;
    transaction.commit().await?;
    site.mails.wake();
    site.members.invalidate(user);
    site.cache.invalidate_member(user, "passkey removed").await;
    Ok(Removal::Done)
}

/// Removes the passkeys that were added since then, for an owner who reports a thief. Keeps them
/// where the account would lose its only second factor: a mailbox is not enough to be rid of that.
/// Records it; the caller commits.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn remove_since(
    transaction: &mut Transaction,
    context: &RequestContext,
    user: UserId,
    since: Millis,
) -> Result<(), AppError> {
    let (site, now) = (&context.site, context.site.clock.now());
    if has_second_factor(site, transaction, user).await? && !has_app(transaction, user).await? {
        let is_older = |passkey: &PasskeyRow| passkey.confirmed_at.is_some() && passkey.created_at < since;
        if !store::list(transaction, user).await?.iter().any(is_older) {
            return Ok(());
        }
    }
    if store::delete_since(transaction, user, since).await? > 0 {
        after_removal(site, transaction, user).await?;
        let (kind, detail) = (ActivityKind::PasskeyRemoved, "By the link in an email");
        activity::service::record(transaction, now, user, kind, detail, &context.client).await?;
    }
    Ok(())
}

/// Returns whether the member has a password, and whether they can do without.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn password_state(site: &AppState, member: &Member) -> Result<(bool, bool), AppError> {
    let mut connection = site.db.read().await?;
    let has_none = is_only_way(&mut connection, member.id()).await?;
    Ok((!has_none, suffice(site, &mut connection, member.id()).await?))
}

/// Returns whether only passkeys log in to the account, which has no password. (Where staff
/// switched the password off, passkeys do not either.)
async fn is_only_way(connection: &mut Connection, user: UserId) -> Result<bool, AppError> {
    let account = owner(connection, user).await?.ok_or(AppError::SignedOut)?;
    Ok(account.password_hash.starts_with('?'))
}
