//! PostgreSQL goes away and comes back.

use members_area::base::config::Period;

use super::{
    CLIENTS, Load,
    server::{Front, Postgres},
};
use crate::support::{TestSite, database::TestDatabase};

const ALL: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";

async fn site_on(database: TestDatabase) -> TestSite {
    let site = TestSite::start_on(database, |config| {
        config.database.acquire_timeout = Period::seconds(5);
        config.database.max_connections = 8;
    });
    site.await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute of the whole machine; `script/test --long` runs it"]
async fn postgres_stopped_and_started_under_load_loses_nothing() {
    let Some(server) = Postgres::start() else {
        return;
    };
    let site = site_on(TestDatabase::create_on(server.url()).await).await;
    let load = Load::start(&[site.address], CLIENTS).await;
    for how in ["fast", "immediate"] {
        load.goes_on(50).await;
        server.stop(how);
        load.fails().await;
        load.goes_on(50).await;
        server.go();
        load.recovers().await;
    }
    load.end(&site.database, &[site.address]).await;
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute of the whole machine; `script/test --long` runs it"]
async fn killed_connections_to_postgres_lose_nothing() {
    let Some(server) = Postgres::start() else {
        return;
    };
    let site = site_on(TestDatabase::create_on(server.url()).await).await;
    let load = Load::start(&[site.address], CLIENTS).await;
    for _ in 0..10 {
        load.goes_on(30).await;
        server.say(ALL).await;
    }
    load.recovers().await;
    load.end(&site.database, &[site.address]).await;
    site.stop().await;
}

/// As an operator does it: the server fails, its standby takes over with its address.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute; `script/test --long` runs it"]
async fn a_promoted_replica_has_everything_that_was_acknowledged() {
    let Some(primary) = Postgres::start() else {
        return;
    };
    let front = Front::of(primary.port).await;
    let database = TestDatabase::create_on(primary.url_at(front.port)).await;
    let standby = primary.standby().await;
    let site = site_on(database).await;
    let load = Load::start(&[site.address], CLIENTS).await;
    load.goes_on(200).await;
    primary.stop("immediate");
    load.fails().await;
    // For a while the address leads to a server that only reads.
    front.move_to(standby.port);
    load.goes_on(50).await;
    standby.promote();
    load.recovers().await;
    load.end(&site.database, &[site.address]).await;
    site.stop().await;
}
