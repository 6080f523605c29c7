//! Setting, disabling and resetting users' passwords.

use super::super::store::user::UserRow;
use super::can_manage::Target;
use crate::{
    accounts::{service as accounts, service::NewPassword},
    activity::{self, ActivityKind},
    admin::edit::Edit,
    audit::{
        service as history,
        service::{Actor, Object},
    },
    auth::{password, sessions::login_context::RecentAuth},
    base::{
        db::Connection,
        member::{ClientInfo, Staff, UserId},
        work_queue::Lane,
    },
    mail::service::MailKind,
    shared::{
        error::AppError,
        forms::{Field, Problem},
    },
    site::{AppState, RequestContext},
};

/// Loads the user, who must not be the caller: changing one's own password requires the old one.
async fn other(connection: &mut Connection, staff: &Staff, id: UserId) -> Result<UserRow, AppError> {
    let target = Target::find(connection, id).await?;
    target.require_within(staff)?;
    Ok(target.row)
}

/// Sets an account's password, ends its sessions, and mails the owner.
///
/// # Errors
/// [`AppError::Invalid`] with the errors of the form; [`AppError::NotFound`] without such a user;
/// [`AppError::Forbidden`] for the caller's own account and one with permissions that the caller
/// lacks; [`AppError::Busy`] with a full hash queue; [`AppError::Unavailable`] when the database
/// cannot be used.
pub async fn set_password(
    context: &RequestContext,
    staff: &Staff,
    _: &RecentAuth,
    id: UserId,
    typed: &NewPassword,
) -> Result<(), AppError> {
    let row = other(&mut *context.site.db.read().await?, staff, id).await?;
    let hash = hash(&context.site, &row, typed).await?;
    put(context, staff, id, &hash, MailKind::PasswordChanged, "set").await
}

/// Sets an account's password from the command line, ends its sessions, and mails the owner.
///
/// # Errors
/// [`AppError::Invalid`] when the password is refused; [`AppError::Busy`] with a full hash queue;
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn change_password(site: &AppState, row: &UserRow, typed: &NewPassword) -> Result<(), AppError> {
    let hash = hash(site, row, typed).await?;
    let mut edit = Edit::begin(site, Actor::Operator).await?;
    let user = (UserId(row.id), row.username.as_str());
    edit.set_password(user, &hash, "set", Some(MailKind::PasswordChanged)).await?;
    edit.commit().await
}

async fn hash(site: &AppState, row: &UserRow, typed: &NewPassword) -> Result<String, AppError> {
    let owner = password::PasswordOwner {
        username: &row.username,
        first_name: &row.first_name,
        last_name: &row.last_name,
        email: &row.email,
        has_second_factor: false,
    };
    typed.check(|text| site.password_rules.problems(text, owner))?;
    site.password_rules.refuse_breached(&typed.password1).await?;
    site.hasher.hash(&typed.password1, Lane::Reserved).await
}

/// Disables an account's password and ends its sessions. The password-reset form sends no mail for
/// it any more: only staff can restore access.
///
/// # Errors
/// [`AppError::NotFound`] without such a user; [`AppError::Forbidden`] for the caller's own account
/// and one with permissions that the caller lacks; [`AppError::Unavailable`] when the database
/// cannot be used.
pub async fn disable_password(
    context: &RequestContext,
    staff: &Staff,
    _: &RecentAuth,
    id: UserId,
) -> Result<(), AppError> {
    put(context, staff, id, &password::unusable('!'), MailKind::PasswordDisabled, "switched off").await
}

async fn put(
    context: &RequestContext,
    staff: &Staff,
    id: UserId,
    hash: &str,
    notice: MailKind,
    done: &str,
) -> Result<(), AppError> {
    let mut edit = Edit::begin(&context.site, Actor::Staff(staff)).await?;
    // Checked again, because permissions may have changed while the hash was computed.
    let row = other(&mut edit.transaction, staff, id).await?;
    edit.set_password((id, &row.username), hash, done, Some(notice)).await?;
    edit.commit().await
}

/// Mails the owner a link to choose a new password.
///
/// # Errors
/// [`AppError::Invalid`] if the account is inactive or has no address; [`AppError::NotFound`]
/// without such a user; [`AppError::Forbidden`] for the caller's own account and one with
/// permissions that the caller lacks; [`AppError::Throttled`] after too many mails;
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn send_reset(
    context: &RequestContext,
    staff: &Staff,
    _: &RecentAuth,
    id: UserId,
) -> Result<(), AppError> {
    let (site, now) = (&context.site, context.site.clock.now());
    let mut transaction = site.db.begin().await?;
    let row = other(&mut transaction, staff, id).await?;
    if row.is_active == 0 {
        return Err(AppError::invalid(Field::Form, Problem::AccountInactive));
    }
    if row.email.is_empty() {
        return Err(AppError::invalid(Field::Form, Problem::AddressMissing));
    }
    let nowhere = ClientInfo::default();
    activity::service::record(
        &mut transaction,
        now,
        id,
        ActivityKind::PasswordResetRequested,
        "by staff",
        &nowhere,
    )
    .await?;
    let object = Object::User(id, &row.username);
    let change = [("mail for a new password", "", "sent")];
    history::record(&mut transaction, now, Actor::Staff(staff), object, &change).await?;
    let (operator, is_proven) = (RequestContext::of_operator(site), row.email_verified_at.is_some());
    accounts::enqueue(&mut transaction, &operator, MailKind::ResetPassword, id, &row.email, is_proven)
        .await?;
    transaction.commit().await?;
    site.mails.wake();
    site.cache.invalidate_member(id, "reset mail by staff");
    Ok(())
}
