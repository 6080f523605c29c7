//! A sandbox: a site with the real one's settings as far as they decide who sees what, and with
//! none of its data.

use std::{
    fs::DirBuilder,
    net::{Ipv4Addr, SocketAddr},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{Router, extract::Request};
use tower::service_fn;

use super::{
    crawl::crawl,
    fixtures::{self, Fixtures},
    report::DoctorReport,
};
use crate::{
    base::{
        clock::Clock,
        config::{
            Breached, CacheUrl, Config, Database as DatabaseSettings, DatabaseUrl, MailTransport, Passwords,
            Period, Rate, Required, SecondFactor, Throttle,
        },
        db::Database,
        failure::Failure,
        network::Peer,
    },
    server::site_service::SiteService,
    site::AppState,
};

/// A separate site with accounts on it, until it is closed.
pub struct Sandbox {
    site: AppState,
    people: Fixtures,
    _folder: Folder,
}

impl Sandbox {
    /// Opens a sandbox with its own database, mails and cache, so that nothing of the real site is
    /// read or written.
    ///
    /// # Errors
    /// A [`Failure`] that says what could not be created.
    pub async fn open(config: Config) -> Result<Self, Failure> {
        let folder = Folder::make()?;
        let config = apart(config, &folder.0);
        let db = Database::connect(&config.database).await?;
        db.migrate().await?;
        let site = AppState::new(config, Clock::default(), db, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        match fixtures::settle(&site, &whole(&site)).await {
            Ok(people) => Ok(Self { site, people, _folder: folder }),
            Err(failure) => {
                close_site(&site).await;
                Err(failure)
            }
        }
    }

    /// Returns the site.
    pub fn site(&self) -> &AppState {
        &self.site
    }

    /// Returns the whole site as a router, as a connection would use it.
    pub fn router(&self) -> Router {
        whole(&self.site)
    }

    /// Probes that router as every visitor.
    pub async fn examine(&self, router: &Router) -> DoctorReport {
        crawl(&self.site, &self.people, router).await
    }

    /// Closes the sandbox and deletes its data.
    pub async fn close(self) {
        close_site(&self.site).await;
    }
}

fn whole(site: &AppState) -> Router {
    let service = Arc::new(SiteService::new(site.clone()));
    Router::new().fallback_service(service_fn(move |request: Request| {
        let service = service.clone();
        async move {
            let peer = request.extensions().get::<Peer>().copied();
            service.answer(request, peer.unwrap_or(Peer::Network(Ipv4Addr::LOCALHOST.into()))).await
        }
    }))
}

async fn close_site(site: &AppState) {
    site.shutdown.trigger();
    // Other backends are in the folder, or evict what is left.
    if let CacheUrl::Redis(_) = site.config.cache.url {
        site.cache.erase().await;
    }
    site.db.close().await;
}

/// Returns the same settings without anything that belongs to the real site. Rate limits and the
/// cost of passwords are relaxed, because they do not affect who sees what.
fn apart(config: Config, folder: &Path) -> Config {
    let rate = Rate::new(1_000_000, Period::minutes(1));
    let mut apart = Config {
        database: DatabaseSettings {
            url: DatabaseUrl::new(format!("sqlite://{}", folder.join("trial.db").display())),
            ..DatabaseSettings::default()
        },
        throttle: Throttle {
            login_per_address: rate,
            failed_login_per_address: rate,
            failed_login_per_account: rate,
            sign_up_per_address: rate,
            reset_per_address: rate,
            reset_per_email: rate,
            login_code_per_address: rate,
            login_code_per_email: rate,
            verification_per_account: rate,
            mail_per_address: rate,
            profile_changes_per_account: rate,
            code_per_account: rate,
            second_factor_per_account: rate,
        },
        passwords: Passwords {
            memory_kib: 7 * 1024,
            iterations: 1,
            parallelism: 1,
            breached: Breached::Off,
            ..config.passwords
        },
        ..config
    };
    // The visitors' addresses are made up, so network rules would exclude them.
    apart.server.allow_from.clear();
    apart.server.deny_from.clear();
    apart.mail.transport = MailTransport::File(folder.join("mails"));
    // Staff without an app would see nothing of the admin.
    apart.second_factor = SecondFactor {
        required: Required::Nobody,
        totp_skew: apart.second_factor.totp_skew,
        ..Default::default()
    };
    apart.cache.prefix = format!("doctor-{:016x}", rand::random::<u64>());
    if let CacheUrl::File(_) = apart.cache.url {
        apart.cache.url = CacheUrl::File(folder.join("cache"));
    }
    apart
}

/// A folder that only this user can read, deleted on drop.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn make() -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("members-area-{:032x}", rand::random::<u128>()));
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|error| Failure::start(&format!("create the folder {}", path.display()), error))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be deleted is in the system's temporary folder.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
