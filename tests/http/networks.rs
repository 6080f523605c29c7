//! `server.allow_from` and `server.deny_from`.

use members_area::base::config::Config;
use reqwest::Method;

use crate::support::{Page, TestSite, Visitor, visitor::FormBody};

const REFUSED: &str = "This site cannot be used from your network.";

fn behind_a_proxy(config: &mut Config) {
    let network = |text: &str| text.parse().expect("a network");
    config.server.trusted_proxies = vec![network("127.0.0.0/8")];
    config.server.allow_from = vec![network("10.0.0.0/8"), network("2001:db8::/32")];
    config.server.deny_from = vec![network("10.9.0.0/16")];
}

async fn from(visitor: &mut Visitor, address: &str, method: Method, path: &str) -> Page {
    let request = visitor.request(method, path).header("x-forwarded-for", address);
    visitor.send(request).await
}

#[tokio::test]
async fn other_networks_get_a_bare_403() {
    let site = TestSite::start_with(behind_a_proxy).await;
    let mut visitor = site.visitor();
    for address in ["203.0.113.9", "10.9.1.1", "10.1.1.1, 203.0.113.9", "127.0.0.1", "nonsense"] {
        for (method, path) in [
            (Method::GET, "/"),
            (Method::GET, "/accounts/login"),
            (Method::GET, "/pkg/members-area.css"),
            (Method::GET, "/robots.txt"),
            (Method::GET, "/nowhere"),
            (Method::GET, "//"),
            (Method::GET, "/members/dashboard"),
            (Method::POST, "/api/accounts/log_in"),
        ] {
            let refused = from(&mut visitor, address, method, path).await;
            assert_eq!(refused.status, 403, "{address} {path}");
            assert!(refused.text().contains(REFUSED), "{address} {path}: {}", refused.text());
            assert!(refused.header("set-cookie").is_empty(), "{address} {path}");
        }
        // The style is refused, too: without it, the logo must not fill the window.
        let page = from(&mut visitor, address, Method::GET, "/").await;
        assert_eq!(page.attribute(".logo", "width").as_deref(), Some("32"), "{address}");
        assert_eq!(from(&mut visitor, address, Method::GET, "/healthz").await.status, 200, "{address}");
    }
    for address in ["10.1.1.1", "203.0.113.9, 10.1.1.1", "[2001:db8::7]", "::ffff:10.1.1.1"] {
        assert_eq!(from(&mut visitor, address, Method::GET, "/").await.status, 200, "{address}");
    }
    let request = visitor.request(Method::POST, "/api/accounts/log_in").wanting("application/json");
    let script = visitor.send(request.header("x-forwarded-for", "203.0.113.9")).await;
    assert_eq!((script.status, script.text().as_str()), (403, "\"NetworkRefused\""));
    site.stop().await;
}

#[tokio::test]
async fn a_cached_page_is_refused_too() {
    let site = TestSite::start_with(|config| {
        config.server.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
        config.server.deny_from = vec!["203.0.113.0/24".parse().expect("a network")];
    })
    .await;
    let mut member = site.member("zoe").await;
    for _ in 0..2 {
        assert_eq!(member.get("/members/dashboard").await.status, 200);
    }
    let refused = from(&mut member, "203.0.113.9", Method::GET, "/members/dashboard").await;
    assert_eq!(refused.status, 403);
    assert!(!refused.text().contains("zoe"), "{}", refused.text());
    assert_eq!(from(&mut member, "192.0.2.1", Method::GET, "/members/dashboard").await.status, 200);
    site.stop().await;
}

/// Only a trusted proxy can name another address.
#[tokio::test]
async fn a_visitor_cannot_forge_the_client_address() {
    let site = TestSite::start_with(|config| {
        config.server.allow_from = vec!["10.0.0.0/8".parse().expect("a network")];
    })
    .await;
    let mut visitor = site.visitor();
    assert_eq!(from(&mut visitor, "10.1.1.1", Method::GET, "/").await.status, 403);
    site.stop().await;
}
