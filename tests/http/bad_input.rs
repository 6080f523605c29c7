//! Every form and every other server function against what no form of ours sends.

use std::collections::BTreeSet;

use reqwest::Method;

use crate::support::{PASSWORD, TestSite, Visitor, visitor::FormBody};

/// The fields of all forms.
const FIELDS: [&str; 28] = [
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
async fn no_server_function_fails_on_it() {
    let site = TestSite::start_without_mail().await;
    let member = site.superuser("ada").await;
    let functions: BTreeSet<&str> = server_fn::axum::server_fn_paths().map(|(path, _)| path).collect();
    let before = "SELECT COUNT(*) FROM users WHERE username = 'ada' AND email = 'ada@example.com' AND delete_after IS NULL";
    for path in functions {
        for (kind, body) in bodies() {
            for accept in ["text/html", "application/json"] {
                // A session of each: some of them end it.
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
