use crate::export::{EXPORT, read};
use crate::support::{PASSWORD, Page, TestSite, authenticator::SECOND};

/// A site with the default that most tests do without.
async fn site_that_logs_in() -> TestSite {
    TestSite::start_with(|config| config.accounts.login_after_sign_up = true).await
}

#[tokio::test]
async fn sign_up_logs_in_and_says_which_email_was_sent() {
    let site = site_that_logs_in().await;
    let mut visitor = site.visitor();
    let answer = visitor.sign_up("ada", " ada@Example.com ").await;
    assert_eq!((answer.status, answer.location()), (303, "/members/dashboard"));
    let page = visitor.get("/members/dashboard").await;
    assert_eq!(page.messages(), ["Welcome! We have sent a confirmation link to ada@example.com."]);
    assert_eq!(page.attribute(".messages .message", "role").as_deref(), Some("status"));
    assert!(visitor.get("/members/dashboard").await.messages().is_empty(), "once");
    // Like any other login.
    let log = visitor.get("/members/activity").await.find_all("main .log .what");
    assert_eq!(log, ["Logged in", "Account created"]);
    for sql in [
        "SELECT COUNT(*) FROM users WHERE last_login IS NOT NULL AND last_login_method = 'password'",
        "SELECT COUNT(*) FROM known_devices",
        "SELECT COUNT(*) FROM sessions",
    ] {
        assert_eq!(site.database.number(sql).await, 1, "{sql}");
    }
    for cookie in ["sessionid", "device", "last_login"] {
        assert!(visitor.cookies.contains_key(cookie), "{cookie} in {:?}", visitor.cookies);
    }
    site.all_mails_sent().await;
    assert_eq!(site.mails_to("ada@example.com").len(), 1);
    site.stop().await;
}

/// Somebody signs up in a browser where another member is logged in.
#[tokio::test]
async fn a_sign_up_ends_the_session_of_another_member() {
    let site = site_that_logs_in().await;
    let mut shared = site.visitor();
    shared.sign_up("ada", "ada@example.com").await;
    let mut of_ada = shared.clone();
    let fields =
        [("username", "bob"), ("email", "bob@example.com"), ("password1", PASSWORD), ("password2", PASSWORD)];
    let answer = shared.post("/api/accounts/sign_up", &fields).await;
    assert_eq!(answer.location(), "/members/dashboard");
    assert_eq!(
        shared.get("/members/profile").await.attribute("[name=username]", "value").as_deref(),
        Some("bob")
    );
    assert!(!of_ada.is_signed_in().await);
    site.stop().await;
}

/// The answer, the page that it leads to and what the browser is given are alike, whoever owns the
/// address.
#[tokio::test]
async fn a_sign_up_with_an_address_that_has_an_account_logs_in_alike() {
    let site = site_that_logs_in().await;
    site.visitor().sign_up("owner", "owner@example.com").await;
    site.prove("owner").await;
    let sign_up = async |name: &'static str, email: &'static str| {
        let mut visitor = site.visitor();
        let answer = visitor.sign_up(name, email).await;
        let page = visitor.get(answer.location()).await;
        let names: Vec<_> = visitor.cookies.keys().cloned().collect();
        let seen = (seen(&answer, name, email), names, seen(&page, name, email));
        (visitor, seen, page.messages())
    };
    let (mut free, seen_of_free, _) = sign_up("mallory", "other@example.com").await;
    let (mut taken, seen_of_taken, messages) = sign_up("malvina", "owner@example.com").await;
    assert_eq!(seen_of_free, seen_of_taken);
    assert_eq!(messages, ["Welcome! We have sent a confirmation link to owner@example.com."]);
    site.mail_to("owner@example.com", "You already have an account", 1).await;
    // What becomes of the mails, and of those that can be asked for.
    for visitor in [&mut free, &mut taken] {
        assert_eq!(visitor.post("/api/accounts/ask_for_verification", &[]).await.status, 303);
    }
    for email in ["other@example.com", "owner@example.com"] {
        site.visitor().submit("/accounts/password_reset", &[("email", email)]).await;
        site.mail_to(email, "Set a new password", 1).await;
    }
    site.all_mails_sent().await;
    for visitor in [&mut free, &mut taken] {
        let page = visitor.get("/members/activity").await;
        assert_eq!(page.find_all("main .log .what"), ["Logged in", "Account created"]);
        let copy = read(&visitor.post(EXPORT, &[]).await).json;
        let links = copy["links_in_mails"].as_array().expect("a list");
        assert_eq!(links.iter().map(|link| &link["purpose"]).collect::<Vec<_>>(), ["sign_up"]);
    }
    site.stop().await;
}

/// What a visitor sees of an answer: its status, its cookies without their values, its text without
/// times.
fn seen(answer: &Page, name: &str, email: &str) -> (u16, Vec<String>, String) {
    let without_times = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "0");
    let cookies = answer.headers.get_all("set-cookie").iter().map(|cookie| {
        let cookie = cookie::Cookie::parse(cookie.to_str().expect("ASCII")).expect("a cookie");
        let hidden = "x".repeat(cookie.value().len());
        without_times(&cookie.to_string().replace(cookie.value(), &hidden))
    });
    let text = answer.find("main").replace(name, "NAME").replace(email, "EMAIL");
    (answer.status, cookies.collect(), without_times(&text))
}

#[tokio::test]
async fn an_address_that_must_be_confirmed_is_confirmed_before_the_first_login() {
    let site = TestSite::start_with(|config| {
        config.accounts.login_after_sign_up = true;
        config.accounts.require_verified_email = true;
    })
    .await;
    let mut visitor = site.visitor();
    let answer = visitor.sign_up("ada", "ada@example.com").await;
    assert_eq!((answer.status, answer.location()), (303, "/accounts/login"));
    assert!(visitor.session().is_none());
    assert_eq!(
        visitor.get("/accounts/login").await.messages(),
        ["We have sent a confirmation link to ada@example.com. Open it, then log in."]
    );
    site.stop().await;
}

/// The response was lost, and the form is sent again: only whoever has the password logs in by it,
/// and by all that the account asks for.
#[tokio::test]
async fn a_repeated_sign_up_logs_in_by_the_rules_of_a_login() {
    let site = site_that_logs_in().await;
    let sign_up = async |password: &'static str| {
        let mut visitor = site.visitor();
        let fields = [
            ("username", "ada"),
            ("email", "ada@example.com"),
            ("password1", password),
            ("password2", password),
        ];
        let location = visitor.submit("/accounts/signup", &fields).await.location().to_owned();
        (visitor, location)
    };
    let (_, first) = sign_up(PASSWORD).await;
    let (mut again, second) = sign_up(PASSWORD).await;
    assert_eq!([first.as_str(), &second], ["/members/dashboard"; 2]);
    assert!(again.is_signed_in().await);
    let (mut other, refused) = sign_up("another horse battery").await;
    assert_eq!((refused.as_str(), other.is_signed_in().await), ("/accounts/signup", false));
    site.set_up_app(&mut again).await;
    let (mut half, location) = sign_up(PASSWORD).await;
    assert_eq!((location.as_str(), half.is_signed_in().await), (SECOND, false));
    site.database.execute("UPDATE users SET is_active = 0").await;
    let (mut gone, location) = sign_up(PASSWORD).await;
    assert_eq!((location.as_str(), gone.is_signed_in().await), ("/accounts/signup", false));
    site.stop().await;
}

#[tokio::test]
async fn sign_up_creates_an_account_and_the_login_page_says_so_once() {
    let site = TestSite::start().await;
    let mut visitor = site.visitor();
    let answer = visitor.sign_up("ada", "ada@example.com").await;
    assert_eq!((answer.status, answer.location()), (303, "/accounts/login"));
    let page = visitor.get("/accounts/login").await;
    assert_eq!(page.messages(), ["Account created successfully! Please log in."]);
    assert_eq!(page.attribute(".messages .message", "role").as_deref(), Some("status"));
    assert!(visitor.get("/accounts/login").await.messages().is_empty());
    let hash = site.database.text("SELECT password_hash FROM users").await;
    assert!(hash.starts_with("$argon2id$v=19$m=7168,t=1,p=1$"), "{hash}");
    site.stop().await;
}

#[tokio::test]
async fn all_errors_are_shown_at_once_each_at_its_field() {
    let site = TestSite::start().await;
    let mut visitor = site.visitor();
    let fields =
        [("username", "two words"), ("email", "nowhere"), ("password1", "1234"), ("password2", "12345")];
    let answer = visitor.submit("/accounts/signup", &fields).await;
    assert_eq!((answer.status, answer.location()), (303, "/accounts/signup"));
    let page = visitor.get("/accounts/signup").await;
    assert_eq!(
        page.errors("username"),
        ["Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters."]
    );
    assert_eq!(page.errors("email"), ["Enter a valid email address."]);
    assert_eq!(
        page.errors("password1"),
        [
            "This password is too short. It must contain at least 8 characters.",
            "This password is too common.",
            "This password is entirely numeric."
        ]
    );
    assert_eq!(page.errors("password2"), ["The two password fields didn’t match."]);
    site.stop().await;
}

#[tokio::test]
async fn a_taken_username_is_shown_with_all_other_errors() {
    let site = TestSite::start().await;
    site.signed_up("ada").await;
    let mut visitor = site.visitor();
    let fields = [("username", "ADA"), ("email", "nowhere"), ("password1", "1234"), ("password2", "12345")];
    visitor.submit("/accounts/signup", &fields).await;
    let page = visitor.get("/accounts/signup").await;
    assert_eq!(page.errors("username"), ["A user with that username already exists."]);
    assert_eq!(["email", "password1", "password2"].map(|field| page.errors(field).len()), [1, 3, 1]);
    site.stop().await;
}

/// The response was lost, and the form is sent again.
#[tokio::test]
async fn a_repeated_sign_up_reports_success() {
    let site = TestSite::start().await;
    let taken = ["A user with that username already exists."];
    let sign_up = async |name: &str, email: &str, password: &str| {
        let mut visitor = site.visitor();
        let fields = [("username", name), ("email", email), ("password1", password), ("password2", password)];
        let answer = visitor.submit("/accounts/signup", &fields).await;
        (answer.location().to_owned(), visitor.get("/accounts/signup").await.errors("username"))
    };
    site.signed_up("ada").await;
    for _ in 0..2 {
        let (location, errors) = sign_up("ada", "ada@example.com", PASSWORD).await;
        assert_eq!((location.as_str(), errors), ("/accounts/login", vec![]));
    }
    for (name, email, password) in [
        ("ada", "ada@example.com", "another horse battery"),
        ("ada", "other@example.com", PASSWORD),
        ("Ada", "ada@example.com", PASSWORD),
    ] {
        assert_eq!(sign_up(name, email, password).await.1, taken, "{name} {email}");
    }
    site.clock.advance(std::time::Duration::from_secs(601));
    assert_eq!(sign_up("ada", "ada@example.com", PASSWORD).await.1, taken);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM users").await, 1);
    site.all_mails_sent().await;
    assert_eq!(site.mails_to("ada@example.com").len(), 1);
    site.stop().await;
}

/// A form sent twice at once, as by a double click.
#[tokio::test]
async fn two_concurrent_identical_sign_ups_both_report_success() {
    let site = TestSite::start().await;
    let both: Vec<_> = (0..4)
        .map(|_| {
            let mut visitor = site.visitor();
            tokio::spawn(async move { visitor.sign_up("ada", "ada@example.com").await.location().to_owned() })
        })
        .collect();
    for one in both {
        assert_eq!(one.await.expect("no panic"), "/accounts/login");
    }
    assert_eq!(site.database.number("SELECT COUNT(*) FROM users").await, 1);
    site.stop().await;
}

/// It costs as many hashes as a successful sign-up, so its time reveals nothing about the address
/// or the password.
#[tokio::test]
async fn a_taken_username_costs_a_hash() {
    let site = TestSite::start_with(|config| {
        config.passwords.memory_kib = 64 * 1024;
        config.passwords.iterations = 8;
        config.passwords.slots = 1;
        config.passwords.queue = 0;
    })
    .await;
    site.signed_up("ada").await;
    let mut refused = Vec::new();
    while refused.len() < 2 {
        refused.clear();
        let held = site.busy_login("ada").await;
        for email in ["ada@example.com", "other@example.com"] {
            let status = site.visitor().sign_up("ada", email).await.status;
            if !held.is_finished() {
                refused.push(status);
            }
        }
        let _ = held.await;
    }
    assert_eq!(refused, [503, 503]);
    site.stop().await;
}

#[tokio::test]
async fn an_empty_form_has_an_error_at_every_field() {
    let site = TestSite::start().await;
    let mut visitor = site.visitor();
    for fields in [
        &[][..],
        &[("username", ""), ("email", ""), ("password1", ""), ("password2", "")],
        &[("username", " "), ("email", "\t")],
    ] {
        visitor.submit("/accounts/signup", fields).await;
        let page = visitor.get("/accounts/signup").await;
        for field in ["username", "email", "password1", "password2"] {
            assert_eq!(page.errors(field), ["This field is required."], "{field} of {fields:?}");
        }
    }
    site.stop().await;
}

#[tokio::test]
async fn names_that_differ_in_case_or_form_only_are_taken() {
    let site = TestSite::start().await;
    site.signed_up("Élodie").await;
    for name in ["élodie", "ÉLODIE", "E\u{301}lodie", "É\u{3164}lodie"] {
        let mut visitor = site.visitor();
        visitor.sign_up(name, "other@example.com").await;
        let page = visitor.get("/accounts/signup").await;
        assert_eq!(page.errors("username"), ["A user with that username already exists."], "{name}");
    }
    assert_eq!(site.database.number("SELECT COUNT(*) FROM users").await, 1);
    // Invisible characters are not stored.
    site.visitor().sign_up("j\u{3164}oe\u{115F}", "joe@example.com").await;
    assert_eq!(site.database.text("SELECT username FROM users WHERE username_key = 'joe'").await, "joe");
    site.stop().await;
}

#[tokio::test]
async fn of_concurrent_sign_ups_with_one_name_one_wins() {
    let site = TestSite::start().await;
    let attempts: Vec<_> = ["zoe", "ZOE", "Zoe", "zOe", "zoE", "ZOe", "zOE", "ZoE"]
        .map(|name| {
            let mut visitor = site.visitor();
            tokio::spawn(async move {
                let location = visitor.sign_up(name, "zoe@example.com").await.location().to_owned();
                (location, visitor.get("/accounts/signup").await.errors("username"))
            })
        })
        .into();
    let mut winners = 0;
    for attempt in attempts {
        match attempt.await.expect("no panic") {
            (location, errors) if location == "/accounts/login" => {
                assert!(errors.is_empty());
                winners += 1;
            }
            (_, errors) => assert_eq!(errors, ["A user with that username already exists."]),
        }
    }
    assert_eq!(winners, 1);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM users").await, 1);
    site.stop().await;
}

/// Constraints of the database itself.
#[tokio::test]
async fn the_database_refuses_a_name_that_is_taken_or_empty() {
    let site = TestSite::start().await;
    site.signed_up("ada").await;
    let insert = |id: i64, key: &str| {
        format!(
            "INSERT INTO users (id, username, username_key, email, email_key, password_hash, session_stamp, is_active, \
             is_staff, is_superuser, date_joined) SELECT {id}, 'x', '{key}', '', '', '', session_stamp, 1, 0, 0, 0 FROM users"
        )
    };
    let mut connection = site.database.connect().await;
    for (key, constraint) in [("ada", "username_"), ("", "users_username_not_empty")] {
        let error = sqlx::query(sqlx::AssertSqlSafe(insert(1, key)))
            .execute(&mut connection)
            .await
            .expect_err("refused")
            .to_string();
        assert!(error.contains(constraint), "{error}");
    }
    drop(connection);
    site.stop().await;
}

#[tokio::test]
async fn a_second_sign_up_with_an_address_reveals_nothing() {
    let site = TestSite::start().await;
    site.signed_up("ada").await;
    let mut other = site.visitor();
    let answer = other.sign_up("other", "ADA@example.com").await;
    assert_eq!(answer.location(), "/accounts/login");
    // The address still logs in the first account.
    site.prove("ada").await;
    let mut first = site.visitor();
    first.log_in("ada@example.com").await;
    assert_eq!(first.get("/members/dashboard").await.find("h1"), "Welcome, ada!");
    site.stop().await;
}

#[tokio::test]
async fn passwords_in_any_script_up_to_4096_bytes_work() {
    let site = TestSite::start().await;
    let long = "ab c".repeat(1024);
    let too_long = format!("{long}d");
    for (name, password, accepted) in
        [("one", " секвойя 🦀 ", true), ("two", long.as_str(), true), ("three", too_long.as_str(), false)]
    {
        let mut visitor = site.visitor();
        let fields = [
            ("username", name),
            ("email", "a@example.com"),
            ("password1", password),
            ("password2", password),
        ];
        visitor.submit("/accounts/signup", &fields).await;
        if accepted {
            assert_eq!(visitor.log_in_with(name, password).await.location(), "/members/dashboard", "{name}");
            assert_ne!(
                site.visitor().log_in_with(name, password.trim_end_matches([' ', 'c'])).await.location(),
                "/members/dashboard"
            );
        } else {
            let page = visitor.get("/accounts/signup").await;
            assert_eq!(
                page.errors("password1"),
                ["This password is too long. It must contain at most 4096 bytes."]
            );
        }
    }
    assert_eq!(site.database.number("SELECT COUNT(*) FROM users").await, 2);
    site.stop().await;
}
