//! Members and strangers who use a site all the time, and what it has told them that it did.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use reqwest::{Method, StatusCode};
use tokio::task::JoinHandle;

use crate::support::{PASSWORD, Visitor, database::TestDatabase, until, visitor::FormBody};

/// Far longer than anything here takes.
const LIMIT: Duration = Duration::from_secs(120);

/// Why something was not done.
enum Failure {
    /// The site said that it cannot do it now, or gave no answer.
    Unavailable,
    /// What must not happen, whatever happens to the site.
    Wrong(String),
}

/// What the site has acknowledged.
#[derive(Default)]
struct Acknowledged {
    accounts: BTreeSet<String>,
    /// The latest change of each member's name.
    changes: BTreeMap<String, usize>,
    /// Cookies of sessions that were logged out.
    ended: Vec<Visitor>,
}

#[derive(Default)]
struct Progress {
    /// Rounds in which everything was done, by client.
    whole_rounds: Vec<AtomicUsize>,
    answers: AtomicUsize,
    failures: AtomicUsize,
    wrong: Mutex<Vec<String>>,
    times: Mutex<Vec<Duration>>,
    is_over: AtomicBool,
}

/// Clients that take turns: change the name, look at the dashboard, sign somebody up, log in and
/// out.
pub struct Load {
    progress: Arc<Progress>,
    clients: Vec<JoinHandle<Acknowledged>>,
}

impl Load {
    /// Signs up a member for each client, at a site where all is well. With several instances each
    /// request goes to another one.
    pub async fn start(instances: &[SocketAddr], clients: usize) -> Self {
        let whole_rounds = (0..clients).map(|_| AtomicUsize::default()).collect();
        let progress = Arc::new(Progress { whole_rounds, ..Progress::default() });
        let mut all = Vec::new();
        for number in 0..clients {
            let mut client = Client {
                name: format!("load{number}"),
                member: Visitor::new(instances[0]),
                instances: instances.to_vec(),
                requests: number,
                turn: 0,
                done: Acknowledged::default(),
                progress: progress.clone(),
            };
            client.begin().await;
            all.push(client);
        }
        let run = |(number, client): (usize, Client)| tokio::spawn(client.run(number));
        let clients = all.into_iter().enumerate().map(run).collect();
        Self { progress, clients }
    }

    pub fn failures(&self) -> usize {
        self.progress.failures.load(Relaxed)
    }

    /// The times of all answers since the last call.
    pub fn times(&self) -> Vec<Duration> {
        std::mem::take(&mut *self.progress.times.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn wait(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !is_so() {
            let wrong = self.progress.wrong.lock().unwrap_or_else(PoisonError::into_inner).clone();
            assert!(wrong.is_empty(), "{what}: {wrong:?}");
            assert!(begun.elapsed() < LIMIT, "{what}: never");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits for so many more requests to end, however they end.
    pub async fn goes_on(&self, answers: usize) {
        let before = self.progress.answers.load(Relaxed);
        self.wait("the load goes on", || self.progress.answers.load(Relaxed) >= before + answers).await;
    }

    /// Waits until the site is in trouble.
    pub async fn fails(&self) {
        let before = self.failures();
        self.wait("requests fail", || self.failures() > before).await;
    }

    /// Waits until everything works for everybody, and then continues to.
    pub async fn recovers(&self) {
        self.whole_rounds().await;
        let before = self.failures();
        self.whole_rounds().await;
        assert_eq!(self.failures(), before, "it fails again after it had recovered");
    }

    /// Waits for a whole round of each client that begins after this call.
    async fn whole_rounds(&self) {
        let rounds = |progress: &Progress| -> Vec<usize> {
            progress.whole_rounds.iter().map(|rounds| rounds.load(Relaxed)).collect()
        };
        let before = rounds(&self.progress);
        let is_so = || rounds(&self.progress).iter().zip(&before).all(|(now, before)| *now >= before + 2);
        self.wait("everything works for every client", is_so).await;
    }

    /// Ends the load, and compares what was acknowledged with the database and with what each
    /// instance shows.
    pub async fn end(self, database: &TestDatabase, instances: &[SocketAddr]) {
        self.progress.is_over.store(true, Relaxed);
        let mut number_of_changes = 0;
        for client in self.clients {
            let done = client.await.expect("no panic");
            let names: Vec<String> = done.accounts.iter().map(|name| format!("'{name}'")).collect();
            let sql = format!("SELECT COUNT(*) FROM users WHERE username IN ({})", names.join(", "));
            let found = usize::try_from(database.number(&sql).await).expect("a count");
            assert_eq!(found, names.len(), "acknowledged accounts");
            for (name, turn) in done.changes {
                let sql = format!(
                    "SELECT CAST(SUBSTR(first_name, 5) AS BIGINT) FROM users WHERE username = '{name}'"
                );
                let found = usize::try_from(database.number(&sql).await).expect("a turn");
                assert!(found >= turn, "{name}'s change {turn} was acknowledged; {found} is there");
                number_of_changes += turn;
                for address in instances {
                    let mut member = Visitor::new(*address);
                    assert_eq!(member.log_in(&name).await.location(), "/members/dashboard", "{name}");
                    // No page of theirs is older than what is there.
                    let page = async || shown(&member.get("/members/dashboard").await.text()) == Some(found);
                    until("each instance shows the latest change", page).await;
                }
            }
            for visitor in done.ended {
                // Each instance hears of it within two seconds; it may have ended at the other just
                // now.
                let mut late = visitor.at_address(instances[0]);
                late.until_signed_out("a session that was logged out is there again").await;
            }
        }
        let wrong = self.progress.wrong.lock().unwrap_or_else(PoisonError::into_inner).clone();
        assert!(wrong.is_empty(), "{wrong:?}");
        assert!(number_of_changes > 0, "otherwise nothing was tested");
    }
}

/// The turn in which the name on this page was set.
fn shown(page: &str) -> Option<usize> {
    let (_, rest) = page.split_once("Turn")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

struct Client {
    name: String,
    member: Visitor,
    instances: Vec<SocketAddr>,
    requests: usize,
    turn: usize,
    done: Acknowledged,
    progress: Arc<Progress>,
}

impl Client {
    async fn begin(&mut self) {
        self.sign_up(self.name.clone()).await.unwrap_or_else(|_| panic!("{} signs up", self.name));
        let page = self.member.log_in(&self.name).await;
        assert_eq!(page.location(), "/members/dashboard", "{}", page.text());
        self.change().await.unwrap_or_else(|_| panic!("{} changes the name", self.name));
    }

    async fn run(mut self, number: usize) -> Acknowledged {
        while !self.progress.is_over.load(Relaxed) {
            self.turn += 1;
            let stranger = format!("{}x{}", self.name, self.turn);
            let all = [
                self.change().await,
                self.look().await,
                self.sign_up(stranger).await,
                self.log_in_and_out().await,
            ];
            let mut is_whole = true;
            for failure in all.into_iter().filter_map(Result::err) {
                is_whole = false;
                self.progress.failures.fetch_add(1, Relaxed);
                if let Failure::Wrong(what) = failure {
                    let mut wrong = self.progress.wrong.lock().unwrap_or_else(PoisonError::into_inner);
                    wrong.push(format!("{}: {what}", self.name));
                }
            }
            if is_whole {
                self.progress.whole_rounds[number].fetch_add(1, Relaxed);
            } else {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        self.done
    }

    /// Sends a request to the next instance. It must be answered with this redirect, or with a page
    /// if there is none.
    async fn ask(
        &mut self,
        visitor: &mut Visitor,
        path: &str,
        fields: Option<&[(&str, &str)]>,
        location: &str,
    ) -> Result<String, Failure> {
        self.requests += 1;
        *visitor = visitor.at_address(self.instances[self.requests % self.instances.len()]);
        let request = match fields {
            Some(fields) => visitor.request(Method::POST, path).form_body(fields),
            None => visitor.request(Method::GET, path),
        };
        let begun = Instant::now();
        let page = visitor.try_send(request).await;
        self.progress.answers.fetch_add(1, Relaxed);
        let mut times = self.progress.times.lock().unwrap_or_else(PoisonError::into_inner);
        times.push(begun.elapsed());
        drop(times);
        let Ok(page) = page else {
            return Err(Failure::Unavailable);
        };
        let wanted = if location.is_empty() { StatusCode::OK } else { StatusCode::SEE_OTHER };
        if page.status == wanted.as_u16() && page.location() == location {
            return Ok(page.text());
        }
        if page.status == StatusCode::SERVICE_UNAVAILABLE.as_u16() {
            return Err(Failure::Unavailable);
        }
        let heading = page.find("h1");
        Err(Failure::Wrong(format!("{path}: {} {} {heading}", page.status, page.location())))
    }

    async fn change(&mut self) -> Result<(), Failure> {
        let (mut member, turn) = (self.member.clone(), self.turn);
        let (name, first_name) = (self.name.clone(), format!("Turn{turn}"));
        let fields = [("username", name.as_str()), ("first_name", &first_name), ("last_name", "")];
        self.ask(&mut member, "/api/members/save_profile", Some(&fields), "/members/profile").await?;
        self.done.changes.insert(name, turn);
        Ok(())
    }

    /// With one instance the dashboard is never older than the latest change.
    async fn look(&mut self) -> Result<(), Failure> {
        let mut member = self.member.clone();
        let page = self.ask(&mut member, "/members/dashboard", None, "").await?;
        let (shown, latest) = (shown(&page), self.done.changes.get(&self.name).copied());
        if shown.is_none() || (self.instances.len() == 1 && shown < latest) {
            return Err(Failure::Wrong(format!("the dashboard shows {shown:?} after {latest:?}")));
        }
        Ok(())
    }

    async fn sign_up(&mut self, name: String) -> Result<(), Failure> {
        let mut visitor = Visitor::new(self.instances[0]);
        let email = format!("{name}@example.com");
        let fields = [
            ("username", name.as_str()),
            ("email", &email),
            ("password1", PASSWORD),
            ("password2", PASSWORD),
            ("form_page", "/accounts/signup"),
        ];
        self.ask(&mut visitor, "/api/accounts/sign_up", Some(&fields), "/accounts/login").await?;
        self.done.accounts.insert(name);
        Ok(())
    }

    async fn log_in_and_out(&mut self) -> Result<(), Failure> {
        let mut visitor = Visitor::new(self.instances[0]);
        let name = self.name.clone();
        let fields = [("login", name.as_str()), ("password", PASSWORD), ("form_page", "/accounts/login")];
        self.ask(&mut visitor, "/api/accounts/log_in", Some(&fields), "/members/dashboard").await?;
        let session = visitor.clone();
        self.ask(&mut visitor, "/api/accounts/log_out", Some(&[]), "/accounts/login").await?;
        // The latest few: each is asked for at the end.
        if self.done.ended.len() >= 20 {
            self.done.ended.remove(0);
        }
        self.done.ended.push(session);
        Ok(())
    }
}
