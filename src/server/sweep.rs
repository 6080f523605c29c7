//! What is over is deleted, now and then.

use std::time::Duration;

use super::{Site, clock::to_millis};
use crate::{accounts, acting, activity, admin, error::AppError, mail, my_data, throttle};

/// How much went.
pub struct Swept {
    /// Expired sessions.
    pub sessions: u64,
    /// Lines of activity older than `activity.keep`.
    pub activity: u64,
    /// Accounts whose owners asked for it `accounts.deletion_delay` ago.
    pub accounts: u64,
}

/// Deletes all of it once.
///
/// # Errors
/// At the first outage.
pub async fn sweep(site: &Site) -> Result<Swept, AppError> {
    throttle::service::sweep(site).await?;
    accounts::service::tokens::sweep(site).await?;
    mail::service::sweep(site).await?;
    Ok(Swept {
        sessions: over_sessions(site).await?,
        activity: activity::service::sweep(site).await?,
        accounts: my_data::service::sweep(site).await?,
    })
}

/// For as long as the site runs. An error is logged, and the next time comes. (tower-sessions' own task ends for good at its first
/// error.)
pub async fn now_and_then(site: Site) {
    const EVERY: Duration = Duration::from_secs(600);
    loop {
        // From the beginning of this sweep: what becomes due while it runs waits no longer than what came before.
        let next = site.clock.now().saturating_add(to_millis(EVERY));
        say("Expired sessions", over_sessions(&site).await);
        say("Old lines of activity", activity::service::sweep(&site).await);
        say("Counts that were over", throttle::service::sweep(&site).await);
        say("Links that were too old", accounts::service::tokens::sweep(&site).await);
        say("Mails that could not be sent for 30 days", mail::service::sweep(&site).await);
        say("Accounts that were to be deleted", my_data::service::sweep(&site).await);
        if let Err(error) = accounts::service::refresh_costs(&site).await {
            tracing::warn!(%error, "The costs of password hashes could not be listed; trying again later");
        }
        if let Err(error) = admin::users::service::fold_counts(&site).await {
            tracing::warn!(%error, "The counts of users could not be put together; trying again later");
        }
        site.cache.sweep().await;
        site.clock.sleep_until(next).await;
    }
}

/// First they go, then is written down which of them were acting.
async fn over_sessions(site: &Site) -> Result<u64, AppError> {
    let swept = site.sessions.sweep().await?;
    acting::service::sweep(site).await?;
    Ok(swept)
}

fn say(what: &str, swept: Result<u64, AppError>) {
    match swept {
        Ok(0) => {}
        Ok(swept) => tracing::info!(swept, "{what} were deleted"),
        Err(error) => tracing::warn!(%error, "{what} could not be deleted; trying again later"),
    }
}
