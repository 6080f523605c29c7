//! Recording failed logins.
//!
//! The response time of a login must not reveal whether the account exists. So nothing is looked up
//! or written during the request: for known and unknown names alike a note is put into memory. Once
//! a second all notes are processed in one transaction, so that nobody can tell whose request
//! caused it.

use std::time::Duration;

use super::super::store;
use crate::{
    activity::{self, ActivityKind},
    auth::{failed_logins::Note, login_name::LoginName},
    base::member::UserId,
    shared::error::AppError,
    site::{AppState, RequestContext},
};

/// Notes in memory that a login failed, whether the account exists or not. Does not wait.
pub fn note_failed_login(context: &RequestContext, login: &str) {
    if let Some(login) = LoginName::read(login) {
        note(context, login, false);
    }
}

/// The same for a wrong mailed code.
pub fn note_wrong_code(context: &RequestContext, login: LoginName) {
    note(context, login, true);
}

fn note(context: &RequestContext, login: LoginName, is_by_code: bool) {
    let (client, at) = (context.client.clone(), context.site.clock.now());
    context.site.failed_logins.add(Note { login, client, is_by_code, at });
}

/// Writes the failed logins every second, as long as the site runs.
pub async fn write_failed_logins_periodically(site: AppState) {
    const INTERVAL: Duration = Duration::from_secs(1);
    loop {
        write_failed_logins(&site).await;
        site.clock.sleep(INTERVAL).await;
    }
}

/// Writes the failed logins: those of accounts that can log in become lines of their activity.
pub async fn write_failed_logins(site: &AppState) {
    let notes = site.failed_logins.take();
    if notes.is_empty() {
        return;
    }
    if let Err(error) = write(site, notes).await {
        tracing::warn!(%error, "Failed logins could not be recorded");
    }
}

async fn write(site: &AppState, notes: Vec<Note>) -> Result<(), AppError> {
    let mut found: Vec<(UserId, Note)> = Vec::new();
    let mut connection = site.db.read().await?;
    for note in notes {
        let users = store::find_for_login(&mut connection, &note.login).await?;
        let users = users.into_iter().filter(|user| user.may_log_in(note.at));
        found.extend(users.map(|user| (UserId(user.id), note.clone())));
    }
    drop(connection);
    if found.is_empty() {
        return Ok(());
    }
    let mut written = Vec::new();
    let mut transaction = site.db.begin().await?;
    for (user, note) in found {
        let kind = if note.is_by_code { ActivityKind::LoginCodeFailed } else { ActivityKind::LoginFailed };
        if activity::service::record_failed_login(&mut transaction, note.at, user, kind, &note.client).await?
        {
            written.push(user);
        }
    }
    transaction.commit().await?;
    written.sort_unstable();
    written.dedup();
    for user in written {
        site.cache.invalidate_member(user, "failed login");
    }
    Ok(())
}
