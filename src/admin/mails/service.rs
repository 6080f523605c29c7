//! The mail queue: listing, retrying and dropping mails.

use super::super::users::{service as users, service::Target};
use super::{MailLine, MailListing, store};
use crate::{
    audit::{
        service as history,
        service::{Actor, Object},
    },
    auth::sessions::login_context::RecentAuth,
    base::{
        clock::Millis,
        db::Transaction,
        member::{Staff, UserId},
        moment::moment,
        paging,
    },
    shared::error::AppError,
    site::{AppState, RequestContext},
};

const PAGE: usize = 100;
/// Mails counted at most.
const MAX_COUNTED: i64 = 10_000;

/// Returns the page of the queue that `query` asks for.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn listing(site: &AppState, staff: &Staff, query: &str) -> Result<MailListing, AppError> {
    let (mut only_stuck, mut after) = (false, 0);
    for (name, value) in form_urlencoded::parse(query.trim_start_matches('?').as_bytes()) {
        match name.as_ref() {
            "stuck" => only_stuck = value == "1",
            "after" => after = value.parse().unwrap_or(0),
            _ => {}
        }
    }
    let mut connection = site.db.read().await?;
    let (waiting, stuck) = store::count(&mut connection, MAX_COUNTED + 1).await?;
    let counted = |count: i64| (count <= MAX_COUNTED).then_some(count);
    let mut rows = store::after(&mut connection, only_stuck, after, paging::limit(PAGE)).await?;
    drop(connection);
    let stuck_too = if only_stuck { "stuck=1&" } else { "" };
    let next = paging::cut(&mut rows, PAGE).map(|last| format!("?{stuck_too}after={}", last.id));
    let mut owners: Vec<i64> = rows.iter().filter_map(|row| row.user_id).collect();
    owners.sort_unstable();
    owners.dedup();
    let within_reach = users::within_reach(site, staff, &owners).await?;
    let can_be_changed =
        |row: &store::MailListRow| row.user_id.is_none_or(|user| within_reach.contains(&user));
    Ok(MailListing {
        only_stuck,
        waiting: counted(waiting),
        stuck: counted(stuck),
        lines: rows.into_iter().map(|row| line(can_be_changed(&row), row)).collect(),
        is_later: after != 0,
        next,
    })
}

/// Returns the number of waiting mails, and of those with a failed attempt; each at most ten
/// thousand and one.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn counts(site: &AppState) -> Result<(i64, i64), AppError> {
    Ok(store::count(&mut *site.db.read().await?, MAX_COUNTED + 1).await?)
}

fn line(can_be_changed: bool, row: store::MailListRow) -> MailLine {
    MailLine {
        can_be_changed,
        id: row.id,
        what: describe(&row.kind),
        address: row.address,
        user: row.user_id.zip(row.username),
        since: moment(row.created_at),
        tries: row.tries,
        // `mail::service` writes `Millis::MAX` for permanent failures.
        next_try: (row.next_try_at < Millis::MAX).then(|| moment(row.next_try_at)),
        error: row.last_error,
    }
}

fn describe(kind: &str) -> String {
    kind.replace('_', " ")
}

/// Retries a mail now. Returns false if it has been sent meanwhile.
///
/// # Errors
/// [`AppError::Forbidden`] for a mail to the caller or to a user with permissions that the caller
/// lacks; [`AppError::Unavailable`] when the database cannot be used.
pub async fn retry(
    context: &RequestContext,
    staff: &Staff,
    _: &RecentAuth,
    id: i64,
) -> Result<bool, AppError> {
    let mut transaction = context.site.db.begin().await?;
    let Some(mail) = store::find(&mut transaction, id).await? else {
        return Ok(false);
    };
    require_within(&mut transaction, staff, &mail).await?;
    let done = store::retry_now(&mut transaction, id, context.site.clock.now()).await?;
    record(&mut transaction, context, staff, &mail, "mail tried again").await?;
    transaction.commit().await?;
    context.site.mails.wake();
    Ok(done)
}

/// Drops a mail, which is then never sent. Returns false if it has been sent meanwhile.
///
/// # Errors
/// [`AppError::Forbidden`] for a mail to the caller or to a user with permissions that the caller
/// lacks; [`AppError::Unavailable`] when the database cannot be used.
pub async fn delete(
    context: &RequestContext,
    staff: &Staff,
    _: &RecentAuth,
    id: i64,
) -> Result<bool, AppError> {
    let mut transaction = context.site.db.begin().await?;
    let Some(mail) = store::find(&mut transaction, id).await? else {
        return Ok(false);
    };
    require_within(&mut transaction, staff, &mail).await?;
    let done = store::delete(&mut transaction, id).await?;
    record(&mut transaction, context, staff, &mail, "mail dropped").await?;
    transaction.commit().await?;
    Ok(done)
}

/// Staff must not drop mails to themselves or to accounts with permissions that they lack: the mail
/// may be a notice about what they did.
async fn require_within(
    transaction: &mut Transaction,
    staff: &Staff,
    mail: &store::MailListRow,
) -> Result<(), AppError> {
    match mail.user_id {
        Some(user) => Target::find(transaction, UserId(user)).await?.require_within(staff),
        None => Ok(()),
    }
}

/// Writes the audit log: of the recipient, or, for a mail to no user, only that of the staff
/// member.
async fn record(
    transaction: &mut Transaction,
    context: &RequestContext,
    staff: &Staff,
    mail: &store::MailListRow,
    what: &str,
) -> Result<(), AppError> {
    let words = describe(&mail.kind);
    let object = match (mail.user_id, &mail.username) {
        (Some(user), Some(username)) => Object::User(UserId(user), username),
        _ => Object::Several("an email to no account"),
    };
    let now = context.site.clock.now();
    history::record(transaction, now, Actor::Staff(staff), object, &[(what, "", &words)]).await
}
