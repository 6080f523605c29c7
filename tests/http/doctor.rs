//! `members-area doctor isolation`: reports no finding for an installation without leaks, and the
//! place of every leak otherwise.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{HeaderValue, header, response::Parts},
    middleware::{Next, from_fn},
    response::{Html, IntoResponse, Response},
};
use members_area::{
    base::config::Config,
    doctor::{CanaryKind, DoctorReport, Role, Sandbox, What},
    server::pages,
};

use crate::support::{
    database::TestDatabase,
    passkey::PASSKEYS_PAGE,
    program::{program, run, text},
};

const DASHBOARD: &str = "/members/dashboard";

#[tokio::test]
async fn an_installation_without_leaks_has_no_findings() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    let output = run(program(&database, folder.path())
        .args(["doctor", "isolation"])
        .env("TMPDIR", folder.path())
        // All pages that can be cached are, and cookies are those of a public site over https.
        .env("MEMBERS_AREA_CACHE__SITE_TTL", "5m")
        .env("MEMBERS_AREA_SITE__BASE_URL", "https://members.test")
        .env("MEMBERS_AREA_MAIL__TRANSPORT", "smtp://127.0.0.1:9")
        .env("MEMBERS_AREA_ADMIN__ALLOW_FROM", "[\"203.0.113.9/32\"]")
        .env("MEMBERS_AREA_LAB__ENABLED", "on"));
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    let printed = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<&str> = printed.lines().collect();
    let [cached, summary] = lines[..] else { panic!("{said}") };
    assert!(cached.ends_with(" answers came from the page cache.") && !cached.starts_with("0 "), "{said}");
    let words: Vec<&str> = summary.split(' ').collect();
    let [requests, "requests", "over", routes, "routes", "as", "5", "visitors:", "no", "finding"] = words[..]
    else {
        panic!("{said}");
    };
    let (requests, routes): (usize, usize) =
        (requests.parse().expect("a number"), routes.parse().expect("a number"));
    assert!(routes > pages::routes().len() && requests >= routes * 5 * 4, "{said}");
    let left = std::fs::read_dir(folder.path()).expect("the folder").count();
    assert_eq!(left, 0, "nothing is left behind, and the site's own database was not even made");
    database.remove().await;
}

async fn examine(change: impl Fn(&Sandbox) -> Router) -> DoctorReport {
    let mut config = Config::default();
    // With passkeys.
    config.site.base_url = "https://members.test".into();
    let sandbox = Sandbox::open(config).await.expect("a site to try things on");
    let report = sandbox.examine(&change(&sandbox)).await;
    sandbox.close().await;
    report
}

/// Serves the first visitor's page at this address to everybody.
async fn first_ones_page(
    address: &str,
    stored: Arc<Mutex<Option<(Parts, Bytes)>>>,
    request: Request,
    next: Next,
) -> Response {
    if request.uri() != address {
        return next.run(request).await;
    }
    let found = stored.lock().expect("no panic").clone();
    if let Some((head, body)) = found {
        return Response::from_parts(head, Body::from(body));
    }
    let response = next.run(request).await;
    if response.status() != 200 {
        return response;
    }
    let (head, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("a page");
    *stored.lock().expect("no panic") = Some((head.clone(), body.clone()));
    Response::from_parts(head, Body::from(body))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_cached_for_the_wrong_person_is_found() {
    let report = examine(|sandbox| {
        let stored = Arc::default();
        sandbox.router().layer(from_fn(move |request: Request, next: Next| {
            first_ones_page(DASHBOARD, Arc::clone(&stored), request, next)
        }))
    })
    .await;
    let findings = &report.findings;
    assert!(findings.iter().all(|finding| finding.address == DASHBOARD), "and nothing else: {findings:?}");
    // In the first round the first member comes first.
    for asker in [Role::Anonymous, Role::SecondMember, Role::Staff, Role::Superuser] {
        let is_shown = |what: &What| matches!(what, What::Shows(Role::FirstMember, CanaryKind::Username, _));
        assert!(
            findings.iter().any(|finding| finding.asker == asker && is_shown(&finding.what)),
            "{asker}: {findings:?}"
        );
    }
    let of_nobody: Vec<_> = findings.iter().filter(|finding| finding.asker == Role::Anonymous).collect();
    assert!(of_nobody.iter().any(|finding| finding.what == What::LetsIn(200)), "{of_nobody:?}");
    assert!(
        findings.iter().all(|finding| finding.asker != Role::FirstMember),
        "it is their own: {findings:?}"
    );
    assert!(report.from_page_cache > 0 && report.to_string().ends_with(" finding(s)"), "{report}");
}

/// A page open to anybody, one that shared caches may store, one that shows the visitor's session
/// id, and one that fails.
async fn careless(request: Request, next: Next) -> Response {
    match request.uri().path() {
        "/members/secret" => Html("a secret").into_response(),
        "/members/profile" => {
            let mut response = next.run(request).await;
            let public = HeaderValue::from_static("public, max-age=60");
            response.headers_mut().insert(header::CACHE_CONTROL, public);
            response.headers_mut().insert(header::ETAG, HeaderValue::from_static("\"profile\""));
            response
        }
        "/members/activity" => {
            let cookies = request.headers().get(header::COOKIE).cloned();
            let mut response = next.run(request).await;
            if let Some(cookies) = cookies {
                *response.body_mut() = Body::from(cookies.as_bytes().to_vec());
            }
            response
        }
        "/members/data" => axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        _ => next.run(request).await,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_other_kind_of_leak_is_found() {
    let report = examine(|sandbox| {
        let stored = Arc::default();
        sandbox.router().layer(from_fn(careless)).layer(from_fn(move |request: Request, next: Next| {
            first_ones_page(PASSKEYS_PAGE, Arc::clone(&stored), request, next)
        }))
    })
    .await;
    let has = |address: &str, asker: Role, is_it: &dyn Fn(&What) -> bool| {
        report
            .findings
            .iter()
            .any(|finding| finding.address == address && finding.asker == asker && is_it(&finding.what))
    };
    let findings = &report.findings;
    assert!(has("/members/secret", Role::Anonymous, &|what| *what == What::LetsIn(200)), "{findings:?}");
    assert!(!has("/members/secret", Role::Staff, &|what| matches!(what, What::LetsIn(_))), "{findings:?}");
    assert!(has("/members/profile", Role::FirstMember, &|what| *what == What::Keepable), "{findings:?}");
    assert!(has("/members/profile", Role::FirstMember, &|what| *what == What::HasEtag), "{findings:?}");
    let own_session = |what: &What| matches!(what, What::Shows(Role::SecondMember, CanaryKind::Cookie, _));
    assert!(has("/members/activity", Role::SecondMember, &own_session), "{findings:?}");
    assert!(has("/members/data", Role::Superuser, &|what| *what == What::NoAnswer(500)), "{findings:?}");
    for asker in [Role::Anonymous, Role::SecondMember, Role::Staff, Role::Superuser] {
        let passkey = |what: &What| matches!(what, What::Shows(Role::FirstMember, CanaryKind::Passkey, _));
        assert!(has(PASSKEYS_PAGE, asker, &passkey), "{asker}: {findings:?}");
    }
    let mut lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    lines.sort();
    lines.dedup();
    assert_eq!(lines.len(), findings.len(), "each once");
}
