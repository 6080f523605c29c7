use std::time::Duration;

use crate::support::{
    PASSWORD, TestSite,
    program::{program, said},
};

#[tokio::test]
async fn changed_parameters_upgrade_the_hash_at_login_without_ending_sessions() {
    let site = TestSite::start().await;
    let mut other_device = site.member("ada").await;
    let old = site.database.text("SELECT password_hash FROM users").await;
    let database = site.halt().await;
    let site = TestSite::start_on(database, |config| config.passwords.iterations = 2).await;
    let mut here = site.visitor();
    here.log_in_with("ada", "wrong").await;
    assert_eq!(site.database.text("SELECT password_hash FROM users").await, old);
    assert_eq!(here.log_in("ada").await.location(), "/members/dashboard");
    let new = site.database.text("SELECT password_hash FROM users").await;
    assert!(old.contains("t=1") && new.contains("m=7168,t=2,p=1"), "{new}");
    other_device = {
        let mut moved = site.visitor();
        moved.cookies = std::mem::take(&mut other_device.cookies);
        moved
    };
    assert!(other_device.is_signed_in().await);
    // The new hash works, too.
    assert_eq!(site.visitor().log_in("ada").await.location(), "/members/dashboard");
    site.stop().await;
}

#[tokio::test]
async fn logins_beyond_the_queue_get_503_and_other_pages_stay_fast() {
    let site = TestSite::start_with(|config| {
        config.passwords.slots = 1;
        config.passwords.queue = 1;
        config.passwords.memory_kib = 32 * 1024;
        config.passwords.iterations = 4;
    })
    .await;
    let logins: Vec<_> = (0..12)
        .map(|_| {
            let mut visitor = site.visitor();
            tokio::spawn(async move {
                visitor.post("/api/accounts/log_in", &[("login", "x"), ("password", "y")]).await
            })
        })
        .collect();
    let mut visitor = site.visitor();
    while !logins.iter().any(|login| login.is_finished()) {
        assert_eq!(visitor.get("/accounts/login").await.status, 200);
    }
    let mut busy = 0;
    for login in logins {
        let answer = login.await.expect("no panic");
        if answer.status == 503 {
            assert_eq!(answer.header("retry-after"), "2");
            assert_eq!(answer.find("main h1"), "Please try again in a moment");
            busy += 1;
        } else {
            assert_eq!(answer.status, 303);
        }
    }
    assert!(busy >= 1, "twelve at once do not fit into one slot and one place to wait");
    site.stop().await;
}

#[tokio::test]
async fn a_very_long_password_at_login_costs_no_more_than_a_short_one() {
    let site = TestSite::start().await;
    site.signed_up("ada").await;
    let mut visitor = site.visitor();
    let answer = visitor.log_in_with("ada", &PASSWORD.repeat(2000)).await;
    assert_eq!(answer.location(), "/accounts/login");
    site.stop().await;
}

/// Anonymous visitors can use half of the queue. Logins from known devices and re-authentication
/// have the rest.
#[tokio::test]
async fn a_flood_of_anonymous_logins_does_not_block_members() {
    let site = TestSite::start_with(|config| {
        config.passwords.slots = 1;
        config.passwords.queue = 8;
        config.passwords.memory_kib = 16 * 1024;
        config.passwords.iterations = 3;
    })
    .await;
    let mut known = site.member("ada").await;
    let mut signed_in = site.member("bob").await;
    let flood: Vec<_> = (0..24)
        .map(|_| {
            let mut stranger = site.visitor();
            tokio::spawn(async move {
                let mut busy = 0;
                for _ in 0..8 {
                    let fields = [("login", "nobody"), ("password", "y")];
                    busy += usize::from(stranger.post("/api/accounts/log_in", &fields).await.status == 503);
                }
                busy
            })
        })
        .collect();
    let mut rounds = 0;
    while rounds < 2 || !flood.iter().all(|stranger| stranger.is_finished()) {
        assert_eq!(known.log_in("ada").await.location(), "/members/dashboard");
        let again = signed_in.call("/api/accounts/reauthenticate", &[("password", PASSWORD)]).await;
        assert_eq!((again.status, again.text().as_str()), (200, r#""Accepted""#));
        rounds += 1;
    }
    let mut busy = 0;
    for stranger in flood {
        busy += stranger.await.expect("no panic");
    }
    assert!(busy > 0, "the queue of strangers was full");
    site.stop().await;
}

/// The old password is checked in the transaction that replaces it and ends the other sessions.
#[tokio::test]
async fn of_concurrent_password_changes_one_succeeds_and_keeps_its_session() {
    let site = TestSite::start().await;
    let mut devices = vec![site.member("ada").await];
    for _ in 0..7 {
        let mut device = site.visitor();
        device.log_in("ada").await;
        devices.push(device);
    }
    let changes: Vec<_> = devices
        .into_iter()
        .enumerate()
        .map(|(number, mut device)| {
            tokio::spawn(async move {
                let new = format!("another horse battery {number}");
                let fields =
                    [("old_password", PASSWORD), ("password1", new.as_str()), ("password2", new.as_str())];
                let answer = device.call("/api/accounts/change_password", &fields).await;
                (answer.text() == r#""Accepted""#, new, device)
            })
        })
        .collect();
    let mut accepted = 0;
    for change in changes {
        let (is_accepted, new, mut device) = change.await.expect("no panic");
        assert_eq!(device.is_signed_in().await, is_accepted, "{new}");
        let can_log_in = site.visitor().log_in_with("ada", &new).await.location() == "/members/dashboard";
        assert_eq!(can_log_in, is_accepted, "{new}");
        accepted += usize::from(is_accepted);
    }
    assert_eq!(accepted, 1);
    let changed = "SELECT COUNT(*) FROM activity WHERE kind = 'password_changed'";
    assert_eq!(site.database.number(changed).await, 1);
    site.stop().await;
}

/// Keyboards send the same letters in different Unicode forms.
#[tokio::test]
async fn a_password_matches_in_every_unicode_form() {
    let site = TestSite::start().await;
    let (composed, decomposed) =
        ("caf\u{e9} cr\u{e8}me br\u{fb}l\u{e9}e", "cafe\u{301} cre\u{300}me bru\u{302}le\u{301}e");
    for (name, first, second) in [("ada", composed, decomposed), ("bob", decomposed, composed)] {
        let email = format!("{name}@example.com");
        let fields =
            [("username", name), ("email", email.as_str()), ("password1", first), ("password2", second)];
        assert_eq!(site.visitor().submit("/accounts/signup", &fields).await.location(), "/accounts/login");
        for typed in [first, second] {
            let mut visitor = site.visitor();
            assert_eq!(visitor.log_in_with(name, typed).await.location(), "/members/dashboard", "{typed:?}");
            let again = visitor.call("/api/accounts/reauthenticate", &[("password", typed)]).await;
            assert_eq!(again.text(), r#""Accepted""#, "{typed:?}");
        }
    }
    site.stop().await;
}

/// As long as there is an imported hash, every failed login costs as much as verifying it.
#[tokio::test]
async fn the_cost_of_imported_hashes_is_known_while_they_exist() {
    const IMPORTED: &str =
        "SELECT COUNT(*) FROM password_costs WHERE cost IN ('pbkdf2_sha256 1000', 'bcrypt 4')";
    let site = TestSite::start().await;
    site.signed_up("ada").await;
    let folder = tempfile::tempdir().expect("a folder");
    let line = |name: &str, hash: &str| {
        format!(
            r#"{{"user":{{"username":"{name}","email":"","password_hash":"{hash}","first_name":"","last_name":"","is_active":true,"is_staff":false,"is_superuser":false,"date_joined":"2026-01-01T00:00:00.000Z","groups":[],"permissions":[]}}}}"#
        )
    };
    let lines = [
        r#"{"header":{"format":"members-area","version":1,"at":"2026-01-01T00:00:00.000Z"}}"#.to_owned(),
        line("eva", "pbkdf2_sha256$1000$seasalt$DrdiWD40lyBuydnjvZiDrdQMx1S1mOA9O0QYex0R6ww="),
        line("kim", "bcrypt$$2b$04$tCr58A24qRgFTAr8Rq2TP.OEz.DDW8K3nuy/y83f8ETzNWbeZZbGC"),
        r#"{"end":{"groups":0,"users":2}}"#.to_owned(),
    ];
    let file = folder.path().join("people.jsonl");
    std::fs::write(&file, lines.join("\n")).expect("a file");
    said(program(&site.database, folder.path()).arg("import").arg(&file).arg("--dry-run"));
    assert_eq!(site.database.number(IMPORTED).await, 0, "a rehearsal changes nothing");
    said(program(&site.database, folder.path()).arg("import").arg(&file));
    assert_eq!(site.database.number(IMPORTED).await, 2);
    assert_eq!(site.visitor().log_in_with("nobody", "wrong").await.location(), "/accounts/login");
    assert_eq!(
        site.visitor().log_in_with("eva", "correct horse battery").await.location(),
        "/members/dashboard"
    );
    // There is no hash of the one kind any more, and still one of the other.
    site.clock.advance(Duration::from_secs(25 * 60 * 60));
    site.database.until(IMPORTED, |count| count == 1).await;
    assert_eq!(site.database.text("SELECT cost FROM password_costs WHERE cost LIKE 'b%'").await, "bcrypt 4");
    assert_eq!(
        site.database.number("SELECT COUNT(*) FROM password_costs WHERE cost = 'own 7168 1 1'").await,
        1
    );
    site.stop().await;
}
