//! The limit of mails to one address, by whomever they are caused: `throttle.mail_per_address`.
//!
//! A quarter of that number is for mails that anybody can have sent to any address (sign-ups,
//! confirmations), a quarter for links to set a new password, and half for notices. So no stranger
//! can exhaust the limit of the notices that warn an owner.

use super::job::{MailJob, MailKind};
use crate::{
    auth::throttle::service::Limit,
    base::{clock::Millis, db::Transaction, email_address},
    shared::error::AppError,
    site::AppState,
};

/// Charges a mail. Returns `None` within the limits; past one, when the next mail may be sent, in
/// milliseconds since 1970.
pub(super) async fn charge(
    site: &AppState,
    transaction: &mut Transaction,
    order: &MailJob,
) -> Result<Option<Millis>, AppError> {
    if order.kind.is_notice() {
        return charge_notice(site, transaction, order).await;
    }
    let now = site.clock.now();
    for limit in &asked_for(site, order) {
        if let Some(until) = site.throttle.count(transaction, now, limit).await? {
            return Ok(Some(until));
        }
    }
    Ok(None)
}

/// Returns the limits of a requested mail. The requesting account is limited too, or it could write
/// to one address after the other.
fn asked_for(site: &AppState, order: &MailJob) -> Vec<Limit> {
    let rate = site.config.throttle.mail_per_address;
    let quarter = rate.with_count((rate.count() / 4).max(1));
    let to = address_key(order);
    if order.kind == MailKind::ResetPassword {
        return vec![Limit::new("reset_mails_per_address", &to, quarter)];
    }
    if order.kind == MailKind::LoginCode {
        let rate = site.config.throttle.login_code_per_email;
        return vec![Limit::new("login_codes_per_address", &to, rate)];
    }
    let account = match order.kind {
        MailKind::VerifyEmail | MailKind::ChangeEmail => "asked_mails_per_account",
        // Counted only so that a sign-up takes as long for an address that has an account.
        _ => "sign_up_mails_per_owner",
    };
    let user = order.user.map(|user| user.to_string()).unwrap_or_default();
    vec![Limit::new("asked_mails_per_address", &to, quarter), Limit::new(account, &user, quarter)]
}

/// Charges a notice. The first of each kind is always sent at once, so that nobody can hide one
/// kind by causing many of another.
async fn charge_notice(
    site: &AppState,
    transaction: &mut Transaction,
    order: &MailJob,
) -> Result<Option<Millis>, AppError> {
    let (now, rate, to) = (site.clock.now(), site.config.throttle.mail_per_address, address_key(order));
    let of_kind = format!("{} {to}", order.kind.name());
    let first = Limit::new("first_notice_per_address", &of_kind, rate.with_count(1));
    if site.throttle.count(transaction, now, &first).await?.is_none() {
        return Ok(None);
    }
    // Beside the first of each kind, at least two more.
    const MIN_MAILS: u32 = 2;
    let firsts = MailKind::ALL.into_iter().filter(|kind| kind.is_notice()).count();
    let more = (rate.count() / 2).saturating_sub(u32::try_from(firsts).unwrap_or(u32::MAX)).max(MIN_MAILS);
    let limit = Limit::new("notices_per_address", &to, rate.with_count(more));
    site.throttle.count(transaction, now, &limit).await
}

fn address_key(order: &MailJob) -> String {
    email_address::key(&order.address)
}
