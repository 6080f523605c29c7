use crate::support::{PASSWORD, TestSite};

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
