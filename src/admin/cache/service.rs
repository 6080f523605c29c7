//! Looking into the cache, and emptying it, for staff.

use std::collections::{BTreeMap, HashMap};

use super::{Entry, Figures, Found, Inspection, Name, Owner, PAGE, Query, plot::plot};
use crate::{
    accounts,
    admin::history::service::{self as history, Actor, Object},
    cache::{Filter, Listed, Scope, Stats, Tag},
    error::AppError,
    member::{Staff, UserId},
    permission::Permission,
    server::{Site, clock::Millis, moment::moment},
};

/// In the log, and in the inspector beside what it took back.
const CAUSE: &str = "dropped by staff";
/// More entries are not looked at, for one page; who wants to see others searches for them.
const MOST: usize = 5_000;

/// The present state, and the entries that fit the query.
///
/// # Errors
/// They lack the permission, or an outage.
pub async fn inspect(site: &Site, staff: &Staff, query: &Query) -> Result<Inspection, AppError> {
    staff.require(Permission::ViewCache)?;
    let found = find(site, query).await?;
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

async fn find(site: &Site, query: &Query) -> Result<Option<Found>, AppError> {
    let text = Some(query.text.clone()).filter(|text| !text.is_empty());
    let member = match query.member.as_str() {
        "" => None,
        name => match accounts::service::named(site, name).await? {
            Some((id, _)) => Some(id),
            // Nobody has entries.
            None => {
                return Ok(Some(Found { entries: Vec::new(), count: 0, is_cut: false, names: Vec::new() }));
            }
        },
    };
    let mut filter = Filter::default();
    (filter.text, filter.member) = (text, member);
    let Some(listing) = site.cache.list(&filter, 0, MOST).await else {
        return Ok(None);
    };
    let mut all = listing.entries;
    // Not by age: what is looked at stays where it is while it is looked at.
    all.sort_by(|a, b| (&a.name, whose(a), &a.fingerprint).cmp(&(&b.name, whose(b), &b.fingerprint)));
    let begin = query.page.saturating_sub(1).saturating_mul(PAGE).min(all.len());
    let shown = &all[begin..all.len().min(begin + PAGE)];
    let usernames = usernames(site, shown).await?;
    let now = site.clock.now();
    let entries = shown.iter().map(|listed| entry(listed, now, &usernames)).collect();
    Ok(Some(Found {
        entries,
        count: all.len(),
        is_cut: listing.is_cut || listing.has_more,
        names: names(&all),
    }))
}

fn whose(listed: &Listed) -> Option<UserId> {
    match listed.scope {
        Scope::Public => None,
        Scope::Member(id) => Some(id),
    }
}

/// Of the owners who are active.
async fn usernames(site: &Site, listed: &[Listed]) -> Result<HashMap<UserId, String>, AppError> {
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

fn figures(stats: &Stats) -> Figures {
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
pub async fn drop_entry(site: &Site, staff: &Staff, fingerprint: &str) -> Result<bool, AppError> {
    staff.require(Permission::ChangeCache)?;
    let mut filter = Filter::default();
    filter.fingerprint = Some(fingerprint.to_owned());
    let Some(listed) = site.cache.list(&filter, 0, 1).await.and_then(|mut found| found.entries.pop()) else {
        return Ok(false);
    };
    record(site, staff, Object::Cache(&format!("one entry of {}", listed.name))).await?;
    Ok(site.cache.drop_one(fingerprint).await)
}

/// Takes back everything of that name.
///
/// # Errors
/// They lack the permission, or an outage.
pub async fn drop_named(site: &Site, staff: &Staff, name: &str) -> Result<bool, AppError> {
    staff.require(Permission::ChangeCache)?;
    if name.is_empty() {
        return Ok(false);
    }
    record(site, staff, Object::Cache(&format!("everything of {name}"))).await?;
    site.cache.invalidate(&[Tag::name(name.to_owned())], CAUSE).await;
    Ok(true)
}

/// Takes back everything of that member; whether there is one.
///
/// # Errors
/// They lack the permission, or an outage.
pub async fn drop_of_member(site: &Site, staff: &Staff, username: &str) -> Result<bool, AppError> {
    staff.require(Permission::ChangeCache)?;
    let Some((id, username)) = accounts::service::named(site, username).await? else {
        return Ok(false);
    };
    record(site, staff, Object::User(id, &username)).await?;
    site.cache.invalidate_member(id, CAUSE).await;
    Ok(true)
}

/// Takes back everything.
///
/// # Errors
/// They lack the permission, or an outage.
pub async fn drop_everything(site: &Site, staff: &Staff) -> Result<(), AppError> {
    staff.require(Permission::ChangeCache)?;
    record(site, staff, Object::Cache("everything")).await?;
    site.cache.clear(CAUSE).await;
    Ok(())
}

/// Before it is done: what cannot be written down is not done.
async fn record(site: &Site, staff: &Staff, object: Object<'_>) -> Result<(), AppError> {
    let now = site.clock.now();
    let mut transaction = site.db.begin().await?;
    let change = ("cache", "", "dropped");
    history::record(&mut transaction, now, Actor::Staff(staff), object, &[change]).await?;
    transaction.commit().await?;
    let (user_id, cause) = (staff.member().id().0, CAUSE);
    match object {
        Object::User(member, _) => {
            tracing::info!(user_id, member = member.0, cause, "cache.drop: everything of one member");
        }
        object => tracing::info!(user_id, cause, "cache.drop: {}", object.words()),
    }
    Ok(())
}
