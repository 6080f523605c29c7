//! `members-area cache` and the inspector, with the cache outside the site's process. Redis and
//! memcached are included if TEST_REDIS_URL and TEST_MEMCACHED_URL name servers.

use std::path::Path;

use members_area::base::config::{CacheUrl, MailTransport};

use crate::support::{
    Page, TestSite, Visitor,
    database::TestDatabase,
    program::{program, run, text},
};

fn backends(folder: &Path) -> Vec<(&'static str, String)> {
    let servers = ["redis", "memcached"].into_iter().filter_map(|kind| {
        let url = std::env::var(format!("TEST_{}_URL", kind.to_uppercase())).ok()?;
        Some((kind, url))
    });
    let own = [
        ("database", "database://".to_owned()),
        ("file", format!("file://{}", folder.join("kept").display())),
    ];
    own.into_iter().chain(servers).collect()
}

fn parsed(url: &str) -> CacheUrl {
    serde_json::from_value(url.into()).expect("an address")
}

async fn rendered_at(member: &mut Visitor) -> [String; 2] {
    let page = member.get("/members/dashboard").await;
    ["view", "fragment"]
        .map(|id| page.attribute(&format!("#{id}-rendered-at"), "datetime").expect("a moment"))
}

fn figure(page: &Page, name: &str) -> String {
    let at = page.find_all(".figures dt").iter().position(|found| found == name).expect("a figure");
    page.find_all(".figures dd")[at].clone()
}

#[tokio::test]
async fn external_backends_are_listed_and_cleared_from_the_command_line() {
    let folder = tempfile::tempdir().expect("a folder");
    for (kind, url) in backends(folder.path()) {
        let prefix = format!("test-{:016x}", rand::random::<u64>());
        let site = TestSite::start_with(|config| {
            config.mail.transport = MailTransport::Smtp("smtp://127.0.0.1:9".into());
            (config.cache.url, config.cache.prefix) = (parsed(&url), prefix.clone());
            config.cache.pages = false;
        })
        .await;
        let (mut ada, mut bob) = (site.member("ada").await, site.member("bob").await);
        let mut staff = site.staff("sam", &["cache.view_cache"]).await;
        let mut before = [rendered_at(&mut ada).await, rendered_at(&mut bob).await];
        let has_list = kind != "memcached";
        let cache = |arguments: &[&str]| {
            let output = run(program(&site.database, folder.path())
                .arg("cache")
                .args(arguments)
                .env("MEMBERS_AREA_CACHE__URL", &url)
                .env("MEMBERS_AREA_CACHE__PREFIX", &prefix));
            (output.status.success(), text(&output))
        };

        let (is_done, stats) = cache(&["stats"]);
        assert!(is_done && stats.contains(&format!("Backend: {kind}\n")), "{kind}: {stats}");
        let (is_done, list) = cache(&["list"]);
        assert_eq!(is_done, has_list, "{kind}: {list}");
        let page = staff.get("/admin/cache").await;
        if has_list {
            assert!(stats.contains("dashboard: ") && stats.contains(" in 2\n"), "{kind}: {stats}");
            assert!(
                list.contains("dashboard\tada\t") && list.contains("profile_summary\tbob\t"),
                "{kind}: {list}"
            );
            assert!(list.contains("not counted") && list.contains("6 entry(s)."), "{kind}: {list}");
            let (_, own) = cache(&["list", "--member", "ada", "--name", "dash"]);
            assert!(own.contains("dashboard\tada") && own.contains("1 entry(s)."), "{kind}: {own}");
            assert!(!own.contains("bob") && !own.contains("profile_summary"), "{kind}: {own}");
            assert_eq!(page.find_all(".entries tbody tr").len(), 6, "{kind}");
        } else {
            assert!(stats.contains("By name: not reported by this backend"), "{stats}");
            assert!(list.contains("this backend cannot list its entries"), "{list}");
            assert!(page.find("main > p:not(.help)").contains("cannot list its entries"), "{}", page.text());
        }
        assert_eq!(figure(&page, "Misses"), "6", "counted by the site, whatever the backend");
        for said in [stats, list, page.text()] {
            assert!(!said.contains("@example.com"), "{kind}: {said}");
        }

        for (arguments, changes) in [
            (&["clear", "--member", "ADA"][..], [[true, true], [false, false]]),
            (&["clear", "--name", "profile_summary"], [[false, true], [false, true]]),
            (&["clear", "--all"], [[true, true], [true, true]]),
        ] {
            site.clock.advance(std::time::Duration::from_secs(1));
            let (is_done, said) = cache(arguments);
            assert!(is_done && said.contains("Cleared."), "{kind} {arguments:?}: {said}");
            let after = [rendered_at(&mut ada).await, rendered_at(&mut bob).await];
            let seen = [0, 1].map(|who| [0, 1].map(|which| after[who][which] != before[who][which]));
            assert_eq!(seen, changes, "{kind} {arguments:?}");
            before = after;
        }
        let (is_done, said) = cache(&["clear", "--member", "nobody"]);
        assert!(!is_done && said.contains("there is no user 'nobody'"), "{said}");
        let history = "SELECT COUNT(*) FROM changes WHERE actor = 'the command line' AND actor_id IS NULL AND new_value = 'dropped'";
        assert_eq!(site.database.number(history).await, 3, "{kind}");
        site.stop().await;
    }
}

#[tokio::test]
async fn an_unreachable_cache_is_an_error_with_advice() {
    let (database, folder) = (TestDatabase::create().await, tempfile::tempdir().expect("a folder"));
    let cache = |url: &str, arguments: &[&str]| {
        let output = run(program(&database, folder.path())
            .arg("cache")
            .args(arguments)
            .env("MEMBERS_AREA_CACHE__URL", url));
        (output.status.code(), text(&output))
    };
    for arguments in [&["stats"][..], &["list"], &["clear", "--all"]] {
        for (url, sentences) in [
            ("memory://", ["in the memory of the running site", "http://127.0.0.1:3000/admin/cache"]),
            ("dummy://", ["dummy://", "nothing is cached"]),
            ("redis://127.0.0.1:1", ["does not answer", "members-area: "]),
        ] {
            let (status, said) = cache(url, arguments);
            assert_eq!(status, Some(1), "{url} {arguments:?}: {said}");
            assert!(sentences.iter().all(|sentence| said.contains(sentence)), "{url} {arguments:?}: {said}");
        }
    }
    // Exactly one thing to drop must be named.
    for arguments in [&["clear"][..], &["clear", "--all", "--name", "x"]] {
        assert_eq!(cache("database://", arguments).0, Some(2), "{arguments:?}");
    }
    database.remove().await;
}
