//! Login, re-authentication and logout.

use super::super::store::{self, LoginRow, OwnerRow};
use super::{
    browsers::{known_browser, remember_browser},
    factors,
    failed_logins::note_failed_login,
    login_steps::{ProvenLogin, demand_verified},
    notify::notify,
    password_costs,
    tokens::{self, Change},
};
use crate::{
    activity::{self, ActivityKind},
    auth::{factors::FactorUse, login_name::LoginName, throttle::service::Limit},
    base::{
        clock::Millis,
        member::{Member, UserId},
        work_queue::Lane,
    },
    mail::service::MailKind,
    shared::{
        error::AppError,
        forms::{Field, FormErrors, Problem, Secret},
        login_method::LoginMethod,
    },
    site::{AppState, DeviceHash, RequestContext},
};

/// Checks a login. Returns `None` when it fails, for whatever reason, always after the same work:
/// one query, one rate-limit charge, and as many hashes of the same cost (`password_costs`). A hash
/// with outdated parameters is replaced; sessions stay, because they depend on the stamp.
///
/// # Errors
/// [`AppError::Invalid`] when the address must be verified first; [`AppError::Throttled`] past a
/// rate limit; [`AppError::Busy`] when the hash queue is full; [`AppError::Unavailable`] when the
/// database cannot be used.
pub async fn authenticate(
    context: &RequestContext,
    login: &str,
    password: &Secret,
) -> Result<Option<Member>, AppError> {
    let (site, name) = (&context.site, LoginName::read(login));
    let found = match &name {
        Some(name) => store::find_for_login(&mut *site.db.read().await?, name).await?,
        None => Vec::new(),
    };
    let tries = Tries::of(context, name.as_ref(), &found).await?;
    tries.take(site).await?;
    let now = site.clock.now();
    let costs = password_costs::costs(site, found.iter().map(|user| user.password_hash.as_str())).await?;
    let verdict =
        site.hasher.verify(password, hashes_to_check(name.as_ref(), &found, now), costs, tries.lane).await?;
    let Some((user, upgrade)) =
        verdict.and_then(|fit| Some((found.into_iter().nth(fit.index)?, fit.upgrade)))
    else {
        note_failed_login(context, login);
        return Ok(None);
    };
    let id = UserId(user.id);
    tries.refund(site).await?;
    demand_verified(context, id, &user.email, user.email_verified_at.is_some()).await?;
    if let Some(new) = upgrade {
        let mut transaction = site.db.begin().await?;
        store::upgrade_hash(&mut transaction, id, &user.password_hash, &new).await?;
        transaction.commit().await?;
        tracing::info!(user_id = id.0, "A password hash was upgraded to the current parameters");
    }
    // The cached member may be outdated: `changepassword` runs in another process, and its new
    // stamp must not end this session.
    site.members.invalidate(id);
    Ok(Some(Member::new(id, user.username, user.session_stamp)))
}

/// Returns the hashes that a login is checked against; `None` costs as much and matches nothing.
///
/// A username may equal an address that another account has verified. Then both accounts log in
/// with it, each with its own password, so that neither can lock out the other. For every username
/// that is written like an address two hashes are computed, whether there is a second account or
/// not: usernames are public, but the response time must not reveal the owner of an address.
fn hashes_to_check(name: Option<&LoginName>, found: &[LoginRow], now: Millis) -> Vec<Option<String>> {
    let is_username_like_an_address = name.is_some_and(|name| {
        name.is_like_an_address() && found.iter().any(|user| user.username_key == name.username_key)
    });
    let mut hashes: Vec<_> =
        found.iter().map(|user| user.may_log_in(now).then(|| user.password_hash.clone())).collect();
    hashes.resize(if is_username_like_an_address { 2 } else { 1 }, None);
    hashes
}

/// Rate limits charged for a login. All limits are charged before hashing, so parallel attempts
/// cannot bypass them; the wrong-password limits are refunded after a correct password.
struct Tries {
    any: Vec<Limit>,
    wrong: Vec<Limit>,
    lane: Lane,
}

impl Tries {
    /// Selects the limits. A browser that has logged in to this account before has limits of its
    /// own, which nobody else can exhaust.
    async fn of(
        context: &RequestContext,
        name: Option<&LoginName>,
        found: &[LoginRow],
    ) -> Result<Self, AppError> {
        let (site, address) = (&context.site, &context.client.address);
        let rates = &site.config.throttle;
        // Queried for unknown names too: the response time must not reveal them.
        let users = [0, 1].map(|index| found.get(index).map_or(0, |user| user.id));
        if let Some(known) = known_browser(context, &mut *site.db.read().await?, users).await? {
            let any = Limit::new("login_per_known_device", &who(known), rates.login_per_address);
            return Ok(Self { any: vec![any], wrong: vec![known_limit(site, known)], lane: Lane::Reserved });
        }
        let per_address = rates.failed_login_per_address;
        let mut wrong = vec![Limit::for_address("failed_login_per_address", address, per_address)];
        wrong.extend(name_limits(site, name));
        let any = vec![Limit::for_address("login_per_address", address, rates.login_per_address)];
        Ok(Self { any, wrong, lane: Lane::Open })
    }

    async fn take(&self, site: &AppState) -> Result<(), AppError> {
        site.throttle.take(&[self.any.as_slice(), self.wrong.as_slice()].concat()).await
    }

    async fn refund(&self, site: &AppState) -> Result<(), AppError> {
        site.throttle.refund(&self.wrong).await
    }
}

/// Returns the limits for wrong passwords: by the name that was typed, never by the account. With
/// one limit for both names of an account, exhausting it by the username would reveal the account's
/// address.
fn name_limits(site: &AppState, name: Option<&LoginName>) -> Vec<Limit> {
    let rate = site.config.throttle.failed_login_per_account;
    let limit = |who: String| Limit::new("failed_login_per_account", &who, rate);
    let Some(name) = name else {
        return vec![limit("name ".to_owned())];
    };
    let username = limit(format!("name {}", name.username_key));
    let email = name.is_like_an_address().then(|| limit(format!("address {}", name.email_key)));
    [username].into_iter().chain(email).collect()
}

/// Returns the limit for wrong passwords in a known browser, by its number and not by its cookie,
/// which changes with each login.
fn known_limit(site: &AppState, known: (UserId, i64)) -> Limit {
    let rate = site.config.throttle.failed_login_per_account;
    Limit::new("failed_login_per_known_device", &who(known), rate)
}

fn who((user, browser): (UserId, i64)) -> String {
    format!("{user}:{browser}")
}

/// Resets the wrong-password limits of an account, so that its owner can log in although somebody
/// has exhausted them; in a known browser, that may have been the owner.
pub(super) async fn forget_failures(
    context: &RequestContext,
    user: UserId,
    owner: &OwnerRow,
) -> Result<(), AppError> {
    let site = &context.site;
    let known = known_browser(context, &mut *site.db.read().await?, [user.0, user.0]).await?;
    let names = [&owner.username, &owner.email].map(|name| LoginName::read(name));
    let limits = names.iter().flatten().flat_map(|name| name_limits(site, Some(name)));
    for limit in limits.chain(known.map(|known| known_limit(site, known))) {
        site.throttle.forget(&limit).await?;
    }
    Ok(())
}

/// Verifies the caller's own password and returns the hash that it matches, for a transaction to
/// compare. `other` carries the form's other errors. Failures count in a limit separate from
/// anonymous logins, so that strangers cannot block the owner.
///
/// # Errors
/// [`AppError::Invalid`] with all errors of the form; [`AppError::ClosedWhileActing`] during an
/// impersonation; [`AppError::SignedOut`] when the account is gone; [`AppError::Throttled`] past
/// the limit of wrong passwords; [`AppError::Busy`] when the hash queue is full;
/// [`AppError::Unavailable`] when the database cannot be used.
pub(super) async fn confirm_password(
    context: &RequestContext,
    member: &Member,
    password: &Secret,
    field: Field,
    other: Result<(), AppError>,
) -> Result<String, AppError> {
    member.in_person()?;
    let site = &context.site;
    let mut errors = match other {
        Ok(()) => FormErrors::default(),
        Err(AppError::Invalid(errors)) => errors,
        Err(error) => return Err(error),
    };
    if password.expose().is_empty() {
        errors.add(field, Problem::Required);
        return Err(AppError::Invalid(errors));
    }
    let rate = site.config.throttle.failed_login_per_account;
    let limit = [Limit::new("wrong_password_signed_in", &member.id().to_string(), rate)];
    site.throttle.take(&limit).await?;
    let mut connection = site.db.read().await?;
    let owner = store::owner(&mut connection, member.id()).await?.ok_or(AppError::SignedOut)?;
    drop(connection);
    if !site.hasher.matches(password, Some(owner.password_hash.clone()), Lane::Reserved).await? {
        errors.add(field, Problem::PasswordIncorrect);
        return Err(AppError::Invalid(errors));
    }
    site.throttle.refund(&limit).await?;
    errors.into_result().map(|()| owner.password_hash)
}

/// Verifies the caller's password again, before a sensitive action, and then the code of a member
/// who has a second factor. Records it, and returns the use of the factor.
///
/// # Errors
/// [`AppError::Invalid`] when the password or the code is wrong; [`AppError::ClosedWhileActing`]
/// during an impersonation; [`AppError::SignedOut`] when the account is gone;
/// [`AppError::Throttled`] past the limit of wrong passwords or codes; [`AppError::Busy`] when the
/// hash queue is full; [`AppError::Unavailable`] when the database cannot be used.
pub async fn reauthenticate(
    context: &RequestContext,
    member: &Member,
    password: &Secret,
    code: &Secret,
) -> Result<Option<FactorUse>, AppError> {
    confirm_password(context, member, password, Field::Password, Ok(())).await?;
    let id = member.id();
    let has_factor =
        factors::has_second_factor(&context.site, &mut *context.site.db.read().await?, id).await?;
    let factor = if has_factor { Some(factors::confirm_code(context, id, code).await?) } else { None };
    let now = context.site.clock.now();
    let mut transaction = context.site.db.begin().await?;
    activity::service::record(&mut transaction, now, id, ActivityKind::Reauthenticated, "", &context.client)
        .await?;
    transaction.commit().await?;
    Ok(factor)
}

/// Records a login: last login, activity, browser, which is known by the hash `device` from now on.
/// Revokes reset links, mails the owner about a browser that was not known, and cancels a pending
/// deletion; returns whether there was one. Call before opening the session, which commits last and
/// invalidates the member's cache.
///
/// # Errors
/// [`AppError::Invalid`] when the password was changed, or the account deactivated, since it was
/// checked; [`AppError::Unavailable`] when the database cannot be used.
pub async fn record_login(
    context: &RequestContext,
    login: &ProvenLogin,
    device: DeviceHash,
) -> Result<bool, AppError> {
    let (member, now) = (login.member(), context.site.clock.now());
    let id = member.id();
    let mut transaction = context.site.db.begin().await?;
    // Known browsers do not tell: they can all be forgotten.
    let is_first =
        store::profile(&mut transaction, id).await?.is_none_or(|account| account.last_login.is_none());
    if !store::set_last_login(&mut transaction, id, member.session_stamp(), now, login.method()).await? {
        return Err(AppError::invalid(Field::Form, Problem::BadCredentials));
    }
    let is_known = remember_browser(&mut transaction, context, id, device).await?;
    // A passkey or a mailed code shows nothing about the password that its owner may be about to
    // set.
    if login.method() == LoginMethod::Password {
        tokens::revoke(&mut transaction, context, id, Change::Login).await?;
    }
    let with = match (login.method(), login.factor()) {
        (LoginMethod::Password, None) => String::new(),
        (LoginMethod::Password, Some(factor)) => format!("With {}", factor.kind),
        (LoginMethod::MailedCode, None) => "With a code by email".to_owned(),
        (LoginMethod::MailedCode, Some(factor)) => format!("With a code by email, with {}", factor.kind),
        (LoginMethod::Passkey, _) => "With a passkey".to_owned(),
    };
    activity::service::record(&mut transaction, now, id, ActivityKind::Login, &with, &context.client).await?;
    let stays = super::cancel_deletion(&mut transaction, now, member, &context.client).await?;
    if !is_known && !is_first {
        notify(&mut transaction, context, MailKind::NewDevice, id, "").await?;
    }
    transaction.commit().await?;
    context.site.mails.wake();
    Ok(stays)
}

/// Records a logout.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn record_logout(context: &RequestContext, member: &Member) -> Result<(), AppError> {
    let now = context.site.clock.now();
    let mut transaction = context.site.db.begin().await?;
    activity::service::record(&mut transaction, now, member.id(), ActivityKind::Logout, "", &context.client)
        .await?;
    transaction.commit().await?;
    context.site.cache.invalidate_member(member.id(), "logout").await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(username_key: &str, password_hash: &str, is_active: i64) -> LoginRow {
        LoginRow {
            id: 1,
            username: username_key.into(),
            username_key: username_key.into(),
            email: String::new(),
            password_hash: password_hash.into(),
            session_stamp: Vec::new(),
            is_active,
            email_verified_at: None,
            delete_after: None,
        }
    }

    /// The number of hashes reveals only whether such a username exists, which is public.
    #[test]
    fn the_number_of_hashes_reveals_nothing_about_addresses() {
        let one = |hash: &str| Some(hash.to_owned());
        for (typed, found, hashes) in [
            ("nobody", vec![], vec![None]),
            ("nobody@example.com", vec![], vec![None]),
            ("ada", vec![user("ada", "a", 1)], vec![one("a")]),
            ("ada", vec![user("ada", "a", 0)], vec![None]),
            ("ada@example.com", vec![user("ada", "a", 1)], vec![one("a")]),
            ("ada@example.com", vec![user("ada", "a", 0)], vec![None]),
            ("c@d.example", vec![user("c@d.example", "c", 1)], vec![one("c"), None]),
            ("c@d.example", vec![user("c@d.example", "c", 0)], vec![None, None]),
            (
                "c@d.example",
                vec![user("mallory", "m", 1), user("c@d.example", "c", 1)],
                vec![one("m"), one("c")],
            ),
        ] {
            assert_eq!(hashes_to_check(LoginName::read(typed).as_ref(), &found, 0), hashes, "{typed}");
        }
        assert_eq!(hashes_to_check(None, &[], 0), [None]);
    }
}
