//! Passwords that have appeared in data breaches: looked up in a file, or at a server.

use std::{
    convert::Infallible,
    fs::File,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use members_area::{
    auth::breached::build::build,
    base::config::{Breached, Config, Period},
};
use sha1::{Digest, Sha1};
use url::Url;

use crate::support::{
    PASSWORD, TestSite, Visitor,
    authenticator::SECOND,
    log,
    program::{program, refused, run, said, text},
    tls::{CA_FILE, in_front_of},
};

/// Breaks no other rule.
const BREACHED: &str = "tempest in a teacup";
const SENTENCE: &str = "This password has appeared in a data breach. Choose another.";
const REMINDER: &str =
    "Your password has appeared in a data breach, so others may guess it. Change your password.";
const CHANGE: &str = "/accounts/password_change";

fn hash(password: &str) -> String {
    Sha1::digest(password).iter().map(|byte| format!("{byte:02X}")).collect()
}

/// Builds a file with these passwords, to stay while the folder does.
fn file_with(folder: &Path, passwords: &[&str]) -> PathBuf {
    let list: String = passwords.iter().map(|password| format!("{}:5\n", hash(password))).collect();
    let file = folder.join("breached");
    build(list.as_bytes(), &file, 1, |_| {}).expect("built");
    file
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

async fn signs_up(site: &TestSite, password: &str) -> bool {
    let name = format!("n{:08x}", rand::random::<u32>());
    let fields = [
        ("username", name.as_str()),
        ("email", "x@example.net"),
        ("password1", password),
        ("password2", password),
    ];
    site.visitor().submit("/accounts/signup", &fields).await.location() == "/accounts/login"
}

#[tokio::test]
async fn every_form_refuses_a_breached_password() {
    let folder = folder();
    let file = file_with(folder.path(), &[BREACHED]);
    let site = TestSite::start_with(|config| config.passwords.breached = Breached::File(file)).await;
    let staff = site.superuser("root").await;
    site.signed_up("ada").await;
    let id = site.user_id("ada").await.to_string();
    let mut owner = site.visitor();
    owner.submit("/accounts/password_reset", &[("email", "ada@example.com")]).await;
    let link = site.mail_to("ada@example.com", "Set a new password", 1).await.link();
    let reset = owner.get(&link).await.location().to_owned();
    let page = owner.get(&reset).await;
    assert!(page.text().contains("not one that has appeared in a data breach"));
    let refused = r#"{"Refused":[["password1","PasswordBreached"]]}"#;
    for (who, path, more) in [
        (
            &mut site.visitor(),
            "/api/accounts/sign_up",
            vec![("username", "eva"), ("email", "eva@example.com")],
        ),
        (&mut staff.clone(), "/api/accounts/change_password", vec![("old_password", PASSWORD)]),
        (&mut staff.clone(), "/api/admin/set_password", vec![("user", id.as_str())]),
        (&mut staff.clone(), "/api/admin/add_user", vec![("username", "kim"), ("email", "kim@example.com")]),
        (&mut owner, "/api/accounts/reset_password", vec![]),
    ] {
        let with = |password| [more.as_slice(), &[("password1", password), ("password2", password)]].concat();
        assert_eq!(who.call(path, &with(BREACHED)).await.text(), refused, "{path}");
    }
    owner.submit(&reset, &[("password1", BREACHED), ("password2", BREACHED)]).await;
    assert_eq!(owner.get(&reset).await.errors("password1"), [SENTENCE]);
    assert!(signs_up(&site, "tempest in a teapot").await);
    site.stop().await;
}

/// The link to set up the first superuser, and the command line.
#[tokio::test]
async fn the_first_superuser_and_the_command_line_are_held_to_it_too() {
    let folder = folder();
    let file = file_with(folder.path(), &[BREACHED]);
    let setting = format!("file:{}", file.display());
    let site = TestSite::start_with(|config| config.passwords.breached = Breached::File(file)).await;
    let with = |arguments: &[&str]| {
        let mut command = program(&site.database, folder.path());
        command.args(arguments).env("MEMBERS_AREA_PASSWORDS__BREACHED", &setting);
        command
            .env("SUPERUSER_USERNAME", "root")
            .env("SUPERUSER_EMAIL", "root@example.com")
            .env("SUPERUSER_PASSWORD", BREACHED);
        command
    };
    let error = refused(&mut with(&["createsuperuser", "--noinput"]));
    assert!(error.contains(SENTENCE), "{error}");
    said(with(&["createsuperuser", "--noinput"]).env("SUPERUSER_PASSWORD", PASSWORD));
    let new = folder.path().join("new");
    for (password, accepted) in [(BREACHED, false), ("tempest in a teapot", true)] {
        std::fs::write(&new, format!("{password}\n")).expect("written");
        let changed = run(with(&["changepassword", "root"]).stdin(File::open(&new).expect("opened")));
        assert_eq!(changed.status.success(), accepted, "{}", text(&changed));
        assert_eq!(text(&changed).contains(SENTENCE), !accepted, "{}", text(&changed));
    }
    site.stop().await;
}

fn reminders(page: &crate::support::Page) -> usize {
    page.text().matches("appeared in a data breach, so others").count()
}

#[tokio::test]
async fn a_login_with_a_breached_password_reminds_once_and_blocks_nothing() {
    let folder = folder();
    let file = file_with(folder.path(), &[PASSWORD]);
    let site = TestSite::start().await;
    site.signed_up("ada").await;
    let site = {
        let database = site.halt().await;
        TestSite::start_on(database, |config| config.passwords.breached = Breached::File(file)).await
    };
    let mut ada = site.visitor();
    assert_eq!(ada.log_in("ada").await.location(), "/members/dashboard");
    let page = ada.get("/members/dashboard").await;
    assert_eq!(page.find("[role=alert].message"), REMINDER);
    assert_eq!(page.attribute("[role=alert].message a", "href").as_deref(), Some(CHANGE));
    assert_eq!(reminders(&ada.get("/members/dashboard").await), 0);
    // Whoever cannot take the second step is not told.
    let (app, _) = site.set_up_app(&mut ada).await;
    let mut other = site.visitor();
    assert_eq!(other.log_in("ada").await.location(), SECOND);
    assert_eq!(reminders(&other.get(SECOND).await), 0);
    other.enter(&app.new_code(&site)).await;
    assert_eq!(reminders(&other.get("/members/dashboard").await), 1);
    // Not for a failed login with the same password.
    let mut stranger = site.visitor();
    stranger.log_in("nobody").await;
    assert_eq!(reminders(&stranger.get("/accounts/login").await), 0);
    site.stop().await;
}

#[derive(Clone, Copy)]
enum Answer {
    List,
    Page,
    Endless,
    Nothing,
    Failure,
}

/// A server that speaks the range protocol, and knows one password.
struct RangeServer {
    address: SocketAddr,
    answer: Arc<Mutex<Answer>>,
    requests: Arc<Mutex<Vec<(String, HeaderMap)>>>,
}

impl RangeServer {
    async fn start(known: &'static str) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (answer, requests) = (Arc::new(Mutex::new(Answer::List)), Arc::new(Mutex::new(Vec::new())));
        let (how, seen) = (answer.clone(), requests.clone());
        let app = Router::new().fallback(move |request: Request| {
            seen.lock().expect("a lock").push((request.uri().to_string(), request.headers().clone()));
            let how = *how.lock().expect("a lock");
            answer_with(how, known)
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, answer, requests }
    }

    fn url(&self) -> Url {
        Url::parse(&format!("http://{}/range/", self.address)).expect("a URL")
    }

    fn set(&self, answer: Answer) {
        *self.answer.lock().expect("a lock") = answer;
    }

    /// Returns the requests since the last call.
    fn taken(&self) -> Vec<(String, HeaderMap)> {
        std::mem::take(&mut *self.requests.lock().expect("a lock"))
    }

    fn warnings(&self) -> Vec<String> {
        let url = self.url().to_string();
        log::lines("Breached passwords cannot be looked up", |line| line["list"] == url)
            .iter()
            .map(|line| line["error"].as_str().expect("an error").to_owned())
            .collect()
    }
}

async fn answer_with(how: Answer, known: &str) -> Response {
    match how {
        Answer::List => {
            let padding = format!("{}:0", &hash("correct horse battery")[5..]);
            format!("{padding}\r\n{}:0\r\n{}:12", "0".repeat(35), &hash(known)[5..]).into_response()
        }
        Answer::Page => "<!doctype html><title>Welcome to this network</title>".into_response(),
        Answer::Endless => {
            let line = format!("{}:1\r\n", "0".repeat(35)).repeat(1000);
            let lines = std::iter::repeat_n(Ok::<_, Infallible>(line), 130);
            Body::from_stream(tokio_stream::iter(lines)).into_response()
        }
        Answer::Nothing => std::future::pending().await,
        Answer::Failure => StatusCode::TOO_MANY_REQUESTS.into_response(),
    }
}

async fn site_with(server: &RangeServer) -> TestSite {
    let url = server.url();
    TestSite::start_with(|config: &mut Config| config.passwords.breached = Breached::Range(url)).await
}

#[tokio::test]
async fn a_server_learns_five_digits_and_nothing_else() {
    let server = RangeServer::start(BREACHED).await;
    let site = site_with(&server).await;
    assert!(!signs_up(&site, BREACHED).await);
    let [(path, headers)] = &server.taken()[..] else { panic!("one request") };
    assert_eq!(*path, format!("/range/{}", &hash(BREACHED)[..5]));
    assert_eq!(headers["add-padding"], "true");
    let mut names: Vec<&str> = headers.keys().map(|name| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["add-padding", "host", "user-agent"]);
    assert_eq!(headers["host"], *server.address.to_string());
    assert_eq!(headers["user-agent"], "members-area");
    // The count 0 is padding.
    assert!(signs_up(&site, PASSWORD).await);
    // What has another problem is not asked.
    server.taken();
    assert!(!signs_up(&site, "password").await);
    assert!(server.taken().is_empty());
    // The text as typed, too: lists have passwords in any form.
    assert!(signs_up(&site, "ﬁne weather for ducks").await);
    let asked: Vec<String> = server.taken().into_iter().map(|(path, _)| path).collect();
    let forms = ["fine weather for ducks", "ﬁne weather for ducks"];
    assert_eq!(asked, forms.map(|form| format!("/range/{}", &hash(form)[..5])));
    assert!(server.warnings().is_empty());
    site.stop().await;
}

#[tokio::test]
async fn a_server_that_does_not_answer_blocks_nobody() {
    let server = RangeServer::start(BREACHED).await;
    server.set(Answer::Nothing);
    let url = server.url();
    let site = TestSite::start_with(|config: &mut Config| {
        config.passwords.breached = Breached::Range(url);
        config.passwords.breached_timeout = Period::millis(300);
    })
    .await;
    assert!(signs_up(&site, BREACHED).await);
    assert_eq!(server.warnings(), ["no answer within 300ms, passwords.breached_timeout"]);
    site.stop().await;
}

/// Otherwise a login would take longer for an account that exists, or send away wrong passwords.
#[tokio::test]
async fn only_the_right_password_of_a_login_is_asked_for() {
    let server = RangeServer::start(PASSWORD).await;
    let site = site_with(&server).await;
    server.set(Answer::Failure);
    site.signed_up("ada").await;
    server.set(Answer::List);
    server.taken();
    for (login, password) in [("ada", BREACHED), ("nobody", PASSWORD), ("ada", "")] {
        let mut visitor: Visitor = site.visitor();
        assert_eq!(visitor.log_in_with(login, password).await.location(), "/accounts/login");
    }
    assert!(server.taken().is_empty());
    let mut ada = site.visitor();
    assert_eq!(ada.log_in("ada").await.location(), "/members/dashboard");
    assert_eq!(server.taken().len(), 1);
    assert_eq!(reminders(&ada.get("/members/dashboard").await), 1);
    site.stop().await;
}

#[tokio::test]
async fn a_server_that_fails_blocks_nobody_and_the_log_says_so_once_a_minute() {
    let server = RangeServer::start(BREACHED).await;
    let site = site_with(&server).await;
    for (answer, why) in [
        (Answer::Page, "the answer is not a list of hashes"),
        (Answer::Endless, "length limit exceeded"),
        (Answer::Failure, "the server answers 429 Too Many Requests"),
    ] {
        server.set(answer);
        assert!(signs_up(&site, BREACHED).await, "{why}");
        let warnings = server.warnings();
        assert!(warnings.last().is_some_and(|warning| warning.contains(why)), "{why}: {warnings:?}");
        let (count, _) = (warnings.len(), server.set(Answer::Failure));
        assert!(signs_up(&site, BREACHED).await, "{why}");
        assert_eq!(server.warnings().len(), count, "one a minute");
        site.clock.advance(Duration::from_secs(61));
    }
    // No line has the password or its hash.
    assert!(!log::contains(BREACHED) && !log::contains(&hash(BREACHED)[..5]));
    server.set(Answer::List);
    assert!(!signs_up(&site, BREACHED).await);
    site.stop().await;
}

#[tokio::test]
async fn a_server_needs_a_certificate_of_a_known_authority() {
    for (ca_file, is_found) in [(CA_FILE, true), ("", false)] {
        let server = RangeServer::start(BREACHED).await;
        let address = in_front_of(server.address.to_string(), "127.0.0.1", false).await;
        let url = Url::parse(&format!("https://{address}/range/")).expect("a URL");
        let name = url.to_string();
        let site = TestSite::start_with(|config| {
            config.passwords.breached = Breached::Range(url);
            config.tls.ca_file = ca_file.into();
        })
        .await;
        assert_eq!(signs_up(&site, BREACHED).await, !is_found, "{ca_file}");
        let warnings = log::lines("Breached passwords cannot be looked up", |line| line["list"] == name);
        assert_eq!(warnings.is_empty(), is_found);
        let explains = |line: &serde_json::Value| line["error"].to_string().contains("nor in tls.ca_file");
        assert!(warnings.iter().all(explains), "{warnings:?}");
        site.stop().await;
    }
}

#[tokio::test]
async fn the_command_builds_a_file_and_the_start_refuses_a_damaged_one() {
    let (site, folder) = (TestSite::start().await, folder());
    let (list, file) = (folder.path().join("list"), folder.path().join("breached"));
    std::fs::write(&list, format!("{}:5\n{}:4\n", hash(BREACHED), hash(PASSWORD))).expect("written");
    let setting = format!("file:{}", file.display());
    let with = |arguments: &[&str]| {
        let mut command = program(&site.database, folder.path());
        // It names the file before there is one.
        command.args(arguments).env("MEMBERS_AREA_PASSWORDS__BREACHED", &setting).stdin(Stdio::null());
        // The port of the defaults may be taken.
        command.env("MEMBERS_AREA_SERVER__ADDRESS", "127.0.0.1:0");
        command
    };
    let path = file.to_str().expect("UTF-8");
    let error = refused(&mut with(&["check"]));
    assert!(error.contains("passwords.breached must name a file") && error.lines().count() == 1, "{error}");
    let error = refused(&mut with(&["passwords", "build", path]));
    assert!(error.contains("the list is empty"), "{error}");
    let input = || File::open(&list).expect("opened");
    let done = said(with(&["passwords", "build", path, "--at-least", "5"]).stdin(input()));
    assert!(done.contains("with 1 of 2 line(s)"), "{done}");
    said(&mut with(&["check"]));
    let error = refused(with(&["passwords", "build", list.to_str().expect("UTF-8")]).stdin(input()));
    assert!(error.contains("choose another name"), "{error}");
    let mut damaged = std::fs::read(&file).expect("read");
    *damaged.last_mut().expect("a byte") ^= 1;
    std::fs::write(&file, damaged).expect("written");
    for command in ["check", "serve"] {
        let error = refused(&mut with(&[command]));
        assert!(error.contains("is damaged or incomplete: build it again"), "{command}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    // Not as long as one byte of a gigabyte: other commands read its beginning alone.
    said(&mut with(&["permissions"]));
    site.stop().await;
}
