//! Changing an account's names, address and flags.

use super::super::{
    Reach,
    store::user::{self, UserRow, Wanted},
};
use super::can_manage::Target;
use crate::{
    accounts::{
        service as accounts,
        service::{
            Names,
            tokens::{self, Change},
        },
    },
    activity::{self, Kind},
    audit::{
        service as history,
        service::{Actor, Object},
    },
    auth::sessions::login_context::RecentAuth,
    base::{
        clock::Millis,
        db::Transaction,
        email_address,
        member::{ClientInfo, Staff, UserId},
    },
    mail::{service as mail, service::Kind as Mail},
    shared::{
        error::AppError,
        forms::{Field, FormErrors, Problem},
    },
    site::RequestContext,
};

/// The form, as submitted.
pub struct Typed {
    /// The version that the form was shown for.
    pub version: i64,
    /// The username.
    pub username: String,
    /// The first name; may be empty.
    pub first_name: String,
    /// The last name; may be empty.
    pub last_name: String,
    /// The email address.
    pub email: String,
    /// Whether the account can be logged in to.
    pub is_active: bool,
    /// Whether it may enter the admin.
    pub is_staff: bool,
    /// Whether it has every permission.
    pub is_superuser: bool,
    /// Whether the address counts as confirmed.
    pub is_verified: bool,
}

/// Returns the error of a refused form.
pub(super) fn refused(field: Field, problem: Problem) -> AppError {
    AppError::Invalid(FormErrors::one(field, problem))
}

/// Saves the form unless the account's version has changed since it was shown. Sends the same mails
/// as if the owner had made the change. A no-op without changes.
///
/// # Errors
/// [`AppError::Invalid`] with the errors of the form; [`AppError::NotFound`] without such a user;
/// [`AppError::Forbidden`] for an account with permissions that the caller lacks;
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn save(
    visit: &RequestContext,
    staff: &Staff,
    _: &RecentAuth,
    id: UserId,
    typed: Typed,
) -> Result<(), AppError> {
    let (site, now) = (&visit.site, visit.site.clock.now());
    let mut transaction = site.db.begin().await?;
    let target = Target::find(&mut transaction, id).await?;
    let reach = target.reach(staff);
    if reach == Reach::Beyond {
        return Err(AppError::Forbidden);
    }
    let old = target.row;
    if old.version != typed.version {
        return Err(refused(Field::Form, Problem::ChangedMeanwhile));
    }
    let wanted = check(staff, reach, &old, &typed, now)?;
    let changes = changes(&old, &wanted.as_wanted());
    if changes.is_empty() {
        return Ok(());
    }
    let loses_power = old.is_superuser == 1 && !(typed.is_superuser && typed.is_active);
    if loses_power && crate::accounts::service::is_last_superuser(&mut transaction, id).await? {
        return Err(refused(Field::Form, Problem::LastSuperuser));
    }
    if !user::update(&mut transaction, id, old.version, &wanted.as_wanted()).await? {
        return Err(refused(Field::Form, Problem::ChangedMeanwhile));
    }
    let texts: Vec<_> = changes.iter().map(|(what, old, new)| (*what, old.as_str(), new.as_str())).collect();
    let object = Object::User(id, &wanted.username);
    history::record(&mut transaction, now, Actor::Staff(staff), object, &texts).await?;
    let what: Vec<&str> = changes.iter().map(|(what, ..)| *what).collect();
    tell(&mut transaction, visit, id, &what.join(", ")).await?;
    notify(&mut transaction, visit, id, &old, &wanted).await?;
    transaction.commit().await?;
    site.mails.wake();
    site.members.invalidate(id);
    site.cache.invalidate_member(id, "changed by staff");
    if old.is_active == 1 && !typed.is_active {
        site.sessions.end_all(id, None).await?;
    }
    Ok(())
}

/// Adds "changed by staff" to the owner's activity, without the staff member's name or address,
/// which are not the owner's business.
pub(super) async fn tell(
    transaction: &mut Transaction,
    visit: &RequestContext,
    id: UserId,
    what: &str,
) -> Result<(), AppError> {
    let now = visit.site.clock.now();
    activity::service::record(transaction, now, id, Kind::ChangedByStaff, what, &ClientInfo::default()).await
}

/// The account after the change.
struct New {
    username: String,
    first_name: String,
    last_name: String,
    email: String,
    email_verified_at: Option<Millis>,
    is_active: bool,
    is_staff: bool,
    is_superuser: bool,
}

impl New {
    fn as_wanted(&self) -> Wanted<'_> {
        Wanted {
            username: &self.username,
            first_name: &self.first_name,
            last_name: &self.last_name,
            email: &self.email,
            email_verified_at: self.email_verified_at,
            is_active: self.is_active,
            is_staff: self.is_staff,
            is_superuser: self.is_superuser,
        }
    }
}

/// Checks the form and returns all errors at once. An address (or a missing one) that was accepted
/// before is not checked again.
fn check(staff: &Staff, reach: Reach, old: &UserRow, typed: &Typed, now: Millis) -> Result<New, AppError> {
    let names = Names {
        username: typed.username.clone(),
        first_name: typed.first_name.clone(),
        last_name: typed.last_name.clone(),
    };
    let (names, mut errors) = match Names::check(&names) {
        Ok(names) => (names, FormErrors::default()),
        Err(AppError::Invalid(errors)) => (names, errors),
        Err(error) => return Err(error),
    };
    let email = match email_address::check(&typed.email) {
        _ if typed.email.trim() == old.email => old.email.clone(),
        Ok(email) => email,
        Err(problem) => {
            errors.add(Field::Email, problem);
            String::new()
        }
    };
    let flags = [
        (old.is_active, typed.is_active),
        (old.is_staff, typed.is_staff),
        (old.is_superuser, typed.is_superuser),
    ];
    if reach == Reach::Own && flags.iter().any(|(old, new)| (*old == 1) != *new) {
        errors.add(Field::Form, Problem::OwnAccount);
    }
    if typed.is_superuser && old.is_superuser == 0 && !staff.member().is_superuser() {
        errors.add(Field::Form, Problem::NotYours);
    }
    errors.into_result()?;
    let is_same_address = email_address::key(&email) == email_address::key(&old.email);
    let proven = old.email_verified_at.filter(|_| is_same_address).unwrap_or(now);
    Ok(New {
        username: names.username,
        first_name: names.first_name,
        last_name: names.last_name,
        email,
        email_verified_at: typed.is_verified.then_some(proven),
        is_active: typed.is_active,
        is_staff: typed.is_staff,
        is_superuser: typed.is_superuser,
    })
}

/// Returns the changes, each as name, old and new value.
fn changes(old: &UserRow, new: &Wanted<'_>) -> Vec<(&'static str, String, String)> {
    let yes_or_no = |value: bool| if value { "yes" } else { "no" }.to_owned();
    let flag = |what, old: i64, new: bool| (what, yes_or_no(old == 1), yes_or_no(new));
    let text = |what, old: &str, new: &str| (what, old.to_owned(), new.to_owned());
    [
        text("username", &old.username, new.username),
        text("first name", &old.first_name, new.first_name),
        text("last name", &old.last_name, new.last_name),
        text("email address", &old.email, new.email),
        flag(
            "email address confirmed",
            i64::from(old.email_verified_at.is_some()),
            new.email_verified_at.is_some(),
        ),
        flag("active", old.is_active, new.is_active),
        flag("staff", old.is_staff, new.is_staff),
        flag("superuser", old.is_superuser, new.is_superuser),
    ]
    .into_iter()
    .filter(|(_, old, new)| old != new)
    .collect()
}

/// Sends the same mails as if the owner had made the change, and revokes the links and queued mails
/// for an old address.
async fn notify(
    transaction: &mut Transaction,
    visit: &RequestContext,
    id: UserId,
    old: &UserRow,
    new: &New,
) -> Result<(), AppError> {
    let visit = &RequestContext::of_operator(&visit.site);
    let is_renamed =
        (&old.username, &old.first_name, &old.last_name) != (&new.username, &new.first_name, &new.last_name);
    if is_renamed {
        let is_proven = new.email_verified_at.is_some();
        accounts::enqueue(transaction, visit, Mail::NameChanged, id, &new.email, is_proven).await?;
    }
    if email_address::key(&old.email) == email_address::key(&new.email) {
        return Ok(());
    }
    tokens::revoke(transaction, id, Change::AddressByStaff).await?;
    mail::forget_elsewhere(transaction, id, &new.email).await?;
    let was_proven = old.email_verified_at.is_some();
    accounts::enqueue(transaction, visit, Mail::EmailChangedByStaff, id, &old.email, was_proven).await?;
    if new.email_verified_at.is_none() {
        match accounts::enqueue(transaction, visit, Mail::VerifyEmail, id, &new.email, false).await {
            // Above the rate limit the address is saved anyway; its owner can ask for the mail.
            Ok(()) | Err(AppError::Throttled { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
