//! Applies to this process's memory what other processes announce.

use std::collections::BTreeSet;

use crate::{
    base::announcements::{Change, Changes, Follower},
    cache::Tag,
    site::AppState,
};

/// Applies announcements for as long as the site runs.
pub async fn apply_all(site: AppState, mut follower: Follower) {
    loop {
        apply(&site, &follower.next().await).await;
    }
}

/// Invalidates what these changes concern, and then notifies the open pages, which check their
/// sessions again.
async fn apply(site: &AppState, changes: &Changes) {
    const CAUSE: &str = "changed by another process";
    if changes.has_cache() {
        site.cache.read_epoch().await;
        site.cache.invalidate_in_process(&[Tag::Everything], CAUSE);
    }
    if changes.is_everything() {
        site.sessions.bypass_memory();
        site.members.invalidate_all();
        site.sessions.watchers.notify_all();
        return;
    }
    let mut members = BTreeSet::new();
    for change in changes.iter() {
        match change {
            Change::Session(owner, id) => {
                site.sessions.reread(id);
                members.insert(owner);
            }
            Change::Member(member) => drop(members.insert(member)),
            Change::Cache | Change::Everything => {}
        }
    }
    members.iter().for_each(|member| site.members.invalidate(*member));
    let tags: Vec<Tag> = members.iter().copied().map(Tag::Member).collect();
    if !tags.is_empty() {
        site.cache.invalidate_in_process(&tags, CAUSE);
    }
    members.into_iter().for_each(|member| site.sessions.watchers.notify(member));
}
