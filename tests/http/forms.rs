use reqwest::Method;

use crate::support::{PASSWORD, TestSite, log, visitor::FormBody};

const REFUSED: [(&str, &str); 4] = [
    ("username", "two words <b>"),
    ("email", "nowhere"),
    ("password1", "s3cr3t-typed"),
    ("password2", "other"),
];

/// Where there is one thing to type.
#[tokio::test]
async fn a_page_that_asks_for_one_thing_begins_at_its_field() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    site.clock.advance(std::time::Duration::from_secs(3600));
    let mut visitor = site.visitor();
    for (page, field) in [
        (visitor.get("/accounts/login").await, "login"),
        (visitor.get("/accounts/password_reset").await, "email"),
        (member.get("/accounts/reauthenticate").await, "password"),
    ] {
        assert_eq!(page.attributes("[autofocus]", "name"), [field]);
    }
    site.stop().await;
}

#[tokio::test]
async fn an_invalid_form_returns_with_errors_values_and_a_clean_url() {
    let site = TestSite::start().await;
    let mut visitor = site.visitor();
    let answer = visitor.submit("/accounts/signup", &REFUSED).await;
    assert_eq!((answer.status, answer.location(), answer.body.len()), (303, "/accounts/signup", 0));
    let carried = visitor.cookies.get("flash").expect("the errors travel in a cookie").clone();
    let page = visitor.get("/accounts/signup").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.attribute("[name=username]", "value").as_deref(), Some("two words <b>"));
    assert_eq!(page.attribute("[name=email]", "value").as_deref(), Some("nowhere"));
    assert_eq!(page.attribute("[name=username]", "aria-invalid").as_deref(), Some("true"));
    assert_eq!(page.form_errors(), ["There is a problem with 3 fields:"]);
    // The page begins at the list of errors, which leads to the fields.
    assert!(
        page.attribute(".form-errors[role=alert][tabindex='-1']", "autofocus").is_some(),
        "{}",
        page.text()
    );
    let links = page.attributes(".form-errors a[rel=external]", "href");
    assert_eq!(links, ["#id_username", "#id_email", "#id_password2"]);
    assert_eq!(page.find_all(".form-errors a"), ["Username", "Email address", "Password confirmation"]);
    assert!(links.iter().all(|link| !page.find_all(&format!("label[for={}]", &link[1..])).is_empty()));
    assert_eq!(page.find("title"), "Error: Sign up · Members Area");
    assert!(!page.errors("username").is_empty());
    for password in ["password1", "password2"] {
        assert_eq!(page.attribute(&format!("[name={password}]"), "value"), None);
    }
    assert!(!page.text().contains("s3cr3t-typed") && !page.text().contains("<b>"));
    assert_eq!(page.header("cache-control"), "private, no-store");
    // Reloading does not post again, and shows an empty form.
    let again = visitor.get("/accounts/signup").await;
    assert_eq!(again.find("title"), "Sign up · Members Area");
    assert_eq!(again.attribute(".form-errors", "autofocus"), None);
    assert!(again.errors("username").is_empty() && again.form_errors().is_empty());
    // The password is not in the cookie either.
    use base64::Engine;
    let carried = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(carried).expect("base64");
    assert!(!String::from_utf8_lossy(&carried).contains("s3cr3t-typed"));
    site.stop().await;
}

/// The cookie contains the form's input.
#[tokio::test]
async fn the_form_cookie_is_as_protected_as_the_session_cookie() {
    for (base, name, secure) in [("", "flash", false), ("https://members.test", "__Host-flash", true)] {
        let site = TestSite::start_with(|config| config.site.base_url = base.into()).await;
        let mut visitor = site.visitor();
        let refused = visitor.submit("/accounts/signup", &REFUSED).await;
        let shown = visitor.get("/accounts/signup").await;
        // Set, and removed again.
        for (answer, seconds) in [(refused, 600), (shown, 0)] {
            let cookie = cookie::Cookie::parse(answer.header("set-cookie").to_owned()).expect("a cookie");
            assert_eq!(cookie.name(), name);
            assert_eq!(cookie.http_only(), Some(true));
            assert_eq!(cookie.same_site(), Some(cookie::SameSite::Lax));
            assert_eq!(cookie.secure().unwrap_or(false), secure);
            assert_eq!((cookie.path(), cookie.domain()), (Some("/"), None));
            assert_eq!(cookie.max_age().map(|age| age.whole_seconds()), Some(seconds));
        }
        site.stop().await;
    }
}

#[tokio::test]
async fn a_hydrated_form_gets_the_same_errors_without_a_page() {
    let site = TestSite::start().await;
    let answer = site.visitor().call("/api/accounts/sign_up", &REFUSED).await;
    assert_eq!(answer.status, 200);
    let errors: serde_json::Value = serde_json::from_str(&answer.text()).expect("JSON");
    assert_eq!(errors["Refused"][0], serde_json::json!(["username", "UsernameCharacters"]));
    assert!(answer.headers.get("set-cookie").is_none() && answer.headers.get("location").is_none());
    assert!(!answer.text().contains("s3cr3t"));
    site.stop().await;
}

/// Leptos redirects to whatever the `Referer` says.
#[tokio::test]
async fn a_foreign_referer_is_not_followed() {
    let site = TestSite::start().await;
    let own = format!("http://{}/accounts/signup?a=1", site.address);
    for (page, referer, to) in [
        ("", "https://evil.example/phish", "/"),
        ("", own.as_str(), "/accounts/signup?a=1"),
        ("https://evil.example/", "https://evil.example/", "/"),
        ("//evil.example", own.as_str(), "/accounts/signup?a=1"),
        ("/accounts/signup", "https://evil.example/", "/accounts/signup"),
        ("", "", "/"),
    ] {
        let mut visitor = site.visitor();
        let fields = [&REFUSED[..], &[("form_page", page)]].concat();
        let request = visitor
            .request(Method::POST, "/api/accounts/sign_up")
            .header("referer", referer)
            .form_body(&fields);
        let answer = visitor.send(request).await;
        assert_eq!((answer.status, answer.location()), (303, to), "{page} {referer}");
    }
    site.stop().await;
}

/// Leptos puts a call's error into the address, where anybody can write one.
#[tokio::test]
async fn an_error_text_in_the_address_is_not_shown() {
    use base64::Engine;
    let site = TestSite::start().await;
    let mut visitor = site.visitor();
    let error =
        base64::engine::general_purpose::URL_SAFE.encode(r#"{"Invalid":[["form","BadCredentials"]]}"#);
    for (query, to) in [
        (format!("__path=/api/accounts/log_in&__err={error}"), "/accounts/login"),
        (format!("next=/members/profile&__err={error}&__path=x"), "/accounts/login?next=/members/profile"),
    ] {
        let answer = visitor.get(&format!("/accounts/login?{query}")).await;
        assert_eq!((answer.status, answer.location()), (303, to));
        assert!(visitor.get(to).await.form_errors().is_empty());
    }
    let encoded =
        visitor.get(&format!("/accounts/login?%5F%5Fpath=/api/accounts/log_in&_%5Ferr={error}")).await;
    assert_eq!((encoded.status, encoded.location()), (303, "/accounts/login"));
    assert_eq!(visitor.get("//evil.example/?__err=x").await.location(), "");
    site.stop().await;
}

#[tokio::test]
async fn bad_input_is_a_readable_error_and_never_a_server_error() {
    let site = TestSite::start().await;
    let form = "application/x-www-form-urlencoded";
    let big = format!("username={}", "x".repeat(100_000));
    let many = format!("{}username=x", "a=b&".repeat(10_000));
    let bodies: Vec<(&str, Vec<u8>, Vec<u16>)> = vec![
        (form, b"username=a&username=b&email=c".to_vec(), vec![400]),
        (form, b"username[]=a&username[]=b".to_vec(), vec![400]),
        (form, b"username[a][b]=c".to_vec(), vec![400]),
        (form, b"username=%FF%FE&email=x".to_vec(), vec![303, 200, 400]),
        (form, b"username=\xFF\xFE".to_vec(), vec![400, 303, 200]),
        (form, b"username=%00&email=%00&password1=%00&password2=%00".to_vec(), vec![303, 200]),
        (form, b"%%%".to_vec(), vec![303, 200, 400]),
        (form, b"".to_vec(), vec![303, 200]),
        (form, big.into_bytes(), vec![413]),
        (form, many.into_bytes(), vec![400]),
        ("application/json", b"{}".to_vec(), vec![303, 200, 400]),
        ("multipart/form-data; boundary=x", b"--x--".to_vec(), vec![303, 200, 400]),
    ];
    for path in ["/api/accounts/sign_up", "/api/accounts/log_in"] {
        for (kind, body, statuses) in &bodies {
            for accept in ["text/html", "application/json"] {
                let mut visitor = site.visitor();
                let request =
                    visitor.request(Method::POST, path).header("content-type", *kind).body(body.clone());
                let request = request.wanting(accept);
                let answer = visitor.send(request).await;
                let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
                let known = statuses.contains(&answer.status)
                    || path.ends_with("log_in") && [303, 200].contains(&answer.status);
                assert!(known, "{path} {shown}: {} {}", answer.status, answer.text());
                if answer.status >= 400 && accept == "text/html" {
                    assert!(
                        !answer.find("main h1").is_empty() && !answer.text().contains("serde"),
                        "{shown}: {}",
                        answer.text()
                    );
                }
            }
        }
    }
    assert_eq!(site.database.number("SELECT COUNT(*) FROM users").await, 0);
    site.stop().await;
}

#[tokio::test]
async fn long_input_is_kept_up_to_the_cookie_limit() {
    let site = TestSite::start().await;
    let mut visitor = site.visitor();
    let (name, address) = ("名".repeat(5000), "x".repeat(5000));
    visitor.submit("/accounts/signup", &[("username", &name), ("email", &address)]).await;
    assert!(visitor.cookies["flash"].len() < 4000);
    let page = visitor.get("/accounts/signup").await;
    assert_eq!(page.errors("username"), ["Ensure this value has at most 150 characters (it has 5000)."]);
    let made_up: Vec<(String, String)> = (0..3000).map(|number| (format!("f{number}"), "x".into())).collect();
    let made_up: Vec<(&str, &str)> =
        made_up.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut other = site.visitor();
    other.submit("/accounts/signup", &made_up).await;
    assert!(other.cookies["flash"].len() < 1000);
    let kept = page.attribute("[name=username]", "value").expect("a value");
    assert!(kept.chars().count() >= 150 && name.starts_with(&kept));
    site.stop().await;
}

#[tokio::test]
async fn messages_are_shown_once_and_survive_redirects() {
    let site = TestSite::start().await;
    let mut visitor = site.signed_up("ada").await;
    // Redirects, files and data calls do not consume the messages.
    visitor.get("/accounts/login/").await;
    visitor.get("/robots.txt").await;
    visitor.get("/members/dashboard").await;
    visitor.call("/api/members/dashboard", &[]).await;
    visitor.get("/apple-touch-icon.png").await;
    let page = visitor.get("/accounts/login").await;
    assert_eq!(page.messages(), ["Account created successfully! Please log in."]);
    assert_eq!(page.header("cache-control"), "private, no-store");
    assert!(visitor.get("/accounts/login").await.messages().is_empty());
    for forged in [
        "x",
        "e30",
        "eyJtZXNzYWdlcyI6Ww",
        "eyJtZXNzYWdlcyI6W3sibGV2ZWwiOiJpbmZvIiwibWVzc2FnZSI6IkNhbGwgMTIzNCJ9XX0",
        // In the place of an address.
        "eyJtZXNzYWdlcyI6W3sibGV2ZWwiOiJpbmZvIiwibWVzc2FnZSI6eyJ3ZWxjb21lIjp7ImVtYWlsIjoiQ2FsbCAxMjM0In19fV19",
    ] {
        visitor.cookies.insert("flash".into(), forged.into());
        let page = visitor.get("/accounts/login").await;
        assert_eq!((page.status, page.messages().len()), (200, 0), "{forged}");
        assert!(!page.text().contains("Call 1234"));
    }
    site.stop().await;
}

#[tokio::test]
async fn no_secret_is_ever_logged() {
    let site = TestSite::start().await;
    let secret = "zq-Canary-Passw0rd-xyz";
    let mut visitor = site.visitor();
    let fields = [
        ("username", "canary"),
        ("email", "canary@example.com"),
        ("password1", secret),
        ("password2", secret),
    ];
    visitor.submit("/accounts/signup", &fields).await;
    visitor.log_in_with("canary", &format!("{secret}-wrong")).await;
    visitor.log_in_with("canary", secret).await;
    let session = visitor.session().expect("a session").to_owned();
    visitor.get(&format!("/members/secret?next=https://u:{secret}@x/&token={secret}")).await;
    visitor.get("/members/dashboard").await;
    visitor.log_out().await;
    assert!(log::contains("Request: GET /members/dashboard"));
    assert!(!log::contains(secret), "a password is in the log");
    assert!(!log::contains(&session), "a session id is in the log");
    assert!(!log::contains(PASSWORD));
    site.stop().await;
}

/// A visitor whose browser refuses cookies must learn why the form is empty; other new visitors see
/// a clean address.
#[tokio::test]
async fn a_browser_without_cookies_is_told_to_allow_them() {
    const NEEDED: &str = "This site needs cookies, but your browser does not send them. Please allow cookies for this site and try again.";
    let site = TestSite::start().await;
    site.signed_up("ada").await;
    for (path, fields, clean) in [
        ("/api/accounts/log_in", [("login", "ada"), ("password", PASSWORD)], "/members/dashboard"),
        ("/api/accounts/log_in", [("login", "ada"), ("password", "wrong")], "/accounts/login"),
        ("/api/accounts/sign_up", [("username", "two words"), ("email", "no")], "/accounts/signup"),
    ] {
        let form_page = if path.ends_with("sign_up") { "/accounts/signup" } else { "/accounts/login" };
        let fields = [fields[0], fields[1], ("form_page", form_page)];
        let mut browser = site.visitor();
        let request = browser
            .request(Method::POST, path)
            .header("origin", format!("http://{}", site.address))
            .form_body(&fields);
        let answer = browser.send(request).await;
        let marked = answer.location().to_owned();
        assert_eq!((answer.status, marked.as_str()), (303, format!("{clean}?cookie_check").as_str()));
        // With cookies, the form is restored under a clean address.
        let mut with = browser.clone();
        let answer = with.get(&marked).await;
        assert_eq!((answer.status, answer.location()), (303, clean));
        assert_eq!(with.get(clean).await.status, 200);
        // Without cookies.
        let mut without = site.visitor();
        let mut page = without.get(&marked).await;
        if page.status == 303 {
            let to = page.location().to_owned();
            without.cookies.clear();
            page = without.get(&to).await;
        }
        assert_eq!((page.status, page.messages()), (200, vec![NEEDED.to_owned()]), "{path}");
        assert!(!page.find_all("main form").is_empty());
    }
    site.stop().await;
}

/// Prefetching by a browser or a proxy must not consume messages.
#[tokio::test]
async fn a_prefetch_does_not_consume_messages() {
    let site = TestSite::start().await;
    let mut visitor = site.signed_up("ada").await;
    let message = "Account created successfully";
    for (header, purpose) in [
        ("sec-purpose", "prefetch"),
        ("sec-purpose", "prefetch;prerender"),
        ("purpose", "prefetch"),
        ("x-moz", "prefetch"),
    ] {
        let request = visitor.request(reqwest::Method::GET, "/accounts/login").header(header, purpose);
        let ahead = visitor.send(request).await;
        assert_eq!(ahead.status, 200);
        assert!(!ahead.text().contains(message), "{header}: {purpose}");
    }
    assert!(visitor.get("/accounts/login").await.text().contains(message));
    assert!(!visitor.get("/accounts/login").await.text().contains(message), "once");
    site.stop().await;
}
