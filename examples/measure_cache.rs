//! Measures the cache in memory for `script/bench`, and prints what it found as JSON: the most by
//! which the process grows while ten million keys pass through a cache with a limit, and how often
//! a value is computed that a thousand callers miss at once.

#![expect(clippy::print_stdout, reason = "a script reads what it prints")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use members_area::{
    base::clock::Clock,
    cache::{Cache, Lease, Policy, PublicBytes, Ttl},
    shared::error::AppError,
    timing::Recorder,
};
use serde_json::json;

const MIB: u64 = 1024 * 1024;
const PASSING: u32 = 10_000_000;
const LIMIT: u64 = 64 * MIB;
const CALLERS: usize = 1000;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    // First, while the process is small.
    let passing = pass_through().await?;
    let found = json!({
        "passed_keys": PASSING,
        "limit_mib": LIMIT / MIB,
        "growth_mib": passing as f64 / MIB as f64,
        "concurrent_misses": CALLERS,
        "loads": loads_of_many().await,
    });
    println!("{found}");
    Ok(())
}

/// The most bytes by which the process grew while many keys, each once, passed through a cache with
/// a limit.
async fn pass_through() -> std::io::Result<u64> {
    let cache = Cache::new(Clock::default(), LIMIT);
    let before = resident()?;
    let mut most = before;
    for number in 0..PASSING {
        // As long as the short and the long things that a site keeps.
        keep(&cache, number, 64 + (number as usize * 7919) % 2000).await;
        if number % 50_000 == 0 {
            most = most.max(resident()?);
        }
    }
    Ok(most.max(resident()?) - before)
}

/// How often a value was computed that many wanted at once.
async fn loads_of_many() -> u32 {
    let (cache, loads) = (Cache::new(Clock::default(), LIMIT), Arc::new(AtomicU32::new(0)));
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (cache, loads) = (cache.clone(), loads.clone());
            tokio::spawn(async move {
                let load = || async {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    Ok::<i64, AppError>(i64::from(loads.fetch_add(1, Ordering::Relaxed)))
                };
                cache.public(&Recorder::default()).get_or_set(policy(), &["wanted"], load).await
            })
        })
        .collect();
    for caller in callers {
        let _ = caller.await;
    }
    loads.load(Ordering::Relaxed)
}

async fn keep(cache: &Cache, number: u32, length: usize) {
    let recorder = Recorder::default();
    if let Lease::Owner(fill) = cache.public(&recorder).lease(policy(), &[&part(number)]).await {
        fill.keep(PublicBytes(vec![0_u8; length].into())).await;
    }
}

fn policy() -> Policy {
    Policy::new("measured", 1, Ttl::For(Duration::from_secs(3600)))
}

fn part(number: u32) -> String {
    format!("/members/page/{number:010}")
}

/// Returns the bytes that this process has in memory.
fn resident() -> std::io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.map(|kib| kib * 1024)
        .ok_or_else(|| std::io::Error::other("/proc says nothing of this process's memory"))
}
