//! Challenges: each is good for five minutes, one answer, one purpose, and the browser that it was
//! made for.

use sha2::{Digest, Sha256};

use super::{MAX_PASSKEYS, known, refused, store};
use crate::{
    auth::{
        sessions::login_context::RecentAuth,
        throttle::service::Limit,
        webauthn::{
            RelyingParty,
            options::{self, Account, NewCredential},
        },
    },
    base::{
        clock::{Millis, latest},
        db::Connection,
        member::{Member, UserId},
    },
    shared::{error::AppError, forms::Problem, named_enum::named_enum},
    site::RequestContext,
};

named_enum! {
    /// What a challenge is for.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Purpose(name) {
        /// Logs in.
        LogIn = "passkey_login",
        /// Is the second step of a login.
        SecondStep = "passkey_second",
        /// Confirms who is logged in.
        Reauthenticate = "passkey_reauthenticate",
        /// Adds a passkey.
        Register = "passkey_register",
        /// Adds a passkey that its browser makes without a dialog.
        Offer = "passkey_offer",
        /// Adds a key that is only good for the second step.
        RegisterSecurityKey = "security_key_register",
    }
}

impl Purpose {
    /// Returns the purpose with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == name)
    }
}

/// Returns the options for a login: any passkey that the authenticator has for this site. They are
/// the same for everybody.
///
/// # Errors
/// [`AppError::Throttled`] past the limit; [`AppError::Unavailable`] when the database cannot be
/// used.
pub async fn login_options(
    context: &RequestContext,
    party: &RelyingParty,
    browser: &str,
) -> Result<String, AppError> {
    let challenge = create(context, browser, Purpose::LogIn, None).await?;
    Ok(options::request(party, &challenge, &[], true))
}

/// Returns the options for a proof by this account: the second step of a login, or a confirmation.
///
/// # Errors
/// [`AppError::NotFound`] without a passkey for it; [`AppError::Throttled`] past the limit;
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn proof_options(
    context: &RequestContext,
    party: &RelyingParty,
    browser: &str,
    purpose: Purpose,
    user: UserId,
) -> Result<String, AppError> {
    let alone = purpose != Purpose::SecondStep;
    let passkeys = store::list(&mut *context.site.db.read().await?, user).await?;
    let passkeys: Vec<_> = passkeys.into_iter().filter(|passkey| passkey.party == party.id).collect();
    let known = known(&passkeys, |credential| credential.logs_in || !alone);
    if known.is_empty() {
        return Err(AppError::NotFound);
    }
    let challenge = create(context, browser, purpose, Some(user)).await?;
    Ok(options::request(party, &challenge, &known, alone))
}

/// Returns the options for a new passkey or, with that purpose, a new security key.
///
/// # Errors
/// [`AppError::Invalid`] when the member has as many as they may have;
/// [`AppError::ClosedWhileActing`] during an impersonation; [`AppError::NotFound`] for a security
/// key without two-step login; [`AppError::Throttled`] past the limit; [`AppError::Unavailable`]
/// when the database cannot be used.
pub async fn creation_options(
    context: &RequestContext,
    party: &RelyingParty,
    browser: &str,
    purpose: Purpose,
    member: &Member,
    _: &RecentAuth,
) -> Result<String, AppError> {
    member.in_person()?;
    let (site, user, now) = (&context.site, member.id(), context.site.clock.now());
    let wanted = match purpose {
        Purpose::Offer => NewCredential::Offered,
        Purpose::RegisterSecurityKey => NewCredential::SecondStep,
        _ => NewCredential::Passkey,
    };
    if wanted == NewCredential::SecondStep && !member.has_second_factor() {
        return Err(AppError::NotFound);
    }
    let challenge = create(context, browser, purpose, Some(user)).await?;
    let mut transaction = site.db.begin().await?;
    let handle = store::handle(&mut transaction, user, &rand::random::<[u8; 16]>(), now).await?;
    let passkeys = store::list(&mut transaction, user).await?;
    transaction.commit().await?;
    if passkeys.len() >= MAX_PASSKEYS {
        return Err(too_many());
    }
    let account = Account { handle: &handle, username: member.username(), name: member.username() };
    let name = &site.config.site.name;
    Ok(options::creation(party, name, &account, &challenge, &known(&passkeys, |_| true), wanted))
}

pub(super) fn too_many() -> AppError {
    refused(Problem::TooManyPasskeys { max: u32::try_from(MAX_PASSKEYS).unwrap_or(u32::MAX) })
}

async fn create(
    context: &RequestContext,
    browser: &str,
    purpose: Purpose,
    user: Option<UserId>,
) -> Result<[u8; 32], AppError> {
    let (site, now) = (&context.site, context.site.clock.now());
    let challenge = rand::random::<[u8; 32]>();
    let new = store::NewChallenge {
        challenge_hash: &hash(browser, &challenge),
        method: purpose.name(),
        user,
        created_at: now,
        expires_at: now.saturating_add(store::LIFETIME),
    };
    let mut transaction = site.throttle.begin(&[limit(context, "passkey_challenges", user)]).await?;
    store::insert_challenge(&mut transaction, &new).await?;
    transaction.commit().await?;
    Ok(challenge)
}

/// The limit of an account or, where it is not known, of an address: whoever has logged in, or
/// typed the right password, must not be blocked by others behind the same address.
pub(super) fn limit(context: &RequestContext, what: &'static str, user: Option<UserId>) -> Limit {
    let rate = context.site.config.throttle.login_per_address;
    match user {
        Some(user) => Limit::new(what, &format!("account {user}"), rate),
        None => Limit::for_address(what, &context.client.address, rate),
    }
}

/// Uses up a challenge of this browser. Returns its purpose and its account, or `None` if it cannot
/// be answered any more.
pub(super) async fn take(
    connection: &mut Connection,
    browser: &str,
    challenge: &[u8],
    now: Millis,
) -> Result<Option<(Purpose, Option<UserId>)>, AppError> {
    let found = store::take_challenge(connection, &hash(browser, challenge)).await?;
    // One that expires later was made while the clock was ahead.
    let is_good = |expires_at: Millis| expires_at > now && expires_at <= latest(now, store::LIFETIME);
    Ok(found
        .filter(|(_, _, expires_at)| is_good(*expires_at))
        .and_then(|(method, user, _)| Some((Purpose::from_name(&method)?, user.map(UserId)))))
}

fn hash(browser: &str, challenge: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update((browser.len() as u64).to_be_bytes());
    hash.update(browser);
    hash.update(challenge);
    hash.finalize().into()
}
