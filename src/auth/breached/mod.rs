//! Passwords that have appeared in data breaches (ASVS 6.2.12): asked in a file on this machine, or
//! at a server that learns five hexadecimal digits of the password's hash.

pub mod build;
mod file;
mod hash;
mod range;

use std::sync::Arc;

use sha1::{Digest, Sha1};

use self::{file::FilterFile, hash::Hash, range::RangeServer};
use super::common_passwords::normalize;
use crate::{
    base::{
        clock::Clock,
        config::{self, Config},
        failure::Failure,
        log_limit::LogLimit,
    },
    shared::forms::Secret,
};

/// The configured list of breached passwords. Cheap to clone.
#[derive(Clone)]
pub struct BreachedPasswords(Arc<Shared>);

struct Shared {
    source: BreachSource,
    clock: Clock,
    warnings: LogLimit,
}

enum BreachSource {
    Off,
    File(Arc<FilterFile>),
    Range(RangeServer),
}

impl BreachedPasswords {
    /// Opens the file, or prepares the requests to the server. Nothing is asked yet.
    ///
    /// # Errors
    /// A [`Failure`] when it is no file of [`build`], or `tls.ca_file` cannot be used.
    pub fn new(config: &Config, clock: &Clock) -> Result<Self, Failure> {
        let source = match &config.passwords.breached {
            config::Breached::Off => BreachSource::Off,
            config::Breached::File(path) => BreachSource::File(Arc::new(FilterFile::open(path)?)),
            config::Breached::Range(url) => {
                BreachSource::Range(RangeServer::new(url, config.passwords.breached_timeout, &config.tls)?)
            }
        };
        Ok(Self(Arc::new(Shared { source, clock: clock.clone(), warnings: LogLimit::default() })))
    }

    /// Returns whether passwords are checked at all.
    pub fn is_on(&self) -> bool {
        !matches!(self.0.source, BreachSource::Off)
    }

    /// Reads the whole file and compares its checksum, which takes a second for each gigabyte or
    /// so.
    ///
    /// # Errors
    /// A [`Failure`] when the file is damaged or cannot be read.
    pub fn verify(&self) -> Result<(), Failure> {
        match &self.0.source {
            BreachSource::File(file) => file.verify(),
            BreachSource::Off | BreachSource::Range(_) => Ok(()),
        }
    }

    /// Returns whether the password is on the list, as it was typed or in its normal form. False
    /// when that cannot be found out, with a warning in the log.
    pub async fn has(&self, password: &Secret) -> bool {
        let typed = password.expose();
        let normal = normalize(typed);
        let other = (normal != typed).then_some(typed);
        for form in [Some(normal.as_ref()), other].into_iter().flatten() {
            match self.ask(Sha1::digest(form).into()).await {
                Ok(true) => return true,
                Ok(false) => {}
                Err(error) => {
                    if self.0.warnings.admits(self.0.clock.now()) {
                        let list = self.name();
                        tracing::warn!(list, %error, "Breached passwords cannot be looked up: all are accepted");
                    }
                    return false;
                }
            }
        }
        false
    }

    fn name(&self) -> &str {
        match &self.0.source {
            BreachSource::Off => "off",
            BreachSource::File(file) => file.name(),
            BreachSource::Range(server) => server.name(),
        }
    }

    async fn ask(&self, hash: Hash) -> Result<bool, String> {
        match &self.0.source {
            BreachSource::Off => Ok(false),
            BreachSource::File(file) => {
                let file = file.clone();
                let found = tokio::task::spawn_blocking(move || file.has(&hash)).await;
                found.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
            }
            BreachSource::Range(server) => server.has(&hash).await,
        }
    }
}
