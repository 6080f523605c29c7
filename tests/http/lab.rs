//! The lab's caching exercises, with a clock that is moved.

use std::{collections::BTreeSet, time::Duration};

use members_area::base::config::{Environment, MailTransport, Switch};

use crate::support::{Page, TestSite, Visitor};

fn at(page: &Page, id: &str) -> String {
    assert_eq!(page.status, 200);
    page.attribute(&format!("#{id}"), "datetime").unwrap_or_else(|| panic!("{id} in {}", page.text()))
}

/// Loads a page at these seconds after its first load. Returns which of its times have changed.
async fn changes(
    site: &TestSite,
    visitor: &mut Visitor,
    path: &str,
    ids: [&str; 2],
    seconds: &[u64],
) -> Vec<(u64, bool, bool)> {
    let first = visitor.get(path).await;
    let mut now = 0;
    let mut seen = Vec::new();
    for &second in seconds {
        site.clock.advance(Duration::from_secs(second - now));
        now = second;
        let page = visitor.get(path).await;
        let changed = ids.map(|id| at(&page, id) != at(&first, id));
        seen.push((second, changed[0], changed[1]));
    }
    seen
}

/// The sixth exercise, which expects a new fragment between seconds 30 and 60.
#[tokio::test]
async fn a_fragment_in_a_cached_page_is_as_old_as_the_page() {
    let site = TestSite::start().await;
    let expected = [(20, false, false), (40, false, false), (55, false, false), (65, true, true)];
    let ids = ["page-rendered-at", "fragment-rendered-at"];
    for mut visitor in [site.visitor(), site.member("ada").await] {
        let seen = changes(&site, &mut visitor, "/lab/cached-page", ids, &[20, 40, 55, 65]).await;
        assert_eq!(seen, expected);
        site.clock.advance(Duration::from_secs(120));
    }
    // Anonymous visitors share one page; each member has their own, with the shared fragment.
    let (mut stranger, mut bob) = (site.visitor(), site.member("bob").await);
    let page = stranger.get("/lab/cached-page").await;
    assert_eq!(at(&site.visitor().get("/lab/cached-page").await, ids[0]), at(&page, ids[0]));
    site.clock.advance(Duration::from_secs(10));
    let own = bob.get("/lab/cached-page").await;
    assert_ne!(at(&own, ids[0]), at(&page, ids[0]));
    assert_eq!(at(&own, ids[1]), at(&page, ids[1]));
    // A page rendered again while the fragment is valid uses it.
    assert_eq!(own.find_all(".timetable tbody tr").len(), 4);
    assert_eq!(own.find_all(".timetable .wrong"), ["page the same, fragment new (wrong)"]);
    site.stop().await;
}

/// The fifth exercise.
#[tokio::test]
async fn a_value_is_computed_once_in_thirty_seconds() {
    let site = TestSite::start().await;
    let mut visitor = site.visitor();
    let mut seen = Vec::new();
    let mut first = String::new();
    for seconds in [0, 20, 9, 2] {
        site.clock.advance(Duration::from_secs(seconds));
        let page = visitor.get("/lab/cache-api").await;
        let computed_at = at(&page, "computed-at");
        if first.is_empty() {
            first.clone_from(&computed_at);
        }
        let now = page.find("[aria-current=true] th");
        seen.push((page.find("#cache-state"), computed_at == first, now));
        assert_eq!(page.header("cache-control"), "private, no-store", "what is observed is not kept");
    }
    let state = |words: &str, same, when: &str| (words.to_owned(), same, format!("{when} now"));
    assert_eq!(
        seen,
        [
            state("Cache miss", true, "first request"),
            state("Cache hit", true, "before second 30"),
            state("Cache hit", true, "before second 30"),
            state("Cache miss", false, "first request"),
        ]
    );
    site.stop().await;
}

#[tokio::test]
async fn every_call_of_the_low_level_api_returns_the_expected_value() {
    let site = TestSite::start().await;
    let page = site.visitor().get("/lab/cache-api").await;
    let cells = page.find_all(".calls tbody td");
    let calls = page.find_all(".calls tbody th");
    assert_eq!(cells.len(), calls.len() * 3, "{calls:?}");
    for (call, cells) in calls.iter().zip(cells.chunks(3)) {
        assert_eq!(cells[1], cells[2], "{call}");
    }
    let django = cells.chunks(3).map(|cells| cells[0].clone()).collect::<Vec<_>>().join(" ");
    for call in [
        "get",
        "set",
        "add",
        "get_or_set",
        "get_many",
        "set_many",
        "delete",
        "delete_many",
        "incr",
        "decr",
        "touch",
    ] {
        assert!(django.contains(&format!("cache.{call}(")), "the lesson's {call}");
    }
    // At most once in ten seconds, for all visitors together.
    let ran_at = at(&page, "run-at");
    site.clock.advance(Duration::from_secs(5));
    assert_eq!(at(&site.visitor().get("/lab/cache-api").await, "run-at"), ran_at);
    site.clock.advance(Duration::from_secs(6));
    assert_ne!(at(&site.visitor().get("/lab/cache-api").await, "run-at"), ran_at);
    site.stop().await;
}

#[tokio::test]
async fn the_dashboards_view_expires_before_its_fragment() {
    let site = TestSite::start_without_mail().await;
    let mut visitor = site.visitor();
    let ids = ["view-rendered-at", "fragment-rendered-at"];
    let seen = changes(&site, &mut visitor, "/lab/matrix", ids, &[285, 315, 585, 645, 885, 915]).await;
    let expected = [
        (285, false, false),
        (315, true, false),
        (585, true, false),
        (645, true, false),
        (885, true, false),
        (915, true, true),
    ];
    assert_eq!(seen, expected);
    let page = visitor.get("/lab/matrix").await;
    assert_eq!(page.find(".timetable .wrong"), "view the same, fragment new (wrong)");
    site.clock.advance(Duration::from_secs(400));
    let page = visitor.get("/lab/matrix").await;
    assert_eq!(page.find("[aria-current=true] th"), "from minute 5 to 15 now");
    site.stop().await;
}

#[tokio::test]
async fn viewing_the_lab_does_not_cache_the_members_dashboard() {
    let site = TestSite::start_without_mail().await;
    assert!(site.visitor().get("/lab/matrix").await.find("section[aria-labelledby=own]").contains("Log in"));
    let (mut ada, mut bob) = (site.member("ada").await, site.member("bob").await);
    let dashboard = ada.get("/members/dashboard").await;
    site.clock.advance(Duration::from_secs(60));
    let page = ada.get("/lab/matrix").await;
    assert_eq!(at(&page, "own-view-rendered-at"), at(&dashboard, "view-rendered-at"));
    assert_eq!(at(&page, "own-fragment-rendered-at"), at(&dashboard, "fragment-rendered-at"));
    for _ in 0..2 {
        let own = bob.get("/lab/matrix").await.find("section[aria-labelledby=own]");
        assert_eq!(own.matches("not cached at the moment").count(), 2, "{own}");
    }
    site.stop().await;
}

#[tokio::test]
async fn anonymous_visitors_cannot_fill_the_cache() {
    let site = TestSite::start_with(|config| {
        config.mail.transport = MailTransport::Smtp("smtp://127.0.0.1:9".into());
        config.cache.site_ttl = members_area::base::config::Period::minutes(1);
    })
    .await;
    let mut staff = site.staff("sam", &["cache.view_cache"]).await;
    let mut count = async || staff.get("/admin/cache").await.find("main > p:not(.help)");
    let visit = async |number: usize| {
        for path in ["/lab", "/lab/cached-page", "/lab/cache-api", "/lab/matrix"] {
            let query = format!("{path}?x={number}&q={number}#{number}");
            assert_eq!(site.visitor().get(&query).await.status, 200);
        }
        for function in ["now", "cache_api", "matrix"] {
            let number = number.to_string();
            site.visitor().call(&format!("/api/lab/{function}"), &[("x", &number)]).await;
        }
    };
    visit(0).await;
    let first = count().await;
    for number in 1..20 {
        visit(number).await;
    }
    assert_eq!(count().await, first);
    site.stop().await;
}

#[tokio::test]
async fn a_disabled_lab_is_not_found() {
    for (environment, enabled, is_open) in [
        (Environment::Development, Switch::Auto, true),
        (Environment::Production, Switch::Auto, false),
        (Environment::Production, Switch::On, true),
        (Environment::Development, Switch::Off, false),
    ] {
        let site = TestSite::start_with(|config| {
            (config.site.environment, config.lab.enabled) = (environment, enabled);
        })
        .await;
        let mut headings = BTreeSet::new();
        for visitor in [&mut site.visitor(), &mut site.member("ada").await] {
            for path in ["/lab", "/lab/cached-page", "/lab/cache-api", "/lab/matrix"] {
                let page = visitor.get(path).await;
                assert_eq!(
                    page.status,
                    if is_open { 200 } else { 404 },
                    "{path} {environment:?} {enabled:?}"
                );
                headings.insert(page.find("h1"));
            }
            for function in ["now", "cache_api", "matrix"] {
                let answer = visitor.call(&format!("/api/lab/{function}"), &[]).await;
                assert_eq!(answer.status, if is_open { 200 } else { 404 }, "{function}");
            }
            let links = visitor.get("/").await.find_all("main a[href='/lab']").len();
            assert_eq!(links, usize::from(is_open));
        }
        assert_eq!(headings.len(), if is_open { 4 } else { 1 }, "{headings:?}");
        site.stop().await;
    }
}

/// Django's messages framework: each level has a call, a style and an ARIA role; those below the
/// configured level are not shown.
#[tokio::test]
async fn messages_of_five_levels() {
    for (level, shown) in [("debug", 5), ("info", 4), ("success", 3), ("warning", 2), ("error", 1)] {
        let site = TestSite::start_with(|config| {
            config.site.message_level = serde_json::from_str(&format!("\"{level}\"")).expect("a level");
        })
        .await;
        let mut visitor = site.visitor();
        assert_eq!(visitor.submit("/lab/messages", &[]).await.location(), "/lab/messages");
        let page = visitor.get("/lab/messages").await;
        let all = ["debug", "info", "success", "warning", "error"];
        let expected: Vec<String> = all[5 - shown..]
            .iter()
            .map(|level| format!("This is an example at the level “{level}”."))
            .collect();
        assert_eq!(page.messages(), expected);
        for level in &all[5 - shown..] {
            let role = if ["warning", "error"].contains(level) { "alert" } else { "status" };
            assert_eq!(page.attribute(&format!(".message.{level}"), "role").as_deref(), Some(role));
        }
        assert!(visitor.get("/lab/messages").await.messages().is_empty(), "once");
        site.stop().await;
    }
}

#[test]
fn each_level_has_its_own_style() {
    let style = include_str!("../../style/site.css");
    for level in ["debug", "info", "success", "warning", "error"] {
        assert!(style.contains(&format!(".message.{level} {{")), "{level}");
    }
}
