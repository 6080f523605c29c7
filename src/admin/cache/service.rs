//! Inspecting the cache and dropping entries, for staff and operators.

use std::collections::{BTreeMap, HashMap};

use super::{CacheEntries, Entry, EntryOwner, Figures, Inspection, Name, PAGE, Query};
use crate::{
    accounts,
    audit::{
        service as history,
        service::{Actor, Object},
    },
    base::{
        announcements::Change,
        clock::Millis,
        member::{Staff, UserId},
        moment::moment,
    },
    cache::{self, CacheFilter, CachePoint, Listed, Scope, Stats, Tag},
    shared::{error::AppError, permission::Permission},
    site::AppState,
    ui::{
        Plot,
        chart::outline::{self, outline, stretches},
    },
};

/// Entries examined for one page; a search finds others.
const MAX_ENTRIES: usize = 5_000;

/// Returns the present state, and the entries that match the query.
///
/// # Errors
/// [`AppError::Forbidden`] without the permission; [`AppError::Unavailable`] when the database
/// cannot be used.
pub async fn inspect(site: &AppState, staff: &Staff, query: &Query) -> Result<Inspection, AppError> {
    staff.require(Permission::ViewCache)?;
    let found = find(site, query, PAGE).await?;
    // Read after the search, so that a backend which the search found to be down is reported so.
    let stats = site.cache.stats().await;
    Ok(Inspection {
        at: moment(site.clock.now()),
        backend: stats.backend.to_owned(),
        down_since: stats.down_since.map(moment),
        figures: figures(&stats),
        plot: plot(&site.cache.series()),
        found,
    })
}

/// Returns all matching entries on one page, for the command line. `None` if the backend cannot
/// list its entries or is down.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn list(site: &AppState, text: &str, member: &str) -> Result<Option<CacheEntries>, AppError> {
    find(site, &Query { text: text.to_owned(), member: member.to_owned(), page: 1 }, MAX_ENTRIES).await
}

async fn find(site: &AppState, query: &Query, page: usize) -> Result<Option<CacheEntries>, AppError> {
    let mut filter = CacheFilter::default();
    filter.text = Some(query.text.clone()).filter(|text| !text.is_empty());
    if !query.member.is_empty() {
        match accounts::service::named(site, &query.member).await? {
            Some((id, _)) => filter.member = Some(id),
            // Without such a user there are no entries.
            None => return Ok(Some(CacheEntries::default())),
        }
    }
    let Some(listing) = site.cache.list(&filter, 0, MAX_ENTRIES).await else {
        return Ok(None);
    };
    let mut all = listing.entries;
    // Not by age: rows stay in place while the page is open.
    all.sort_by(|a, b| (&a.name, owner_id(a), &a.fingerprint).cmp(&(&b.name, owner_id(b), &b.fingerprint)));
    let begin = query.page.saturating_sub(1).saturating_mul(page).min(all.len());
    let shown = &all[begin..all.len().min(begin + page)];
    let usernames = usernames(site, shown).await?;
    let now = site.clock.now();
    let entries = shown.iter().map(|listed| entry(listed, now, &usernames)).collect();
    let is_cut = listing.is_cut || listing.has_more;
    Ok(Some(CacheEntries { entries, count: all.len(), is_cut, names: names(&all) }))
}

fn owner_id(listed: &Listed) -> Option<UserId> {
    match listed.scope {
        Scope::Public => None,
        Scope::Member(id) => Some(id),
    }
}

/// Returns the usernames of the entries' owners who are active.
async fn usernames(site: &AppState, listed: &[Listed]) -> Result<HashMap<UserId, String>, AppError> {
    let mut usernames = HashMap::new();
    for id in listed.iter().filter_map(owner_id) {
        if !usernames.contains_key(&id)
            && let Some(member) = accounts::service::member(site, id).await?
        {
            usernames.insert(id, member.username().to_owned());
        }
    }
    Ok(usernames)
}

fn entry(listed: &Listed, now: Millis, usernames: &HashMap<UserId, String>) -> Entry {
    let seconds = |millis: Millis| u64::try_from(millis / 1000).unwrap_or_default();
    Entry {
        fingerprint: listed.fingerprint.clone(),
        name: listed.name.clone(),
        owner: match owner_id(listed) {
            None => EntryOwner::Public,
            Some(id) => usernames.get(&id).cloned().map_or(EntryOwner::Gone, EntryOwner::Member),
        },
        age: seconds(now.saturating_sub(listed.computed_at)),
        left: listed.expires_at.map(|at| seconds(at.saturating_sub(now).saturating_add(999))),
        size: listed.size,
        hits: listed.hits,
        last_invalidation: listed.last_invalidation.map(|last| (moment(last.at), last.cause.to_owned())),
    }
}

fn names(all: &[Listed]) -> Vec<Name> {
    let mut names: BTreeMap<&str, (usize, u64)> = BTreeMap::new();
    for listed in all {
        let (count, bytes) = names.entry(&listed.name).or_default();
        *count += 1;
        *bytes += listed.size;
    }
    names.into_iter().map(|(name, (count, bytes))| Name { name: name.to_owned(), count, bytes }).collect()
}

/// Returns the figures in the form in which the page shows them.
pub fn figures(stats: &Stats) -> Figures {
    let (totals, usage) = (&stats.totals, &stats.usage);
    Figures {
        hits: totals.hits,
        misses: totals.misses,
        stale: totals.stale,
        hit_percent: totals.hit_percent(),
        computes: totals.computes,
        invalidations: totals.invalidations,
        entries: usage.entries,
        bytes: usage.bytes,
        max_bytes: usage.max_bytes,
        evictions: usage.evictions,
    }
}

/// Draws the reads, and the misses over them.
fn plot(points: &[CachePoint]) -> Plot {
    let reads = |point: &CachePoint| point.counts.hits + point.counts.stale + point.counts.misses;
    let top = outline::top(points.iter().map(reads).max().unwrap_or_default());
    let numbers = |CachePoint { at, counts }: &CachePoint| {
        (*at, [counts.hits + counts.stale, counts.misses, counts.computes])
    };
    Plot {
        outlines: vec![
            outline(points, outline::POINTS, top, reads),
            outline(points, outline::POINTS, top, |point| point.counts.misses),
        ],
        top,
        stretches: stretches(points.iter().map(numbers), |one, next| one + next),
    }
}

const _: () = assert!(cache::POINTS == outline::POINTS && cache::STEP == outline::STEP);

/// Drops one entry. Returns whether it was there.
///
/// # Errors
/// [`AppError::Forbidden`] without the permission; [`AppError::Unavailable`] when the database
/// cannot be used, to which the audit log is written first.
pub async fn drop_entry(site: &AppState, staff: &Staff, fingerprint: &str) -> Result<bool, AppError> {
    staff.require(Permission::ChangeCache)?;
    let filter = CacheFilter { fingerprint: Some(fingerprint.to_owned()), ..CacheFilter::default() };
    let Some(listed) = site.cache.list(&filter, 0, 1).await.and_then(|mut found| found.entries.pop()) else {
        return Ok(false);
    };
    record(site, Actor::Staff(staff), Object::Cache(&format!("one entry of {}", listed.name))).await?;
    Ok(site.cache.drop_one(fingerprint).await)
}

/// The entries to drop.
#[derive(Clone, Copy)]
pub enum Several<'a> {
    /// All entries with this policy name.
    Named(&'a str),
    /// All entries of the member with this username.
    OfMember(&'a str),
    /// All entries.
    All,
}

/// Invalidates several entries, in the name of staff. Returns false if the name is empty or no user
/// has that username.
///
/// # Errors
/// [`AppError::Forbidden`] without the permission; [`AppError::Unavailable`] when the database
/// cannot be used, to which the audit log is written first.
pub async fn drop_several(site: &AppState, staff: &Staff, what: Several<'_>) -> Result<bool, AppError> {
    staff.require(Permission::ChangeCache)?;
    invalidate(site, Actor::Staff(staff), what).await
}

/// Invalidates several entries from the command line. Returns the same as [`drop_several`].
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used, to which the audit log is written
/// first.
pub async fn drop_as_operator(site: &AppState, what: Several<'_>) -> Result<bool, AppError> {
    invalidate(site, Actor::Operator, what).await
}

async fn invalidate(site: &AppState, actor: Actor<'_>, what: Several<'_>) -> Result<bool, AppError> {
    let cause = cause(actor);
    match what {
        Several::Named("") => return Ok(false),
        Several::Named(name) => {
            record(site, actor, Object::Cache(&format!("everything of {name}"))).await?;
            site.cache.invalidate(&[Tag::name(name.to_owned())], cause).await;
        }
        Several::OfMember(username) => {
            let Some((id, username)) = accounts::service::named(site, username).await? else {
                return Ok(false);
            };
            record(site, actor, Object::User(id, &username)).await?;
            site.cache.invalidate_member(id, cause).await;
        }
        Several::All => {
            record(site, actor, Object::Cache("everything")).await?;
            site.cache.clear(cause).await;
        }
    }
    Ok(true)
}

/// Returns the cause, which the log and the inspector show with the invalidation.
const fn cause(actor: Actor<'_>) -> &'static str {
    match actor {
        Actor::Staff(_) | Actor::Was(..) => "removed by staff",
        Actor::Operator | Actor::SetupLink => "removed from the command line",
    }
}

/// Writes the audit log before anything is dropped: if that fails, nothing is dropped.
async fn record(site: &AppState, actor: Actor<'_>, object: Object<'_>) -> Result<(), AppError> {
    let now = site.clock.now();
    let mut transaction = site.db.begin().await?;
    history::record(&mut transaction, now, actor, object, &[("cache", "", "dropped")]).await?;
    transaction.announce(match object {
        Object::User(member, _) => Change::Member(member),
        _ => Change::Cache,
    });
    transaction.commit().await?;
    let (user_id, cause) = (actor.id().map(|id| id.0), cause(actor));
    match object {
        Object::User(member, _) => {
            tracing::info!(user_id, member = member.0, cause, "cache.drop: all entries of one member");
        }
        object => tracing::info!(user_id, cause, "cache.drop: {}", object.words()),
    }
    Ok(())
}
