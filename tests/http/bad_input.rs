//! Every form and every other server function against input that no form of ours sends.

use std::collections::BTreeSet;

use reqwest::Method;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{PASSWORD, TestSite, Visitor, visitor::FormBody};

/// The fields of all forms.
const FIELDS: [&str; 32] = [
    "username",
    "email",
    "login",
    "password",
    "old_password",
    "password1",
    "password2",
    "code",
    "first_name",
    "last_name",
    "next",
    "session",
    "before",
    "query",
    "id",
    "user",
    "version",
    "group",
    "group_name",
    "name",
    "shown",
    "permissions",
    "permissions[]",
    "is_active",
    "plan",
    "mail",
    "filter",
    "count",
    "credential",
    "passkey",
    "passkey_name",
    "purpose",
];

fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    const FORM: &str = "application/x-www-form-urlencoded";
    let each = |value: &str| FIELDS.map(|field| format!("{field}={value}")).join("&").into_bytes();
    let twice = [each("a"), b"&".to_vec(), each("b")].concat();
    let nested = FIELDS.map(|field| format!("{field}[a][b]=c")).join("&").into_bytes();
    vec![
        (FORM, Vec::new()),
        (FORM, each("")),
        (FORM, each("%00")),
        (FORM, each("%FF%FE")),
        (FORM, each("\u{202E}%F0%9F%A6%80")),
        (FORM, each(&"x".repeat(4000))),
        (FORM, each(&"x".repeat(40_000))),
        (FORM, twice),
        (FORM, nested),
        (FORM, b"%%%&&&===".to_vec()),
        ("application/json", b"{\"username\":1}".to_vec()),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken".to_vec()),
    ]
}

async fn send(
    visitor: &mut Visitor,
    path: &str,
    kind: &str,
    body: &[u8],
    accept: &'static str,
) -> (u16, String) {
    let request = visitor.request(Method::POST, path).header("content-type", kind).body(body.to_vec());
    let answer = visitor.send(request.wanting(accept)).await;
    (answer.status, answer.text())
}

#[tokio::test]
async fn no_server_function_fails_on_bad_input() {
    // With passkeys, whose functions would otherwise read nothing.
    let site = TestSite::with_passkeys().await;
    let member = site.superuser("ada").await;
    let functions: BTreeSet<&str> = server_fn::axum::server_fn_paths().map(|(path, _)| path).collect();
    let before = "SELECT COUNT(*) FROM users WHERE username = 'ada' AND email = 'ada@example.com' AND delete_after IS NULL";
    for path in functions {
        for (kind, body) in bodies() {
            for accept in ["text/html", "application/json"] {
                // A session of its own for each call, because some of them end it.
                for visitor in [&mut site.visitor(), &mut member.clone()] {
                    let (status, text) = send(visitor, path, kind, &body, accept).await;
                    let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
                    assert!(status < 500, "{path} {shown}: {status} {text}");
                    assert!(!text.contains("serde") && !text.contains("sqlx"), "{path} {shown}: {text}");
                }
            }
        }
    }
    assert_eq!(site.database.number(before).await, 1);
    assert_eq!(site.visitor().log_in_with("ada", PASSWORD).await.location(), "/members/dashboard");
    site.stop().await;
}

/// PostgreSQL rejects NUL in text: a query with one finds nothing or is refused.
#[tokio::test]
async fn no_page_fails_on_a_bad_query() {
    const NAMES: [&str; 24] = [
        "",
        "q",
        "member",
        "page",
        "user",
        "username",
        "id",
        "name",
        "kind",
        "actor",
        "address",
        "before",
        "after",
        "at",
        "from",
        "to",
        "sort",
        "group",
        "permission",
        "status",
        "action",
        "list",
        "next",
        "reason",
    ];
    let site = TestSite::start_without_mail().await;
    let mut ada = site.superuser("ada").await;
    let user = site.user_id("ada").await;
    for value in ["%00", "a%00b", "0%00", "%EF%BF%BF", "%ED%A0%80", "%FF", "%5Cud800"] {
        let query = NAMES.map(|name| format!("{name}={value}")).join("&");
        // Also inside the text that a query carries.
        let carried = form_urlencoded::byte_serialize(query.as_bytes()).collect::<String>();
        for path in [
            "/admin/users",
            "/admin/users/confirm",
            "/admin/activity",
            "/admin/cache",
            "/admin/groups",
            "/admin/mails",
            "/admin/sessions",
            "/admin/timings",
            "/admin/act",
            "/members/activity",
            "/members/sessions",
            "/accounts/login",
        ] {
            for asked in [format!("{path}?{query}"), format!("{path}?action=delete&id={user}&list={carried}")]
            {
                let answer = ada.get(&asked).await;
                assert!(answer.status < 500, "{asked}: {} {}", answer.status, answer.text());
            }
        }
        for path in ["/admin/users/0%00", "/accounts/reset/%00", "/accounts/verify/a%00b", "/pictures/%00"] {
            assert!(ada.get(path).await.status < 500, "{path}");
        }
    }
    let functions: BTreeSet<&str> = server_fn::axum::server_fn_paths().map(|(path, _)| path).collect();
    let query = form_urlencoded::byte_serialize("?q=%00&member=a%00b&user=%00&name=%00".as_bytes())
        .collect::<String>();
    for path in functions.into_iter().filter(|path| path.starts_with("/api/admin")) {
        let body = format!("query={query}&filter={query}&plan={query}&shown={query}");
        let (status, text) =
            send(&mut ada, path, "application/x-www-form-urlencoded", body.as_bytes(), "application/json")
                .await;
        assert!(status < 500, "{path}: {status} {text}");
    }
    site.stop().await;
}

#[tokio::test]
async fn a_truncated_or_garbled_body_is_not_reported_as_too_large() {
    let site = TestSite::start().await;
    let head = |how: &str| {
        format!(
            "POST /api/accounts/log_in HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nAccept: text/html\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n{how}\r\n\r\n"
        )
    };
    let large = format!("{}login={}", head("Content-Length: 100006"), "x".repeat(100_000));
    for (request, status) in [
        (head("Transfer-Encoding: chunked") + "zz\r\nlogin=a\r\n0\r\n\r\n", 400),
        (head("Transfer-Encoding: chunked") + "3\r\nlogin=a\r\n0\r\n\r\n", 400),
        (head("Content-Length: 100") + "login=a", 400),
        (head("Transfer-Encoding: chunked") + "64\r\nlogin=a", 400),
        (large, 413),
    ] {
        let mut stream = TcpStream::connect(site.address).await.expect("connected");
        stream.write_all(request.as_bytes()).await.expect("sent");
        stream.shutdown().await.expect("no more");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let (answer, shown) = (String::from_utf8_lossy(&answer), &request[..request.len().min(300)]);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{shown}: {answer}");
    }
    site.stop().await;
}

/// The expected errors by field.
type Errors = &'static [(&'static str, &'static str)];

/// The fields of every form: a missing one is named, a duplicate or oversized one makes the request
/// invalid, and an overlong one is rejected; nothing is changed.
#[tokio::test]
async fn every_form_reports_missing_repeated_and_too_long_fields() {
    const REQUIRED: &str = "Required";
    const FORMS: [(&str, Errors, Errors); 10] = [
        (
            "/api/accounts/sign_up",
            &[("username", REQUIRED), ("email", REQUIRED), ("password1", REQUIRED), ("password2", REQUIRED)],
            &[("username", "TooLong"), ("email", "TooLong"), ("password1", "PasswordTooLong")],
        ),
        (
            "/api/accounts/log_in",
            &[("login", REQUIRED), ("password", REQUIRED)],
            &[("form", "BadCredentials")],
        ),
        ("/api/accounts/ask_for_reset", &[("email", REQUIRED)], &[("email", "TooLong")]),
        ("/api/accounts/reset_password", &[("form", "LinkDead")], &[("form", "LinkDead")]),
        ("/api/accounts/reauthenticate", &[("password", REQUIRED)], &[("password", "PasswordIncorrect")]),
        (
            "/api/accounts/change_password",
            &[("old_password", REQUIRED), ("password1", REQUIRED), ("password2", REQUIRED)],
            &[("old_password", "PasswordIncorrect"), ("password1", "PasswordTooLong")],
        ),
        ("/api/accounts/ask_for_email_change", &[("email", REQUIRED)], &[("email", "TooLong")]),
        ("/api/accounts/verify_by_code", &[("code", "CodeIncorrect")], &[("code", "CodeIncorrect")]),
        (
            "/api/members/save_profile",
            &[("username", REQUIRED)],
            &[("username", "TooLong"), ("first_name", "TooLong"), ("last_name", "TooLong")],
        ),
        ("/api/members/delete", &[("username", REQUIRED)], &[("username", "UsernameIncorrect")]),
    ];
    let site = TestSite::start_without_mail().await;
    let mut member = site.member("ada").await;
    let before = site.database.everything().await;
    let kinds = |answer: &str| -> BTreeSet<(String, String)> {
        let refused: serde_json::Value = serde_json::from_str(answer).expect("JSON");
        let errors = refused["Refused"].as_array().unwrap_or_else(|| panic!("a refusal: {answer}"));
        let name = |problem: &serde_json::Value| match problem {
            serde_json::Value::Object(one) => one.keys().next().expect("one").clone(),
            other => other.as_str().expect("a name").to_owned(),
        };
        errors.iter().map(|error| (name(&error[0]), name(&error[1]))).collect()
    };
    let wanted = |pairs: &[(&str, &str)]| -> BTreeSet<(String, String)> {
        pairs.iter().map(|(field, problem)| ((*field).to_owned(), (*problem).to_owned())).collect()
    };
    for (path, missing, too_long) in FORMS {
        let answer = member.call(path, &[]).await;
        assert_eq!((answer.status, kinds(&answer.text())), (200, wanted(missing)), "{path}, nothing");
        let long = "x".repeat(5000);
        let fields: Vec<(&str, &str)> = too_long
            .iter()
            .chain(missing)
            .map(|(field, _)| *field)
            .filter(|field| *field != "form")
            .collect::<BTreeSet<_>>()
            .into_iter()
            .map(|field| (field, long.as_str()))
            .collect();
        let answer = member.call(path, &fields).await;
        assert_eq!((answer.status, kinds(&answer.text())), (200, wanted(too_long)), "{path}, too long");
        for (field, _) in &fields {
            let answer = member.call(path, &[(field, "a"), (field, "b")]).await;
            assert_eq!(
                (answer.status, answer.text().as_str()),
                (400, "\"BadRequest\""),
                "{path}, {field} twice"
            );
            let larger = "x".repeat(70_000);
            let answer = member.post(path, &[(field, &larger)]).await;
            assert_eq!(
                (answer.status, answer.find("main h1").as_str()),
                (413, "Too large"),
                "{path}, {field}"
            );
        }
    }
    // Only rate limits and the record of one failed login are new.
    let told = |lines: Vec<String>| -> Vec<String> {
        lines
            .into_iter()
            .filter(|line| !line.starts_with("throttles:") && !line.starts_with("activity:"))
            .collect()
    };
    assert_eq!(told(site.database.everything().await), told(before));
    site.stop().await;
}
