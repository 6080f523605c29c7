//! The admin's start page.

use std::time::Duration;

use crate::support::{Page, TestSite};

const PAGE: &str = "/admin";

/// The numbers, each with its label and its link.
fn figures(page: &Page) -> Vec<(String, String)> {
    assert_eq!(page.status, 200);
    page.find_all(".overview a").into_iter().zip(page.attributes(".overview a", "href")).collect()
}

#[tokio::test]
async fn each_number_needs_the_permission_of_its_page_and_leads_there() {
    let site = TestSite::start_without_mail().await;
    let mut nobody = site.staff("nia", &["accounts.view_group"]).await;
    let page = nobody.get(PAGE).await;
    assert_eq!(figures(&page), []);
    assert_eq!(page.find_all(".chart, .slowest-routes").len(), 0);
    const NOTHING: &str = "There are no figures for your permissions.";
    assert!(page.text().contains(NOTHING));
    for (permission, expected) in [
        ("accounts.view_user", &["/admin/users", "/admin/users", "/admin/users?verified=0"][..]),
        ("accounts.view_activity", &["/admin/activity?kind=login", "/admin/activity?kind=login_failed"]),
        ("mail.view_mail", &["/admin/mails", "/admin/mails?stuck=1"]),
        ("cache.view_cache", &["/admin/cache"]),
    ] {
        let name = permission.split('_').next_back().expect("a name");
        let mut staff = site.staff(name, &[permission]).await;
        let page = staff.get(PAGE).await;
        let links: Vec<String> = figures(&page).into_iter().map(|(_, link)| link).collect();
        assert_eq!(links, expected, "{permission}");
        assert!(!page.text().contains(NOTHING), "{permission}");
        assert_eq!(page.find_all("#logins").len(), usize::from(permission == "accounts.view_activity"));
        for link in links {
            assert_eq!(staff.get(&link).await.status, 200, "{link}");
        }
    }
    let mut timer = site.staff("tim", &["timing.view_timing"]).await;
    let page = timer.get(PAGE).await;
    assert!(page.find_all(".slowest-routes tbody tr").len() > 1 && figures(&page).is_empty());
    assert_eq!(site.member("ada").await.call("/api/admin/overview", &[]).await.status, 403);
    site.stop().await;
}

#[tokio::test]
async fn users_and_logins_are_counted_and_cached_for_a_minute() {
    let site = TestSite::start_without_mail().await;
    let mut root = site.superuser("root").await;
    site.member("ada").await;
    site.prove("ada").await;
    let number = |page: &Page, label: &str| {
        let found = figures(page).into_iter().find(|(text, _)| text.ends_with(label));
        found.map(|(text, _)| text.trim_end_matches(label).trim().to_owned())
    };
    let page = root.get(PAGE).await;
    let users = ["Members", "New in seven days", "Unconfirmed"];
    assert_eq!(users.map(|label| number(&page, label).expect("a number")), ["2", "2", "1"]);
    // A row for each day, with successful and failed logins; midnight may pass meanwhile.
    let cells = page.find_all("#logins tbody td");
    let sum = |of: usize| -> i64 {
        cells.iter().skip(of).step_by(2).map(|cell| cell.parse::<i64>().expect("a number")).sum()
    };
    let logins = site.database.number("SELECT COUNT(*) FROM activity WHERE kind = 'login'").await;
    assert_eq!((cells.len(), sum(0), sum(1)), (60, logins, 0));
    let said = page.attribute("#logins svg", "aria-label").expect("a sentence");
    assert!(said.starts_with(&format!("In the last 30 days: {logins} successful login")), "{said}");
    site.member("bob").await;
    assert_eq!(number(&root.get(PAGE).await, "Members").as_deref(), Some("2"), "cached");
    site.clock.advance(Duration::from_secs(61));
    assert_eq!(number(&root.get(PAGE).await, "Members").as_deref(), Some("3"));
    // Old accounts are not new ones.
    site.database.execute("UPDATE users SET date_joined = 1").await;
    site.clock.advance(Duration::from_secs(61));
    assert_eq!(number(&root.get(PAGE).await, "New in seven days").as_deref(), Some("0"));
    site.stop().await;
}
