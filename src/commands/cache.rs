//! The command `cache`: the operator's cache inspector, for backends outside the running site's
//! memory.

use clap::{Args, Subcommand};

use crate::{
    admin::cache::{
        CacheEntries, Entry, EntryOwner, bytes_in_words, seconds_in_words,
        service::{self, Several},
    },
    base::{
        config::{CacheUrl, Config},
        console,
        failure::Failure,
    },
    shared::{error::AppError, paths::ADMIN_CACHE},
    site::AppState,
};

/// Subcommands of `cache`.
#[derive(Subcommand)]
pub enum CacheCommand {
    /// Shows how much is in the cache, by name.
    Stats,
    /// Lists entries without their values: name, owner, age, time left, size and hits, separated by
    /// tabs.
    List {
        /// Only entries with this text in their name or in a tag.
        #[arg(long, default_value = "")]
        name: String,
        /// Only entries of the member with this username.
        #[arg(long, default_value = "")]
        member: String,
    },
    /// Drops entries. They are computed again when they are needed.
    Clear(Which),
}

/// The entries to drop.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct Which {
    /// All entries with this name.
    #[arg(long)]
    name: Option<String>,
    /// All entries of the member with this username.
    #[arg(long)]
    member: Option<String>,
    /// All entries.
    #[arg(long)]
    all: bool,
}

/// Runs `cache`.
///
/// # Errors
/// A [`Failure`] when the cache cannot be reached from another process or does not answer, or when
/// the database cannot be used.
pub async fn run(config: Config, command: CacheCommand) -> Result<(), Failure> {
    reachable(&config)?;
    let site = super::open(config).await?;
    let done = match command {
        CacheCommand::Stats => stats(&site).await,
        CacheCommand::List { name, member } => list(&site, &name, &member).await,
        CacheCommand::Clear(which) => clear(&site, which).await,
    };
    site.db.close().await;
    done
}

fn reachable(config: &Config) -> Result<(), Failure> {
    match config.cache.url {
        CacheUrl::Memory => {
            let base = config.site.base_url.trim_end_matches('/');
            let base =
                if base.is_empty() { format!("http://{}", config.server.address) } else { base.to_owned() };
            Err(Failure::message(format!(
                "cache.url is memory://: the cache is in the memory of the running site, where other \
                 programs cannot reach it. Staff with the permission can inspect and clear it at \
                 {base}{ADMIN_CACHE}; restarting the site clears it too"
            )))
        }
        CacheUrl::Dummy => Err(Failure::message("cache.url is dummy://: nothing is cached")),
        _ => Ok(()),
    }
}

async fn stats(site: &AppState) -> Result<(), Failure> {
    let found = service::list(site, "", "").await.map_err(outage)?;
    let stats = site.cache.stats().await;
    answers(site).await?;
    let figures = service::figures(&stats);
    let number = |number: Option<u64>| number.map_or_else(unknown, |number| number.to_string());
    let most = figures.max_bytes.map(|most| format!(" of {}", bytes_in_words(most))).unwrap_or_default();
    let bytes = figures.bytes.map_or_else(unknown, |bytes| format!("{}{most}", bytes_in_words(bytes)));
    for (name, value) in [
        ("Backend", stats.backend.to_owned()),
        ("Entries", number(figures.entries)),
        ("Memory", bytes),
        ("Evictions", number(figures.evictions)),
    ] {
        console::print(format_args!("{name}: {value}"));
    }
    let Some(CacheEntries { names, is_cut, .. }) = found else {
        console::print(format_args!("By name: {}", unknown()));
        return Ok(());
    };
    for name in &names {
        console::print(format_args!("{}: {} in {}", name.name, bytes_in_words(name.bytes), name.count));
    }
    if is_cut {
        console::print("There are more entries than were examined.");
    }
    Ok(())
}

fn unknown() -> String {
    "not reported by this backend".to_owned()
}

async fn list(site: &AppState, name: &str, member: &str) -> Result<(), Failure> {
    let found = service::list(site, name, member).await.map_err(outage)?;
    answers(site).await?;
    let Some(CacheEntries { entries, is_cut, count, .. }) = found else {
        return Err(Failure::message("this backend cannot list its entries"));
    };
    for entry in &entries {
        console::list(line(entry));
    }
    console::note(format_args!("{count} entry(s){}.", if is_cut { "; more were not examined" } else { "" }));
    Ok(())
}

fn line(entry: &Entry) -> String {
    let owner = match &entry.owner {
        EntryOwner::Public => "public",
        EntryOwner::Member(username) => username,
        EntryOwner::Gone => "a deleted user",
    };
    let left = entry.left.map_or_else(|| "never expires".to_owned(), seconds_in_words);
    let hits = entry.hits.map_or_else(|| "not counted".to_owned(), |hits| hits.to_string());
    let (age, size) = (seconds_in_words(entry.age), bytes_in_words(entry.size));
    format!("{}\t{owner}\t{age}\t{left}\t{size}\t{hits}", entry.name)
}

async fn clear(site: &AppState, which: Which) -> Result<(), Failure> {
    let (what, missing) = match &which {
        Which { name: Some(name), .. } => (Several::Named(name), "the name is empty".to_owned()),
        Which { member: Some(member), .. } => {
            (Several::OfMember(member), format!("there is no user '{member}'"))
        }
        _ => (Several::All, String::new()),
    };
    if !service::drop_as_operator(site, what).await.map_err(outage)? {
        return Err(Failure::message(missing));
    }
    answers(site).await?;
    console::print("Cleared.");
    Ok(())
}

/// Fails if the cache's backend does not answer. The site itself goes on without its cache, but
/// this command is about the cache. (A failed listing proves nothing: it may only have taken too
/// long.)
pub(super) async fn answers(site: &AppState) -> Result<(), Failure> {
    match site.cache.answers().await {
        true => Ok(()),
        false => Err(Failure::message("the cache backend does not answer")),
    }
}

fn outage(error: AppError) -> Failure {
    Failure::start("use the cache", error)
}
