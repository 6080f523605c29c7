//! `/readyz` and `members-area check`: what each part of the site says, and what a load balancer
//! sees when the site stops.

use std::time::Duration;

use members_area::base::config::{CacheUrl, Period};
use reqwest::Method;
use serde_json::json;

use crate::support::{
    Page, TestSite, Visitor,
    database::TestDatabase,
    program::{program, run, said, text},
    visitor::FormBody,
};

const PATH: &str = "/readyz";
const READY: &str = "ready\ndatabase: ok\nschema: ok\ncache: ok\nmail: ok\ndisk: ok\n";

/// A new report, not that of the last second.
async fn report(site: &TestSite) -> (u16, String) {
    site.clock.advance(Duration::from_secs(1));
    let answer = site.visitor().get(PATH).await;
    (answer.status, answer.text())
}

async fn as_json(visitor: &mut Visitor) -> (Page, serde_json::Value) {
    let request = visitor.request(Method::GET, PATH).wanting("application/json");
    let answer = visitor.send(request).await;
    let json = serde_json::from_str(&answer.text()).expect("JSON");
    (answer, json)
}

#[tokio::test]
async fn readiness_is_text_or_json_and_names_what_is_down() {
    let site = TestSite::start().await;
    let mut visitor = site.visitor();
    let answer = visitor.get(PATH).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, READY));
    assert!(answer.header("content-type").starts_with("text/plain") && visitor.cookies.is_empty());
    let (answer, found) = as_json(&mut visitor).await;
    let ok = json!({ "status": "ok" });
    let checks = json!({ "database": ok, "schema": ok, "cache": ok, "mail": ok, "disk": ok });
    assert_eq!(found, json!({ "status": "ready", "checks": checks }));
    assert_eq!((answer.header("content-type"), answer.header("vary")), ("application/json", "accept"));
    assert!(answer.header("cache-control").contains("no-"), "{}", answer.header("cache-control"));

    site.database.break_tables().await;
    let (status, said) = report(&site).await;
    assert_eq!(status, 503);
    for line in [
        "not ready",
        "database: down, cannot be read or written",
        "schema: unknown, the database is down",
        "cache: ok",
        "mail: unknown, the database is down",
        "disk: ok",
    ] {
        assert!(said.lines().any(|found| found == line), "{line}\n{said}");
    }
    let (answer, found) = as_json(&mut visitor).await;
    assert_eq!((answer.status, &found["status"]), (503, &json!("not ready")));
    assert_eq!(found["checks"]["database"]["reason"], "cannot be read or written");
    assert_eq!(visitor.get("/healthz").await.status, 200);
    site.stop().await;
}

#[tokio::test]
async fn a_cache_that_is_down_is_only_degraded() {
    // Nobody listens on port 9.
    let site = TestSite::start_with(|config| {
        config.cache.url = CacheUrl::Redis("redis://127.0.0.1:9".into());
    })
    .await;
    let (status, said) = report(&site).await;
    assert!(said.starts_with("degraded\n") && said.contains("\ncache: degraded, does not answer"), "{said}");
    assert_eq!(status, 200);
    site.stop().await;
}

#[tokio::test]
async fn mails_that_wait_too_long_are_degraded_and_those_that_wait_on_purpose_are_not() {
    let site = TestSite::start_without_mail().await;
    site.signed_up("ada").await;
    assert_eq!(report(&site).await, (200, READY.to_owned()), "it has only just begun to wait");
    site.clock.advance(Duration::from_secs(15 * 60));
    let (status, said) = report(&site).await;
    assert_eq!(status, 200);
    assert!(said.starts_with("degraded\n") && said.contains("\nmail: degraded, the oldest"), "{said}");
    for (why, change) in [
        ("refused for good", format!("tries = 1, next_try_at = {}", i64::MAX)),
        ("held back by a rate limit", format!("tries = 0, next_try_at = {}", site.clock.now() + 3_600_000)),
    ] {
        let mut found = (0, String::new());
        // A try that is under way postpones the mail once more.
        for _ in 0..3 {
            site.database.execute(&format!("UPDATE mails SET {change}")).await;
            found = report(&site).await;
            if found.1 == READY {
                break;
            }
        }
        assert_eq!(found, (200, READY.to_owned()), "{why}");
    }
    site.stop().await;
}

#[tokio::test]
async fn a_disk_that_is_nearly_full_is_degraded() {
    // A file system without any space.
    let site = TestSite::start_with(|config| config.log.file = "/proc/requests.log".into()).await;
    let (status, said) = report(&site).await;
    assert!(said.starts_with("degraded\n") && said.contains("\ndisk: degraded, less than"), "{said}");
    assert_eq!(status, 200);
    site.stop().await;
}

#[tokio::test]
async fn a_newer_schema_is_degraded_and_an_outdated_one_is_down() {
    let site = TestSite::start().await;
    let copy = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                SELECT 9999, description, success, checksum, execution_time FROM _sqlx_migrations WHERE version = 1";
    site.database.execute(copy).await;
    let (status, said) = report(&site).await;
    assert!(status == 200 && said.contains("\nschema: degraded, of a newer version"), "{status} {said}");
    site.database.execute("DELETE FROM _sqlx_migrations WHERE version IN (1, 9999)").await;
    let (status, said) = report(&site).await;
    assert!(status == 503 && said.contains("\nschema: down, not up to date"), "{status} {said}");
    site.stop().await;
}

#[tokio::test]
async fn a_site_that_stops_is_unready_at_once_and_answers_until_it_is_drained() {
    let drain = Duration::from_secs(3600);
    let site = TestSite::start_with(|config| config.server.drain = Period::minutes(60)).await;
    let (address, clock) = (site.address, site.clock.clone());
    let mut member = site.member("ada").await;
    assert_eq!(member.get(PATH).await.status, 200);
    let halting = tokio::spawn(site.halt());
    let unready = async {
        loop {
            let answer = Visitor::new(address).get(PATH).await;
            if answer.status == 503 {
                return answer;
            }
        }
    };
    let answer = tokio::time::timeout(Duration::from_secs(60), unready).await.expect("it says so");
    assert_eq!(answer.text(), "stopping\n");
    let (_, found) = as_json(&mut Visitor::new(address)).await;
    assert_eq!(found, json!({ "status": "stopping", "checks": {} }));
    // New connections, and those that were open.
    for visitor in [&mut Visitor::new(address), &mut member] {
        let answer = visitor.get("/").await;
        assert_eq!((answer.status, answer.header("connection")), (200, "close"));
    }
    assert_eq!(member.get("/members/dashboard").await.status, 200);
    assert!(!halting.is_finished());
    clock.advance(drain);
    halting.await.expect("no panic").remove().await;
}

#[tokio::test]
async fn check_says_the_same_as_the_running_site() {
    let site = TestSite::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let said = said(program(&site.database, folder.path()).arg("check"));
    assert!(said.ends_with(&format!("The configuration is valid.\n{READY}")), "{said}");
    site.database.break_tables().await;
    let output = run(program(&site.database, folder.path()).arg("check"));
    let said = text(&output);
    assert!(
        !output.status.success() && said.contains("\ndatabase: down, cannot be read or written\n"),
        "{said}"
    );
    assert!(said.contains("a site with these settings could not serve requests"), "{said}");
    site.stop().await;
}

#[tokio::test]
async fn check_creates_and_migrates_nothing() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    let check = || run(program(&database, folder.path()).arg("check"));
    if database.is_embedded() {
        let output = check();
        assert!(
            output.status.success() && text(&output).contains("There is no database yet"),
            "{}",
            text(&output)
        );
        let file = database.url.strip_prefix("sqlite://").expect("a path");
        assert!(!std::path::Path::new(file).exists());
    } else {
        database.execute("DELETE FROM _sqlx_migrations WHERE version > 1").await;
        let output = check();
        assert!(!output.status.success() && text(&output).contains("not up to date"), "{}", text(&output));
        assert_eq!(database.number("SELECT COUNT(*) FROM _sqlx_migrations").await, 1);
    }
    database.remove().await;
}
