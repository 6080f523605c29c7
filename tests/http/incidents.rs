//! Whether an error or an attack can be traced: from the page to the log, and from the log to the
//! user.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    os::unix::fs::PermissionsExt,
    time::Duration,
};

use reqwest::Method;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpSocket,
};

use crate::support::{
    TestSite,
    database::TestDatabase,
    log,
    program::{Serving, program, refused},
    visitor::FormBody,
};

const LIMIT: Duration = Duration::from_secs(60);

/// The lines logged during a request, without its own. In this log, library spans are visible too.
fn lines_of(id: &str) -> Vec<Value> {
    log::lines(id, |line| request_of(line)["request_id"] == id)
}

/// The request span of a log line.
fn request_of(line: &Value) -> &Value {
    let mut spans = line["spans"].as_array().into_iter().flatten();
    spans.find(|span| span["name"] == "request" && span["request_id"].is_string()).unwrap_or(&Value::Null)
}

async fn break_activity(database: &TestDatabase) {
    database.execute("ALTER TABLE activity RENAME TO gone").await;
}

#[tokio::test]
async fn a_failure_is_found_in_the_log_by_the_id_on_its_page() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    let id = site.user_id("ada").await;
    break_activity(&site.database).await;
    for path in ["/members/activity", "/members/dashboard"] {
        let page = member.get(path).await;
        assert_eq!(page.status, 500, "{path}");
        let request = page.request_id();
        assert!(page.text().contains(&format!("please quote {request}")), "{path}: {}", page.text());
        let errors: Vec<Value> =
            lines_of(request).into_iter().filter(|line| line["level"] == "ERROR").collect();
        assert!(!errors.is_empty(), "{path} has its error in the log");
        for error in errors {
            let span = request_of(&error);
            assert_eq!((span["method"].as_str(), span["path"].as_str()), (Some("GET"), Some(path)));
            assert_eq!((span["client"].as_str(), span["user_id"].as_i64()), (Some("127.0.0.1"), Some(id)));
        }
        assert_eq!(log::request(request)["client"], "127.0.0.1");
    }
    // A form, sent by a browser without scripts and by a script.
    let fields = [("username", "ada"), ("first_name", "Ada"), ("form_page", "/members/profile")];
    let form = member.post("/api/members/save_profile", &fields).await;
    let call = member.call("/api/members/save_profile", &fields).await;
    for answer in [form, call] {
        let request = answer.request_id();
        assert_eq!(answer.status, 500);
        assert!(answer.text().contains(request), "{}", answer.text());
        assert!(lines_of(request).iter().any(|line| line["level"] == "ERROR"));
        assert_eq!(log::request(request)["outcome"], "failed:internal");
    }
    let fine = member.get("/members/secret").await;
    assert!(!fine.text().contains(fine.request_id()), "a page that works does not show it");
    site.stop().await;
}

#[tokio::test]
async fn the_log_line_of_a_login_has_user_and_outcome() {
    let site = TestSite::start_with(|config| {
        config.server.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
        let rate = members_area::base::config::Rate::new(3, members_area::base::config::Period::minutes(1));
        config.throttle.failed_login_per_address = rate;
    })
    .await;
    site.signed_up("ada").await;
    let id = site.user_id("ada").await;
    let mut visitor = site.visitor();
    for (password, outcome, event, reason) in [
        ("wrong", "refused:bad_credentials", "login_failed", Some("bad_credentials")),
        (crate::support::PASSWORD, "accepted", "login", None),
        ("wrong", "refused:bad_credentials", "login_failed", Some("bad_credentials")),
        ("wrong", "refused:bad_credentials", "login_failed", Some("bad_credentials")),
        ("wrong", "refused:throttled", "login_failed", Some("throttled")),
    ] {
        let request = visitor.request(Method::POST, "/api/accounts/log_in");
        let request = request.header("x-forwarded-for", "203.0.113.9");
        let mut stranger = site.visitor();
        let answer = stranger.send(request.form_body(&[("login", "ada"), ("password", password)])).await;
        let line = log::request(answer.request_id());
        assert_eq!((line["client"].as_str(), line["outcome"].as_str()), (Some("203.0.113.9"), Some(outcome)));
        let events: Vec<Value> = lines_of(answer.request_id())
            .into_iter()
            .filter(|line| line["target"] == "members_area::security")
            .collect();
        assert_eq!(events.len(), 1, "{outcome}: {events:?}");
        assert_eq!((events[0]["event"].as_str(), events[0]["reason"].as_str()), (Some(event), reason));
        assert_eq!(events[0]["client"], "203.0.113.9");
        assert_eq!(events[0]["user_id"].as_i64(), (event == "login").then_some(id));
    }
    visitor.log_in("ada").await;
    let denied = visitor.get("/admin").await;
    assert!(lines_of(denied.request_id()).iter().any(|line| line["event"] == "permission_denied"));
    site.stop().await;
}

#[tokio::test]
async fn the_request_id_of_a_trusted_proxy_is_used() {
    let site = TestSite::start_with(|config| {
        config.server.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    })
    .await;
    let mut member = site.member("ada").await;
    // The second time the dashboard is cached.
    for (number, path) in ["/members/dashboard", "/members/dashboard", "/nowhere"].into_iter().enumerate() {
        let id = format!("edge-{:016x}.{number}", rand::random::<u64>());
        let request = member.request(Method::GET, path).header("x-request-id", &id);
        assert_eq!(member.send(request).await.request_id(), id);
        assert_eq!(log::request(&id)["route"].as_str().unwrap_or("-").starts_with('/'), path != "/nowhere");
    }
    for id in ["", "<b>", "ada@example.org", &"x".repeat(65)] {
        let request = member.request(Method::GET, "/").header("x-request-id", id);
        assert_ne!(member.send(request).await.request_id(), id);
    }
    site.stop().await;
    let site = TestSite::start().await;
    let mut visitor = site.visitor();
    let request = visitor.request(Method::GET, "/").header("x-request-id", "forged");
    assert_ne!(visitor.send(request).await.request_id(), "forged");
    site.stop().await;
}

/// hyper answers these by itself. A separate client address tells this test's lines from others'.
#[tokio::test]
async fn malformed_requests_are_logged() {
    let site = TestSite::start().await;
    let client = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 77));
    let large = format!("GET / HTTP/1.1\r\nHost: x\r\nCookie: {}\r\n\r\n", "x".repeat(500_000));
    for (request, status) in [("nonsense\r\n\r\n", 400), (large.as_str(), 431)] {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::new(client, 0)).expect("bound");
        let mut stream = socket.connect(site.address).await.expect("connected");
        // hyper may answer before it has read everything.
        let _ = stream.write_all(request.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let fits = |line: &Value| line["status"] == status && line["client"] == "127.0.0.77";
        log::until("127.0.0.77", fits).await;
    }
    site.stop().await;
}

/// What an operator has after an incident, with the program as shipped.
#[tokio::test]
async fn console_and_file_are_json_with_errors_and_attacks_but_no_secrets() {
    // With a level for all, a line is formatted once for both; with directives, for each.
    for level in ["debug", "warn,members_area=info"] {
        console_and_file_at(level).await;
    }
}

async fn console_and_file_at(level: &str) {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    let file = folder.path().join("log/site.log");
    let site = Serving::start(
        &database,
        folder.path(),
        &[
            ("MEMBERS_AREA_LOG__FILE", file.to_str().expect("a path")),
            ("MEMBERS_AREA_LOG__FORMAT", "json"),
            ("MEMBERS_AREA_LOG__LEVEL", level),
            ("MEMBERS_AREA_THROTTLE__LOGIN_PER_ADDRESS", "2/1m"),
        ],
    );
    let mut member = site.visitor();
    member.sign_up("ada", "ada@example.com").await;
    member.log_in("ada").await;
    for _ in 0..3 {
        site.visitor().log_in_with("s3cretname", "s3cretpassword").await;
    }
    for path in
        ["/accounts/verify/s3cretTokenOfFortyThreeLettersAsInALink1234", "/ada@example.com", "/?s3cret=1"]
    {
        member.get(path).await;
    }
    break_activity(&database).await;
    let failed = member.get("/members/activity").await;
    site.signal("-TERM");
    let (status, console) = site.ended_within(LIMIT);
    assert!(status.success());
    let written = std::fs::read_to_string(&file).expect("the log file");
    let mode = std::fs::metadata(&file).expect("the log file").permissions().mode();
    assert_eq!(mode & 0o777, 0o640, "{mode:o}");
    for line in written.lines() {
        let is_expected = ["WARN", "ERROR", "members_area::request", "members_area::security"]
            .iter()
            .any(|of_file| line.contains(&format!("\"{of_file}\"")));
        assert!(is_expected, "{level}: not for the file: {line}");
    }
    for text in [console.join("\n"), written] {
        assert!(!text.contains("s3cret") && !text.contains("example.com"), "{text}");
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
            .collect();
        let id = failed.request_id();
        let has = |fits: &dyn Fn(&Value) -> bool| lines.iter().any(fits);
        assert!(has(&|line| line["request_id"] == id && line["status"] == 500), "{text}");
        assert!(has(&|line| line["level"] == "ERROR" && line["span"]["request_id"] == id), "{text}");
        assert!(has(&|line| line["event"] == "login_failed" && line["reason"] == "throttled"), "{text}");
        assert!(
            !has(&|line| line["level"] == "ERROR" && line["span"]["request_id"] != id),
            "a refused login is no error: {text}"
        );
    }
    database.remove().await;
}

#[tokio::test]
async fn the_site_starts_without_a_log_folder_and_reports_it() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    // A file of that name: not even root can create the folder.
    std::fs::write(folder.path().join("log"), "").expect("a file");
    let mut command = program(&database, folder.path());
    // Without a command, the program serves.
    command.env_remove("MEMBERS_AREA_LOG__FILE");
    let site = Serving::run(&mut command, folder.path());
    assert_eq!(site.visitor().get("/healthz").await.status, 200);
    site.signal("-TERM");
    let (_, console) = site.ended_within(LIMIT);
    let sentence =
        console.iter().find(|line| line.contains("The log file could not be opened")).expect("a sentence");
    assert!(sentence.contains("ERROR") && sentence.contains("log/requests.log"), "{sentence}");
    // A log file that was configured explicitly must be writable.
    let asked_for =
        refused(program(&database, folder.path()).arg("serve").env("MEMBERS_AREA_LOG__FILE", "log/x"));
    assert!(asked_for.contains("log.file"), "{asked_for}");
    database.remove().await;
}
