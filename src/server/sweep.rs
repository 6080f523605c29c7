//! Deletes expired rows at regular intervals.

use std::{future::Future, time::Duration};

use super::redate::redate;
use crate::{
    accounts, activity,
    admin::{self, impersonation},
    base::{
        clock::{Millis, to_millis},
        id,
    },
    mail,
    shared::error::AppError,
    site::AppState,
};

/// How far the clock can be trusted. A wrong clock must not delete what cannot be restored, nor
/// correct times that are right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    /// This is the first check.
    New,
    /// It has run evenly since the last check.
    Steady,
    /// It was set since the last check.
    Set,
    /// It was set back to where it was before it was set.
    Returned,
}

/// Detects that the clock was set, by [`crate::base::clock::Clock::drift`].
struct Watch {
    drift: Millis,
    is_new: bool,
    /// The drift before the clock was set, until the present drift has proved steady.
    before: Option<Millis>,
}

impl Watch {
    /// Smaller corrections, in milliseconds, are harmless.
    const SMALL: Millis = 60_000;

    const fn new(drift: Millis) -> Self {
        Self { drift, is_new: true, before: None }
    }

    /// Returns whether the clock has been set since the last check.
    const fn is_set(&self, drift: Millis) -> bool {
        drift.saturating_sub(self.drift).saturating_abs() > Self::SMALL
    }

    /// Compares the drift with the last one. Returns how far the clock can be trusted, and by how
    /// many milliseconds it was set.
    fn check(&mut self, drift: Millis) -> (Trust, Millis) {
        let is_near = |other: Millis| drift.saturating_sub(other).saturating_abs() <= Self::SMALL;
        let last = std::mem::replace(&mut self.drift, drift);
        let is_new = std::mem::replace(&mut self.is_new, false);
        let trust = if is_near(last) {
            self.before = None;
            if is_new { Trust::New } else { Trust::Steady }
        } else if self.before.is_some_and(is_near) {
            self.before = None;
            Trust::Returned
        } else {
            self.before.get_or_insert(last);
            Trust::Set
        };
        (trust, drift.saturating_sub(last))
    }
}

/// The numbers of deleted rows.
pub struct Swept {
    /// Expired sessions.
    pub sessions: u64,
    /// Lines of activity older than `activity.keep`.
    pub activity: u64,
    /// Accounts whose owners requested deletion `accounts.deletion_delay` ago.
    pub accounts: u64,
}

/// Corrects times and deletes everything that has expired, once.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn sweep(site: &AppState) -> Result<Swept, AppError> {
    let now = site.clock.now();
    correct_ends(site, now).await?;
    delete_once(site, now).await
}

/// Sweeps for as long as the site runs. Errors are logged, and the next sweep tries again.
/// (tower-sessions' own task ends for good at its first error.)
pub fn periodically(site: AppState) -> impl Future<Output = ()> + Send {
    const INTERVAL: Duration = Duration::from_secs(600);
    let mut watch = Watch::new(site.clock.drift());
    async move {
        // By how much the clock was set forward since the waiting periods were last prolonged.
        let mut skipped = 0;
        loop {
            // What is due in this sweep is decided by this time: the clock may be set during it.
            let (now, drift) = site.clock.now_and_drift();
            // Counted from the start of this sweep: what becomes due during it waits no longer than
            // anything else.
            let next = now.saturating_add(to_millis(INTERVAL));
            let (trust, set_by) = watch.check(drift);
            if matches!(trust, Trust::Set | Trust::Returned) {
                skipped += set_by.max(0);
            }
            if skipped > 0 {
                if let Err(error) = accounts::service::postpone_recoveries(&site, skipped).await {
                    tracing::warn!(%error, "Waiting periods could not be prolonged; trying again later");
                    site.clock.sleep_until(next, INTERVAL).await;
                    continue;
                }
                skipped = 0;
            }
            let corrected = match trust {
                Trust::Set => Ok(0),
                Trust::New | Trust::Steady => correct_ends(&site, now).await,
                Trust::Returned => correct_all(&site, now).await,
            };
            match corrected {
                Ok(0) => {}
                Ok(corrected) => tracing::warn!(corrected, "Times in the future were corrected"),
                Err(error) => {
                    tracing::warn!(%error, "Times in the future could not be corrected; trying again later")
                }
            }
            match trust {
                // Errors are logged.
                Trust::New | Trust::Steady => drop(delete_once(&site, now).await),
                Trust::Set | Trust::Returned => tracing::warn!(
                    seconds = set_by / 1000,
                    "The clock was changed; nothing is deleted until it has run steadily for ten minutes"
                ),
            }
            // `next` means nothing if the clock was set during the sweep.
            if !watch.is_set(site.clock.drift()) {
                site.clock.sleep_until(next, INTERVAL).await;
            }
        }
    }
}

/// Deletes everything that has expired. A step that fails is logged and leaves the others; the
/// first error is returned after them.
async fn delete_once(site: &AppState, now: Millis) -> Result<Swept, AppError> {
    let mut failed = None;
    let mut step = |what: &str, is_done: &str, count: Result<u64, AppError>| {
        match &count {
            Ok(0) => {}
            Ok(swept) => tracing::info!(swept, "{what} were {is_done}"),
            Err(error) => tracing::warn!(%error, "{what} could not be {is_done}; trying again later"),
        }
        count.unwrap_or_else(|error| {
            failed.get_or_insert(error);
            0
        })
    };
    let sessions = step("Expired sessions", "deleted", sweep_sessions(site, now).await);
    let activity = step("Old activity lines", "deleted", activity::service::sweep(site, now).await);
    let recoveries = accounts::service::sweep_recoveries(site, now).await;
    step("Second factors whose owners lost them", "removed", recoveries);
    step("Expired rate limits", "deleted", site.throttle.sweep(now).await);
    step("Expired links", "deleted", accounts::service::tokens::sweep(site, now).await);
    step(
        "Browsers without a login for 180 days",
        "forgotten",
        accounts::service::sweep_browsers(site, now).await,
    );
    let unfinished = accounts::service::factors::sweep(site, now).await;
    step("Unfinished logins and second factors", "deleted", unfinished);
    step("Mails unsent for 30 days", "deleted", mail::service::sweep(site, now).await);
    let deletions = accounts::service::sweep_deletions(site, now).await;
    let accounts = step("Accounts due for deletion", "deleted", deletions);
    let costs = accounts::service::refresh_costs(site).await;
    step("The costs of the stored password hashes", "read", costs.map(|()| 0));
    let counts = admin::users::service::fold_counts(site).await;
    step("The user counts", "updated", counts.map(|()| 0));
    site.cache.sweep().await;
    failed.map_or(Ok(Swept { sessions, activity, accounts }), Err)
}

/// Corrects times of sessions, links, known browsers and waiting periods that only a clock that was
/// ahead can have written; see [`crate::base::clock::is_too_far_ahead`]. If the clock is wrong now,
/// this costs logins and links but no data. A clock that shows a time before this program was
/// written is certainly wrong.
async fn correct_ends(site: &AppState, now: Millis) -> Result<u64, AppError> {
    if now < id::EPOCH {
        return Ok(0);
    }
    let at = || site.clock.now_from(now);
    Ok(site.sessions.correct_times(at()).await?
        + accounts::service::tokens::correct_times(site, at()).await?
        + accounts::service::correct_browser_times(site, at()).await?
        + accounts::service::correct_recovery_times(site, at()).await?)
}

/// Corrects every time in the future. Only for a clock that was set wrong and back: one that is
/// behind would move all records into the past, where they are deleted.
async fn correct_all(site: &AppState, now: Millis) -> Result<u64, AppError> {
    Ok(correct_ends(site, now).await?
        + mail::service::correct_times(site, site.clock.now_from(now)).await?
        + accounts::service::correct_deletion_times(site, site.clock.now_from(now)).await?
        + redate(site, now, "activity").await?
        + redate(site, now, "changes").await?)
}

/// Sessions are deleted first; then the ends of those that impersonated are recorded.
async fn sweep_sessions(site: &AppState, now: Millis) -> Result<u64, AppError> {
    let swept = site.sessions.sweep(now).await?;
    impersonation::service::sweep(site, now).await?;
    Ok(swept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_trusted_when_it_runs_steadily_or_has_returned() {
        const DAY: Millis = 86_400_000;
        let mut watch = Watch::new(5);
        let seen: Vec<_> = [5, 30_000, DAY, -DAY, 0, 0, DAY, DAY, 0].map(|drift| watch.check(drift).0).into();
        use Trust::{New, Returned, Set, Steady};
        assert_eq!(seen, [New, Steady, Set, Set, Returned, Steady, Set, Steady, Set]);
    }
}
