use members_area::base::config::Period;
use reqwest::Method;

use crate::support::{Page, TestSite, log, visitor::FormBody};

fn check(page: &Page, line: &str, level: &str, route: &str) -> serde_json::Value {
    let entry = log::request(page.request_id());
    let message = entry["message"].as_str().expect("a message");
    let (before, after) = line.split_once("…").expect("a pattern");
    assert!(message.starts_with(before) && message.ends_with(after), "{message}");
    let seconds = &message[before.len()..message.len() - after.len()];
    assert!(
        seconds.parse::<f64>().is_ok() && seconds.split('.').nth(1).is_some_and(|digits| digits.len() == 4),
        "{message}"
    );
    assert_eq!((entry["level"].as_str(), entry["route"].as_str()), (Some(level), Some(route)), "{entry}");
    assert!(entry["duration_ms"].as_f64().is_some_and(|ms| ms >= 0.0));
    entry
}

/// No request counts as slow, however busy the machine is.
async fn patient_site() -> TestSite {
    TestSite::start_with(|config| config.log.slow_request = Period::minutes(10)).await
}

#[tokio::test]
async fn every_response_is_logged_once() {
    let site = patient_site().await;
    let mut visitor = site.visitor();
    for (path, line, level, route) in [
        ("/", "Request: GET / - Processed in …s - Status: 200", "INFO", "/"),
        ("/nowhere", "Request: GET /nowhere - Processed in …s - Status: 404", "INFO", "-"),
        ("/accounts/login/", "Request: GET /accounts/login/ - Processed in …s - Status: 308", "INFO", "-"),
        (
            "/members/dashboard?next=http://u:p@x/",
            "Request: GET /members/dashboard - Processed in …s - Status: 303",
            "INFO",
            "/members/dashboard",
        ),
        ("/healthz", "Request: GET /healthz - Processed in …s - Status: 200", "INFO", "/healthz"),
    ] {
        let page = visitor.get(path).await;
        check(&page, line, level, route);
    }
    let file = visitor.get("/robots.txt").await;
    check(&file, "Request: GET /robots.txt - Processed in …s - Status: 200", "DEBUG", "/robots.txt");
    let file = visitor.get("/pkg/members-area.css").await;
    assert_eq!(log::request(file.request_id())["level"], "DEBUG");
    let refused =
        visitor.request(Method::POST, "/api/accounts/log_in").header("sec-fetch-site", "cross-site");
    let refused = visitor.send(refused.form_body(&[])).await;
    check(
        &refused,
        "Request: POST /api/accounts/log_in - Processed in …s - Status: 403",
        "INFO",
        "/api/accounts/log_in",
    );
    site.stop().await;
}

#[tokio::test]
async fn the_log_line_has_the_user_and_the_cache_result() {
    let site = patient_site().await;
    let mut member = site.member("ada").await;
    let id = site.user_id("ada").await;
    let page = "/members/dashboard";
    let parts = "dashboard=miss,profile_summary=miss,profile_summary_card=miss";
    for (cache, state) in [
        (format!("{page}=miss,{parts}"), "page;desc=\"miss; age=; ttl="),
        (format!("{page}=hit"), "page;desc=\"hit; age=; ttl="),
    ] {
        let page = member.get("/members/dashboard").await;
        let line = "Request: GET /members/dashboard - Processed in …s - Status: 200";
        let entry = check(&page, line, "INFO", "/members/dashboard");
        assert_eq!((entry["user_id"].as_i64(), entry["cache"].as_str()), (Some(id), Some(cache.as_str())));
        let timing: String = page.header("server-timing").chars().filter(|c| !c.is_ascii_digit()).collect();
        assert!(
            timing.starts_with("total;dur=")
                && timing.contains(&format!(", cache;desc=\"{cache}\", {state}")),
            "{timing}"
        );
    }
    let anonymous = site.visitor().get("/").await;
    assert!(log::request(anonymous.request_id())["user_id"].is_null());
    site.stop().await;
}

#[tokio::test]
async fn slow_requests_and_failures_are_warnings() {
    let site = TestSite::start_with(|config| config.log.slow_request = Period::millis(0)).await;
    let page = site.visitor().get("/").await;
    assert_eq!(log::request(page.request_id())["level"], "WARN");
    site.stop().await;
    let site = TestSite::start().await;
    site.database.break_tables().await;
    let failed = site.visitor().log_in("ada").await;
    assert!(failed.status >= 500);
    assert_eq!(log::request(failed.request_id())["level"], "WARN");
    site.stop().await;
}
