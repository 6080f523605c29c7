//! Recovery codes: making a set, and showing it for a while.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::{has_second_factor, store};
use crate::{
    accounts::service::{notify, taking::hold},
    activity::{self, ActivityKind},
    auth::{
        factors::{
            FactorKind,
            recovery::{RecoveryCode, new_set},
        },
        sessions::login_context::RecentAuth,
    },
    base::{
        clock::{Millis, is_too_far_ahead},
        db::Transaction,
        id::new_id,
        member::{Member, UserId},
        work_queue::Lane,
    },
    mail::service::MailKind,
    shared::error::AppError,
    site::{AppState, RequestContext},
};

/// How long a new set can be seen, in milliseconds.
const DISPLAY: Millis = 10 * 60_000;

/// A code and the hash of its secret part.
pub(super) type Hashed = (RecoveryCode, String);

/// Creates a set and hashes it.
pub(super) async fn hashed(site: &AppState) -> Result<Vec<Hashed>, AppError> {
    let mut codes = Vec::new();
    for code in new_set() {
        let hash = site.hasher.hash(&code.hashed_part(), Lane::Reserved).await?;
        codes.push((code, hash));
    }
    Ok(codes)
}

/// Replaces the account's set. The caller has locked the row of its app, so that of two sets one
/// remains.
pub(super) async fn replace(
    transaction: &mut Transaction,
    user: UserId,
    now: Millis,
    codes: &[Hashed],
) -> Result<(), AppError> {
    store::delete_recovery_codes(transaction, user).await?;
    for (code, hash) in codes {
        let factor = store::NewFactor {
            id: new_id(now),
            user,
            kind: FactorKind::Recovery,
            handle: code.handle(),
            secret: hash.as_bytes(),
            created_at: now,
            confirmed_at: Some(now),
        };
        store::insert(transaction, &factor).await?;
    }
    Ok(())
}

/// Replaces the member's recovery codes and returns the new ones; none without a second factor.
///
/// # Errors
/// [`AppError::ClosedWhileActing`] during an impersonation; [`AppError::Busy`] when the hash queue
/// is full; [`AppError::Unavailable`] when the database cannot be used.
pub async fn new_codes(
    context: &RequestContext,
    member: &Member,
    _: &RecentAuth,
) -> Result<Vec<RecoveryCode>, AppError> {
    member.in_person()?;
    let (site, user, now) = (&context.site, member.id(), context.site.clock.now());
    let codes = hashed(site).await?;
    let mut transaction = site.db.begin().await?;
    hold(&mut transaction, member).await?;
    if !has_second_factor(site, &mut transaction, user).await? {
        return Ok(Vec::new());
    }
    replace(&mut transaction, user, now, &codes).await?;
    activity::service::record(
        &mut transaction,
        now,
        user,
        ActivityKind::NewRecoveryCodes,
        "",
        &context.client,
    )
    .await?;
    notify(&mut transaction, context, MailKind::SecondFactorChanged, user, "codes").await?;
    transaction.commit().await?;
    site.mails.wake();
    site.cache.invalidate_member(user, "new recovery codes").await;
    Ok(codes.into_iter().map(|(code, _)| code).collect())
}

/// Makes recovery codes for a member who has a second factor by now, and none of them. Returns them
/// sealed for display.
///
/// # Errors
/// The same as [`new_codes`].
pub async fn first_codes(
    context: &RequestContext,
    member: &Member,
    recent: &RecentAuth,
) -> Result<Option<String>, AppError> {
    if left(&context.site, member).await? != Some(0) {
        return Ok(None);
    }
    let codes = new_codes(context, member, recent).await?;
    seal_for_display(&context.site, member.id(), &codes).await.map(Some)
}

/// Returns how many recovery codes are left, or `None` without a second factor.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn left(site: &AppState, member: &Member) -> Result<Option<i64>, AppError> {
    let mut connection = site.db.read().await?;
    if !has_second_factor(site, &mut connection, member.id()).await? {
        return Ok(None);
    }
    Ok(Some(store::count_recovery_codes(&mut connection, member.id()).await?))
}

/// A new set on its way to its page.
#[derive(Serialize, Deserialize)]
struct Display {
    codes: Vec<String>,
    until: Millis,
}

/// Seals a new set for a cookie of the member's browser. Only hashes are stored here, and the page
/// that shows the codes comes after a redirect.
///
/// # Errors
/// [`AppError::Internal`] without a key.
pub async fn seal_for_display(
    site: &AppState,
    user: UserId,
    codes: &[RecoveryCode],
) -> Result<String, AppError> {
    let display = Display {
        codes: codes.iter().map(ToString::to_string).collect(),
        until: site.clock.now().saturating_add(DISPLAY),
    };
    let text = serde_json::to_vec(&display).map_err(|_| AppError::Internal)?;
    Ok(URL_SAFE_NO_PAD.encode(site.seal.seal(&bound_to(user), &text).await?))
}

/// Returns the set in the cookie, if it is the member's and can still be seen.
pub fn unseal_for_display(site: &AppState, user: UserId, cookie: &str) -> Option<Vec<String>> {
    let sealed = URL_SAFE_NO_PAD.decode(cookie).ok()?;
    let Display { codes, until } =
        serde_json::from_slice(&site.seal.open_foreign(&bound_to(user), &sealed)?).ok()?;
    let now = site.clock.now();
    (now < until && !is_too_far_ahead(until, now, DISPLAY)).then_some(codes)
}

fn bound_to(user: UserId) -> String {
    format!("codes:{user}")
}
