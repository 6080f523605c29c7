//! The first superuser, created in a browser with the link that the program prints at the start.

use std::time::Duration;

use crate::support::{
    PASSWORD, Visitor,
    database::TestDatabase,
    program::{Serving, program, run, text},
};

const PAGE: &str = "/accounts/setup";
const FUNCTION: &str = "/api/accounts/set_up";
const SUPERUSERS: &str = "SELECT COUNT(*) FROM users WHERE is_superuser = 1";

/// Returns the path of the link that the program printed.
fn link(lines: &[String]) -> Option<String> {
    let (_, rest) = lines.iter().find_map(|line| line.split_once(&format!("{PAGE}/")))?;
    let token = rest.split(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c))).next()?;
    assert_eq!(token.len(), 43, "256 bits");
    Some(format!("{PAGE}/{token}"))
}

fn fields<'a>(username: &'a str, password: &'a str) -> [(&'a str, &'a str); 4] {
    [("username", username), ("email", "root@example.com"), ("password1", password), ("password2", password)]
}

async fn opened(site: &Serving) -> Visitor {
    let mut visitor = site.visitor();
    let answer = visitor.get(&link(&site.greeting).expect("a link")).await;
    assert_eq!((answer.status, answer.location(), answer.body.len()), (303, PAGE, 0));
    visitor
}

fn stop(site: Serving) -> Vec<String> {
    site.signal("-TERM");
    let (status, console) = site.ended_within(Duration::from_secs(60));
    assert!(status.success());
    console
}

#[tokio::test]
async fn the_printed_link_creates_the_first_superuser_and_then_is_dead() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    let log = folder.path().join("requests.log");
    let settings = [("MEMBERS_AREA_LOG__FILE", log.to_str().expect("a path"))];
    let site = Serving::start(&database, folder.path(), &settings);
    let link_path = link(&site.greeting).expect("a link");
    let mut operator = opened(&site).await;

    operator.submit(PAGE, &fields("root", "1234")).await;
    let page = operator.get(PAGE).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.errors("password1").len(), 3, "the rules of createsuperuser");
    assert_eq!(database.number(SUPERUSERS).await, 0);

    let early = operator.clone();
    let done = operator.submit(PAGE, &fields("root", PASSWORD)).await;
    assert_eq!((done.status, done.location()), (303, "/accounts/login"));
    let page = operator.get("/accounts/login").await;
    assert!(page.text().contains("Account created successfully! Please log in."), "{}", page.text());
    assert_eq!(operator.log_in("root@example.com").await.location(), "/members/dashboard");
    let admin = operator.get("/admin").await;
    assert_eq!(admin.location(), "/members/security/authenticator?next=/admin", "staff need a second factor");
    assert_eq!(database.number(&format!("{SUPERUSERS} AND is_staff = 1")).await, 1);
    let history = "SELECT actor || ' ' || what || ' ' || object || ' ' || new_value FROM changes";
    assert_eq!(database.text(history).await, "the set-up link added root superuser");

    // Another browser that had opened the link, and one that opens it now.
    for mut other in [early.clone(), site.visitor()] {
        for path in [PAGE, &link_path] {
            assert_eq!(other.get(path).await.status, 404, "{path}");
        }
        assert_eq!(other.post(FUNCTION, &fields("eve", PASSWORD)).await.status, 404);
    }
    // The same form once more, as after a lost answer; only who knows the password learns of it.
    let again = early.clone().post(FUNCTION, &fields("root", PASSWORD)).await;
    assert_eq!((again.status, again.location()), (303, "/accounts/login"));
    assert_eq!(early.clone().post(FUNCTION, &fields("root", "another guess")).await.status, 404);
    assert_eq!(database.number("SELECT COUNT(*) FROM users").await, 1);

    let token = link_path.trim_start_matches(PAGE).trim_start_matches('/');
    assert_eq!(stop(site).iter().filter(|line| line.contains(token)).count(), 1, "only in the greeting");
    let written = std::fs::read_to_string(&log).expect("the log");
    assert!(written.contains("/accounts/setup/{*token}") && !written.contains(token), "{written}");

    let site = Serving::start(&database, folder.path(), &settings);
    assert_eq!(link(&site.greeting), None, "there is a superuser");
    assert_eq!(site.visitor().get(&link_path).await.status, 404);
    stop(site);
    database.remove().await;
}

#[tokio::test]
async fn without_the_link_of_this_run_there_is_no_page() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    let site = Serving::start(&database, folder.path(), &[]);
    let of_before = link(&site.greeting).expect("a link");
    stop(site);
    let site = Serving::start(&database, folder.path(), &[]);
    let (present, wrong) = (link(&site.greeting).expect("a link"), format!("{PAGE}/{}", "x".repeat(43)));
    assert_ne!(present, of_before);
    for path in [PAGE, &of_before, &wrong, &format!("{PAGE}/x"), &present[..present.len() - 1]] {
        let mut visitor = site.visitor();
        let answer = visitor.get(path).await;
        assert_eq!((answer.status, answer.find("h1")), (404, "Page not found".to_owned()), "{path}");
        assert!(visitor.cookies.is_empty(), "{path}");
    }
    for cookie in [None, of_before.rsplit('/').next(), Some("")] {
        let mut visitor = site.visitor();
        visitor.cookies.extend(cookie.map(|token| ("link_setup".to_owned(), token.to_owned())));
        assert_eq!(visitor.get(PAGE).await.status, 404);
        assert_eq!(visitor.call(FUNCTION, &fields("eve", PASSWORD)).await.status, 404);
    }
    assert_eq!(database.number("SELECT COUNT(*) FROM users").await, 0);
    stop(site);
    database.remove().await;
}

#[tokio::test]
async fn of_two_who_opened_the_link_one_becomes_superuser() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    let site = Serving::start(&database, folder.path(), &[]);
    let (mut one, mut two) = (opened(&site).await, opened(&site).await);
    let (for_one, for_two) = (fields("ada", PASSWORD), fields("eve", PASSWORD));
    let (first, second) = tokio::join!(one.call(FUNCTION, &for_one), two.call(FUNCTION, &for_two));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 404], "{} {}", first.text(), second.text());
    assert_eq!(database.number(SUPERUSERS).await, 1);
    assert_eq!(database.number("SELECT COUNT(*) FROM users").await, 1);
    stop(site);
    database.remove().await;
}

#[tokio::test]
async fn forms_with_the_right_link_are_limited_per_address() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    let limit = [("MEMBERS_AREA_THROTTLE__SIGN_UP_PER_ADDRESS", "2/1m")];
    let site = Serving::start(&database, folder.path(), &limit);
    let mut operator = opened(&site).await;
    for status in [200, 200, 429, 429] {
        assert_eq!(operator.call(FUNCTION, &fields("root", "1234")).await.status, status);
    }
    assert_eq!(site.visitor().call(FUNCTION, &fields("root", "1234")).await.status, 404);
    stop(site);
    database.remove().await;
}

#[tokio::test]
async fn a_superuser_from_the_command_line_ends_the_link() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    let site = Serving::start(&database, folder.path(), &[]);
    let mut operator = opened(&site).await;
    assert_eq!(operator.get(PAGE).await.status, 200);
    let mut command = program(&database, folder.path());
    command.args(["createsuperuser", "--noinput"]).env("SUPERUSER_USERNAME", "root");
    command.env("SUPERUSER_EMAIL", "root@example.com").env("SUPERUSER_PASSWORD", PASSWORD);
    let made = run(&mut command);
    assert!(made.status.success(), "{}", text(&made));
    assert_eq!(operator.get(PAGE).await.status, 404);
    assert_eq!(operator.post(FUNCTION, &fields("eve", PASSWORD)).await.status, 404);
    let history = "SELECT actor || ' ' || what || ' ' || new_value FROM changes";
    assert_eq!(database.text(history).await, "the command line added superuser");
    stop(site);
    database.remove().await;
}
