//! Adding a user.

use crate::{
    accounts::{
        service as accounts,
        service::{Names, NewPassword, NewUser},
    },
    activity::{self, ActivityKind},
    audit::{
        service as history,
        service::{Actor, Object},
    },
    auth::{password, sessions::login_context::RecentAuth},
    base::{
        email_address,
        id::new_id,
        member::{ClientInfo, Staff, UserId},
        username,
        work_queue::Lane,
    },
    mail::service::MailKind,
    shared::{
        error::AppError,
        forms::{Field, FormErrors, Problem},
    },
    site::RequestContext,
};

/// The form to add a user, as submitted.
pub struct Added {
    /// Username, first and last name.
    pub names: Names,
    /// The email address.
    pub email: String,
    /// Empty to let the user choose a password with the link in a mail.
    pub password: NewPassword,
}

/// Adds a user without permissions. Without a password, mails a link to choose one; with one, mails
/// a link to confirm the address.
///
/// # Errors
/// [`AppError::Invalid`] with the errors of the form; [`AppError::Throttled`] after too many mails;
/// [`AppError::Busy`] with a full hash queue; [`AppError::Unavailable`] when the database cannot be
/// used.
pub async fn add(
    context: &RequestContext,
    staff: &Staff,
    _: &RecentAuth,
    typed: Added,
) -> Result<UserId, AppError> {
    let (site, now) = (&context.site, context.site.clock.now());
    let (names, mut errors) = match Names::check(&typed.names) {
        Ok(names) => (names, FormErrors::default()),
        Err(AppError::Invalid(errors)) => (typed.names, errors),
        Err(error) => return Err(error),
    };
    let email = email_address::check(&typed.email).unwrap_or_else(|problem| {
        errors.add(Field::Email, problem);
        String::new()
    });
    let chooses =
        typed.password.password1.expose().is_empty() && typed.password.password2.expose().is_empty();
    if !chooses {
        let owner = password::PasswordOwner {
            username: &names.username,
            first_name: &names.first_name,
            last_name: &names.last_name,
            email: &email,
            has_second_factor: false,
        };
        match typed.password.check(|text| site.password_rules.problems(text, owner)) {
            Ok(()) => {}
            Err(AppError::Invalid(more)) => errors.append(more),
            Err(error) => return Err(error),
        }
    }
    errors.into_result()?;
    let hash = match chooses {
        true => password::unusable('?'),
        false => {
            site.password_rules.refuse_breached(&typed.password.password1).await?;
            site.hasher.hash(&typed.password.password1, Lane::Reserved).await?
        }
    };
    let id = UserId(new_id(now));
    let mut transaction = site.db.begin().await?;
    if accounts::is_proven_elsewhere(&mut transaction, &email).await? {
        return Err(AppError::invalid(Field::Email, Problem::EmailTaken));
    }
    let user = NewUser {
        id: id.0,
        username: &names.username,
        username_key: &username::key(&names.username),
        first_name: &names.first_name,
        last_name: &names.last_name,
        email: &email,
        email_key: &email_address::key(&email),
        password_hash: &hash,
        password_changed_at: (!chooses).then_some(now),
        session_stamp: rand::random(),
        date_joined: now,
        ..NewUser::default()
    };
    accounts::insert(&mut transaction, &[user]).await?;
    activity::service::record(
        &mut transaction,
        now,
        id,
        ActivityKind::SignUp,
        "by staff",
        &ClientInfo::default(),
    )
    .await?;
    let object = Object::User(id, &names.username);
    history::record(&mut transaction, now, Actor::Staff(staff), object, &[("added", "", "")]).await?;
    let mail = if chooses { MailKind::ResetPassword } else { MailKind::VerifyEmail };
    accounts::enqueue(&mut transaction, &RequestContext::of_operator(site), mail, id, &email, false).await?;
    transaction.commit().await?;
    site.mails.wake();
    Ok(id)
}
