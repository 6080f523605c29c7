//! The real site, started by the same `server::run` as in production.

use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
};

use members_area::{
    base::{
        clock::Clock,
        config::{self, Config},
        failure::Failure,
    },
    server,
};
use tokio::{sync::oneshot, task::JoinHandle};

use super::{
    Page, Visitor,
    database::TestDatabase,
    log,
    mail::{self, Mail},
};

/// Creates a folder that looks like the output of `cargo leptos build`.
pub fn built_files(folder: &Path) -> PathBuf {
    let site_root = folder.join("site");
    std::fs::create_dir_all(site_root.join("pkg")).expect("a folder");
    for ending in ["css", "js", "wasm"] {
        std::fs::write(site_root.join(format!("pkg/members-area.{ending}")), "body{}").expect("a file");
    }
    std::fs::write(site_root.join("robots.txt"), "User-agent: *\n").expect("a file");
    std::fs::write(site_root.join("icons.svg"), "<svg/>").expect("a file");
    site_root
}

fn plenty() -> config::Throttle {
    let rate = config::Rate::new(1_000_000, config::Period::minutes(1));
    config::Throttle {
        login_per_address: rate,
        failed_login_per_address: rate,
        failed_login_per_account: rate,
        sign_up_per_address: rate,
        reset_per_address: rate,
        reset_per_email: rate,
        login_code_per_address: rate,
        login_code_per_email: rate,
        verification_per_account: rate,
        code_per_account: rate,
        second_factor_per_account: rate,
        mail_per_address: rate,
        profile_changes_per_account: rate,
    }
}

pub struct TestSite {
    pub address: SocketAddr,
    pub clock: Clock,
    pub database: TestDatabase,
    base_url: String,
    mails: PathBuf,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<(), Failure>>,
    _folder: tempfile::TempDir,
}

impl TestSite {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Starts a site whose mails stay in the queue, for tests that count an account's activity.
    pub async fn start_without_mail() -> Self {
        Self::start_with(|config| {
            config.mail.transport = config::MailTransport::Smtp("smtp://127.0.0.1:9".into());
        })
        .await
    }

    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_on(TestDatabase::create().await, change).await
    }

    pub async fn start_on(database: TestDatabase, change: impl FnOnce(&mut Config)) -> Self {
        Self::start_at(database, Clock::default(), change).await
    }

    /// Starts another instance on the same database and clock, for the same address. Halt it before
    /// this one is stopped.
    pub async fn beside(&self) -> Self {
        self.beside_with(|_| {}).await
    }

    /// The same with other settings.
    pub async fn beside_with(&self, change: impl FnOnce(&mut Config)) -> Self {
        let base_url = self.base_url.clone();
        let database = self.database.once_more();
        let change = |config: &mut Config| {
            config.site.base_url = base_url;
            change(config);
        };
        Self::start_at(database, self.clock.clone(), change).await
    }

    async fn start_at(database: TestDatabase, clock: Clock, change: impl FnOnce(&mut Config)) -> Self {
        log::begin();
        let folder = tempfile::tempdir().expect("a folder");
        let site_root = built_files(folder.path());
        let mut config = Config { database: database.settings(), ..Default::default() };
        config.server.site_root = site_root;
        // On a busy machine, a test's request could meet the end of its idle connection, or be
        // answered with "too slow" or "no connection to the database in time".
        config.server.idle_timeout = config::Period::minutes(60);
        config.server.request_timeout = config::Period::minutes(2);
        config.database.acquire_timeout = config::Period::minutes(2);
        config.passwords.breached_timeout = config::Period::minutes(1);
        config.log.file = "".into();
        // The cheapest parameters that are accepted; the cost of hashes is tested elsewhere.
        config.passwords.memory_kib = 7 * 1024;
        config.passwords.iterations = 1;
        config.passwords.queue = 200;
        // All of a test's visitors share one address; rate limits are tested in `throttle`.
        config.throttle = plenty();
        let mails = folder.path().join("mails");
        config.mail.transport = config::MailTransport::File(mails.clone());
        // With SQLite, the site makes a key of its own.
        if !database.is_embedded() {
            config.second_factor.key = config::SealingKey::new(super::authenticator::KEY);
        }
        // Most tests are about something else; `required_factor` is about this.
        config.second_factor.required = config::Required::Nobody;
        // Most tests are about signing up or about logging in; `signup` has those about both.
        config.accounts.login_after_sign_up = false;
        change(&mut config);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a listener of tokio");
        let address = listener.local_addr().expect("an address");
        let base_url = config.site.base_url.clone();
        let (stop, stopped) = oneshot::channel();
        let stopped = async {
            let _ = stopped.await;
        };
        let running = tokio::task::spawn_blocking({
            let clock = clock.clone();
            move || apart(config, clock, listener, stopped)
        });
        let site = Self { address, clock, database, base_url, mails, stop, running, _folder: folder };
        site.visitor().get("/healthz").await;
        site
    }

    pub fn visitor(&self) -> Visitor {
        Visitor::new(self.address)
    }

    /// Signs up a new account.
    pub async fn signed_up(&self, username: &str) -> Visitor {
        let mut visitor = self.visitor();
        let mailbox = username.to_lowercase().replace(|c: char| !c.is_ascii(), "x");
        let answer = visitor.sign_up(username, &format!("{mailbox}@example.com")).await;
        assert_eq!(answer.location(), "/accounts/login", "{}", answer.text());
        visitor
    }

    /// Signs up a new account and logs in.
    pub async fn member(&self, username: &str) -> Visitor {
        let mut visitor = self.signed_up(username).await;
        let answer = visitor.log_in(username).await;
        assert_eq!(answer.location(), "/members/dashboard", "{}", answer.text());
        visitor
    }

    /// Signs up a new account with a confirmed address, and logs in.
    pub async fn proven_member(&self, username: &str) -> Visitor {
        let visitor = self.member(username).await;
        self.prove(username).await;
        visitor
    }

    /// Marks the account's address as confirmed.
    pub async fn prove(&self, username: &str) {
        let sql = format!("UPDATE users SET email_verified_at = 1 WHERE username = '{username}'");
        self.database.execute(&sql).await;
    }

    /// Creates a member with these permissions who is not staff; logged in.
    pub async fn member_who_may(&self, username: &str, permissions: &[&str]) -> Visitor {
        self.with_rights(username, "is_staff = 0", permissions).await
    }

    /// Creates a staff account with these permissions; logged in.
    pub async fn staff(&self, username: &str, permissions: &[&str]) -> Visitor {
        self.with_rights(username, "is_staff = 1", permissions).await
    }

    /// Creates a superuser; logged in.
    pub async fn superuser(&self, username: &str) -> Visitor {
        self.with_rights(username, "is_staff = 1, is_superuser = 1", &[]).await
    }

    async fn with_rights(&self, username: &str, flags: &str, permissions: &[&str]) -> Visitor {
        let mut visitor = self.signed_up(username).await;
        let id = self.user_id(username).await;
        self.database.execute(&format!("UPDATE users SET {flags} WHERE id = {id}")).await;
        for codename in permissions {
            let sql = format!("INSERT INTO user_permissions (user_id, codename) VALUES ({id}, '{codename}')");
            self.database.execute(&sql).await;
        }
        assert_eq!(visitor.log_in(username).await.location(), "/members/dashboard");
        visitor
    }

    /// Returns a login whose hash is being computed. For sites with one slot for hashes and no
    /// queue.
    pub async fn busy_login(&self, login: &'static str) -> JoinHandle<Page> {
        let begun = std::time::Instant::now();
        loop {
            assert!(begun.elapsed() < super::PATIENCE, "nobody is ever told that the site is busy");
            let mut visitor = self.visitor();
            let held = tokio::spawn(async move { visitor.log_in(login).await });
            while !held.is_finished() {
                // A probe may take the slot first, so that the login is refused; then start again.
                if self.visitor().log_in(login).await.status == 503 && !held.is_finished() {
                    return held;
                }
            }
        }
    }

    /// The same with unknown names, a new one for each attempt, so that no rate limit applies.
    pub async fn busy_hash(&self) -> JoinHandle<Page> {
        let begun = std::time::Instant::now();
        let name = || format!("nobody-{:08x}", rand::random::<u32>());
        loop {
            assert!(begun.elapsed() < super::PATIENCE, "nobody is ever told that the site is busy");
            let mut visitor = self.visitor();
            let held = tokio::spawn(async move { visitor.log_in(&name()).await });
            while !held.is_finished() {
                if self.visitor().log_in(&name()).await.status == 503 && !held.is_finished() {
                    return held;
                }
            }
        }
    }

    /// The mails to this address so far.
    pub fn mails_to(&self, address: &str) -> Vec<Mail> {
        mail::read_all(&self.mails).into_iter().filter(|mail| mail.to == address).collect()
    }

    /// The latest mail to this address with this subject, once there are `so_many`.
    pub async fn mail_to(&self, address: &str, about: &str, so_many: usize) -> Mail {
        mail::until(&format!("number {so_many} about {about:?} to {address}"), || {
            let mut found = self.mails_to(address);
            found.retain(|mail| mail.subject.contains(about));
            (found.len() >= so_many).then(|| found.pop().expect("one"))
        })
        .await
    }

    /// Waits until the mail queue is empty.
    pub async fn all_mails_sent(&self) {
        self.database.until("SELECT COUNT(*) FROM mails", |count| count == 0).await;
    }

    pub async fn user_id(&self, username: &str) -> i64 {
        self.database.number(&format!("SELECT id FROM users WHERE username = '{username}'")).await
    }

    /// Stops the site and returns its database.
    pub async fn halt(self) -> TestDatabase {
        let _ = self.stop.send(());
        self.running.await.expect("no panic").expect("a clean end");
        self.database
    }

    pub async fn stop(self) {
        self.halt().await.remove().await;
    }
}

/// Runs the site on a runtime of its own. A test that waits for a program (`support::program`)
/// blocks its runtime: a site in the middle of a write would stop there, and the program would find
/// the database locked for as long as it waits.
fn apart(
    config: Config,
    clock: Clock,
    listener: TcpListener,
    stopped: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
        server::run(config, clock, listener, |_| (), stopped).await
    })
}
