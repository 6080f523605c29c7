//! The command `demo`: made-up members for development and load tests.

use std::{io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use crate::{
    accounts::{
        service::{self, DemoMember},
        session,
    },
    base::{
        config::{Config, Environment},
        failure::Failure,
        member::ClientInfo,
        work_queue::Lane,
    },
    shared::{error::AppError, forms::Secret},
    site::AppState,
};

/// The password of all demo members.
const PASSWORD: &str = "demo members only";
const BATCH: u64 = 1000;

/// Adds `count` members named demo000001 and so on, opens a session for each, and writes its Cookie
/// header as a line of the file.
///
/// # Errors
/// A [`Failure`] when the settings are for production, the file cannot be written, or the database
/// cannot be used.
pub async fn demo(config: Config, count: u64, sessions: Option<&Path>) -> Result<(), Failure> {
    if config.site.environment == Environment::Production || config.site.base_url.starts_with("https://") {
        return Err(Failure::message(
            "site.environment is \"production\", or site.base_url is https: all demo members have the same public password",
        ));
    }
    let mut file = match sessions {
        Some(path) => {
            Some(private_file(path).map_err(|error| Failure::start("write the sessions file", error))?)
        }
        None => None,
    };
    let site = super::open(config).await?;
    let filled = fill(&site, count, file.as_mut()).await;
    site.db.close().await;
    filled?;
    println!("{count} demo member(s) exist: demo000001 and so on, password \"{PASSWORD}\".");
    Ok(())
}

/// Only its owner may read the file: each line is a valid session.
fn private_file(path: &Path) -> std::io::Result<std::fs::File> {
    std::fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(path)
}

async fn fill(site: &AppState, count: u64, mut file: Option<&mut std::fs::File>) -> Result<(), Failure> {
    let outage = |error: AppError| Failure::start("create demo members", error);
    let hash = site.hasher.hash(&Secret::new(PASSWORD), Lane::Reserved).await.map_err(outage)?;
    let client =
        ClientInfo { address: "127.0.0.1".into(), agent: "members-area demo".into(), impersonator: None };
    let mut first = 1;
    while first <= count {
        let last = count.min(first + BATCH - 1);
        let batch: Vec<_> =
            (first..=last).map(|number| DemoMember { number, password_hash: hash.clone() }).collect();
        for member in service::add_demo_members(site, &batch).await.map_err(outage)? {
            if let Some(file) = file.as_mut() {
                let cookie = session::open_for(site, &member, &client).await.map_err(outage)?;
                writeln!(file, "{cookie}")
                    .map_err(|error| Failure::start("write the sessions file", error))?;
            }
        }
        println!("{last} of {count}");
        first = last + 1;
    }
    Ok(())
}
