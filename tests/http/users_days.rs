//! `/admin/users` by days: when users joined and last logged in.

use crate::support::{Page, TestSite};

const DAY: i64 = 86_400_000;

fn names(page: &Page) -> Vec<String> {
    page.find_all("table.list tbody th")
}

/// Users `u1`, `u2`, … in group 1, one for each pair of days: joined, and last login if any.
async fn insert(site: &TestSite, times: &[(i64, Option<i64>)]) {
    let hash = site.database.bytes("00");
    site.database.execute("INSERT INTO groups (id, name, name_key) VALUES (1, 'Readers', 'readers')").await;
    let rows: Vec<String> = (1..)
        .zip(times)
        .map(|(n, (joined, seen))| {
            let seen = seen.map_or("NULL".to_owned(), |at| at.to_string());
            format!("({n}, 'u{n}', 'u{n}', '', '', '!', {hash}, 1, 0, 0, {joined}, {seen})")
        })
        .collect();
    for some in rows.chunks(500) {
        let into = "INSERT INTO users (id, username, username_key, email, email_key, password_hash, session_stamp, \
                    is_active, is_staff, is_superuser, date_joined, last_login) VALUES";
        site.database.execute(&format!("{into} {}", some.join(", "))).await;
    }
    site.database
        .execute(
            "INSERT INTO group_members (group_id, user_id) SELECT 1, id FROM users WHERE username LIKE 'u%'",
        )
        .await;
}

#[tokio::test]
async fn both_days_are_included_and_stay_in_every_link() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.staff("sam", &["accounts.view_user", "accounts.change_user"]).await;
    // 1 to 5 January 1970, at the first and last moment of days.
    let times = [
        (0, None),
        (DAY - 1, Some(2 * DAY)),
        (DAY, Some(3 * DAY - 1)),
        (2 * DAY - 1, Some(4 * DAY)),
        (2 * DAY, None),
    ];
    insert(&site, &times).await;
    for (query, expected) in [
        ("joined_from=1970-01-02&joined_to=1970-01-02", &["u3", "u4"][..]),
        ("joined_to=1970-01-01", &["u1", "u2"]),
        ("joined_from=1970-01-02&joined_to=1970-01-31", &["u3", "u4", "u5"]),
        ("seen_from=1970-01-03&seen_to=1970-01-03", &["u2", "u3"]),
        // Who never logged in did not before that day either.
        ("seen_to=1970-01-31", &["u2", "u3", "u4"]),
        ("seen_to=1970-01-31&joined_to=1970-01-01", &["u2"]),
        ("joined_to=1970-01-31&q=u4", &["u4"]),
        ("joined_to=1970-01-31&staff=1", &[]),
    ] {
        for more in ["", "&group=1"] {
            let page = staff.get(&format!("/admin/users?{query}{more}&sort=username")).await;
            assert_eq!(names(&page), expected, "{query}{more}");
            assert_eq!(page.find(".found"), format!("{} of 6 users", expected.len()), "{query}{more}");
            let file = staff.post(&format!("/admin/users.csv?{query}{more}&sort=username"), &[]).await;
            assert_eq!(file.text().trim_end().split("\r\n").count(), expected.len() + 1, "{query}{more}");
        }
    }
    let page = staff.get("/admin/users?joined_to=1970-01-31&seen_from=1970-01-03&sort=-email&q=u").await;
    assert_eq!(page.attribute("input[name=joined_to]", "value").as_deref(), Some("1970-01-31"));
    let links = page.attributes(".filters a, .sizes a, table.list thead a, .search a", "href");
    for link in links.into_iter().chain(page.attributes("form[action*='.csv']", "action")) {
        assert!(link.contains("joined_to=1970-01-31&seen_from=1970-01-03"), "{link}");
    }
    for form in [".search", ".filter"] {
        assert_eq!(
            page.attribute(&format!("form{form} input[name=seen_from]"), "value").as_deref(),
            Some("1970-01-03")
        );
    }
    let list = page.attribute("input[name=list]", "value").expect("the batch's list");
    let list: String = form_urlencoded::Serializer::new(String::new()).append_pair("list", &list).finish();
    let batch = staff.get(&format!("/admin/users/confirm?action=deactivate&scope=all&{list}")).await;
    assert!(batch.text().contains("You are about to deactivate 3 users"), "{}", batch.text());
    site.stop().await;
}

#[tokio::test]
async fn impossible_days_are_named_and_find_nobody() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.staff("sam", &["accounts.view_user", "accounts.change_user"]).await;
    for (query, problem) in [
        (
            "joined_from=2026-02-31",
            "Joined: “2026-02-31” is not a date. Type the year first, as in 2026-12-31.",
        ),
        (
            "seen_to=yesterday",
            "Last login: “yesterday” is not a date. Type the year first, as in 2026-12-31.",
        ),
        ("joined_from=2026-02-02&joined_to=2026-02-01", "Joined: the first day is after the last."),
    ] {
        for more in ["", "&q=sam", "&group=1"] {
            let page = staff.get(&format!("/admin/users?{query}{more}")).await;
            assert_eq!((page.status, page.find(".days [role=alert]")), (200, problem.to_owned()));
            assert_eq!((names(&page).len(), page.find(".found")), (0, "0 of 1 users".to_owned()), "{query}");
        }
        assert_eq!(staff.post(&format!("/admin/users.csv?{query}"), &[]).await.status, 400);
        let list: String = form_urlencoded::Serializer::new(String::new())
            .append_pair("list", &format!("?{query}"))
            .finish();
        let batch = staff.get(&format!("/admin/users/confirm?action=deactivate&scope=all&{list}")).await;
        assert!(!batch.text().contains("1 user"), "{}", batch.text());
    }
    assert_eq!(site.database.number("SELECT COUNT(*) FROM changes").await, 0);
    site.stop().await;
}

/// More than are counted are read from the index of the days, also page by page.
#[tokio::test]
async fn many_within_the_days_are_listed_in_their_order() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.staff("sam", &["accounts.view_user"]).await;
    let times: Vec<_> = (0..6000).map(|n| (n * 1000, (n % 2 == 0).then_some(DAY + n))).collect();
    insert(&site, &times).await;
    let more =
        "WITH RECURSIVE numbers (n) AS (SELECT 10001 UNION ALL SELECT n + 1 FROM numbers WHERE n < 65000)";
    let hash = site.database.bytes("00");
    site.database
        .execute(&format!(
            "{more} INSERT INTO users (id, username, username_key, email, email_key, password_hash, session_stamp, is_active, \
             is_staff, is_superuser, date_joined) SELECT n, 'later' || n, 'later' || n, '', '', '!', {hash}, 1, 0, 0, {} FROM numbers",
            9 * DAY
        ))
        .await;
    for group in ["", "&group=1"] {
        let address = format!("/admin/users?joined_to=1970-01-01&size=100{group}");
        let first = staff.get(&format!("{address}&sort=joined")).await;
        assert!(first.find(".found").starts_with("More than 5,000 users match"), "{}", first.find(".found"));
        let second = staff.get(&first.attribute("a[rel=next]", "href").expect("a next page")).await;
        let found = [names(&first), names(&second)].concat();
        assert!(found.iter().zip(1..=200).all(|(name, n)| *name == format!("u{n}")), "{group}: {found:?}");
    }
    // In another order there are too many to be sorted: the last to join come first.
    let other = staff.get("/admin/users?joined_to=1970-01-01&sort=username").await;
    assert!(other.find(".found").contains("shown newest first"), "{}", other.find(".found"));
    assert_eq!(names(&other)[0], "u6000");
    // The filter of last logins finds few enough to be sorted.
    let both = staff.get("/admin/users?joined_to=1970-01-01&seen_from=1970-01-02&sort=username").await;
    assert_eq!(both.find(".found"), "3,000 of 61,001 users");
    assert_eq!(names(&both)[..3], ["u1", "u1001", "u1003"]);
    site.stop().await;
}
