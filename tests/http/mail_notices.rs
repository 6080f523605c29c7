//! Notices about changes to an account: each says what happened, when, with which browser and from
//! where, and how to secure the account.

use reqwest::Method;

use crate::support::{PASSWORD, TestSite, Visitor, visitor::FormBody};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// Posts as Firefox, from an address that the proxy reports.
async fn send(visitor: &mut Visitor, path: &str, fields: &[(&str, &str)]) -> String {
    let request = visitor.request(Method::POST, path).header("user-agent", FIREFOX);
    let request = request.header("x-forwarded-for", "198.51.100.7").form_body(fields);
    visitor.send(request).await.location().to_owned()
}

#[tokio::test]
async fn each_states_what_when_and_where_and_has_a_not_me_link() {
    let site = TestSite::start_with(|config| {
        config.server.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    })
    .await;
    let new = "another horse battery";
    for (name, about, says) in [
        ("device", "New login to your account", "from a new device"),
        ("password", "Your password was changed", "The password of your account was changed."),
        ("reset", "Your password was changed", "The password of your account was changed."),
        ("name", "Your name was changed", "The name of your account was changed."),
        ("email", "Your email address was changed", "was changed from this one to another"),
        ("deletion", "Your account will be deleted", "will be deleted on"),
    ] {
        let (mut member, address) = (site.proven_member(name).await, format!("{name}@example.com"));
        let (mut other, known) = (site.visitor(), member.clone());
        match name {
            "device" => {
                let fields = [("login", name), ("password", PASSWORD)];
                send(&mut other, "/api/accounts/log_in", &fields).await;
            }
            "password" => {
                let fields = [("old_password", PASSWORD), ("password1", new), ("password2", new)];
                send(&mut member, "/api/accounts/change_password", &fields).await;
            }
            "reset" => {
                member.submit("/accounts/password_reset", &[("email", &address)]).await;
                let link = site.mail_to(&address, "Set a new password", 1).await.link();
                member.get(&link).await;
                let fields = [("password1", new), ("password2", new)];
                send(&mut member, "/api/accounts/reset_password", &fields).await;
                member.log_in_with(name, new).await;
            }
            "name" => {
                let fields = [("username", name), ("first_name", "Ada"), ("last_name", "Lovelace")];
                send(&mut member, "/api/members/save_profile", &fields).await;
            }
            "email" => {
                member.submit("/accounts/email", &[("email", "new@example.com")]).await;
                let link = site.mail_to("new@example.com", "Confirm your new email address", 1).await.link();
                member.get(&link).await;
                send(&mut member, "/api/accounts/confirm_email_change", &[]).await;
            }
            _ => {
                send(&mut member, "/api/members/delete", &[("username", name)]).await;
                member = known;
                member.cookies.remove("sessionid");
                member.log_in(name).await;
            }
        }
        let mail = site.mail_to(&address, about, 1).await;
        assert!(mail.subject.starts_with(about), "{}", mail.subject);
        for part in [&mail.text, &mail.html] {
            // Mails contain no text that somebody typed.
            assert!(!part.contains("Lovelace") && !part.contains("new@example.com"), "{part}");
            for words in [says, "UTC, with Firefox on Linux, from the address 198.51.100.7", "If this was"] {
                assert!(part.replace('\n', " ").contains(words), "{words} in {name}: {part}");
            }
        }
        assert!(member.is_signed_in().await, "{name}");
        // The link works in any browser, signed in or not.
        let mut reader = site.visitor();
        let page = reader.get(&mail.link()).await.location().to_owned();
        assert_eq!(reader.submit(&page, &[]).await.location(), "/accounts/login", "{name}");
        assert!(!member.is_signed_in().await && !other.is_signed_in().await, "{name}");
        let resets = if name == "reset" { 2 } else { 1 };
        let reset = site.mail_to(&address, "Set a new password", resets).await;
        let page = reader.get(&reset.link()).await.location().to_owned();
        let third = "third horse battery";
        let answer = reader.submit(&page, &[("password1", third), ("password2", third)]).await;
        assert_eq!(answer.location(), "/accounts/reset/done", "{name}");
        assert_eq!(site.visitor().log_in_with(name, third).await.location(), "/members/dashboard", "{name}");
    }
    site.stop().await;
}

/// After "this was not me" no device is known, so the next login is reported to the owner again.
#[tokio::test]
async fn a_login_after_securing_the_account_sends_a_notice() {
    let site = TestSite::start().await;
    let (_, mut thief) = (site.proven_member("ada").await, site.visitor());
    thief.log_in("ada").await;
    let about = "New login to your account";
    let told = site.mail_to("ada@example.com", about, 1).await;
    let mut owner = site.visitor();
    let page = owner.get(&told.link()).await.location().to_owned();
    owner.submit(&page, &[]).await;
    assert_eq!(site.database.number("SELECT COUNT(*) FROM known_devices").await, 0);
    thief.log_in("ada").await;
    site.mail_to("ada@example.com", about, 2).await;
    site.stop().await;
}

/// The first login is not reported. A device is known by its cookie, whatever the browser's name.
#[tokio::test]
async fn the_first_and_known_devices_send_no_notice() {
    let site = TestSite::start().await;
    let mut owner = site.proven_member("ada").await;
    owner.log_out().await;
    owner.log_in_by(FIREFOX, "ada").await;
    site.all_mails_sent().await;
    assert_eq!(site.mails_to("ada@example.com").len(), 1, "only the one that confirms the address");
    site.stop().await;
}
