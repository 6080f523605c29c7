//! The checks behind `/readyz`.

use std::{
    path::{Path, PathBuf, absolute},
    time::Duration,
};

use rustix::fs::{StatVfsMountFlags, statvfs};

use crate::{
    base::{
        clock::{Millis, to_millis},
        config::{CacheUrl, Config, MailTransport},
        db::{Schema, file},
        failure::Failure,
        readiness::{Check, Level, ReadinessReport},
    },
    mail,
    site::AppState,
};

/// How old the oldest mail may be.
const MAX_MAIL_AGE: Duration = Duration::from_secs(15 * 60);
/// How many bytes must be free where the site writes files.
const MIN_FREE: u64 = 100 * 1024 * 1024;

/// Returns how the site is, at most a second ago.
pub async fn report(site: &AppState) -> ReadinessReport {
    let of = site.clone();
    site.readiness.get(&site.clock, move || async move { check(&of).await }).await
}

/// Checks all parts.
pub async fn check(site: &AppState) -> ReadinessReport {
    let mut checks = database(site).await;
    checks.insert(2, cache(site).await);
    let config = site.config.clone();
    checks.push(tokio::task::spawn_blocking(move || disk(&config)).await.unwrap_or(NO_DISK));
    ReadinessReport(checks)
}

/// Checks what is in the database: its tables, its schema, and the mails.
async fn database(site: &AppState) -> Vec<Check> {
    const TABLES: &str = "cannot be read or written";
    const REST: &str = "the database is down";
    if let Err(error) = in_time(site, site.db.check_writable()).await {
        tracing::warn!(%error, "Not ready: the database is unavailable");
        return vec![
            Check::not("database", Level::Down, TABLES),
            Check::not("schema", Level::Unknown, REST),
            Check::not("mail", Level::Unknown, REST),
        ];
    }
    let schema = match in_time(site, site.db.schema()).await {
        Ok(Schema::Current | Schema::Compatible) => Check::ok("schema"),
        // An instance goes on with it until it is replaced, but could not start.
        Ok(Schema::Newer) => Check::not("schema", Level::Degraded, "of a newer version of this program"),
        Ok(Schema::Outdated) => {
            Check::not("schema", Level::Down, "not up to date: run `members-area migrate`")
        }
        Err(error) => {
            tracing::warn!(%error, "Not ready: the schema of the database cannot be read");
            Check::not("schema", Level::Down, "cannot be read")
        }
    };
    let backlog =
        async { mail::service::backlog(site).await.map_err(|error| Failure::message(error.to_string())) };
    let mail = match in_time(site, backlog).await {
        Ok(backlog) => mail_age(backlog.age),
        Err(_) => Check::not("mail", Level::Degraded, "the queue cannot be read"),
    };
    vec![Check::ok("database"), schema, mail]
}

/// Waits no longer than a visitor waits for the database.
async fn in_time<T>(site: &AppState, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::time::timeout(site.config.database.acquire_timeout.get(), work)
        .await
        .unwrap_or_else(|_| Err(Failure::message("no answer within database.acquire_timeout")))
}

fn mail_age(age: Millis) -> Check {
    match age > to_millis(MAX_MAIL_AGE) {
        true => Check::not("mail", Level::Degraded, "the oldest has waited for more than 15 minutes"),
        false => Check::ok("mail"),
    }
}

async fn cache(site: &AppState) -> Check {
    match site.cache.answers().await {
        true => Check::ok("cache"),
        false => Check::not("cache", Level::Degraded, "does not answer, pages are made without it"),
    }
}

const NO_DISK: Check =
    Check::not("disk", Level::Degraded, "less than 100 MiB are free for files of the site");

/// Checks the space that is free for the database, the log, the cache and mails, as far as they are
/// files.
fn disk(config: &Config) -> Check {
    let database = config.database.url.is_embedded().then(|| file::path_of(&config.database.url).ok());
    let log = Some(config.log.file.clone()).filter(|file| !file.as_os_str().is_empty());
    let cache = match &config.cache.url {
        CacheUrl::File(folder) => Some(folder.clone()),
        _ => None,
    };
    let mails = match &config.mail.transport {
        MailTransport::File(folder) => Some(folder.clone()),
        _ => None,
    };
    let places: [Option<PathBuf>; 4] = [database.flatten(), log, cache, mails];
    match places.iter().flatten().filter_map(|place| free(place)).all(|bytes| bytes >= MIN_FREE) {
        true => Check::ok("disk"),
        false => NO_DISK,
    }
}

/// Returns how many bytes are free where a file is, or would be created; `None` where nothing can
/// be written at all, as in a container that is read-only on purpose.
fn free(place: &Path) -> Option<u64> {
    let found = absolute(place).ok()?.ancestors().find_map(|place| statvfs(place).ok())?;
    let is_read_only = found.f_flag.contains(StatVfsMountFlags::RDONLY);
    (!is_read_only).then(|| found.f_bavail.saturating_mul(found.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mails_may_wait_for_fifteen_minutes() {
        assert_eq!(mail_age(15 * 60_000), Check::ok("mail"));
        assert_eq!(mail_age(15 * 60_000 + 1).level, Level::Degraded);
    }

    #[test]
    fn free_space_is_found_for_files_that_do_not_exist_yet() {
        let folder = tempfile::tempdir().expect("a folder");
        let free_here = free(folder.path()).expect("it can be written to");
        assert!(free_here > 0);
        assert!(free(&folder.path().join("not/yet/there.log")).is_some_and(|bytes| bytes > 0));
        // A file system without any space.
        assert_eq!(free(Path::new("/proc/requests.log")), Some(0));
    }
}
