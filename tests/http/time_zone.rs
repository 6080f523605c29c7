//! Times without scripts: in the zone of the profile, or in UTC. `end2end/stories/times.spec.ts`
//! has the others.

use crate::support::{Page, TestSite};

const SAVE: &str = "/api/members/save_time_zone";
const PROFILE: &str = "/members/profile";
const DASHBOARD: &str = "/members/dashboard";

/// The time at which the account was created.
fn joined(page: &Page) -> String {
    assert_eq!(page.status, 200);
    page.find("time[datetime='2026-10-25T01:30:05.000Z']")
}

#[tokio::test]
async fn times_are_in_the_zone_of_the_profile_and_the_page_says_it_once() {
    let site = TestSite::start_without_mail().await;
    let mut ada = site.member("ada").await;
    site.database.execute("UPDATE users SET date_joined = 1792891805000").await;
    let page = ada.get(PROFILE).await;
    assert_eq!(joined(&page), "25 October 2026, 01:30");
    let full = page.attribute("time[datetime='2026-10-25T01:30:05.000Z']", "title");
    assert_eq!(full.as_deref(), Some("25 October 2026, 01:30:05 UTC"));
    assert_eq!(page.find_all(".zone-note"), ["Times are in UTC."]);
    assert_eq!(page.find("option[selected]"), "UTC");
    assert!(page.find_all("#time_zone option").len() > 400);
    let page = ada.change(PROFILE, SAVE, &[("time_zone", "Europe/Berlin")]).await;
    assert_eq!((page.status, page.location()), (303, PROFILE));
    let page = ada.get(PROFILE).await;
    assert_eq!(page.messages(), ["Your profile was saved."]);
    // The second half past two of that night.
    assert_eq!(joined(&page), "25 October 2026, 02:30");
    assert_eq!(page.find_all(".zone-note"), ["Times are in Europe/Berlin."]);
    assert_eq!(page.find("option[selected]"), "Europe/Berlin");
    assert_eq!(ada.get("/members/activity").await.find_all("main .log .what")[0], "Time zone changed");
    site.stop().await;
}

/// Page, summary and activity are cached; the zone belongs to their keys.
#[tokio::test]
async fn cached_pages_show_the_new_zone_at_once_and_only_to_its_owner() {
    let site = TestSite::start_without_mail().await;
    let (mut ada, mut bob) = (site.member("ada").await, site.member("bob").await);
    site.database.execute("UPDATE users SET date_joined = 1792891805000").await;
    for member in [&mut ada, &mut bob] {
        for _ in 0..2 {
            assert_eq!(joined(&member.get(DASHBOARD).await), "25 October 2026, 01:30");
        }
    }
    ada.post(SAVE, &[("time_zone", "Asia/Kathmandu")]).await;
    ada.get("/members/profile").await;
    for _ in 0..2 {
        assert_eq!(joined(&ada.get(DASHBOARD).await), "25 October 2026, 07:15");
        assert_eq!(joined(&bob.get(DASHBOARD).await), "25 October 2026, 01:30");
    }
    // What is compared stays in UTC, to the second.
    let exact = ada.get(DASHBOARD).await.find("#fragment-rendered-at");
    assert!(exact.ends_with(" UTC"), "{exact}");
    ada.post(SAVE, &[("time_zone", "UTC")]).await;
    ada.get("/members/profile").await;
    assert_eq!(joined(&ada.get(DASHBOARD).await), "25 October 2026, 01:30");
    site.stop().await;
}

#[tokio::test]
async fn unknown_zones_are_refused_and_the_same_zone_changes_nothing() {
    let site = TestSite::start_without_mail().await;
    let mut ada = site.member("ada").await;
    for name in ["Berlin", "../../etc/passwd", "<b>"] {
        assert_eq!(ada.post(SAVE, &[("time_zone", name)]).await.status, 400, "{name}");
    }
    assert_eq!(site.database.number("SELECT COUNT(*) FROM users WHERE time_zone IS NULL").await, 1);
    for _ in 0..2 {
        ada.post(SAVE, &[("time_zone", "America/New_York")]).await;
    }
    let lines = "SELECT COUNT(*) FROM activity WHERE kind = 'time_zone_changed'";
    assert_eq!(site.database.number(lines).await, 1);
    assert_eq!(site.visitor().post(SAVE, &[("time_zone", "UTC")]).await.status, 303, "to the login page");
    site.stop().await;
}

#[tokio::test]
async fn pages_load_the_script_that_rewrites_times() {
    let site = TestSite::start_without_mail().await;
    let mut visitor = site.visitor();
    assert!(visitor.get("/accounts/login").await.text().contains("import(\"/times.js\")"));
    assert!(include_str!("../../public/times.js").contains("export function start()"));
    site.stop().await;
}
