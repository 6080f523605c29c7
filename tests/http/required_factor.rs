//! Who must have a second factor, from when, and what is open without one.

use std::{collections::BTreeSet, time::Duration};

use members_area::{
    base::config::{Config, Period, Required},
    server::pages,
};

use crate::support::{
    PASSWORD, Page, TestSite, Visitor,
    authenticator::{APP_PAGE, App, CODES_PAGE, SECOND},
    passkey::{ORIGIN, PASSKEYS_PAGE, SoftKey},
    program::{program, refused, said},
};

const DAY: Duration = Duration::from_secs(86_400);
const DAY_MS: i64 = 86_400_000;
const LED: &str = "/members/security/authenticator?next=/members/profile";
const NEEDED: &str = "This needs two-step login. Set it up, or log in with your code, and try again.";
/// What is open to a member who must set up a second factor first. Repeated here on purpose.
const OPEN_PAGES: [&str; 19] = [
    "/accounts/email/confirm",
    "/accounts/email/undo",
    "/accounts/login",
    SECOND,
    "/accounts/logout",
    "/accounts/not_me",
    "/accounts/password_reset",
    "/accounts/password_reset/done",
    "/accounts/reauthenticate",
    "/accounts/recovery/begin",
    "/accounts/recovery/stop",
    "/accounts/reset/done",
    "/accounts/reset/new",
    "/accounts/verify",
    "/dev/mailbox",
    APP_PAGE,
    CODES_PAGE,
    PASSKEYS_PAGE,
    "/accounts/login/code",
];
const OPEN_FUNCTIONS: [&str; 37] = [
    "/api/accounts/ask_for_recovery",
    "/api/accounts/ask_for_reset",
    "/api/accounts/begin_recovery",
    "/api/accounts/confirm_email_change",
    "/api/accounts/judge_password",
    "/api/accounts/link",
    "/api/accounts/log_in",
    "/api/accounts/log_in_by_code",
    "/api/accounts/log_out",
    "/api/accounts/login_step",
    "/api/accounts/mail_code",
    "/api/accounts/mailed_code",
    "/api/accounts/not_me",
    "/api/accounts/passkey_log_in",
    "/api/accounts/passkey_options",
    "/api/accounts/passkey_reauthenticate",
    "/api/accounts/passkey_second_step",
    "/api/accounts/reauthenticate",
    "/api/accounts/reauthentication",
    "/api/accounts/reset_password",
    "/api/accounts/second_step",
    "/api/accounts/stop_recovery",
    "/api/accounts/undo_email_change",
    "/api/accounts/verify_email",
    "/api/dev/mailbox",
    "/api/members/add_passkey",
    "/api/members/ask_passkey",
    "/api/members/authenticator",
    "/api/members/confirm_authenticator",
    "/api/members/keep_recovery_codes",
    "/api/members/new_recovery_codes",
    "/api/members/passkeys",
    "/api/members/recovery_codes",
    "/api/members/remove_authenticator",
    "/api/members/remove_passkey",
    "/api/members/rename_passkey",
    "/api/members/start_authenticator",
];

async fn site(required: Required) -> TestSite {
    TestSite::start_with(move |config: &mut Config| {
        config.second_factor.required = required;
        // The tests let a week pass.
        config.sessions.idle = Period::days(60);
        config.sessions.absolute = Period::days(60);
        config.sessions.reauthenticate_after = Period::days(60);
    })
    .await
}

/// Puts the account into a group that requires a second factor, or no longer does.
async fn require_of(site: &TestSite, root: &mut Visitor, username: &str, is_required: bool) {
    if site.database.number("SELECT COUNT(*) FROM groups").await == 0 {
        root.change("/admin/groups/new", "/api/admin/add_group", &[("group_name", "Editors")]).await;
        let user = site.user_id(username).await;
        let join = format!("INSERT INTO group_members (group_id, user_id) SELECT id, {user} FROM groups");
        site.database.execute(&join).await;
    }
    let id = site.database.number("SELECT id FROM groups").await;
    let (page, flag) = (format!("/admin/groups/{id}"), if is_required { "yes" } else { "" });
    let saved = root.change(&page, "/api/admin/save_group", &[("requires_second_factor", flag)]).await;
    assert_eq!(saved.location(), page, "{}", saved.text());
}

fn banner(page: &Page) -> String {
    page.find("section[aria-label='Two-step login'] p")
}

/// A page, a form without JavaScript, and a call by a script.
async fn is_open(member: &mut Visitor) -> bool {
    let page = member.get("/members/profile").await;
    let form = member.post("/api/members/end_other_sessions", &[]).await;
    let call = member.call("/api/members/profile", &[]).await;
    match (page.status, form.status, call.status) {
        (200, 303, 200) => true,
        (303, 403, 403) => {
            assert_eq!((page.location(), page.body.len()), (LED, 0));
            assert_eq!(page.header("cache-control"), "private, no-store");
            assert!(form.text().contains(NEEDED) && call.text().contains("SecondFactorRequired"));
            false
        }
        found => panic!("{found:?}"),
    }
}

#[tokio::test]
async fn members_staff_and_groups_have_a_week_and_then_set_it_up_first() {
    for (required, who) in [
        (Required::Everybody, "member"),
        (Required::Staff, "staff"),
        (Required::Nobody, "staff"),
        (Required::Nobody, "group"),
    ] {
        let case = format!("{required:?} {who}");
        let site = site(required).await;
        let mut member = match who {
            "staff" => site.staff("ada", &[]).await,
            _ => site.member("ada").await,
        };
        let is_meant = (required, who) != (Required::Nobody, "staff");
        if who == "group" {
            let mut root = site.superuser("root").await;
            assert!(is_open(&mut member).await && banner(&member.get("/").await).is_empty(), "{case}");
            require_of(&site, &mut root, "ada", true).await;
        }
        assert!(is_open(&mut member).await, "{case}: within");
        for page in ["/", "/members/dashboard", "/members/profile", "/members/delete", APP_PAGE, "/nowhere"] {
            let banner = banner(&member.get(page).await);
            assert_eq!(
                banner.starts_with("This site asks you for two-step login from "),
                is_meant,
                "{case} {page}"
            );
        }
        site.clock.advance(DAY * 7 - Duration::from_secs(60));
        assert!(is_open(&mut member).await, "{case}: to the end");
        site.clock.advance(Duration::from_secs(61));
        assert_eq!(is_open(&mut member).await, !is_meant, "{case}: after");
        if is_meant {
            assert_eq!(banner(&member.get(APP_PAGE).await), "To go on, set up two-step login.");
            // Also in a new session.
            assert_eq!(member.log_in("ada").await.location(), "/members/dashboard");
            assert_eq!(member.get("/members/dashboard").await.status, 303);
            site.set_up_app(&mut member).await;
            assert!(
                is_open(&mut member).await && banner(&member.get("/").await).is_empty(),
                "{case}: set up"
            );
        }
        site.stop().await;
    }
}

#[tokio::test]
async fn others_than_staff_are_asked_for_nothing() {
    let site = site(Required::Staff).await;
    let mut member = site.member("ada").await;
    site.clock.advance(DAY * 30);
    assert!(is_open(&mut member).await && banner(&member.get("/").await).is_empty());
    let asked = "SELECT COUNT(*) FROM users WHERE second_factor_required_at IS NOT NULL";
    assert_eq!(site.database.number(asked).await, 0);
    site.stop().await;
}

#[tokio::test]
async fn after_the_week_all_is_closed_but_the_set_up_and_the_ways_out() {
    let site = site(Required::Everybody).await;
    let mut member = site.member("ada").await;
    member.get("/members/secret").await;
    site.clock.advance(DAY * 8);
    let routes: BTreeSet<String> =
        pages::routes().iter().map(|route| route.path().replace("{id}", "7")).collect();
    for page in &routes {
        let answer = member.get(page).await;
        let expected = format!("{APP_PAGE}?next={page}");
        assert_eq!(
            answer.location() != expected,
            OPEN_PAGES.contains(&page.as_str()),
            "{page} {}",
            answer.status
        );
    }
    for other in ["/members/export", "/members/picture/small", "/profile", "/members/security/codes.txt"] {
        assert_ne!(member.get(other).await.status, 200, "{other}");
    }
    assert_eq!(member.get("/nowhere").await.status, 404);
    let functions: BTreeSet<&str> = server_fn::axum::server_fn_paths().map(|(path, _)| path).collect();
    assert!(OPEN_FUNCTIONS.iter().all(|open| functions.contains(open)));
    let paths = functions.iter().copied().chain(["/api/members/save_picture"]);
    for function in paths.filter(|function| *function != "/api/accounts/log_out") {
        let answer = member.call(function, &[]).await;
        let is_closed = answer.status == 403 && answer.text().contains("SecondFactorRequired");
        assert_ne!(is_closed, OPEN_FUNCTIONS.contains(&function), "{function}: {}", answer.text());
    }
    assert_eq!(member.log_out().await.location(), "/accounts/login");
    site.stop().await;
}

/// And while it is required, the password alone no longer logs in.
#[tokio::test]
async fn a_passkey_is_enough() {
    let site = TestSite::start_with(|config: &mut Config| {
        config.site.base_url = ORIGIN.into();
        config.sessions.reauthenticate_after = Period::days(60);
    })
    .await;
    let mut root = site.superuser("root").await;
    let mut sam = site.staff("sam", &["accounts.view_user"]).await;
    require_of(&site, &mut root, "sam", true).await;
    let closed = sam.get("/admin/users").await;
    assert_eq!(closed.location(), format!("{APP_PAGE}?next=/admin/users"));
    // A browser that made one by itself would be a second factor that nobody knows of.
    let mut browser = site.visitor();
    browser.log_in("sam").await;
    assert!(!browser.cookies.contains_key("__Host-offer_passkey"));
    let links = sam.get(APP_PAGE).await.attributes("main a", "href");
    assert!(links.iter().any(|link| link == PASSKEYS_PAGE), "{links:?}");
    site.clock.advance(DAY * 8);
    assert!(!is_open(&mut sam).await);
    let mut key = SoftKey::new();
    assert_eq!(sam.add_passkey(&mut key).await.location(), CODES_PAGE, "its codes");
    assert!(is_open(&mut sam).await && banner(&sam.get("/").await).is_empty());
    assert_eq!(sam.get("/admin/users").await.status, 200, "the key was used in this session");
    let mut other = site.visitor();
    assert_eq!(other.log_in("sam").await.location(), SECOND);
    assert_eq!(other.second_step_by(&key).await.location(), "/members/dashboard");
    assert_eq!(other.get("/admin/users").await.status, 200);
    // By the rule as it is at the login, also when nobody is logged in.
    for visitor in [&mut sam, &mut other] {
        visitor.log_out().await;
    }
    require_of(&site, &mut root, "sam", false).await;
    assert_eq!(site.visitor().log_in("sam").await.location(), "/members/dashboard");
    site.database
        .execute("DELETE FROM sessions WHERE user_id = (SELECT id FROM users WHERE username = 'sam')")
        .await;
    require_of(&site, &mut root, "sam", true).await;
    assert_eq!(site.visitor().log_in("sam").await.location(), SECOND);
    site.stop().await;
}

#[tokio::test]
async fn the_set_up_leads_back_to_the_page_that_was_wanted() {
    let site = site(Required::Staff).await;
    let mut staff = site.superuser("root").await;
    let answer = staff.get("/admin/users").await;
    assert_eq!(answer.location(), format!("{APP_PAGE}?next=/admin/users"));
    let page = staff.get(answer.location()).await;
    assert_eq!(page.messages(), ["That page needs two-step login."]);
    let started = staff.submit(answer.location(), &[]).await;
    let page = staff.get(started.location()).await;
    let app = App::from_page(&page);
    let confirmed = staff
        .post(
            "/api/members/confirm_authenticator",
            &[("code", &app.code_in(&site, 0)), ("next", "/admin/users")],
        )
        .await;
    assert_eq!(confirmed.location(), format!("{CODES_PAGE}?next=/admin/users"));
    let kept = staff.change(confirmed.location(), "/api/members/keep_recovery_codes", &[]).await;
    assert_eq!(kept.location(), "/admin/users");
    assert_eq!(staff.get("/admin/users").await.status, 200);
    // Nowhere else.
    for next in ["https://evil.example/", "//evil.example/"] {
        let answer = staff.post("/api/members/keep_recovery_codes", &[("next", next)]).await;
        assert_eq!(answer.location(), APP_PAGE, "{next}");
    }
    site.stop().await;
}

/// The admin gives no week.
#[tokio::test]
async fn the_admin_needs_a_session_with_two_factors() {
    let site = site(Required::Staff).await;
    let mut staff =
        site.staff("sam", &["accounts.view_user", "cache.view_cache", "accounts.act_as_member"]).await;
    let mut other = site.visitor();
    other.log_in("sam").await;
    let live = "/api/admin/cache/live";
    for visitor in [&mut staff, &mut other] {
        assert_eq!(visitor.get("/members/profile").await.status, 200, "within the week");
        for page in ["/admin", "/admin/users", "/admin/act", "/admin/nowhere-yet"] {
            let answer = visitor.get(page).await;
            let known = pages::routes().iter().any(|route| route.path() == page);
            let expected = if known { format!("{APP_PAGE}?next={page}") } else { String::new() };
            assert_eq!(answer.location(), expected, "{page}");
        }
        assert_eq!(visitor.call("/api/admin/users", &[]).await.status, 403);
        assert_eq!(visitor.post("/api/admin/act", &[]).await.status, 403);
        assert!(visitor.get(live).await.text().contains("event: ended"));
    }
    let link = staff.get("/").await;
    assert_eq!(link.attribute("header a[href='/admin']", "rel").as_deref(), Some("external"));
    let (app, _) = site.set_up_app(&mut staff).await;
    assert_eq!(staff.get("/admin/users").await.status, 200);
    assert_eq!(staff.call("/api/admin/users", &[]).await.status, 200);
    assert!(!staff.get(live).await.text().contains("event: ended"));
    assert_eq!(staff.get("/").await.attribute("header a[href='/admin']", "rel"), None);
    // A session from before proves the code first.
    let ask = "/accounts/reauthenticate?next=/admin/users";
    assert_eq!(other.get("/admin/users").await.location(), ask);
    assert_eq!(other.call("/api/admin/users", &[]).await.status, 403);
    assert!(other.get(live).await.text().contains("event: ended"));
    let fields = [("password", PASSWORD), ("code", &*app.new_code(&site))];
    assert_eq!(other.submit(ask, &fields).await.location(), "/admin/users");
    assert_eq!(other.get("/admin/users").await.status, 200);
    site.stop().await;
}

#[tokio::test]
async fn who_acts_has_proven_two_factors_and_the_member_need_not() {
    let site = site(Required::Nobody).await;
    let mut root = site.superuser("root").await;
    let mut ada = site.member("ada").await;
    let mut sam = site.staff("sam", &["accounts.act_as_member"]).await;
    let act = format!("/admin/act?user={}", site.user_id("ada").await);
    let reason = [("reason", "You asked us")];
    assert_eq!(sam.submit(&act, &reason).await.location(), "/members/dashboard");
    assert_eq!(sam.get("/members/dashboard").await.find("h1"), "Welcome, ada!");
    // From now on it is required of sam: at once he is himself again.
    require_of(&site, &mut root, "sam", true).await;
    let answer = sam.get("/members/dashboard").await;
    assert_eq!((answer.status, answer.location()), (303, "/members/dashboard"));
    assert_eq!(sam.get("/members/dashboard").await.find("h1"), "Welcome, sam!");
    site.set_up_app(&mut sam).await;
    // Ada must have one too, and has none.
    let id = site.database.number("SELECT id FROM groups").await;
    let join =
        format!("INSERT INTO group_members (group_id, user_id) VALUES ({id}, {})", site.user_id("ada").await);
    site.database.execute(&join).await;
    site.clock.advance(Duration::from_secs(61));
    assert!(!banner(&ada.get("/").await).is_empty());
    site.clock.advance(DAY * 8);
    assert_eq!(ada.get("/members/dashboard").await.status, 303);
    assert_eq!(sam.submit(&act, &reason).await.location(), "/members/dashboard");
    let page = sam.get("/members/dashboard").await;
    assert_eq!((page.find("h1"), banner(&page)), ("Welcome, ada!".into(), String::new()));
    site.stop().await;
}

/// The rule is for the member, not for staff who act as them; nor can staff meet it for them.
#[tokio::test]
async fn staff_act_as_a_member_before_within_and_after_the_members_week() {
    let site = site(Required::Nobody).await;
    let (mut root, mut ada) = (site.superuser("root").await, site.member("ada").await);
    let mut sam = site.staff("sam", &["accounts.act_as_member"]).await;
    let act = format!("/admin/act?user={}", site.user_id("ada").await);
    for phase in ["before", "within", "after"] {
        match phase {
            "within" => require_of(&site, &mut root, "ada", true).await,
            "after" => site.clock.advance(DAY * 8),
            _ => {}
        }
        assert_eq!(is_open(&mut ada).await, phase != "after", "{phase}");
        assert_eq!(banner(&ada.get("/").await).is_empty(), phase != "within", "{phase}");
        let begun = sam.submit(&act, &[("reason", "You asked us")]).await;
        assert_eq!(begun.location(), "/members/dashboard", "{phase}");
        for page in ["/", "/members/dashboard", "/members/profile"] {
            let page = sam.get(page).await;
            assert_eq!((page.status, banner(&page)), (200, String::new()), "{phase}");
            assert_eq!(page.find("nav .who"), "ada", "{phase}");
        }
        assert_eq!(sam.call("/api/members/profile", &[]).await.status, 200, "{phase}");
        for page in [APP_PAGE, CODES_PAGE, PASSKEYS_PAGE] {
            assert_eq!(sam.get(page).await.status, 403, "{phase} {page}");
        }
        for function in ["/api/members/start_authenticator", "/api/members/end_other_sessions"] {
            let answer = sam.call(function, &[]).await;
            assert_eq!((answer.status, answer.text().as_str()), (403, "\"ClosedWhileActing\""), "{phase}");
        }
        sam.post("/api/acting/stop", &[]).await;
        assert_eq!(banner(&sam.get("/").await), "", "{phase}: nothing is asked of sam");
    }
    site.stop().await;
}

#[tokio::test]
async fn the_week_begins_once() {
    let site = site(Required::Nobody).await;
    let mut root = site.superuser("root").await;
    let mut member = site.member("ada").await;
    let since = "SELECT COALESCE(second_factor_required_at, 0) FROM users WHERE username = 'ada'";
    require_of(&site, &mut root, "ada", true).await;
    let first = banner(&member.get("/").await);
    let at = site.database.number(since).await;
    assert!(!first.is_empty() && (site.clock.now() - at).abs() < 60_000);
    site.clock.advance(DAY * 3);
    require_of(&site, &mut root, "ada", false).await;
    assert!(banner(&member.get("/").await).is_empty());
    site.clock.advance(DAY * 3);
    require_of(&site, &mut root, "ada", true).await;
    assert_eq!(banner(&member.get("/").await), first);
    assert_eq!(site.database.number(since).await, at);
    site.clock.advance(DAY);
    assert!(!is_open(&mut member).await);
    // Nor does a factor that came and went begin it again.
    site.set_up_app(&mut member).await;
    assert!(is_open(&mut member).await);
    member.post("/api/members/remove_authenticator", &[]).await;
    assert!(!is_open(&mut member).await);
    let lines =
        root.get(&format!("/admin/groups/{}", site.database.number("SELECT id FROM groups").await)).await;
    assert!(lines.text().contains("requires a second factor"), "the audit log");
    site.stop().await;
}

#[tokio::test]
async fn a_clock_that_was_wrong_for_a_while_gives_no_years_and_takes_none() {
    let site = site(Required::Everybody).await;
    let mut member = site.member("ada").await;
    let first = banner(&member.get("/").await);
    // Ahead: all is closed for as long as that lasts.
    site.clock.set(30 * DAY_MS);
    assert!(!is_open(&mut member).await);
    site.signed_up("bob").await;
    let mut bob = site.visitor();
    bob.log_in("bob").await;
    bob.get("/members/profile").await;
    site.clock.set(-30 * DAY_MS);
    member.log_in("ada").await;
    assert!(is_open(&mut member).await);
    assert_eq!(banner(&member.get("/").await), first);
    // Bob was first seen in the future.
    bob.log_in("bob").await;
    assert!(is_open(&mut bob).await);
    let at = site.database.number("SELECT second_factor_required_at FROM users WHERE username = 'bob'").await;
    assert!(at <= site.clock.now());
    site.clock.advance(DAY * 7 + Duration::from_secs(1));
    assert!(!is_open(&mut bob).await && !is_open(&mut member).await);
    // Behind: it is as if less time had passed.
    site.clock.set(-5 * DAY_MS);
    member.log_in("ada").await;
    assert!(is_open(&mut member).await);
    site.stop().await;
}

/// The banner is in the cached page, and nothing is read for it; the end of the week is noticed all
/// the same.
#[tokio::test]
async fn a_warm_dashboard_shows_the_banner_without_a_query() {
    let site = TestSite::start_with(|config| {
        config.second_factor.required = Required::Everybody;
        config.second_factor.grace = Period::minutes(1);
        config.mail.transport = members_area::base::config::MailTransport::Smtp("smtp://127.0.0.1:9".into());
    })
    .await;
    let mut member = site.member("ada").await;
    for _ in 0..2 {
        assert!(!banner(&member.get("/members/dashboard").await).is_empty());
    }
    // A query would fail from here on.
    site.database.execute("ALTER TABLE factors RENAME TO elsewhere").await;
    let page = member.get("/members/dashboard").await;
    assert!(page.status == 200 && page.header("x-cache").starts_with("HIT"), "{}", page.header("x-cache"));
    assert!(!banner(&page).is_empty());
    site.database.execute("ALTER TABLE elsewhere RENAME TO factors").await;
    site.clock.advance(Duration::from_secs(61));
    assert_eq!(member.get("/members/dashboard").await.status, 303, "cached for five minutes, shown for one");
    site.stop().await;
}

#[tokio::test]
async fn the_operator_requires_it_of_a_group_and_a_copy_of_the_site_does_too() {
    let site = site(Required::Nobody).await;
    let folder = tempfile::tempdir().expect("a folder");
    let run = |arguments: &[&str]| said(program(&site.database, folder.path()).args(arguments));
    run(&["group", "add", "Editors"]);
    refused(program(&site.database, folder.path()).args(["group", "second-factor", "Editors"]));
    let set = |flag: &str| run(&["group", "second-factor", "Editors", flag]);
    assert!(set("--required").contains("now requires a second factor"));
    assert!(set("--required").contains("already"));
    assert!(run(&["group", "show", "editors"]).contains("Second factor: required"));
    let file = folder.path().join("copy.jsonl");
    let file = file.to_str().expect("a path");
    run(&["export", file]);
    run(&["group", "delete", "Editors"]);
    run(&["import", file]);
    assert!(run(&["group", "show", "editors"]).contains("Second factor: required"));
    assert!(set("--optional").contains("no longer requires"));
    assert!(!run(&["group", "show", "editors"]).contains("Second factor"));
    site.stop().await;
}
