//! A mailbox that no longer belongs to an account: its links do nothing, however the address was
//! changed.

use std::time::Duration;

use crate::support::{PASSWORD, TestSite, Visitor, mail::Mail};

const NEW: &str = "another horse battery";
const DEAD: &str = r#"{"Refused":[["form","LinkDead"]]}"#;
const SAVE: &str = "/api/admin/save_user";
const VERIFY: &str = "Confirm your email address";
const CHANGE: &str = "Confirm your new email address";
const CHANGED: &str = "Your email address was changed";
const NOTICE: &str = "New login to your account";
const RESET: &str = "Set a new password";

fn function_of(link: &str) -> &'static str {
    match link.trim_start_matches("/accounts/").rsplit_once('/').expect("a token").0 {
        "reset" => "/api/accounts/reset_password",
        "verify" => "/api/accounts/verify_email",
        "email/confirm" => "/api/accounts/confirm_email_change",
        "email/undo" => "/api/accounts/undo_email_change",
        _ => "/api/accounts/not_me",
    }
}

/// Opens a link and calls the function of its page.
async fn press(site: &TestSite, link: &str) -> String {
    press_in(&mut site.visitor(), link).await
}

async fn press_in(visitor: &mut Visitor, link: &str) -> String {
    visitor.get(link).await;
    visitor.call(function_of(link), &[("password1", NEW), ("password2", NEW)]).await.text()
}

/// A new member with a confirmed address.
async fn confirmed(site: &TestSite, name: &str) -> Visitor {
    let mut member = site.member(name).await;
    let link = site.mail_to(&format!("{name}@example.com"), VERIFY, 1).await.link();
    assert_eq!(press_in(&mut member, &link).await, "\"Accepted\"");
    member
}

/// The owner changes the address and confirms it.
async fn change(site: &TestSite, member: &mut Visitor, to: &str) {
    member.submit("/accounts/reauthenticate", &[("password", PASSWORD)]).await;
    member.submit("/accounts/email", &[("email", to)]).await;
    let link = site.mail_to(to, CHANGE, 1).await.link();
    assert_eq!(press_in(member, &link).await, "\"Accepted\"");
}

async fn ask_for_reset(site: &TestSite, address: &str) -> Mail {
    site.visitor().submit("/accounts/password_reset", &[("email", address)]).await;
    site.mail_to(address, RESET, 1).await
}

async fn address_of(site: &TestSite, name: &str) -> String {
    site.database.text(&format!("SELECT email FROM users WHERE username = '{name}'")).await
}

#[tokio::test]
async fn an_address_set_by_staff_invalidates_all_links_to_old_ones() {
    let site = TestSite::start().await;
    let mut staff = site.superuser("sam").await;
    let mut ada = confirmed(&site, "ada").await;
    change(&site, &mut ada, "second@example.com").await;
    let undo = site.mail_to("ada@example.com", CHANGED, 1).await.link();
    site.visitor().log_in("ada").await;
    let notice = site.mail_to("second@example.com", NOTICE, 1).await.link();
    ada.submit("/accounts/email", &[("email", "third@example.com")]).await;
    let third = site.mail_to("third@example.com", CHANGE, 1).await.link();
    let reset = ask_for_reset(&site, "second@example.com").await.link();
    site.all_mails_sent().await;

    let page = format!("/admin/users/{}", site.user_id("ada").await);
    let answer = staff.change(&page, SAVE, &[("email", "rescued@example.com"), ("is_verified", "yes")]).await;
    assert_eq!(answer.location(), page, "{}", answer.text());
    let told = site.mail_to("second@example.com", CHANGED, 1).await;
    assert!(!told.text.contains("/accounts/") && !told.text.contains("rescued@"), "{}", told.text);
    for link in [&undo, &notice, &third, &reset] {
        assert_eq!(press(&site, link).await, DEAD, "{link}");
    }
    site.all_mails_sent().await;
    assert_eq!(address_of(&site, "ada").await, "rescued@example.com");
    assert_eq!(
        site.mails_to("ada@example.com").iter().filter(|mail| mail.subject.contains(CHANGED)).count(),
        1
    );
    assert_eq!(
        site.mails_to("second@example.com").iter().filter(|mail| mail.subject.contains(RESET)).count(),
        1
    );
    // Nor do links that are requested from now on.
    site.clock.advance(Duration::from_secs(3600));
    site.visitor().submit("/accounts/password_reset", &[("email", "second@example.com")]).await;
    site.all_mails_sent().await;
    assert_eq!(
        site.mails_to("second@example.com").iter().filter(|mail| mail.subject.contains(RESET)).count(),
        1
    );
    assert_eq!(site.visitor().log_in_with("ada", PASSWORD).await.location(), "/members/dashboard");
    site.stop().await;
}

#[tokio::test]
async fn after_the_owners_change_the_old_address_can_only_undo_it() {
    let site = TestSite::start().await;
    let mut ada = confirmed(&site, "ada").await;
    site.visitor().log_in("ada").await;
    let notice = site.mail_to("ada@example.com", NOTICE, 1).await.link();
    let reset = ask_for_reset(&site, "ada@example.com").await.link();
    change(&site, &mut ada, "second@example.com").await;
    for link in [&notice, &reset] {
        assert_eq!(press(&site, link).await, DEAD, "{link}");
    }
    assert!(ada.is_signed_in().await);
    let undo = site.mail_to("ada@example.com", CHANGED, 1).await.link();
    assert_eq!(press(&site, &undo).await, "\"Accepted\"");
    assert_eq!(address_of(&site, "ada").await, "ada@example.com");
    site.stop().await;
}

/// The token itself is bound to its address, so the rule does not depend on every place that
/// changes one.
#[tokio::test]
async fn a_token_for_a_former_address_is_dead() {
    let site = TestSite::start().await;
    confirmed(&site, "ada").await;
    site.visitor().log_in("ada").await;
    let notice = site.mail_to("ada@example.com", NOTICE, 1).await.link();
    let reset = ask_for_reset(&site, "ada@example.com").await.link();
    let set =
        |email: &str| format!("UPDATE users SET email = '{email}', email_key = '{}'", email.to_lowercase());
    site.database.execute(&set("other@example.com")).await;
    for link in [&notice, &reset] {
        assert_eq!(press(&site, link).await, DEAD, "{link}");
    }
    // The same address in other case is the same mailbox.
    site.database.execute(&set("ADA@example.com")).await;
    assert_eq!(press(&site, &notice).await, "\"Accepted\"");
    site.mail_to("ADA@example.com", RESET, 1).await;
    site.stop().await;
}
