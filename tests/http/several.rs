//! Two instances on one database: what one of them, or a command, changes is known at the other;
//! and requests that overlap a change of their session's id, at the same or at the other instance.

use std::{io::Write, process::Stdio, time::Duration};

use members_area::base::config::{Config, Period};

use crate::support::{
    PASSWORD, TestSite, Visitor,
    program::{program, said},
    until,
    visitor::FormBody,
};

const NEW: &str = "another horse battery";
const SESSIONS: &str = "SELECT COUNT(*) FROM sessions";
const PAGE: &str = "/members/secret";

/// Opens a page at each instance with the same cookies. Returns whether the member was always
/// signed in.
async fn goes_round(member: &mut Visitor, sites: [&TestSite; 2]) -> bool {
    let mut all = true;
    for site in [sites[0], sites[1], sites[0], sites[1]] {
        *member = member.at(site);
        all &= member.is_signed_in().await;
    }
    all
}

#[tokio::test]
async fn a_password_change_keeps_its_session_on_every_instance() {
    let site = TestSite::start().await;
    let other = site.beside().await;
    let mut member = site.member("ada").await;
    let mut password = PASSWORD.to_owned();
    for (round, changing) in [&site, &other, &site].into_iter().enumerate() {
        assert!(goes_round(&mut member, [&site, &other]).await, "both have it in memory");
        member = member.at(changing);
        let new = format!("horse battery number {round}");
        let fields = [("old_password", password.as_str()), ("password1", &new), ("password2", &new)];
        let answer = member.post("/api/accounts/change_password", &fields).await;
        assert_eq!(answer.location(), "/members/profile", "{}", answer.text());
        assert!(goes_round(&mut member, [&other, &site]).await, "round {round}");
        assert_eq!(site.database.number(SESSIONS).await, 1, "round {round}");
        password = new;
    }
    other.halt().await;
    site.stop().await;
}

/// The other instance has cached the member with the old stamp.
#[tokio::test]
async fn a_login_after_a_reset_or_report_is_valid_on_every_instance() {
    let site = TestSite::start().await;
    let other = site.beside().await;
    let mut member = site.member("ada").await;
    for (ask, about, function) in [
        (true, "Set a new password", "/api/accounts/reset_password"),
        (false, "New login to your account", "/api/accounts/not_me"),
    ] {
        assert!(goes_round(&mut member, [&site, &other]).await);
        if ask {
            site.visitor().submit("/accounts/password_reset", &[("email", "ada@example.com")]).await;
        } else {
            site.visitor().log_in_with("ada", NEW).await;
        }
        let link = site.mail_to("ada@example.com", about, 1).await.link();
        let mut by_mail = site.visitor();
        by_mail.get(&link).await;
        let answer = by_mail.call(function, &[("password1", NEW), ("password2", NEW)]).await;
        assert_eq!(answer.text(), "\"Accepted\"", "{about}");
        member = site.visitor();
        assert_eq!(member.log_in_with("ada", NEW).await.location(), "/members/dashboard");
        assert!(goes_round(&mut member, [&other, &site]).await, "{about}");
    }
    other.halt().await;
    site.stop().await;
}

/// A session with an old stamp ends, whichever instance reads it.
#[tokio::test]
async fn every_instance_ends_sessions_of_an_old_password() {
    let site = TestSite::start().await;
    let other = site.beside().await;
    let stale = site.member("ada").await;
    site.database.keep_sessions().await;
    let mut member = stale.clone();
    let fields = [("old_password", PASSWORD), ("password1", NEW), ("password2", NEW)];
    member.post("/api/accounts/change_password", &fields).await;
    site.database.bring_sessions_back().await;
    assert_eq!(site.database.number(SESSIONS).await, 2);
    let mut late = stale.at(&other);
    assert!(!late.is_signed_in().await);
    assert_eq!(site.database.number(SESSIONS).await, 1);
    assert!(goes_round(&mut member, [&other, &site]).await);
    other.halt().await;
    site.stop().await;
}

async fn renew(member: &mut Visitor, how: &str) {
    let password = [("old_password", PASSWORD), ("password1", PASSWORD), ("password2", PASSWORD)];
    let answer = match how {
        "password given again" => {
            member.post("/api/accounts/reauthenticate", &[("password", PASSWORD)]).await
        }
        "password changed" => member.post("/api/accounts/change_password", &password).await,
        _ => member.log_in("ada").await,
    };
    assert_eq!(answer.status, 303, "{how}: {}", answer.text());
}

/// A browser repeats the request, by then with the new cookie. The old id itself is not accepted.
#[tokio::test]
async fn a_request_that_crosses_a_rotation_is_retried() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    for how in ["password given again", "password changed", "logged in over it"] {
        // An instance that has not cached the session.
        let other = site.beside().await;
        let old = member.clone();
        renew(&mut member, how).await;
        for instance in [&site, &other] {
            let mut crossing = old.at(instance);
            let page = crossing.get("/members/profile?from=here").await;
            assert_eq!((page.status, page.location()), (307, "/members/profile?from=here"), "{how}");
            assert_eq!((page.body.len(), page.headers.get("set-cookie")), (0, None), "{how}");
            let save = crossing.post("/api/members/save_profile", &[("username", "mallory")]).await;
            assert_eq!((save.status, save.location()), (307, "/api/members/save_profile"), "{how}");
            let stream = crossing.request(reqwest::Method::GET, "/api/sessions/live").send().await;
            let told = stream.expect("an answer").text().await.expect("a text");
            assert_eq!(told, "retry: 700\n\n", "{how}");
            // With the new cookie it succeeds.
            let mut again = member.at(instance);
            let page = again.get("/members/profile?from=here").await;
            assert_eq!(
                (page.status, page.messages().len()),
                (200, usize::from(how == "password changed" && instance.address == site.address)),
                "{how}: {:?}",
                page.messages()
            );
            if instance.address == site.address {
                member.cookies = again.cookies;
            }
        }
        assert_eq!(site.database.number(SESSIONS).await, 1, "{how}");
        assert_eq!(site.user_id("ada").await, site.database.number("SELECT id FROM users").await, "{how}");
        // Later the old id is no session; the cookie is not removed, because it may be the new one
        // by now.
        site.clock.advance(Duration::from_secs(11));
        for instance in [&site, &other] {
            let mut late = old.at(instance);
            let page = late.get(PAGE).await;
            assert_eq!(
                (page.status, page.location()),
                (303, "/accounts/login?next=/members/secret"),
                "{how}"
            );
            assert_eq!(late.session(), old.session(), "{how}");
        }
        other.halt().await;
    }
    site.stop().await;
}

/// The earlier session may have expired long ago, with its cookie still there at the next login.
#[tokio::test]
async fn a_request_that_crosses_a_login_keeps_the_new_cookie() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    site.clock.advance(Duration::from_secs(100 * 86_400));
    let old = member.clone();
    let login = member.request(reqwest::Method::POST, "/api/accounts/log_in");
    let login = login.form_body(&[("login", "ada"), ("password", PASSWORD)]);
    member.send(login).await;
    assert_ne!(member.session(), old.session());
    let mut crossing = old.clone();
    assert_eq!(crossing.get("/").await.status, 307);
    assert_eq!(crossing.session(), old.session());
    assert!(member.is_signed_in().await);
    site.stop().await;
}

/// Otherwise browsers would send it with every request, each causing a query.
#[tokio::test]
async fn the_cookie_of_a_session_that_has_ended_is_removed() {
    let site = TestSite::start().await;
    let member = site.member("ada").await;
    member.clone().post("/api/members/end_all_sessions", &[]).await;
    let mut late = member.clone();
    assert_eq!(late.get(PAGE).await.location(), "/accounts/login?next=/members/secret");
    assert_eq!(late.session(), None);
    assert_eq!(
        late.get("/accounts/login").await.messages(),
        ["Your session has ended. Please log in again."]
    );
    site.stop().await;
}

/// Trusts memory for a day, so that only what is announced is noticed.
fn for_a_day(config: &mut Config) {
    config.sessions.cache_ttl = Period::days(1);
}

/// Opens a page's stream. Returns it after its first event.
async fn open_tab(visitor: &Visitor) -> reqwest::Response {
    let request = visitor.request(reqwest::Method::GET, "/api/sessions/live");
    let mut stream = request.send().await.expect("an answer");
    let first = stream.chunk().await.expect("an event").expect("one");
    assert!(first.starts_with(b"retry: 700\ndata: "), "{first:?}");
    stream
}

#[tokio::test]
async fn a_session_that_ends_at_one_instance_ends_at_the_other_also_in_open_tabs() {
    let site = TestSite::start_with(for_a_day).await;
    let other = site.beside_with(for_a_day).await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut root = site.superuser("root").await;
    for way in [
        "log-out",
        "other-devices-logged-out",
        "all-devices-logged-out",
        "password-changed",
        "deletion-requested",
        "logged-out-by-staff",
        "deactivated-by-staff",
        "deactivated-by-command",
        "changepassword",
    ] {
        let mut here = site.member(way).await;
        let mut there = match way {
            "log-out" => here.at(&other),
            _ => {
                let mut there = other.visitor();
                there.log_in(way).await;
                there
            }
        };
        assert!(there.is_signed_in().await, "{way}");
        let mut tab = open_tab(&there).await;
        let id = site.user_id(way).await;
        let mut by_staff = async |action: &str| {
            let page = format!("/admin/users/confirm?action={action}&id={id}");
            root.change(&page, "/api/admin/apply_batch", &[]).await
        };
        let done = match way {
            "log-out" => here.log_out().await.status,
            "other-devices-logged-out" => here.post("/api/members/end_other_sessions", &[]).await.status,
            "all-devices-logged-out" => here.post("/api/members/end_all_sessions", &[]).await.status,
            "password-changed" => {
                let fields = [("old_password", PASSWORD), ("password1", NEW), ("password2", NEW)];
                here.post("/api/accounts/change_password", &fields).await.status
            }
            "deletion-requested" => here.post("/api/members/delete", &[("username", way)]).await.status,
            "logged-out-by-staff" => by_staff("end_sessions").await.status,
            "deactivated-by-staff" => by_staff("deactivate").await.status,
            "deactivated-by-command" => {
                said(program(&site.database, folder.path()).args(["user", "deactivate", way]));
                303
            }
            _ => {
                change_password(&site, folder.path(), way);
                303
            }
        };
        assert_eq!(done, 303, "{way}");
        there.until_signed_out(way).await;
        assert_eq!(tab.chunk().await.expect("a clean end"), None, "{way}");
    }
    assert!(root.at(&other).is_signed_in().await, "nobody else is logged out");
    other.halt().await;
    site.stop().await;
}

fn change_password(site: &TestSite, folder: &std::path::Path, username: &str) {
    let mut command = program(&site.database, folder);
    command.args(["changepassword", username]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.spawn().expect("it runs");
    writeln!(child.stdin.take().expect("piped"), "{NEW}").expect("written");
    assert!(child.wait().expect("it ends").success());
}

#[tokio::test]
async fn permissions_and_names_are_known_at_the_other_instance() {
    let site = TestSite::start_with(for_a_day).await;
    let other = site.beside_with(for_a_day).await;
    let folder = tempfile::tempdir().expect("a folder");
    let staff = site.staff("sam", &[]).await;
    for (verb, status) in [("grant", 200), ("revoke", 403), ("grant", 200)] {
        let arguments = [verb, "accounts.view_user", "--user", "sam"];
        said(program(&site.database, folder.path()).args(arguments));
        for instance in [&site, &other] {
            let page = async || staff.at(instance).get("/admin/users").await.status == status;
            until(verb, page).await;
        }
    }
    let mut member = site.member("ada").await;
    let mut there = member.at(&other);
    for name in ["Augusta", "Byron"] {
        member.change("/members/profile", "/api/members/save_profile", &[("first_name", name)]).await;
        let page = async || there.get("/members/dashboard").await.text().contains(name);
        until(name, page).await;
    }
    other.halt().await;
    site.stop().await;
}

#[tokio::test]
async fn a_replaced_id_opens_nothing_at_an_instance_that_had_it_in_memory() {
    let site = TestSite::start_with(for_a_day).await;
    let other = site.beside_with(for_a_day).await;
    let mut member = site.member("ada").await;
    for how in ["password given again", "password changed", "logged in over it"] {
        let mut old = member.at(&other);
        assert!(old.is_signed_in().await, "{how}");
        let mut tab = open_tab(&old).await;
        renew(&mut member, how).await;
        old.until_signed_out(how).await;
        // Without a reason: the browser connects again, with its new cookie.
        assert_eq!(tab.chunk().await.expect("a clean end"), None, "{how}");
        assert!(goes_round(&mut member, [&other, &site]).await, "{how}");
    }
    other.halt().await;
    site.stop().await;
}

/// While it does not hear of changes, an instance trusts its memory for two seconds.
#[tokio::test]
async fn without_the_channel_memory_is_trusted_for_two_seconds_and_then_caught_up() {
    const DEACTIVATED: &str = "UPDATE users SET is_active = 0 WHERE username = 'ada'";
    let site = TestSite::start_with(for_a_day).await;
    let (mut ada, bob) = (site.member("ada").await, site.member("bob").await);
    assert!(ada.is_signed_in().await && bob.clone().is_signed_in().await);
    // Nobody announces this.
    site.database.execute(DEACTIVATED).await;
    if site.database.is_embedded() {
        site.database.execute("ALTER TABLE announcements RENAME TO away").await;
        site.clock.advance(Duration::from_secs(3 * 3600));
        ada.until_signed_out("memory is not trusted").await;
        assert!(bob.clone().is_signed_in().await);
        site.database.execute("UPDATE users SET is_active = 0 WHERE username = 'bob'").await;
        site.database.execute("ALTER TABLE away RENAME TO announcements").await;
    } else {
        site.database.cut_listeners().await;
        ada.until_signed_out("caught up").await;
        site.database.execute("UPDATE users SET is_active = 0 WHERE username = 'bob'").await;
        site.database.cut_listeners().await;
    }
    bob.clone().until_signed_out("caught up").await;
    site.stop().await;
}
