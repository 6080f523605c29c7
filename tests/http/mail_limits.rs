//! How many mails one address gets, and what they contain, regardless of who causes them.

use std::time::Duration;

use members_area::base::config::{Period, Rate};

use crate::{
    pictures,
    support::{PASSWORD, TestSite, Visitor},
};

const VICTIM: &str = "victim@example.net";
const ADVERTISEMENT: &str = "www.free-money.example";

/// Only the limit on mails is as shipped; all others are off.
async fn site() -> TestSite {
    TestSite::start_with(|config| config.throttle.mail_per_address = Rate::new(20, Period::minutes(60))).await
}

async fn rename(member: &mut Visitor, username: &str, last_name: &str) -> u16 {
    let fields = [("username", username), ("first_name", "Call +1 555 1234"), ("last_name", last_name)];
    member.call("/api/members/save_profile", &fields).await.status
}

#[tokio::test]
async fn an_unverified_address_gets_only_verification_mails() {
    let site = site().await;
    let mut mallory = site.visitor();
    mallory.sign_up(ADVERTISEMENT, VICTIM).await;
    mallory.log_in(ADVERTISEMENT).await;
    for number in 0..12 {
        let name = format!("{ADVERTISEMENT}.{number}");
        assert_eq!(rename(&mut mallory, &name, "https://evil.example").await, 200);
    }
    rename(&mut mallory, ADVERTISEMENT, "").await;
    for _ in 0..3 {
        site.visitor().log_in(ADVERTISEMENT).await;
    }
    let new = "another horse battery";
    let fields = [("old_password", PASSWORD), ("password1", new), ("password2", new)];
    mallory.call("/api/accounts/change_password", &fields).await;
    site.visitor().submit("/accounts/password_reset", &[("email", VICTIM)]).await;
    mallory.submit("/accounts/email", &[("email", "other@example.net")]).await;
    mallory.submit("/members/delete", &[("username", ADVERTISEMENT)]).await;
    site.all_mails_sent().await;
    let mails: Vec<_> = [VICTIM, "other@example.net"].iter().flat_map(|to| site.mails_to(to)).collect();
    let mut subjects: Vec<&str> =
        mails.iter().map(|mail| mail.subject.split(" ·").next().expect("one")).collect();
    subjects.sort_unstable();
    let wanted = ["Confirm your email address", "Confirm your new email address", "Set a new password"];
    assert_eq!(subjects, wanted);
    for mail in &mails {
        for words in ["free-money", "evil.example", "555"] {
            assert!(!mail.text.contains(words) && !mail.html.contains(words), "{}", mail.text);
        }
        assert!(mail.text.starts_with("Hello,\n"), "{}", mail.text);
    }
    site.stop().await;
}

#[tokio::test]
async fn repeated_notices_of_one_kind_are_summarised() {
    let site = site().await;
    let mut member = site.proven_member("ada").await;
    let (to, about) = ("ada@example.com", "Your name was changed");
    for number in 0..12 {
        assert_eq!(
            rename(&mut member, &format!("ada{number}"), "Lovelace").await,
            200,
            "no error for a notice"
        );
    }
    rename(&mut member, "ada", "Lovelace").await;
    site.mail_to(to, about, 3).await;
    // All further notices are combined into one that waits.
    site.database.until("SELECT COUNT(*) FROM mails", |count| count == 1).await;
    // Another kind of notice is still sent.
    site.visitor().log_in("ada").await;
    site.mail_to(to, "New login to your account", 1).await;
    assert_eq!(site.mails_to(to).iter().filter(|mail| mail.subject.contains(about)).count(), 3);
    site.clock.advance(Duration::from_secs(3601));
    site.all_mails_sent().await;
    let summary = site.mail_to(to, about, 4).await;
    assert!(summary.text.contains("It happened several times"), "{}", summary.text);
    assert!(site.mails_to(to).iter().all(|mail| !mail.text.contains("Lovelace")));
    assert!(summary.text.starts_with("Hello ada,\n"), "{}", summary.text);
    site.stop().await;
}

/// Regardless of who requests them, and for how many accounts.
#[tokio::test]
async fn mails_on_anonymous_request_share_one_limit_per_address() {
    let site = site().await;
    let mut statuses = Vec::new();
    for number in 0..8 {
        let mut member = site.proven_member(&format!("user{number}")).await;
        let fields = [("email", "Victim@Example.net")];
        statuses.push(member.call("/api/accounts/ask_for_email_change", &fields).await.status);
    }
    assert_eq!(statuses, [200, 200, 200, 200, 200, 429, 429, 429]);
    // A sign-up does not reveal it.
    for name in ["mallory", "trudy"] {
        assert_eq!(site.visitor().sign_up(name, VICTIM).await.location(), "/accounts/login");
    }
    site.all_mails_sent().await;
    let count = || site.mails_to("Victim@example.net").len() + site.mails_to(VICTIM).len();
    assert_eq!(count(), 5);
    // None of that keeps an owner from resetting a password. Several accounts with one address get
    // several mails, up to a limit.
    for name in ["eve", "mallory2", "mallory3", "mallory4", "mallory5"] {
        site.visitor().sign_up(name, VICTIM).await;
    }
    for _ in 0..3 {
        site.visitor().submit("/accounts/password_reset", &[("email", VICTIM)]).await;
        // Of two to one account at the same time one may be dropped.
        site.all_mails_sent().await;
    }
    assert_eq!(count(), 10);
    site.clock.advance(Duration::from_secs(3601));
    site.visitor().sign_up("newcomer", VICTIM).await;
    site.all_mails_sent().await;
    assert_eq!(count(), 11);
    site.stop().await;
}

/// One account cannot write to one address after the other.
#[tokio::test]
async fn an_account_can_send_few_mails_to_addresses_of_others() {
    let site = site().await;
    let mut mallory = site.member("mallory").await;
    let mut statuses = Vec::new();
    for number in 0..7 {
        let email = format!("victim{number}@example.net");
        let answer = mallory.call("/api/accounts/ask_for_email_change", &[("email", &email)]).await;
        statuses.push(answer.status);
    }
    // The sign-up's mail counts as one of the five.
    assert_eq!(statuses, [200, 200, 200, 200, 429, 429, 429]);
    site.stop().await;
}

#[tokio::test]
async fn changes_of_names_and_picture_are_rate_limited() {
    let site = TestSite::start_with(|config| {
        config.throttle.profile_changes_per_account = Rate::new(3, Period::minutes(60));
    })
    .await;
    let mut member = site.member("ada").await;
    assert_eq!(rename(&mut member, "ada", "Lovelace").await, 200);
    assert_eq!(pictures::upload(&mut member, &pictures::png()).await.location(), "/members/profile");
    assert_eq!(member.call("/api/members/remove_picture", &[]).await.status, 200);
    assert_eq!(rename(&mut member, "ada", "Byron").await, 429);
    assert_eq!(pictures::upload(&mut member, &pictures::png()).await.status, 429);
    // Each member has a limit of their own.
    assert_eq!(rename(&mut site.member("bob").await, "bob", "Byron").await, 200);
    site.clock.advance(Duration::from_secs(3601));
    assert_eq!(rename(&mut member, "ada", "Byron").await, 200);
    site.stop().await;
}
