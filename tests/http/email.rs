use std::time::Duration;

use crate::support::{Page, TestSite, Visitor};

const VERIFY: &str = "Confirm your email address";
const CHANGE: &str = "Confirm your new email address";

async fn open(visitor: &mut Visitor, link: &str) -> String {
    visitor.get(link).await.location().to_owned()
}

/// Opens the link and presses the button.
async fn follow(visitor: &mut Visitor, link: &str) -> Page {
    let page = open(visitor, link).await;
    visitor.submit(&page, &[]).await
}

/// The page behind the link has no button, and calling its function does nothing.
async fn refused(site: &TestSite, link: &str) {
    let mut visitor = site.visitor();
    let page = open(&mut visitor, link).await;
    assert_eq!(visitor.get(&page).await.find_all("main form").len(), 0);
    let answer = visitor.call("/api/accounts/verify_email", &[]).await;
    assert_eq!(answer.text(), r#"{"Refused":[["form","LinkDead"]]}"#);
}

async fn verified(site: &TestSite, username: &str) -> bool {
    let sql =
        format!("SELECT COUNT(*) FROM users WHERE username = '{username}' AND email_verified_at IS NOT NULL");
    site.database.number(&sql).await == 1
}

async fn change(member: &mut Visitor, email: &str) -> Page {
    member.submit("/accounts/email", &[("email", email)]).await
}

#[tokio::test]
async fn sign_up_sends_a_link_and_a_code_and_the_dashboard_reminds() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    assert!(
        member
            .get("/members/dashboard")
            .await
            .find_all(".steps a")
            .contains(&"Confirm your email address".to_owned())
    );
    let mail = site.mail_to("ada@example.com", VERIFY, 1).await;
    assert!(mail.html.contains(&mail.code()) && mail.headers.contains("Auto-Submitted: auto-generated"));
    // (In another browser: `proving`.)
    let page = open(&mut member, &mail.link()).await;
    assert!(!verified(&site, "ada").await, "opening it does nothing yet");
    let answer = member.submit(&page, &[]).await;
    assert_eq!((answer.status, answer.location()), (303, "/members/dashboard"));
    assert_eq!(
        member.get("/members/dashboard").await.messages(),
        ["Thank you: your email address is confirmed."]
    );
    assert!(verified(&site, "ada").await);
    assert!(
        !member
            .get("/members/dashboard")
            .await
            .find_all(".steps a")
            .contains(&"Confirm your email address".to_owned())
    );
    assert!(member.get("/accounts/verify").await.text().contains("is confirmed"));
    site.stop().await;
}

#[tokio::test]
async fn the_code_does_what_the_link_does() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    let mut other = site.member("bob").await;
    let code = site.mail_to("ada@example.com", VERIFY, 1).await.code();
    let typed = format!(" {} ", code.to_lowercase().replace('-', " "));
    let foreign = other.submit("/accounts/verify", &[("code", &code)]).await;
    assert_eq!(foreign.location(), "/accounts/verify", "another member's code is worth nothing");
    assert_eq!(
        other.get("/accounts/verify").await.errors("code"),
        ["That code is wrong or has expired. Use the code from the latest email, or request a new one."]
    );
    let answer = member.submit("/accounts/verify", &[("code", &typed)]).await;
    assert_eq!((answer.status, answer.location()), (303, "/members/dashboard"));
    assert!(verified(&site, "ada").await);
    assert!(!verified(&site, "bob").await);
    site.stop().await;
}

#[tokio::test]
async fn a_newer_mail_or_a_day_invalidates_the_older_one() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    let first = site.mail_to("ada@example.com", VERIFY, 1).await;
    let answer = member.post("/api/accounts/ask_for_verification", &[]).await;
    assert_eq!(answer.location(), "/accounts/verify");
    let second = site.mail_to("ada@example.com", VERIFY, 2).await;
    refused(&site, &first.link()).await;
    site.clock.advance(Duration::from_secs(24 * 3600 + 1));
    refused(&site, &second.link()).await;
    assert!(!verified(&site, "ada").await);
    site.stop().await;
}

#[tokio::test]
async fn a_delayed_mail_does_not_invalidate_a_newer_one() {
    let site = TestSite::start_without_mail().await;
    let mut member = site.member("ada").await;
    the_later_counts(&site, "verify_email", "verify_email", async {
        member.post("/api/accounts/ask_for_verification", &[]).await;
    })
    .await;
    site.stop().await;
}

/// Of two mails that were delayed, the one that was asked for last counts, in whatever order they
/// leave. The first one has been asked for.
pub async fn the_later_counts(
    site: &TestSite,
    kind: &str,
    purpose: &str,
    ask_again: impl Future<Output = ()>,
) {
    let issued = format!("SELECT COALESCE(MAX(created_at), 0) FROM tokens WHERE purpose = '{purpose}'");
    let waiting = format!("SELECT COUNT(*) FROM mails WHERE kind = '{kind}'");
    let first = site.database.until(&issued, |at| at > 0).await;
    site.clock.advance(Duration::from_secs(5));
    ask_again.await;
    let second = site.database.until(&issued, |at| at > first).await;
    assert_eq!(site.database.number(&waiting).await, 2);
    // The first one is tried again, and dropped.
    site.clock.advance(Duration::from_secs(120));
    site.database.until(&waiting, |count| count == 1).await;
    assert_eq!(site.database.number(&issued).await, second);
}

/// However the address was changed in the meantime.
#[tokio::test]
async fn a_link_verifies_only_the_address_it_was_sent_to() {
    let site = TestSite::start().await;
    site.signed_up("ada").await;
    let link = site.mail_to("ada@example.com", VERIFY, 1).await.link();
    site.database
        .execute("UPDATE users SET email = 'other@example.com', email_key = 'other@example.com'")
        .await;
    let mut visitor = site.visitor();
    open(&mut visitor, &link).await;
    let answer = visitor.call("/api/accounts/verify_email", &[]).await;
    assert_eq!(answer.text(), r#"{"Refused":[["form","LinkDead"]]}"#);
    assert!(!verified(&site, "ada").await);
    site.stop().await;
}

#[tokio::test]
async fn the_first_of_two_accounts_to_confirm_an_address_gets_it() {
    let site = TestSite::start().await;
    let mut links = Vec::new();
    // The same address in different case.
    for (name, address) in
        [("ada", "Shared@example.com"), ("bob", "shared@EXAMPLE.com"), ("cyd", "SHARED@example.com")]
    {
        assert_eq!(site.visitor().sign_up(name, address).await.location(), "/accounts/login");
        // In mails, the host is in lower case.
        links.push(site.mail_to(&address.replace("EXAMPLE", "example"), VERIFY, 1).await.link());
    }
    let racers: Vec<_> = links
        .into_iter()
        .map(|link| {
            let mut visitor = site.visitor();
            tokio::spawn(async move {
                open(&mut visitor, &link).await;
                visitor.call("/api/accounts/verify_email", &[]).await.text()
            })
        })
        .collect();
    let mut verdicts = Vec::new();
    for racer in racers {
        verdicts.push(racer.await.expect("no panic"));
    }
    verdicts.sort();
    let taken = r#"{"Refused":[["form","EmailConfirmedElsewhere"]]}"#;
    assert_eq!(verdicts, ["\"Accepted\"", taken, taken]);
    assert_eq!(
        site.database.number("SELECT COUNT(*) FROM users WHERE email_verified_at IS NOT NULL").await,
        1
    );
    site.stop().await;
}

#[tokio::test]
async fn sign_up_with_a_proven_address_tells_only_its_owner() {
    let site = TestSite::start().await;
    site.signed_up("ada").await;
    follow(&mut site.visitor(), &site.mail_to("ada@example.com", VERIFY, 1).await.link()).await;
    let (mut known, mut unknown) = (site.visitor(), site.visitor());
    let answers =
        [known.sign_up("bob", "ADA@example.com").await, unknown.sign_up("cyd", "free@example.com").await];
    assert_eq!(answers[0].location(), answers[1].location());
    assert_eq!(
        known.get("/accounts/login").await.messages(),
        unknown.get("/accounts/login").await.messages()
    );
    let told = site.mail_to("ada@example.com", "You already have an account", 1).await;
    assert!(told.text.starts_with("Hello ada,"));
    site.all_mails_sent().await;
    assert!(site.mails_to("ADA@example.com").is_empty(), "nothing that confirms goes out");
    // The setting that reveals it.
    let site = TestSite::start_with(|config| config.accounts.reveal_taken_email = true).await;
    site.signed_up("ada").await;
    follow(&mut site.visitor(), &site.mail_to("ada@example.com", VERIFY, 1).await.link()).await;
    let mut visitor = site.visitor();
    visitor.sign_up("bob", "ada@example.com").await;
    let page = visitor.get("/accounts/signup").await;
    assert_eq!(page.errors("email"), ["Another account has this email address."]);
    site.stop().await;
}

#[tokio::test]
async fn a_change_needs_confirmation_and_the_old_address_can_undo_it() {
    let site = TestSite::start().await;
    let mut member = site.proven_member("ada").await;
    assert_eq!(change(&mut member, "new@example.com").await.location(), "/accounts/email/confirm");
    assert_eq!(site.database.text("SELECT email FROM users").await, "ada@example.com");
    let link = site.mail_to("new@example.com", CHANGE, 1).await.link();
    assert_eq!(follow(&mut member, &link).await.location(), "/members/dashboard");
    assert_eq!(site.database.text("SELECT email FROM users").await, "new@example.com");
    assert_eq!(member.get("/members/dashboard").await.find_all("dd")[1], "new@example.com", "at once");
    assert!(verified(&site, "ada").await);

    let told = site.mail_to("ada@example.com", "Your email address was changed", 1).await;
    assert!(told.text.contains("to another") && told.text.contains("72 hours"), "{}", told.text);
    site.clock.advance(Duration::from_secs(71 * 3600));
    let (mut owner, mut late) = (site.visitor(), member.clone());
    site.database.keep_sessions().await;
    assert_eq!(follow(&mut owner, &told.link()).await.location(), "/accounts/login");
    assert_eq!(site.database.text("SELECT email FROM users").await, "ada@example.com");
    assert!(!member.is_signed_in().await, "whoever did it is out");
    site.database.bring_sessions_back().await;
    assert!(!late.is_signed_in().await, "whenever they came");
    site.mail_to("ada@example.com", "Set a new password", 1).await;
    // The undo works once.
    assert_eq!(owner.get(&open(&mut owner.clone(), &told.link()).await).await.find_all("main form").len(), 0);
    site.stop().await;
}

/// A thief who changes the address twice controls the middle one, and has mails to it.
#[tokio::test]
async fn after_an_undo_links_to_the_addresses_in_between_are_dead() {
    let site = TestSite::start().await;
    let mut thief = site.proven_member("ada").await;
    for address in ["thief1@example.com", "thief2@example.com"] {
        site.clock.advance(Duration::from_secs(5));
        change(&mut thief, address).await;
        follow(&mut thief, &site.mail_to(address, CHANGE, 1).await.link()).await;
    }
    let changed = "Your email address was changed";
    let in_between = site.mail_to("thief1@example.com", changed, 1).await.link();
    // Notices also go to the thief while they control the account.
    site.visitor().log_in("ada").await;
    let notice = site.mail_to("thief2@example.com", "New login to your account", 1).await.link();

    let owners = site.mail_to("ada@example.com", changed, 1).await.link();
    follow(&mut site.visitor(), &owners).await;
    assert_eq!(site.database.text("SELECT email FROM users").await, "ada@example.com");
    for (link, function) in
        [(in_between, "/api/accounts/undo_email_change"), (notice, "/api/accounts/not_me")]
    {
        let mut thief = site.visitor();
        open(&mut thief, &link).await;
        assert_eq!(thief.call(function, &[]).await.text(), r#"{"Refused":[["form","LinkDead"]]}"#, "{link}");
    }
    site.all_mails_sent().await;
    assert_eq!(site.database.text("SELECT email FROM users").await, "ada@example.com");
    for address in ["thief1@example.com", "thief2@example.com"] {
        let mails = site.mails_to(address);
        assert!(!mails.iter().any(|mail| mail.subject.contains("Set a new password")), "{address}");
    }
    site.stop().await;
}

#[tokio::test]
async fn an_undo_link_expires_after_72_hours() {
    let site = TestSite::start().await;
    let mut member = site.proven_member("ada").await;
    change(&mut member, "new@example.com").await;
    follow(&mut member, &site.mail_to("new@example.com", CHANGE, 1).await.link()).await;
    let told = site.mail_to("ada@example.com", "Your email address was changed", 1).await;
    site.clock.advance(Duration::from_secs(72 * 3600 + 1));
    let mut visitor = site.visitor();
    open(&mut visitor, &told.link()).await;
    let answer = visitor.call("/api/accounts/undo_email_change", &[]).await;
    assert_eq!(answer.text(), r#"{"Refused":[["form","LinkDead"]]}"#);
    assert_eq!(site.database.text("SELECT email FROM users").await, "new@example.com");
    site.stop().await;
}

#[tokio::test]
async fn a_change_is_refused_with_a_reason() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    for (typed, error) in [
        ("", "This field is required."),
        ("nowhere", "Enter a valid email address."),
        (" ADA@example.com", "This is your email address already."),
    ] {
        assert_eq!(change(&mut member, typed).await.location(), "/accounts/email");
        let page = member.get("/accounts/email").await;
        assert_eq!(page.errors("email"), [error], "{typed}");
        assert_eq!(page.attribute("[name=email]", "value").unwrap_or_default(), typed);
    }
    // Only the newest link is valid.
    change(&mut member, "one@example.com").await;
    let first = site.mail_to("one@example.com", CHANGE, 1).await;
    change(&mut member, "two@example.com").await;
    let second = site.mail_to("two@example.com", CHANGE, 1).await;
    let mut late = member.clone();
    open(&mut late, &first.link()).await;
    assert!(late.call("/api/accounts/confirm_email_change", &[]).await.text().contains("LinkDead"));
    assert_eq!(site.database.text("SELECT email FROM users").await, "ada@example.com");
    assert_eq!(
        member.submit("/accounts/email/confirm", &[("code", &second.code())]).await.location(),
        "/members/dashboard"
    );
    assert_eq!(site.database.text("SELECT email FROM users").await, "two@example.com");
    site.stop().await;
}

#[tokio::test]
async fn two_accounts_that_change_to_one_address_have_one_winner() {
    let site = TestSite::start().await;
    let mut links = Vec::new();
    for name in ["ada", "bob"] {
        let mut member = site.member(name).await;
        change(&mut member, "prize@example.com").await;
        links.push((member, site.mail_to("prize@example.com", CHANGE, links.len() + 1).await.link()));
    }
    let racers: Vec<_> = links
        .into_iter()
        .map(|(mut member, link)| {
            tokio::spawn(async move {
                open(&mut member, &link).await;
                member.call("/api/accounts/confirm_email_change", &[]).await.text()
            })
        })
        .collect();
    let mut verdicts = Vec::new();
    for racer in racers {
        verdicts.push(racer.await.expect("no panic"));
    }
    verdicts.sort();
    assert_eq!(verdicts, ["\"Accepted\"", r#"{"Refused":[["form","EmailConfirmedElsewhere"]]}"#]);
    let with_it = "SELECT COUNT(*) FROM users WHERE email = 'prize@example.com'";
    assert_eq!(site.database.number(with_it).await, 1);
    site.stop().await;
}

#[tokio::test]
async fn if_a_verified_address_is_required_others_cannot_log_in() {
    let site = TestSite::start_with(|config| config.accounts.require_verified_email = true).await;
    let mut visitor = site.signed_up("ada").await;
    site.mail_to("ada@example.com", VERIFY, 1).await;
    assert_eq!(visitor.log_in("ada").await.location(), "/accounts/login");
    let page = visitor.get("/accounts/login").await;
    assert_eq!(page.form_errors(), ["Please confirm your email address first. We have emailed you a link."]);
    assert!(visitor.session().is_none());
    // A wrong password does not reveal it.
    visitor.log_in_with("ada", "wrong").await;
    assert!(
        visitor.get("/accounts/login").await.form_errors()[0].starts_with("Please enter a correct username")
    );
    let mail = site.mail_to("ada@example.com", VERIFY, 2).await;
    follow(&mut visitor, &mail.link()).await;
    assert_eq!(visitor.log_in("ada").await.location(), "/members/dashboard");
    site.stop().await;
}

#[tokio::test]
async fn a_login_from_a_new_device_sends_a_notice_with_a_not_me_link() {
    let site = TestSite::start().await;
    let mut owner = site.proven_member("ada").await;
    owner.log_out().await;
    owner.log_in("ada").await;
    site.all_mails_sent().await;
    assert!(
        !site.mails_to("ada@example.com").iter().any(|mail| mail.subject.contains("New login")),
        "a known device"
    );
    let mut thief = site.visitor();
    thief.log_in("ada").await;
    let told = site.mail_to("ada@example.com", "New login to your account", 1).await;
    assert!(told.text.contains("from the address 127.0.0.1") && told.text.contains("UTC"), "{}", told.text);
    assert_eq!(follow(&mut site.visitor(), &told.link()).await.location(), "/accounts/login");
    assert!(!thief.is_signed_in().await && !owner.is_signed_in().await);
    site.mail_to("ada@example.com", "Set a new password", 1).await;
    site.stop().await;
}
