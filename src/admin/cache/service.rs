//! Looking into the cache, and emptying it, for staff.

use std::collections::{BTreeMap, HashMap};

use super::{Entry, Figures, Found, Inspection, Name, Owner, PAGE, Query, plot::plot};
use crate::{
    accounts,
    audit::{
        service as history,
        service::{Actor, Object},
    },
    base::{
        clock::Millis,
        member::{Staff, UserId},
        moment::moment,
    },
    cache::{Filter, Listed, Scope, Stats, Tag},
    shared::{error::AppError, permission::Permission},
    site::AppState,
};

/// More entries are not looked at, for one page; who wants to see others searches for them.
const MOST: usize = 5_000;

/// The present state, and the entries that fit the query.
///
/// # Errors
/// They lack the permission, or an outage.
pub async fn inspect(site: &AppState, staff: &Staff, query: &Query) -> Result<Inspection, AppError> {
    staff.require(Permission::ViewCache)?;
    let found = find(site, query, PAGE).await?;
    // After that, so that a backend which was found to be down is said to be.
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

/// All entries that fit, on one page, for the operator.
///
/// # Errors
/// An outage.
pub async fn list(site: &AppState, text: &str, member: &str) -> Result<Option<Found>, AppError> {
    find(site, &Query { text: text.to_owned(), member: member.to_owned(), page: 1 }, MOST).await
}

async fn find(site: &AppState, query: &Query, page: usize) -> Result<Option<Found>, AppError> {
    let mut filter = Filter::default();
    filter.text = Some(query.text.clone()).filter(|text| !text.is_empty());
    if !query.member.is_empty() {
        match accounts::service::named(site, &query.member).await? {
            Some((id, _)) => filter.member = Some(id),
            // Nobody has entries.
            None => return Ok(Some(Found::default())),
        }
    }
    let Some(listing) = site.cache.list(&filter, 0, MOST).await else {
        return Ok(None);
    };
    let mut all = listing.entries;
    // Not by age: what is looked at stays where it is while it is looked at.
    all.sort_by(|a, b| (&a.name, whose(a), &a.fingerprint).cmp(&(&b.name, whose(b), &b.fingerprint)));
    let begin = query.page.saturating_sub(1).saturating_mul(page).min(all.len());
    let shown = &all[begin..all.len().min(begin + page)];
    let usernames = usernames(site, shown).await?;
    let now = site.clock.now();
    let entries = shown.iter().map(|listed| entry(listed, now, &usernames)).collect();
    let is_cut = listing.is_cut || listing.has_more;
    Ok(Some(Found { entries, count: all.len(), is_cut, names: names(&all) }))
}

fn whose(listed: &Listed) -> Option<UserId> {
    match listed.scope {
        Scope::Public => None,
        Scope::Member(id) => Some(id),
    }
}

/// Of the owners who are active.
async fn usernames(site: &AppState, listed: &[Listed]) -> Result<HashMap<UserId, String>, AppError> {
    let mut usernames = HashMap::new();
    for id in listed.iter().filter_map(whose) {
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
        owner: match whose(listed) {
            None => Owner::Public,
            Some(id) => usernames.get(&id).cloned().map_or(Owner::Gone, Owner::Member),
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

/// What is counted.
pub fn figures(stats: &Stats) -> Figures {
    let (totals, usage) = (&stats.totals, &stats.usage);
    Figures {
        hits: totals.hits,
        misses: totals.misses,
        stale: totals.stale,
        computes: totals.computes,
        invalidations: totals.invalidations,
        entries: usage.entries,
        bytes: usage.bytes,
        max_bytes: usage.max_bytes,
        evictions: usage.evictions,
    }
}

/// Takes out one entry; whether it was there.
///
/// # Errors
/// They lack the permission, or an outage.
pub async fn drop_entry(site: &AppState, staff: &Staff, fingerprint: &str) -> Result<bool, AppError> {
    staff.require(Permission::ChangeCache)?;
    let filter = Filter { fingerprint: Some(fingerprint.to_owned()), ..Filter::default() };
    let Some(listed) = site.cache.list(&filter, 0, 1).await.and_then(|mut found| found.entries.pop()) else {
        return Ok(false);
    };
    record(site, Actor::Staff(staff), Object::Cache(&format!("one entry of {}", listed.name))).await?;
    Ok(site.cache.drop_one(fingerprint).await)
}

/// What is dropped at once.
#[derive(Clone, Copy)]
pub enum Several<'a> {
    /// Everything of that name.
    Named(&'a str),
    /// Everything of the member with that username.
    OfMember(&'a str),
    /// Everything.
    All,
}

/// Takes back several entries; whether there can have been any.
///
/// # Errors
/// They lack the permission, or an outage.
pub async fn drop_several(site: &AppState, staff: &Staff, what: Several<'_>) -> Result<bool, AppError> {
    staff.require(Permission::ChangeCache)?;
    invalidate(site, Actor::Staff(staff), what).await
}

/// The same from the command line.
///
/// # Errors
/// An outage.
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

/// In the log, and in the inspector beside what it took back.
const fn cause(actor: Actor<'_>) -> &'static str {
    match actor {
        Actor::Staff(_) | Actor::Was(..) => "dropped by staff",
        Actor::Operator => "dropped from the command line",
    }
}

/// Before it is done: what cannot be written down is not done.
async fn record(site: &AppState, actor: Actor<'_>, object: Object<'_>) -> Result<(), AppError> {
    let now = site.clock.now();
    let mut transaction = site.db.begin().await?;
    history::record(&mut transaction, now, actor, object, &[("cache", "", "dropped")]).await?;
    transaction.commit().await?;
    let (user_id, cause) = (actor.id().map(|id| id.0), cause(actor));
    match object {
        Object::User(member, _) => {
            tracing::info!(user_id, member = member.0, cause, "cache.drop: everything of one member");
        }
        object => tracing::info!(user_id, cause, "cache.drop: {}", object.words()),
    }
    Ok(())
}
