//! Full disks, missing files, unreachable servers: nothing is lost, and everything recovers by
//! itself.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use members_area::base::{config, db::Database};
use rlimit::Resource;
use sqlx::{AnyConnection, Connection, Executor};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::support::{TestSite, Visitor, database::TestDatabase, log, program::program, site::built_files};

const TIMEOUT: Duration = crate::support::PATIENCE;

/// The program itself, serving; stopped with the test.
struct Serving {
    child: Child,
    address: SocketAddr,
}

impl Serving {
    fn start(command: &mut Command) -> Self {
        let mut child = command
            .arg("serve")
            .env("MEMBERS_AREA_SERVER__ADDRESS", "127.0.0.1:0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let address = lines
            .find_map(|line| line.expect("text").strip_prefix("Listening on http://").map(str::to_owned))
            .and_then(|address| address.parse().ok())
            .expect("an address");
        // The pipe must not fill up.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address }
    }

    /// Limits the size of the process's files from now on, in bytes.
    fn limit_files(&self, bytes: u64) {
        let pid = i32::try_from(self.child.id()).expect("a number of a process");
        rlimit::prlimit(pid, Resource::FSIZE, Some((bytes, rlimit::INFINITY)), None).expect("a limit");
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn signs_up(address: SocketAddr, name: &str) -> u16 {
    let mut visitor = Visitor::new(address);
    visitor.sign_up(name, &format!("{name}@example.com")).await.status
}

/// Waits until `/readyz` answers with this status.
async fn until_ready(address: SocketAddr, status: u16) {
    let begun = Instant::now();
    while Visitor::new(address).get("/readyz").await.status != status {
        assert!(begun.elapsed() < TIMEOUT, "/readyz is never {status}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_full_disk_is_an_outage_only_while_it_is_full() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    if !database.is_embedded() {
        return database.remove().await;
    }
    let files = built_files(folder.path());
    let mut command = program(&database, folder.path());
    let site = Serving::start(command.env("MEMBERS_AREA_SERVER__SITE_ROOT", files));
    assert_eq!(signs_up(site.address, "before").await, 303);
    for round in 0..3 {
        // No file can grow any more.
        site.limit_files(1);
        assert_eq!(signs_up(site.address, &format!("during{round}")).await, 503);
        let mut visitor = Visitor::new(site.address);
        // Only a write can show that it is over.
        until_ready(site.address, 503).await;
        assert_eq!(visitor.get("/accounts/login").await.status, 200);
        site.limit_files(rlimit::INFINITY);
        assert_eq!(signs_up(site.address, &format!("after{round}")).await, 303);
        until_ready(site.address, 200).await;
        assert_eq!(visitor.log_in("before").await.location(), "/members/dashboard");
    }
    drop(site);
    assert_eq!(database.number("SELECT COUNT(*) FROM users").await, 4, "what failed left nothing");
    assert_eq!(database.text("PRAGMA integrity_check").await, "ok");
}

#[tokio::test]
async fn a_deleted_or_replaced_database_file_is_noticed() {
    let site = TestSite::start().await;
    let Some(path) = site.database.url.strip_prefix("sqlite://").map(std::path::PathBuf::from) else {
        return site.stop().await;
    };
    let member = site.member("ada").await;
    let elsewhere = path.with_extension("elsewhere");
    for replace in [false, true] {
        std::fs::rename(&path, &elsewhere).expect("moved");
        if replace {
            std::fs::copy(&elsewhere, &path).expect("another");
        }
        assert_eq!(signs_up(site.address, "lost").await, 503);
        until_ready(site.address, 503).await;
        let what = if replace { "was replaced while" } else { "was deleted or moved while" };
        let name = path.display().to_string();
        let said = log::lines(what, |line| line["level"] == "ERROR" && line["file"] == name.as_str());
        assert_eq!(said.len(), 1, "{said:?}");
        std::fs::rename(&elsewhere, &path).expect("moved back");
        until_ready(site.address, 200).await;
    }
    assert_eq!(signs_up(site.address, "bob").await, 303);
    drop(member);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM users").await, 2);
    site.stop().await;
}

/// Noticed even without requests.
#[tokio::test]
async fn a_deleted_database_file_is_noticed_without_traffic() {
    let site = TestSite::start().await;
    let Some(path) = site.database.url.strip_prefix("sqlite://").map(std::path::PathBuf::from) else {
        return site.stop().await;
    };
    let elsewhere = path.with_extension("elsewhere");
    std::fs::rename(&path, &elsewhere).expect("moved");
    let name = path.display().to_string();
    log::until("was deleted or moved while", |line| line["file"] == name.as_str()).await;
    std::fs::rename(&elsewhere, &path).expect("moved back");
    site.stop().await;
}

/// A separate database on the tests' PostgreSQL.
struct Apart {
    server: String,
    name: String,
}

impl Apart {
    /// Returns `None` without PostgreSQL.
    async fn create(how: &str) -> Option<Self> {
        sqlx::any::install_default_drivers();
        let server = std::env::var("TEST_DATABASE_URL").ok()?;
        let apart = Self { server, name: format!("test_{:016x}", rand::random::<u64>()) };
        apart.run(&format!("CREATE DATABASE {} TEMPLATE template0 {how}", apart.name)).await;
        Some(apart)
    }

    async fn run(&self, sql: &str) {
        let mut connection = AnyConnection::connect(&self.server).await.expect("PostgreSQL");
        connection.execute(sqlx::AssertSqlSafe(sql)).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        connection.close().await.expect("closed");
    }

    fn url(&self) -> url::Url {
        let mut url = url::Url::parse(&self.server).expect("an address");
        url.set_path(&self.name);
        url
    }

    fn settings(&self, url: &url::Url) -> config::Database {
        config::Database {
            url: config::DatabaseUrl::new(url.as_str()),
            max_connections: 4,
            acquire_timeout: config::Period::seconds(5),
        }
    }

    async fn migrate(&self) {
        let db = Database::connect(&self.settings(&self.url())).await.expect("connected");
        db.migrate().await.expect("migrated");
        db.close().await;
    }

    async fn number(&self, sql: &str) -> i64 {
        let mut connection = AnyConnection::connect(self.url().as_str()).await.expect("connected");
        let (number,) =
            sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_one(&mut connection).await.expect("a number");
        connection.close().await.expect("closed");
        number
    }

    async fn remove(self) {
        self.run(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }
}

#[tokio::test]
async fn a_database_with_another_encoding_is_refused() {
    let Some(apart) = Apart::create("ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'").await else {
        return;
    };
    let refused = Database::connect(&apart.settings(&apart.url())).await.expect_err("LATIN1").to_string();
    assert!(refused.contains("LATIN1") && refused.contains("must have UTF8"), "{refused}");
    apart.remove().await;
}

#[tokio::test]
async fn an_unreachable_server_is_named_in_the_error() {
    // Bound and released: nothing listens on this port.
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    let settings = config::Database {
        url: config::DatabaseUrl::new(format!("postgres://app:s3cret@127.0.0.1:{port}/x")),
        max_connections: 4,
        acquire_timeout: config::Period::millis(600),
    };
    let refused = Database::connect(&settings).await.expect_err("nobody").to_string();
    assert!(refused.contains("Connection refused") && !refused.contains("s3cret"), "{refused}");
}

#[tokio::test]
async fn another_default_isolation_changes_nothing() {
    let Some(apart) = Apart::create("ENCODING 'UTF8'").await else {
        return;
    };
    apart.migrate().await;
    for isolation in ["serializable", "repeatable read"] {
        apart
            .run(&format!("ALTER DATABASE {} SET default_transaction_isolation = '{isolation}'", apart.name))
            .await;
        let settings = apart.settings(&apart.url());
        let site = TestSite::start_with(|config| config.database = settings).await;
        let prefix = isolation.split(' ').next().expect("a word");
        let visitors: Vec<_> = (0..12)
            .map(|number| {
                let (address, name) = (site.address, format!("{prefix}{number}"));
                tokio::spawn(async move {
                    assert_eq!(signs_up(address, &name).await, 303);
                    // Parallel writes to the same rate limits.
                    Visitor::new(address).log_in(&name).await.location().to_owned()
                })
            })
            .collect();
        for visitor in visitors {
            assert_eq!(visitor.await.expect("no panic"), "/members/dashboard");
        }
        site.stop().await;
    }
    apart.remove().await;
}

#[tokio::test]
async fn writes_work_as_soon_as_the_database_is_no_longer_read_only() {
    let Some(apart) = Apart::create("ENCODING 'UTF8'").await else {
        return;
    };
    apart.migrate().await;
    let settings = apart.settings(&apart.url());
    let site = TestSite::start_with(|config| config.database = settings).await;
    assert_eq!(signs_up(site.address, "before").await, 303);
    let cut =
        format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'", apart.name);
    apart.run(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", apart.name)).await;
    apart.run(&cut).await;
    until_ready(site.address, 503).await;
    assert_eq!(signs_up(site.address, "during").await, 503);
    apart.run(&format!("ALTER DATABASE {} RESET default_transaction_read_only", apart.name)).await;
    // The earlier connections are still read-only, and nobody closes them.
    assert_eq!(signs_up(site.address, "after").await, 303);
    until_ready(site.address, 200).await;
    site.stop().await;
    apart.remove().await;
}

/// A proxy between the site and its database: forwards everything until it sees the COMMIT of a
/// transaction that wrote `MARKED`.
struct Between {
    port: u16,
    armed: watch::Sender<Cut>,
}

const MARKED: &str = "Augusta";

#[derive(Clone, Copy, PartialEq)]
enum Cut {
    Nothing,
    /// The connection that commits.
    OneCommit,
    /// That one, and all later ones.
    Everything,
    Closed,
}

impl Between {
    async fn start(server: &url::Url) -> Self {
        let target = format!("{}:{}", server.host_str().expect("a host"), server.port().unwrap_or(5432));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (armed, _) = watch::channel(Cut::Nothing);
        let switch = armed.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *switch.borrow() == Cut::Closed {
                    continue;
                }
                tokio::spawn(pass(client, target.clone(), switch.clone()));
            }
        });
        Self { port, armed }
    }
}

async fn pass(client: TcpStream, target: String, switch: watch::Sender<Cut>) {
    let Ok(server) = TcpStream::connect(target).await else {
        return;
    };
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
        (client.into_split(), server.into_split());
    let back = tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    let mut bytes = [0; 16 * 1024];
    let mut closed = switch.subscribe();
    let mut is_marked = false;
    loop {
        let read = tokio::select! {
            read = from_client.read(&mut bytes) => read.unwrap_or(0),
            _ = closed.wait_for(|cut| *cut == Cut::Closed) => 0,
        };
        if read == 0 {
            break;
        }
        let has = |text: &[u8]| bytes[..read].windows(text.len()).any(|window| window == text);
        is_marked |= has(MARKED.as_bytes());
        let commits = has(b"COMMIT\0") && std::mem::take(&mut is_marked);
        let cut = *switch.borrow();
        if commits && matches!(cut, Cut::OneCommit | Cut::Everything) {
            // The answer is not read.
            back.abort();
            let _ = to_server.write_all(&bytes[..read]).await;
            let next = if cut == Cut::OneCommit { Cut::Nothing } else { Cut::Closed };
            switch.send_replace(next);
            // The server must receive it before it notices that the client is gone.
            tokio::time::sleep(Duration::from_millis(200)).await;
            return;
        }
        if to_server.write_all(&bytes[..read]).await.is_err() {
            break;
        }
    }
    back.abort();
}

#[tokio::test]
async fn a_lost_commit_answer_is_not_reported_as_rolled_back() {
    let Some(apart) = Apart::create("ENCODING 'UTF8'").await else {
        return;
    };
    apart.migrate().await;
    let between = Between::start(&apart.url()).await;
    let mut through = apart.url();
    through.set_port(Some(between.port)).expect("a port");
    through.set_host(Some("127.0.0.1")).expect("a host");
    let settings = apart.settings(&through);
    let site = TestSite::start_with(|config| {
        config.database = settings;
        config.database.acquire_timeout = config::Period::seconds(3);
        config.mail.transport = config::MailTransport::Smtp("smtp://127.0.0.1:9".into());
    })
    .await;
    let mut member = site.member("ada").await;
    let page = member.get("/members/profile").await;
    let save = "/api/members/save_profile";
    between.armed.send_replace(Cut::OneCommit);
    let saved = member.send_form(&page, save, &[("first_name", MARKED)]).await;
    assert_eq!(saved.status, 303, "the database knows that it was done: {}", saved.text());
    assert!(*between.armed.borrow() == Cut::Nothing, "a COMMIT was cut");
    let profile = member.get("/members/profile").await.text();
    assert!(profile.contains(MARKED), "what follows a commit was done too");
    // Signed-in members can go on reading while the database is unreachable.
    between.armed.send_replace(Cut::Closed);
    assert_eq!(site.visitor().log_in("ada").await.status, 503);
    site.clock.advance(Duration::from_secs(120));
    assert!(member.is_signed_in().await, "trusted for longer in an outage");
    between.armed.send_replace(Cut::Nothing);
    until_ready(site.address, 200).await;
    let page = member.get("/members/profile").await;
    between.armed.send_replace(Cut::Everything);
    let unknown = member.send_form(&page, save, &[("last_name", MARKED)]).await;
    assert_eq!(unknown.status, 503);
    assert!(
        unknown.text().contains("may still have worked") && !unknown.text().contains("Nothing was changed"),
        "{}",
        unknown.text()
    );
    let done = apart.number(&format!("SELECT COUNT(*) FROM users WHERE last_name = '{MARKED}'")).await;
    assert_eq!(done, 1, "it was");
    // All cached data is invalid: what follows a commit was not done.
    let begun = Instant::now();
    while member.get("/members/secret").await.status != 503 {
        assert!(begun.elapsed() < TIMEOUT, "what was in memory is believed");
    }
    between.armed.send_replace(Cut::Nothing);
    until_ready(site.address, 200).await;
    assert!(member.get("/members/profile").await.text().contains(MARKED));
    site.stop().await;
    apart.remove().await;
}
