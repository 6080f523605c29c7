use reqwest::Method;

use crate::support::{PASSWORD, TestSite, visitor::FormBody};

/// Cross-site requests to every endpoint that changes something.
#[tokio::test]
async fn posts_from_other_sites_are_refused() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    let own = format!("http://{}", site.address);
    let functions: Vec<&str> = server_fn::axum::server_fn_paths().map(|(path, _)| path).collect();
    for path in functions {
        for headers in [
            vec![("sec-fetch-site", "cross-site")],
            vec![("sec-fetch-site", "same-site"), ("origin", own.as_str())],
            vec![("origin", "https://evil.example")],
            vec![("origin", "null")],
            vec![],
        ] {
            for accept in ["text/html", "application/json"] {
                // Built by hand, because `Visitor::request` sends same-origin.
                let mut request =
                    member.request(Method::GET, path).wanting(accept).build().expect("a request");
                *request.method_mut() = Method::POST;
                for (name, value) in &headers {
                    request.headers_mut().insert(*name, value.parse().expect("a header"));
                }
                let answer = reqwest::Client::new().execute(request).await.expect("an answer");
                assert_eq!(answer.status(), 403, "{path} {headers:?}");
                let text = answer.text().await.expect("a body");
                assert_eq!(text.contains("Not allowed"), accept == "text/html", "{text}");
            }
        }
    }
    assert!(member.is_signed_in().await, "nobody was logged out");
    assert_eq!(site.database.number("SELECT COUNT(*) FROM users").await, 1);
    site.stop().await;
}

#[tokio::test]
async fn our_own_origin_is_the_configured_one() {
    let site = TestSite::start_with(|config| config.site.base_url = "https://members.test".into()).await;
    site.visitor().sign_up("ada", "ada@example.com").await;
    let mut visitor = site.visitor();
    for (origin, host, status) in [
        ("https://members.test", "members.test", 303),
        ("https://evil.example", "evil.example", 403),
        ("http://members.test", "members.test", 403),
    ] {
        let request = visitor
            .request(Method::GET, "/api/accounts/log_in")
            .header("origin", origin)
            .header("host", host)
            .form_body(&[("login", "ada"), ("password", PASSWORD)]);
        let mut request = request.build().expect("a request");
        *request.method_mut() = Method::POST;
        let client =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        assert_eq!(client.execute(request).await.expect("an answer").status(), status, "{origin}");
    }
    visitor.cookies.clear();
    site.stop().await;
}

#[tokio::test]
async fn get_requests_change_nothing() {
    let site = TestSite::start().await;
    let mut member = site.superuser("ada").await;
    let functions: Vec<&str> = server_fn::axum::server_fn_paths().map(|(path, _)| path).collect();
    for path in functions {
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            let query =
                format!("{path}?username=x&email=x%40example.com&password1={PASSWORD}&password2={PASSWORD}");
            let request = member.request(method.clone(), &query);
            assert_eq!(member.send(request).await.status, 405, "{method} {path}");
        }
    }
    assert!(member.is_signed_in().await);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM users").await, 1);
    site.stop().await;
}
