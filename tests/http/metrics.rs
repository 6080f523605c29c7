//! The metrics: their address, their format, and what they count.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    net::{SocketAddr, TcpListener},
    process::{Command, Stdio},
    sync::atomic::{AtomicU8, Ordering},
    time::Duration,
};

use members_area::base::config::{Config, MailTransport, Period, Rate};
use reqwest::Method;

use crate::support::{
    PASSWORD, TestSite, Visitor,
    authenticator::{CODES_PAGE, SECOND},
    database::TestDatabase,
    program::Serving,
};

/// A site with metrics. Their address on this machine is used by no other test, so that nobody else
/// takes the free port before the site does.
async fn site_with(change: impl FnOnce(&mut Config)) -> (TestSite, SocketAddr) {
    static NEXT: AtomicU8 = AtomicU8::new(2);
    let host = NEXT.fetch_add(1, Ordering::Relaxed);
    let free = TcpListener::bind((std::net::Ipv4Addr::new(127, 0, 0, host), 0)).expect("a port");
    let address = free.local_addr().expect("its address");
    drop(free);
    let site = TestSite::start_with(|config| {
        config.metrics.address = address.to_string();
        change(config);
    })
    .await;
    (site, address)
}

async fn scrape(address: SocketAddr) -> Metrics {
    let answer = Visitor::new(address).get("/metrics").await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, "text/plain; version=0.0.4; charset=utf-8")
    );
    Metrics::parse(&answer.text())
}

/// The metrics as a strict reader of the text format understands them.
struct Metrics {
    kinds: BTreeMap<String, String>,
    values: BTreeMap<(String, Vec<(String, String)>), f64>,
}

impl Metrics {
    /// Parses a text, and checks what `promtool check metrics` does.
    fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n') && !text.contains("\n\n"), "{text}");
        let (mut kinds, mut values) = (BTreeMap::new(), BTreeMap::new());
        let (mut helped, mut current) = (String::new(), String::new());
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').expect("a sentence");
                assert!(help.ends_with('.'), "{line}");
                name.clone_into(&mut helped);
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').expect("a type");
                assert_eq!(name, helped, "HELP comes first");
                check_name(name, kind);
                assert!(kinds.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} twice");
                name.clone_into(&mut current);
            } else {
                let (name, labels, value) = sample(line);
                let base = match kinds[&current].as_str() {
                    "histogram" => ["_bucket", "_sum", "_count"]
                        .iter()
                        .find_map(|suffix| name.strip_suffix(suffix))
                        .unwrap_or_else(|| panic!("{line}")),
                    _ => name.as_str(),
                };
                assert_eq!(base, current, "the samples of a metric are together");
                let key = (name.clone(), labels);
                assert!(value >= 0.0 && values.insert(key, value).is_none(), "{line}");
            }
        }
        let metrics = Self { kinds, values };
        metrics.check_histograms();
        metrics
    }

    fn check_histograms(&self) {
        for (name, _) in self.kinds.iter().filter(|(_, kind)| *kind == "histogram") {
            let mut series = BTreeMap::<_, Vec<(f64, f64)>>::new();
            for ((found, labels), count) in &self.values {
                if *found == format!("{name}_bucket") {
                    let (bounds, others): (Vec<_>, Vec<_>) =
                        labels.iter().cloned().partition(|(label, _)| label == "le");
                    let bound = bounds[0].1.replace("+Inf", "inf").parse().expect("a number");
                    series.entry(others).or_default().push((bound, *count));
                }
            }
            for (labels, mut buckets) in series {
                buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
                assert!(buckets.is_sorted_by(|one, next| one.1 <= next.1), "{name}: {buckets:?}");
                let (bound, most) = buckets[buckets.len() - 1];
                let count = self.values[&(format!("{name}_count"), labels)];
                assert!(bound.is_infinite() && (most - count).abs() < 0.5, "{name}: {buckets:?}");
            }
        }
    }

    /// The value with exactly these labels; 0 if there is none.
    fn get(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let mut labels: Vec<_> = labels.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect();
        labels.sort();
        self.values.get(&(format!("members_area_{name}"), labels)).copied().unwrap_or_default()
    }
}

/// The names that promtool accepts: a counter is a `_total`, durations are seconds, nothing is
/// abbreviated.
fn check_name(name: &str, kind: &str) {
    let is_letter = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    assert!(name.chars().all(is_letter), "{name}");
    assert!(name.starts_with("members_area_") || name.starts_with("process_"), "{name}");
    assert!(["counter", "gauge", "histogram"].contains(&kind), "{kind}");
    assert_eq!(name.ends_with("_total"), kind == "counter", "{name}");
    assert!(kind != "histogram" || name.ends_with("_seconds"), "{name}");
    let wrong = [
        "counter",
        "gauge",
        "histogram",
        "ms",
        "s",
        "sec",
        "kb",
        "b",
        "mb",
        "minutes",
        "count",
        "sum",
        "bucket",
    ];
    assert!(name.split('_').all(|word| !wrong.contains(&word)), "{name}");
}

/// Reads `NAME{LABEL="TEXT",…} VALUE`. The labels are sorted.
fn sample(line: &str) -> (String, Vec<(String, String)>, f64) {
    let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
    let Some((name, labels)) = series.split_once('{') else {
        return (series.to_owned(), Vec::new(), value.parse().expect("a number"));
    };
    let mut rest = labels.strip_suffix('}').unwrap_or_else(|| panic!("{line}"));
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (label, text) = rest.split_once("=\"").unwrap_or_else(|| panic!("{line}"));
        // None of our labels needs an escape.
        let (text, others) = text.split_once('"').unwrap_or_else(|| panic!("{line}"));
        assert!(!text.contains('\\') && label.bytes().all(|byte| byte.is_ascii_lowercase()), "{line}");
        found.push((label.to_owned(), text.to_owned()));
        rest = others.strip_prefix(',').unwrap_or(others);
    }
    found.sort();
    (name.to_owned(), found, value.parse().unwrap_or_else(|_| panic!("{line}")))
}

#[tokio::test]
async fn metrics_have_an_address_of_their_own_and_there_are_none_without() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    for is_on in [false, true] {
        let settings = [("MEMBERS_AREA_METRICS__ADDRESS", "127.0.0.1:0")];
        let settings = if is_on { &settings[..] } else { &[] };
        if is_on && !database.is_embedded() {
            crate::support::program::said(
                crate::support::program::program(&database, folder.path()).arg("migrate"),
            );
        }
        let site = Serving::start(&database, folder.path(), settings);
        let at =
            site.greeting.iter().find_map(|line| line.split_once("Metrics for Prometheus are at http://"));
        assert_eq!(at.is_some(), is_on, "{:?}", site.greeting);
        assert_eq!(site.visitor().get("/metrics").await.status, 404);
        if let Some((_, at)) = at {
            let address =
                at.trim_end().strip_suffix("/metrics").expect("the path").parse().expect("an address");
            assert!(scrape(address).await.kinds.len() > 10);
            // It shows nothing else.
            for path in ["/", "/healthz", "/accounts/login"] {
                assert_eq!(Visitor::new(address).get(path).await.status, 404);
            }
        }
        site.signal("-TERM");
        assert!(site.ended_within(Duration::from_secs(60)).0.success());
    }
    database.remove().await;
}

#[tokio::test]
async fn requests_are_counted_by_pattern_and_never_by_what_somebody_typed() {
    let (site, address) = site_with(|_| {}).await;
    let mut visitor = site.visitor();
    for _ in 0..3 {
        assert_eq!(visitor.get("/").await.status, 200);
    }
    for path in ["/s3cret-one", "/accounts/reset/s3cret-two", "/members/s3cret\"three"] {
        visitor.get(path).await;
    }
    for method in ["PROPFIND", "S3CRET", "HEAD"] {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let request = visitor.request(method, "/healthz");
        visitor.send(request).await;
    }
    visitor.log_in("s3cret-name").await;
    let text = Visitor::new(address).get("/metrics").await.text();
    assert!(!text.to_lowercase().contains("s3cret"), "{text}");
    let metrics = Metrics::parse(&text);
    let requests = |route, method, status| {
        metrics.get("http_requests_total", &[("route", route), ("method", method), ("status", status)])
    };
    for (route, method, status, count) in [
        // One of them was made, the others came from the cache.
        ("/", "GET", "2xx", 3.0),
        ("none", "GET", "4xx", 2.0),
        ("/accounts/reset/{*token}", "GET", "3xx", 1.0),
        ("/healthz", "HEAD", "2xx", 1.0),
        ("/healthz", "other", "4xx", 2.0),
        ("/accounts/login", "GET", "2xx", 1.0),
        ("/api/accounts/log_in", "POST", "3xx", 1.0),
    ] {
        assert_eq!(requests(route, method, status), count, "{route} {method} {status}\n{text}");
    }
    assert_eq!(metrics.get("http_request_duration_seconds_count", &[("route", "/")]), 3.0);
    assert_eq!(metrics.get("http_requests_in_flight", &[]), 0.0);
    promtool(&text);
    site.stop().await;
}

/// Where Prometheus' own checker is installed, it finds nothing.
fn promtool(text: &str) {
    let mut command = Command::new("promtool");
    command.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else { return };
    child.stdin.take().expect("piped").write_all(text.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[tokio::test]
async fn logins_are_counted_by_what_was_tried_and_the_result() {
    let (site, address) = site_with(|_| {}).await;
    site.proven_member("ada").await;
    let mut owner = site.proven_member("bob").await;
    let (app, _) = site.set_up_app(&mut owner).await;
    let before = scrape(address).await;
    let of = |metrics: &Metrics, method, result| {
        metrics.get("logins_total", &[("method", method), ("result", result)])
    };
    assert_eq!((of(&before, "password", "accepted"), of(&before, "passkey", "accepted")), (2.0, 0.0));
    assert!(before.values.keys().any(|(_, labels)| labels.contains(&("method".into(), "passkey".into()))));

    site.visitor().log_in_with("ada", "wrong").await;
    site.visitor().post("/api/accounts/passkey_log_in", &[("credential", "{}")]).await;
    let mut visitor = site.visitor();
    visitor.post("/api/accounts/mail_code", &[("login", "ada")]).await;
    let mail = site.mail_to("ada@example.com", "Your code to log in", 1).await;
    for code in ["BBBB-BBBB", &mail.code()] {
        visitor.post("/api/accounts/log_in_by_code", &[("code", code)]).await;
    }
    let mut visitor = site.visitor();
    assert_eq!(visitor.log_in("bob").await.location(), SECOND, "not counted yet");
    for code in ["123456".to_owned(), app.new_code(&site)] {
        visitor.enter(&code).await;
    }
    let metrics = scrape(address).await;
    for (method, result, count) in [
        ("password", "accepted", 3.0),
        ("password", "refused:bad_credentials", 1.0),
        ("mailed_code", "accepted", 1.0),
        ("mailed_code", "refused:code_incorrect", 1.0),
        ("second_factor", "refused:second_factor_incorrect", 1.0),
    ] {
        assert_eq!(of(&metrics, method, result), count, "{method} {result}: {:?}", metrics.values);
    }
    // As many hashes as passwords were set and checked.
    assert!(metrics.get("hash_queue_wait_seconds_count", &[]) >= 6.0);
    assert_eq!(metrics.get("hash_queue_length", &[]), 0.0);
    site.stop().await;
}

#[tokio::test]
async fn a_recovery_code_costs_one_hash_however_many_are_left() {
    let (site, address) = site_with(|_| {}).await;
    let mut owner = site.proven_member("ada").await;
    let (_, codes) = site.set_up_app(&mut owner).await;
    // Enters a code of a new login. Returns whether it is right.
    let try_code = async |code: &str| {
        let mut visitor = site.visitor();
        assert_eq!(visitor.log_in("ada").await.location(), SECOND);
        let hashes = async || scrape(address).await.get("hash_queue_wait_seconds_count", &[]);
        let before = hashes().await;
        let is_right = visitor.enter(code).await.location() != SECOND;
        assert_eq!(hashes().await - before, 1.0, "{code}");
        is_right
    };
    let other = |letter: char| format!("{letter}{letter}{}", &codes[0][2..]);
    let is_free = |other: &String| codes.iter().all(|code| code[..2] != other[..2]);
    let unknown = ('A'..='Z').map(other).find(is_free).expect("ten of 26 are taken at most");
    for code in &codes {
        let wrong = format!("{}{}", &code[..17], if code.ends_with("AA") { "BB" } else { "AA" });
        assert!(!try_code(&wrong).await && !try_code(&unknown).await && try_code(code).await, "{code}");
    }
    assert_eq!(site.database.number("SELECT COUNT(*) FROM factors WHERE kind = 'recovery'").await, 0);
    // Nor is a code compared with the others than that with its beginning.
    owner.post("/api/members/new_recovery_codes", &[]).await;
    let codes = owner.get(CODES_PAGE).await.find_all(".codes code");
    let (one, two) = (&codes[0], &codes[1]);
    let hash_of_one = format!("(SELECT secret FROM factors WHERE handle = '{}')", &one[..2]);
    let exchange = format!("UPDATE factors SET secret = {hash_of_one} WHERE handle = '{}'", &two[..2]);
    site.database.execute(&exchange).await;
    site.database.execute(&format!("DELETE FROM factors WHERE handle = '{}'", &one[..2])).await;
    assert!(!try_code(one).await && !try_code(two).await);
    assert!(try_code(&format!("{}{}", &two[..2], &one[2..])).await);
    site.stop().await;
}

#[tokio::test]
async fn exhausted_rate_limits_are_counted_by_name() {
    let (site, address) =
        site_with(|config| config.throttle.login_per_address = Rate::new(2, Period::minutes(1))).await;
    for _ in 0..5 {
        site.visitor().post("/api/accounts/log_in", &[("login", "ada"), ("password", PASSWORD)]).await;
    }
    let metrics = scrape(address).await;
    assert_eq!(metrics.get("rate_limited_total", &[("limit", "login_per_address")]), 3.0);
    let refused = [("method", "password"), ("result", "refused:throttled")];
    assert_eq!(metrics.get("logins_total", &refused), 3.0);
    site.stop().await;
}

#[tokio::test]
async fn sessions_mails_cache_pool_and_memory_are_as_they_are() {
    let (site, address) = site_with(|config| {
        config.mail.transport = MailTransport::Smtp("smtp://127.0.0.1:9".into());
        config.sessions.browser_idle = Period::minutes(60);
        config.sessions.idle = Period::minutes(60);
    })
    .await;
    let mut ada = site.member("ada").await;
    site.member("bob").await;
    for _ in 0..3 {
        assert_eq!(ada.get("/members/dashboard").await.status, 200);
    }
    let waiting = site.database.number("SELECT COUNT(*) FROM mails").await;
    assert!(waiting >= 2);
    site.clock.advance(Duration::from_secs(600));
    // The page has expired; it is kept anew.
    assert_eq!(ada.get("/members/dashboard").await.status, 200);
    let metrics = scrape(address).await;
    assert_eq!(metrics.get("sessions", &[]), 2.0);
    assert_eq!(metrics.get("mails_waiting", &[]), waiting as f64);
    assert!((600.0..1200.0).contains(&metrics.get("oldest_mail_age_seconds", &[])));
    let lookups =
        |result| metrics.get("cache_lookups_total", &[("name", "/members/dashboard"), ("result", result)]);
    assert!(lookups("hit") >= 1.0 && lookups("miss") >= 1.0, "{:?}", metrics.values);
    let [entries, bytes] =
        ["cache_entries", "cache_bytes"].map(|name| metrics.get(name, &[("name", "/members/dashboard")]));
    assert!(entries >= 1.0 && bytes > 1000.0, "{entries} entries of {bytes} bytes");
    let pool = if site.database.is_embedded() { "read" } else { "all" };
    let open = ["in_use", "idle"]
        .map(|state| metrics.get("database_connections", &[("pool", pool), ("state", state)]));
    assert!(open.iter().sum::<f64>() >= 1.0, "{open:?}");
    assert_eq!(metrics.get("database_connections_max", &[("pool", pool)]), 4.0);
    let memory = metrics.values[&("process_resident_memory_bytes".to_owned(), Vec::new())];
    assert!(memory > 1_000_000.0);
    for check in ["database", "schema", "cache", "mail", "disk"] {
        assert_eq!(metrics.get("check_level", &[("check", check)]), 0.0, "{check}");
    }
    // Ended sessions do not count.
    site.clock.advance(Duration::from_secs(3600));
    let metrics = scrape(address).await;
    assert_eq!(metrics.get("sessions", &[]), 0.0);
    assert_eq!(metrics.get("check_level", &[("check", "mail")]), 1.0, "the oldest mail is too old");
    site.database.break_tables().await;
    site.clock.advance(Duration::from_secs(1));
    let metrics = scrape(address).await;
    assert_eq!(metrics.get("check_level", &[("check", "database")]), 3.0, "and the rest is still told");
    site.stop().await;
}

#[tokio::test]
async fn the_dashboard_for_grafana_uses_only_these_names() {
    let (site, address) = site_with(|_| {}).await;
    let metrics = scrape(address).await;
    site.stop().await;
    let text = include_str!("../../docs/grafana-dashboard.json");
    let dashboard: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let queries: Vec<&str> = panels
        .iter()
        .flat_map(|panel| panel["targets"].as_array().into_iter().flatten())
        .map(|target| target["expr"].as_str().expect("a query"))
        .collect();
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let names: BTreeSet<&str> = queries
        .iter()
        .flat_map(|query| query.split(|letter| !is_name(letter)))
        .filter(|word| word.starts_with("members_area_") || word.starts_with("process_"))
        .map(|word| {
            word.strip_suffix("_bucket").filter(|base| metrics.kinds.contains_key(*base)).unwrap_or(word)
        })
        .collect();
    let known: BTreeSet<&str> = metrics.kinds.keys().map(String::as_str).collect();
    assert_eq!(names, known, "each is on the dashboard, and there are no others");
}
