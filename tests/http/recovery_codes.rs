//! Recovery codes: shown once, each good once, in place of the app.

use std::time::Duration;

use crate::support::{
    TestSite,
    authenticator::{APP_PAGE, CODES_PAGE, SECOND},
    log,
};

const NEW: &str = "/api/members/new_recovery_codes";
const FILE: &str = "/members/security/codes.txt";

#[tokio::test]
async fn a_code_logs_in_once_and_a_new_set_is_offered() {
    let site = TestSite::start().await;
    let mut member = site.proven_member("ada").await;
    let (_, codes) = site.set_up_app(&mut member).await;
    for (at, code) in codes.iter().enumerate() {
        assert!(code.len() == 19 && codes[..at].iter().all(|other| other[..2] != code[..2]), "{codes:?}");
    }
    let mut other = site.visitor();
    let fields = [("login", "ada"), ("password", crate::support::PASSWORD)];
    other.submit("/accounts/login?next=/members/activity", &fields).await;
    let page = other.get(SECOND).await;
    let link = page.attributes("main a", "href").pop().expect("a link");
    assert_eq!(link, "/accounts/login/second?with=recovery");
    let page = other.get(&link).await;
    assert_eq!(page.attribute("[name=code]", "autocomplete").as_deref(), Some("off"));
    // As typed from paper.
    let typed = codes[3].to_lowercase().replace('-', " ");
    let answer = other.submit(&link, &[("code", &typed)]).await;
    assert_eq!(answer.location(), "/members/security/codes?next=/members/activity", "{}", answer.text());
    let page = other.get(answer.location()).await;
    assert_eq!(page.messages(), ["You logged in with a recovery code, which no longer works."]);
    assert!(page.text().contains("9 recovery codes"), "{}", page.text());
    assert_eq!(page.form().0, NEW);
    assert!(page.attributes("main a", "href").iter().any(|link| link == "/members/activity"));
    let mail = site.mail_to("ada@example.com", "A recovery code was used", 1).await;
    assert!(mail.text.replace('\n', " ").contains("9 codes left"), "{}", mail.text);
    let lines = other.get("/members/activity").await.find_all("main li");
    assert!(
        lines.iter().any(|line| line.contains("Recovery code used") && line.contains("9 codes left")),
        "{lines:?}"
    );

    let mut again = site.visitor();
    again.log_in("ada").await;
    assert_eq!(again.enter(&codes[3]).await.location(), SECOND, "it is used");
    // A good beginning is not enough, nor another member's code.
    let similar = format!("{}AA", &codes[4][..17]);
    let wrong = if similar == codes[4] { format!("{}BB", &codes[4][..17]) } else { similar };
    assert_eq!(again.enter(&wrong).await.location(), SECOND);
    let mut bob = site.member("bob").await;
    let (_, of_bob) = site.set_up_app(&mut bob).await;
    assert_eq!(again.enter(&of_bob[0]).await.location(), SECOND);
    // Of two posts with one code, one logs in.
    let (mut one, mut two) = (site.visitor(), site.visitor());
    one.log_in("ada").await;
    two.log_in("ada").await;
    tokio::join!(one.enter(&codes[5]), two.enter(&codes[5]));
    assert_eq!(u8::from(one.is_signed_in().await) + u8::from(two.is_signed_in().await), 1);
    site.stop().await;
}

#[tokio::test]
async fn a_next_page_of_another_site_is_not_linked() {
    let site = TestSite::start_without_mail().await;
    let mut member = site.member("ada").await;
    site.set_up_app(&mut member).await;
    member.post("/api/members/keep_recovery_codes", &[]).await;
    let page = member.get("/members/security/codes?next=https://evil.example/").await;
    assert!(!page.find("main").is_empty() && page.attributes("main a", "href") == ["/members/dashboard"]);
    site.stop().await;
}

#[tokio::test]
async fn a_set_is_shown_and_downloaded_once() {
    let site = TestSite::start_without_mail().await;
    let mut member = site.member("ada").await;
    let (_, codes) = site.set_up_app(&mut member).await;
    let rows = site.database.everything().await;
    for code in &codes {
        assert!(rows.iter().all(|row| !row.contains(code) && !row.contains(&code.replace('-', ""))));
    }
    let cookie = member.cookies.get("new_codes").expect("they are on their way").clone();
    assert!(!codes.iter().any(|code| cookie.contains(&code[..4])), "sealed");
    let file = member.post(FILE, &[]).await;
    assert_eq!((file.status, file.header("cache-control")), (200, "private, no-store"));
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"recovery-codes.txt\"");
    assert!(codes.iter().all(|code| file.text().lines().any(|line| line == code)), "{}", file.text());
    let by_get = member.get(FILE).await;
    assert_eq!((by_get.status, by_get.location()), (303, CODES_PAGE));
    // Nobody else can open the cookie, and nobody sees it without a login.
    let mut bob = site.member("bob").await;
    site.set_up_app(&mut bob).await;
    bob.cookies.insert("new_codes".into(), cookie.clone());
    assert!(bob.get(CODES_PAGE).await.find_all(".codes code").is_empty());
    assert_eq!(bob.post(FILE, &[]).await.location(), CODES_PAGE);
    let mut stranger = site.visitor();
    stranger.cookies.insert("new_codes".into(), cookie.clone());
    assert_eq!(stranger.post(FILE, &[]).await.location(), "/accounts/login?next=/members/security/codes.txt");

    assert_eq!(member.post("/api/members/keep_recovery_codes", &[]).await.location(), APP_PAGE);
    let page = member.get(CODES_PAGE).await;
    assert!(page.find_all(".codes code").is_empty() && page.text().contains("10 recovery codes"));
    assert!(codes.iter().all(|code| !log::contains(code) && !log::contains(&code.replace('-', ""))));
    assert_eq!(member.post(FILE, &[]).await.location(), CODES_PAGE);
    // A browser that keeps the cookie longer sees nothing either.
    member.cookies.insert("new_codes".into(), cookie);
    assert!(!member.get(CODES_PAGE).await.find_all(".codes code").is_empty());
    site.clock.advance(Duration::from_secs(540));
    assert_eq!(member.post(FILE, &[]).await.status, 200);
    site.clock.advance(Duration::from_secs(61));
    assert_eq!(member.post(FILE, &[]).await.location(), CODES_PAGE);
    site.stop().await;
}

#[tokio::test]
async fn new_codes_replace_the_old_ones() {
    let site = TestSite::start().await;
    let mut member = site.proven_member("ada").await;
    let (_, old) = site.set_up_app(&mut member).await;
    member.post("/api/members/keep_recovery_codes", &[]).await;
    assert_eq!(member.submit(CODES_PAGE, &[]).await.location(), CODES_PAGE);
    let page = member.get(CODES_PAGE).await;
    assert_eq!(page.messages(), ["You have new recovery codes. The earlier ones no longer work."]);
    let new = page.find_all(".codes code");
    assert!(new.len() == 10 && new.iter().all(|code| !old.contains(code)));
    site.mail_to("ada@example.com", "You have new recovery codes", 1).await;
    assert_eq!(site.database.number("SELECT COUNT(*) FROM factors WHERE kind = 'recovery'").await, 10);
    let mut other = site.visitor();
    other.log_in("ada").await;
    assert_eq!(other.enter(&old[0]).await.location(), SECOND);
    assert!(other.enter(&new[0]).await.location().starts_with(CODES_PAGE));
    // Without an app there are none.
    let mut bob = site.member("bob").await;
    assert!(bob.get(CODES_PAGE).await.text().contains("you have none"));
    assert_eq!(bob.post(NEW, &[]).await.location(), CODES_PAGE);
    assert!(!bob.cookies.contains_key("new_codes"));
    site.stop().await;
}

#[tokio::test]
async fn the_dashboard_reminds_when_three_are_left() {
    let site = TestSite::start_without_mail().await;
    let mut member = site.proven_member("ada").await;
    let (_, codes) = site.set_up_app(&mut member).await;
    let reminder = ".steps a[href='/members/security/codes']";
    for (left, code) in (3..10).rev().zip(&codes) {
        assert!(member.get("/members/dashboard").await.find_all(reminder).is_empty(), "{left} are left");
        let mut other = site.visitor();
        other.log_in("ada").await;
        assert!(other.enter(code).await.location().starts_with(CODES_PAGE));
    }
    let page = member.get("/members/dashboard").await;
    assert_eq!(page.find_all(reminder), ["Make new recovery codes: 3 codes left"]);
    // The reminder is part of the member's own page, which is cached as before.
    assert_eq!(member.get("/members/dashboard").await.cache(), "HIT");
    member.post(NEW, &[]).await;
    assert!(member.get("/members/dashboard").await.find_all(reminder).is_empty());
    site.stop().await;
}
