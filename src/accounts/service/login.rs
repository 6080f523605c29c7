//! Who it is that comes and goes.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    super::{EMAIL_MAX, hasher::Verdict, store, username},
    email::queue_verification,
    notices::notify,
    tokens::{self, Change},
};
use crate::{
    activity::{self, Kind},
    error::AppError,
    forms::{Field, FormErrors, Problem, Secret},
    mail::service::Kind as Mail,
    member::{Member, UserId},
    my_data,
    server::{DeviceHash, Site, Visit},
    throttle::service::{self as throttle, Limit},
};

/// Checks a login. Unknown user, wrong password and inactive user cost the same and look the same: one query, one count, one hash.
/// A hash by other parameters than the present ones is replaced; sessions stay, since they hang on the stamp.
///
/// # Errors
/// A refused form for who has to confirm their address first, too many tries, [`AppError::Busy`] past the hash queue, or an outage.
pub async fn authenticate(visit: &Visit, login: &str, password: &Secret) -> Result<Option<Member>, AppError> {
    let (site, key) = (&visit.site, login_key(login));
    let found = match &key {
        Some(key) => store::find_for_login(&mut *site.db.read().await?, key).await?,
        None => None,
    };
    let tries = Tries::of(visit, key.as_deref().unwrap_or_default(), found.as_ref()).await?;
    tries.take(site).await?;
    let now = site.clock.now();
    let account = found.as_ref().map(|user| (user.password_hash.clone(), user.may_log_in(now)));
    let verdict = site.hasher.verify(password, account).await?;
    let Some(user) = found.filter(|user| user.may_log_in(now) && verdict != Verdict::Wrong) else {
        return Ok(None);
    };
    let id = UserId(user.id);
    tries.give_back(site).await?;
    if site.config.accounts.require_verified_email && user.email_verified_at.is_none() {
        // Only who knows the password learns this. The mail may be one too many; the sentence is true all the same.
        match queue_verification(visit, id, &user.email).await {
            Ok(()) | Err(AppError::Throttled { .. }) => {}
            Err(error) => return Err(error),
        }
        return Err(AppError::Invalid(FormErrors::one(Field::Form, Problem::EmailUnverified)));
    }
    if let Verdict::Upgrade(new) = verdict {
        let mut transaction = site.db.begin().await?;
        store::upgrade_hash(&mut transaction, id, &user.password_hash, &new).await?;
        transaction.commit().await?;
        tracing::info!(user_id = id.0, "A password hash was upgraded to the present parameters");
    }
    // What memory has of the member may be older: `changepassword` is another process, and its new stamp must not end this session.
    site.members.take_back(id);
    Ok(Some(Member::new(id, user.username, user.session_stamp)))
}

/// What a login is counted under. All of it is taken before the hash is computed, so that many at once are no way around it; what
/// only wrong passwords are counted under is given back to who had the right one.
struct Tries {
    any: Vec<Limit>,
    wrong: Vec<Limit>,
}

impl Tries {
    /// A browser that has logged in to this account before has a count of its own: nobody else can use up its tries.
    async fn of(visit: &Visit, key: &str, found: Option<&store::LoginRow>) -> Result<Self, AppError> {
        let (site, address) = (&visit.site, &visit.client.address);
        let rates = &site.config.throttle;
        let user = found.map(|user| UserId(user.id));
        // Asked for a name that nobody has, too: the time must not tell.
        let asked = user.unwrap_or(UserId(0));
        if let Some(device) = visit.device
            && store::devices::is_known(&mut *site.db.read().await?, &device, asked).await?
        {
            let who = format!("{asked}:{}", URL_SAFE_NO_PAD.encode(device));
            return Ok(Self {
                any: vec![Limit::new("login_per_known_device", &who, rates.login_per_address)],
                wrong: vec![Limit::new(
                    "failed_login_per_known_device",
                    &who,
                    rates.failed_login_per_account,
                )],
            });
        }
        Ok(Self {
            any: vec![Limit::for_address("login_per_address", address, rates.login_per_address)],
            wrong: vec![
                Limit::for_address("failed_login_per_address", address, rates.failed_login_per_address),
                account_limit(site, user, key),
            ],
        })
    }

    async fn take(&self, site: &Site) -> Result<(), AppError> {
        throttle::take(site, &[self.any.as_slice(), self.wrong.as_slice()].concat()).await
    }

    async fn give_back(&self, site: &Site) -> Result<(), AppError> {
        throttle::give_back(site, &self.wrong).await
    }
}

/// Wrong passwords for an account, by whichever of its names; for a name that nobody has, the same.
pub(super) fn account_limit(site: &Site, user: Option<UserId>, key: &str) -> Limit {
    let who = user.map_or_else(|| format!("name {key}"), |user| format!("user {user}"));
    Limit::new("failed_login_per_account", &who, site.config.throttle.failed_login_per_account)
}

/// Whether it is the caller's own password; `other` is what else is wrong with the form. The wrong ones are counted, apart from the
/// logins of strangers, who could else keep the owner from changing it.
///
/// # Errors
/// A refused form with all its errors, too many tries, a full hash queue, or an outage.
pub(super) async fn confirm_password(
    visit: &Visit,
    member: &Member,
    password: &Secret,
    field: Field,
    other: Result<(), AppError>,
) -> Result<(), AppError> {
    member.in_person()?;
    let site = &visit.site;
    let mut errors = match other {
        Ok(()) => FormErrors::default(),
        Err(AppError::Invalid(errors)) => errors,
        Err(error) => return Err(error),
    };
    if password.expose().is_empty() {
        errors.add(field, Problem::Required);
        return errors.into_result();
    }
    let rate = site.config.throttle.failed_login_per_account;
    let limit = [Limit::new("wrong_password_signed_in", &member.id().to_string(), rate)];
    throttle::take(site, &limit).await?;
    let mut connection = site.db.read().await?;
    let owner = store::owner(&mut connection, member.id()).await?.ok_or(AppError::SignedOut)?;
    drop(connection);
    if site.hasher.verify(password, Some((owner.password_hash, true))).await? == Verdict::Wrong {
        errors.add(field, Problem::PasswordIncorrect);
        return errors.into_result();
    }
    throttle::give_back(site, &limit).await?;
    errors.into_result()
}

/// The caller's password once more, before something that matters.
///
/// # Errors
/// A refused form, too many tries, a full hash queue, or an outage.
pub async fn reauthenticate(visit: &Visit, member: &Member, password: &Secret) -> Result<(), AppError> {
    confirm_password(visit, member, password, Field::Password, Ok(())).await?;
    let now = visit.site.clock.now();
    let mut transaction = visit.site.db.begin().await?;
    activity::service::record(&mut transaction, now, member.id(), Kind::Reauthenticated, "", &visit.client)
        .await?;
    Ok(transaction.commit().await?)
}

/// `None` for what can be no name: PostgreSQL takes no NUL, folding a megabyte takes long, and where nothing is left of it, it is
/// not the name of those who have no address.
pub(super) fn login_key(login: &str) -> Option<String> {
    const LONGEST: usize = 4 * (EMAIL_MAX as usize);
    let key = (login.len() <= LONGEST && !login.contains('\0')).then(|| username::key(login));
    key.filter(|key| !key.is_empty())
}

/// Writes a login down: last login, activity, the device. Links for a new password are useless from now on. A device that is new to
/// an account that was logged in to before is told to its owner. To be called before the session is opened: that commits last, and takes back
/// what is cached of the member, this included. Who was to be deleted is not any more; true where that is so.
///
/// # Errors
/// An outage.
pub async fn record_login(visit: &Visit, member: &Member, device: DeviceHash) -> Result<bool, AppError> {
    /// More browsers than anybody has; a script that logs in with no cookie each time makes one each time.
    const DEVICES_KEPT: i64 = 50;
    let (id, now) = (member.id(), visit.site.clock.now());
    let mut transaction = visit.site.db.begin().await?;
    let is_known = store::devices::is_known(&mut transaction, &device, id).await?;
    // Not by the devices: after a report that it was not the owner, none is known any more.
    let is_first =
        store::profile(&mut transaction, id).await?.is_none_or(|account| account.last_login.is_none());
    store::devices::remember(&mut transaction, &device, id, now).await?;
    store::devices::prune(&mut transaction, id, DEVICES_KEPT).await?;
    tokens::revoke(&mut transaction, id, Change::Login).await?;
    store::set_last_login(&mut transaction, id, now).await?;
    activity::service::record(&mut transaction, now, id, Kind::Login, "", &visit.client).await?;
    let stays = my_data::service::cancel_deletion(&mut transaction, now, member, &visit.client).await?;
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
pub async fn record_logout(visit: &Visit, member: &Member) -> Result<(), AppError> {
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

    #[test]
    fn what_can_be_no_name_is_not_looked_up() {
        assert_eq!(login_key("Ada"), Some("ada".into()));
        assert_eq!(login_key("a\0b"), None);
        assert_eq!(login_key(&"x".repeat(1017)), None);
        assert_eq!(login_key("\u{3164}"), None);
    }
}
