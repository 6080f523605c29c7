//! Logging in with a passkey, alone or as the second step.

use super::{LoginStep, ProvenLogin, complete, demand_verified, find, hash, store, wrong};
use crate::{
    accounts::service::{
        factors,
        passkeys::{self, Purpose},
    },
    auth::webauthn::RelyingParty,
    base::member::{Member, UserId},
    shared::{
        error::AppError,
        forms::{Field, Problem},
        login_method::LoginMethod,
    },
    site::RequestContext,
};

fn refused() -> AppError {
    AppError::invalid(Field::Form, Problem::PasskeyRefused)
}

/// Logs in with a passkey that has verified its user, which counts as two factors. Whatever is
/// wrong with it, the refusal is the same. An account that is deactivated, is to be deleted, or
/// whose password staff switched off, cannot log in by it.
///
/// # Errors
/// [`AppError::Invalid`] when the passkey is refused, or the address must be verified first;
/// [`AppError::Throttled`] past a limit; [`AppError::Unavailable`] when the database cannot be
/// used.
pub async fn by_passkey(
    context: &RequestContext,
    party: &RelyingParty,
    browser: &str,
    text: &str,
    next: String,
    remember: bool,
) -> Result<LoginStep, AppError> {
    let site = &context.site;
    let assertion = passkeys::read(text)?;
    passkeys::answered(context, browser, assertion.challenge(), &[Purpose::LogIn], None).await?;
    // Without a name typed, the authenticator has to say whose passkey it is.
    assertion.user_handle().ok_or_else(refused)?;
    let (passkey, owner) = passkeys::verify(context, party, &assertion, true).await?.ok_or_else(refused)?;
    if owner.is_active != 1 || owner.delete_after.is_some() || owner.is_switched_off == 1 {
        return Err(refused());
    }
    let user = UserId(owner.user_id);
    let mut transaction = site.db.begin().await?;
    let Some(factor) = passkeys::spend(&mut transaction, context, user, &passkey).await? else {
        transaction.rollback().await?;
        return Err(passkeys::refuse_copy(context, user, &passkey).await?);
    };
    transaction.commit().await?;
    demand_verified(context, user, &owner.email, owner.email_verified_at.is_some()).await?;
    // As after the password: the cached member may be outdated.
    site.members.invalidate(user);
    let member = Member::new(user, owner.username, owner.session_stamp);
    let (method, factor) = (LoginMethod::Passkey, Some(factor));
    let login = ProvenLogin { member, method, factor, next, remember, flaw: None };
    Ok(LoginStep::Complete(login))
}

/// Completes a login that waits for its second step, by any passkey or security key of the account.
/// A refused one counts as a wrong code.
///
/// # Errors
/// [`AppError::Invalid`] when the passkey is refused; [`AppError::Throttled`] past a limit;
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn second_step_by_passkey(
    context: &RequestContext,
    token: &str,
    party: &RelyingParty,
    browser: &str,
    text: &str,
) -> Result<LoginStep, AppError> {
    let (site, token_hash) = (&context.site, hash(token));
    let Some((login, method)) = find(site, &token_hash).await? else {
        return Ok(LoginStep::Over);
    };
    let user = UserId(login.user_id);
    let assertion = passkeys::read(text)?;
    passkeys::answered(context, browser, assertion.challenge(), &[Purpose::SecondStep], Some(user)).await?;
    let limit = [factors::limit(site, user)];
    site.throttle.take(&limit).await?;
    let found = passkeys::verify(context, party, &assertion, false).await?;
    let Some((passkey, _)) = found.filter(|(_, owner)| owner.user_id == user.0) else {
        return wrong(context, user, &token_hash, refused()).await;
    };
    let mut transaction = site.db.begin().await?;
    if !store::delete(&mut transaction, &token_hash).await? {
        transaction.rollback().await?;
        return Ok(LoginStep::Over);
    }
    let Some(factor) = passkeys::spend(&mut transaction, context, user, &passkey).await? else {
        transaction.rollback().await?;
        let error = passkeys::refuse_copy(context, user, &passkey).await?;
        return wrong(context, user, &token_hash, error).await;
    };
    transaction.commit().await?;
    site.throttle.refund(&limit).await?;
    site.members.invalidate(user);
    Ok(complete(token, login, method, factor))
}
