//! Replacing instances one by one, and pages of the build before.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use reqwest::{
    Client, Method,
    header::{ACCEPT, COOKIE},
    redirect::Policy,
};

use crate::support::{
    PASSWORD, Page, TestSite, database::TestDatabase, program::Serving, until, visitor::FormBody,
};

type Cookies = BTreeMap<String, String>;

/// Asks one instance after the other, and the next one if it cannot be reached, as a proxy does.
struct RoundRobin {
    instances: Mutex<Vec<SocketAddr>>,
    turn: AtomicUsize,
    /// Keeps connections.
    client: Client,
    answers: AtomicUsize,
    is_over: AtomicBool,
}

impl RoundRobin {
    fn before(instances: Vec<SocketAddr>) -> Arc<Self> {
        let client = Client::builder().redirect(Policy::none()).timeout(Duration::from_secs(120)).build();
        Arc::new(Self {
            instances: Mutex::new(instances),
            turn: AtomicUsize::new(0),
            client: client.expect("a client"),
            answers: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
        })
    }

    fn change(&self, change: impl FnOnce(&mut Vec<SocketAddr>)) {
        change(&mut self.instances.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn next(&self) -> SocketAddr {
        let instances = self.instances.lock().unwrap_or_else(PoisonError::into_inner);
        instances[self.turn.fetch_add(1, Ordering::Relaxed) % instances.len()]
    }

    /// Returns the answer of an instance. Any failure but a refused connection is one of the test.
    async fn ask(&self, cookies: &Cookies, method: Method, path: &str, fields: &[(&str, &str)]) -> Page {
        loop {
            let url = format!("http://{}{path}", self.next());
            let mut request = self.client.request(method.clone(), url).header(ACCEPT, "text/html");
            if !cookies.is_empty() {
                let cookies: Vec<String> =
                    cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
                request = request.header(COOKIE, cookies.join("; "));
            }
            if method == Method::POST {
                request = request.header("sec-fetch-site", "same-origin").form_body(fields);
            }
            match request.send().await {
                Ok(response) => {
                    self.answers.fetch_add(1, Ordering::Relaxed);
                    return Page::read(response).await.expect("a whole body");
                }
                Err(error) if error.is_connect() => {}
                Err(error) => panic!("{method} {path}: {error:?}"),
            }
        }
    }

    async fn answers(&self, more: usize) {
        let wanted = self.answers.load(Ordering::Relaxed) + more;
        until("the load goes on", async || {
            tokio::task::yield_now().await;
            self.answers.load(Ordering::Relaxed) >= wanted
        })
        .await;
    }

    /// Reads pages with their stylesheets.
    async fn read(self: Arc<Self>, cookies: Cookies) {
        while !self.is_over.load(Ordering::Relaxed) {
            let page = self.ask(&cookies, Method::GET, "/members/secret", &[]).await;
            assert_eq!(page.status, 200, "{}", page.text());
            // Of the other build, as often as not.
            let style = page.attribute("link[rel=stylesheet]", "href").expect("a stylesheet");
            assert_eq!(self.ask(&cookies, Method::GET, &style, &[]).await.status, 200, "{style}");
        }
    }

    /// Saves names and logs in. Returns the last name that was acknowledged.
    async fn write(self: Arc<Self>, cookies: Cookies, username: String) -> String {
        let mut saved = String::new();
        for round in 0.. {
            if self.is_over.load(Ordering::Relaxed) {
                break;
            }
            let name = format!("Name{round}");
            let fields = [("username", username.as_str()), ("first_name", &name), ("last_name", "")];
            let page = self.ask(&cookies, Method::POST, "/api/members/save_profile", &fields).await;
            assert_eq!((page.status, page.location()), (303, "/members/profile"), "{}", page.text());
            saved = name;
            let fields = [("login", username.as_str()), ("password", PASSWORD)];
            let page = self.ask(&Cookies::new(), Method::POST, "/api/accounts/log_in", &fields).await;
            assert_eq!((page.status, page.location()), (303, "/members/dashboard"), "{}", page.text());
        }
        saved
    }
}

/// Starts an instance, of another build if it has a `mark`.
fn start(database: &TestDatabase, folder: &Path, mark: &str) -> Serving {
    if !mark.is_empty() {
        let split = folder.join("site/pkg/split");
        std::fs::create_dir_all(&split).expect("a folder");
        std::fs::write(split.join("new.wasm"), mark).expect("a file");
    }
    const MANY: &str = "1000000/1m";
    let settings = [
        // Much longer than it takes to notice.
        ("MEMBERS_AREA_SERVER__DRAIN", "3s"),
        ("MEMBERS_AREA_THROTTLE__LOGIN_PER_ADDRESS", MANY),
        ("MEMBERS_AREA_THROTTLE__SIGN_UP_PER_ADDRESS", MANY),
        ("MEMBERS_AREA_THROTTLE__PROFILE_CHANGES_PER_ACCOUNT", MANY),
        ("MEMBERS_AREA_SECOND_FACTOR__REQUIRED", "nobody"),
    ];
    Serving::start(database, folder, &settings)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_instances_are_replaced_one_by_one_without_a_failed_request() {
    let database = TestDatabase::create().await;
    let folders: Vec<_> = (0..6).map(|_| tempfile::tempdir().expect("a folder")).collect();
    let old: Vec<Serving> = folders[..3].iter().map(|folder| start(&database, folder.path(), "")).collect();
    let front = RoundRobin::before(old.iter().map(|site| site.address).collect());
    let (mut readers, mut writers) = (Vec::new(), Vec::new());
    for name in ["ada", "bob", "cyd", "dan"] {
        let mut visitor = old[0].visitor();
        visitor.sign_up(name, &format!("{name}@example.com")).await;
        assert_eq!(visitor.log_in(name).await.location(), "/members/dashboard");
        match name {
            "ada" | "bob" => readers.push(tokio::spawn(front.clone().read(visitor.cookies))),
            _ => writers.push((name, tokio::spawn(front.clone().write(visitor.cookies, name.to_owned())))),
        }
    }
    let mut new = Vec::new();
    for (old, folder) in old.into_iter().zip(&folders[3..]) {
        front.answers(20).await;
        let address = old.address;
        old.signal("-TERM");
        until("a proxy notices", async || {
            let answer = reqwest::get(format!("http://{address}/readyz")).await;
            answer.is_err() || answer.is_ok_and(|answer| answer.status() == 503)
        })
        .await;
        front.change(|instances| instances.retain(|other| *other != address));
        let ended = tokio::task::spawn_blocking(move || old.ended_within(Duration::from_secs(60)));
        let (status, _) = ended.await.expect("no panic");
        assert!(status.success(), "{status}");
        // Old and new go on together for a while.
        front.answers(20).await;
        let started = start(&database, folder.path(), "another build");
        front.change(|instances| instances.push(started.address));
        new.push(started);
    }
    front.answers(20).await;
    front.is_over.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.expect("no failed request");
    }
    for (name, writer) in writers {
        let saved = writer.await.expect("no failed request");
        let stored = format!("SELECT first_name FROM users WHERE username = '{name}'");
        assert_eq!(database.text(&stored).await, saved, "what was acknowledged is there");
    }
    for site in new {
        site.signal("-TERM");
        let ended = tokio::task::spawn_blocking(move || site.ended_within(Duration::from_secs(60)));
        ended.await.expect("no panic");
    }
    database.remove().await;
}

#[tokio::test]
async fn a_function_that_no_longer_exists_asks_for_a_reload() {
    let site = TestSite::start().await;
    for mut visitor in [site.visitor(), site.member("ada").await] {
        let by_script = visitor.call("/api/members/of_the_build_before", &[("name", "Ada")]).await;
        assert_eq!((by_script.status, by_script.text().as_str()), (404, "\"Outdated\""));
        let by_form = visitor.post("/api/members/of_the_build_before", &[("name", "Ada")]).await;
        let sentence = by_form.find("main p:not(.error-status)");
        assert_eq!((by_form.status, sentence.contains("Please reload it")), (404, true), "{sentence}");
    }
    site.stop().await;
}
