//! The shared cache of two instances goes wrong: no request fails, and no page stays old.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use members_area::base::config::{CacheUrl, Config, Period};
use serde::Deserialize;

use super::{CLIENTS, Load};
use crate::{cache::servers::Server, support::TestSite};

/// Says something to Redis, which must agree.
fn say(server: &Server, command: &str) {
    let url = url::Url::parse(&server.url()).expect("an address");
    let address = ("127.0.0.1", url.port().expect("a port"));
    let mut stream = TcpStream::connect(address).expect("connected");
    stream.write_all(format!("{command}\r\n").as_bytes()).expect("sent");
    let mut answer = [0; 3];
    stream.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"+OK", "{command}");
}

/// Does this while both instances are used.
async fn under_load(kind: &str, fault: impl AsyncFnOnce(&mut Server, &Load)) {
    let Some(mut server) = Server::start("redis") else {
        return;
    };
    let url = server.url();
    let change = |config: &mut Config| {
        config.cache.url = CacheUrl::deserialize(serde_json::Value::from(url.as_str())).expect("an address");
        // Far longer than the test: only an invalidation ends an old page.
        config.cache.dashboard_ttl = Period::days(1);
        config.cache.profile_summary_ttl = Period::days(1);
    };
    let site = TestSite::start_with(change).await;
    let other = site.beside_with(change).await;
    let instances = [site.address, other.address];
    let load = Load::start(&instances, CLIENTS).await;
    load.goes_on(100).await;
    fault(&mut server, &load).await;
    load.recovers().await;
    assert_eq!(load.failures(), 0, "{kind}: a cache is no reason to refuse anything");
    load.end(&site.database, &instances).await;
    other.halt().await;
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_stopped_and_started_again_costs_nobody_anything() {
    under_load("stopped", async |server, load| {
        server.stop();
        load.goes_on(100).await;
        server.go();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute of the whole machine; `script/test --long` runs it"]
async fn a_frozen_redis_costs_nobody_anything() {
    under_load("frozen", async |server, load| {
        server.pause();
        load.goes_on(100).await;
        server.resume();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute of the whole machine; `script/test --long` runs it"]
async fn a_redis_that_is_flushed_costs_nobody_anything() {
    under_load("flushed", async |server, load| {
        for _ in 0..10 {
            say(server, "FLUSHALL");
            load.goes_on(30).await;
        }
    })
    .await;
}

/// With the policy that Redis has by default, it refuses to store and goes on answering.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute of the whole machine; `script/test --long` runs it"]
async fn a_redis_without_memory_shows_nobody_an_old_page() {
    under_load("out of memory", async |server, load| {
        say(server, "CONFIG SET maxmemory-policy noeviction");
        say(server, "CONFIG SET maxmemory 1");
        load.goes_on(200).await;
        say(server, "CONFIG SET maxmemory 0");
    })
    .await;
}
