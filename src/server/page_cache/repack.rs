//! Compresses a member's page well when it is asked for again. The first answer is compressed
//! lightly, because somebody waits for it and most members ask for their page once.

use std::{
    collections::HashSet,
    sync::{MutexGuard, PoisonError},
};

use bytes::Bytes;
use tracing::Instrument;

use super::{CachedPage, PageCache, cached_body::CachedBody};
use crate::{
    base::member::{Member, UserId},
    timing::Recorder,
};

/// Replaces a cached page that is compressed lightly, in the background: the same page in fewer
/// bytes, with the same times and tags. When the queue is full, the next request for the page tries
/// it again.
pub fn repack(pages: &PageCache, page: &CachedPage, member: &Member, parts: [&str; 4], cached: &Bytes) {
    if !CachedBody::is_light(cached) {
        return;
    }
    let copy = (page.route, member.id());
    let (Some(light), Ok(permit)) = (CachedBody::open(cached.clone()), pages.compression.try_acquire())
    else {
        return;
    };
    if !in_progress(pages).insert(copy) {
        return;
    }
    let (pages, policy, member) = (pages.clone(), page.policy, member.clone());
    let (parts, cached) = (parts.map(str::to_owned), cached.clone());
    let compression = async move {
        if let Ok(Some(packed)) = pages.compression.run(permit, move || light.repack()).await {
            let recorder = Recorder::none();
            let cache = pages.site.cache.of(&member, &recorder);
            cache.replace(policy, &parts.each_ref().map(String::as_str), &cached, packed).await;
        }
        in_progress(&pages).remove(&copy);
    };
    tokio::spawn(compression.in_current_span());
}

fn in_progress(pages: &PageCache) -> MutexGuard<'_, HashSet<(&'static str, UserId)>> {
    pages.repacking.lock().unwrap_or_else(PoisonError::into_inner)
}
