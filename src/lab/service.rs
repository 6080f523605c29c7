//! What the lab's pages show.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{ApiLesson, Lifetime, Matrix, OwnPair, Pair, Run, SUMMARY_TTL, VALUE_TTL, VIEW_TTL, run};
use crate::{
    base::{
        clock::{Millis, to_millis},
        member::Member,
        moment::moment,
    },
    cache::{Policy, Public},
    members,
    shared::error::AppError,
    site::RequestContext,
};

/// An example value, which contains nothing but the time when it was computed.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Made {
    at: Millis,
}

impl Public for Made {}

/// Returns the value of exercise 5, and the results of the calls.
///
/// # Errors
/// [`AppError::Internal`] if the value cannot be computed.
pub async fn api_lesson(context: &RequestContext) -> Result<ApiLesson, AppError> {
    let cache = context.public_cache();
    let is_hit = AtomicBool::new(true);
    let policy = Policy::new("lab_value", 1, VALUE_TTL);
    let made = cache
        .get_or_set(policy, &[], || async {
            is_hit.store(false, Ordering::Relaxed);
            compute().await?;
            Ok(Made { at: context.site.clock.now() })
        })
        .await?;
    // Cached: a run makes some twenty cache calls, few enough for a page, but too many for each of
    // many visitors.
    const RERUN_AFTER: Duration = Duration::from_secs(10);
    let policy = Policy::new("lab_run", 1, RERUN_AFTER);
    let run: Run = cache
        .get_or_set(policy, &[], || async { Ok(run::run(&cache, moment(context.site.clock.now())).await) })
        .await?;
    Ok(ApiLesson { is_hit: is_hit.into_inner(), value: seen(context, made.at, VALUE_TTL), run })
}

impl Public for Run {}

/// Computes for a while where the lesson sleeps for a second, on a blocking thread so that no
/// request waits.
async fn compute() -> Result<(), AppError> {
    const ROUNDS: usize = 20_000;
    let work = || (0..ROUNDS).fold([0_u8; 32], |hash, _| Sha256::digest(hash).into());
    tokio::task::spawn_blocking(work).await.map(drop).map_err(|_| AppError::Internal)
}

/// Returns the times of the dashboard's entries: of the public copy and of the member's own.
///
/// # Errors
/// [`AppError::Internal`] if a value cannot be encoded for the cache.
pub async fn matrix(context: &RequestContext, member: Option<&Member>) -> Result<Matrix, AppError> {
    let view = twin(context, "lab_view", VIEW_TTL).await?;
    let summary = twin(context, "lab_summary", SUMMARY_TTL).await?;
    let own = match member {
        Some(member) => {
            let (view, summary) = members::service::cached_since(context, member).await;
            Some(OwnPair { view, summary })
        }
        None => None,
    };
    Ok(Matrix { twin: Pair { view, summary }, own })
}

async fn twin(context: &RequestContext, name: &'static str, ttl: Duration) -> Result<Lifetime, AppError> {
    let load = || async { Ok(Made { at: context.site.clock.now() }) };
    let made = context.public_cache().get_or_set(Policy::new(name, 1, ttl), &[], load).await?;
    Ok(seen(context, made.at, ttl))
}

fn seen(context: &RequestContext, made_at: Millis, ttl: Duration) -> Lifetime {
    let age = context.site.clock.now().saturating_sub(made_at).max(0);
    let left = to_millis(ttl).saturating_sub(age).max(0);
    // Rounded as in the tables of what to expect: a second that has begun still counts as left.
    Lifetime {
        made_at: moment(made_at),
        age: (age / 1000).unsigned_abs(),
        left: (left.unsigned_abs()).div_ceil(1000),
    }
}
