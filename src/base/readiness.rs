//! What `/readyz` and `members-area check` report.

use std::{fmt, future::Future, sync::Arc};

use serde_json::{Map, Value, json};
use tokio::sync::Mutex;

use super::clock::{Clock, Millis};

/// How a part of the site is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// All is well.
    Ok,
    /// The site can serve requests, but somebody should look at it.
    Degraded,
    /// It could not be checked, because another part is down.
    Unknown,
    /// The site cannot serve requests.
    Down,
}

impl Level {
    /// Returns its word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Unknown => "unknown",
            Self::Down => "down",
        }
    }
}

/// How one part is, and why, in words for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// The part.
    pub name: &'static str,
    /// How it is.
    pub level: Level,
    /// Why; empty when all is well.
    pub reason: &'static str,
}

impl Check {
    /// Creates the check of a part that is well.
    pub const fn ok(name: &'static str) -> Self {
        Self { name, level: Level::Ok, reason: "" }
    }

    /// Creates the check of a part that is not.
    pub const fn not(name: &'static str, level: Level, reason: &'static str) -> Self {
        Self { name, level, reason }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let comma = if self.reason.is_empty() { "" } else { ", " };
        write!(f, "{}: {}{comma}{}", self.name, self.level.name(), self.reason)
    }
}

/// How the site is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadinessReport(pub Vec<Check>);

impl ReadinessReport {
    /// Returns whether the site can serve requests.
    pub fn is_ready(&self) -> bool {
        self.worst() <= Level::Degraded
    }

    /// Returns the whole in a word or two.
    pub fn summary(&self) -> &'static str {
        match self.worst() {
            Level::Ok => "ready",
            Level::Degraded => "degraded",
            Level::Unknown | Level::Down => "not ready",
        }
    }

    /// Returns the report as JSON.
    pub fn as_json(&self) -> Value {
        let checks: Map<_, _> = self
            .0
            .iter()
            .map(|check| {
                let about = match check.reason {
                    "" => json!({ "status": check.level.name() }),
                    reason => json!({ "status": check.level.name(), "reason": reason }),
                };
                (check.name.to_owned(), about)
            })
            .collect();
        json!({ "status": self.summary(), "checks": checks })
    }

    fn worst(&self) -> Level {
        self.0.iter().map(|check| check.level).max().unwrap_or(Level::Down)
    }
}

/// Writes the summary, and a line for each part.
impl fmt::Display for ReadinessReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.summary())?;
        self.0.iter().try_for_each(|check| writeln!(f, "{check}"))
    }
}

/// The latest report. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Latest(Arc<Mutex<Option<(Millis, ReadinessReport)>>>);

impl Latest {
    /// Returns a report that is at most a second old. However many ask for one, also those who hang
    /// up, it is made at most once a second.
    pub async fn get<F>(&self, clock: &Clock, make: impl FnOnce() -> F + Send + 'static) -> ReadinessReport
    where
        F: Future<Output = ReadinessReport> + Send + 'static,
    {
        const MAX_AGE: Millis = 1_000;
        let (latest, clock) = (self.0.clone(), clock.clone());
        // A task of its own, which goes on when its caller has hung up.
        let task = tokio::spawn(async move {
            let mut latest = latest.lock().await;
            let before = latest.as_ref().map(|(_, report)| report);
            if let Some((at, report)) = latest.as_ref()
                && (0..MAX_AGE).contains(&clock.now().saturating_sub(*at))
            {
                return report.clone();
            }
            let report = make().await;
            if before.map_or(report.summary() != "ready", |before| *before != report) {
                let all = report.0.iter().map(Check::to_string).collect::<Vec<_>>().join("; ");
                tracing::warn!("Readiness has changed to \"{}\": {all}", report.summary());
            }
            *latest = Some((clock.now(), report.clone()));
            report
        });
        task.await.unwrap_or_else(|_| {
            ReadinessReport(vec![Check::not("checks", Level::Down, "failed, see the log")])
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    fn report(levels: &[Level]) -> ReadinessReport {
        ReadinessReport(levels.iter().map(|level| Check::not("part", *level, "why")).collect())
    }

    #[test]
    fn a_degraded_site_is_ready_and_one_that_is_down_or_unknown_is_not() {
        for (levels, is_ready, summary) in [
            (&[Level::Ok, Level::Ok][..], true, "ready"),
            (&[Level::Ok, Level::Degraded], true, "degraded"),
            (&[Level::Degraded, Level::Unknown], false, "not ready"),
            (&[Level::Down, Level::Ok], false, "not ready"),
        ] {
            let report = report(levels);
            assert_eq!((report.is_ready(), report.summary()), (is_ready, summary), "{levels:?}");
        }
    }

    #[tokio::test]
    async fn many_who_ask_or_hang_up_share_one_report_a_second() {
        let (latest, clock, made) = (Latest::default(), Clock::default(), Arc::new(AtomicI64::new(0)));
        let begun = clock.now();
        let ask = || {
            let (latest, clock, made) = (latest.clone(), clock.clone(), made.clone());
            tokio::spawn(async move {
                let make = move || async move {
                    tokio::task::yield_now().await;
                    made.fetch_add(1, Ordering::Relaxed);
                    report(&[Level::Ok])
                };
                latest.get(&clock, make).await
            })
        };
        for round in 0..200 {
            let asked = ask();
            if round % 2 == 0 {
                tokio::task::yield_now().await;
                asked.abort();
            } else {
                asked.await.expect("no panic");
            }
        }
        let seconds = (clock.now() - begun) / 1000;
        assert!(made.load(Ordering::Relaxed) <= 1 + seconds, "{made:?}");
        let before = made.load(Ordering::Relaxed);
        clock.advance(std::time::Duration::from_secs(1));
        ask().await.expect("no panic");
        assert!(made.load(Ordering::Relaxed) > before, "and a new one after a second");
        clock.set(-3_600_000);
        let before = made.load(Ordering::Relaxed);
        ask().await.expect("no panic");
        assert!(made.load(Ordering::Relaxed) > before, "and when the clock is set back");
    }
}
