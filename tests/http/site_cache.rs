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

/// What depends on nothing but the configuration.
const CONFIGURED: [&str; 5] =
    ["/", "/accounts/login", "/accounts/signup", "/accounts/password_reset", "/accounts/password_reset/done"];

#[tokio::test]
async fn anonymous_visitors_share_pages_that_depend_on_the_configuration_alone() {
    let site = TestSite::start().await;
    for path in CONFIGURED {
        let first = site.visitor().get(path).await;
        let second = site.visitor().get(path).await;
        assert_eq!((first.status, first.cache(), second.cache()), (200, "MISS", "HIT"), "{path}");
        assert_eq!(first.body, second.body);
        assert_eq!(second.header("vary"), "accept-encoding, cookie");
        assert_eq!(second.header("cache-control"), "private, no-cache");
        let packed = with(&mut site.visitor(), path, &[(header::ACCEPT_ENCODING, "gzip, br")]).await;
        assert_eq!(packed.header("content-encoding"), "br");
        assert!(packed.body.len() < second.body.len() / 2, "{path}");
    }
    site.clock.advance(Duration::from_secs(60 * 60 + 1));
    assert_eq!(site.visitor().get("/").await.cache(), "MISS");
    for _ in 0..2 {
        let page = site.visitor().get("/accounts/verify").await;
        assert_eq!((page.header("x-cache"), page.header("etag")), ("", ""), "no other page is cached");
    }
    site.stop().await;
}

#[tokio::test]
async fn nothing_of_the_first_visitor_is_in_the_shared_page() {
    let site = TestSite::start().await;
    for path in CONFIGURED {
        let first = with(
            &mut site.visitor(),
            path,
            &[
                (header::COOKIE, "device=canary; other=canary; __Host-sessionid=canary"),
                (header::USER_AGENT, "canary"),
                (header::REFERER, "https://canary.example/"),
                (header::ACCEPT_LANGUAGE, "canary"),
                (header::ORIGIN, "https://canary.example"),
                (header::HOST, "canary.example"),
                (header::FORWARDED, "host=canary.example;for=canary"),
                (header::HeaderName::from_static("x-forwarded-host"), "canary.example"),
                (header::HeaderName::from_static("x-forwarded-for"), "canary"),
                (header::HeaderName::from_static("x-request-id"), "canary-canary-canary"),
            ],
        )
        .await;
        assert_eq!((first.status, first.cache()), (200, "MISS"), "{path}");
        let shared = site.visitor().get(path).await;
        assert_eq!((shared.cache(), &shared.body), ("HIT", &first.body), "{path}");
        let headers = format!("{:?}", shared.headers);
        for secret in ["canary", "nonce", first.request_id()] {
            assert!(!shared.text().contains(secret) && !headers.contains(secret), "{path}: {secret}");
        }
        assert!(!shared.headers.contains_key(header::SET_COOKIE), "{path}");
        assert_ne!(shared.request_id(), first.request_id());
    }
    site.stop().await;
}

#[tokio::test]
async fn with_a_lifetime_anonymous_visitors_share_all_public_pages() {
    let site = site().await;
    for path in ["/accounts/logout", "/accounts/verify"] {
        let (first, second) = (site.visitor().get(path).await, site.visitor().get(path).await);
        assert_eq!((first.status, first.cache(), second.cache()), (200, "MISS", "HIT"), "{path}");
        assert_eq!(first.body, second.body);
        assert!(!second.text().contains("nonce"), "{}", second.text());
    }
    site.clock.advance(Duration::from_secs(61));
    assert_eq!(site.visitor().get("/accounts/verify").await.cache(), "MISS");
    assert_eq!(site.visitor().get("/accounts/verify").await.cache(), "HIT");
    site.stop().await;
}

#[tokio::test]
async fn a_matching_etag_gets_304() {
    let site = TestSite::start().await;
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
    let site = TestSite::start().await;
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
        assert!(page.text().contains("value=\"/members/secret\""), "{}", page.text());
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
