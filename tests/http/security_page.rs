//! The security page, and the dashboard's line about it.

use std::time::Duration;

use reqwest::Method;

use crate::support::{
    PASSWORD, Page, TestSite, Visitor,
    authenticator::{APP_PAGE, CODES_PAGE},
    program::{program, said},
};

const SECURITY: &str = "/members/security";
const LOAD: &str = "/api/members/security";
const DASHBOARD: &str = "/members/dashboard";

/// A row of the page: its title with "✓ Done" or "Open", if it says so; its sentence; its link.
fn row(page: &Page, title: &str) -> (String, String, String) {
    assert_eq!(page.status, 200);
    let titles = page.find_all(".security h3");
    let at = titles.iter().position(|found| found.starts_with(title));
    let at = at.unwrap_or_else(|| panic!("{title} in {titles:?}"));
    let sentence = page.find_all(".security h3 + p")[at].clone();
    (titles[at].clone(), sentence, page.attributes(".security a", "href")[at].clone())
}

/// Asserts what a row of the page says.
async fn expect(member: &mut Visitor, title: &str, sentence: &str, link: &str) {
    let (found, said, leads_to) = row(&member.get(SECURITY).await, title);
    assert!(said.contains(sentence), "{title}: {said}");
    assert_eq!((found.as_str(), leads_to.as_str()), (title, link));
}

/// What the dashboard says is done.
async fn progress(member: &mut Visitor) -> String {
    let page = member.get(DASHBOARD).await;
    assert_eq!(page.status, 200);
    let (progress, steps) = (page.find("[aria-labelledby=secure] .badge"), page.find_all(".steps li"));
    let is_done = page.find("[aria-labelledby=secure]").contains("Nothing is left to do.");
    assert_eq!(steps.is_empty(), is_done, "{progress}: {steps:?}");
    let (done, all) = progress.trim_end_matches(" done").split_once(" of ").expect("two numbers");
    let number = |text: &str| text.parse::<usize>().expect("a number");
    assert_eq!(steps.len(), number(all) - number(done), "each is listed: {steps:?}");
    progress
}

#[tokio::test]
async fn a_new_member_sees_what_is_open_and_each_row_leads_on() {
    let site = TestSite::start_without_mail().await;
    let mut ada = site.member("ada").await;
    let page = ada.get(SECURITY).await;
    assert_eq!(
        (page.find("h1"), page.find("#protection")),
        ("Password and security".into(), "Protection: 1 of 5 done".into())
    );
    let titles = [
        "Password ✓ Done",
        "Email address Open",
        "Two-step login Open",
        "Passkeys Open",
        "Recovery codes Open",
    ];
    assert_eq!(
        page.find_all(".security h3"),
        [&titles[..], &["Known browsers", "Devices", "Last login"]].concat()
    );
    assert_eq!(page.header("cache-control"), "private, no-store");
    for (link, heading) in page.attributes(".security a", "href").iter().zip([
        "Change your password",
        "Confirm your email address",
        "Authenticator app",
        "Passkeys",
        "Authenticator app",
        "Known browsers",
        "Your devices",
        "Activity",
    ]) {
        assert_eq!(ada.get(link).await.find("h1"), heading, "{link}");
    }
    // The dashboard lists what is open, each with the page that does it.
    let dashboard = ada.get(DASHBOARD).await;
    let steps = [
        ("Confirm your email address", "Confirm your email address"),
        ("Set up an authenticator app", "Authenticator app"),
        ("Add a passkey", "Passkeys"),
        ("Get recovery codes with your authenticator app", "Authenticator app"),
    ];
    assert_eq!(dashboard.find_all(".steps a"), steps.map(|(step, _)| step));
    for (link, (step, heading)) in dashboard.attributes(".steps a", "href").iter().zip(steps) {
        assert_eq!(ada.get(link).await.find("h1"), heading, "{step}");
    }
    assert!(dashboard.find("[aria-labelledby=secure]").contains("Password last changed "));
    // The page is found from the profile and from the dashboard.
    for from in ["/members/profile", DASHBOARD] {
        assert!(
            ada.get(from).await.attributes("main a, .side a", "href").iter().any(|link| link == SECURITY),
            "{from}"
        );
    }
    site.stop().await;
}

#[tokio::test]
async fn the_password_row_says_when_it_was_changed() {
    let site = TestSite::start_without_mail().await;
    let mut ada = site.member("ada").await;
    let change = "/accounts/password_change";
    let (_, said, _) = row(&ada.get(SECURITY).await, "Password");
    assert!(said.starts_with("Last changed "), "{said}");
    site.database.execute("UPDATE users SET password_changed_at = NULL").await;
    expect(&mut ada, "Password ✓ Done", "We don’t know when it was last changed.", change).await;
    // Another hash of the same password is no change.
    assert_eq!(site.visitor().log_in("ada").await.location(), DASHBOARD);
    let number =
        || site.database.number("SELECT COALESCE(password_changed_at, 0) FROM users WHERE username = 'ada'");
    assert_eq!(number().await, 0);
    let fields = [
        ("old_password", PASSWORD),
        ("password1", "another horse battery"),
        ("password2", "another horse battery"),
    ];
    assert_eq!(ada.submit(change, &fields).await.status, 303);
    let changed = number().await;
    assert!(changed > 0);
    expect(&mut ada, "Password ✓ Done", "Last changed ", change).await;
    // Set by staff.
    site.clock.advance(Duration::from_secs(5));
    let mut root = site.superuser("root").await;
    let id = site.user_id("ada").await.to_string();
    let fields = [("user", id.as_str()), ("password1", PASSWORD), ("password2", PASSWORD)];
    assert_eq!(root.post("/api/admin/set_password", &fields).await.status, 303);
    assert!(number().await >= changed + 5000);
    site.stop().await;
}

#[tokio::test]
async fn the_rows_of_address_factor_and_codes_follow_what_the_member_does() {
    let site = TestSite::start_without_mail().await;
    let mut ada = site.member("ada").await;
    expect(&mut ada, "Email address Open", "ada@example.com is not confirmed", "/accounts/verify").await;
    site.database.execute("UPDATE users SET email = '', email_key = ''").await;
    expect(&mut ada, "Email address Open", "There is none", "/accounts/email").await;
    site.database.execute("UPDATE users SET email = 'ada@example.com', email_key = 'ada@example.com'").await;
    site.prove("ada").await;
    expect(&mut ada, "Email address ✓ Done", "ada@example.com is confirmed.", "/accounts/email").await;

    expect(&mut ada, "Two-step login Open", "your password alone logs you in", APP_PAGE).await;
    expect(&mut ada, "Recovery codes Open", "You get them with two-step login", APP_PAGE).await;
    // A secret that waits for its first code protects nothing.
    ada.post("/api/members/start_authenticator", &[]).await;
    expect(&mut ada, "Two-step login Open", "your password alone logs you in", APP_PAGE).await;
    let (_, codes) = site.set_up_app(&mut ada).await;
    expect(&mut ada, "Two-step login ✓ Done", "An authenticator app is set up.", APP_PAGE).await;
    expect(&mut ada, "Recovery codes ✓ Done", "You have 10 codes left.", CODES_PAGE).await;
    for code in &codes[..7] {
        let mut other = site.visitor();
        other.log_in("ada").await;
        assert!(other.enter(code).await.location().starts_with(CODES_PAGE));
    }
    expect(&mut ada, "Recovery codes Open", "You have 3 codes left.", CODES_PAGE).await;
    ada.post("/api/members/remove_authenticator", &[]).await;
    expect(&mut ada, "Two-step login Open", "your password alone logs you in", APP_PAGE).await;
    site.stop().await;
}

#[tokio::test]
async fn browsers_devices_and_the_last_login_are_counted_and_named() {
    let site = TestSite::start_without_mail().await;
    let mut ada = site.member("ada").await;
    expect(&mut ada, "Known browsers", "1 browser is known.", "/members/security/browsers").await;
    expect(&mut ada, "Devices", "You are logged in on 1 device.", "/members/sessions").await;
    expect(&mut ada, "Last login", ", with your password.", "/members/activity").await;
    site.visitor().log_in("ada").await;
    expect(&mut ada, "Known browsers", "2 browsers are known.", "/members/security/browsers").await;
    expect(&mut ada, "Devices", "You are logged in on 2 devices.", "/members/sessions").await;
    ada.post("/api/members/forget_all_browsers", &[]).await;
    expect(&mut ada, "Known browsers", "0 browsers are known.", "/members/security/browsers").await;
    ada.post("/api/members/end_other_sessions", &[]).await;
    expect(&mut ada, "Devices", "You are logged in on 1 device.", "/members/sessions").await;
    // Before the method was recorded, or by a newer version of the program.
    for method in ["NULL", "'from_the_future'"] {
        site.database.execute(&format!("UPDATE users SET last_login_method = {method}")).await;
        let (_, said, _) = row(&ada.get(SECURITY).await, "Last login");
        assert!(said.contains(", ") && said.ends_with('.') && !said.contains("with"), "{said}");
    }
    let (app, _) = site.set_up_app(&mut ada).await;
    let mut other = site.visitor();
    other.log_in("ada").await;
    other.enter(&app.new_code(&site)).await;
    expect(&mut ada, "Last login", ", with your password.", "/members/activity").await;
    // What waits between two steps, from a version that knows another first one, is no login.
    other.log_out().await;
    other.log_in("ada").await;
    site.database.execute("UPDATE pending_logins SET method = 'from_the_future'").await;
    other.enter(&app.new_code(&site)).await;
    assert!(!other.is_signed_in().await);
    site.stop().await;
}

#[tokio::test]
async fn the_dashboard_says_at_once_how_much_is_done() {
    let site = TestSite::start().await;
    let mut ada = site.member("ada").await;
    assert_eq!(progress(&mut ada).await, "1 of 5 done");
    let mail = site.mail_to("ada@example.com", "Confirm your email address", 1).await;
    let page = ada.get(&mail.link()).await.location().to_owned();
    ada.submit(&page, &[]).await;
    site.all_mails_sent().await;
    assert_eq!(progress(&mut ada).await, "2 of 5 done");
    let (_, codes) = site.set_up_app(&mut ada).await;
    for code in &codes[..7] {
        assert_eq!(progress(&mut ada).await, "4 of 4 done");
        let mut other = site.visitor();
        other.log_in("ada").await;
        assert!(other.enter(code).await.location().starts_with(CODES_PAGE));
    }
    assert_eq!(progress(&mut ada).await, "3 of 4 done");
    ada.post("/api/members/new_recovery_codes", &[]).await;
    assert_eq!(progress(&mut ada).await, "4 of 4 done");
    ada.post("/api/members/remove_authenticator", &[]).await;
    assert_eq!(progress(&mut ada).await, "2 of 5 done");
    // Staff who change the address have not confirmed it.
    let mut root = site.superuser("root").await;
    let user = format!("/admin/users/{}", site.user_id("ada").await);
    root.change(&user, "/api/admin/save_user", &[("email", "next@example.com"), ("is_verified", "")]).await;
    site.all_mails_sent().await;
    assert_eq!(progress(&mut ada).await, "1 of 5 done");
    site.stop().await;
}

#[tokio::test]
async fn a_warm_dashboard_asks_the_database_nothing() {
    let site = TestSite::start_without_mail().await;
    let mut ada = site.member("ada").await;
    assert_eq!(progress(&mut ada).await, "1 of 5 done");
    site.database.break_tables().await;
    let page = ada.get(DASHBOARD).await;
    assert_eq!((page.cache(), page.find("[aria-labelledby=secure] .badge")), ("HIT", "1 of 5 done".into()));
    // The page's data, as the browser loads it.
    assert!(
        ada.call("/api/members/dashboard", &[]).await.text().contains(r#""progress":{"done":1,"all":5}"#)
    );
    site.stop().await;
}

#[tokio::test]
async fn it_opens_without_the_password_and_what_it_leads_to_asks_for_it() {
    let site = TestSite::start_without_mail().await;
    let mut ada = site.member("ada").await;
    site.clock.advance(Duration::from_secs(601));
    let page = ada.get(SECURITY).await;
    assert_eq!(page.status, 200);
    for link in page.attributes(".security a", "href") {
        let answer = ada.get(&link).await;
        let is_open = ["/accounts/verify", "/members/activity"].contains(&link.as_str());
        let expected = if is_open { String::new() } else { format!("/accounts/reauthenticate?next={link}") };
        assert_eq!(answer.location(), expected, "{link}");
    }
    site.stop().await;
}

#[tokio::test]
async fn it_is_the_members_own() {
    let site = TestSite::start_without_mail().await;
    let mut ada = site.member("ada").await;
    let mut stranger = site.visitor();
    assert_eq!(stranger.get(SECURITY).await.location(), "/accounts/login?next=/members/security");
    assert_eq!(stranger.call(LOAD, &[]).await.status, 401);
    // Staff who act as the member see the dashboard's line, and cannot open the page.
    let mut sam = site.staff("sam", &["accounts.act_as_member"]).await;
    let act = format!("/admin/act?user={}", site.user_id("ada").await);
    assert_eq!(sam.submit(&act, &[("reason", "You asked us")]).await.location(), DASHBOARD);
    let dashboard = sam.get(DASHBOARD).await;
    assert_eq!(dashboard.find("[aria-labelledby=secure] .badge"), "1 of 5 done");
    assert_eq!(dashboard.find_all("[aria-labelledby=secure] a"), [""; 0], "what is closed is no link");
    assert_eq!((sam.get(SECURITY).await.status, sam.call(LOAD, &[]).await.status), (403, 403));
    // What is in the address or the form changes nothing.
    for path in ["/members/security?user=1", "/members/security?%00", "/members/security?next=//evil.example"]
    {
        let page = ada.get(path).await;
        assert_eq!(
            (page.status, page.find("#protection")),
            (200, "Protection: 1 of 5 done".into()),
            "{path}"
        );
        assert!(!page.text().contains("evil.example"));
    }
    let answer = ada.call(LOAD, &[("username", "sam"), ("member", "2")]).await;
    assert!(answer.status == 200 && answer.text().contains(r#""username":"ada""#), "{}", answer.text());
    let post = ada.request(Method::POST, SECURITY);
    assert_eq!(ada.send(post).await.status, 405);
    site.stop().await;
}

/// The command line changes the database from another process.
#[tokio::test]
async fn a_reset_from_the_command_line_is_seen_after_the_next_login() {
    let site = TestSite::start_without_mail().await;
    let mut ada = site.proven_member("ada").await;
    site.set_up_app(&mut ada).await;
    assert_eq!(progress(&mut ada).await, "4 of 4 done");
    let folder = tempfile::tempdir().expect("a folder");
    let reset = ["user", "second-factor", "ada", "--reset", "--reason", "lost phone"];
    said(program(&site.database, folder.path()).args(reset));
    ada.log_in("ada").await;
    assert_eq!(progress(&mut ada).await, "2 of 5 done");
    site.stop().await;
}
