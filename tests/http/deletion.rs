//! `/members/delete`: requested, cancelled by a login, done after seven days.

use std::time::Duration;

use crate::support::{PASSWORD, TestSite, Visitor};

const PAGE: &str = "/members/delete";
const DAY: Duration = Duration::from_secs(86_400);

async fn ask(member: &mut Visitor, name: &str) {
    let answer = member.submit(PAGE, &[("username", name)]).await;
    assert_eq!((answer.status, answer.location()), (303, "/accounts/login"), "{}", answer.text());
}

fn let_a_week_pass(site: &TestSite) {
    site.clock.advance(7 * DAY + Duration::from_secs(1));
}

#[tokio::test]
async fn it_must_be_confirmed_with_the_username() {
    let site = TestSite::start().await;
    let mut member = site.member("Ada").await;
    let page = member.get(PAGE).await;
    assert_eq!((page.status, page.find("h1").as_str()), (200, "Delete your account"));
    assert_eq!(page.find("main strong"), "Ada");
    let until = site.database.number("SELECT last_login FROM users").await + 7 * 86_400_000;
    let shown = page.attribute(".terms time", "datetime").expect("a time");
    let expected = time::OffsetDateTime::from_unix_timestamp(until / 1000).expect("a time");
    assert!(shown.starts_with(&expected.date().to_string()), "{shown}");
    for (typed, sentence) in [
        ("", "This field is required."),
        ("bob", "That doesn’t match. Type your username exactly as shown above."),
        ("Ada\0", "That doesn’t match. Type your username exactly as shown above."),
    ] {
        let answer = member.submit(PAGE, &[("username", typed)]).await;
        assert_eq!((answer.status, answer.location()), (303, PAGE));
        let page = member.get(PAGE).await;
        assert_eq!(page.errors("username"), [sentence], "{typed:?}");
    }
    let long = "x".repeat(20_000);
    let answer = member.call("/api/members/delete", &[("username", &long)]).await;
    assert_eq!(answer.text(), r#"{"Refused":[["username","UsernameIncorrect"]]}"#);
    assert!(member.is_signed_in().await);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM users WHERE delete_after IS NOT NULL").await, 0);
    ask(&mut member, " ADA ").await;
    site.stop().await;
}

#[tokio::test]
async fn it_ends_every_session_and_states_the_grace_period() {
    let site = TestSite::start_with(|config| {
        config.accounts.deletion_delay = members_area::base::config::Period::days(14)
    })
    .await;
    let mut here = site.member("ada").await;
    let mut there = site.visitor();
    there.log_in("ada").await;
    let row = site.database.text("SELECT data FROM sessions ORDER BY created_at DESC LIMIT 1").await;
    let before = site.clock.now();
    ask(&mut here, "ada").await;
    assert!(here.session().is_none());
    assert_eq!(
        here.get("/accounts/login").await.messages(),
        ["Your account will be deleted in 14 days. To keep it, log in before then."]
    );
    assert!(!here.is_signed_in().await && !there.is_signed_in().await);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM sessions").await, 0);
    assert_eq!(
        site.database.number("SELECT COUNT(*) FROM activity WHERE kind = 'deletion_requested'").await,
        1
    );
    let due = site.database.number("SELECT delete_after FROM users").await;
    assert!((before..before + 60_000).contains(&(due - 14 * 86_400_000)), "{due}");
    // A login that was in progress when deletion was requested opens its session only now; the
    // session is invalid all the same.
    let mut late = there.clone();
    late.cookies.insert("sessionid".into(), planted(&site, &row).await);
    assert!(!late.is_signed_in().await);
    site.stop().await;
}

/// Inserts a session with this data and returns its cookie's value.
async fn planted(site: &TestSite, data: &str) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use sha2::{Digest, Sha256};
    let id: i128 = 42;
    let hex: String = Sha256::digest(id.to_be_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let (now, user) = (site.clock.now(), site.user_id("ada").await);
    site.database
        .execute(&format!(
            "INSERT INTO sessions (id_hash, user_id, data, created_at, last_seen_at, idle_expires_at, absolute_expires_at, address, agent) \
             VALUES ({}, {user}, '{data}', {now}, {now}, {later}, {later}, '', '')",
            site.database.bytes(&hex),
            later = now + 86_400_000,
        ))
        .await;
    URL_SAFE_NO_PAD.encode(id.to_le_bytes())
}

#[tokio::test]
async fn a_login_in_time_cancels_it() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    ask(&mut member, "ada").await;
    site.clock.advance(6 * DAY);
    // A wrong password does not cancel it.
    member.log_in_with("ada", "wrong").await;
    assert_eq!(site.database.number("SELECT COUNT(*) FROM users WHERE delete_after IS NOT NULL").await, 1);
    member.cookies.clear();
    assert_eq!(member.log_in("ada").await.location(), "/members/dashboard");
    let page = member.get("/members/dashboard").await;
    assert_eq!(page.messages(), ["Welcome back. Your account will not be deleted."]);
    let lines = member.get("/members/activity").await.find_all("main .log .what");
    assert!(lines.contains(&"Account deletion cancelled".to_owned()), "{lines:?}");
    assert!(lines.contains(&"Account deletion requested".to_owned()), "{lines:?}");
    // The account of somebody who did not come back shows that a sweep has run.
    ask(&mut site.member("bob").await, "bob").await;
    let_a_week_pass(&site);
    site.database.until("SELECT COUNT(*) FROM users", |count| count == 1).await;
    assert_eq!(member.log_in("ada").await.location(), "/members/dashboard");
    assert!(member.get("/members/dashboard").await.messages().is_empty());
    site.stop().await;
}

#[tokio::test]
async fn after_the_grace_period_every_row_is_deleted_and_the_name_is_free() {
    let site = TestSite::start_without_mail().await;
    let mut ada = site.member("ada-canary").await;
    site.member("bob").await;
    let id = site.user_id("ada-canary").await;
    site.database.fill_every_table(id, "ada-canary").await;
    site.database.fill_every_table(site.user_id("bob").await, "of-bob").await;
    let of_ada = |lines: &[String]| -> Vec<String> {
        lines
            .iter()
            // Other processes are told her number, of the deletion too; the newest thousand stay.
            .filter(|line| !line.starts_with("announcements:"))
            .filter(|line| line.contains("ada-canary") || line.contains(&id.to_string()))
            .cloned()
            .collect()
    };
    let tables_of = |lines: &[String]| -> std::collections::BTreeSet<String> {
        lines.iter().filter_map(|line| line.split_once(':')).map(|(table, _)| table.to_owned()).collect()
    };
    // Every table that can hold data of a member has some of hers.
    let owned: Vec<String> = site
        .database
        .tables()
        .await
        .into_iter()
        // SQLite's search index reads the table itself.
        .filter(|(table, columns)| {
            ["users", "users_search", "changes"].contains(&table.as_str())
                || columns.contains(&"user_id".to_owned())
        })
        .map(|(table, _)| table)
        .collect();
    let before = site.database.everything().await;
    assert_eq!(tables_of(&of_ada(&before)).into_iter().collect::<Vec<_>>(), owned);
    ask(&mut ada, "ada-canary").await;
    let_a_week_pass(&site);
    site.database.until(&format!("SELECT COUNT(*) FROM users WHERE id = {id}"), |count| count == 0).await;
    let after = site.database.everything().await;
    assert_eq!(of_ada(&after), Vec::<String>::new());
    // Her actions as staff remain, without her name.
    let deeds = "SELECT COUNT(*) FROM changes WHERE at = 9600 AND actor_id IS NULL AND actor = ''";
    assert_eq!(site.database.number(deeds).await, 1);
    let of_bob = tables_of(&after);
    // These expire within the week; and a mail that confirms an address is useless after
    // confirmation.
    let over = [
        "factor_recoveries",
        "mail_logins",
        "mails",
        "passkey_challenges",
        "pending_logins",
        "sessions",
        "tokens",
    ];
    assert!(owned.iter().all(|table| over.contains(&table.as_str()) || of_bob.contains(table)), "{of_bob:?}");
    // The address is free, too.
    let mut next = site.member("ada-canary").await;
    assert_eq!(next.get("/members/dashboard").await.find("h1"), "Welcome, ada-canary!");
    assert_eq!(next.get("/members/activity").await.find_all("main .log li").len(), 2);
    site.stop().await;
}

#[tokio::test]
async fn a_due_account_cannot_log_in_and_a_swept_one_is_not_cached() {
    let site = TestSite::start_with(|config| {
        config.sessions.cache_ttl = members_area::base::config::Period::days(1);
        config.cache.dashboard_ttl = members_area::base::config::Period::days(1);
    })
    .await;
    let mut member = site.member("ada").await;
    assert_eq!(member.get("/members/dashboard").await.status, 200);
    // The sweep runs every ten minutes and has not run yet.
    site.database.execute("UPDATE users SET delete_after = 1").await;
    let mut again = site.visitor();
    assert_eq!(again.log_in_with("ada", PASSWORD).await.location(), "/accounts/login");
    assert!(
        again.get("/accounts/login").await.form_errors()[0].starts_with("Please enter a correct username")
    );
    assert_eq!(site.database.number("SELECT COUNT(*) FROM users").await, 1);
    site.clock.advance(Duration::from_secs(601));
    site.database.until("SELECT COUNT(*) FROM users", |count| count == 0).await;
    // Without invalidation the session would stay cached for a day.
    let begun = std::time::Instant::now();
    while member.is_signed_in().await {
        assert!(begun.elapsed() < crate::support::PATIENCE, "still known");
    }
    let answer = member.get("/members/dashboard").await;
    assert_eq!(answer.status, 303);
    site.stop().await;
}

#[tokio::test]
async fn it_requires_recent_reauthentication() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    let (action, _) = member.get(PAGE).await.form();
    site.clock.advance(Duration::from_secs(601));
    let answer = member.get(PAGE).await;
    assert_eq!((answer.status, answer.location()), (303, "/accounts/reauthenticate?next=/members/delete"));
    let answer = member.post(&action, &[("username", "ada"), ("form_page", PAGE)]).await;
    assert_eq!((answer.status, answer.location()), (303, "/accounts/reauthenticate?next=/members/delete"));
    let ask = answer.location().to_owned();
    let answer = member.call(&action, &[("username", "ada")]).await;
    assert_eq!(answer.text(), "\"Reauthenticate\"");
    // The form is restored but not replayed: only its reader can send it.
    member.post(&action, &[("username", "ada"), ("form_page", PAGE)]).await;
    assert_eq!(member.submit(&ask, &[("password", PASSWORD)]).await.location(), PAGE);
    assert_eq!(member.get(PAGE).await.attribute("[name=username]", "value").as_deref(), Some("ada"));
    assert!(member.is_signed_in().await);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM users WHERE delete_after IS NOT NULL").await, 0);
    site.stop().await;
}

#[tokio::test]
async fn the_last_superuser_stays() {
    const SENTENCE: &str = "You are the only superuser. Please make someone else a superuser first, so that this site still has one.";
    let site = TestSite::start().await;
    let mut ada = site.member("ada").await;
    let mut bob = site.member("bob").await;
    site.member("cyd").await;
    site.database.execute("UPDATE users SET is_superuser = 1 WHERE username IN ('ada', 'cyd')").await;
    site.database.execute("UPDATE users SET is_active = 0 WHERE username = 'cyd'").await;
    let answer = ada.submit(PAGE, &[("username", "ada")]).await;
    assert_eq!((answer.status, answer.location()), (303, PAGE));
    assert_eq!(ada.get(PAGE).await.form_errors(), [SENTENCE]);
    assert!(ada.is_signed_in().await);
    // If the last two request deletion at the same time, one stays.
    site.database.execute("UPDATE users SET is_superuser = 1 WHERE username = 'bob'").await;
    let refused = |page: &crate::support::Page| page.text().contains("LastSuperuser");
    let (first, second) = (
        ada.call("/api/members/delete", &[("username", "ada")]).await,
        bob.call("/api/members/delete", &[("username", "bob")]).await,
    );
    assert!(!refused(&first) && refused(&second), "{} {}", first.text(), second.text());
    site.stop().await;
}

#[tokio::test]
async fn of_the_last_two_superusers_deleted_concurrently_one_stays() {
    let site = TestSite::start().await;
    for round in 0..5 {
        let names = [format!("ada{round}"), format!("bob{round}")];
        let mut members = Vec::new();
        for name in &names {
            members.push(site.member(name).await);
        }
        site.database
            .execute(&format!(
                "UPDATE users SET is_superuser = 1 WHERE username IN ('{}', '{}')",
                names[0], names[1]
            ))
            .await;
        let asked: Vec<_> = members
            .into_iter()
            .zip(names)
            .map(|(mut member, name)| {
                tokio::spawn(async move {
                    member.call("/api/members/delete", &[("username", &name)]).await.text()
                })
            })
            .collect();
        for answer in asked {
            let answer = answer.await.expect("no panic");
            assert!(answer.contains("Accepted") || answer.contains("LastSuperuser"), "{answer}");
        }
        let staying = "SELECT COUNT(*) FROM users WHERE is_superuser = 1 AND delete_after IS NULL";
        assert_eq!(site.database.number(staying).await, 1);
        site.database.execute("UPDATE users SET is_superuser = 0").await;
    }
    site.stop().await;
}
