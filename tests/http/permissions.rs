//! Permissions, and what a member sees without them.

use crate::support::TestSite;

#[tokio::test]
async fn a_missing_permission_is_a_403_not_a_redirect_to_login() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    let page = member.get("/admin").await;
    assert_eq!((page.status, page.location()), (403, ""));
    assert_eq!(page.find("h1"), "Not allowed");
    assert_eq!(page.find("main p:not(.error-status)"), "You do not have permission to do that.");
    assert_eq!(page.find("title"), "Forbidden · Members Area");
    // The page has the member's own navigation.
    assert_eq!(page.find("nav .who"), "ada");
    assert_eq!(page.attribute("nav li a", "href").as_deref(), Some("/members/dashboard"));
    assert_eq!(page.find_all("nav form button"), ["Log out"]);
    assert_eq!(page.header("cache-control"), "private, no-store");
    for path in ["/api/admin/nothing", "/admin/nothing"] {
        assert_eq!(member.get(path).await.status, 404, "{path}");
    }
    let request = member.request(reqwest::Method::GET, "/admin");
    let answer = member.send(crate::support::visitor::FormBody::wanting(request, "application/json")).await;
    assert_eq!((answer.status, answer.text().as_str()), (403, "\"Forbidden\""));
    assert!(member.is_signed_in().await);
    site.stop().await;
}

#[tokio::test]
async fn only_staff_see_the_admin_link() {
    let site = TestSite::start().await;
    let mut staff = site.staff("sam", &[]).await;
    let page = staff.get("/members/dashboard").await;
    assert_eq!(page.find_all(".site-nav a"), ["Home", "Settings", "Admin"]);
    assert_eq!(staff.get("/admin").await.status, 200);
    assert_eq!(
        staff.get("/admin").await.find_all("nav.side a"),
        ["Overview"],
        "what they have no permission for is not offered"
    );
    let page = site.member("ada").await.get("/members/dashboard").await;
    assert_eq!(page.find_all(".site-nav a"), ["Home", "Settings"]);
    site.stop().await;
}

#[tokio::test]
async fn staff_and_superuser_are_independent() {
    let site = TestSite::start().await;
    let mut root = site.superuser("root").await;
    assert_eq!(root.get("/admin").await.status, 200);
    site.signed_up("half").await;
    site.database.execute("UPDATE users SET is_superuser = 1 WHERE username = 'half'").await;
    let mut half = site.visitor();
    half.log_in("half").await;
    assert_eq!(half.get("/admin").await.status, 403, "Django's admin asks for both");
    site.stop().await;
}

/// The page checks its visitor's permission, and so does the function behind it.
#[tokio::test]
async fn a_members_page_shows_a_part_of_itself_to_those_with_a_permission() {
    const FUNCTION: &str = "/api/members/hit_ratio";
    let site = TestSite::start().await;
    let mut without = site.member("ada").await;
    let mut with = site.member_who_may("bob", &["cache.view_cache"]).await;
    let (page, answer) = (without.get("/members/secret").await, without.call(FUNCTION, &[]).await);
    assert_eq!((page.status, page.find(".permitted").as_str(), answer.status), (200, "", 403));
    let (page, answer) = (with.get("/members/secret").await, with.call(FUNCTION, &[]).await);
    assert!(
        page.find(".permitted").starts_with("Cache (you have the permission to view it)"),
        "{}",
        page.find("main")
    );
    assert_eq!(answer.status, 200);
    assert_eq!(site.visitor().call(FUNCTION, &[]).await.status, 401);
    site.stop().await;
}
