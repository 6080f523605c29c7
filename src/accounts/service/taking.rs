//! Proving an address takes an account whole.
//!
//! Anybody can sign up with somebody else's address and set up a password, a second factor and
//! devices, and wait for its owner to confirm it. So what was there before the proof goes in its
//! transaction, unless the proof is shown in a browser of the account's: one that is logged in, or
//! that signed up. A request of the squatter that is on its way brings nothing back, because the
//! account's stamp changes, and whatever opens or sets up something compares it.

use super::{
    super::store,
    factors,
    notify::order,
    tokens::{self, Change, Purpose},
};
use crate::{
    activity::{self, ActivityKind},
    auth::{password, sessions::IdHash},
    base::{
        clock::Millis,
        db::{Connection, Transaction},
        member::{Member, UserId},
    },
    mail::{service as mail, service::MailKind},
    shared::error::AppError,
    site::RequestContext,
};

/// The browser in which an address is proven.
#[derive(Default)]
pub struct Prover {
    /// Who is logged in there, in person.
    pub signed_in: Option<UserId>,
    /// The token of the account that was created there, or an empty string.
    pub sign_up: String,
}

impl Prover {
    /// Returns whether it is a browser of this account's.
    pub(super) async fn is_of(
        &self,
        connection: &mut Connection,
        user: UserId,
        now: Millis,
    ) -> Result<bool, AppError> {
        if self.signed_in == Some(user) {
            return Ok(true);
        }
        Ok(!self.sign_up.is_empty()
            && tokens::owner_of(connection, Purpose::SignUp, &self.sign_up, now).await? == Some(user))
    }
}

/// Removes the password, sessions, factors, waiting logins, known browsers, tokens, queued mails
/// and a request for deletion of an account. A password that staff switched off stays so. Returns
/// the ended sessions, for [`crate::auth::sessions::Sessions::forget`] after the commit.
pub(super) async fn take_whole(
    transaction: &mut Transaction,
    context: &RequestContext,
    user: UserId,
) -> Result<Vec<IdHash>, AppError> {
    let (now, stamp) = (context.site.clock.now(), rand::random::<[u8; 32]>());
    if store::is_switched_off(transaction, user).await? {
        store::set_stamp(transaction, &[user], stamp).await?;
    } else {
        store::set_password(transaction, user, &password::unusable('?'), &stamp, now).await?;
    }
    let ended = context.site.sessions.end_all_in(transaction, user, None).await?;
    store::deletion::cancel_deletion(transaction, user).await?;
    for notice in MailKind::ALL.into_iter().filter(|kind| kind.is_notice()) {
        mail::forget(transaction, user, notice).await?;
    }
    factors::delete_all(transaction, user).await?;
    tokens::revoke(transaction, context, user, Change::Taken).await?;
    activity::service::record(transaction, now, user, ActivityKind::AccountTaken, "", &context.client)
        .await?;
    Ok(ended)
}

/// Takes an account whole whose address was just proven for the first time, unless this is one of
/// its browsers, and mails a link for a new password. Returns the ended sessions.
pub(super) async fn take_from_strangers(
    transaction: &mut Transaction,
    context: &RequestContext,
    user: UserId,
    email: &str,
    prover: &Prover,
) -> Result<Option<Vec<IdHash>>, AppError> {
    if prover.is_of(transaction, user, context.site.clock.now()).await? {
        return Ok(None);
    }
    let ended = take_whole(transaction, context, user).await?;
    mail_reset(transaction, context, user, email).await?;
    Ok(Some(ended))
}

pub(super) async fn after_proof(
    context: &RequestContext,
    user: UserId,
    ended: Option<&[IdHash]>,
    why: &'static str,
) {
    let site = &context.site;
    site.mails.wake();
    match ended {
        Some(ended) => {
            site.members.invalidate(user);
            site.sessions.forget(user, ended).await;
        }
        None => site.cache.invalidate_member(user, why).await,
    }
}

/// Queues a mail with a link for a new password, unless staff switched the password off.
pub(super) async fn mail_reset(
    transaction: &mut Transaction,
    context: &RequestContext,
    user: UserId,
    email: &str,
) -> Result<(), AppError> {
    if store::is_switched_off(transaction, user).await? {
        return Ok(());
    }
    // Prepaid by the link of a notice, so that no stranger can block it with the rate limit.
    mail::enqueue_prepaid(
        &context.site,
        transaction,
        &order(context, MailKind::ResetPassword, user, email, false),
    )
    .await
}

/// Locks the member's account and checks that its stamp is still the one of their session, in a
/// transaction that sets up what outlives the session.
///
/// # Errors
/// [`AppError::SignedOut`] when it is not; [`AppError::Unavailable`] when the database cannot be
/// used.
pub(super) async fn hold(transaction: &mut Transaction, member: &Member) -> Result<(), AppError> {
    match store::hold_stamp(transaction, member.id(), member.session_stamp()).await? {
        true => Ok(()),
        false => Err(AppError::SignedOut),
    }
}
