//! Login with a second factor: what the password alone does not do, and which codes are accepted.

use std::time::Duration;

use crate::support::{
    Page, TestSite, Visitor,
    authenticator::{App, SECOND},
};

const WRONG: &str =
    "That code is wrong, or was used before. Enter the code that your app shows now, or a recovery code.";

/// A member with an app, and a browser that has typed the password.
async fn half_way(site: &TestSite, name: &str) -> (Visitor, App, Visitor) {
    let mut member = site.proven_member(name).await;
    let (app, _) = site.set_up_app(&mut member).await;
    let mut other = site.visitor();
    assert_eq!(other.log_in(name).await.location(), SECOND);
    (member, app, other)
}

/// Everything that a login leaves in the database.
async fn traces(site: &TestSite, name: &str) -> [i64; 5] {
    let id = site.user_id(name).await;
    let mut traces = [0; 5];
    for (trace, sql) in traces.iter_mut().zip([
        "SELECT COUNT(*) FROM sessions WHERE user_id = ",
        "SELECT COUNT(*) FROM known_devices WHERE user_id = ",
        "SELECT COUNT(*) FROM activity WHERE kind = 'login' AND user_id = ",
        "SELECT COALESCE(MAX(last_login), 0) FROM users WHERE id = ",
        "SELECT COUNT(*) FROM mails WHERE kind = 'new_device' AND user_id = ",
    ]) {
        *trace = site.database.number(&format!("{sql}{id}")).await;
    }
    traces
}

#[tokio::test]
async fn the_password_alone_opens_nothing_and_leaves_no_trace() {
    let site = TestSite::start_without_mail().await;
    let mut member = site.proven_member("ada").await;
    let (app, _) = site.set_up_app(&mut member).await;
    site.clock.advance(Duration::from_secs(60));
    let before = traces(&site, "ada").await;
    let mut other = site.visitor();
    let fields = [("login", "ada"), ("password", crate::support::PASSWORD), ("remember", "yes")];
    let answer = other.submit("/accounts/login?next=/members/profile", &fields).await;
    assert_eq!((answer.status, answer.location(), answer.body.len()), (303, SECOND, 0));
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    let cookie = cookies.first().expect("one").to_str().expect("ASCII");
    assert_eq!(cookies.len(), 1, "{cookies:?}");
    let (token, attributes) = cookie.split_once(';').expect("attributes");
    assert_eq!(token.len(), "pending_login=".len() + 43, "256 bits: {cookie}");
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"] {
        assert!(attributes.contains(attribute), "{cookie}");
    }
    assert_eq!(traces(&site, "ada").await, before);
    assert!(!other.is_signed_in().await);
    let token = token.trim_start_matches("pending_login=");
    assert!(
        site.database.everything().await.iter().all(|row| !row.contains(token)),
        "only its hash is stored"
    );

    let page = other.get(SECOND).await;
    assert_eq!((page.status, page.header("cache-control")), (200, "private, no-store"));
    let input = |name: &str| page.attribute("[name=code]", name);
    assert_eq!(input("autocomplete").as_deref(), Some("one-time-code"));
    assert_eq!(input("inputmode").as_deref(), Some("numeric"));
    let answer = other.submit(SECOND, &[("code", &app.code_in(&site, 0))]).await;
    assert_eq!((answer.status, answer.location()), (303, "/members/profile"), "{}", answer.text());
    assert!(other.is_signed_in().await && !other.cookies.contains_key("pending_login"));
    let after = traces(&site, "ada").await;
    assert_eq!(after[..3], [before[0] + 1, before[1] + 1, before[2] + 1]);
    assert!(after[3] > before[3] && after[4] == before[4] + 1, "{before:?} {after:?}");
    assert_eq!(site.database.number("SELECT COUNT(*) FROM pending_logins").await, 0);
    // It is to be remembered.
    assert!(answer.headers.get_all("set-cookie").iter().any(|cookie| {
        let cookie = cookie.to_str().expect("ASCII");
        cookie.starts_with("sessionid=") && cookie.contains("Max-Age=")
    }));
    site.stop().await;
}

/// Without the right password nobody learns who has a second factor.
#[tokio::test]
async fn a_refused_login_is_the_same_with_and_without_a_factor() {
    let site = TestSite::start_without_mail().await;
    site.member("bob").await;
    for name in ["ada", "eve"] {
        let mut member = site.member(name).await;
        site.set_up_app(&mut member).await;
    }
    site.database.execute("UPDATE users SET is_active = 0 WHERE username = 'eve'").await;
    let mut answers: Vec<(u16, String, usize, Vec<String>, String)> = Vec::new();
    for (name, password) in [
        ("bob", "wrong"),
        ("ada", "wrong"),
        ("zoe", "wrong"),
        ("eve", "wrong"),
        ("eve", crate::support::PASSWORD),
    ] {
        let mut visitor = site.visitor();
        let answer = visitor.log_in_with(name, password).await;
        let cookies = visitor.cookies.keys().cloned().collect();
        let shown = visitor.get("/accounts/login").await.form_errors().join(" ");
        answers.push((answer.status, answer.location().to_owned(), answer.body.len(), cookies, shown));
    }
    assert!(answers[0].4.contains("Please enter a correct username"), "{answers:?}");
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(site.database.number("SELECT COUNT(*) FROM pending_logins").await, 0);
    site.stop().await;
}

/// Lets two minutes pass, to the fifth second of a step, so that it is the same one when a code
/// arrives.
fn new_step(site: &TestSite) {
    let into_step = site.clock.now().rem_euclid(30_000);
    site.clock.advance(Duration::from_millis((155_000 - into_step).unsigned_abs()));
}

#[tokio::test]
async fn codes_are_accepted_as_people_type_them_and_nothing_else_is() {
    let site = TestSite::start_without_mail().await;
    let (_, app, mut other) = half_way(&site, "ada").await;
    let long = "1".repeat(10_240);
    let good = app.new_code(&site);
    let wide: String = good.chars().filter_map(|c| char::from_u32(c as u32 - 0x30 + 0xFF10)).collect();
    // One that gets older while a busy machine takes its time.
    let off_by_two = app.code_in(&site, -61);
    for wrong in
        [&good[1..], &format!("{good}1"), "abcdef", "12345a", "12345\0", "\0", &long, &off_by_two, "000-00a"]
    {
        other.log_in("ada").await;
        let answer = other.enter(wrong).await;
        assert_eq!((answer.status, answer.location()), (303, SECOND), "{wrong:?}: {}", answer.text());
        let page = other.get(SECOND).await;
        assert_eq!(page.errors("code"), [WRONG], "{wrong:?}");
        assert_eq!(
            page.attribute("[name=code]", "value").unwrap_or_default(),
            "",
            "{wrong:?} is not shown again"
        );
        assert!(!other.is_signed_in().await, "{wrong:?}");
    }
    for empty in ["", "  "] {
        other.enter(empty).await;
        assert_eq!(other.get(SECOND).await.errors("code"), ["This field is required."]);
    }
    // Scripts get the same as an answer.
    let answer = other.call("/api/accounts/second_step", &[("code", "12345")]).await;
    assert_eq!((answer.status, answer.text().contains("SecondFactorIncorrect")), (200, true));
    assert_eq!(other.enter(&wide).await.location(), "/members/dashboard");
    for (offset, in_words) in [(0, "as digits with a space"), (30, "one step early"), (-30, "one step late")]
    {
        new_step(&site);
        let mut other = site.visitor();
        other.log_in("ada").await;
        let code = app.code_in(&site, offset);
        let answer = other.enter(&format!("{} {}", &code[..3], &code[3..])).await;
        assert_eq!(answer.location(), "/members/dashboard", "{in_words}");
    }
    site.stop().await;
}

#[tokio::test]
async fn a_code_opens_one_session() {
    let site = TestSite::start_without_mail().await;
    let (_, app, first) = half_way(&site, "ada").await;
    let mut second = site.visitor();
    second.log_in("ada").await;
    let code = app.new_code(&site);
    let earlier = app.code_in(&site, -30);
    let tries: Vec<_> = [first.clone(), first, second]
        .into_iter()
        .map(|mut visitor| {
            let code = code.clone();
            tokio::spawn(async move {
                visitor.enter(&code).await;
                visitor.is_signed_in().await
            })
        })
        .collect();
    let mut opened = 0;
    for tried in tries {
        opened += usize::from(tried.await.expect("no panic"));
    }
    assert_eq!(opened, 1);
    // Nor later, and no earlier code either.
    for used in [&code, &earlier] {
        let mut late = site.visitor();
        late.log_in("ada").await;
        late.enter(used).await;
        assert!(!late.is_signed_in().await);
    }
    let sessions = "SELECT COUNT(*) FROM sessions";
    assert_eq!(site.database.number(sessions).await, 2, "the one that set it up, and this");
    site.stop().await;
}

/// With `totp_skew = 0`, ASVS 6.5.5 by the letter.
#[tokio::test]
async fn without_skew_only_the_present_code_is_accepted() {
    let site = TestSite::start_with(|config| config.second_factor.totp_skew = 0).await;
    let (_, app, mut other) = half_way(&site, "ada").await;
    new_step(&site);
    for offset in [-30, 30] {
        assert_eq!(other.enter(&app.code_in(&site, offset)).await.location(), SECOND);
    }
    assert_eq!(other.enter(&app.code_in(&site, 0)).await.location(), "/members/dashboard");
    site.stop().await;
}

async fn is_over(site: &TestSite, mut other: Visitor, app: &App, why: &str) {
    let answer = other.enter(&app.new_code(site)).await;
    assert_eq!((answer.status, answer.location()), (303, SECOND), "{why}: {}", answer.text());
    assert!(!other.is_signed_in().await, "{why}");
    let page = other.get(SECOND).await;
    assert!(page.find_all("main form").is_empty(), "{why}");
    assert!(page.text().contains("This login took too long, or was ended. Please start again."), "{why}");
    assert!(!other.cookies.contains_key("pending_login"), "{why}");
}

#[tokio::test]
async fn a_login_waits_ten_minutes_in_the_browser_that_typed_the_password() {
    let site = TestSite::start_without_mail().await;
    let (_, app, other) = half_way(&site, "ada").await;
    is_over(&site, site.visitor(), &app, "a browser without the cookie").await;
    let mut invented = site.visitor();
    invented.cookies.insert("pending_login".into(), "A".repeat(43));
    is_over(&site, invented, &app, "an invented cookie").await;
    // The cookie decides whose login it is.
    let (_, _, mut of_bob) = half_way(&site, "bob").await;
    assert_eq!(of_bob.enter(&app.new_code(&site)).await.location(), SECOND);
    assert!(!of_bob.is_signed_in().await);
    site.clock.advance(Duration::from_secs(600));
    let mut late = other.clone();
    assert!(late.get(SECOND).await.find_all("main form").is_empty());
    is_over(&site, other, &app, "ten minutes later").await;
    // What is left of them goes with the sweep.
    site.clock.advance(Duration::from_secs(1200));
    site.database.until("SELECT COUNT(*) FROM pending_logins", |count| count == 0).await;
    site.stop().await;
}

#[tokio::test]
async fn a_change_of_the_account_ends_a_login_between_its_steps() {
    let site = TestSite::start_without_mail().await;
    for what in ["password", "deactivation", "deletion", "reset"] {
        let (mut member, app, other) = half_way(&site, what).await;
        let new = "another horse battery";
        match what {
            "password" => {
                let fields =
                    [("old_password", crate::support::PASSWORD), ("password1", new), ("password2", new)];
                let done = member.post("/api/accounts/change_password", &fields).await;
                assert_eq!(done.location(), "/members/profile");
            }
            "deletion" => {
                let done = member.post("/api/members/delete", &[("username", what)]).await;
                assert_eq!(done.location(), "/accounts/login", "{}", done.text());
            }
            _ => {
                let sql = match what {
                    "deactivation" => "UPDATE users SET is_active = 0 WHERE username = 'deactivation'",
                    _ => "DELETE FROM pending_logins",
                };
                site.database.execute(sql).await;
            }
        }
        is_over(&site, other, &app, what).await;
    }
    site.stop().await;
}

/// A deletion that was requested before is cancelled, but not before the second step.
#[tokio::test]
async fn a_pending_deletion_is_cancelled_by_the_second_step() {
    let site = TestSite::start_without_mail().await;
    let mut member = site.proven_member("ada").await;
    let (app, _) = site.set_up_app(&mut member).await;
    member.post("/api/members/delete", &[("username", "ada")]).await;
    let pending = "SELECT COUNT(*) FROM users WHERE delete_after IS NOT NULL";
    let mut back = site.visitor();
    assert_eq!(back.log_in("ada").await.location(), SECOND);
    assert_eq!(site.database.number(pending).await, 1);
    assert_eq!(back.enter(&app.new_code(&site)).await.location(), "/members/dashboard");
    assert_eq!(site.database.number(pending).await, 0);
    site.stop().await;
}

#[tokio::test]
async fn five_wrong_codes_end_the_login_and_the_owner_sees_them() {
    let site = TestSite::start_without_mail().await;
    let (mut member, app, mut other) = half_way(&site, "ada").await;
    for number in 1..=5 {
        let answer = other.enter("000000").await;
        let to = if number < 5 { SECOND } else { "/accounts/login" };
        assert_eq!(answer.location(), to, "{number}");
    }
    assert_eq!(other.get("/accounts/login").await.messages(), ["Too many wrong codes. Please log in again."]);
    is_over(&site, other, &app, "five wrong codes").await;
    let lines = member.get("/members/activity").await.find_all(".what");
    let wrong = lines.iter().filter(|line| *line == "Failed login (right password, wrong code)").count();
    assert_eq!(wrong, 5, "{lines:?}");
    site.stop().await;
}

fn is_throttled(answer: &Page) {
    assert_eq!(answer.status, 429, "{}", answer.text());
    let seconds: u32 = answer.header("retry-after").parse().expect("seconds");
    assert!((1..=300).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn wrong_codes_are_limited_for_each_account_and_only_after_the_right_password() {
    let site = TestSite::start_with(|config| {
        config.throttle.second_factor_per_account =
            members_area::base::config::Rate::new(5, members_area::base::config::Period::minutes(5));
    })
    .await;
    let (_, app, mut other) = half_way(&site, "ada").await;
    // Strangers who do not know the password cannot use the limit up.
    for _ in 0..10 {
        site.visitor().enter("000000").await;
    }
    for _ in 0..5 {
        other.enter("000000").await;
    }
    other.log_in("ada").await;
    let code = app.new_code(&site);
    // Charged before the check: the right one is refused as well, whatever its kind.
    is_throttled(&other.enter(&code).await);
    is_throttled(&other.enter("ABCD-EFGH-IJKL-MNOP").await);
    assert!(!other.is_signed_in().await);
    // Another account has a limit of its own.
    let (_, of_bob, mut bob) = half_way(&site, "bob").await;
    assert_eq!(bob.enter(&of_bob.new_code(&site)).await.location(), "/members/dashboard");
    site.clock.advance(Duration::from_secs(301));
    other.log_in("ada").await;
    assert_eq!(other.enter(&app.new_code(&site)).await.location(), "/members/dashboard");
    // Right codes are not counted.
    for _ in 0..7 {
        let mut again = site.visitor();
        again.log_in("ada").await;
        assert_eq!(again.enter(&app.new_code(&site)).await.location(), "/members/dashboard");
    }
    site.stop().await;
}

#[tokio::test]
async fn a_reset_by_mail_does_not_skip_the_second_step() {
    let site = TestSite::start().await;
    let (_, app, _) = half_way(&site, "ada").await;
    let (mut thief, new) = (site.visitor(), "another horse battery");
    thief.submit("/accounts/password_reset", &[("email", "ada@example.com")]).await;
    let link = site.mail_to("ada@example.com", "Set a new password", 1).await.link();
    thief.get(&link).await;
    let done = thief.submit("/accounts/reset/new", &[("password1", new), ("password2", new)]).await;
    assert_eq!(done.location(), "/accounts/reset/done");
    assert!(!thief.is_signed_in().await);
    assert_eq!(thief.log_in_with("ada", new).await.location(), SECOND);
    assert!(!thief.is_signed_in().await);
    assert_eq!(thief.enter(&app.new_code(&site)).await.location(), "/members/dashboard");
    site.stop().await;
}

/// A stranger who signed up with an address and set up an app does not keep its owner out.
#[tokio::test]
async fn whoever_proves_an_address_by_a_reset_takes_the_account_whole() {
    let site = TestSite::start().await;
    let mut squatter = site.member("ada").await;
    site.set_up_app(&mut squatter).await;
    let (mut owner, new) = (site.visitor(), "another horse battery");
    owner.submit("/accounts/password_reset", &[("email", "ada@example.com")]).await;
    let link = site.mail_to("ada@example.com", "Set a new password", 1).await.link();
    owner.get(&link).await;
    owner.submit("/accounts/reset/new", &[("password1", new), ("password2", new)]).await;
    assert_eq!(owner.log_in_with("ada", new).await.location(), "/members/dashboard");
    assert!(!squatter.is_signed_in().await);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM factors").await, 0);
    site.stop().await;
}

/// A clock that was ahead for a moment locks nobody out.
#[tokio::test]
async fn a_code_from_a_clock_that_was_ahead_does_not_use_up_the_present_ones() {
    let site = TestSite::start_without_mail().await;
    let (_, app, mut other) = half_way(&site, "ada").await;
    let ahead = (site.clock.now() + 86_400_000) / 30_000;
    site.database.execute(&format!("UPDATE factors SET last_step = {ahead} WHERE kind = 'totp'")).await;
    let code = app.new_code(&site);
    assert_eq!(other.enter(&code).await.location(), "/members/dashboard");
    let mut again = site.visitor();
    again.log_in("ada").await;
    assert_eq!(again.enter(&code).await.location(), SECOND, "it is used by now");
    site.stop().await;
}

#[tokio::test]
async fn few_logins_wait_at_once_for_one_account() {
    let site = TestSite::start_without_mail().await;
    let (_, app, first) = half_way(&site, "ada").await;
    for _ in 0..10 {
        site.clock.advance(Duration::from_secs(1));
        site.visitor().log_in("ada").await;
    }
    assert_eq!(site.database.number("SELECT COUNT(*) FROM pending_logins").await, 10);
    is_over(&site, first, &app, "the oldest is gone").await;
    site.stop().await;
}
