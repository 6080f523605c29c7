//! `admin.allow_from`: from other networks nothing reveals that there is an admin.

use std::collections::BTreeSet;

use members_area::server::pages;
use reqwest::Method;

use crate::support::{Page, TestSite, Visitor, visitor::FormBody};

const OFFICE: &str = "10.1.2.3";
const ELSEWHERE: &str = "203.0.113.9";

/// A site behind a trusted proxy, the test client.
async fn site() -> TestSite {
    TestSite::start_with(|config| {
        config.server.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
        config.admin.allow_from = vec!["10.0.0.0/8".parse().expect("a network")];
    })
    .await
}

async fn from(visitor: &mut Visitor, address: &str, method: Method, path: &str) -> Page {
    let request = visitor.request(method, path).header("x-forwarded-for", address);
    visitor.send(request).await
}

/// The response without what differs each time: the request id, its time, the page's nonce.
fn whole(page: &Page) -> (u16, Vec<(String, String)>, String) {
    let mut text = page.text().replace(page.request_id(), "ID");
    let csp = page.header("content-security-policy").to_owned();
    let nonce = csp.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or_default();
    if !nonce.is_empty() {
        text = text.replace(nonce, "NONCE");
    }
    let own = ["x-request-id", "server-timing", "date"];
    let headers = page.headers.iter().filter(|(name, _)| !own.contains(&name.as_str()));
    let value = |value: &reqwest::header::HeaderValue| value.to_str().expect("ASCII").replace(nonce, "NONCE");
    let mut headers: Vec<_> = headers.map(|(name, of)| (name.to_string(), value(of))).collect();
    headers.sort();
    (page.status, headers, text)
}

#[tokio::test]
async fn other_networks_get_the_same_answer_as_for_an_unknown_path() {
    let site = site().await;
    let root = site.superuser("root").await;
    let member = site.member("ada").await;
    let mut paths: BTreeSet<String> = pages::routes().iter().map(|route| route.path().to_owned()).collect();
    paths.extend(server_fn::axum::server_fn_paths().map(|(path, _)| path.to_owned()));
    paths.retain(|path| path.starts_with("/admin") || path.starts_with("/api/admin"));
    assert!(paths.len() >= 3, "{paths:?}");
    let more: Vec<String> =
        paths.iter().flat_map(|path| [format!("{path}/"), format!("{path}?user=1")]).collect();
    paths.extend(more);
    paths.extend(["/admin/nothing", "/api/admin/nothing", "/api/admin", "/admin//"].map(str::to_owned));
    for visitor in [site.visitor(), member, root] {
        for path in &paths {
            let unknown = if path.starts_with("/api/") { "/api/no/such" } else { "/no/such" };
            for method in [Method::GET, Method::POST, Method::PUT, Method::HEAD, Method::OPTIONS] {
                let mut tab = visitor.clone();
                let expected = from(&mut tab, ELSEWHERE, method.clone(), unknown).await;
                let found = from(&mut tab, ELSEWHERE, method.clone(), path).await;
                assert_eq!(found.status, 404, "{method} {path}");
                assert_eq!(whole(&found), whole(&expected), "{method} {path}");
            }
            let mut tab = visitor.clone();
            for kind in ["text/html", "application/json"] {
                let post = |path: &str| {
                    let request = tab.request(Method::POST, path).header("x-forwarded-for", ELSEWHERE);
                    request.form_body(&[("user", "1")]).wanting(kind)
                };
                let (found, expected) = (post(path), post(unknown));
                let (found, expected) = (tab.send(found).await, tab.send(expected).await);
                assert_eq!(whole(&found), whole(&expected), "{kind} {path}");
            }
        }
    }
    site.stop().await;
}

#[tokio::test]
async fn from_allowed_networks_it_opens_and_only_trusted_proxies_set_the_address() {
    let site = site().await;
    let mut root = site.superuser("root").await;
    assert_eq!(from(&mut root, OFFICE, Method::GET, "/admin").await.status, 200);
    assert_eq!(from(&mut root, OFFICE, Method::GET, "/admin/").await.location(), "/admin");
    let asked = from(&mut site.visitor(), OFFICE, Method::GET, "/admin").await;
    assert_eq!((asked.status, asked.location()), (303, "/accounts/login?next=/admin"));
    // The office's address is only claimed, not added by the proxy.
    let claimed = format!("{OFFICE}, {ELSEWHERE}");
    assert_eq!(from(&mut root, &claimed, Method::GET, "/admin").await.status, 404);
    assert_eq!(root.get("/admin").await.status, 404, "the proxy itself is not in the office");
    // The link is shown only where it leads somewhere.
    for (address, links) in [(OFFICE, &["Home", "Settings", "Admin"][..]), (ELSEWHERE, &["Home", "Settings"])]
    {
        for path in ["/members/dashboard", "/no/such"] {
            let page = from(&mut root, address, Method::GET, path).await;
            assert_eq!(page.find_all(".site-nav a"), links, "{address} {path}");
        }
    }
    site.stop().await;
}

#[tokio::test]
async fn impersonation_starts_in_allowed_networks_and_can_be_stopped_anywhere() {
    let site = site().await;
    site.signed_up("ada").await;
    let mut sam = site.staff("sam", &["accounts.act_as_member"]).await;
    let user = site.user_id("ada").await.to_string();
    let fields = [("user", user.as_str()), ("reason", "A question")];
    let request = |sam: &Visitor, path: &str, address: &str| {
        sam.request(Method::POST, path).header("x-forwarded-for", address).form_body(&fields)
    };
    let refused = request(&sam, "/api/admin/act", ELSEWHERE);
    assert_eq!(sam.send(refused).await.status, 404);
    for (address, back) in [(OFFICE, "/admin"), (ELSEWHERE, "/members/dashboard")] {
        let begun = request(&sam, "/api/admin/act", OFFICE);
        assert_eq!(sam.send(begun).await.status, 303);
        assert_eq!(
            from(&mut sam, address, Method::GET, "/members/dashboard").await.find("h1"),
            "Welcome, ada!"
        );
        let stopped = request(&sam, "/api/acting/stop", address);
        assert_eq!(sam.send(stopped).await.location(), back);
    }
    site.stop().await;
}
