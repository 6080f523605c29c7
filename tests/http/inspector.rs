//! `/admin/cache`: what staff see of the cache, and how they empty it.

use std::time::Duration;

use members_area::base::config::MailTransport;
use serde_json::Value;

use crate::support::{Page, TestSite, Visitor, log};

const PAGE: &str = "/admin/cache";
const LIVE: &str = "/api/admin/cache/live";
const MAY_SEE: &str = "cache.view_cache";
const MAY_DROP: &str = "cache.change_cache";

/// The rows of the list: name, owner, age, time left, size, hits, last invalidation.
fn rows(page: &Page) -> Vec<Vec<String>> {
    assert_eq!(page.status, 200, "{}", page.text());
    let cells = page.find_all(".entries tbody th, .entries tbody td");
    let columns = page.find_all(".entries thead th").len();
    cells.chunks(columns).map(<[String]>::to_vec).collect()
}

/// Names and owners, without the page that everybody shares who signs up for a test.
fn names(page: &Page) -> Vec<(String, String)> {
    let names = rows(page).into_iter().map(|row| (row[0].clone(), row[1].clone()));
    names.filter(|(name, _)| name != "/accounts/signup").collect()
}

fn figure(page: &Page, name: &str) -> String {
    let (names, values) = (page.find_all(".figures dt"), page.find_all(".figures dd"));
    let at = names.iter().position(|found| found == name).unwrap_or_else(|| panic!("{name} in {names:?}"));
    values[at].clone()
}

async fn rendered_at(member: &mut Visitor) -> (String, String) {
    let page = member.get("/members/dashboard").await;
    let of = |id: &str| page.attribute(id, "datetime").expect("a moment");
    (of("#view-rendered-at"), of("#fragment-rendered-at"))
}

#[tokio::test]
async fn only_staff_with_the_permission_see_it() {
    let site = TestSite::start().await;
    let (mut member, mut staff) = (site.member("ada").await, site.staff("sam", &["mail.view_mail"]).await);
    for visitor in [&mut member, &mut staff] {
        assert_eq!(visitor.get(PAGE).await.status, 403);
        for function in ["", "/drop_entry", "/drop_name", "/drop_member", "/drop_all"] {
            let answer =
                visitor.call(&format!("/api{PAGE}{function}"), &[("name", "x"), ("member", "ada")]).await;
            assert_eq!((answer.status, answer.text().as_str()), (403, "\"Forbidden\""), "{function}");
        }
        assert!(visitor.get(LIVE).await.text().starts_with("event: ended"));
    }
    assert_eq!(site.visitor().get(PAGE).await.location(), format!("/accounts/login?next={PAGE}"));
    assert!(site.visitor().get(LIVE).await.text().starts_with("event: ended"));
    // Staff with only the view permission cannot drop entries and see no buttons.
    let mut looker = site.staff("lou", &[MAY_SEE]).await;
    let page = looker.get(PAGE).await;
    assert_eq!((page.status, page.find("h1").as_str()), (200, "Cache"));
    assert_eq!(page.find_all("main form[method=post]"), [""; 0]);
    let before = rendered_at(&mut member).await;
    for function in ["drop_entry", "drop_name", "drop_member", "drop_all"] {
        let fields = [("name", "dashboard"), ("member", "ada")];
        assert_eq!(looker.call(&format!("/api{PAGE}/{function}"), &fields).await.status, 403);
    }
    assert_eq!(rendered_at(&mut member).await, before);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM changes").await, 0);
    site.stop().await;
}

#[tokio::test]
async fn it_lists_entries_and_never_their_values() {
    let site = TestSite::start_without_mail().await;
    let (mut member, mut staff) = (site.member("canary").await, site.staff("sam", &[MAY_SEE]).await);
    let fields = [("username", "canary"), ("first_name", "Kanarienvogel"), ("last_name", "")];
    member.post("/api/members/save_profile", &fields).await;
    assert_eq!(names(&staff.get(PAGE).await), [], "a profile that was saved takes back what was there");
    // The first shows a message and is not cached, the second is stored, the third comes from the
    // cache.
    rendered_at(&mut member).await;
    rendered_at(&mut member).await;
    rendered_at(&mut member).await;
    site.clock.advance(Duration::from_secs(100));
    let page = staff.get(&format!("{PAGE}?q=dash")).await;
    let row = &rows(&page)[0];
    assert_eq!(row[..2], ["/members/dashboard", "canary"]);
    // To the second on a quick machine.
    assert!(row[2].starts_with("1 min 4") && row[3].starts_with("3 min "), "{row:?}");
    assert!(row[4].ends_with(" B") || row[4].ends_with(" KiB"), "{row:?}");
    assert_eq!(row[5], "1", "read once since it was made");
    assert!(row[6].ends_with(": names changed"), "{row:?}");
    assert_eq!(page.find("main > p:not(.help)"), "1 to 2 of 2 unexpired entries.");
    assert!(!page.text().contains("Kanarienvogel") && !page.text().contains("canary@example.com"));
    assert_eq!(figure(&page, "Entries in the backend, including expired ones"), "5");
    assert!(figure(&page, "Memory").ends_with(" of 16.0 MiB"));
    assert_eq!(figure(&page, "Evictions"), "0");
    assert!(figure(&page, "Hit ratio").ends_with(" %"));
    // Expired entries are not shown, even if they still take up memory.
    site.clock.advance(Duration::from_secs(201));
    let left = ["profile_summary", "profile_summary_card"].map(|name| (name.into(), "canary".into()));
    assert_eq!(names(&staff.get(PAGE).await), left);
    site.stop().await;
}

#[tokio::test]
async fn reads_are_counted_and_charted() {
    let site = TestSite::start_without_mail().await;
    let (mut member, mut staff) = (site.member("ada").await, site.staff("sam", &[MAY_SEE]).await);
    for _ in 0..3 {
        rendered_at(&mut member).await;
    }
    let page = staff.get(PAGE).await;
    // Both signed up on the same page; the dashboard consists of four entries.
    assert_eq!([figure(&page, "Hits"), figure(&page, "Misses"), figure(&page, "Computed")], ["3", "5", "5"]);
    assert_eq!(figure(&page, "Hit ratio"), "37 %");
    let sentence = "Cache reads in the last hour: 3 hits, 5 misses, 5 values computed.";
    assert_eq!(page.attribute(".chart svg", "aria-label").as_deref(), Some(sentence));
    assert_eq!(page.find_all(".chart tbody td"), ["3", "5", "5"]);
    let drawn = page.attribute(".chart .all", "d").expect("an outline");
    // Ten reads are as high as the chart; on a slow machine these are in several steps of ten
    // seconds.
    let heights = drawn.split('V').skip(1).map(|rest| {
        let height: u32 =
            rest.split(|c: char| !c.is_ascii_digit()).next().expect("a number").parse().expect("a number");
        160 - height
    });
    assert_eq!(heights.sum::<u32>(), 8 * 16, "{drawn}");
    assert!(!page.text().contains(" style="), "the policy forbids it");
    site.stop().await;
}

#[tokio::test]
async fn entries_are_searched_by_name_tag_and_owner_and_paged() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.staff("sam", &[MAY_SEE]).await;
    for number in 10..20 {
        rendered_at(&mut site.member(&format!("member{number}")).await).await;
    }
    let first = staff.get(PAGE).await;
    assert_eq!(
        (rows(&first).len(), first.find("main > p:not(.help)")),
        (25, "1 to 25 of 41 unexpired entries.".into())
    );
    let (own, of_all) = (("dashboard".to_owned(), "member10".to_owned()), names(&first));
    assert!(of_all.contains(&own) && of_all.is_sorted_by_key(|(name, _)| name.clone()), "{of_all:?}");
    assert_eq!(first.attribute(".pager .older", "href").as_deref(), Some("/admin/cache?page=2"));
    let second = staff.get(&format!("{PAGE}?page=2")).await;
    assert_eq!(
        (rows(&second).len(), second.find("main > p:not(.help)")),
        (16, "26 to 41 of 41 unexpired entries.".into())
    );
    assert_eq!(second.attribute(".pager a", "href").as_deref(), Some(PAGE));
    let beyond = staff.get(&format!("{PAGE}?page=9999999999999")).await;
    assert_eq!(
        (rows(&beyond).len(), beyond.attribute(".pager a", "href").as_deref()),
        (0, Some("/admin/cache?page=2"))
    );
    for (query, expected) in [
        ("?q=dashb", 20),
        ("?q=nothing", 0),
        ("?member=MEMBER10", 4),
        ("?member=nobody", 0),
        ("?q=dash&member=member11", 2),
    ] {
        let page = staff.get(&format!("{PAGE}{query}")).await;
        assert_eq!(rows(&page).len(), expected, "{query}");
    }
    site.stop().await;
}

#[tokio::test]
async fn entries_are_removed_one_by_one_by_name_by_member_and_all() {
    let site = TestSite::start_with(|config| {
        config.mail.transport = MailTransport::Smtp("smtp://127.0.0.1:9".into());
        // A cached page would not be rendered again when one of its parts is dropped.
        config.cache.pages = false;
    })
    .await;
    let (mut ada, mut bob) = (site.member("ada").await, site.member("bob").await);
    let mut staff = site.staff("sam", &[MAY_SEE, MAY_DROP]).await;
    let sam = site.user_id("sam").await;
    let mut before = (rendered_at(&mut ada).await, rendered_at(&mut bob).await);
    let page = staff.get(PAGE).await;
    assert_eq!(page.find_all(".entries .link").len(), 6);
    let labels = page.attribute(".entries button", "aria-label");
    assert!(labels.is_some_and(|label| label.starts_with("Remove dashboard of ")));

    let one = staff.get(&format!("{PAGE}?q=profile&member=ada")).await;
    let hidden =
        |name: &str| one.attribute(&format!(".entries input[name={name}]"), "value").expect("a value");
    let (action, entry, query) = ("/api/admin/cache/drop_entry", hidden("fingerprint"), hidden("query"));
    assert_eq!(one.attribute(".entries form", "action").as_deref(), Some(action));
    let steps = [
        (action, vec![("fingerprint", entry.as_str()), ("query", &query)], [false, true, false, false]),
        ("/api/admin/cache/drop_name", vec![("name", "dashboard")], [true, false, true, false]),
        ("/api/admin/cache/drop_member", vec![("member", "BOB")], [false, false, true, true]),
        ("/api/admin/cache/drop_all", vec![], [true; 4]),
    ];
    for (function, fields, changes) in steps {
        site.clock.advance(Duration::from_secs(1));
        let answer = staff.post(function, &fields).await;
        let back = if function == action { "/admin/cache?q=profile&member=ada" } else { PAGE };
        assert_eq!((answer.status, answer.location()), (303, back), "{function}");
        assert_eq!(staff.get(PAGE).await.messages(), ["Removed from the cache."]);
        let after = (rendered_at(&mut ada).await, rendered_at(&mut bob).await);
        let seen = [
            after.0.0 != before.0.0,
            after.0.1 != before.0.1,
            after.1.0 != before.1.0,
            after.1.1 != before.1.1,
        ];
        assert_eq!(seen, changes, "{function}");
        before = after;
    }
    for (function, fields) in [
        ("drop_entry", ("fingerprint", "00")),
        ("drop_name", ("name", "")),
        ("drop_member", ("member", "nobody")),
    ] {
        staff.post(&format!("/api/admin/cache/{function}"), &[fields]).await;
        assert_eq!(staff.get(PAGE).await.messages(), ["Nothing to remove."], "{function}");
    }

    let objects = [
        ("cache", "one entry of profile_summary", "one entry of profile_summary"),
        ("cache", "everything of dashboard", "everything of dashboard"),
        ("user", "bob", "all entries of one member"),
        ("cache", "everything", "everything"),
    ];
    for (kind, object, said) in objects {
        let sql = format!(
            "SELECT COUNT(*) FROM changes WHERE actor = 'sam' AND what = 'cache' AND new_value = 'dropped' \
             AND object_kind = '{kind}' AND object = '{object}'"
        );
        assert_eq!(site.database.number(&sql).await, 1, "{object}");
        let lines = log::lines("cache.drop", |line| {
            line["user_id"] == sam && line["message"] == format!("cache.drop: {said}")
        });
        assert_eq!((lines.len(), lines[0]["cause"].as_str()), (1, Some("removed by staff")), "{object}");
    }
    assert_eq!(
        site.database.number("SELECT COUNT(*) FROM changes").await,
        4,
        "nothing for what was not there"
    );
    site.stop().await;
}

#[tokio::test]
async fn an_open_page_is_updated_without_counting_as_a_request() {
    let site = TestSite::start_without_mail().await;
    let (mut ada, mut staff) = (site.member("ada").await, site.staff("sam", &[MAY_SEE]).await);
    staff.get(PAGE).await;
    rendered_at(&mut ada).await;
    let seen_at = "SELECT MAX(last_seen_at) FROM sessions WHERE user_id = (SELECT id FROM users WHERE username = 'sam')";
    let last_seen = site.database.number(seen_at).await;
    site.clock.advance(Duration::from_secs(120));
    let told = staff.get(&format!("{LIVE}?q=dash")).await;
    assert_eq!(
        (told.header("content-type"), told.header("cache-control")),
        ("text/event-stream", "private, no-store")
    );
    let text = told.text();
    let (retry, data) = text.split_once("\ndata: ").expect("a time and a text");
    let after: u64 = retry.trim_start_matches("retry: ").parse().expect("milliseconds");
    assert!((2_000..=20_000).contains(&after), "{after}");
    let state: Value = serde_json::from_str(data.trim()).expect("JSON");
    assert_eq!(state["found"]["entries"][0]["name"], "/members/dashboard");
    assert_eq!(state["found"]["entries"][0]["age"], 120);
    assert!(!text.contains("ada@example.com"));
    assert_eq!(site.database.number(seen_at).await, last_seen, "no visit");

    site.database.execute("DELETE FROM user_permissions").await;
    site.clock.advance(Duration::from_secs(61));
    assert!(staff.get(LIVE).await.text().starts_with("event: ended"), "asked anew each time");
    site.stop().await;
}
