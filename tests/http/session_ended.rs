//! Forms that are sent after their session has ended, and other errors below `/api/`: browsers get
//! a page, and no input is lost.

use members_area::base::config::{Period, Rate};
use reqwest::{Method, header};

use crate::support::{PASSWORD, TestSite, Visitor, visitor::FormBody};

const SAVE: &str = "/api/members/save_profile";
const PROFILE: &str = "/members/profile";
const ENDED: &str = "Your session has ended. Please log in again.";
const NOT_YET: &str = "Your request has not been carried out yet. Please check it and send it again.";

fn with_dead_session(member: &mut Visitor) {
    member.cookies.insert("sessionid".into(), "AAAAAAAAAAAAAAAAAAAAAA".into());
}

#[tokio::test]
async fn input_is_restored_after_the_login() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    let page = member.get(PROFILE).await;
    let mut fields: Vec<(String, String)> = page.fields_of(SAVE);
    fields.retain(|(name, _)| name != "first_name");
    fields.push(("first_name".into(), "Typed for ten minutes".into()));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    // An expired session, a logout elsewhere or a restored database all leave a cookie without a
    // session.
    with_dead_session(&mut member);
    let answer = member.post(SAVE, &fields).await;
    assert_eq!(
        (answer.status, answer.location(), answer.body.len()),
        (303, "/accounts/login?next=/members/profile%23names", 0)
    );
    let login = member.get(answer.location()).await;
    assert_eq!(login.messages(), [ENDED]);
    let answer = member.submit("/accounts/login?next=/members/profile%23names", &log_in("ada")).await;
    assert_eq!(answer.location(), "/members/profile#names");
    let page = member.get(PROFILE).await;
    assert_eq!(page.attribute("[name=first_name]", "value").as_deref(), Some("Typed for ten minutes"));
    assert_eq!(page.messages(), [NOT_YET]);
    assert_eq!(site.database.text("SELECT first_name FROM users").await, "", "nobody sent it");
    // Only once.
    let page = member.get(PROFILE).await;
    assert_eq!(page.attribute("[name=first_name]", "value").as_deref(), Some(""));
    assert!(page.messages().is_empty());
    site.stop().await;
}

/// On a shared computer.
#[tokio::test]
async fn input_is_restored_for_nobody_else() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    site.signed_up("bob").await;
    let fields = member.get(PROFILE).await.fields_of(SAVE);
    assert!(fields.contains(&("form_member".into(), "ada".into())));
    with_dead_session(&mut member);
    let fields =
        [("form_page", PROFILE), ("form_member", "ada"), ("username", "ada"), ("first_name", "Secretly")];
    member.post(SAVE, &fields).await;
    member.submit("/accounts/login", &log_in("bob")).await;
    let page = member.get(PROFILE).await;
    assert!(page.status == 200 && !page.text().contains("Secretly") && page.messages().is_empty());
    assert!(!member.cookies.contains_key("kept_form"));
    site.stop().await;
}

fn log_in(login: &str) -> [(&str, &str); 2] {
    [("login", login), ("password", PASSWORD)]
}

#[tokio::test]
async fn no_password_is_kept_and_no_form_is_resubmitted_automatically() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    for (path, fields, next) in [
        (
            "/api/accounts/change_password",
            &[
                ("old_password", "s3cr3t-a"),
                ("password1", "s3cr3t-b"),
                ("form_page", "/accounts/password_change"),
            ][..],
            "/accounts/password_change",
        ),
        (
            "/api/accounts/ask_for_email_change",
            &[("email", "new@example.com"), ("form_page", "/accounts/email")],
            "/accounts/email",
        ),
        (
            "/api/accounts/verify_by_code",
            &[("code", "s3cr3t-c"), ("form_page", "/accounts/verify")],
            "/accounts/verify",
        ),
        // Logging in proves the password, so the login leads to the page that asked for it.
        (
            "/api/accounts/reauthenticate",
            &[
                ("password", "s3cr3t-d"),
                ("next", "/members/sessions"),
                ("form_page", "/accounts/reauthenticate"),
            ],
            "/members/sessions",
        ),
        ("/api/members/end_other_sessions", &[("form_page", "/members/sessions")], "/members/sessions"),
        ("/api/admin/disable_password", &[("user", "1"), ("form_page", "//evil.example")], ""),
    ] {
        with_dead_session(&mut member);
        member.cookies.remove("kept_form");
        let answer = member.post(path, fields).await;
        let expected =
            if next.is_empty() { "/accounts/login".into() } else { format!("/accounts/login?next={next}") };
        assert_eq!((answer.status, answer.location()), (303, expected.as_str()), "{path}");
        if let Some(kept) = member.cookies.get("kept_form") {
            use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
            let kept = URL_SAFE_NO_PAD.decode(kept).expect("base64");
            assert!(!String::from_utf8_lossy(&kept).contains("s3cr3t"), "{path}");
        }
        let answer = member.submit(answer.location(), &log_in("ada")).await;
        assert_eq!(answer.status, 303, "{path}");
        if !next.is_empty() {
            let page = member.get(next).await;
            let expected: &[&str] = if path.ends_with("reauthenticate") { &[] } else { &[NOT_YET] };
            assert_eq!(page.messages(), expected, "{path}");
        }
    }
    assert_eq!(site.database.text("SELECT email FROM users").await, "ada@example.com");
    site.stop().await;
}

#[tokio::test]
async fn a_picture_and_a_download_lead_to_the_login_page_too() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    with_dead_session(&mut member);
    let body = format!(
        "--x\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"p.png\"\r\n\r\n{}\r\n--x--\r\n",
        "y".repeat(1024 * 1024)
    );
    let request = member
        .request(Method::POST, "/api/members/save_picture?form_page=/members/profile%23picture")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
        .body(body);
    let answer = member.send(request).await;
    assert_eq!((answer.status, answer.location()), (303, "/accounts/login?next=/members/profile%23picture"));
    assert_eq!(member.get("/accounts/login").await.messages(), [ENDED]);
    with_dead_session(&mut member);
    assert_eq!(member.post("/members/export", &[]).await.location(), "/accounts/login?next=/members/export");
    site.stop().await;
}

/// The page stays open with its input; the input is also stored, in case its reader follows the
/// link in the same tab.
#[tokio::test]
async fn a_script_gets_an_empty_401_and_the_input_is_kept() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    with_dead_session(&mut member);
    let fields = [("form_page", PROFILE), ("form_member", "ada"), ("username", "ada"), ("first_name", "Ada")];
    let answer = member.call(SAVE, &fields).await;
    assert_eq!((answer.status, answer.body.len()), (401, 0));
    member.submit("/accounts/login", &log_in("ada")).await;
    let page = member.get(PROFILE).await;
    assert_eq!(page.attribute("[name=first_name]", "value").as_deref(), Some("Ada"));
    // A function that only reads stores nothing.
    with_dead_session(&mut member);
    member.call("/api/members/sessions", &[]).await;
    assert!(!member.cookies.contains_key("kept_form"));
    site.stop().await;
}

/// By the back button or from the history.
#[tokio::test]
async fn the_address_of_a_server_function_leads_back_to_a_page() {
    let site = TestSite::start().await;
    let (member, stranger) = (site.member("ada").await, site.visitor());
    let from = format!("http://{}{PROFILE}?a=1", site.address);
    for (visitor, path) in [(&stranger, "/api/accounts/log_in"), (&member, SAVE)] {
        let mut visitor = visitor.clone();
        let answer = visitor.get(path).await;
        assert_eq!((answer.status, answer.header("refresh")), (405, ""), "{path}");
        assert_eq!(answer.find("main h1"), "That did not work");
        let request = visitor.request(Method::GET, path).header(header::REFERER, &from);
        let answer = visitor.send(request).await;
        assert_eq!((answer.status, answer.header("refresh")), (405, "0;url=/members/profile?a=1"), "{path}");
    }
    let answer = stranger.clone().get(SAVE).await;
    assert_eq!((answer.status, answer.location()), (303, "/accounts/login"));
    site.stop().await;
}

/// Whichever layer or library answers.
#[tokio::test]
async fn every_error_that_a_browser_gets_is_a_page() {
    let site = TestSite::start().await;
    let (member, stranger) = (site.member("ada").await, site.visitor());
    for (visitor, method, path, status) in [
        (&stranger, Method::GET, "/api/nowhere", 404),
        (&stranger, Method::POST, "/api/nowhere", 404),
        (&stranger, Method::POST, "/members/nowhere", 404),
        (&stranger, Method::PUT, "/accounts/login", 405),
        (&stranger, Method::DELETE, "/api/accounts/log_in", 405),
        (&stranger, Method::POST, "/pkg/nowhere.js", 405),
        (&stranger, Method::GET, "/pkg/nowhere.js", 404),
        (&stranger, Method::POST, "/healthz", 405),
        (&member, Method::POST, "/api/admin/save_user", 403),
        (&member, Method::POST, "/api/members/sessions", 400),
        (&member, Method::GET, "/members/picture/%FF", 400),
        (&member, Method::GET, "/members/picture/huge", 404),
    ] {
        let request = visitor.request(method.clone(), path);
        let answer = visitor.clone().send(request).await;
        assert_eq!(answer.status, status, "{method} {path}");
        if path != "/healthz" {
            assert!(answer.header("content-type").starts_with("text/html"), "{method} {path}");
            assert!(!answer.find("main h1").is_empty(), "{method} {path}: {}", answer.text());
        }
    }
    site.stop().await;
}

#[tokio::test]
async fn too_many_attempts_lead_back_to_the_form_with_reason_and_values() {
    let site = TestSite::start_with(|config| {
        config.throttle.failed_login_per_account = Rate::new(1, Period::minutes(5));
    })
    .await;
    site.signed_up("ada").await;
    let mut visitor = site.visitor();
    let page = "/accounts/login?next=/members/profile";
    let fields = [("login", "ada"), ("password", "wrong horse"), ("form_page", page)];
    visitor.post("/api/accounts/log_in", &fields).await;
    let answer = visitor.post("/api/accounts/log_in", &fields).await;
    assert_eq!(answer.status, 429);
    assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0));
    // The browser goes back at once; if it does not follow the header, there is a link.
    assert_eq!(answer.header("refresh"), format!("0;url={page}"));
    assert_eq!(answer.attribute("main a", "href").as_deref(), Some(page));
    let back = visitor.get(page).await;
    assert_eq!(back.status, 200);
    assert_eq!(back.messages(), ["Too many attempts. Please try again in 5 minutes."]);
    assert_eq!(back.attribute("[name=login]", "value").as_deref(), Some("ada"));
    assert!(!back.text().contains("wrong horse"));
    assert!(visitor.get(page).await.messages().is_empty(), "once");
    // For a form that is too large, the Referer names the page.
    let request = visitor.request(Method::POST, "/api/accounts/log_in");
    let large = [("login", "ada"), ("password", &*"x".repeat(70_000))];
    let request =
        request.header(header::REFERER, format!("http://{}/accounts/login", site.address)).form_body(&large);
    let answer = visitor.send(request).await;
    assert_eq!((answer.status, answer.header("refresh")), (413, "0;url=/accounts/login"));
    // Never to another site.
    for evil in ["//evil.example", "https://evil.example/", "/api/accounts/log_in"] {
        let fields = [("login", "ada"), ("password", "wrong horse"), ("form_page", evil)];
        let answer = visitor.post("/api/accounts/log_in", &fields).await;
        assert_eq!((answer.status, answer.header("refresh")), (429, ""), "{evil}");
        assert_eq!(answer.attribute("main a", "href").as_deref(), Some("/"));
    }
    site.stop().await;
}

#[tokio::test]
async fn a_404_page_offers_no_retry() {
    let site = TestSite::start().await;
    let mut staff = site.superuser("root").await;
    let page = staff.get("/admin/users/999999").await;
    assert_eq!(page.status, 404);
    assert_eq!((page.find("h1"), page.find("title")), ("User".into(), "User · Members Area".into()));
    assert!(!page.find("main").contains("Try again"), "{}", page.find("main"));
    site.stop().await;
}
