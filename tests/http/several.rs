//! Two instances on one database, and requests that overlap a change of their session's id, at the
//! same or at the other instance.

use std::time::Duration;

use crate::support::{PASSWORD, TestSite, Visitor, visitor::FormBody};

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
