use crate::support::{Page, TestSite};

fn common(page: &Page, what: &str) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-embedder-policy", "require-corp"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(page.header(name), value, "{name} of {what}");
    }
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
        "{what}: {policy}"
    );
    assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{what}: {policy}");
}

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let site = TestSite::start().await;
    let mut visitor = site.visitor();
    let mut member = site.member("ada").await;
    for path in [
        "/",
        "/accounts/login",
        "/nowhere",
        "/members/dashboard",
        "/pkg/members-area.css",
        "/pkg/missing.js",
        "/healthz",
        "/accounts/login/",
    ] {
        common(&visitor.get(path).await, path);
        common(&member.get(path).await, path);
    }
    common(&visitor.post("/api/accounts/log_in", &[]).await, "a form");
    common(&visitor.call("/api/members/dashboard", &[]).await, "401");
    let panicked = visitor
        .request(reqwest::Method::POST, "/api/accounts/log_in")
        .header("origin", "null")
        .header("sec-fetch-site", "cross-site");
    common(&visitor.send(panicked).await, "403");
    site.stop().await;
}

#[tokio::test]
async fn a_page_allows_the_scripts_with_its_nonce_and_no_other() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    let mut nonces = Vec::new();
    for _ in 0..2 {
        let page = member.get("/members/profile").await;
        let policy = page.header("content-security-policy").to_owned();
        let nonce = page.attribute("script", "nonce").expect("a nonce");
        assert!(
            policy.contains(&format!("script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'")),
            "{policy}"
        );
        let scripts = page.text().matches("<script").count();
        assert!(scripts >= 2, "the start and the data");
        assert_eq!(page.text().matches(&format!("nonce=\"{nonce}\"")).count(), scripts);
        assert!(!page.text().contains(" style=\"") && !page.text().contains(" onclick="));
        nonces.push(nonce);
    }
    assert_ne!(nonces[0], nonces[1]);
    site.stop().await;
}

#[tokio::test]
async fn hsts_only_over_https() {
    for (base, expected) in [("", ""), ("https://members.test", "max-age=63072000; includeSubDomains")] {
        let site = TestSite::start_with(|config| config.site.base_url = base.into()).await;
        assert_eq!(site.visitor().get("/").await.header("strict-transport-security"), expected);
        site.stop().await;
    }
}

#[tokio::test]
async fn static_files_are_cached_and_members_pages_are_not() {
    let site = TestSite::start().await;
    let mut visitor = site.visitor();
    assert_eq!(visitor.get("/pkg/members-area.css").await.header("cache-control"), "no-cache");
    let login = visitor.get("/accounts/login").await;
    let stylesheet = login.attribute("link[rel=stylesheet]", "href").expect("a stylesheet");
    let answer = visitor.get(&stylesheet).await;
    assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable", "{stylesheet}");
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/css; charset=utf-8"));
    // A page of another build goes on without its scripts, but not without a style.
    let other = visitor.get("/pkg/another-hash/members-area.css").await;
    assert_eq!((other.status, other.header("cache-control")), (200, "no-cache"));
    for ending in ["js", "wasm"] {
        let gone = visitor.get(&format!("/pkg/another-hash/members-area.{ending}")).await;
        assert_eq!((gone.status, gone.header("cache-control")), (404, "private, no-store"), "{ending}");
    }
    assert_eq!(visitor.get("/pkg/members-area.css").await.header("vary"), "accept-encoding");
    assert_eq!(visitor.get("/pkg/missing.css").await.status, 404);
    for path in ["/", "/accounts/login"] {
        assert_eq!(visitor.get(path).await.header("cache-control"), "private, no-cache", "{path}");
    }
    let mut member = site.member("ada").await;
    for path in ["/", "/members/dashboard", "/nowhere"] {
        assert_eq!(member.get(path).await.header("cache-control"), "private, no-store", "{path}");
    }
    site.stop().await;
}

#[tokio::test]
async fn static_files_are_sent_compressed_and_only_when_they_are_new() {
    const CONTENT: usize = 300;
    let site = TestSite::start_with(|config| {
        let pkg = config.server.site_root.join("pkg");
        std::fs::create_dir(pkg.join("split")).expect("a folder");
        std::fs::write(pkg.join("split/chunk_0.wasm"), "a chunk").expect("a file");
        for (ending, content) in [("", "x".repeat(CONTENT)), (".br", "brotli".into()), (".gz", "gzip".into())]
        {
            std::fs::write(pkg.join(format!("members-area.css{ending}")), content).expect("a file");
        }
    })
    .await;
    let mut visitor = site.visitor();
    let login = visitor.get("/accounts/login").await;
    let stylesheet = login.attribute("link[rel=stylesheet]", "href").expect("a stylesheet");
    let mut tags = Vec::new();
    for (accepted, encoding, length) in [("gzip, br", "br", 6), ("gzip", "gzip", 4), ("", "", CONTENT)] {
        for path in [stylesheet.as_str(), "/pkg/members-area.css"] {
            let ask = |method| visitor.request(method, path).header("accept-encoding", accepted);
            let (ask_again, head) = (ask(reqwest::Method::GET), ask(reqwest::Method::HEAD));
            let file = visitor.clone().send(ask(reqwest::Method::GET)).await;
            let answer = (file.status, file.header("content-encoding"), file.body.len());
            assert_eq!(answer, (200, encoding, length), "{path}");
            let etag = file.header("etag").to_owned();
            let known = visitor.clone().send(ask_again.header("if-none-match", &etag)).await;
            assert_eq!((known.status, known.body.len(), known.header("etag")), (304, 0, etag.as_str()));
            assert_eq!(known.header("cache-control"), file.header("cache-control"));
            let head = visitor.clone().send(head).await;
            assert_eq!((head.status, head.header("content-length")), (200, length.to_string().as_str()));
            tags.push(etag);
        }
    }
    tags.dedup();
    assert_eq!(tags.len(), 3, "one for each encoding: {tags:?}");
    let folder = stylesheet.trim_end_matches("/members-area.css");
    let chunk = visitor.get(&format!("{folder}/split/chunk_0.wasm")).await;
    assert_eq!((chunk.status, chunk.header("content-type")), (200, "application/wasm"));
    for path in ["/pkg/members-area.css.br", "/members-area.css", "/pkg/", "/pkg/split"] {
        assert_eq!(visitor.get(path).await.status, 404, "{path}");
    }
    site.stop().await;
}

#[tokio::test]
async fn text_responses_state_their_charset() {
    let site = TestSite::start().await;
    let mut visitor = site.visitor();
    for (path, kind) in [
        ("/pkg/members-area.css", "text/css; charset=utf-8"),
        ("/pkg/members-area.js", "text/javascript; charset=utf-8"),
        ("/robots.txt", "text/plain; charset=utf-8"),
        ("/pkg/members-area.wasm", "application/wasm"),
        ("/healthz", "text/plain; charset=utf-8"),
        ("/", "text/html; charset=utf-8"),
    ] {
        assert_eq!(visitor.get(path).await.header("content-type"), kind, "{path}");
    }
    site.stop().await;
}
