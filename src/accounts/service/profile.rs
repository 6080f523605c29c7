//! A member's names and picture.

use super::super::{names, store};
use super::notify::notify;
use crate::{
    activity::{self, ActivityKind},
    auth::{sessions::login_context::RecentAuth, throttle::service::Limit},
    base::{db::Transaction, member::Member, username},
    mail::service::MailKind,
    shared::{
        error::AppError,
        forms::{Field, FormErrors},
    },
    site::{AppState, RequestContext},
};

pub use super::super::store::{ProfileRow as Profile, ProtectionRow as Protection};

/// Returns what a member may see of their own account.
///
/// # Errors
/// [`AppError::SignedOut`] when the account is gone; [`AppError::Unavailable`] when the database
/// cannot be used.
pub async fn profile(site: &AppState, member: &Member) -> Result<Profile, AppError> {
    let mut connection = site.db.read().await?;
    store::profile(&mut connection, member.id()).await?.ok_or(AppError::SignedOut)
}

/// Returns what protects a member's account.
///
/// # Errors
/// [`AppError::SignedOut`] when the account is gone; [`AppError::Unavailable`] when the database
/// cannot be used.
pub async fn protection(site: &AppState, member: &Member) -> Result<Protection, AppError> {
    let mut connection = site.db.read().await?;
    let party = site.config.passkey_party();
    let found = store::protection(&mut connection, member.id(), site.clock.now(), &party).await?;
    found.ok_or(AppError::SignedOut)
}

/// A member's names, as typed.
pub struct Names {
    /// The username: for logging in, and visible to others.
    pub username: String,
    /// The first name; may be empty.
    pub first_name: String,
    /// The last name; may be empty.
    pub last_name: String,
}

impl Names {
    /// Returns the names as they are stored.
    ///
    /// # Errors
    /// [`AppError::Invalid`] with everything that is wrong with them.
    pub fn check(typed: &Self) -> Result<Self, AppError> {
        let names = Self {
            username: username::normalize(&typed.username),
            first_name: names::normalize(&typed.first_name),
            last_name: names::normalize(&typed.last_name),
        };
        let mut errors = FormErrors::default();
        for problem in username::problems(&names.username) {
            errors.add(Field::Username, problem);
        }
        for (field, name) in [(Field::FirstName, &names.first_name), (Field::LastName, &names.last_name)] {
            if let Some(problem) = names::problem(name) {
                errors.add(field, problem);
            }
        }
        errors.into_result().map(|()| names)
    }
}

/// Changes a member's names; their sessions stay. Does nothing when nothing differs. Only the
/// member may do this. The username is used to log in, so changing it requires `recent`, the proof
/// of recent authentication (OWASP ASVS 7.5.1).
///
/// # Errors
/// [`AppError::Invalid`] with the form's errors, also for a taken username; the error in `recent`;
/// [`AppError::ClosedWhileActing`] during an impersonation; [`AppError::SignedOut`] when the
/// account is gone; [`AppError::Throttled`] past the limit of changes; [`AppError::Unavailable`]
/// when the database cannot be used.
pub async fn save_names(
    context: &RequestContext,
    member: &Member,
    recent: Result<RecentAuth, AppError>,
    typed: &Names,
) -> Result<(), AppError> {
    member.in_person()?;
    let names = Names::check(typed)?;
    let (site, now, id) = (&context.site, context.site.clock.now(), member.id());
    site.throttle.take(&[profile_limit(site, member)]).await?;
    let mut transaction = site.db.begin().await?;
    let old = store::profile(&mut transaction, id).await?.ok_or(AppError::SignedOut)?;
    let is_renamed = old.username != names.username;
    let has_other_name = old.first_name != names.first_name || old.last_name != names.last_name;
    if !is_renamed && !has_other_name {
        return Ok(());
    }
    if is_renamed {
        recent?;
    }
    store::set_names(&mut transaction, id, &names.username, &names.first_name, &names.last_name).await?;
    if is_renamed {
        let detail = format!("{} → {}", old.username, names.username);
        let (kind, client) = (ActivityKind::UsernameChanged, &context.client);
        activity::service::record(&mut transaction, now, id, kind, &detail, client).await?;
    }
    if has_other_name {
        activity::service::record(
            &mut transaction,
            now,
            id,
            ActivityKind::ProfileChanged,
            "",
            &context.client,
        )
        .await?;
    }
    notify(&mut transaction, context, MailKind::NameChanged, id, "").await?;
    transaction.commit().await?;
    site.mails.wake();
    site.members.invalidate(id);
    site.cache.invalidate_member(id, "names changed").await;
    Ok(())
}

/// Returns the rate limit for changes of names or picture: each is a line of activity and may be a
/// mail.
pub fn profile_limit(site: &AppState, member: &Member) -> Limit {
    let rate = site.config.throttle.profile_changes_per_account;
    Limit::new("profile_changes_per_account", &member.id().to_string(), rate)
}

/// Records a new version of the member's picture, or `None` when it was removed, in the transaction
/// of that change.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn set_picture_version(
    transaction: &mut Transaction,
    member: &Member,
    version: Option<i64>,
) -> Result<(), AppError> {
    Ok(store::set_picture_version(transaction, member.id(), version).await?)
}
