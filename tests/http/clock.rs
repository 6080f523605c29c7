//! A clock that is wrong for a moment: nothing stays locked, stuck or usable for as long as it was
//! wrong.

use std::time::Duration;

use members_area::base::{
    clock::Millis,
    config::{Period, Rate},
};
use serde_json::Value;

use crate::support::{TestSite, log};

const HOUR: Millis = 3_600_000;
const DAY: Millis = 24 * HOUR;

/// Sets the clock and waits until the background tasks have noticed. Each test uses another number
/// of seconds.
async fn set(site: &TestSite, by: Millis) {
    log::begin();
    site.clock.set(by);
    let seconds = by / 1000;
    // The time that passes meanwhile on a busy machine counts too.
    let is_this = |line: &Value| line["seconds"].as_i64().is_some_and(|said| (said - seconds).abs() < 100);
    log::until("The clock was changed", is_this).await;
}

#[tokio::test]
async fn rate_limits_restart_after_the_clock_was_ahead() {
    let site = TestSite::start_with(|config| {
        config.throttle.failed_login_per_account = Rate::new(2, Period::minutes(5));
        config.throttle.sign_up_per_address = Rate::new(3, Period::minutes(1));
    })
    .await;
    site.signed_up("ada").await;
    site.clock.set(3650 * DAY);
    for _ in 0..2 {
        site.visitor().log_in_with("ada", "wrong").await;
    }
    assert_eq!(site.visitor().log_in("ada").await.status, 429);
    for name in ["bob", "carol", "dan"] {
        site.signed_up(name).await;
    }
    let answer = site.visitor().sign_up("eve", "eve@example.com").await;
    assert_eq!(answer.status, 429);
    site.clock.set(-3650 * DAY);
    assert_eq!(site.visitor().log_in("ada").await.location(), "/members/dashboard");
    site.signed_up("eve").await;
    // From then on, attempts count as usual.
    for _ in 0..2 {
        site.visitor().log_in_with("bob", "wrong").await;
    }
    let answer = site.visitor().log_in("bob").await;
    assert_eq!(answer.status, 429);
    let wait: i64 = answer.header("retry-after").parse().expect("seconds");
    assert!((1..=300).contains(&wait), "{wait}");
    // Set back within the period: nobody waits longer than the whole of it.
    site.clock.set(-5_000);
    let answer = site.visitor().log_in("bob").await;
    let wait: i64 = answer.header("retry-after").parse().expect("seconds");
    assert!(answer.status == 429 && (1..=300).contains(&wait), "{wait}");
    site.clock.set(-HOUR);
    assert_eq!(site.visitor().log_in("bob").await.location(), "/members/dashboard");
    site.stop().await;
}

#[tokio::test]
async fn sessions_and_links_from_the_future_end_in_their_own_time() {
    let site = TestSite::start().await;
    site.signed_up("ada").await;
    let ahead = 3650 * DAY + 77_123_000;
    set(&site, ahead).await;
    let mut member = site.visitor();
    member.log_in("ada").await;
    site.visitor().submit("/accounts/password_reset", &[("email", "ada@example.com")]).await;
    site.database
        .until("SELECT COUNT(*) FROM tokens WHERE purpose = 'reset_password'", |count| count == 1)
        .await;
    set(&site, -ahead).await;
    let now = site.clock.now();
    for wrong in [
        format!("SELECT COUNT(*) FROM sessions WHERE absolute_expires_at > {}", now + 91 * DAY),
        format!("SELECT COUNT(*) FROM sessions WHERE idle_expires_at > {}", now + 15 * DAY),
        format!("SELECT COUNT(*) FROM tokens WHERE expires_at > {}", now + 73 * HOUR),
        format!("SELECT COUNT(*) FROM activity WHERE at > {} OR id > {}", now + HOUR, id_at(now + HOUR)),
    ] {
        site.database.until(&wrong, |count| count == 0).await;
    }
    assert!(member.is_signed_in().await, "nobody is logged out for it");
    let mail = site.mail_to("ada@example.com", "Set a new password", 1).await;
    assert_eq!(opened(&site, &mail.link()).await, "/accounts/reset/new", "the link is good");
    site.clock.advance(Duration::from_secs(3700));
    let mut late = site.visitor();
    let page = late.get(&mail.link()).await.location().to_owned();
    late.get(&page).await;
    let fields = [("password1", "a whole new passphrase"), ("password2", "a whole new passphrase")];
    let answer = late.call("/api/accounts/reset_password", &fields).await;
    assert_eq!(answer.text(), r#"{"Refused":[["form","LinkDead"]]}"#, "the link has ended");
    site.clock.advance(Duration::from_secs(15 * 86_400));
    assert!(!member.is_signed_in().await, "the session has ended");
    site.stop().await;
}

fn id_at(at: Millis) -> i64 {
    members_area::base::id::first_id_at(at)
}

/// The page that a link leads to.
async fn opened(site: &TestSite, link: &str) -> String {
    site.visitor().get(link).await.location().to_owned()
}

#[tokio::test]
async fn background_work_continues_after_the_clock_is_set_back() {
    let site = TestSite::start().await;
    site.signed_up("ada").await;
    site.clock.set(-5 * HOUR);
    site.visitor().log_in_with("ada", "wrong").await;
    site.database
        .until("SELECT COUNT(*) FROM activity WHERE kind = 'login_failed'", |count| count == 1)
        .await;
    site.visitor().submit("/accounts/password_reset", &[("email", "ada@example.com")]).await;
    site.mail_to("ada@example.com", "Set a new password", 1).await;
    site.stop().await;
}

/// Ten failed logins per hour are recorded; ten dated in the future must not count towards them.
#[tokio::test]
async fn failed_logins_are_recorded_beside_those_from_the_future() {
    let site = TestSite::start_without_mail().await;
    site.signed_up("ada").await;
    let (user, now) = (site.user_id("ada").await, site.clock.now());
    for number in 1..=10 {
        let (id, at) = (id_at(now) - number, now + 40 * DAY);
        let line = format!(
            "INSERT INTO activity (id, user_id, kind, detail, at, address, agent) \
             VALUES ({id}, {user}, 'login_failed', '', {at}, '', '')"
        );
        site.database.execute(&line).await;
    }
    site.visitor().log_in_with("ada", "wrong").await;
    let of_ada = "SELECT COUNT(*) FROM activity WHERE kind = 'login_failed'";
    site.database.until(of_ada, |count| count == 11).await;
    site.stop().await;
}

#[tokio::test]
async fn a_mail_queued_in_the_future_is_sent() {
    let site = TestSite::start().await;
    let user = {
        site.signed_up("ada").await;
        site.user_id("ada").await
    };
    site.all_mails_sent().await;
    let future = site.clock.now() + 400 * DAY;
    let waiting = |id: i64, tries: i64, next: Millis| {
        format!(
            "INSERT INTO mails (id, kind, user_id, address, detail, created_at, tries, next_try_at, last_error) VALUES \
             ({id}, 'verify_email', {user}, 'ada@example.com', '{{\"at\": 0, \"client\": {{\"address\": \"\", \"agent\": \"\"}}}}', {next}, {tries}, {next}, '')"
        )
    };
    // Never tried, tried before, and never to be tried again.
    site.database.execute(&waiting(1, 0, future)).await;
    site.database.execute(&waiting(2, 3, future)).await;
    site.database.execute(&waiting(3, 3, Millis::MAX)).await;
    site.clock.set(-60_000);
    site.database.until("SELECT COUNT(*) FROM mails", |count| count == 1).await;
    assert_eq!(site.database.number("SELECT id FROM mails").await, 3);
    site.stop().await;
}

/// What a wrong clock deletes cannot be restored: accounts whose owners can still change their
/// mind, and activity.
#[tokio::test]
async fn a_clock_that_is_briefly_ahead_deletes_nothing() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    member.submit("/members/delete", &[("username", "ada")]).await;
    let lines = site.database.number("SELECT COUNT(*) FROM activity").await;
    assert!(lines > 0);
    let ahead = 3650 * DAY + 99_321_000;
    set(&site, ahead).await;
    site.signed_up("bob").await;
    set(&site, -ahead).await;
    assert!(site.database.number("SELECT COUNT(*) FROM activity").await >= lines);
    assert_eq!(site.visitor().log_in("ada").await.location(), "/members/dashboard", "the account is there");
    site.stop().await;
}

#[tokio::test]
async fn the_date_header_follows_the_clock_back() {
    let site = TestSite::start_without_mail().await;
    let year = async |path: &str| {
        let date = site.visitor().get(path).await.header("date").to_owned();
        date.split(' ').nth(3).and_then(|year| year.parse::<i64>().ok()).expect("a date")
    };
    for path in ["/healthz", "/accounts/login"] {
        let before = year(path).await;
        site.clock.set(3660 * DAY);
        assert!(year(path).await >= before + 10);
        site.clock.set(-3660 * DAY);
        assert!(year(path).await <= before + 1);
    }
    site.stop().await;
}
