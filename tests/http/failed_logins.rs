//! Failed logins are recorded, and the client learns nothing from that.

use std::time::Duration;

use reqwest::Method;

use crate::support::{PASSWORD, TestSite, visitor::FormBody};

const FAILED: &str = "SELECT COUNT(*) FROM activity WHERE kind = 'login_failed'";

#[tokio::test]
async fn the_owner_sees_failed_logins_without_anybody_elses_data() {
    let site = TestSite::start_without_mail().await;
    let mut member = site.member("ada").await;
    site.signed_up("gone").await;
    site.database.execute("UPDATE users SET is_active = 0 WHERE username = 'gone'").await;
    assert!(!member.get("/members/dashboard").await.text().contains("wrong password"));
    let mut burglar = site.visitor();
    for (login, password) in
        [("nobody", "wrong"), ("gone", PASSWORD), ("a\0b", "wrong"), ("ADA", "wrong"), ("", "")]
    {
        let request =
            burglar.request(Method::POST, "/api/accounts/log_in").header("user-agent", "Crowbar/1.0");
        let answer = burglar.send(request.form_body(&[("login", login), ("password", password)])).await;
        assert_eq!((answer.status, answer.location()), (303, "/"), "{login}");
    }
    site.database.until(FAILED, |count| count > 0).await;
    // The cached page is invalidated right after the commit.
    let begun = std::time::Instant::now();
    while !member.get("/members/dashboard").await.text().contains("wrong password") {
        assert!(begun.elapsed() < crate::support::PATIENCE, "the dashboard stays as it was");
    }
    let page = member.get("/members/activity").await;
    assert_eq!(page.find("main .log .what"), "Failed login (wrong password)");
    let line = page.find("main .log li");
    assert!(line.contains("from 127.0.0.1") && line.contains("Unknown browser"), "{line}");
    assert_eq!(site.database.number(FAILED).await, 1, "of five tries one was at an account");
    site.stop().await;
}

#[tokio::test]
async fn a_correct_password_before_verification_is_not_a_failed_login() {
    let site = TestSite::start_with(|config| {
        config.accounts.require_verified_email = true;
        config.mail.transport = members_area::base::config::MailTransport::Smtp("smtp://127.0.0.1:9".into());
    })
    .await;
    site.signed_up("ada").await;
    site.signed_up("bob").await;
    let fields = [("login", "ada"), ("password", PASSWORD)];
    let answer = site.visitor().call("/api/accounts/log_in", &fields).await;
    assert_eq!(answer.text(), r#"{"Refused":[["form","EmailUnverified"]]}"#);
    site.visitor().log_in_with("bob", "wrong").await;
    // Failed logins are recorded in order, so one of ada's would be there by now.
    site.database.until(FAILED, |count| count > 0).await;
    let id = site.user_id("ada").await;
    assert_eq!(site.database.number(&format!("{FAILED} AND user_id = {id}")).await, 0);
    site.stop().await;
}

#[tokio::test]
async fn at_most_ten_failed_logins_an_hour_are_recorded() {
    let site = TestSite::start_without_mail().await;
    site.signed_up("ada").await;
    let flood = |count: usize| {
        let site = &site;
        async move {
            for _ in 0..count {
                let answer = site
                    .visitor()
                    .call("/api/accounts/log_in", &[("login", "ada"), ("password", "wrong")])
                    .await;
                assert_eq!(answer.status, 200);
            }
            // The line of a separate account shows that all earlier ones were processed.
            let name = format!("mark{}", rand::random::<u32>());
            site.signed_up(&name).await;
            site.visitor().log_in_with(&name, "wrong").await;
            let id = site.user_id(&name).await;
            site.database.until(&format!("{FAILED} AND user_id = {id}"), |count| count == 1).await;
        }
    };
    let id = site.user_id("ada").await;
    let of_ada = format!("{FAILED} AND user_id = {id}");
    flood(15).await;
    assert_eq!(site.database.number(&of_ada).await, 10);
    site.clock.advance(Duration::from_secs(3601));
    flood(3).await;
    assert_eq!(site.database.number(&of_ada).await, 13);
    site.stop().await;
}

/// While activity cannot be written at all, a wrong password gets the usual answer, for a known and
/// for an unknown name.
#[tokio::test]
async fn logins_do_not_wait_for_the_record() {
    let site = TestSite::start_without_mail().await;
    site.signed_up("ada").await;
    site.database.execute("ALTER TABLE activity RENAME TO elsewhere").await;
    for login in ["ada", "nobody"] {
        let answer =
            site.visitor().call("/api/accounts/log_in", &[("login", login), ("password", "wrong")]).await;
        assert_eq!(answer.text(), r#"{"Refused":[["form","BadCredentials"]]}"#, "{login}");
    }
    site.database.execute("ALTER TABLE elsewhere RENAME TO activity").await;
    site.visitor().call("/api/accounts/log_in", &[("login", "ada"), ("password", "wrong")]).await;
    site.database.until(FAILED, |count| count >= 1).await;
    site.stop().await;
}

#[tokio::test]
async fn noted_failures_are_written_before_shutdown() {
    let site = TestSite::start_without_mail().await;
    site.signed_up("ada").await;
    site.visitor().log_in_with("ada", "wrong").await;
    let database = site.halt().await;
    assert_eq!(database.number(FAILED).await, 1);
    database.remove().await;
}
