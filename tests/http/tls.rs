//! Whom the site believes to be its database and its cache. (Its mail server: `mail_tls`.)

use std::time::Duration;

use members_area::{
    base::config::Tls,
    cache::backend::{Backend, Redis},
};

use crate::support::{
    database::TestDatabase,
    program::{program, refused, said},
    tls::{CA_FILE, in_front_of},
};

/// Returns host and port of a URL.
fn address(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_needs_a_certificate_of_a_known_authority_for_its_own_name() {
    if std::env::var("TEST_DATABASE_URL").is_err() {
        return;
    }
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    let server = address(&database.url);
    let right = in_front_of(server.clone(), "127.0.0.1", true).await;
    let other = in_front_of(server.clone(), "127.0.0.2", true).await;
    let migrate = |address: &str, query: &str, ca_file: &str| {
        let url = database.url.replace(&server, address);
        let mut command = program(&database, folder.path());
        command.arg("migrate").env("MEMBERS_AREA_DATABASE__URL", format!("{url}&{query}"));
        command.env("MEMBERS_AREA_TLS__CA_FILE", ca_file);
        command
    };
    for (query, ca_file) in
        [("sslmode=verify-full", CA_FILE), (&*format!("sslmode=verify-full&sslrootcert={CA_FILE}"), "")]
    {
        assert!(said(&mut migrate(&right, query, ca_file)).contains("up to date"));
        let error = refused(&mut migrate(&other, query, ca_file));
        assert!(error.contains("not valid for name") && error.contains("check sslmode"), "{error}");
    }
    let error = refused(&mut migrate(&right, "sslmode=verify-full", ""));
    assert!(error.contains("nor in tls.ca_file") && error.lines().count() == 1, "{error}");
    database.remove().await;
}

#[tokio::test]
async fn a_redis_server_needs_a_certificate_of_a_known_authority_for_its_own_name() {
    let Ok(server) = std::env::var("TEST_REDIS_URL") else {
        return;
    };
    let right = in_front_of(address(&server), "127.0.0.1", false).await;
    let other = in_front_of(address(&server), "127.0.0.2", false).await;
    let usage = async |address: &str, ca_file: &str| {
        let tls = Tls { ca_file: ca_file.into() };
        // Long, because the machine is busy with other tests.
        let redis = Redis::new(&format!("rediss://{address}"), &tls, "test", Duration::from_secs(60));
        redis.expect("a backend").usage().await.map_err(|down| down.to_string())
    };
    let usual = usage(&right, CA_FILE).await;
    assert!(usual.is_ok(), "{usual:?}");
    let unknown = usage(&right, "").await.expect_err("an unknown authority");
    assert!(unknown.contains("nor in tls.ca_file"), "{unknown}");
    let mismatch = usage(&other, CA_FILE).await.expect_err("another's name");
    assert!(mismatch.contains("not valid for name"), "{mismatch}");
}
