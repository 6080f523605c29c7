use std::time::Duration;

use members_area::base::config::{MailTransport, Switch};
use scraper::{Html, Selector};
use serde_json::Value;

use crate::support::{Page, TestSite, Visitor, log};

fn timestamps(page: &Page) -> (String, String) {
    assert_eq!(page.status, 200);
    let exact =
        |id: &str| page.attribute(id, "datetime").unwrap_or_else(|| panic!("{id} in {}", page.text()));
    (exact("#view-rendered-at"), exact("#fragment-rendered-at"))
}

#[tokio::test]
async fn it_shows_the_summary_and_the_activity() {
    let site = TestSite::start_without_mail().await;
    let mut member = site.member("ada").await;
    let page = member.get("/members/dashboard").await;
    assert_eq!(page.find("h1"), "Welcome, ada!");
    assert_eq!(page.find_all("h2"), ["Secure your account", "Profile summary", "Devices", "Recent activity"]);
    assert_eq!(page.find_all("dt"), ["Username", "Email", "Member since", "Last login"]);
    assert_eq!(page.find_all("dd")[..2], ["ada".to_owned(), "ada@example.com".to_owned()]);
    assert_eq!(
        page.find_all(".card-head a"),
        ["See details", "Edit profile", "Manage devices", "See all activity"]
    );
    for (link, heading) in page.attributes(".card-head a", "href").iter().zip([
        "Password and security",
        "Profile",
        "Your devices",
        "Activity",
    ]) {
        assert_eq!(member.get(link).await.find("h1"), heading, "{link}");
    }
    assert_eq!(page.find_all("[aria-labelledby=devices] li").len(), 1);
    assert_eq!(page.find_all("[aria-labelledby=recent-activity] .what"), ["Logged in", "Account created"]);
    // The login is in the summary and among the events, and nowhere else.
    let login = page.attribute("[aria-labelledby=recent-activity] time", "datetime").expect("a time");
    let times = page.attributes(".card time", "datetime");
    assert!(times.iter().filter(|time| **time == login).count() <= 2, "{times:?}");
    site.stop().await;
}

#[tokio::test]
async fn it_greets_by_the_first_name_at_the_next_request() {
    let site = TestSite::start_without_mail().await;
    let mut ada = site.member("ada").await;
    let greeting = async |member: &mut Visitor| member.get("/members/dashboard").await.find("h1");
    assert_eq!(greeting(&mut ada).await, "Welcome, ada!");
    for (first, last, expected) in [
        ("Ada", "Lovelace", "Welcome, Ada!"),
        ("<b>Zoë</b>", "", "Welcome, <b>Zoë</b>!"),
        ("", "King", "Welcome, ada!"),
    ] {
        ada.post(
            "/api/members/save_profile",
            &[("username", "ada"), ("first_name", first), ("last_name", last)],
        )
        .await;
        assert_eq!(greeting(&mut ada).await, expected);
        assert_eq!(greeting(&mut ada).await, expected);
    }
    site.stop().await;
}

#[tokio::test]
async fn only_developers_are_told_about_caching_and_only_when_they_open_the_panel() {
    for enabled in [Switch::On, Switch::Off] {
        let site = TestSite::start_with(|config| {
            config.mail.transport = MailTransport::Smtp("smtp://127.0.0.1:9".into());
            config.lab.enabled = enabled;
        })
        .await;
        let page = site.member("ada").await.get("/members/dashboard").await;
        let panels = page.find_all("details.why:not([open]) summary");
        let main = page.find("main");
        if enabled == Switch::On {
            assert_eq!(panels, ["For developers: why is this page cached?"]);
            assert!(main.contains("This profile summary is cached per user!"), "{main}");
            assert!(page.find("footer").contains("every cached thing says when it was made"));
        } else {
            assert_eq!(panels.len(), 0);
            assert!(!page.find("footer").contains("cached"), "{}", page.find("footer"));
            for word in ["cache", "ragment", "endered at", "alid until"] {
                assert!(!main.contains(word), "{word} in {main}");
            }
        }
        site.stop().await;
    }
}

/// With 15 seconds to spare on each side, for the time that the test itself takes. A page cached
/// for 5 minutes around a fragment cached for 15 changes first.
#[tokio::test]
async fn the_expiry_matrix() {
    let site = TestSite::start_without_mail().await;
    let mut member = site.member("ada").await;
    let (view, fragment) = timestamps(&member.get("/members/dashboard").await);
    let mut at = Duration::ZERO;
    let mut seen = Vec::new();
    for seconds in [285, 315, 585, 645, 885, 915] {
        site.clock.advance(Duration::from_secs(seconds) - at);
        at = Duration::from_secs(seconds);
        let (new_view, new_fragment) = timestamps(&member.get("/members/dashboard").await);
        seen.push((seconds, new_view != view, new_fragment != fragment));
    }
    assert_eq!(
        seen,
        [
            (285, false, false),
            (315, true, false),
            (585, true, false),
            (645, true, false),
            (885, true, false),
            (915, true, true)
        ]
    );
    site.stop().await;
}

/// The start and length of each line's validity in "Why is this page cached?", in seconds of the
/// current hour.
fn validities(page: &Page) -> Vec<(String, f64, f64)> {
    let seconds = |text: &str| {
        let [_, minutes, seconds] = text.split(':').collect::<Vec<_>>()[..] else { panic!("{text}") };
        let seconds: f64 = seconds.trim_end_matches('Z').parse().expect("a number");
        minutes.parse::<f64>().expect("a number") * 60.0 + seconds
    };
    let html = Html::parse_document(&page.text());
    let (row, time) =
        (Selector::parse(".why tbody tr").expect("rows"), Selector::parse("time").expect("times"));
    let name = Selector::parse("th").expect("a name");
    html.select(&row)
        .map(|row| {
            let times: Vec<f64> =
                row.select(&time).map(|time| seconds(time.attr("datetime").expect("a time"))).collect();
            let name = row.select(&name).next().expect("a name").text().collect();
            (name, times[0], (times[1] - times[0]).rem_euclid(3600.0))
        })
        .collect()
}

#[tokio::test]
async fn it_explains_which_parts_are_cached_until_when() {
    let site = TestSite::start_without_mail().await;
    let mut member = site.member("ada").await;
    let page = member.get("/members/dashboard").await;
    let lines = validities(&page);
    let names: Vec<&str> = lines.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["The whole page", "Fragment: profile summary", "View: everything else"]);
    let (whole, fragment, activity) = (lines[0].2, lines[1].2, lines[2].2);
    assert!(
        (298.0..300.01).contains(&whole)
            && (fragment - 900.0).abs() < 0.01
            && (activity - 300.0).abs() < 0.01,
        "{lines:?}"
    );
    assert_eq!(validities(&member.get("/members/dashboard").await), lines);
    // A page rendered ten and a half minutes later expires with its fragment, four and a half
    // minutes after that.
    site.clock.advance(Duration::from_secs(630));
    let page = member.get("/members/dashboard").await;
    let later = validities(&page);
    assert_eq!(later[1], lines[1]);
    assert!((265.0..270.01).contains(&later[0].2), "{later:?}");
    let end = |(_, since, long): &(String, f64, f64)| (since + long).rem_euclid(3600.0);
    assert!((end(&later[0]) - end(&later[1])).abs() < 2.0, "{later:?}");
    let ttl = page.header("x-cache").rsplit("ttl=").next().and_then(|ttl| ttl.parse::<f64>().ok());
    assert!(ttl.is_some_and(|ttl| (ttl - later[0].2).abs() < 2.0), "{ttl:?}");
    site.stop().await;
}

#[tokio::test]
async fn an_uncached_page_says_so() {
    let site = TestSite::start_with(|config| config.cache.pages = false).await;
    let page = site.member("ada").await.get("/members/dashboard").await;
    assert_eq!(page.find(".why tbody td"), "Not cached: rendered for this request.");
    assert_eq!(page.find_all(".why tbody tr").len(), 3);
    site.stop().await;
}

#[tokio::test]
async fn a_page_load_and_a_client_navigation_show_the_same() {
    let site = TestSite::start_without_mail().await;
    let mut member = site.member("ada").await;
    let (view, fragment) = timestamps(&member.get("/members/dashboard").await);
    let data: Value =
        serde_json::from_str(&member.call("/api/members/dashboard", &[]).await.text()).expect("JSON");
    assert_eq!(data["activity"]["rendered_at"]["iso"], view);
    assert_eq!(data["summary"]["rendered_at"]["iso"], fragment);
    site.stop().await;
}

#[tokio::test]
async fn a_login_and_a_logout_are_shown_at_the_next_request() {
    let site = TestSite::start_without_mail().await;
    let mut here = site.member("ada").await;
    let before = timestamps(&here.get("/members/dashboard").await);
    site.clock.advance(Duration::from_secs(2));
    let mut there = site.visitor();
    there.log_in("ada").await;
    let page = here.get("/members/dashboard").await;
    let after_login = timestamps(&page);
    assert!(after_login.0 != before.0 && after_login.1 != before.1);
    assert_eq!(page.find_all("[aria-labelledby=devices] li").len(), 2);
    assert_eq!(page.find_all("[aria-labelledby=recent-activity] .what")[..2], ["Logged in", "Logged in"]);
    site.clock.advance(Duration::from_secs(2));
    there.log_out().await;
    let page = here.get("/members/dashboard").await;
    let after_logout = timestamps(&page);
    assert!(after_logout.0 != after_login.0 && after_logout.1 != after_login.1);
    assert_eq!(page.find_all("[aria-labelledby=devices] li").len(), 1);
    site.stop().await;
}

#[tokio::test]
async fn each_computation_is_one_log_line_and_concurrent_requests_compute_once() {
    let site = TestSite::start_without_mail().await;
    let member = site.member("ada").await;
    let id = site.user_id("ada").await;
    let many: Vec<_> = (0..50)
        .map(|_| {
            let mut tab = member.clone();
            tokio::spawn(async move { timestamps(&tab.get("/members/dashboard").await) })
        })
        .collect();
    let mut seen = Vec::new();
    for tab in many {
        seen.push(tab.await.expect("no panic"));
    }
    seen.dedup();
    assert_eq!(seen.len(), 1);
    for name in ["profile_summary", "profile_summary_card", "dashboard"] {
        let lines = log::lines("cache.compute", |line| {
            line["message"] == format!("cache.compute: {name}") && line["user_id"] == id
        });
        assert_eq!(lines.len(), 1, "{name}");
    }
    site.stop().await;
}

#[tokio::test]
async fn the_summary_is_rendered_once_for_each_member_until_it_changes_or_expires() {
    let site = TestSite::start_with(|config| {
        config.mail.transport = MailTransport::Smtp("smtp://127.0.0.1:9".into());
        // A cached page would not ask for its fragment.
        config.cache.pages = false;
    })
    .await;
    let (mut ada, mut bob) = (site.member("ada").await, site.member("bob").await);
    let card = async |member: &mut Visitor, views: &str, summary: &str| {
        let page = member.get("/members/dashboard").await;
        let expected = format!("dashboard={views},profile_summary={summary},profile_summary_card={summary}");
        assert_eq!(log::request(page.request_id())["cache"], expected);
        let card = page.find(".fragment > section[aria-labelledby=profile-summary]");
        let rendered_at = page.attribute(".fragment > section", "data-rendered-at").expect("a time");
        assert_eq!(page.attribute("#fragment-rendered-at", "datetime").as_ref(), Some(&rendered_at));
        format!("{rendered_at} {card}")
    };
    let first = card(&mut ada, "miss", "miss").await;
    assert!(first.contains("ada@example.com"), "{first}");
    assert_eq!(card(&mut ada, "hit", "hit").await, first);
    let of_bob = card(&mut bob, "miss", "miss").await;
    assert!(of_bob.contains("bob@example.com") && !of_bob.contains("ada"), "{of_bob}");

    let names = [("username", "ada"), ("first_name", "Ada"), ("last_name", "Lovelace")];
    ada.post("/api/members/save_profile", &names).await;
    let changed = card(&mut ada, "miss", "miss").await;
    assert!(changed.contains("Ada Lovelace"), "{changed}");
    assert_eq!(card(&mut bob, "hit", "hit").await, of_bob);

    site.clock.advance(Duration::from_secs(885));
    assert_eq!(card(&mut ada, "miss", "hit").await, changed);
    site.clock.advance(Duration::from_secs(30));
    let expired = card(&mut ada, "hit", "miss").await;
    assert!(expired != changed && expired.contains("Ada Lovelace"), "{expired}");
    assert_eq!(card(&mut ada, "hit", "hit").await, expired);
    site.stop().await;
}

#[tokio::test]
async fn members_see_nothing_of_each_other() {
    let site = TestSite::start_without_mail().await;
    let names = ["canary-ada", "canary-bob", "canary-cyd", "canary-dee"];
    let mut members: Vec<Visitor> = Vec::new();
    for name in names {
        members.push(site.member(name).await);
    }
    let visits: Vec<_> = (0..200)
        .map(|number: usize| {
            let (mut member, own) = (members[number % names.len()].clone(), names[number % names.len()]);
            tokio::spawn(async move {
                if number % 40 == 39 {
                    let mut other_device = member.clone();
                    other_device.cookies.clear();
                    other_device.log_in(own).await;
                }
                let page = match number % 3 {
                    0 => member.get("/members/dashboard").await,
                    1 => member.get("/members/profile").await,
                    _ => member.call("/api/members/dashboard", &[]).await,
                };
                assert_eq!(page.status, 200);
                let text = page.text();
                for name in names {
                    assert_eq!(text.contains(name), name == own, "{name} on a page of {own}");
                }
            })
        })
        .collect();
    for visit in visits {
        visit.await.expect("only their own");
    }
    site.stop().await;
}
