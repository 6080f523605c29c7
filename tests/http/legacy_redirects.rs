//! The addresses of `django.contrib.auth.urls`, of the site that this one replaces, and of
//! allauth's sign-up: each answers old bookmarks, and none with an error.

use crate::support::{Page, TestSite};

/// The address, and the pages to which it finally leads an anonymous visitor and a member.
const ADDRESSES: [(&str, &str, &str); 18] = [
    (
        "/.well-known/change-password",
        "/accounts/login?next=/accounts/password_change",
        "/accounts/password_change",
    ),
    ("/accounts/login/", "/accounts/login", "/accounts/login"),
    ("/accounts/login/?next=/secret/", "/accounts/login?next=/secret/", "/accounts/login?next=/secret/"),
    ("/accounts/logout/", "/accounts/logout", "/accounts/logout"),
    ("/accounts/signup/", "/accounts/signup", "/accounts/signup"),
    (
        "/accounts/password_change/",
        "/accounts/login?next=/accounts/password_change",
        "/accounts/password_change",
    ),
    (
        "/accounts/password_change/done/",
        "/accounts/login?next=/accounts/password_change/done/",
        "/members/profile",
    ),
    (
        "/accounts/password_change/done",
        "/accounts/login?next=/accounts/password_change/done",
        "/members/profile",
    ),
    ("/accounts/password_reset/", "/accounts/password_reset", "/accounts/password_reset"),
    ("/accounts/password_reset/done/", "/accounts/password_reset/done", "/accounts/password_reset/done"),
    (
        "/accounts/reset/MQ/c5x3dp-9f0e8d7c6b5a49382716059483726150/",
        "/accounts/reset/new",
        "/accounts/reset/new",
    ),
    ("/accounts/reset/MQ/set-password/", "/accounts/reset/new", "/accounts/reset/new"),
    (
        "/accounts/reset/MQ/c5x3dp-9f0e8d7c6b5a49382716059483726150",
        "/accounts/reset/new",
        "/accounts/reset/new",
    ),
    ("/accounts/reset/done/", "/accounts/reset/done", "/accounts/reset/done"),
    ("/accounts/profile/", "/accounts/login?next=/accounts/profile/", "/members/profile"),
    ("/members/dashboard/", "/accounts/login?next=/members/dashboard", "/members/dashboard"),
    ("/dashboard/", "/accounts/login?next=/dashboard/", "/members/dashboard"),
    ("/secret/", "/accounts/login?next=/secret/", "/members/secret"),
];

/// A password manager opens the second address first: only a site that says 404 there is believed
/// to have the first (W3C, "A Well-Known URL for Changing Passwords").
#[tokio::test]
async fn password_managers_find_the_page_to_change_a_password() {
    let site = TestSite::start().await;
    for visitor in [&mut site.visitor(), &mut site.member("ada").await] {
        let found = visitor.get("/.well-known/change-password").await;
        assert_eq!((found.status, found.location()), (303, "/accounts/password_change"));
        let missing = "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200";
        assert_eq!(visitor.get(missing).await.status, 404);
    }
    site.stop().await;
}

#[tokio::test]
async fn each_django_url_redirects_to_its_page() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    for (address, for_strangers, for_members) in ADDRESSES {
        for (visitor, end) in [(&mut site.visitor(), for_strangers), (&mut member, for_members)] {
            let (mut at, mut page): (String, Page) = (address.to_owned(), visitor.get(address).await);
            for _ in 0..4 {
                if !matches!(page.status, 302 | 303 | 308) {
                    break;
                }
                at = page.location().to_owned();
                page = visitor.get(&at).await;
            }
            assert_eq!((at.as_str(), page.status), (end, 200), "{address}");
            assert!(!page.find("h1").is_empty(), "{address}");
        }
    }
    site.stop().await;
}

#[tokio::test]
async fn a_reset_link_of_the_old_site_leads_to_a_new_one() {
    let site = TestSite::start().await;
    let mut visitor = site.visitor();
    visitor.get("/accounts/reset/MQ/c5x3dp-9f0e8d7c6b5a49382716059483726150/").await;
    let page = visitor.get("/accounts/reset/new").await;
    assert_eq!(page.find("main a.button"), "Send a new link");
    assert_eq!(page.attribute("main a.button", "href").as_deref(), Some("/accounts/password_reset"));
    assert!(page.find_all("main form").is_empty() && visitor.cookies.is_empty(), "nothing of it is kept");
    site.stop().await;
}

#[tokio::test]
async fn an_open_form_of_the_old_site_is_told_that_it_expired() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    for address in [
        "/accounts/login/",
        "/accounts/logout/",
        "/accounts/signup/",
        "/accounts/password_reset/",
        "/accounts/profile/",
        "/secret/",
    ] {
        let fields = [("csrfmiddlewaretoken", "x"), ("username", "ada"), ("password", "x")];
        let mut answer = member.post(address, &fields).await;
        if answer.status == 308 {
            answer = member.post(answer.location().to_owned().as_str(), &fields).await;
        }
        assert_eq!(
            (answer.status, answer.find("h1").is_empty()),
            (405, false),
            "{address}: {}",
            answer.text()
        );
    }
    assert!(member.is_signed_in().await);
    site.stop().await;
}
