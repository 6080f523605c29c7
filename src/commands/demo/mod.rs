//! The command `demo`: made-up members for development and load tests.

mod avatars;
mod people;

use std::{
    collections::{BTreeMap, btree_map::Entry},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use clap::Args;

use super::accounts::change;
use crate::{
    accounts::{
        service::{self, DemoMember},
        session,
    },
    activity::service::{PastLine, record_past},
    admin::groups::service as groups,
    base::{
        clock::Millis,
        config::{Config, Environment},
        console,
        failure::Failure,
        member::{ClientInfo, Member, UserId},
        username,
        work_queue::Lane,
    },
    pictures::service::{self as pictures, Rendered},
    shared::{error::AppError, forms::Secret},
    site::AppState,
};
use people::{GROUPS, Person, person};

/// The password of all demo members.
const PASSWORD: &str = "demo members only";
const BATCH: u64 = 1000;
/// The last number with a picture: a picture has some kilobytes.
const LAST_WITH_PICTURE: u64 = 1000;

/// Which members are added.
#[derive(Args)]
pub struct Demo {
    /// The number of members.
    #[arg(long)]
    members: u64,
    /// Also opens a session for each, and writes their Cookie header values to this file, one per
    /// line.
    #[arg(long)]
    sessions: Option<PathBuf>,
    /// The same number makes up the same people, up to the present time.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Adds members named demo000001 and so on, opens a session for each, and writes its Cookie header
/// as a line of the file.
///
/// # Errors
/// A [`Failure`] when the settings are for production, the file cannot be written, or the database
/// cannot be used.
pub async fn demo(config: Config, demo: Demo) -> Result<(), Failure> {
    if config.site.environment == Environment::Production || config.site.base_url.starts_with("https://") {
        return Err(Failure::message(
            "site.environment is \"production\", or site.base_url is https: all demo members have the same public password",
        ));
    }
    let mut file = match &demo.sessions {
        Some(path) => {
            Some(private_file(path).map_err(|error| Failure::start("write the sessions file", error))?)
        }
        None => None,
    };
    let site = super::open(config).await?;
    let filled = fill(&site, &demo, file.as_mut()).await;
    site.db.close().await;
    filled?;
    console::print(format_args!(
        "{} demo member(s) exist: demo000001 and so on, password \"{PASSWORD}\".",
        demo.members
    ));
    Ok(())
}

/// Only its owner may read the file: each line is a valid session.
fn private_file(path: &Path) -> std::io::Result<std::fs::File> {
    std::fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(path)
}

async fn fill(site: &AppState, demo: &Demo, mut file: Option<&mut std::fs::File>) -> Result<(), Failure> {
    let hash = site.hasher.hash(&Secret::new(PASSWORD), Lane::Reserved).await.map_err(outage)?;
    let client =
        ClientInfo { address: "127.0.0.1".into(), agent: "members-area demo".into(), impersonator: None };
    let (now, mut rendered) = (site.clock.now(), BTreeMap::new());
    let mut first = 1;
    while first <= demo.members {
        let last = demo.members.min(first + BATCH - 1);
        let people: Vec<_> = (first..=last).map(|number| (number, person(demo.seed, number, now))).collect();
        let added = add(site, &people, &hash, now, &mut rendered).await.map_err(outage)?;
        join_groups(site, &people, &added).await?;
        for (member, _) in &added {
            if let Some(file) = file.as_mut() {
                let cookie = session::open_for(site, member, &client).await.map_err(outage)?;
                writeln!(file, "{cookie}")
                    .map_err(|error| Failure::start("write the sessions file", error))?;
            }
        }
        console::print(format_args!("{last} of {}", demo.members));
        first = last + 1;
    }
    Ok(())
}

fn outage(error: AppError) -> Failure {
    Failure::start("create demo members", error)
}

/// Adds those of the people who are not there, with all that is theirs, in one transaction. Returns
/// the account of each, and whether it is new.
async fn add(
    site: &AppState,
    people: &[(u64, Person)],
    hash: &str,
    now: Millis,
    rendered: &mut BTreeMap<usize, Rendered>,
) -> Result<Vec<(Member, bool)>, AppError> {
    let mut transaction = site.db.begin().await?;
    let wanted: Vec<_> = people
        .iter()
        .map(|(number, person)| DemoMember {
            number: *number,
            first_name: person.first_name,
            last_name: person.last_name,
            joined: person.joined,
            confirmed: person.confirmed,
            last_login: Some(person.last_login),
            password_hash: hash,
        })
        .collect();
    let added = service::add_demo_members(&mut transaction, &wanted).await?;
    let new = || people.iter().zip(&added).filter(|(_, (_, is_new))| *is_new);
    let lines: Vec<_> = new()
        .flat_map(|((_, person), (member, _))| {
            person.events.iter().map(move |(kind, at, client)| PastLine {
                user: member.id(),
                kind: *kind,
                at: *at,
                client,
            })
        })
        .collect();
    record_past(&mut transaction, &lines).await?;
    let devices: Vec<_> = new()
        .flat_map(|((_, person), (member, _))| {
            person.devices.iter().map(move |(since, client)| (member, *since, client))
        })
        .collect();
    site.sessions.add_past(&mut transaction, &devices).await?;
    for ((number, person), (member, _)) in new() {
        if let Some(picture) = person.picture.filter(|_| *number <= LAST_WITH_PICTURE) {
            let picture = match rendered.entry(picture) {
                Entry::Occupied(there) => there.into_mut(),
                Entry::Vacant(place) => {
                    place.insert(pictures::rendered(site, avatars::avatar(picture).into()).await?)
                }
            };
            pictures::put(&mut transaction, member, picture, now).await?;
        }
    }
    transaction.commit().await?;
    Ok(added)
}

/// Adds the new members to their groups, as the operator does.
async fn join_groups(
    site: &AppState,
    people: &[(u64, Person)],
    added: &[(Member, bool)],
) -> Result<(), Failure> {
    for name in GROUPS {
        let members: Vec<(UserId, &str)> = people
            .iter()
            .zip(added)
            .filter(|((_, person), (_, is_new))| *is_new && person.group == Some(name))
            .map(|(_, (member, _))| (member.id(), member.username()))
            .collect();
        if members.is_empty() {
            continue;
        }
        let found = async { groups::by_name(&mut *site.db.read().await?, name).await };
        let group = found.await.map_err(outage)?;
        change(site, async |edit| {
            let id = match group {
                Some(group) => group.id,
                None => edit.add_group(&(name.to_owned(), username::key(name)), ("added", "", "")).await?,
            };
            edit.join(&members, (id, name)).await
        })
        .await?;
    }
    Ok(())
}
