//! Changing an account's names, address, flags and permissions.

use super::super::{
    CanManage,
    store::user::{NewColumns, UserRow},
};
use super::{can_manage::Target, permissions::differences};
use crate::{
    accounts::{service as accounts, service::Names},
    admin::edit::{Edit, Holder},
    audit::service::Actor,
    auth::sessions::login_context::RecentAuth,
    base::{
        clock::Millis,
        db::Transaction,
        email_address,
        member::{Permission, Staff, UserId},
    },
    mail::service::MailKind,
    shared::{
        error::AppError,
        forms::{Field, FormErrors, Problem},
    },
    site::{AppState, RequestContext},
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
    /// The permissions with which the form was shown.
    pub shown: Vec<Permission>,
    /// The permissions that were chosen.
    pub chosen: Vec<Permission>,
}

/// Saves the form unless the account's version has changed since it was shown. Sends the same mails
/// as if the owner had made the change. Of the permissions only the differences are applied, so
/// that two staff members who change them at the same time do not undo each other's changes. A
/// no-op without changes.
///
/// # Errors
/// [`AppError::Invalid`] with the errors of the form; [`AppError::NotFound`] without such a user;
/// [`AppError::Forbidden`] for an account with permissions that the caller lacks;
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn save(
    context: &RequestContext,
    staff: &Staff,
    _: &RecentAuth,
    id: UserId,
    typed: Typed,
) -> Result<(), AppError> {
    let now = context.site.clock.now();
    let mut edit = Edit::begin(&context.site, Actor::Staff(staff)).await?;
    let target = Target::find(&mut edit.transaction, id).await?;
    let can_manage = target.can_manage(staff);
    if can_manage == CanManage::No {
        return Err(AppError::Forbidden);
    }
    let old = target.row;
    if old.version != typed.version {
        return Err(AppError::invalid(Field::Form, Problem::ChangedMeanwhile));
    }
    let permissions = differences(staff, &typed.shown, &typed.chosen);
    let wanted = check(staff, can_manage, &old, typed, permissions.is_ok(), now)?;
    let (granted, revoked) = permissions?;
    let is_changed = edit.change_user(&old, &wanted).await?;
    if is_changed {
        notify(&mut edit.transaction, &context.site, &old, &wanted).await?;
    }
    let holder = Holder::User(id, &wanted.username);
    if edit.set_permissions(holder, &granted, &revoked).await? || is_changed {
        edit.commit().await?;
    }
    Ok(())
}

/// Checks the form and returns all errors at once; `has_permissions` says whether the caller has
/// those that are to be granted. An address (or a missing one) that was accepted
/// before is not checked again.
fn check(
    staff: &Staff,
    can_manage: CanManage,
    old: &UserRow,
    typed: Typed,
    has_permissions: bool,
    now: Millis,
) -> Result<NewColumns, AppError> {
    let names = Names { username: typed.username, first_name: typed.first_name, last_name: typed.last_name };
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
    if can_manage == CanManage::Own && flags.iter().any(|(old, new)| (*old == 1) != *new) {
        errors.add(Field::Form, Problem::OwnAccount);
    }
    let is_raised = typed.is_superuser && old.is_superuser == 0;
    if !has_permissions || is_raised && !staff.member().is_superuser() {
        errors.add(Field::Form, Problem::NotYours);
    }
    errors.into_result()?;
    let is_same_address = email_address::key(&email) == email_address::key(&old.email);
    let proven = old.email_verified_at.filter(|_| is_same_address).unwrap_or(now);
    Ok(NewColumns {
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

/// Sends the same mails as if the owner had made the change.
async fn notify(
    transaction: &mut Transaction,
    site: &AppState,
    old: &UserRow,
    new: &NewColumns,
) -> Result<(), AppError> {
    let (context, id) = (&RequestContext::of_operator(site), UserId(old.id));
    let is_renamed =
        (&old.username, &old.first_name, &old.last_name) != (&new.username, &new.first_name, &new.last_name);
    if is_renamed {
        let is_proven = new.email_verified_at.is_some();
        accounts::enqueue(transaction, context, MailKind::NameChanged, id, &new.email, is_proven).await?;
    }
    if email_address::key(&old.email) == email_address::key(&new.email) {
        return Ok(());
    }
    let was_proven = old.email_verified_at.is_some();
    accounts::enqueue(transaction, context, MailKind::EmailChangedByStaff, id, &old.email, was_proven)
        .await?;
    if new.email_verified_at.is_none() {
        match accounts::enqueue(transaction, context, MailKind::VerifyEmail, id, &new.email, false).await {
            // Above the rate limit the address is saved anyway; its owner can ask for the mail.
            Ok(()) | Err(AppError::Throttled { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
