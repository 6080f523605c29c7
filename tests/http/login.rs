use reqwest::Method;

use crate::support::{PASSWORD, TestSite, visitor::FormBody};

const WRONG: &str = "Please enter a correct username or email address and password. Note that the password is case-sensitive.";

#[tokio::test]
async fn login_works_by_username_or_address_in_any_case() {
    let site = TestSite::start().await;
    site.signed_up("Ada").await;
    site.prove("Ada").await;
    for login in ["Ada", "ada", " ADA ", "ada@example.com", "Ada@Example.COM"] {
        let mut visitor = site.visitor();
        let answer = visitor.log_in(login).await;
        assert_eq!((answer.status, answer.location()), (303, "/members/dashboard"), "{login}");
        assert_eq!(visitor.get("/members/dashboard").await.find("h1"), "Welcome, Ada!");
    }
    site.stop().await;
}

#[tokio::test]
async fn unknown_wrong_and_inactive_look_the_same() {
    let site = TestSite::start().await;
    site.signed_up("ada").await;
    site.signed_up("gone").await;
    site.database.execute("UPDATE users SET is_active = 0 WHERE username = 'gone'").await;
    let mut pages = Vec::new();
    for (login, password) in [("nobody", PASSWORD), ("ada", "wrong"), ("gone", PASSWORD), ("a\0b", PASSWORD)]
    {
        let mut visitor = site.visitor();
        let answer = visitor.log_in_with(login, password).await;
        assert_eq!((answer.status, answer.location()), (303, "/accounts/login"));
        assert!(visitor.session().is_none());
        let page = visitor.get("/accounts/login").await;
        assert_eq!(page.form_errors(), [WRONG]);
        assert_eq!(
            page.attribute("[name=login]", "value").unwrap_or_default().replace('\u{FFFD}', "\0"),
            login
        );
        assert_eq!(page.attribute("[name=password]", "value"), None);
        let nonce = page.attribute("script", "nonce").expect("a nonce");
        pages.push(page.text().replace(&nonce, "NONCE").replace(login, "LOGIN"));
    }
    assert_eq!(pages[0], pages[1]);
    assert_eq!(pages[1], pages[2]);
    // The same work: each computes one hash. Scripts get the same answer, too.
    for (login, password) in [("nobody", PASSWORD), ("ada", "wrong"), ("gone", PASSWORD)] {
        let answer =
            site.visitor().call("/api/accounts/log_in", &[("login", login), ("password", password)]).await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (200, r#"{"Refused":[["form","BadCredentials"]]}"#)
        );
    }
    site.stop().await;
}

/// With one slot, no queue and the slot taken, every request for a hash gets 503.
#[tokio::test]
async fn every_login_computes_a_hash() {
    let site = TestSite::start_with(|config| {
        config.passwords.memory_kib = 64 * 1024;
        config.passwords.iterations = 8;
        config.passwords.slots = 1;
        config.passwords.queue = 0;
    })
    .await;
    site.signed_up("ada").await;
    site.signed_up("gone").await;
    site.database.execute("UPDATE users SET is_active = 0 WHERE username = 'gone'").await;
    let mut refused = Vec::new();
    // Repeats until none of them came after the slot was free again.
    while refused.len() < 4 {
        refused.clear();
        let held = site.busy_login("ada").await;
        for login in ["nobody", "ada", "gone", "a\0b"] {
            let status = site.visitor().log_in_with(login, "wrong").await.status;
            if !held.is_finished() {
                refused.push((login, status));
            }
        }
        let _ = held.await;
    }
    assert!(refused.iter().all(|(_, status)| *status == 503), "{refused:?}");
    site.stop().await;
}

/// After signing up with somebody else's address, the login must not reveal whether that person has
/// an account.
#[tokio::test]
async fn only_a_verified_address_logs_in_and_reveals_nothing() {
    let site = TestSite::start().await;
    site.signed_up("ada").await;
    site.prove("ada").await;
    site.signed_up("old").await;
    site.prove("old").await;
    site.database.execute("UPDATE users SET is_active = 0 WHERE username = 'old'").await;
    let own = "my own words for it";
    let mut answers = Vec::new();
    for (number, email) in ["ada@example.com", "old@example.com", "nobody@example.com", "ADA@Example.com"]
        .into_iter()
        .enumerate()
    {
        let name = format!("probe{number}");
        let fields = [("username", name.as_str()), ("email", email), ("password1", own), ("password2", own)];
        assert_eq!(site.visitor().submit("/accounts/signup", &fields).await.location(), "/accounts/login");
        let fields = [("login", email), ("password", own)];
        let answer = site.visitor().call("/api/accounts/log_in", &fields).await;
        answers.push((answer.status, answer.text()));
        assert_eq!(site.visitor().log_in_with(&name, own).await.location(), "/members/dashboard");
    }
    let refused = (200, r#"{"Refused":[["form","BadCredentials"]]}"#.to_owned());
    assert!(answers.iter().all(|answer| *answer == refused), "{answers:?}");
    // As soon as it is confirmed.
    site.prove("probe2").await;
    assert_eq!(site.visitor().log_in_with("nobody@example.com", own).await.location(), "/members/dashboard");
    site.stop().await;
}

/// Both log in with it, each with their own password; neither can lock the other out.
#[tokio::test]
async fn a_username_equal_to_another_members_address_is_kept_apart() {
    let site = TestSite::start().await;
    let (hers, others) = ("the words of its owner", "the words of another");
    for (text, owner_comes_first) in [("carol@corp.example", false), ("ada@corp.example", true)] {
        let by_name =
            [("username", text), ("email", "x@example.com"), ("password1", hers), ("password2", hers)];
        let named = text.replace('@', "-");
        let by_address =
            [("username", named.as_str()), ("email", text), ("password1", others), ("password2", others)];
        let both = if owner_comes_first { [&by_address, &by_name] } else { [&by_name, &by_address] };
        for fields in both {
            let answer = site.visitor().submit("/accounts/signup", fields).await;
            assert_eq!(answer.location(), "/accounts/login", "{text}");
        }
        site.prove(&named).await;
        for (password, name) in [(hers, text), (others, named.as_str())] {
            let mut visitor = site.visitor();
            assert_eq!(visitor.log_in_with(text, password).await.location(), "/members/dashboard", "{name}");
            let heading = visitor.get("/members/dashboard").await.find("h1");
            assert_eq!(heading, format!("Welcome, {name}!"));
        }
        assert_eq!(site.visitor().log_in_with(text, "of neither").await.location(), "/accounts/login");
    }
    site.stop().await;
}

#[tokio::test]
async fn next_is_followed_on_this_site_only() {
    let site = TestSite::start().await;
    site.signed_up("ada").await;
    let own = format!("http://{}/members/profile", site.address);
    let own_relative = format!("//{}/members/profile", site.address);
    let foreign_login = format!("http://{}\\@evil.example", site.address);
    for (next, to) in [
        ("/members/profile", "/members/profile"),
        ("/members/secret?a=b&c=%2F", "/members/secret?a=b&c=%2F"),
        (own.as_str(), "/members/profile"),
        (own_relative.as_str(), "/members/profile"),
        ("", "/members/dashboard"),
        ("http://evil.example/", "/members/dashboard"),
        ("//evil.example/", "/members/dashboard"),
        ("///evil.example/", "/members/dashboard"),
        (r"/\evil.example", "/members/dashboard"),
        (r"\\evil.example", "/members/dashboard"),
        ("http:///evil.example", "/members/dashboard"),
        ("javascript:alert(1)", "/members/dashboard"),
        ("java\nscript:alert(1)", "/members/dashboard"),
        ("\x08//evil.example", "/members/dashboard"),
        ("/.//evil.example", "/members/dashboard"),
        (foreign_login.as_str(), "/members/dashboard"),
        ("http:999999999", "/members/dashboard"),
    ] {
        let query: String =
            form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
        let mut visitor = site.visitor();
        let answer = visitor
            .submit(&format!("/accounts/login?{query}"), &[("login", "ada"), ("password", PASSWORD)])
            .await;
        assert_eq!((answer.status, answer.location()), (303, to), "{next:?}");
    }
    site.stop().await;
}

#[tokio::test]
async fn next_survives_a_wrong_password() {
    let site = TestSite::start().await;
    site.signed_up("ada").await;
    let mut visitor = site.visitor();
    let guarded = visitor.get("/members/profile?tab=1").await;
    assert_eq!(
        (guarded.status, guarded.location()),
        (303, "/accounts/login?next=/members/profile%3Ftab%3D1")
    );
    let login = guarded.location().to_owned();
    let answer = visitor.submit(&login, &[("login", "ada"), ("password", "wrong")]).await;
    assert_eq!(answer.location(), "/accounts/login?next=/members/profile%3Ftab%3D1");
    let answer = visitor.submit(&login, &[("login", "ada"), ("password", PASSWORD)]).await;
    assert_eq!(answer.location(), "/members/profile?tab=1");
    site.stop().await;
}

#[tokio::test]
async fn the_session_id_changes_at_every_login() {
    let site = TestSite::start().await;
    let mut browser = site.member("ada").await;
    site.signed_up("bob").await;
    let first = browser.session().expect("a session").to_owned();
    let mut thief = browser.clone();
    // The same member again, then another one, over the existing session.
    browser.log_in("ada").await;
    let second = browser.session().expect("a session").to_owned();
    browser.log_in("bob").await;
    let third = browser.session().expect("a session").to_owned();
    assert!(first != second && second != third);
    assert_eq!(browser.get("/members/dashboard").await.find("h1"), "Welcome, bob!");
    for old in [first, second] {
        thief.cookies.insert("sessionid".into(), old);
        assert!(!thief.is_signed_in().await);
    }
    assert_eq!(site.database.number("SELECT COUNT(*) FROM sessions").await, 1);
    site.stop().await;
}

#[tokio::test]
async fn a_planted_session_id_never_becomes_a_session() {
    let site = TestSite::start().await;
    let mut browser = site.signed_up("ada").await;
    let planted = "AAAAAAAAAAAAAAAAAAAAAA";
    browser.cookies.insert("sessionid".into(), planted.into());
    browser.log_in("ada").await;
    assert_ne!(browser.session(), Some(planted));
    let mut attacker = site.visitor();
    attacker.cookies.insert("sessionid".into(), planted.into());
    assert!(!attacker.is_signed_in().await);
    site.stop().await;
}

#[tokio::test]
async fn logout_is_by_post_only_and_final() {
    for base in ["", "https://members.test"] {
        logout_on(TestSite::start_with(|config| config.site.base_url = base.into()).await).await;
    }
}

async fn logout_on(site: TestSite) {
    let mut member = site.member("ada").await;
    let confirm = member.get("/accounts/logout").await;
    assert_eq!((confirm.status, confirm.find("h1").as_str()), (200, "Log out"));
    let by_get = member.request(Method::GET, "/api/accounts/log_out");
    assert_eq!(member.send(by_get).await.status, 405);
    assert!(member.is_signed_in().await);
    let before = member.clone();
    let answer = member.log_out().await;
    assert_eq!((answer.status, answer.location()), (303, "/accounts/login"));
    assert_eq!(answer.header("clear-site-data"), "\"cache\", \"storage\"");
    assert!(member.session().is_none(), "the browser is told to forget the cookie");
    assert_eq!(member.get("/accounts/login").await.messages(), ["You have been successfully logged out."]);
    assert!(!before.clone().is_signed_in().await, "the old cookie is worth nothing");
    // Logging out twice is no error.
    assert_eq!(member.post("/api/accounts/log_out", &[]).await.status, 303);
    let page = member.get("/accounts/logout").await;
    assert!(page.find("main").contains("You are not logged in on this device."), "{}", page.text());
    assert_eq!(page.find_all("main form").len(), 0);
    site.stop().await;
}

#[tokio::test]
async fn a_stranger_who_logs_out_is_told_that_they_are_not_logged_in() {
    let site = TestSite::start().await;
    let mut stranger = site.visitor();
    assert_eq!(stranger.log_out().await.location(), "/accounts/login");
    assert_eq!(stranger.get("/accounts/login").await.messages(), ["You are not logged in."]);
    // The second click of an impatient member.
    let mut member = site.member("ada").await;
    let mut again = member.clone();
    member.log_out().await;
    again.log_out().await;
    assert_eq!(again.get("/accounts/login").await.messages(), ["You have been successfully logged out."]);
    site.stop().await;
}

#[tokio::test]
async fn a_member_is_told_who_is_logged_in_in_place_of_a_form() {
    let site = TestSite::start().await;
    let mut member = site.member("carol").await;
    const NEXT: &str = "/accounts/login?next=/members/profile%3Fa%3Db%26c";
    for path in ["/accounts/login", NEXT, "/accounts/signup"] {
        let page = member.get(path).await;
        assert!(page.find("main").contains("You are logged in as carol."), "{path}: {}", page.text());
        assert_eq!(page.find_all("main input:not([type=hidden])"), [""; 0], "{path}");
        assert_eq!(page.attribute("main a.primary", "href").as_deref(), Some("/members/dashboard"));
        assert_eq!(page.form().0, "/api/accounts/log_out", "{path}");
        assert_eq!(page.find("main form button"), "Use another account");
        // Nothing of it in the copy that all visitors share.
        let public = site.visitor().get(path).await;
        assert!(!public.text().contains("carol") && !public.find_all("main input").is_empty(), "{path}");
    }
    // Who then logs in comes to the page that was asked for.
    let (action, hidden) = member.get(NEXT).await.form();
    let hidden: Vec<_> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(hidden, [("next", "/members/profile?a=b&c")]);
    let away = [("next", "https://evil.example/")];
    assert_eq!(member.clone().post(&action, &away).await.location(), "/accounts/login", "of this site only");
    let mut member = site.visitor();
    member.log_in("carol").await;
    assert_eq!(member.post(&action, &hidden).await.location(), NEXT);
    assert!(!member.is_signed_in().await);
    let fields = [("login", "carol"), ("password", PASSWORD)];
    assert_eq!(member.submit(NEXT, &fields).await.location(), "/members/profile?a=b&c");
    site.stop().await;
}

#[tokio::test]
async fn redirects_after_login_and_logout_are_configurable() {
    let site = TestSite::start_with(|config| {
        config.accounts.login_redirect_url = "/members/profile".into();
        config.accounts.logout_redirect_url = "/".into();
        config.accounts.login_url = "/accounts/login".into();
    })
    .await;
    let mut visitor = site.signed_up("ada").await;
    assert_eq!(visitor.log_in("ada").await.location(), "/members/profile");
    assert_eq!(visitor.log_out().await.location(), "/");
    assert_eq!(visitor.get("/").await.messages(), ["You have been successfully logged out."]);
    site.stop().await;
}

#[tokio::test]
async fn an_empty_login_form_says_what_is_missing() {
    let site = TestSite::start().await;
    let mut visitor = site.visitor();
    let request = visitor.request(Method::POST, "/api/accounts/log_in").form_body(&[]);
    let answer = visitor.send(request).await;
    assert_eq!(answer.status, 303);
    let page = visitor.get("/accounts/login").await;
    assert_eq!(page.errors("login"), ["This field is required."]);
    assert_eq!(page.errors("password"), ["This field is required."]);
    assert!(page.attribute("[name=login]", "autofocus").is_some());
    site.stop().await;
}
