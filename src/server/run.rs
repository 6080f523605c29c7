//! Runs the site, from its configuration to its shutdown.

use std::{future::Future, sync::Arc};

use super::{
    announced,
    listen::{self, Listener},
    metrics,
    site_service::SiteService,
    sweep,
};
use crate::{
    accounts::{self, compose::MailTemplates},
    base::{
        announcements::Follower,
        clock::Clock,
        config::{CacheUrl, Config, Required, Switch},
        database_lock,
        db::Database,
        failure::Failure,
    },
    cache::Tag,
    mail,
    site::AppState,
    timing,
};

/// Opens everything and serves until `stop` is ready; then lets running requests finish, ends open
/// transactions and closes the database. The listener, the clock and what prints a line are passed
/// in, so that a test can use port 0, its own time and a quiet console.
///
/// # Errors
/// A [`Failure`] that names what could not be opened.
pub async fn run(
    config: Config,
    clock: Clock,
    listener: impl Into<Listener>,
    print: impl Fn(&str) + Send + Sync,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Failure> {
    let listener = listener.into();
    let address =
        listener.local_addr().map_err(|error| Failure::start("read the listening address", error))?;
    let metrics_listener = metrics::listen(&config).await?;
    let _in_use = database_lock::shared(&config.database)?;
    let db = Database::connect(&config.database).await?;
    // An embedded database is migrated automatically; one that others may share is not.
    if db.is_embedded() {
        db.migrate().await?;
    } else {
        db.check_schema().await?;
    }
    let site = AppState::new(config, clock, db, address)?;
    site.seal.prepare()?;
    if !site.seal.is_available() && site.config.second_factor.required != Required::Nobody {
        let who = if site.config.offers_passkeys() {
            "but with a passkey"
        } else {
            "and so nobody must, not even staff"
        };
        tracing::warn!(
            "Nobody can set up two-step login, {who}: set second_factor.key or second_factor.key_file"
        );
    }
    site.password_rules.breached().verify()?;
    site.assets.check(&site.config.server.site_root)?;
    let say = |sentence: &str| print(&timing::log::plain_line(site.config.log.format, "INFO", sentence));
    // Only on the console: more people may read the log file.
    let link = accounts::service::new_setup_link(&site).await;
    if let Some(link) = link.map_err(|error| Failure::start("look for a superuser", error))? {
        say(&format!(
            "There is no superuser yet: create one at {link} (valid until the program stops) or with \
             `members-area createsuperuser`"
        ));
    }
    let follower = Follower::open(&site.db).await;
    if follower.others() > 0 && site.config.cache.url == CacheUrl::Memory {
        tracing::warn!(
            "Other instances use this database, and each has a cache of its own in its memory: changes appear on \
             the others within 2 seconds, and each computes what others have cached. To share one, set cache.url"
        );
    }
    let applier = tokio::spawn(announced::apply_all(site.clone(), follower));
    let watcher = tokio::spawn(site.db.clone().watch());
    let cache_watcher = tokio::spawn(site.cache.clone().watch());
    let cache_clearer = tokio::spawn(clear_caches_after_lost_commit(site.clone()));
    let sweeper = tokio::spawn(sweep::periodically(site.clone()));
    let writer = tokio::spawn(accounts::service::write_failed_logins_periodically(site.clone()));
    let mail_worker = tokio::spawn(mail::delivery::deliver(site.clone(), Arc::new(MailTemplates)));
    if let Some(listener) = &metrics_listener {
        say(&metrics::notice(listener));
    }
    let metrics = tokio::spawn(metrics::serve(site.clone(), metrics_listener));
    // Printed whatever the log level: with port 0 this is how people and scripts learn the port.
    say(&format!("Listening on {}", site.base_url.as_str().trim_end_matches('/')));
    let local = accounts::passkey_party::local_address(&site);
    if let Some(address) = local.filter(|_| site.config.accounts.passkeys != Switch::Off) {
        say(&format!("Open it at {address}: at an IP address, browsers have no passkeys"));
    }
    let service = SiteService::new(site.clone());
    let stop = drained(site.clone(), stop);
    listen::serve(listener, service, &site.config.server, site.shutdown.clone(), stop).await;
    metrics.abort();
    applier.abort();
    watcher.abort();
    cache_watcher.abort();
    cache_clearer.abort();
    sweeper.abort();
    mail_worker.abort();
    writer.abort();
    accounts::service::write_failed_logins(&site).await;
    site.cache.close().await;
    site.db.close().await;
    Ok(())
}

/// Completes `server.drain` after `stop`. Meanwhile the site answers as before, but is not ready,
/// so that whatever distributes requests sends new ones to other instances.
async fn drained(site: AppState, stop: impl Future<Output = ()> + Send) {
    stop.await;
    site.shutdown.drain();
    let drain = site.config.server.drain.get();
    if !drain.is_zero() {
        let words = humantime::format_duration(drain);
        tracing::info!("Draining: requests are answered for another {words} (server.drain)");
        site.clock.sleep(drain).await;
    }
}

/// Clears all cached members and sessions when the outcome of a commit is unknown, because any of
/// them may have changed.
async fn clear_caches_after_lost_commit(site: AppState) {
    loop {
        site.db.commit_lost().await;
        site.sessions.bypass_memory();
        site.members.invalidate_all();
        site.cache.invalidate(&[Tag::Everything], "a commit was lost").await;
    }
}
