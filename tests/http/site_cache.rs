use std::time::Duration;

use members_area::base::config::Period;
use reqwest::{Method, header};

use crate::support::{Page, TestSite, Visitor};

async fn site() -> TestSite {
    TestSite::start_with(|config| config.cache.site_ttl = Period::minutes(1)).await
}

async fn with(visitor: &mut Visitor, path: &str, headers: &[(header::HeaderName, &str)]) -> Page {
    let request = headers.iter().fold(visitor.request(Method::GET, path), |request, (name, value)| {
        request.header(name.clone(), *value)
    });
    visitor.send(request).await
}

#[tokio::test]
async fn it_is_off_unless_turned_on() {
    let site = TestSite::start().await;
    for _ in 0..2 {
        let page = site.visitor().get("/").await;
        assert_eq!((page.header("x-cache"), page.header("etag")), ("", ""));
    }
    site.stop().await;
}

#[tokio::test]
async fn anonymous_visitors_share_public_pages() {
    let site = site().await;
    for path in ["/", "/accounts/login", "/accounts/signup", "/accounts/password_reset"] {
        let first = site.visitor().get(path).await;
        let second = site.visitor().get(path).await;
        assert_eq!((first.status, first.cache(), second.cache()), (200, "MISS", "HIT"), "{path}");
        assert_eq!(first.body, second.body);
        assert_eq!(second.header("vary"), "accept-encoding, cookie");
        assert_eq!(second.header("cache-control"), "private, no-cache");
        assert!(!second.text().contains("nonce"), "{}", second.text());
    }
    site.clock.advance(Duration::from_secs(61));
    assert_eq!(site.visitor().get("/").await.cache(), "MISS");
    site.stop().await;
}

#[tokio::test]
async fn a_matching_etag_gets_304() {
    let site = site().await;
    let mut visitor = site.visitor();
    let page = visitor.get("/").await;
    let etag = page.header("etag").to_owned();
    assert!(etag.starts_with('"') && etag.len() > 20, "{etag}");
    let same = with(&mut visitor, "/", &[(header::IF_NONE_MATCH, &etag)]).await;
    assert_eq!((same.status, same.body.len(), same.header("etag")), (304, 0, etag.as_str()));
    // A browser updates these headers of its stored page.
    for name in ["content-security-policy", "cache-control", "vary"] {
        assert_eq!(same.header(name), page.header(name), "{name}");
    }
    assert!(same.header("server-timing").contains("page;desc=\"hit; "));
    // A strong ETag differs between encodings.
    let request = [(header::IF_NONE_MATCH, etag.as_str()), (header::ACCEPT_ENCODING, "br")];
    let packed = with(&mut visitor, "/", &request).await;
    assert_eq!((packed.status, packed.header("content-encoding")), (200, "br"));
    assert_ne!(packed.header("etag"), etag);
    site.stop().await;
}

#[tokio::test]
async fn visitors_with_a_relevant_cookie_get_an_uncached_page() {
    let site = site().await;
    let kept = site.visitor().get("/accounts/login").await;
    let mut member = site.member("ada").await;
    for _ in 0..2 {
        let page = with(&mut member, "/", &[(header::IF_NONE_MATCH, "*")]).await;
        assert_eq!(
            (page.status, page.cache(), page.header("cache-control")),
            (200, "BYPASS", "private, no-store")
        );
        assert!(page.text().contains("ada"));
    }
    for cookie in ["sessionid=AAAAAAAAAAAAAAAAAAAAAA", "flash=e30", "kept_form=e30", "link_reset=x"] {
        let page = with(&mut site.visitor(), "/accounts/login", &[(header::COOKIE, cookie)]).await;
        assert_eq!((page.status, page.cache()), (200, "BYPASS"), "{cookie}");
    }
    for cookie in ["device=AAAA", "_ga=1", "session=1"] {
        let page = with(&mut site.visitor(), "/accounts/login", &[(header::COOKIE, cookie)]).await;
        assert_eq!((page.cache(), &page.body), ("HIT", &kept.body), "{cookie}");
    }
    // A refused form is shown only to its sender.
    let mut visitor = site.visitor();
    visitor.submit("/accounts/login", &[("login", "canary"), ("password", "wrong")]).await;
    let refused = visitor.get("/accounts/login").await;
    assert!(refused.cache() == "BYPASS" && refused.text().contains("canary"));
    assert_eq!(visitor.get("/accounts/login").await.body, kept.body);
    site.stop().await;
}

#[tokio::test]
async fn urls_with_queries_errors_and_the_mailbox_are_not_cached() {
    let site = TestSite::start_with(|config| {
        config.cache.site_ttl = Period::minutes(1);
        config.mail.transport = members_area::base::config::MailTransport::Mailbox;
    })
    .await;
    for _ in 0..2 {
        let page = site.visitor().get("/accounts/login?next=/members/secret").await;
        assert_eq!((page.status, page.cache()), (200, "BYPASS"));
        let mailbox = site.visitor().get("/dev/mailbox").await;
        assert_eq!((mailbox.status, mailbox.cache()), (200, "BYPASS"));
        assert_eq!(mailbox.header("cache-control"), "private, no-store");
        assert_eq!(site.visitor().get("/nowhere").await.header("x-cache"), "");
    }
    site.stop().await;
    let elsewhere = TestSite::start_with(|config| config.cache.site_ttl = Period::minutes(1)).await;
    for _ in 0..2 {
        let page = elsewhere.visitor().get("/dev/mailbox").await;
        assert_eq!((page.status, page.cache()), (404, "BYPASS"));
    }
    elsewhere.stop().await;
}
