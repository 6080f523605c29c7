//! Proving an address takes an account whole: what a stranger set up before, or is just about to,
//! is gone, and a member who signed up themselves loses nothing.

use crate::support::{
    PASSWORD, Page, TestSite, Visitor,
    authenticator::{App, SECOND},
    passkey::SoftKey,
};

const NEW: &str = "another horse battery";
const VERIFY: &str = "Confirm your email address";
const CHANGE: &str = "Confirm your new email address";
const RESET: &str = "Set a new password";
const TAKEN: &str = "Thank you: your email address is confirmed. The password from before no longer works: we have \
                     emailed you a link to set a new one.";

/// Everything that somebody can set up with another person's address.
struct Squatter {
    /// Signed up, logged in, with an app and a passkey.
    browser: Visitor,
    app: App,
    passkey: SoftKey,
    /// At the second step.
    half_way: Visitor,
    /// The link to move the account to another address.
    change: String,
    /// A link for a new password that the owner of the address got before.
    reset: String,
}

async fn squatter(site: &TestSite) -> Squatter {
    let mut browser = site.member("ada").await;
    let mut passkey = SoftKey::new();
    browser.has_passkey(&mut passkey).await;
    let (app, _) = site.set_up_app(&mut browser).await;
    browser.submit("/accounts/email", &[("email", "evil@example.com")]).await;
    let change = site.mail_to("evil@example.com", CHANGE, 1).await.link();
    browser.submit("/accounts/password_reset", &[("email", "ada@example.com")]).await;
    let reset = site.mail_to("ada@example.com", RESET, 1).await.link();
    let mut half_way = site.visitor();
    assert_eq!(half_way.log_in("ada").await.location(), SECOND);
    site.database.keep_sessions().await;
    Squatter { browser, app, passkey, half_way, change, reset }
}

/// Opens a link of the mail and presses its button.
async fn follow(visitor: &mut Visitor, link: &str, fields: &[(&str, &str)]) -> Page {
    let page = visitor.get(link).await.location().to_owned();
    visitor.submit(&page, fields).await
}

/// The owner of the mailbox proves the address, with a browser of their own.
async fn prove(site: &TestSite, by: &str) -> Visitor {
    let mut owner = site.visitor();
    if by == "verify" {
        let link = site.mail_to("ada@example.com", VERIFY, 1).await.link();
        let page = owner.get(&link).await.location().to_owned();
        let page = owner.get(&page).await;
        assert!(page.find(".warning").contains("did not sign up in this browser"), "{}", page.text());
        assert_eq!(follow(&mut owner, &link, &[]).await.location(), "/accounts/login");
        assert_eq!(owner.get("/accounts/login").await.messages(), [TAKEN]);
    } else {
        owner.submit("/accounts/password_reset", &[("email", "ada@example.com")]).await;
        let link = site.mail_to("ada@example.com", RESET, 2).await.link();
        let done = follow(&mut owner, &link, &[("password1", NEW), ("password2", NEW)]).await;
        assert_eq!(done.location(), "/accounts/reset/done");
    }
    owner
}

async fn count(site: &TestSite, what: &str) -> i64 {
    site.database.number(&format!("SELECT COUNT(*) FROM {what}")).await
}

#[tokio::test]
async fn whoever_proves_an_address_takes_the_account_without_what_a_stranger_set_up() {
    for by in ["verify", "reset"] {
        let site = TestSite::with_passkeys().await;
        let Squatter { mut browser, app, passkey, mut half_way, change, reset } = squatter(&site).await;
        let mut owner = prove(&site, by).await;
        site.database.bring_sessions_back().await;
        assert!(!browser.is_signed_in().await, "{by}: session");
        assert_eq!(site.visitor().log_in("ada").await.location(), "/accounts/login", "{by}: password");
        assert_eq!(count(&site, "factors").await, 0, "{by}: factor");
        assert_eq!(
            site.visitor().log_in_with_passkey(&passkey).await.location(),
            "/accounts/login",
            "{by}: passkey"
        );
        assert_eq!(count(&site, "passkey_handles").await, 0, "{by}: what authenticators know the account by");
        assert_eq!(count(&site, "known_devices").await, 0, "{by}: known browser");
        assert_eq!(count(&site, "pending_logins").await, 0, "{by}: pending login");
        half_way.enter(&app.new_code(&site)).await;
        assert!(!half_way.is_signed_in().await, "{by}: pending login");
        follow_dead(&site, &change, "/api/accounts/confirm_email_change", by).await;
        follow_dead(&site, &reset, "/api/accounts/reset_password", by).await;
        let email = site.database.text("SELECT email FROM users").await;
        assert_eq!(email, "ada@example.com", "{by}");
        assert_eq!(count(&site, "users WHERE email_verified_at IS NOT NULL").await, 1);
        if by == "verify" {
            let link = site.mail_to("ada@example.com", RESET, 2).await.link();
            follow(&mut owner, &link, &[("password1", NEW), ("password2", NEW)]).await;
        }
        assert_eq!(owner.log_in_with("ada", NEW).await.location(), "/members/dashboard", "{by}");
        let activity = owner.get("/members/activity").await.text();
        assert!(activity.contains("Password, second factor and devices from before were removed"), "{by}");
        site.stop().await;
    }
}

async fn follow_dead(site: &TestSite, link: &str, function: &str, by: &str) {
    let mut visitor = site.visitor();
    visitor.get(link).await;
    let fields = [("password1", "third horse battery"), ("password2", "third horse battery")];
    let answer = visitor.call(function, &fields).await;
    assert_eq!(answer.text(), r#"{"Refused":[["form","LinkDead"]]}"#, "{by} {function}");
}

/// Requests that are on their way, at an instance that still knows session and member as they were.
#[tokio::test]
async fn no_request_of_the_stranger_on_its_way_brings_anything_back() {
    for by in ["verify", "reset"] {
        let site = TestSite::with_passkeys().await;
        let Squatter { browser, app, half_way, .. } = squatter(&site).await;
        site.all_mails_sent().await;
        let other = site.beside().await;
        let (mut late, mut half_way) = (browser.at(&other), half_way.at(&other));
        assert!(late.is_signed_in().await);
        let (_, options) = late.passkey_options("passkey_register").await;
        let credential = SoftKey::new().create(&options);
        let mut owner = prove(&site, by).await;
        site.database.bring_sessions_back().await;
        for (function, fields) in [
            ("/api/accounts/ask_for_email_change", vec![("email", "more@example.com")]),
            ("/api/members/start_authenticator", vec![]),
            ("/api/members/new_recovery_codes", vec![]),
            ("/api/members/add_passkey", vec![("credential", &*credential)]),
            ("/api/members/ask_passkey", vec![("asks", "on")]),
            ("/api/members/delete", vec![("username", "ada")]),
            (
                "/api/accounts/change_password",
                vec![("old_password", PASSWORD), ("password1", NEW), ("password2", NEW)],
            ),
        ] {
            let answer = late.call(function, &fields).await;
            assert_ne!(answer.text(), "\"Accepted\"", "{by} {function}");
        }
        half_way.enter(&app.new_code(&other)).await;
        assert!(!half_way.is_signed_in().await, "{by}");
        assert_eq!(late.log_in("ada").await.location(), "/accounts/login", "{by}");
        for what in ["factors", "known_devices", "pending_logins", "mails WHERE kind = 'change_email'"] {
            assert_eq!(count(&site, what).await, 0, "{by}: {what}");
        }
        assert_eq!(
            count(&site, "tokens WHERE purpose = 'change_email' AND used_at IS NULL").await,
            0,
            "{by}"
        );
        other.halt().await;
        if by == "reset" {
            assert_eq!(owner.log_in_with("ada", NEW).await.location(), "/members/dashboard");
        }
        site.stop().await;
    }
}

/// The member who signed up, in their own browser.
#[tokio::test]
async fn a_member_who_confirms_in_a_browser_of_their_own_loses_nothing() {
    for how in ["logged in", "code", "signed up", "signed up and must confirm", "reset"] {
        let site = TestSite::start_with(|config| {
            config.accounts.require_verified_email = how == "signed up and must confirm";
        })
        .await;
        let mut member = site.signed_up("ada").await;
        let mail = site.mail_to("ada@example.com", VERIFY, 1).await;
        match how {
            "logged in" | "code" | "reset" => {
                // In another browser than the one that signed up.
                member = site.visitor();
                member.log_in("ada").await;
                let (app, _) = site.set_up_app(&mut member).await;
                match how {
                    "logged in" => {
                        assert_eq!(
                            follow(&mut member, &mail.link(), &[]).await.location(),
                            "/members/dashboard"
                        );
                    }
                    "code" => {
                        member.submit("/accounts/verify", &[("code", &mail.code())]).await;
                    }
                    _ => {
                        member.submit("/accounts/password_reset", &[("email", "ada@example.com")]).await;
                        let link = site.mail_to("ada@example.com", RESET, 1).await.link();
                        follow(&mut member, &link, &[("password1", PASSWORD), ("password2", PASSWORD)]).await;
                    }
                }
                assert_eq!(member.is_signed_in().await, how != "reset", "{how}");
                let mut elsewhere = site.visitor();
                assert_eq!(elsewhere.log_in("ada").await.location(), SECOND, "{how}");
                assert_eq!(elsewhere.enter(&app.new_code(&site)).await.location(), "/members/dashboard");
            }
            _ => {
                let page = member.get(&mail.link()).await.location().to_owned();
                assert_eq!(member.get(&page).await.find(".warning"), "", "{how}");
                let done = member.submit(&page, &[]).await;
                assert_eq!(done.location(), "/accounts/login", "{how}");
                let told = member.get("/accounts/login").await.messages();
                assert_eq!(told, ["Thank you: your email address is confirmed."], "{how}");
            }
        }
        if how.starts_with("signed up") {
            assert_eq!(member.log_in("ada").await.location(), "/members/dashboard", "{how}");
        }
        assert_eq!(count(&site, "users WHERE email_verified_at IS NOT NULL").await, 1, "{how}");
        site.stop().await;
    }
}

/// The browser that signed up with one account is not another account's.
#[tokio::test]
async fn having_signed_up_counts_for_that_account_only() {
    let site = TestSite::start().await;
    site.member("ada").await;
    let mut bob = site.signed_up("bob").await;
    let link = site.mail_to("ada@example.com", VERIFY, 1).await.link();
    follow(&mut bob, &link, &[]).await;
    assert_eq!(bob.get("/accounts/login").await.messages(), [TAKEN]);
    assert_eq!(site.visitor().log_in("ada").await.location(), "/accounts/login");
    site.stop().await;
}

/// A stranger who has confirmed no address of their own enters somebody else's later.
#[tokio::test]
async fn an_account_that_never_had_a_proven_address_is_taken_with_its_next_one() {
    let site = TestSite::start().await;
    let mut squatter = site.member("mallory").await;
    squatter.submit("/accounts/email", &[("email", "ada@example.com")]).await;
    let link = site.mail_to("ada@example.com", CHANGE, 1).await.link();
    let mut owner = site.visitor();
    let page = owner.get(&link).await.location().to_owned();
    assert!(!owner.get(&page).await.find(".warning").is_empty());
    owner.submit(&page, &[]).await;
    assert!(!squatter.is_signed_in().await);
    assert_eq!(site.visitor().log_in("mallory").await.location(), "/accounts/login");
    site.stop().await;
}

/// Who has confirmed an address of their own may enter somebody else's, too, whose owner then must
/// not give it to them.
#[tokio::test]
async fn the_next_address_of_a_member_is_confirmed_only_where_they_are_logged_in() {
    const PAGE: &str = "/accounts/email/confirm";
    let site = TestSite::start().await;
    let mut member = site.proven_member("mallory").await;
    member.submit("/accounts/email", &[("email", "ada@example.com")]).await;
    let mail = site.mail_to("ada@example.com", CHANGE, 1).await;
    for mut owner in [site.visitor(), site.member("bob").await] {
        assert_eq!(owner.get(&mail.link()).await.location(), PAGE);
        let page = owner.get(PAGE).await;
        assert!(page.find_all("main form").is_empty(), "{}", page.text());
        assert_eq!(page.find("main code"), mail.code());
        let refused = owner.call("/api/accounts/confirm_email_change", &[]).await.text();
        assert_eq!(refused, r#"{"Refused":[["form","LinkElsewhere"]]}"#);
        assert_eq!(count(&site, "users WHERE email = 'ada@example.com'").await, 0);
    }
    let done = member.submit(PAGE, &[("code", &mail.code())]).await;
    assert_eq!(done.location(), "/members/dashboard");
    assert_eq!(count(&site, "users WHERE email = 'ada@example.com'").await, 1);

    // On another device of their own, the member logs in there.
    member.submit("/accounts/email", &[("email", "next@example.com")]).await;
    let mut phone = site.visitor();
    phone.get(&site.mail_to("next@example.com", CHANGE, 1).await.link()).await;
    phone.log_in("mallory").await;
    assert_eq!(phone.submit(PAGE, &[]).await.location(), "/members/dashboard");
    assert_eq!(count(&site, "users WHERE email = 'next@example.com'").await, 1);
    site.stop().await;
}

/// Staff who switched a password off have the last word.
#[tokio::test]
async fn a_password_that_staff_switched_off_stays_off() {
    let site = TestSite::start().await;
    site.signed_up("ada").await;
    site.database.execute("UPDATE users SET password_hash = '!x'").await;
    let link = site.mail_to("ada@example.com", VERIFY, 1).await.link();
    follow(&mut site.visitor(), &link, &[]).await;
    site.all_mails_sent().await;
    assert_eq!(site.database.text("SELECT password_hash FROM users").await, "!x");
    assert!(site.mails_to("ada@example.com").iter().all(|mail| !mail.subject.contains(RESET)));
    site.stop().await;
}
