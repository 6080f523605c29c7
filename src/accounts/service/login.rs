//! Who it is that comes and goes.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::super::store::{self, LoginRow};
use super::{
    email::queue_verification,
    failed_logins::note_failed_login,
    notify::notify,
    password_costs,
    tokens::{self, Change},
};
use crate::{
    activity::{self, Kind},
    auth::{login_name::LoginName, password_cost::Costs, throttle::service::Limit},
    base::{
        clock::Millis,
        member::{Member, UserId},
        work_queue::Lane,
    },
    mail::service::Kind as Mail,
    shared::{
        error::AppError,
        forms::{Field, FormErrors, Problem, Secret},
    },
    site::{AppState, DeviceHash, RequestContext},
};

/// Checks a login. Whatever is wrong, the answer is the same and so is the work: one query, one count, and as many hashes of the same
/// cost (`password_costs`). A hash by other parameters than the present ones is replaced; sessions stay, since they hang on the stamp.
///
/// # Errors
/// A refused form for who has to confirm their address first, too many tries, [`AppError::Busy`] past the hash queue, or an outage.
pub async fn authenticate(
    visit: &RequestContext,
    login: &str,
    password: &Secret,
) -> Result<Option<Member>, AppError> {
    let (site, name) = (&visit.site, LoginName::read(login));
    let found = match &name {
        Some(name) => store::find_for_login(&mut *site.db.read().await?, name).await?,
        None => Vec::new(),
    };
    let tries = Tries::of(visit, name.as_ref(), &found).await?;
    tries.take(site).await?;
    let now = site.clock.now();
    let costs = password_costs::costs(site, found.iter().map(|user| user.password_hash.as_str())).await?;
    let verdict =
        site.hasher.verify(password, hashes_to_check(name.as_ref(), &found, now), costs, tries.lane).await?;
    let Some((user, upgrade)) =
        verdict.and_then(|fit| Some((found.into_iter().nth(fit.index)?, fit.upgrade)))
    else {
        note_failed_login(visit, login);
        return Ok(None);
    };
    let id = UserId(user.id);
    tries.refund(site).await?;
    if site.config.accounts.require_verified_email && user.email_verified_at.is_none() {
        // Only who knows the password learns this. The mail may be one too many; the sentence is true all the same.
        match queue_verification(visit, id, &user.email).await {
            Ok(()) | Err(AppError::Throttled { .. }) => {}
            Err(error) => return Err(error),
        }
        return Err(AppError::Invalid(FormErrors::one(Field::Form, Problem::EmailUnverified)));
    }
    if let Some(new) = upgrade {
        let mut transaction = site.db.begin().await?;
        store::upgrade_hash(&mut transaction, id, &user.password_hash, &new).await?;
        transaction.commit().await?;
        tracing::info!(user_id = id.0, "A password hash was upgraded to the present parameters");
    }
    // What memory has of the member may be older: `changepassword` is another process, and its new stamp must not end this session.
    site.members.invalidate(id);
    Ok(Some(Member::new(id, user.username, user.session_stamp)))
}

/// Returns the hashes that a login is checked against; `None` costs as much and fits nothing.
///
/// A username can have the text of an address that somebody else has proven. Then both log in with it, each with their own password,
/// so that neither can keep the other out. Two hashes are computed for every username that is written like an address, whether there
/// is such a second account or not: that a username exists is public, whose an address is must not be told by the time.
fn hashes_to_check(name: Option<&LoginName>, found: &[LoginRow], now: Millis) -> Vec<Option<String>> {
    let is_username_like_an_address = name.is_some_and(|name| {
        name.is_like_an_address() && found.iter().any(|user| user.username_key == name.username_key)
    });
    let mut hashes: Vec<_> =
        found.iter().map(|user| user.may_log_in(now).then(|| user.password_hash.clone())).collect();
    hashes.resize(if is_username_like_an_address { 2 } else { 1 }, None);
    hashes
}

/// What a login is counted under. All of it is taken before the hash is computed, so that many at once are no way around it; what
/// only wrong passwords are counted under is given back to who had the right one.
struct Tries {
    any: Vec<Limit>,
    wrong: Vec<Limit>,
    lane: Lane,
}

impl Tries {
    /// A browser that has logged in to this account before has a count of its own: nobody else can use up its tries.
    async fn of(
        visit: &RequestContext,
        name: Option<&LoginName>,
        found: &[LoginRow],
    ) -> Result<Self, AppError> {
        let (site, address) = (&visit.site, &visit.client.address);
        let rates = &site.config.throttle;
        // Asked for a name that nobody has, too: the time must not tell.
        let users = [0, 1].map(|index| found.get(index).map_or(0, |user| user.id));
        if let Some(device) = visit.device
            && let Some(user) = store::devices::known_to(&mut *site.db.read().await?, &device, users).await?
        {
            let who = format!("{user}:{}", URL_SAFE_NO_PAD.encode(device));
            return Ok(Self {
                any: vec![Limit::new("login_per_known_device", &who, rates.login_per_address)],
                wrong: vec![Limit::new(
                    "failed_login_per_known_device",
                    &who,
                    rates.failed_login_per_account,
                )],
                lane: Lane::Reserved,
            });
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

/// Returns what wrong passwords are counted under: the name that was typed, never the account. With one count for both names of an
/// account, using it up by the username would tell which address belongs to it.
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

/// Lets an account be logged in to again although somebody has used up its tries.
pub(super) async fn forget_failures(site: &AppState, username: &str, email: &str) -> Result<(), AppError> {
    let names = [username, email].map(LoginName::read);
    for limit in names.iter().flatten().flat_map(|name| name_limits(site, Some(name))) {
        site.throttle.forget(&limit).await?;
    }
    Ok(())
}

/// Checks the caller's own password and returns the hash that it fits, for a transaction to compare; `other` is what else is wrong
/// with the form. The wrong ones are counted, apart from the logins of strangers, who could else keep the owner from changing it.
///
/// # Errors
/// A refused form with all its errors, too many tries, a full hash queue, or an outage.
pub(super) async fn confirm_password(
    visit: &RequestContext,
    member: &Member,
    password: &Secret,
    field: Field,
    other: Result<(), AppError>,
) -> Result<String, AppError> {
    member.in_person()?;
    let site = &visit.site;
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
    let hashes = vec![Some(owner.password_hash.clone())];
    if site.hasher.verify(password, hashes, Costs::default(), Lane::Reserved).await?.is_none() {
        errors.add(field, Problem::PasswordIncorrect);
        return Err(AppError::Invalid(errors));
    }
    site.throttle.refund(&limit).await?;
    errors.into_result().map(|()| owner.password_hash)
}

/// The caller's password once more, before something that matters.
///
/// # Errors
/// A refused form, too many tries, a full hash queue, or an outage.
pub async fn reauthenticate(
    visit: &RequestContext,
    member: &Member,
    password: &Secret,
) -> Result<(), AppError> {
    confirm_password(visit, member, password, Field::Password, Ok(())).await?;
    let now = visit.site.clock.now();
    let mut transaction = visit.site.db.begin().await?;
    activity::service::record(&mut transaction, now, member.id(), Kind::Reauthenticated, "", &visit.client)
        .await?;
    Ok(transaction.commit().await?)
}

/// Records a login: last login, activity, device. Revokes reset links, mails the owner about a new device, and cancels a pending
/// deletion; returns whether there was one. To be called before the session is opened: that commits last, and takes back what is
/// cached of the member, this included.
///
/// # Errors
/// A refused form when the password was changed, or the account deactivated, since it was checked; or an outage.
pub async fn record_login(
    visit: &RequestContext,
    member: &Member,
    device: DeviceHash,
) -> Result<bool, AppError> {
    /// More browsers than anybody has; a script that logs in with no cookie each time makes one each time.
    const DEVICES_KEPT: i64 = 50;
    let (id, now) = (member.id(), visit.site.clock.now());
    let mut transaction = visit.site.db.begin().await?;
    // Not by the devices: after a report that it was not the owner, none is known any more.
    let is_first =
        store::profile(&mut transaction, id).await?.is_none_or(|account| account.last_login.is_none());
    if !store::set_last_login(&mut transaction, id, member.session_stamp(), now).await? {
        return Err(AppError::Invalid(FormErrors::one(Field::Form, Problem::BadCredentials)));
    }
    let is_known = store::devices::is_known(&mut transaction, &device, id).await?;
    store::devices::remember(&mut transaction, &device, id, now).await?;
    store::devices::prune(&mut transaction, id, DEVICES_KEPT).await?;
    tokens::revoke(&mut transaction, id, Change::Login).await?;
    activity::service::record(&mut transaction, now, id, Kind::Login, "", &visit.client).await?;
    let stays = super::cancel_deletion(&mut transaction, now, member, &visit.client).await?;
    if !is_known && !is_first {
        notify(&mut transaction, visit, Mail::NewDevice, id, "").await?;
    }
    transaction.commit().await?;
    visit.site.mails.wake();
    Ok(stays)
}

/// Writes a logout down.
///
/// # Errors
/// An outage.
pub async fn record_logout(visit: &RequestContext, member: &Member) -> Result<(), AppError> {
    let now = visit.site.clock.now();
    let mut transaction = visit.site.db.begin().await?;
    activity::service::record(&mut transaction, now, member.id(), Kind::Logout, "", &visit.client).await?;
    transaction.commit().await?;
    visit.site.cache.invalidate_member(member.id(), "logout").await;
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

    /// Only whether there is such a username, which is public, says how many hashes are computed.
    #[test]
    fn how_many_hashes_are_computed_tells_nothing_about_addresses() {
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
