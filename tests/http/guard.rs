//! Every route and every server function, as an anonymous visitor and as a member. The public ones
//! are repeated here on purpose: opening a route takes two people's attention, or one person's
//! twice.

use std::collections::BTreeSet;

use members_area::{
    server::pages,
    shared::{paths::find_page, permission::Permission},
};

use crate::support::{TestSite, raw};

const OPEN_PAGES: [&str; 23] = [
    "/",
    "/accounts/email/confirm",
    "/accounts/email/undo",
    "/accounts/login",
    "/accounts/login/code",
    "/accounts/login/second",
    "/accounts/logout",
    "/accounts/not_me",
    "/accounts/password_reset",
    "/accounts/password_reset/done",
    "/accounts/recovery/begin",
    "/accounts/recovery/stop",
    "/accounts/reset/done",
    "/accounts/reset/new",
    SETUP,
    "/accounts/signup",
    "/accounts/verify",
    MAILBOX,
    "/lab",
    "/lab/cache-api",
    "/lab/cached-page",
    "/lab/matrix",
    "/lab/messages",
];
const OPEN_FUNCTIONS: [&str; 28] = [
    "/api/accounts/ask_for_recovery",
    "/api/accounts/ask_for_reset",
    "/api/accounts/begin_recovery",
    "/api/accounts/confirm_email_change",
    "/api/accounts/judge_password",
    "/api/accounts/link",
    "/api/accounts/log_in",
    "/api/accounts/log_in_by_code",
    "/api/accounts/log_out",
    "/api/accounts/login_step",
    "/api/accounts/mail_code",
    "/api/accounts/mailed_code",
    "/api/accounts/not_me",
    "/api/accounts/passkey_log_in",
    "/api/accounts/passkey_options",
    "/api/accounts/passkey_second_step",
    "/api/accounts/reset_password",
    "/api/accounts/second_step",
    "/api/accounts/set_up",
    "/api/accounts/sign_up",
    "/api/accounts/stop_recovery",
    "/api/accounts/undo_email_change",
    "/api/accounts/verify_email",
    "/api/dev/mailbox",
    "/api/lab/cache_api",
    "/api/lab/matrix",
    "/api/lab/now",
    "/api/lab/send_messages",
];
/// Public, but missing when mails are really sent, as in these tests.
const MAILBOX: &str = "/dev/mailbox";
/// Public, but missing without the link that the program prints.
const SETUP: &str = "/accounts/setup";

fn status_of_open(page: &str) -> u16 {
    if [MAILBOX, SETUP].contains(&page) { 404 } else { 200 }
}

#[tokio::test]
async fn routes_are_closed_by_default() {
    let site = TestSite::start().await;
    // A member with all permissions, who is still not staff and may not enter the admin.
    let mut member = site.member_who_may("ada", &Permission::ALL.map(Permission::codename)).await;
    let pages: BTreeSet<String> =
        pages::routes().iter().map(|route| route.path().replace("{id}", "7")).collect();
    let functions: BTreeSet<&str> = server_fn::axum::server_fn_paths().map(|(path, _)| path).collect();
    assert!(pages.len() >= 7 && functions.len() >= 5, "{pages:?} {functions:?}");
    for route in pages::routes() {
        assert!(find_page(route.path()).is_some(), "{} has no line in src/shared/paths.rs", route.path());
    }
    for page in &pages {
        let open = OPEN_PAGES.contains(&page.as_str());
        let answer = site.visitor().get(page).await;
        if open {
            assert_eq!(answer.status, status_of_open(page), "{page}");
        } else {
            assert_eq!(answer.status, 303, "{page}");
            assert_eq!(answer.location(), format!("/accounts/login?next={page}"));
            assert_eq!(answer.body.len(), 0, "{page} says something to a stranger");
            assert_eq!(answer.header("cache-control"), "private, no-store");
        }
        let answer = member.get(page).await;
        if page.starts_with("/admin") {
            assert_eq!(answer.status, 403, "{page} as a member");
            continue;
        }
        assert_eq!(answer.status, status_of_open(page), "{page} as a member");
        assert_eq!(answer.header("cache-control"), "private, no-store", "{page}");
    }
    for function in &functions {
        let open = OPEN_FUNCTIONS.contains(function);
        for visitor in [&mut site.visitor(), &mut {
            let mut tampered = site.visitor();
            tampered.cookies.insert("sessionid".into(), "AAAAAAAAAAAAAAAAAAAAAA".into());
            tampered
        }] {
            let (form, call) = (visitor.post(function, &[]).await, visitor.call(function, &[]).await);
            if open {
                assert_ne!(call.status, 401, "{function}");
                assert!(!form.location().starts_with("/accounts/login?next="), "{function}");
            } else {
                assert_eq!((call.status, call.body.len()), (401, 0), "{function}");
                let answer = (form.status, form.location(), form.body.len());
                assert_eq!(answer, (303, "/accounts/login", 0), "{function}");
            }
        }
        if !open {
            // Some functions end the session.
            if member.session().is_none() || !member.is_signed_in().await {
                member.log_in("ada").await;
            }
            let expected = if function.starts_with("/api/admin/") { 403 } else { 200 };
            assert_eq!(member.call(function, &[]).await.status, expected, "{function} as a member");
        }
    }
    assert!(
        OPEN_PAGES.iter().all(|page| pages.contains(*page))
            && OPEN_FUNCTIONS.iter().all(|path| functions.contains(path))
    );
    site.stop().await;
}

#[tokio::test]
async fn no_method_gets_around_it() {
    let site = TestSite::start().await;
    let mut visitor = site.visitor();
    for method in ["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "BREW"] {
        let request = visitor.request(method.parse().expect("a method"), "/members/dashboard");
        let answer = visitor.send(request).await;
        assert!([303, 401, 403, 405].contains(&answer.status), "{method}: {}", answer.status);
        assert!(!answer.text().contains("Profile summary"), "{method}");
    }
    site.stop().await;
}

/// axum matches a path as written, the app as a browser resolves it.
#[tokio::test]
async fn no_spelling_of_a_path_gets_around_it() {
    let site = TestSite::start().await;
    let member = site.member("ada").await;
    for path in [
        "/members/secret/.",
        "/x/../members/secret",
        "/%2e/members/secret",
        "/x/%2E%2e/members/secret",
        "/members\\secret",
        "//members/secret",
        "/members/./secret",
        "/Members/Secret",
        "/members/secret//",
        "/members/secret;x",
        "/members%2Fsecret",
    ] {
        for cookie in
            ["".to_owned(), format!("Cookie: sessionid={}\r\n", member.session().expect("a session"))]
        {
            // Written by hand, because a client would resolve the path.
            let request = format!(
                "GET {path} HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n{cookie}Connection: close\r\n\r\n"
            );
            let answer = raw(&site, &request).await;
            assert!(
                answer.starts_with("HTTP/1.1 404") || answer.starts_with("HTTP/1.1 308"),
                "{path}: {answer}"
            );
            assert!(!answer.contains("Only logged-in") && !answer.contains("last login"), "{path}: {answer}");
        }
    }
    for target in ["a:80", "*"] {
        let answer =
            raw(&site, &format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{target}: {answer}");
    }
    let planted = "GET /\\evil.example/?__err=x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert!(!raw(&site, planted).await.to_lowercase().contains("\r\nlocation:"));
    site.stop().await;
}

#[tokio::test]
async fn next_contains_the_whole_url() {
    let site = TestSite::start().await;
    let answer = site.visitor().get("/members/profile?a=1&b=%2F%2Fevil.example#x").await;
    assert_eq!(
        answer.location(),
        "/accounts/login?next=/members/profile%3Fa%3D1%26b%3D%252F%252Fevil.example"
    );
    site.stop().await;
}
