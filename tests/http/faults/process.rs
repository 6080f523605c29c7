//! What happens to the program itself: it is killed, its disk is full, its database locked, its
//! clients are slow, its clock is wrong, it runs for long.

use std::{
    net::{SocketAddr, TcpListener},
    time::{Duration, Instant},
};

use rlimit::Resource;
use sqlx::{Connection, Executor};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream},
};

use super::{CLIENTS, Load, UNLIMITED, serving};
use crate::support::{
    TestSite, Visitor,
    database::TestDatabase,
    program::{Serving, program},
};

const LIMIT: Duration = Duration::from_secs(60);

async fn killed(rounds: usize) {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    // The same address each time.
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let address = port.to_string();
    let serve = || {
        let mut command = program(&database, folder.path());
        command.arg("serve").envs(UNLIMITED).env("MEMBERS_AREA_SERVER__ADDRESS", &address);
        Serving::run_as_it_is(&mut command, folder.path())
    };
    let mut site = serve();
    let instances = [site.address];
    let load = Load::start(&instances, CLIENTS).await;
    for round in 0..rounds {
        // At another moment of the clients' rounds each time.
        load.goes_on(20 + round % 17).await;
        site.signal("-KILL");
        site.ended_within(LIMIT);
        site = serve();
        load.recovers().await;
    }
    load.end(&database, &instances).await;
    site.signal("-TERM");
    assert!(site.ended_within(LIMIT).0.success());
    if database.is_embedded() {
        assert_eq!(database.text("PRAGMA integrity_check").await, "ok");
    }
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_kill_9() {
    killed(3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes ten minutes; `script/test --long` runs it"]
async fn what_was_acknowledged_survives_two_hundred_kills() {
    killed(200).await;
}

/// Only what the program itself writes can fill its disk: its SQLite file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute of the whole machine; `script/test --long` runs it"]
async fn a_full_disk_under_load_loses_nothing() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    if !database.is_embedded() {
        return database.remove().await;
    }
    let site = serving(&database, folder.path(), &[]);
    let limit = |bytes| {
        let pid = i32::try_from(site.id()).expect("a number of a process");
        rlimit::prlimit(pid, Resource::FSIZE, Some((bytes, rlimit::INFINITY)), None).expect("a limit");
    };
    let instances = [site.address];
    let load = Load::start(&instances, CLIENTS).await;
    for _ in 0..3 {
        load.goes_on(30).await;
        // No file can grow any more.
        limit(1);
        load.fails().await;
        load.goes_on(50).await;
        limit(rlimit::INFINITY);
        load.recovers().await;
    }
    load.end(&database, &instances).await;
    site.signal("-TERM");
    assert!(site.ended_within(LIMIT).0.success());
    assert_eq!(database.text("PRAGMA integrity_check").await, "ok");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes half a minute; `script/test --long` runs it"]
async fn a_lock_held_for_twenty_seconds_is_an_outage_only_as_long() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    let site = serving(&database, folder.path(), &[]);
    let instances = [site.address];
    let load = Load::start(&instances, CLIENTS).await;
    load.goes_on(50).await;
    let mut holder = database.connect().await;
    let lock = if database.is_embedded() { "BEGIN IMMEDIATE" } else { "BEGIN; LOCK TABLE users" };
    holder.execute(lock).await.expect("the lock");
    let begun = Instant::now();
    // Meanwhile who does not write is served.
    while begun.elapsed() < Duration::from_secs(20) {
        assert_eq!(Visitor::new(site.address).get("/accounts/login").await.status, 200);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    holder.execute("ROLLBACK").await.expect("released");
    holder.close().await.expect("closed");
    load.recovers().await;
    load.end(&database, &instances).await;
    site.signal("-TERM");
    assert!(site.ended_within(LIMIT).0.success());
    database.remove().await;
}

async fn connect_from(source: &str, address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(source.parse().expect("an address")).expect("its own address");
    socket.connect(address).await.expect("connected")
}

/// From four addresses; each client sends a byte now and then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute of the whole machine; `script/test --long` runs it"]
async fn a_thousand_slow_clients_keep_nobody_out() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    let _ = rlimit::increase_nofile_limit(4096);
    let site = serving(&database, folder.path(), &[]);
    let instances = [site.address];
    let load = Load::start(&instances, CLIENTS).await;
    let mut slow = Vec::new();
    for (number, request) in [
        "",
        "GET /accounts/login HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        "POST /api/accounts/log_in HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 100\r\n\r\nlogin=",
        "GET /robots.txt HTTP/1.1\r\nHost: x\r\n\r\nGET /robots.txt HTTP/1.1\r\nX-Slow: ",
    ]
    .into_iter()
    .enumerate()
    {
        for _ in 0..250 {
            let mut stream = connect_from(&format!("127.0.0.{}:0", number + 2), site.address).await;
            stream.write_all(request.as_bytes()).await.expect("sent");
            slow.push(stream);
        }
    }
    for _ in 0..10 {
        load.goes_on(30).await;
        for stream in &mut slow {
            // The site may have given it up by now.
            let _ = stream.write_all(b"x").await;
        }
    }
    load.recovers().await;
    assert_eq!(load.failures(), 0, "nobody else notices");
    load.end(&database, &instances).await;
    drop(slow);
    site.signal("-TERM");
    assert!(site.ended_within(LIMIT).0.success());
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute of the whole machine; `script/test --long` runs it"]
async fn a_clock_that_goes_back_and_forth_fails_no_request() {
    const HOUR: i64 = 3_600_000;
    let site = TestSite::start().await;
    let instances = [site.address];
    let load = Load::start(&instances, CLIENTS).await;
    for by in [6, -12, 12, -9, 3] {
        site.clock.set(by * HOUR);
        load.goes_on(60).await;
    }
    load.recovers().await;
    assert_eq!(load.failures(), 0);
    load.end(&site.database, &instances).await;
    site.stop().await;
}

/// KiB in memory, and open descriptors.
fn taken_by(site: &Serving) -> (u64, usize) {
    let status = std::fs::read_to_string(format!("/proc/{}/status", site.id())).expect("its status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    let memory = line.trim().trim_end_matches(" kB").parse().expect("a number");
    (memory, std::fs::read_dir(format!("/proc/{}/fd", site.id())).expect("its descriptors").count())
}

/// What grows is taken from the seventh minute to the tenth: by then every cache is full.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes ten minutes; `script/test --long` runs it"]
async fn ten_minutes_of_mixed_traffic_let_nothing_grow() {
    const MINUTE: Duration = Duration::from_secs(60);
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    // Small caches, so that they are full in time.
    let settings =
        [("MEMBERS_AREA_CACHE__MAX_BYTES", "1MiB"), ("MEMBERS_AREA_SESSIONS__CACHE_ENTRIES", "200")];
    let site = serving(&database, folder.path(), &settings);
    let instances = [site.address];
    let load = Load::start(&instances, CLIENTS).await;
    let mut minutes = Vec::new();
    for _ in 0..10 {
        let begun = Instant::now();
        let (mut memory, mut descriptors) = (0, 0);
        while begun.elapsed() < MINUTE {
            load.goes_on(20).await;
            let (now, open) = taken_by(&site);
            (memory, descriptors) = (memory.max(now), descriptors.max(open));
        }
        let mut times = load.times();
        times.sort();
        minutes.push((memory, descriptors, times[times.len() * 99 / 100]));
    }
    assert_eq!(load.failures(), 0);
    load.end(&database, &instances).await;
    site.signal("-TERM");
    assert!(site.ended_within(LIMIT).0.success());
    database.remove().await;
    let (before, after) = (&minutes[3..6], &minutes[7..10]);
    let memory = |of: &[(u64, usize, Duration)]| of.iter().map(|minute| minute.0).max();
    let descriptors = |of: &[(u64, usize, Duration)]| of.iter().map(|minute| minute.1).max();
    let slowest = |of: &[(u64, usize, Duration)]| of.iter().map(|minute| minute.2).min();
    assert!(memory(after) <= memory(before).map(|kib| kib + 16 * 1024), "memory: {minutes:?}");
    assert!(descriptors(after) <= descriptors(before).map(|open| open + 8), "descriptors: {minutes:?}");
    // Whatever else the machine does in one minute, it does not do in three of them.
    assert!(slowest(after) <= slowest(before).map(|time| time * 3), "p99: {minutes:?}");
}
