//! Measures how long the admin's pages take with a million users: fills a database, starts the real
//! site on it, and requests each page as a browser does. `script/bench-people` runs it.
//!
//! `people_at_scale MEMBERS [DATABASE_URL]`: without a URL it uses SQLite in a folder that is
//! deleted afterwards. A database that is already filled is used as it is.

#![expect(clippy::print_stdout, reason = "a script reads what it prints")]

use std::{
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

use members_area::{
    accounts::{service as accounts, service::NewAccount, session},
    base::{
        clock::Clock,
        config::{Config, DatabaseUrl, MailTransport},
        db::Database,
        member::ClientInfo,
    },
    server,
    shared::forms::Secret,
    site,
    site::AppState,
};
use sqlx::{AnyConnection, Connection, Executor};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Target for a page's median response time, in milliseconds.
const TARGET: f64 = 150.0;
const ROUNDS: usize = 15;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let members: i64 = arguments.first().and_then(|count| count.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::tempdir().expect("a folder");
    let file = format!("sqlite://{}", folder.path().join("people.db").display());
    let url = arguments.get(1).cloned().unwrap_or(file);
    let config = config(&url, folder.path());
    let db = Database::connect(&config.database).await.expect("a database");
    db.migrate().await.expect("migrated");
    let site = AppState::new(config.clone(), Clock::default(), db, SocketAddr::from(([127, 0, 0, 1], 0)))
        .expect("a site");
    fill(&url, members).await;
    let cookie = sign_in(&site).await;
    site.db.close().await;

    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let running =
        tokio::spawn(server::run(config, Clock::default(), listener, |_| (), std::future::pending()));
    let mut slow = 0;
    println!("{:>9} {:>9}  page", "median ms", "worst ms");
    for path in pages(&url).await {
        let mut times = Vec::with_capacity(ROUNDS);
        // The first two rounds do not count: they fill the caches of connection, database and
        // system.
        for round in 0..ROUNDS + 2 {
            let begun = Instant::now();
            let answer = get(address, &path, &cookie).await;
            let time = begun.elapsed().as_secs_f64() * 1000.0;
            assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {}", &answer[..answer.len().min(300)]);
            if round >= 2 {
                times.push(time);
            }
        }
        times.sort_by(f64::total_cmp);
        let (median, worst) = (times[ROUNDS / 2], times[ROUNDS - 1]);
        let verdict = if median < TARGET { "" } else { "  MISSED" };
        slow += usize::from(median >= TARGET);
        println!("{median:>9.1} {worst:>9.1}  {path}{verdict}");
    }
    running.abort();
    println!("{members} users; target: {TARGET} ms at the median; missed: {slow}");
    std::process::exit(i32::from(slow > 0));
}

fn config(url: &str, folder: &Path) -> Config {
    let mut config = Config::default();
    config.database.url = DatabaseUrl::new(url);
    config.log.file = "".into();
    // No mail is sent.
    config.mail.transport = MailTransport::File(folder.join("mails"));
    config.server.site_root = folder.join("site");
    std::fs::create_dir_all(config.server.site_root.join("pkg")).expect("a folder");
    for ending in ["css", "js", "wasm"] {
        let file = config.server.site_root.join(format!("pkg/members-area.{ending}"));
        std::fs::write(file, "").expect("a file");
    }
    config
}

async fn sign_in(site: &AppState) -> String {
    let password = Secret::new("correct horse battery");
    let typed = NewAccount {
        username: "root".into(),
        email: "root@example.com".into(),
        password1: password.clone(),
        password2: password,
    };
    // A database that was filled before has this superuser already.
    let _ = accounts::create_superuser(site, typed, true).await;
    let context = site::RequestContext::of_operator(site);
    let login = accounts::authenticate(&context, "root", &Secret::new("correct horse battery")).await;
    let member = login.expect("the database").expect("a superuser");
    let client = ClientInfo { address: "127.0.0.1".into(), agent: String::new(), impersonator: None };
    session::open_for(site, &member, &client).await.expect("a session")
}

async fn get(address: SocketAddr, path: &str, cookie: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: text/html\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut answer));
    read.await.expect("an answer in time").expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

/// Returns the pages to measure: every list in every order with every filter; searches that match
/// one, few, many and all users; and the pages of a single user.
async fn pages(url: &str) -> Vec<String> {
    let mut pages: Vec<String> =
        ["/admin/users", "/admin/groups", "/admin/sessions", "/admin/activity", "/admin/mails"]
            .map(str::to_owned)
            .into();
    for sort in ["joined", "-joined", "username", "-username", "email", "-email", "seen", "-seen"] {
        for filter in ["", "&active=0", "&verified=0&active=1", "&staff=1", "&superuser=1&verified=0"] {
            pages.push(format!("/admin/users?sort={sort}{filter}"));
        }
        for group in 1..=5 {
            pages.push(format!("/admin/users?sort={sort}&group={group}&active=1"));
        }
    }
    // Pages in the middle of a list, addressed by cursor.
    pages.extend(
        ["sort=username&after=0~m", "sort=-email&before=0~m"].map(|place| format!("/admin/users?{place}")),
    );
    let searches = [
        "canedo",
        "ca+ne",
        "ane",
        "doli500",
        "member",
        "member0",
        "example.com",
        "7@example",
        "d",
        "q",
        "ka",
        "zz",
        "nobody-at-all",
        "%2B",
        "canedo+lika",
        "a%20b",
    ];
    for search in searches {
        for rest in
            ["", "&sort=username", "&staff=1", "&active=0&sort=-seen", "&group=3", "&group=4&sort=email"]
        {
            pages.push(format!("/admin/users?q={search}{rest}"));
        }
        pages.push(format!("/admin/sessions?q={search}"));
        pages.push(format!("/admin/activity?q={search}"));
    }
    let mut connection = AnyConnection::connect(url).await.expect("connected");
    let (user,): (i64,) = sqlx::query_as("SELECT user_id FROM group_members WHERE group_id = 1 LIMIT 1")
        .fetch_one(&mut connection)
        .await
        .expect("a user");
    pages.extend([
        format!("/admin/users/{user}"),
        format!("/admin/activity?user={user}"),
        "/admin/groups/5".to_owned(),
        "/admin/activity?kind=login".to_owned(),
        "/admin/activity?kind=not_me".to_owned(),
        "/admin/mails?stuck=1".to_owned(),
        format!("/admin/users/confirm?action=deactivate&id={user}"),
        "/admin/users/confirm?action=activate&scope=all&list=%3Factive%3D0%26staff%3D1".to_owned(),
    ]);
    pages
}

/// Fills the database with generated users. Names are built from syllables, so that searches match
/// one, few or many; the groups differ in size and are either scattered or contiguous.
async fn fill(url: &str, members: i64) {
    const BATCH_SIZE: i64 = 20_000;
    let is_embedded = url.starts_with("sqlite:");
    let mut connection = AnyConnection::connect(url).await.expect("connected");
    let (present,): (i64,) =
        sqlx::query_as("SELECT CAST(COUNT(*) AS BIGINT) FROM users WHERE id < 1000000000000000000")
            .fetch_one(&mut connection)
            .await
            .expect("the users");
    if present >= members {
        return;
    }
    let begun = Instant::now();
    if is_embedded {
        connection.execute("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000").await.expect("settings");
    }
    for group in 1..=5 {
        let sql = format!(
            "INSERT INTO groups (id, name, name_key) VALUES ({group}, 'Group {group}', 'group {group}')"
        );
        connection.execute(sqlx::AssertSqlSafe(sql.as_str())).await.expect("a group");
    }
    let hash = if is_embedded { "x'00'" } else { "'\\x00'::bytea" };
    let id_hash = |number: &str| match is_embedded {
        true => format!("CAST(printf('%032d', {number}) AS BLOB)"),
        false => format!("decode(lpad(to_hex({number}), 64, '0'), 'hex')"),
    };
    let syllable = |at: &str| {
        format!(
            "substr('canedolikamaponirotesuvazehigulofebujaqui', 1 + CAST(({at}) % 20 AS INTEGER) * 2, 2)"
        )
    };
    let first = format!("{} || {}", syllable("h"), syllable("h / 20"));
    let last = format!("{} || {} || {}", syllable("h / 400"), syllable("h / 8000"), syllable("h / 160000"));
    let mut from = 1;
    while from <= members {
        let to = members.min(from + BATCH_SIZE - 1);
        // `h` is scattered over the range, `n` is sequential.
        let numbers = format!(
            "WITH RECURSIVE numbers (n) AS (SELECT CAST({from} AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n < {to}), \
             scattered (n, h) AS (SELECT n, (n * 2654435761) % 4294967296 FROM numbers), \
             people (n, h, id, name, first, last) AS (SELECT n, h, n * 100000000, \
             CASE WHEN n % 3 = 0 THEN 'member' || n ELSE {first} || {last} || n END, {first}, {last} FROM scattered) "
        );
        for rest in [
            format!(
                "INSERT INTO users (id, username, username_key, email, email_key, password_hash, session_stamp, is_active, is_staff, \
                 is_superuser, date_joined, last_login, first_name, last_name, first_name_key, last_name_key, email_verified_at) \
                 SELECT id, name, name, name || CASE WHEN h % 10 < 7 THEN '@example.com' ELSE '@example.org' END, \
                 name || CASE WHEN h % 10 < 7 THEN '@example.com' ELSE '@example.org' END, '?', {hash}, \
                 CASE WHEN h % 20 = 0 THEN 0 ELSE 1 END, CASE WHEN h % 5000 = 0 THEN 1 ELSE 0 END, \
                 CASE WHEN h % 200000 = 0 THEN 1 ELSE 0 END, 1735689600000 + n * 47, \
                 CASE WHEN h % 5 = 0 THEN NULL ELSE 1735689600000 + h END, first, last, first, last, \
                 CASE WHEN h % 6 = 0 THEN NULL ELSE 1735689600000 END FROM people"
            ),
            // Groups of ten users, a thousand, one in twenty, the first tenth, and half of all.
            format!(
                "INSERT INTO group_members (group_id, user_id) SELECT 1, id FROM people WHERE n % {tenth} = 0 \
                 UNION ALL SELECT 2, id FROM people WHERE n <= 1000 UNION ALL SELECT 3, id FROM people WHERE h % 20 = 3 \
                 UNION ALL SELECT 4, id FROM people WHERE n <= {tenth} UNION ALL SELECT 5, id FROM people WHERE h % 2 = 0",
                tenth = (members / 10).max(1)
            ),
                "INSERT INTO activity (id, user_id, kind, at, address, agent) SELECT id, id, 'sign_up', n, '', '' FROM people \
                 UNION ALL SELECT id + 1, id, CASE WHEN h % 10 = 0 THEN 'login_failed' ELSE 'login' END, n, '192.0.2.7', '' FROM people"
                .to_owned(),
            format!(
                "INSERT INTO sessions (id_hash, user_id, data, created_at, last_seen_at, idle_expires_at, absolute_expires_at, address, agent) \
                 SELECT {}, id, '', 1735689600000 + h, 1735689600000 + h, 9000000000000, 9000000000000, '192.0.2.7', '' \
                 FROM people WHERE h % 3 = 0",
                id_hash("n")
            ),
            "INSERT INTO mails (id, kind, user_id, address, detail, created_at, tries, next_try_at, last_error) \
             SELECT id, 'verify_email', id, name, '', n, CASE WHEN h % 7 = 0 THEN 3 ELSE 0 END, 9000000000000, '' FROM people WHERE h % 20 = 1"
                .to_owned(),
        ] {
            // Both SQLite and PostgreSQL accept WITH before INSERT.
            let sql = format!("{numbers}{rest}");
            connection.execute(sqlx::AssertSqlSafe(sql.as_str())).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
        from = to + 1;
        if to % (10 * BATCH_SIZE) == 0 || to == members {
            println!("{to} of {members} after {} s", begun.elapsed().as_secs());
        }
    }
    let settle = if is_embedded { "PRAGMA wal_checkpoint(TRUNCATE)" } else { "VACUUM ANALYZE" };
    connection.execute(settle).await.expect("settled");
    connection.close().await.expect("closed");
}
