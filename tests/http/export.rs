//! `POST /members/export`: a copy of all data that the site has of a member.

use std::{
    collections::BTreeSet,
    io::{Cursor, Read},
    time::Duration,
};

use reqwest::Method;
use serde_json::Value;

use crate::support::{Page, TestSite, visitor::FormBody};

pub const EXPORT: &str = "/members/export";

pub struct Copy {
    names: Vec<String>,
    text: String,
    pub json: Value,
}

pub fn read(page: &Page) -> Copy {
    assert_eq!((page.status, page.header("content-type")), (200, "application/zip"), "{}", page.text());
    let mut zip = zip::ZipArchive::new(Cursor::new(&page.body)).expect("a ZIP file");
    let mut text = String::new();
    zip.by_name("account.json").expect("the file").read_to_string(&mut text).expect("UTF-8");
    let json = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    Copy { names: zip.file_names().map(|name| name.expect("a name").into_owned()).collect(), text, json }
}

#[tokio::test]
async fn the_file_is_sent_by_post_and_to_the_member_only() {
    let site = TestSite::start_without_mail().await;
    let mut member = site.member("ada").await;
    let page = member.get("/members/data").await;
    assert_eq!((page.status, page.find("h1").as_str()), (200, "Your data"));
    assert_eq!(page.form(), (EXPORT.to_owned(), vec![]));
    assert_eq!(page.attribute("main form", "method").as_deref(), Some("post"));
    // From now on the dashboard is cached.
    member.get("/members/dashboard").await;
    let copy = member.post(EXPORT, &[]).await;
    assert_eq!(copy.header("cache-control"), "private, no-store");
    let name = copy.header("content-disposition").to_owned();
    assert!(name.starts_with("attachment; filename=\"my-data-20") && name.ends_with(".zip\""), "{name}");
    let copy = read(&copy);
    assert_eq!(copy.names, ["account.json"], "no picture, no file of one");
    assert_eq!(copy.json["account"]["username"], "ada");
    // Following a link makes no copy.
    let by_get = member.get(EXPORT).await;
    assert_eq!((by_get.status, by_get.location()), (303, "/members/data"));
    let mut stranger = site.visitor();
    let answer = stranger.post(EXPORT, &[]).await;
    assert_eq!(
        (answer.status, answer.location(), answer.body.len()),
        (303, "/accounts/login?next=/members/export", 0)
    );
    let from_elsewhere = member.request(Method::POST, EXPORT).form_body(&[]).headers(
        [("sec-fetch-site".parse().expect("a name"), "cross-site".parse().expect("a value"))]
            .into_iter()
            .collect(),
    );
    assert_eq!(member.send(from_elsewhere).await.status, 403);
    // The export is recorded, and on the dashboard at once.
    let dashboard = member.get("/members/dashboard").await;
    assert_eq!(dashboard.find("[aria-labelledby=recent-activity] .what"), "Copy of your data downloaded");
    let count = "SELECT COUNT(*) FROM activity WHERE kind = 'data_exported'";
    assert_eq!(site.database.number(count).await, 1);
    site.stop().await;
}

#[tokio::test]
async fn it_requires_recent_reauthentication() {
    let site = TestSite::start_without_mail().await;
    let mut member = site.member("ada").await;
    site.clock.advance(Duration::from_secs(601));
    let answer = member.post(EXPORT, &[]).await;
    assert_eq!((answer.status, answer.location()), (303, "/accounts/reauthenticate?next=/members/data"));
    let answer = member.call(EXPORT, &[]).await;
    assert_eq!((answer.status, answer.text().as_str()), (403, "\"ReauthenticationRequired\""));
    site.stop().await;
}

/// What no copy contains, besides `user_id`: secrets, and ids that mean something only inside the
/// site.
const WITHHELD: &[(&str, &[&str])] = &[
    (
        "users",
        &[
            "id",
            "username_key",
            "email_key",
            "first_name_key",
            "last_name_key",
            "password_hash",
            "session_stamp",
            "picture_version",
            "version",
            "facet",
            "has_second_factor",
            "seen",
            "search",
        ],
    ),
    // The group's name is there instead; the rest is copied from the account.
    ("group_members", &["group_id", "facet", "username_key", "email_key", "date_joined", "seen"]),
    ("changes", &["id", "actor_id", "actor", "object_kind", "object_id", "object"]),
    ("imported_values", &["digests"]),
    ("sessions", &["id_hash", "data"]),
    ("activity", &["id"]),
    // In files of their own.
    ("pictures", &["large", "small"]),
    ("known_devices", &["token_hash", "previous_hash", "id", "renewed_at"]),
    ("tokens", &["token_hash", "code_hash"]),
    ("mails", &["id", "last_error"]),
    ("factors", &["id", "handle", "secret", "last_step"]),
    ("pending_logins", &["token_hash", "session_stamp"]),
    ("mail_logins", &["token_hash", "session_stamp"]),
    ("passkey_handles", &["handle"]),
    ("passkey_challenges", &["challenge_hash"]),
    ("factor_recoveries", &["session_stamp"]),
];

/// A list has the name of its table, but for these.
fn section(table: &str) -> &str {
    match table {
        "users" => "account",
        "tokens" => "links_in_mails",
        "mails" => "mails_to_be_sent",
        "group_members" => "groups",
        "user_permissions" => "permissions",
        "changes" => "changes_by_staff",
        "imported_users" => "imported_from",
        other => other,
    }
}

#[tokio::test]
async fn every_column_of_every_table_is_exported_or_withheld_on_purpose() {
    let site = TestSite::start_without_mail().await;
    let mut ada = site.member("ada").await;
    site.member("bob").await;
    for (name, mark) in [("ada", "mark-of-ada"), ("bob", "canary")] {
        site.database.fill_every_table(site.user_id(name).await, mark).await;
    }
    let answer = ada.post(EXPORT, &[]).await;
    let copy = read(&answer);
    assert_eq!(copy.names, ["account.json", "picture-large.webp", "picture-small.webp"]);
    for (table, columns) in site.database.tables().await {
        if table == "cache_entries" {
            // Derived from the other tables, and short-lived.
            continue;
        }
        if !["users", "changes"].contains(&table.as_str()) && !columns.contains(&"user_id".to_owned()) {
            // Hashes, groups, tables derived by the database, and half an hour of impersonation
            // that is also in the activity.
            let is_of_nobody = [
                "throttles",
                "groups",
                "group_permissions",
                "user_counts",
                "acting",
                "imported_groups",
                "password_costs",
                "upgrade_steps",
                "renewed_sessions",
                "announcements",
                "cache_epochs",
                "compatible_migrations",
            ]
            .contains(&table.as_str());
            assert!(is_of_nobody || table.starts_with("users_search"), "{table}");
            continue;
        }
        let withheld =
            WITHHELD.iter().find(|(name, _)| *name == table).map_or(&[][..], |(_, columns)| columns);
        let part = &copy.json[section(&table)];
        let row = part.as_array().map_or(part, |rows| &rows[0]);
        let told: BTreeSet<&str> =
            row.as_object().map(|row| row.keys().map(String::as_str).collect()).unwrap_or_default();
        for column in columns.iter().map(String::as_str) {
            let is_withheld = column == "user_id" || withheld.contains(&column);
            assert_ne!(
                told.contains(column),
                is_withheld,
                "{table}.{column}: in a view export_{table}, or in WITHHELD"
            );
        }
        for secret in ["hash", "token", "password", "secret", "stamp"] {
            // The time of a change is no secret.
            let tells = |column: &&str| column.contains(secret) && !column.ends_with("_at");
            assert!(!told.iter().any(tells), "{table}: {told:?}");
        }
    }
    // Each value has its proper type.
    let account = &copy.json["account"];
    assert_eq!((&account["is_active"], &account["is_superuser"]), (&Value::from(true), &Value::from(false)));
    assert_eq!(
        (&account["email_verified_at"], &account["delete_after"]),
        (&Value::from("1970-01-01T00:00:02.000Z"), &Value::Null)
    );
    assert_eq!(copy.json["known_devices"][0]["last_login_at"], "1970-01-01T00:00:04.000Z");
    assert_eq!(copy.json["known_devices"][0]["agent"], "mark-of-ada");
    assert_eq!(copy.json["mails_to_be_sent"][0]["tries"], 1);
    assert_eq!(copy.json["activity"][0]["detail"], "mark-of-ada");
    // No secret, and no data of other members.
    let id = site.user_id("ada").await;
    let hash = site.database.text(&format!("SELECT password_hash FROM users WHERE id = {id}")).await;
    for hidden in ["canary", "bob", "argon2", hash.as_str(), ada.session().expect("a session"), "auth_hash"] {
        assert!(!copy.text.contains(hidden), "{hidden} in {}", copy.text);
    }
    let mut zip = zip::ZipArchive::new(Cursor::new(&answer.body)).expect("a ZIP file");
    for (name, content) in [("picture-large.webp", "LARGE"), ("picture-small.webp", "SMALL")] {
        let mut picture = String::new();
        zip.by_name(name).expect("the file").read_to_string(&mut picture).expect("read");
        assert_eq!(picture, content);
    }
    site.stop().await;
}

/// With `*`, a column that is added later would be in every copy without anybody having decided it.
#[test]
fn no_view_of_a_copy_names_all_columns_at_once() {
    let mut views = 0;
    for folder in ["migrations", "migrations/sqlite", "migrations/postgres"] {
        let files =
            std::fs::read_dir(folder).expect("the migrations").map(|file| file.expect("a file").path());
        for file in files.filter(|path| path.is_file()) {
            let sql = std::fs::read_to_string(&file).expect("SQL");
            for view in sql.split("CREATE VIEW export_").skip(1).filter_map(|rest| rest.split(';').next()) {
                assert!(!view.contains('*'), "{}: export_{view}", file.display());
                views += 1;
            }
        }
    }
    assert!(views >= 9, "{views}");
}

#[tokio::test]
async fn long_records_are_complete_and_concurrent_exports_are_limited() {
    const LINES: usize = 20_000;
    let site = TestSite::start_without_mail().await;
    let mut member = site.member("ada").await;
    let id = site.user_id("ada").await;
    site.database
        .execute(&format!(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {LINES}) \
             INSERT INTO activity (id, user_id, kind, at, address, agent, detail) \
             SELECT n, {id}, 'mail_sent', n, '192.0.2.7', 'agent', '\"line\"' FROM numbers"
        ))
        .await;
    let mut statuses: Vec<u16> = Vec::new();
    // The first dozen usually suffices; each request begins a little later than the one before.
    for _ in 0..20 {
        if statuses.contains(&503) {
            break;
        }
        let copies: Vec<_> = (0..12)
            .map(|_| {
                let mut tab = member.clone();
                tokio::spawn(async move { tab.post(EXPORT, &[]).await })
            })
            .collect();
        for copy in copies {
            let answer = copy.await.expect("no panic");
            if answer.status == 503 {
                assert_eq!(answer.header("retry-after"), "5");
                assert!(answer.text().contains("The site is very busy."), "{}", answer.text());
            }
            statuses.push(answer.status);
        }
    }
    assert!(
        statuses.contains(&503)
            && statuses.contains(&200)
            && statuses.iter().all(|status| [200, 503].contains(status)),
        "{statuses:?}"
    );
    let copy = read(&member.post(EXPORT, &[]).await);
    let lines = copy.json["activity"].as_array().expect("a list");
    assert!(lines.len() >= LINES + 2 && lines[..LINES].iter().all(|line| line["detail"] == "\"line\""));
    site.stop().await;
}
