//! The program itself, as an operator runs it.

use std::{
    io::Write,
    process::{Command, Stdio},
    time::Duration,
};

use crate::support::{
    PASSWORD, TestSite, Visitor,
    database::TestDatabase,
    program::{Serving, program, refused, run, said, text},
};

#[tokio::test]
async fn noinput_creates_a_superuser_who_can_log_in() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    let create = |name: &str, password: &str| {
        let mut command = program(&database, folder.path());
        command.args(["createsuperuser", "--noinput"]).env("SUPERUSER_USERNAME", name);
        command.env("SUPERUSER_EMAIL", "root@example.com").env("SUPERUSER_PASSWORD", password);
        run(&mut command)
    };
    let weak = create("root", "1234");
    assert!(
        !weak.status.success() && text(&weak).contains("password1: This password is too common."),
        "{}",
        text(&weak)
    );
    let made = create("root", PASSWORD);
    assert!(
        made.status.success() && text(&made).contains("Superuser created successfully."),
        "{}",
        text(&made)
    );
    let taken = create("ROOT", PASSWORD);
    assert!(!taken.status.success() && text(&taken).contains("already exists"), "{}", text(&taken));
    let missing = run(program(&database, folder.path()).args(["createsuperuser", "--noinput"]));
    assert!(!missing.status.success() && text(&missing).contains("SUPERUSER_"), "{}", text(&missing));
    let no_terminal = run(program(&database, folder.path()).arg("createsuperuser").stdin(Stdio::null()));
    assert!(!no_terminal.status.success() && text(&no_terminal).contains("--noinput"));
    assert_eq!(
        database.number("SELECT COUNT(*) FROM users WHERE is_superuser = 1 AND is_staff = 1").await,
        1
    );
    let site = TestSite::start_on(database, |_| {}).await;
    assert_eq!(site.visitor().log_in("root").await.location(), "/members/dashboard");
    site.stop().await;
}

#[tokio::test]
async fn a_changed_password_ends_all_sessions() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    let folder = tempfile::tempdir().expect("a folder");
    let change = |name: &str, password: &str| {
        let mut child = program(&site.database, folder.path())
            .args(["changepassword", name])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        writeln!(child.stdin.take().expect("piped"), "{password}").expect("written");
        child.wait_with_output().expect("it ends")
    };
    assert!(text(&change("nobody", "another good one")).contains("there is no user 'nobody'"));
    assert!(text(&change("ada", "short")).contains("too short"));
    assert!(member.is_signed_in().await);
    let changed = change("ada", "another good one");
    assert!(changed.status.success(), "{}", text(&changed));
    assert_eq!(site.database.number("SELECT COUNT(*) FROM sessions").await, 0);
    assert_eq!(site.visitor().log_in("ada").await.location(), "/accounts/login");
    // At once and permanently: the member's cached data must not end the new session.
    let mut renewed = site.visitor();
    assert_eq!(renewed.log_in_with("ada", "another good one").await.location(), "/members/dashboard");
    assert!(renewed.is_signed_in().await && renewed.is_signed_in().await);
    // Another process changed it.
    member.until_signed_out("changepassword").await;
    assert!(renewed.is_signed_in().await);
    site.stop().await;
}

#[tokio::test]
async fn demo_fills_a_development_database_and_opens_sessions() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    let file = folder.path().join("sessions.txt");
    let demo = |environment: &str| {
        run(program(&database, folder.path())
            .args(["demo", "--members", "3", "--sessions"])
            .arg(&file)
            .env("MEMBERS_AREA_SITE__ENVIRONMENT", environment))
    };
    let refused = demo("production");
    assert!(!refused.status.success() && text(&refused).contains("production"), "{}", text(&refused));
    for _ in 0..2 {
        let made = demo("development");
        assert!(made.status.success(), "{}", text(&made));
    }
    assert_eq!(database.number("SELECT COUNT(*) FROM users").await, 3, "twice adds nobody");
    let site = TestSite::start_on(database, |_| {}).await;
    let cookies = std::fs::read_to_string(&file).expect("the file");
    assert_eq!(cookies.lines().count(), 3);
    for (line, name) in cookies.lines().zip(["demo000001", "demo000002", "demo000003"]) {
        let mut visitor: Visitor = site.visitor();
        let (cookie, value) = line.split_once('=').expect("a cookie");
        visitor.cookies.insert(cookie.to_owned(), value.to_owned());
        let page = visitor.get("/members/dashboard").await;
        let first_name = format!("SELECT first_name FROM users WHERE username = '{name}'");
        let first_name = site.database.text(&first_name).await;
        assert!(!first_name.is_empty());
        assert_eq!(page.find("h1"), format!("Welcome, {first_name}!"));
        // The session of the file is the present device, and others of theirs are beside it.
        assert!(page.find_all("[aria-labelledby=devices] li").len() > 1);
        assert_eq!(page.find("[aria-labelledby=devices] .badge"), "This device");
    }
    site.stop().await;
}

#[tokio::test]
async fn demo_makes_up_people_with_a_past_and_the_same_for_the_same_seed() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut names = Vec::new();
    for (seed, members) in [("1", "60"), ("1", "20"), ("2", "20")] {
        let database = TestDatabase::create().await;
        said(program(&database, folder.path()).args(["demo", "--members", members, "--seed", seed]));
        let name = |number: u8| {
            format!("SELECT first_name || ' ' || last_name FROM users WHERE username = 'demo0000{number:02}'")
        };
        let mut all = Vec::new();
        for number in 1..=20 {
            all.push(database.text(&name(number)).await);
        }
        names.push(all);
        if members == "60" {
            let number = async |sql: &str| database.number(sql).await;
            assert_eq!(number("SELECT COUNT(*) FROM groups").await, 3);
            assert!((10..45).contains(&number("SELECT COUNT(*) FROM group_members").await));
            assert!((20..60).contains(&number("SELECT COUNT(*) FROM pictures").await));
            assert_eq!(
                number("SELECT COUNT(*) FROM users WHERE picture_version IS NOT NULL").await,
                number("SELECT COUNT(*) FROM pictures").await
            );
            assert!(number("SELECT COUNT(*) FROM sessions").await > 75, "several devices");
            assert!(number("SELECT COUNT(*) FROM activity WHERE kind = 'login_failed'").await > 20);
            assert!(
                (1..30).contains(&number("SELECT COUNT(*) FROM users WHERE email_verified_at IS NULL").await)
            );
            let days = number("SELECT (MAX(at) - MIN(at)) / 86400000 FROM activity").await;
            assert!((90..=180).contains(&days), "{days} days");
            // A picture is one that could have been uploaded.
            let site = TestSite::start_on(database, |_| {}).await;
            let name = "SELECT MIN(username) FROM users WHERE picture_version IS NOT NULL";
            let name = site.database.text(name).await;
            let mut visitor = site.visitor();
            assert_eq!(
                visitor.log_in_with(&name, "demo members only").await.location(),
                "/members/dashboard"
            );
            let page = visitor.get("/members/dashboard").await;
            let picture = page.attribute("img.portrait", "src").expect("a picture");
            assert_eq!(visitor.get(&picture).await.status, 200);
            site.stop().await;
        } else {
            database.remove().await;
        }
    }
    assert_eq!(names[0], names[1]);
    assert_ne!(names[1], names[2]);
}

#[tokio::test]
async fn expired_sessions_are_cleared() {
    let site = TestSite::start().await;
    site.member("ada").await;
    site.member("bob").await;
    let database = site.halt().await;
    database.execute("UPDATE sessions SET absolute_expires_at = 1 WHERE user_id = (SELECT id FROM users WHERE username = 'ada')").await;
    let folder = tempfile::tempdir().expect("a folder");
    let cleared = run(program(&database, folder.path()).arg("clearsessions"));
    assert!(text(&cleared).contains("1 expired session(s) deleted."), "{}", text(&cleared));
    assert_eq!(database.number("SELECT COUNT(*) FROM sessions").await, 1);
    database.execute("UPDATE users SET delete_after = 1 WHERE username = 'ada'").await;
    database.execute("UPDATE activity SET id = 1, at = 1 WHERE kind = 'login' AND user_id IN (SELECT id FROM users WHERE username = 'bob')").await;
    database.execute("DELETE FROM password_costs").await;
    let swept = run(program(&database, folder.path()).arg("sweep"));
    let sentence = "Deleted 0 expired session(s), 1 old activity line(s), 1 account(s).";
    assert!(text(&swept).contains(sentence), "{}", text(&swept));
    let costs = database.number("SELECT COUNT(*) FROM password_costs").await;
    assert!(costs > 0, "the command does all that the running site does");
    database.remove().await;
}

#[tokio::test]
async fn check_deploy_names_what_is_insecure() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    let insecure = run(program(&database, folder.path())
        .args(["check", "--deploy"])
        .env("MEMBERS_AREA_SERVER__TRUSTED_PROXIES", "[\"0.0.0.0/0\"]"));
    assert!(!insecure.status.success());
    for key in [
        "site.environment",
        "site.base_url",
        "passwords.memory_kib",
        "server.trusted_proxies",
        "mail.transport",
        "log.file",
    ] {
        assert!(text(&insecure).contains(key), "{key} in {}", text(&insecure));
    }
    let secure = run(Command::new(env!("CARGO_BIN_EXE_members-area"))
        .current_dir(folder.path())
        .env_clear()
        .env("MEMBERS_AREA_SITE__ENVIRONMENT", "production")
        .env("MEMBERS_AREA_SITE__BASE_URL", "https://members.test")
        .env("MEMBERS_AREA_MAIL__TRANSPORT", "smtps://mail.test")
        .args(["check", "--deploy"]));
    assert!(secure.status.success(), "{}", text(&secure));
    assert!(
        text(&secure).contains("passwords.min_length is 8: NIST SP 800-63B-4")
            && text(&secure).contains("passwords.breached is off: ")
            && text(&secure).contains("second_factor.totp_skew is 1: ")
            && text(&secure).contains("is valid."),
        "{}",
        text(&secure)
    );
    said(program(&database, folder.path()).arg("migrate"));
    said(program(&database, folder.path()).arg("check"));
    database.remove().await;
}

#[tokio::test]
async fn every_command_has_help_and_every_mistake_an_error_message() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    for command in [
        "serve",
        "migrate",
        "createsuperuser",
        "changepassword",
        "clearsessions",
        "sweep",
        "mails",
        "check",
        "demo",
        "doctor",
        "doctor isolation",
        "user",
        "user list",
        "user show",
        "user activate",
        "user deactivate",
        "user add-to-group",
        "user remove-from-group",
        "user second-factor",
        "rekey",
        "group",
        "group list",
        "group show",
        "group add",
        "group delete",
        "grant",
        "revoke",
        "backup",
        "restore",
        "export",
        "import",
        "import django",
        "cache",
        "passwords",
        "passwords build",
        "cache stats",
        "cache list",
        "cache clear",
        "healthcheck",
        "completions",
        "man",
    ] {
        let help = run(program(&database, folder.path()).args(command.split(' ')).arg("--help"));
        assert!(
            help.status.success() && text(&help).contains("Usage: members-area"),
            "{command}: {}",
            text(&help)
        );
    }
    let wrong =
        run(program(&database, folder.path()).arg("migrate").env("MEMBERS_AREA_SESSIONS__IDEL", "1h"));
    assert!(
        !wrong.status.success() && text(&wrong).contains("MEMBERS_AREA_SESSIONS__IDEL"),
        "{}",
        text(&wrong)
    );
    let unbuilt = run(program(&database, folder.path())
        .arg("serve")
        .env("MEMBERS_AREA_SERVER__ADDRESS", "127.0.0.1:0")
        .env("MEMBERS_AREA_SERVER__SITE_ROOT", folder.path().join("unbuilt")));
    assert!(!unbuilt.status.success() && text(&unbuilt).contains("server.site_root"), "{}", text(&unbuilt));
    let secret = run(program(&database, folder.path())
        .arg("serve")
        .env("MEMBERS_AREA_DATABASE__URL", "postgres://app:hunter2@127.0.0.1:1/none")
        .env("MEMBERS_AREA_DATABASE__ACQUIRE_TIMEOUT", "1s"));
    assert!(!secret.status.success() && !text(&secret).contains("hunter2"), "{}", text(&secret));
    database.remove().await;
}

#[tokio::test]
async fn a_start_that_cannot_work_ends_with_one_sentence_that_names_the_setting() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").to_string();
    let socket = folder.path().join("taken.sock");
    let _taken = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
    let socket = format!("unix:{}", socket.display());
    let file = folder.path().join("file");
    std::fs::write(&file, "no folder").expect("a file");
    let below = file.join("x");
    let (file, below) = (file.display().to_string(), below.display().to_string());
    for (variable, value, said) in [
        ("SERVER__ADDRESS", &port, format!("another program listens on {port}: ")),
        ("SERVER__ADDRESS", &socket, format!("another program listens on {socket}: ")),
        ("SERVER__ADDRESS", &"192.0.2.1:1".to_owned(), "listen on 192.0.2.1:1 (server.address)".to_owned()),
        ("SERVER__SITE_ROOT", &file, format!("(server.site_root): {file}: ")),
        ("LOG__FILE", &below, format!("open the log {below} (log.file): ")),
        (
            "DATABASE__URL",
            &format!("sqlite://{below}"),
            format!("{below}.lock, the lock file of the database (database.url): "),
        ),
    ] {
        let mut command = program(&database, folder.path());
        command.env("MEMBERS_AREA_SERVER__ADDRESS", "127.0.0.1:0");
        command.env("MEMBERS_AREA_SITE__BASE_URL", "http://localhost:3000");
        command.env(format!("MEMBERS_AREA_{variable}"), value);
        let refused = refused(&mut command);
        assert_eq!(refused.lines().count(), 1, "{refused}");
        assert!(refused.starts_with("members-area: ") && refused.contains(&said), "{refused}, not: {said}");
    }
    database.remove().await;
}

#[tokio::test]
async fn serve_stops_on_a_signal_and_keeps_sessions_over_a_restart() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    let log = folder.path().join("log/requests.log");
    let settings =
        [("MEMBERS_AREA_LOG__FILE", log.to_str().expect("a path")), ("MEMBERS_AREA_LOG__MAX_FILE", "400B")];
    let mut cookies = None;
    for (round, signal) in ["-TERM", "-INT"].into_iter().enumerate() {
        let site = Serving::start(&database, folder.path(), &settings);
        let mut visitor = site.visitor();
        if round == 0 {
            visitor.sign_up("ada", "ada@example.com").await;
            visitor.log_in("ada").await;
        } else {
            visitor.cookies = cookies.take().expect("from the first round");
        }
        assert!(visitor.is_signed_in().await, "round {round}");
        cookies = Some(visitor.cookies.clone());
        site.signal(signal);
        let (status, console) = site.ended_within(Duration::from_secs(60));
        assert!(status.success());
        let console = console.join("\n");
        assert!(console.contains("Request: GET /members/secret - Processed in"), "{console}");
    }
    let mut written = String::new();
    for file in std::fs::read_dir(folder.path().join("log")).expect("the log's folder") {
        written += &std::fs::read_to_string(file.expect("a file").path()).expect("text");
    }
    assert!(folder.path().join("log/requests.log.1").is_file(), "begun anew when it is full");
    assert!(
        written.contains("Request: GET /members/secret - Processed in") && written.contains("- Status: 200")
    );
    assert!(!written.contains("cache.compute"), "only requests");
    database.remove().await;
}

/// As `cargo leptos watch` runs it.
#[tokio::test]
async fn serve_is_the_default_command_and_live_reload_uses_the_configured_port() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    let file = folder.path().join("mine.toml");
    std::fs::write(&file, "[site]\nname = 'Elsewhere'\n").expect("written");
    let mut command = program(&database, folder.path());
    command.env("LEPTOS_WATCH", "true").env("LEPTOS_RELOAD_PORT", "4321").arg("--config").arg(&file);
    let site = Serving::run(&mut command, folder.path());
    let page = site.visitor().get("/").await.text();
    assert!(page.contains("Elsewhere"), "{page}");
    assert!(page.contains("4321") && !page.contains("3001"), "{page}");
    site.signal("-TERM");
    assert!(site.ended_within(Duration::from_secs(60)).0.success());
    database.remove().await;
}

#[tokio::test]
async fn two_concurrent_starts_migrate_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let (database, new_file) = (TestDatabase::create().await, |round| {
        format!("sqlite://{}", folder.path().join(format!("{round}.db")).display())
    });
    for round in 0..3 {
        let url = match database.is_embedded() {
            true => new_file(round),
            // An empty schema, instead of the one that is migrated.
            false => {
                let schema = database.text("SELECT current_schema()::text").await;
                let empty = format!("DROP SCHEMA {schema} CASCADE; CREATE SCHEMA {schema}");
                database.execute(&empty).await;
                database.url.clone()
            }
        };
        let starts: Vec<_> = (0..4)
            .map(|_| {
                Command::new(env!("CARGO_BIN_EXE_members-area"))
                    .current_dir(folder.path())
                    .env_clear()
                    .env("MEMBERS_AREA_DATABASE__URL", &url)
                    .arg("migrate")
                    .stderr(Stdio::piped())
                    .stdout(Stdio::piped())
                    .spawn()
                    .expect("the program runs")
            })
            .collect();
        for start in starts {
            let output = start.wait_with_output().expect("it ends");
            assert!(output.status.success(), "{}", text(&output));
        }
    }
    if database.is_embedded() {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(folder.path().join("0.db")).expect("the file").permissions().mode();
        assert_eq!(mode & 0o077, 0, "nobody else on the machine reads it");
    }
    database.remove().await;
}

#[tokio::test]
async fn completions_and_manual_pages_describe_every_command() {
    let folder = tempfile::tempdir().expect("a folder");
    // They are written where there is no site, or one whose settings are broken.
    std::fs::write(folder.path().join("Leptos.toml"), "[site").expect("written");
    let members_area = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_members-area"));
        command.current_dir(folder.path()).env_clear().args(arguments);
        command
    };
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = said(&mut members_area(&["completions", shell]));
        for word in
            ["changepassword", "add-to-group", "second-factor", "rekey", "at-least", "completions", "noinput"]
        {
            assert!(script.contains(word), "{word} for {shell}");
        }
    }
    said(&mut members_area(&["man", "pages/man1"]));
    let page = |name: &str| {
        std::fs::read_to_string(folder.path().join("pages/man1").join(name)).expect("a manual page")
    };
    let first = page("members-area.1");
    assert!(first.starts_with(".ie") && first.contains(".TH members-area 1"), "{first}");
    assert!(first.contains("members\\-area\\-import(1)"), "{first}");
    assert!(page("members-area-import-django.1").contains("Django"));
    assert!(page("members-area-man.1").contains("FOLDER"));
    assert!(page("members-area-user-second-factor.1").contains("reset"));
    assert!(
        page("members-area-passwords-build.1").contains("SHA1")
            && page("members-area-rekey.1").contains("key")
    );

    let unknown = refused(&mut members_area(&["completions", "tcsh"]));
    assert!(unknown.contains("'tcsh'") && unknown.contains("zsh"), "{unknown}");
    let unwritable = refused(&mut members_area(&["man", "Leptos.toml/pages"]));
    assert!(unwritable.contains("cannot write manual pages to Leptos.toml/pages: "), "{unwritable}");
    assert_eq!(unwritable.trim_end().lines().count(), 1, "{unwritable}");
}
