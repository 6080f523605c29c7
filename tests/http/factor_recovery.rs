//! The recovery of a lost second factor: a known browser, the password and the mailbox remove it
//! after a waiting period, unless somebody stops that.

use std::time::Duration;

use members_area::{
    accounts::service,
    base::{
        clock::{Clock, Millis},
        config::{Config, Period, Required},
        db::Database,
    },
    site::AppState,
};
use reqwest::Method;
use serde_json::Value;

use crate::support::{
    PASSWORD, Page, TestSite, Visitor,
    authenticator::{APP_PAGE, App, SECOND},
    log,
    mail::Mail,
};

const LOST: &str = "/accounts/login/second?with=recovery";
const ASK: &str = "/api/accounts/ask_for_recovery";
const BEGIN: &str = "/api/accounts/begin_recovery";
const STOP: &str = "/api/accounts/stop_recovery";
const LINK: &str = "Lost your second factor?";
const BEGAN: &str = "Your second factor will be removed";
const HALFWAY: &str = "Reminder: your second factor will be removed";
const REMOVED: &str = "Your second factor was removed";
const DEAD: &str = r#"{"Refused":[["form","LinkDead"]]}"#;
const ACCEPTED: &str = "\"Accepted\"";
const NEW: &str = "another horse battery";
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);
const DELAY: Duration = Duration::from_secs(4 * 86_400);
const HALF: Duration = Duration::from_secs(2 * 86_400 + 1);
/// More than [`pass`] takes in addition.
const MARGIN: Duration = Duration::from_secs(3 * 3600);

async fn site() -> TestSite {
    site_with(|_| {}).await
}

async fn site_with(change: impl FnOnce(&mut Config)) -> TestSite {
    TestSite::start_with(|config| {
        config.second_factor.recovery_delay = Some(Period::days(4));
        // A test sends more mails to one address than anybody gets.
        config.throttle.mail_per_address = config.throttle.mail_per_address.with_count(100);
        change(config);
    })
    .await
}

/// A member with an app, whose browser has logged out and given the password again.
async fn half_way(site: &TestSite, name: &str) -> (Visitor, App, Vec<String>) {
    let mut known = site.proven_member(name).await;
    let (app, codes) = site.set_up_app(&mut known).await;
    known.log_out().await;
    assert_eq!(known.log_in(name).await.location(), SECOND);
    (known, app, codes)
}

fn address(name: &str) -> String {
    format!("{name}@example.com")
}

async fn ask(site: &TestSite, known: &mut Visitor, name: &str) -> Mail {
    let answer = known.post(ASK, &[("form_page", LOST)]).await;
    assert_eq!((answer.status, answer.location()), (303, SECOND), "{}", answer.text());
    site.mail_to(&address(name), LINK, 1).await
}

/// Opens a link in a browser of its own and calls the function of its page.
async fn press(site: &TestSite, link: &str, function: &str) -> String {
    let mut visitor = site.visitor();
    visitor.get(link).await;
    visitor.call(function, &[("password1", NEW), ("password2", NEW)]).await.text()
}

/// Begins the waiting period, and returns the mail about it.
async fn begin(site: &TestSite, known: &mut Visitor, name: &str) -> Mail {
    let mail = ask(site, known, name).await;
    assert_eq!(press(site, &mail.link(), BEGIN).await, ACCEPTED);
    site.mail_to(&address(name), BEGAN, 1).await
}

async fn count(site: &TestSite, name: &str, what: &str) -> i64 {
    let id = site.user_id(name).await;
    site.database.number(&format!("SELECT COUNT(*) FROM {what} AND user_id = {id}")).await
}

async fn is_waiting(site: &TestSite, name: &str) -> bool {
    count(site, name, "factor_recoveries WHERE 1 = 1").await == 1
}

async fn has_app(site: &TestSite, name: &str) -> bool {
    count(site, name, "factors WHERE kind = 'totp'").await == 1
}

/// Lets time pass, and then twice the time between two sweeps: the second of these has begun after
/// it, and has looked at everything.
async fn pass(site: &TestSite, time: Duration) {
    site.clock.advance(time);
    for _ in 0..2 {
        site.database
            .execute("INSERT INTO throttles SELECT session_stamp, 1, 1 FROM users WHERE username = 'ada'")
            .await;
        site.clock.advance(Duration::from_secs(600));
        site.database.until("SELECT COUNT(*) FROM throttles WHERE expires_at = 1", |left| left == 0).await;
    }
    site.all_mails_sent().await;
}

fn on_one_line(mail: &Mail) -> String {
    mail.text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn offers(page: &Page) -> bool {
    page.attribute(&format!("main form[action='{ASK}']"), "method").is_some()
}

#[tokio::test]
async fn it_is_offered_after_the_password_in_a_known_browser_where_it_is_switched_on() {
    let off = TestSite::start().await;
    let (mut known, ..) = half_way(&off, "ada").await;
    let page = known.get(LOST).await;
    assert!(!offers(&page) && page.text().contains("Please contact us"), "{}", page.text());
    assert_eq!(known.call(ASK, &[]).await.status, 404);
    off.stop().await;

    let site = site().await;
    let (mut known, ..) = half_way(&site, "ada").await;
    assert!(!offers(&known.get(SECOND).await), "only for those who have no recovery code");
    assert!(offers(&known.get(LOST).await));
    let mut unknown = site.visitor();
    unknown.log_in("ada").await;
    // Another member's known browser is none of hers.
    let (mut of_bob, ..) = half_way(&site, "bob").await;
    of_bob.log_in("ada").await;
    for other in [&mut unknown, &mut of_bob] {
        let page = other.get(LOST).await;
        assert!(!offers(&page) && page.text().contains("Please contact us"), "{}", page.text());
        assert_eq!(other.call(ASK, &[]).await.status, 404);
    }
    for (change, back) in [
        ("UPDATE users SET email_verified_at = NULL", "UPDATE users SET email_verified_at = 1"),
        ("UPDATE users SET delete_after = 9000000000000000", "UPDATE users SET delete_after = NULL"),
        ("UPDATE pending_logins SET method = 'mailed_code'", "UPDATE pending_logins SET method = 'password'"),
        ("UPDATE users SET is_staff = 1", "UPDATE users SET is_staff = 0"),
        ("UPDATE users SET is_superuser = 1", "UPDATE users SET is_superuser = 0"),
    ] {
        site.database.execute(change).await;
        assert!(!offers(&known.get(LOST).await), "{change}");
        assert_eq!(known.call(ASK, &[]).await.status, 404, "{change}");
        site.database.execute(back).await;
        assert!(offers(&known.get(LOST).await), "{back}");
    }
    // Without a login that waits, the page says what to do.
    let mut nobody = site.visitor();
    let answer = nobody.post(ASK, &[("form_page", LOST)]).await;
    assert_eq!((answer.status, answer.location()), (303, SECOND));
    assert!(nobody.get(SECOND).await.messages().is_empty());
    site.all_mails_sent().await;
    assert!(site.mails_to("ada@example.com").iter().all(|mail| !mail.subject.contains(LINK)));
    assert_eq!(site.database.number("SELECT COUNT(*) FROM factor_recoveries").await, 0);
    site.stop().await;
}

#[tokio::test]
async fn opening_the_link_changes_nothing_and_its_button_begins_the_waiting_period_once() {
    let site = site().await;
    let (mut known, ..) = half_way(&site, "ada").await;
    let mail = ask(&site, &mut known, "ada").await;
    assert!(on_one_line(&mail).contains("a waiting period of 4 days"), "{}", mail.text);
    assert!(known.get(SECOND).await.messages()[0].starts_with("We have emailed you a link"));
    let link = mail.link();
    assert!(link.starts_with("/accounts/recovery/begin/"), "{link}");
    for method in [Method::GET, Method::HEAD, Method::GET] {
        let mut scanner = site.visitor();
        let request = scanner.request(method, &link);
        let page = scanner.send(request).await.location().to_owned();
        assert_eq!(page, "/accounts/recovery/begin");
        assert_eq!(scanner.get(&page).await.form().0, BEGIN);
    }
    assert!(!is_waiting(&site, "ada").await);
    assert_eq!(press(&site, &link, STOP).await, DEAD, "each link is for its own button");
    let mut visitor = site.visitor();
    visitor.get(&link).await;
    let answer = visitor.submit("/accounts/recovery/begin", &[]).await;
    assert_eq!(answer.location(), "/accounts/login");
    assert!(visitor.get("/accounts/login").await.messages()[0].starts_with("The waiting period has begun."));
    assert!(is_waiting(&site, "ada").await);
    let ends = site.database.number("SELECT ends_at FROM factor_recoveries").await;
    site.clock.advance(HOUR);
    assert_eq!(press(&site, &link, BEGIN).await, DEAD);
    assert_eq!(site.database.number("SELECT ends_at FROM factor_recoveries").await, ends);
    // The page that offered it says when it ends.
    known.log_in("ada").await;
    let page = known.get(LOST).await;
    assert!(!offers(&page) && page.find_all("main time").len() == 1, "{}", page.text());
    assert_eq!(known.call(ASK, &[]).await.status, 404);
    for kind in ["factor_recovery_requested", "factor_recovery_began"] {
        assert_eq!(count(&site, "ada", &format!("activity WHERE kind = '{kind}'")).await, 1, "{kind}");
    }
    assert_eq!(count(&site, "ada", "activity WHERE kind = 'factor_recovery_stopped'").await, 0);
    site.stop().await;
}

#[tokio::test]
async fn it_can_be_asked_for_once_in_twelve_hours_which_is_as_long_as_the_link_is_good() {
    let site = site().await;
    let (mut known, ..) = half_way(&site, "ada").await;
    let first = ask(&site, &mut known, "ada").await.link();
    let answer = known.call(ASK, &[]).await;
    let wait: u64 = answer.header("retry-after").parse().expect("seconds");
    assert!(answer.status == 429 && (11 * 3600..=12 * 3600).contains(&wait), "{wait}");
    site.clock.advance(12 * HOUR - Duration::from_secs(600));
    known.log_in("ada").await;
    assert_eq!(known.call(ASK, &[]).await.status, 429);
    site.clock.advance(Duration::from_secs(601));
    assert_eq!(press(&site, &first, BEGIN).await, DEAD);
    known.log_in("ada").await;
    assert_eq!(known.call(ASK, &[]).await.text(), ACCEPTED);
    site.mail_to(&address("ada"), LINK, 2).await;
    site.stop().await;
}

#[tokio::test]
async fn at_the_end_the_password_alone_logs_in_and_all_devices_are_logged_out() {
    let site = site().await;
    let mut device = site.proven_member("ada").await;
    site.set_up_app(&mut device).await;
    let mut known = device.clone();
    known.cookies.retain(|name, _| !name.contains("sessionid"));
    assert_eq!(known.log_in("ada").await.location(), SECOND);
    let began = begin(&site, &mut known, "ada").await;
    assert!(
        began.link().starts_with("/accounts/recovery/stop/") && on_one_line(&began).contains("It ends on ")
    );
    let half = site.database.number("SELECT ends_at - delay / 2 FROM factor_recoveries").await;
    pass(&site, HALF - MARGIN).await;
    assert!(site.clock.now() < half && site.mails_to("ada@example.com").iter().all(is_no_reminder));
    pass(&site, MARGIN).await;
    let reminder = site.mail_to("ada@example.com", HALFWAY, 1).await;
    assert!(reminder.link().starts_with("/accounts/recovery/stop/"), "{}", reminder.text);
    pass(&site, HALF - MARGIN).await;
    assert!(has_app(&site, "ada").await && device.is_signed_in().await && is_waiting(&site, "ada").await);
    pass(&site, MARGIN).await;
    site.database.until("SELECT COUNT(*) FROM factors", |count| count == 0).await;
    let removed = site.mail_to("ada@example.com", REMOVED, 1).await;
    assert!(removed.link().starts_with("/accounts/not_me/"), "{}", removed.text);
    assert_eq!(site.mails_to("ada@example.com").iter().filter(|mail| !is_no_reminder(mail)).count(), 1);
    let session = "SELECT COUNT(*) FROM sessions";
    assert_eq!((site.database.number(session).await, device.is_signed_in().await), (0, false));
    assert!(!is_waiting(&site, "ada").await);
    let line = "SELECT detail FROM activity WHERE kind = 'second_factor_removed'";
    assert_eq!(site.database.text(line).await, "after the waiting period");
    for mail in [&began, &reminder] {
        assert_eq!(press(&site, &mail.link(), STOP).await, DEAD, "there is nothing to stop any more");
    }
    assert_eq!(site.visitor().log_in("ada").await.location(), "/members/dashboard");
    assert_eq!(press(&site, &removed.link(), "/api/accounts/not_me").await, ACCEPTED);
    site.stop().await;
}

fn is_no_reminder(mail: &Mail) -> bool {
    !mail.subject.starts_with(HALFWAY)
}

#[tokio::test]
async fn whoever_must_have_a_second_factor_sets_one_up_again() {
    let site = site_with(|config| {
        config.second_factor.required = Required::Everybody;
        config.second_factor.grace = Period::days(1);
    })
    .await;
    let (mut known, ..) = half_way(&site, "ada").await;
    begin(&site, &mut known, "ada").await;
    pass(&site, HALF).await;
    site.mail_to("ada@example.com", HALFWAY, 1).await;
    pass(&site, HALF).await;
    site.database.until("SELECT COUNT(*) FROM factors", |count| count == 0).await;
    let mut again = site.visitor();
    assert_eq!(again.log_in("ada").await.location(), "/members/dashboard");
    assert!(again.get("/members/dashboard").await.location().starts_with(APP_PAGE));
    site.set_up_app(&mut again).await;
    assert_eq!(again.get("/members/dashboard").await.status, 200);
    assert_eq!(site.visitor().log_in("ada").await.location(), SECOND);
    site.stop().await;
}

const WAYS: [&str; 12] = [
    "stoplink",
    "app",
    "recoverycode",
    "confirming",
    "notme",
    "passwordchange",
    "passwordreset",
    "loggedout",
    "addressbystaff",
    "resetbystaff",
    "deactivated",
    "anotherstamp",
];

/// What else stops it.
async fn stop(site: &TestSite, way: &str, began: &Mail, stopping: &mut Stopping) {
    let Stopping { known, device, app, codes, not_me } = stopping;
    let page = format!("/admin/users/{}", site.user_id(way).await);
    match way {
        "stoplink" => {
            let mut visitor = site.visitor();
            for _ in 0..2 {
                assert_eq!(visitor.get(&began.link()).await.location(), "/accounts/recovery/stop");
                assert_eq!(visitor.get("/accounts/recovery/stop").await.form().0, STOP);
            }
            assert!(is_waiting(site, way).await, "opening it changes nothing");
            assert_eq!(visitor.submit("/accounts/recovery/stop", &[]).await.location(), "/accounts/login");
            let messages = visitor.get("/accounts/login").await.messages();
            assert!(
                messages[0].starts_with("The removal of your second factor was stopped."),
                "{messages:?}"
            );
        }
        "app" => {
            let code = app.new_code(site);
            assert_eq!(known.enter(&code).await.location(), "/members/dashboard");
        }
        "recoverycode" => {
            known.enter(&codes[0]).await;
            assert!(known.is_signed_in().await);
        }
        "confirming" => {
            let code = app.new_code(site);
            let fields = [("password", PASSWORD), ("code", &*code)];
            let answer = device.post("/api/accounts/reauthenticate", &fields).await;
            assert_eq!(answer.status, 303, "{}", answer.text());
        }
        "notme" => assert_eq!(press(site, not_me, "/api/accounts/not_me").await, ACCEPTED),
        "passwordchange" => {
            let fields = [("old_password", PASSWORD), ("password1", NEW), ("password2", NEW)];
            assert_eq!(device.call("/api/accounts/change_password", &fields).await.text(), ACCEPTED);
        }
        "passwordreset" => {
            site.visitor().submit("/accounts/password_reset", &[("email", &address(way))]).await;
            let link = site.mail_to(&address(way), "Set a new password", 1).await.link();
            assert_eq!(press(site, &link, "/api/accounts/reset_password").await, ACCEPTED);
        }
        "loggedout" => assert_eq!(device.call("/api/members/end_all_sessions", &[]).await.text(), ACCEPTED),
        "addressbystaff" => {
            let mut staff = site.superuser(&format!("root-{way}")).await;
            let fields = [("email", "rescued@example.com"), ("is_verified", "yes")];
            assert_eq!(staff.change(&page, "/api/admin/save_user", &fields).await.location(), page);
        }
        "resetbystaff" => {
            let mut staff = site.superuser(&format!("root-{way}")).await;
            let fields = [("reason", "called back")];
            let answer = staff.change(&page, "/api/admin/reset_second_factor", &fields).await;
            assert_eq!(answer.location(), page);
        }
        "deactivated" => {
            let mut staff = site.superuser(&format!("root-{way}")).await;
            let answer = staff.change(&page, "/api/admin/save_user", &[("is_active", "")]).await;
            assert_eq!(answer.location(), page);
        }
        // Another stamp, by whatever may be forgotten here.
        _ => {
            site.database
                .execute(&format!(
                    "UPDATE users SET session_stamp = (SELECT session_stamp FROM users WHERE username = 'ada') \
                     WHERE username = '{way}'"
                ))
                .await;
            site.clock.advance(Duration::from_secs(601));
            let rows =
                format!("SELECT COUNT(*) FROM factor_recoveries WHERE user_id = {}", site.user_id(way).await);
            site.database.until(&rows, |count| count == 0).await;
        }
    }
}

struct Stopping {
    known: Visitor,
    device: Visitor,
    app: App,
    codes: Vec<String>,
    not_me: String,
}

#[tokio::test]
async fn a_second_factor_and_whatever_defends_the_account_or_changes_its_hands_stops_it() {
    let site = site().await;
    site.member("ada").await;
    for way in WAYS {
        let (known, app, codes) = half_way(&site, way).await;
        let mut device = site.visitor();
        device.log_in(way).await;
        let code = app.new_code(&site);
        assert_eq!(device.enter(&code).await.location(), "/members/dashboard");
        let not_me = site.mail_to(&address(way), "New login to your account", 1).await.link();
        let mut stopping = Stopping { known, device, app, codes, not_me };
        let begins = ask(&site, &mut stopping.known, way).await.link();
        assert_eq!(press(&site, &begins, BEGIN).await, ACCEPTED);
        let began = site.mail_to(&address(way), BEGAN, 1).await;
        assert!(is_waiting(&site, way).await);
        stop(&site, way, &began, &mut stopping).await;
        assert!(!is_waiting(&site, way).await, "{way}");
        assert_eq!(count(&site, way, "activity WHERE kind = 'factor_recovery_stopped'").await, 1, "{way}");
        if way != "stoplink" {
            assert_eq!(press(&site, &began.link(), STOP).await, DEAD, "{way}");
        }
        let links = "tokens WHERE purpose IN ('recover_factor', 'stop_recovery') AND used_at IS NULL";
        assert_eq!(count(&site, way, links).await, 0, "{way}");
    }
    pass(&site, HALF).await;
    pass(&site, HALF).await;
    for way in WAYS.into_iter().filter(|way| *way != "resetbystaff") {
        assert!(has_app(&site, way).await, "{way}");
        assert!(site.mails_to(&address(way)).iter().all(is_no_reminder), "{way}");
    }
    site.stop().await;
}

/// A mail that was asked for and whose link was not used yet.
#[tokio::test]
async fn the_link_that_begins_it_dies_by_the_same() {
    let site = site().await;
    for way in ["app", "passwordreset", "staff"] {
        let (mut known, app, _) = half_way(&site, way).await;
        let link = ask(&site, &mut known, way).await.link();
        match way {
            "app" => drop(known.enter(&app.new_code(&site)).await),
            "passwordreset" => {
                site.visitor().submit("/accounts/password_reset", &[("email", &address(way))]).await;
                let reset = site.mail_to(&address(way), "Set a new password", 1).await.link();
                assert_eq!(press(&site, &reset, "/api/accounts/reset_password").await, ACCEPTED);
            }
            _ => site.database.execute("UPDATE users SET is_staff = 1 WHERE username = 'staff'").await,
        }
        assert_eq!(press(&site, &link, BEGIN).await, DEAD, "{way}");
        assert!(!is_waiting(&site, way).await, "{way}");
    }
    site.stop().await;
}

#[tokio::test]
async fn who_becomes_staff_meanwhile_keeps_the_second_factor() {
    let site = site().await;
    for (name, flag) in [("ada", "is_staff"), ("bob", "is_superuser")] {
        let (mut known, ..) = half_way(&site, name).await;
        begin(&site, &mut known, name).await;
        pass(&site, HALF).await;
        site.mail_to(&address(name), HALFWAY, 1).await;
        site.database.execute(&format!("UPDATE users SET {flag} = 1 WHERE username = '{name}'")).await;
        pass(&site, HALF).await;
        site.database.until("SELECT COUNT(*) FROM factor_recoveries", |count| count == 0).await;
        assert!(has_app(&site, name).await, "{flag}");
        assert_eq!(count(&site, name, "activity WHERE kind = 'factor_recovery_stopped'").await, 1);
    }
    site.stop().await;
}

/// Sets the clock and waits until the background tasks have noticed.
async fn set(site: &TestSite, by: Millis) {
    log::begin();
    site.clock.set(by);
    let seconds = by / 1000;
    // The time that passes meanwhile on a busy machine counts too.
    let is_this = |line: &Value| line["seconds"].as_i64().is_some_and(|said| (said - seconds).abs() < 100);
    log::until("The clock was changed", is_this).await;
}

#[tokio::test]
async fn a_clock_that_is_set_ends_no_waiting_period_early_and_keeps_none_for_ever() {
    let site = site().await;
    let ends = "SELECT ends_at FROM factor_recoveries";
    let (mut known, ..) = half_way(&site, "ada").await;
    begin(&site, &mut known, "ada").await;
    let year = 365 * 86_400_000 + 55_321_000;
    // Forward, for good: the time that was jumped over does not count.
    let before = site.database.number(ends).await;
    set(&site, year).await;
    assert!((site.database.number(ends).await - before - year).abs() < 60_000);
    pass(&site, HALF - MARGIN).await;
    assert!(has_app(&site, "ada").await && site.mails_to("ada@example.com").iter().all(is_no_reminder));
    // Back: it takes its whole time again, and no longer.
    set(&site, -year).await;
    pass(&site, Duration::from_secs(601)).await;
    let latest = site.clock.now() + i64::try_from(DELAY.as_millis()).expect("a number");
    site.database.until(ends, |at| at <= latest).await;
    // Back and forth again, which a sweep has seen in between.
    let year = year + 200_000;
    set(&site, -year).await;
    pass(&site, Duration::from_secs(601)).await;
    set(&site, year).await;
    pass(&site, Duration::from_secs(601)).await;
    assert!(has_app(&site, "ada").await && site.mails_to("ada@example.com").iter().all(is_no_reminder));
    assert!(site.database.number(ends).await > site.clock.now() + 3 * 86_400_000);
    pass(&site, HALF).await;
    site.mail_to("ada@example.com", HALFWAY, 1).await;
    pass(&site, HALF).await;
    site.database.until("SELECT COUNT(*) FROM factors", |count| count == 0).await;
    site.mail_to("ada@example.com", REMOVED, 1).await;
    site.stop().await;
}

/// A sweep goes by the time at which it began.
#[tokio::test]
async fn a_clock_that_is_set_forward_during_a_sweep_ends_no_waiting_period() {
    let site = site().await;
    let (mut known, ..) = half_way(&site, "ada").await;
    begin(&site, &mut known, "ada").await;
    let mut config = Config { database: site.database.settings(), ..Default::default() };
    config.second_factor.recovery_delay = Some(Period::days(4));
    let (clock, db) = (Clock::default(), Database::connect(&config.database).await.expect("connected"));
    let state = AppState::new(config, clock.clone(), db, ([127, 0, 0, 1], 0).into()).expect("a site");
    let begun = clock.now();
    clock.set(365 * 86_400_000);
    service::sweep_recoveries(&state, begun).await.expect("swept");
    let half = "SELECT COUNT(*) FROM factor_recoveries WHERE is_half_over = 1";
    assert_eq!(site.database.number(half).await, 0);
    service::sweep_recoveries(&state, clock.now()).await.expect("swept");
    assert_eq!(site.database.number(half).await, 1, "otherwise");
    state.db.close().await;
    site.stop().await;
}

/// Nor does it take for a row of a clock that was ahead what was written while it runs.
#[tokio::test]
async fn a_long_sweep_leaves_the_logins_that_began_meanwhile() {
    let site = site().await;
    let mut config = Config { database: site.database.settings(), ..Default::default() };
    config.second_factor.recovery_delay = Some(Period::days(4));
    let db = Database::connect(&config.database).await.expect("connected");
    let state = AppState::new(config, site.clock.clone(), db, ([127, 0, 0, 1], 0).into()).expect("a site");
    let begun = site.clock.now();
    site.clock.advance(Duration::from_secs(60));
    half_way(&site, "ada").await;
    service::factors::sweep(&state, begun).await.expect("swept");
    assert_eq!(site.database.number("SELECT COUNT(*) FROM pending_logins").await, 1);
    state.db.close().await;
    site.stop().await;
}

/// Whatever the site could not send in the first half, its owner has the second one to stop it.
#[tokio::test]
async fn after_a_long_stop_of_the_site_the_second_half_still_takes_its_time() {
    let site = site().await;
    let (mut known, ..) = half_way(&site, "ada").await;
    begin(&site, &mut known, "ada").await;
    pass(&site, 5 * DAY).await;
    site.mail_to("ada@example.com", HALFWAY, 1).await;
    pass(&site, HALF - MARGIN).await;
    assert!(has_app(&site, "ada").await);
    pass(&site, MARGIN).await;
    site.database.until("SELECT COUNT(*) FROM factors", |count| count == 0).await;
    site.stop().await;
}
