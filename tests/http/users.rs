//! `/admin/users`: searching, filtering, sorting, paging, counting. The expected results are
//! computed here independently.

use std::collections::BTreeMap;

use crate::support::{Page, TestSite, Visitor};

const USERS: &str = "/admin/users";

#[derive(Clone, Debug)]
struct Person {
    id: i64,
    username: String,
    email: String,
    first: &'static str,
    last: &'static str,
    facts: [bool; 4],
    joined: i64,
    seen: Option<i64>,
    groups: Vec<i64>,
}

type Fits = Box<dyn Fn(&Person) -> bool>;

/// Users with every value that a list can filter or sort by, in no order.
fn people(count: i64) -> Vec<Person> {
    const FIRST: [&str; 5] = ["", "Ada", "Émile", "O’Brien", "李"];
    const LAST: [&str; 4] = ["", "Lovelace", "Zola", "von_der 100%"];
    (0..count)
        .map(|n| {
            let mixed = n * 7919 % 1009;
            Person {
                id: 1_000_000 + n,
                username: format!("{}{n:04}", ["demo", "Maya.", "x_y"][(mixed % 3) as usize]),
                email: format!("{}.{n}@{}.example.com", ["post", "Mail"][(mixed % 2) as usize], mixed % 11),
                first: FIRST[(mixed % 5) as usize],
                last: LAST[(mixed % 4) as usize],
                facts: [mixed % 7 != 0, mixed % 13 == 0, mixed % 29 == 0, mixed % 2 == 0],
                // Several with the same time.
                joined: 1000 + mixed / 4,
                seen: (mixed % 3 != 0).then_some(5000 + mixed / 9),
                groups: [(1, 2), (2, 5), (3, 250)]
                    .iter()
                    .filter(|(_, each)| mixed % each == 0)
                    .map(|(id, _)| *id)
                    .collect(),
            }
        })
        .collect()
}

async fn insert(site: &TestSite, people: &[Person]) {
    let database = &site.database;
    for group in 1..=3 {
        let sql = format!(
            "INSERT INTO groups (id, name, name_key) VALUES ({group}, 'Group {group}', 'group {group}')"
        );
        database.execute(&sql).await;
    }
    let flag = |value: bool| i32::from(value);
    let hash = database.bytes("00");
    for some in people.chunks(500) {
        let rows: Vec<String> = some
            .iter()
            .map(|one| {
                let Person { id, username, email, first, last, facts, joined, seen, .. } = one;
                let (name, mail) = (username.to_lowercase(), email.to_lowercase());
                let seen = seen.map_or("NULL".to_owned(), |at| at.to_string());
                let verified = if facts[3] { "9" } else { "NULL" };
                format!(
                    "({id}, '{username}', '{name}', '{email}', '{mail}', '!', {hash}, {}, {}, {}, {joined}, {seen}, '{first}', \
                     '{last}', '{}', '{}', {verified})",
                    flag(facts[0]),
                    flag(facts[1]),
                    flag(facts[2]),
                    first.to_lowercase(),
                    last.to_lowercase()
                )
            })
            .collect();
        database
            .execute(&format!(
                "INSERT INTO users (id, username, username_key, email, email_key, password_hash, session_stamp, is_active, is_staff, \
                 is_superuser, date_joined, last_login, first_name, last_name, first_name_key, last_name_key, email_verified_at) \
                 VALUES {}",
                rows.join(", ")
            ))
            .await;
        let memberships: Vec<String> = some
            .iter()
            .flat_map(|one| one.groups.iter().map(|group| format!("({group}, {})", one.id)))
            .collect();
        if !memberships.is_empty() {
            let sql =
                format!("INSERT INTO group_members (group_id, user_id) VALUES {}", memberships.join(", "));
            database.execute(&sql).await;
        }
    }
}

/// The usernames on a page.
fn names(page: &Page) -> Vec<String> {
    page.find_all("table.list tbody th")
}

/// A whole list, page by page; going back must give the same.
async fn walk(staff: &mut Visitor, query: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut address = format!("{USERS}{query}");
    let mut pages = Vec::new();
    loop {
        let page = staff.get(&address).await;
        assert_eq!(page.status, 200, "{address}: {}", page.text());
        let shown = names(&page);
        assert!(shown.len() <= if query.contains("size=100") { 100 } else { 25 });
        pages.push(shown.clone());
        all.extend(shown);
        match page.attribute("a[rel=next]", "href") {
            Some(next) => address = next,
            None => break,
        }
    }
    for expected in pages.iter().rev() {
        let page = staff.get(&address).await;
        assert_eq!(names(&page), *expected, "on the way back at {address}");
        match page.attribute("a[rel=prev]", "href") {
            Some(previous) => address = previous,
            None => break,
        }
    }
    all
}

fn sorted(people: &[Person], sort: &str, fits: impl Fn(&Person) -> bool) -> Vec<String> {
    let mut found: Vec<&Person> = people.iter().filter(|one| fits(one)).collect();
    let name = sort.trim_start_matches('-');
    found.sort_by_key(|one| {
        let (text, number) = match name {
            "username" => (one.username.to_lowercase(), 0),
            "email" => (one.email.to_lowercase(), 0),
            "joined" => (String::new(), one.joined),
            "seen" => (String::new(), one.seen.unwrap_or(0)),
            other => panic!("{other}"),
        };
        (text, number, one.id)
    });
    if sort.starts_with('-') {
        found.reverse();
    }
    found.into_iter().map(|one| one.username.clone()).collect()
}

/// The number shown at each filter, by the address of its link.
fn counts(page: &Page) -> BTreeMap<String, String> {
    let html = scraper::Html::parse_document(&page.text());
    let links = scraper::Selector::parse(".filters a").expect("a selector");
    html.select(&links)
        .map(|link| {
            let words: Vec<&str> = link.text().map(str::trim).filter(|text| !text.is_empty()).collect();
            (link.attr("href").unwrap_or_default().to_owned(), words[1..].join(""))
        })
        .collect()
}

#[tokio::test]
async fn every_filter_and_order_pages_correctly() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.staff("sam", &["accounts.view_user"]).await;
    let people = people(350);
    insert(&site, &people).await;
    let asked: [(&str, Fits); 9] = [
        ("active=0", Box::new(|one| !one.facts[0])),
        ("staff=1&group=1", Box::new(|one| one.facts[1] && one.groups.contains(&1))),
        ("superuser=1", Box::new(|one| one.facts[2])),
        (
            "verified=0&active=1&staff=0&group=2",
            Box::new(|one| !one.facts[3] && one.facts[0] && !one.facts[1] && one.groups.contains(&2)),
        ),
        ("group=1", Box::new(|one| one.groups.contains(&1))),
        ("group=3", Box::new(|one| one.groups.contains(&3))),
        ("group=77", Box::new(|_| false)),
        ("q=demo", Box::new(|one| one.username.contains("demo"))),
        (
            "q=zola&active=1&group=1",
            Box::new(|one| one.last == "Zola" && one.facts[0] && one.groups.contains(&1)),
        ),
    ];
    for (query, fits) in &asked {
        for sort in ["joined", "-joined", "username", "-username", "email", "-email", "seen", "-seen"] {
            let expected = sorted(&people, sort, fits);
            let found = walk(&mut staff, &format!("?{query}&sort={sort}")).await;
            assert_eq!(found, expected, "{query} by {sort}");
        }
        let page = staff.get(&format!("{USERS}?{query}")).await;
        let count = people.iter().filter(|one| fits(one)).count();
        assert_eq!(page.find(".found"), format!("{count} of 351 users"), "{query}");
        // Each filter's number must match the list that its link opens.
        for (address, count) in counts(&page) {
            let page = staff.get(&address).await;
            let found = page.find(".found");
            assert!(
                found.starts_with(&format!("{count} of ")),
                "{address} is {found}, was said to be {count}"
            );
        }
    }
    site.stop().await;
}

#[tokio::test]
async fn users_are_found_by_any_part_of_any_name() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.staff("sam", &["accounts.view_user"]).await;
    let mut people = people(40);
    for one in &mut people {
        one.groups.clear();
    }
    insert(&site, &people).await;
    for typed in [
        "demo0003",
        "DEMO000",
        "aya.",
        "x_y",
        "100%",
        "_der",
        "émile",
        "ÉMI",
        "lovelace ada",
        "ada love",
        "@3.example",
        "ost.7@",
        "a",
        "é",
        "李",
        "m",
        "ma",
        "x_",
        "0%",
        "%",
        "_",
        "\\",
        "@@@",
        "de x",
        "\"",
        "'",
        "’br",
        "nobody-is-called-that",
        "demo\0",
        "a b c d e f",
    ] {
        let fits = |one: &Person| {
            let parts = [&one.username, &one.email, one.first, one.last].map(str::to_lowercase);
            let folded = typed.to_lowercase().replace('\0', " ");
            let mut words = folded.split_whitespace().take(5);
            words.all(|word| {
                let is_inside = word.chars().count() >= 3 && word.chars().any(char::is_alphanumeric);
                parts.iter().any(|part| if is_inside { part.contains(word) } else { part.starts_with(word) })
            })
        };
        let query =
            form_urlencoded::Serializer::new("?sort=username&".to_owned()).append_pair("q", typed).finish();
        // `sam` and `sam@example.com` are part of the site.
        let found: Vec<_> = walk(&mut staff, &query).await.into_iter().filter(|name| name != "sam").collect();
        assert_eq!(found, sorted(&people, "username", fits), "{typed:?}");
        let page = staff.get(&format!("{USERS}{query}")).await;
        assert_eq!(
            page.attribute("#id_q", "value").unwrap_or_default(),
            typed.replace('\0', "\u{FFFD}"),
            "{typed:?}"
        );
    }
    // Blanks are not a search.
    assert_eq!(staff.get("/admin/users?q=%20%09").await.find(".found"), "41 of 41 users");
    site.stop().await;
}

/// More matches than are counted are still sorted.
#[tokio::test]
async fn many_matches_are_scanned_in_list_order() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.staff("sam", &["accounts.view_user"]).await;
    let people = people(5600);
    insert(&site, &people).await;
    // Everybody is in this group.
    site.database
        .execute(
            "INSERT INTO group_members (group_id, user_id) SELECT 3, id FROM users \
             WHERE id NOT IN (SELECT user_id FROM group_members WHERE group_id = 3)",
        )
        .await;
    for (filter, fits) in [
        ("", (|_| true) as fn(&Person) -> bool),
        ("&superuser=0", |one| !one.facts[2]),
        ("&group=3", |_| true),
    ] {
        for sort in ["username", "-email"] {
            let page = staff.get(&format!("/admin/users?q=EXAMPLE.com{filter}&sort={sort}&size=100")).await;
            assert_eq!(
                page.find(".found"),
                "More than 5,000 users match. Type more of the name or choose fewer days."
            );
            assert!(
                counts(&page).values().all(|count| count.is_empty()),
                "nothing is said of what is not counted"
            );
            let next = page.attribute("a[rel=next]", "href").expect("a next page");
            let found = [names(&page), names(&staff.get(&next).await)].concat();
            let sam = found.iter().filter(|name| *name == "sam").count();
            let expected = &sorted(&people, sort, fits)[..200 - sam];
            assert!(found.iter().filter(|name| *name != "sam").eq(expected), "{filter}{sort}: {found:?}");
        }
    }
    // A match inside a name and a match at its beginning are handled alike.
    let letter = staff.get("/admin/users?q=m&active=1").await;
    let begins = |one: &&Person| one.username.starts_with('M') || one.email.starts_with('M');
    let expected = people.iter().filter(begins).filter(|one| one.facts[0]).count();
    assert_eq!(letter.find(".found").replace(',', ""), format!("{expected} of 5601 users"));
    let members = staff.get("/admin/users?q=example&group=1&active=1").await;
    let expected = people.iter().filter(|one| one.groups.contains(&1) && one.facts[0]).count();
    assert_eq!(members.find(".found").replace(',', ""), format!("{expected} of 5601 users"));
    // With a selective filter, the matches are counted.
    let superusers = |one: &Person| one.facts[2];
    for size in ["", "&size=100"] {
        let found = walk(&mut staff, &format!("?q=example&superuser=1&sort=username{size}")).await;
        assert_eq!(found, sorted(&people, "username", superusers));
    }
    site.stop().await;
}

/// More than can be sorted: a search that most users match, alone and within a group.
#[tokio::test]
async fn with_too_many_matches_the_newest_come_first() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.staff("sam", &["accounts.view_user"]).await;
    let people = people(400);
    insert(&site, &people).await;
    let numbers =
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 60000)";
    let hash = site.database.bytes("00");
    site.database
        .execute(&format!(
            "{numbers} INSERT INTO users (id, username, username_key, email, email_key, password_hash, session_stamp, is_active, \
             is_staff, is_superuser, date_joined) SELECT n, 'earlier' || n, 'earlier' || n, n || '@example.net', n || '@example.net', '!', {hash}, 1, 0, 0, 1 \
             FROM numbers"
        ))
        .await;
    site.database
        .execute(&format!("{numbers} INSERT INTO group_members (group_id, user_id) SELECT 1, n FROM numbers"))
        .await;
    let of_group = |one: &&Person| one.groups.contains(&1);
    for (query, expected) in [
        ("q=example", people.iter().rev().collect::<Vec<_>>()),
        // A prefix search uses another index: 60,000 usernames.
        ("q=e&group=1", Vec::new()),
        ("q=example&group=1", people.iter().rev().filter(of_group).collect()),
    ] {
        let page = staff.get(&format!("/admin/users?{query}&sort=username&size=100")).await;
        let told = "More than 5,000 users match, shown newest first instead of sorted.";
        assert!(page.find(".found").starts_with(told), "{query}: {}", page.find(".found"));
        let next = page.attribute("a[rel=next]", "href").expect("a next page");
        let second = staff.get(&next).await;
        let back = second.attribute("a[rel=prev]", "href").expect("a way back");
        assert_eq!(names(&staff.get(&back).await), names(&page), "{query}");
        let mut found = [names(&page), names(&second)].concat();
        assert_eq!(found.len(), 200, "{query}");
        // `sam` is newer than all of them.
        found.retain(|name| name != "sam");
        let earlier = (1..=60_000).rev().map(|n| format!("earlier{n}"));
        let expected = expected.into_iter().map(|one| one.username.clone()).chain(earlier);
        assert!(found.iter().cloned().eq(expected.take(found.len())), "{query}: {found:?}");
    }
    // The oldest first.
    let oldest = staff.get("/admin/users?q=example&sort=joined").await;
    assert_eq!(names(&oldest)[0], "earlier1");
    site.stop().await;
}

const HAS_FACTOR: &str =
    "id IN (SELECT user_id FROM factors WHERE kind <> 'recovery' AND confirmed_at IS NOT NULL)";
const HAS_FACTOR_IN_GROUP: &str = "is_active = 1 AND id IN (SELECT group_members.user_id FROM group_members \
    JOIN factors ON factors.user_id = group_members.user_id \
    WHERE group_id = 2 AND kind <> 'recovery' AND confirmed_at IS NOT NULL)";

#[tokio::test]
async fn the_counts_stay_correct_through_every_change() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.staff("sam", &["accounts.view_user"]).await;
    insert(&site, &people(60)).await;
    let database = &site.database;
    for sql in [
        "UPDATE users SET is_active = 1 - is_active WHERE id % 3 = 0 AND id < 2000000",
        "INSERT INTO factors (id, user_id, kind, handle, secret, last_step, created_at, confirmed_at) \
         SELECT id, id, 'totp', '', session_stamp, 0, 1, CASE WHEN id % 2 = 0 THEN 1 END FROM users \
         WHERE id % 3 = 0 AND id < 2000000",
        "UPDATE factors SET confirmed_at = 1 WHERE user_id % 9 = 0",
        "DELETE FROM factors WHERE user_id % 12 = 0",
        "INSERT INTO factors (id, user_id, kind, handle, secret, last_step, created_at, confirmed_at) \
         SELECT -id, id, 'recovery', 'ab', session_stamp, 0, 1, 1 FROM users WHERE id % 7 = 0 AND id < 2000000",
        "UPDATE users SET last_login = 77, email_verified_at = NULL WHERE id % 4 = 0 AND id < 2000000",
        "DELETE FROM users WHERE id % 5 = 0 AND id < 2000000",
        "UPDATE users SET username = 'renamed', username_key = 'renamed' WHERE id = 1000001",
        "DELETE FROM group_members WHERE group_id = 2",
        "INSERT INTO group_members (group_id, user_id) SELECT 2, id FROM users WHERE id < 2000000 AND id % 2 = 0",
        "DELETE FROM groups WHERE id = 3",
    ] {
        database.execute(sql).await;
        // Compared with the tables themselves.
        let everybody = database.number("SELECT COUNT(*) FROM users").await;
        let page = staff.get(USERS).await;
        assert_eq!(page.find(".found"), format!("{everybody} of {everybody} users"), "{sql}");
        for (query, condition) in [
            ("active=0", "is_active = 0"),
            ("second_factor=1", HAS_FACTOR),
            ("group=2&active=1&second_factor=1", HAS_FACTOR_IN_GROUP),
            ("verified=1&staff=0", "email_verified_at IS NOT NULL AND is_staff = 0"),
            (
                "group=2&active=1",
                "is_active = 1 AND id IN (SELECT user_id FROM group_members WHERE group_id = 2)",
            ),
        ] {
            let count = database.number(&format!("SELECT COUNT(*) FROM users WHERE {condition}")).await;
            for sort in ["username", "-seen"] {
                let address = format!("?{query}&sort={sort}");
                assert_eq!(walk(&mut staff, &address).await.len() as i64, count, "{address} after {sql}");
            }
            let page = staff.get(&format!("{USERS}?{query}")).await;
            assert_eq!(page.find(".found"), format!("{count} of {everybody} users"), "{query} after {sql}");
        }
    }
    assert_eq!(names(&staff.get("/admin/users?q=renamed").await), ["renamed"]);
    // If each change adds a row, the sweep merges them.
    let kinds = database
        .number("SELECT COUNT(*) FROM (SELECT DISTINCT group_id, facet FROM user_counts) AS kinds")
        .await;
    site.clock.advance(std::time::Duration::from_secs(601));
    database.until("SELECT COUNT(*) FROM user_counts", |rows| rows <= kinds).await;
    let everybody = database.number("SELECT COUNT(*) FROM users").await;
    assert_eq!(staff.get(USERS).await.find(".found"), format!("{everybody} of {everybody} users"));
    site.stop().await;
}
