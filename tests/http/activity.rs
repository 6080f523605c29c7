//! `/members/activity`: the member's own activity.

use std::time::Duration;

use members_area::activity::ActivityKind;

use crate::support::{Page, TestSite};

const PAGE: &str = "/members/activity";

/// Adds one line per second, numbered `from` to `to`.
async fn add_lines(site: &TestSite, user: i64, from: i64, to: i64) {
    let values: Vec<String> = (from..=to)
        .map(|number| format!("({number}, {user}, 'mail_sent', {number}000, '192.0.2.7', 'agent', 'line {number} of {user}')"))
        .collect();
    let into = "INSERT INTO activity (id, user_id, kind, at, address, agent, detail) VALUES";
    site.database.execute(&format!("{into} {}", values.join(", "))).await;
}

fn details(page: &Page) -> Vec<String> {
    page.find_all("main .log .what + .detail:not(:has(time))")
}

fn link(page: &Page, name: &str) -> Option<String> {
    page.attribute(&format!("nav[aria-label=Pages] a[rel={name}]"), "href")
}

#[tokio::test]
async fn each_line_has_event_time_address_and_device() {
    let site = TestSite::start_without_mail().await;
    let mut visitor = site.signed_up("ada").await;
    let login = visitor.request(reqwest::Method::POST, "/api/accounts/log_in");
    let login = {
        use crate::support::{PASSWORD, visitor::FormBody};
        login
            .header("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
            .form_body(&[("login", "ada"), ("password", PASSWORD)])
    };
    visitor.send(login).await;
    let page = visitor.get(PAGE).await;
    assert_eq!((page.status, page.find("h1").as_str()), (200, "Activity"));
    assert_eq!(page.find_all("main .log .what"), ["Logged in", "Account created"]);
    let first = page.find("main .log li");
    assert!(first.contains(" from 127.0.0.1") && first.contains("Firefox on Linux"), "{first}");
    assert_eq!(link(&page, "next"), None);
    site.stop().await;
}

#[tokio::test]
async fn an_event_of_a_newer_version_is_shown_as_unknown() {
    let site = TestSite::start_without_mail().await;
    let mut member = site.member("ada").await;
    let id = site.user_id("ada").await;
    let (kind, detail) = ("from_the_future", "<b>bold</b>");
    site.database
        .execute(&format!(
            "INSERT INTO activity (id, user_id, kind, at, address, agent, detail) \
             VALUES (9000000000000000000, {id}, '{kind}', {}, '', '', '{detail}')",
            site.clock.now() + 60_000
        ))
        .await;
    for path in [PAGE, "/members/dashboard"] {
        let page = member.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert_eq!(page.find("main .activity .what"), "Unknown event");
        assert_eq!(page.find("main .activity .detail"), detail, "as text");
        let first = page.find("main .activity li");
        assert!(first.ends_with(&page.find("main .activity time")), "no address and no browser: {first}");
    }
    site.stop().await;
}

#[tokio::test]
async fn paging_is_stable_while_new_lines_arrive() {
    let site = TestSite::start_without_mail().await;
    let mut member = site.member("ada").await;
    let id = site.user_id("ada").await;
    add_lines(&site, id, 1, 60).await;
    let line = |number: i64| format!("line {number} of {id}");
    // The latest two are the sign-up and the login.
    let first = member.get(PAGE).await;
    assert_eq!(first.find_all("main .log li").len(), 25);
    assert_eq!(details(&first), (38..=60).rev().map(line).collect::<Vec<_>>());
    assert_eq!(link(&first, "prev"), None);
    let second_path = link(&first, "next").expect("a second page");
    add_lines(&site, id, 9_000_000_000_000_000, 9_000_000_000_000_000).await;
    let second = member.get(&second_path).await;
    assert_eq!(details(&second), (13..=37).rev().map(line).collect::<Vec<_>>());
    let third = member.get(&link(&second, "next").expect("a third page")).await;
    assert_eq!(details(&third), (1..=12).rev().map(line).collect::<Vec<_>>());
    assert_eq!(link(&third, "next"), None);
    // Back again. With less than a page before the second one, the newest page is complete.
    let again = member.get(&link(&third, "prev").expect("the way back")).await;
    assert_eq!(details(&again), details(&second));
    let newest = member.get(&link(&again, "prev").expect("the way back")).await;
    assert_eq!(details(&newest).len(), 23);
    let top = member.get(&link(&newest, "prev").expect("one line more")).await;
    assert_eq!(details(&top)[0], line(9_000_000_000_000_000));
    assert_eq!(link(&top, "prev"), None);
    site.stop().await;
}

#[tokio::test]
async fn an_invalid_cursor_shows_the_newest_page() {
    let site = TestSite::start_without_mail().await;
    let mut member = site.member("ada").await;
    for query in [
        "?before=",
        "?before=x",
        "?before=1",
        "?after=-1-",
        "?before=1-99999999999999999999",
        "?page=2",
        "?before=%00",
    ] {
        let page = member.get(&format!("{PAGE}{query}")).await;
        assert_eq!((page.status, page.find_all("main .log li").len()), (200, 2), "{query}");
    }
    // Before the oldest line: an empty page with a link back.
    let page = member.get(&format!("{PAGE}?before=1-1")).await;
    assert_eq!((page.status, page.find_all("main .log li").len()), (200, 0));
    assert_eq!(link(&page, "prev").as_deref(), Some(PAGE));
    let answer = member.call("/api/members/activity", &[("query", &"?before=1-1&".repeat(2000))]).await;
    assert_eq!(answer.status, 200);
    site.stop().await;
}

#[tokio::test]
async fn members_see_only_their_own_activity() {
    let site = TestSite::start_without_mail().await;
    let mut ada = site.member("canary-ada").await;
    let mut bob = site.member("canary-bob").await;
    let (ada_id, bob_id) = (site.user_id("canary-ada").await, site.user_id("canary-bob").await);
    add_lines(&site, ada_id, 1, 60).await;
    let mut page = ada.get(PAGE).await;
    for name in ["next", "next", "prev"] {
        let path = link(&page, name).expect("another page");
        let others = bob.get(&path).await;
        assert_eq!(others.status, 200);
        assert!(!others.text().contains(&format!("of {ada_id}")), "{path}");
        page = ada.get(&path).await;
        assert!(page.text().contains(&format!("of {ada_id}")) && !page.text().contains(&bob_id.to_string()));
    }
    site.stop().await;
}

#[tokio::test]
async fn the_dashboard_shows_the_latest_few_from_the_cache() {
    let site = TestSite::start_without_mail().await;
    let mut member = site.member("ada").await;
    let shown = |page: &Page| page.find_all("[aria-labelledby=recent-activity] .what");
    let page = member.get("/members/dashboard").await;
    assert_eq!(shown(&page), ["Logged in", "Account created"]);
    assert!(page.find_all("main a").contains(&"See all activity".to_owned()));
    add_lines(&site, site.user_id("ada").await, 1, 9).await;
    assert_eq!(shown(&member.get("/members/dashboard").await).len(), 2, "kept");
    member.log_in("ada").await;
    let page = member.get("/members/dashboard").await;
    assert_eq!(shown(&page), ["Logged in", "Logged in", "Account created"]);
    site.stop().await;
}

#[tokio::test]
async fn lines_are_deleted_after_a_year() {
    let site = TestSite::start_without_mail().await;
    site.member("ada").await;
    let bob = site.signed_up("bob").await;
    drop(bob);
    let (ada, bob) = (site.user_id("ada").await, site.user_id("bob").await);
    let count = format!("SELECT COUNT(*) FROM activity WHERE user_id = {ada}");
    let day = Duration::from_secs(86_400);
    // A sweep deletes accounts last, so a deleted account shows that it has run.
    site.database.execute(&format!("UPDATE users SET delete_after = 1 WHERE id = {bob}")).await;
    site.clock.advance(364 * day);
    site.database.until(&format!("SELECT COUNT(*) FROM users WHERE id = {bob}"), |count| count == 0).await;
    assert_eq!(site.database.number(&count).await, 2);
    site.clock.advance(2 * day);
    site.database.until(&count, |count| count == 0).await;
    site.stop().await;
}

/// Everything that can happen to an account, done once by its member: each is recorded as one line,
/// and nothing twice.
#[tokio::test]
async fn every_kind_of_event_is_recorded() {
    use std::collections::BTreeMap;

    use crate::support::{PASSWORD, Visitor};

    async fn follow(visitor: &mut Visitor, link: &str) {
        let page = visitor.get(link).await.location().to_owned();
        assert_eq!(visitor.submit(&page, &[]).await.status, 303, "{link}");
    }
    let (changed, reset) = ("changed horse battery", "another horse battery");
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    let old = "ada@example.com";
    site.visitor().log_in_with("ada", "wrong").await;
    let failed = "SELECT COUNT(*) FROM activity WHERE kind = 'login_failed'";
    site.database.until(failed, |count| count == 1).await;
    follow(&mut member, &site.mail_to(old, "Confirm your email address", 1).await.link()).await;
    member.submit("/accounts/reauthenticate", &[("password", PASSWORD)]).await;
    let fields = [("old_password", PASSWORD), ("password1", changed), ("password2", changed)];
    member.submit("/accounts/password_change", &fields).await;
    let names = [("username", "countess"), ("first_name", "Ada"), ("last_name", "")];
    member.post("/api/members/save_profile", &names).await;
    member.post("/api/members/save_time_zone", &[("time_zone", "Europe/Rome")]).await;
    let picture = {
        let mut file = std::io::Cursor::new(Vec::new());
        image::RgbImage::new(8, 8).write_to(&mut file, image::ImageFormat::Png).expect("encoded");
        [
            &b"--x\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"a\"\r\n\r\n"[..],
            &file.into_inner(),
            b"\r\n--x--\r\n",
        ]
        .concat()
    };
    let upload = member.request(reqwest::Method::POST, "/api/members/save_picture");
    let upload = upload.header("content-type", "multipart/form-data; boundary=x").body(picture);
    member.send(upload).await;
    member.post("/members/export", &[]).await;
    let page = member.get("/members/security/browsers").await;
    let browser = page.attribute("input[name=browser]", "value").expect("this browser");
    member.post("/api/members/forget_browser", &[("browser", &browser)]).await;
    for several in [false, true] {
        let mut others = [site.visitor(), site.visitor()];
        for other in &mut others {
            other.log_in_with("countess", changed).await;
        }
        let page = member.get("/members/sessions").await;
        let session = page.attribute("input[name=session]", "value").expect("another device");
        let verb = if several { "end_other_sessions" } else { "end_session" };
        if several {
            member.post("/api/members/forget_all_browsers", &[]).await;
        }
        member.post(&format!("/api/members/{verb}"), &[("session", &session)]).await;
    }
    member.submit("/accounts/email", &[("email", "new@example.com")]).await;
    follow(&mut member, &site.mail_to("new@example.com", "Confirm your new email address", 1).await.link())
        .await;
    follow(&mut site.visitor(), &site.mail_to(old, "Your email address was changed", 1).await.link()).await;
    site.mail_to(old, "Set a new password", 1).await;
    let told = site.mail_to(old, "New login to your account", 1).await;
    follow(&mut site.visitor(), &told.link()).await;
    site.mail_to(old, "Set a new password", 2).await;
    member.submit("/accounts/password_reset", &[("email", old)]).await;
    // The third mail, after the undo and the "not me".
    let link = site.mail_to(old, "Set a new password", 3).await.link();
    let page = member.get(&link).await.location().to_owned();
    member.submit(&page, &[("password1", reset), ("password2", reset)]).await;
    member.log_in_with("countess", reset).await;
    member.submit("/members/delete", &[("username", "countess")]).await;
    member.log_in_with("countess", reset).await;
    member.log_out().await;
    site.all_mails_sent().await;

    let lines: Vec<String> = site.database.everything().await;
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.starts_with("activity:")) {
        let kind = line.split(' ').find_map(|field| field.strip_prefix("kind=")).expect("a kind");
        *found.entry(kind).or_default() += 1;
        let from = line.split(' ').find_map(|field| field.strip_prefix("address=")).expect("an address");
        assert_eq!(from, if kind == "mail_sent" { "" } else { "127.0.0.1" }, "{line}");
    }
    // Staff's changes have tests of their own (`user_changes`, `acting`).
    let by_staff = [
        ActivityKind::ChangedByStaff,
        ActivityKind::PasswordSetByStaff,
        ActivityKind::ActingBegan,
        ActivityKind::ActingEnded,
    ];
    // `passkeys`, `passkey_login`, `mail_login`, `proving` and `factor_recovery` look for these.
    let of_others = [
        ActivityKind::PasswordRemoved,
        ActivityKind::PasskeyConfirmed,
        ActivityKind::PasskeyAdded,
        ActivityKind::PasskeyAsked,
        ActivityKind::PasskeyRemoved,
        ActivityKind::PasskeyRefused,
        ActivityKind::LoginCodeRequested,
        ActivityKind::LoginCodeFailed,
        ActivityKind::AccountTaken,
        ActivityKind::AuthenticatorRemoved,
        ActivityKind::FactorRecoveryRequested,
        ActivityKind::FactorRecoveryBegan,
        ActivityKind::FactorRecoveryStopped,
    ];
    let elsewhere = |kind: &ActivityKind| {
        by_staff.contains(kind) || OF_SECOND_FACTORS.contains(kind) || of_others.contains(kind)
    };
    for kind in ActivityKind::ALL.into_iter().filter(|kind| !elsewhere(kind)) {
        let times = match kind {
            ActivityKind::Login => 7,
            ActivityKind::MailSent => found["mail_sent"].max(10),
            _ => 1,
        };
        assert_eq!(found.remove(kind.name()), Some(times), "{}", kind.name());
    }
    assert!(found.is_empty(), "{found:?}");
    site.stop().await;
}

const OF_SECOND_FACTORS: [ActivityKind; 5] = [
    ActivityKind::SecondFactorFailed,
    ActivityKind::AuthenticatorAdded,
    ActivityKind::SecondFactorRemoved,
    ActivityKind::RecoveryCodeUsed,
    ActivityKind::NewRecoveryCodes,
];

#[tokio::test]
async fn every_event_of_a_second_factor_is_recorded() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    let (_, codes) = site.set_up_app(&mut member).await;
    let mut other = site.visitor();
    other.log_in("ada").await;
    other.enter("wrong").await;
    assert_eq!(other.enter(&codes[0]).await.status, 303);
    for verb in ["new_recovery_codes", "remove_authenticator"] {
        assert_eq!(member.post(&format!("/api/members/{verb}"), &[]).await.status, 303, "{verb}");
    }
    for kind in OF_SECOND_FACTORS {
        let lines = format!("SELECT COUNT(*) FROM activity WHERE kind = '{}'", kind.name());
        assert_eq!(site.database.number(&lines).await, 1, "{}", kind.name());
    }
    site.stop().await;
}
