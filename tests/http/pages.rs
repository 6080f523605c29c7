use members_area::base::{
    config::{Environment, MailTransport, Switch},
    moment::moment,
};
use reqwest::Method;

use crate::support::{TestSite, log};

#[tokio::test]
async fn every_page_has_its_heading_and_every_unknown_path_a_404_page() {
    let site = TestSite::start().await;
    let mut visitor = site.visitor();
    for (path, heading) in [
        ("/", "Members Area"),
        ("/accounts/signup", "Sign up"),
        ("/accounts/login", "Log in"),
        ("/accounts/logout", "Log out"),
    ] {
        let page = visitor.get(path).await;
        assert_eq!((page.status, page.find("h1").as_str()), (200, heading), "{path}");
    }
    let mut member = site.member("ada").await;
    for (path, heading) in [
        ("/members/dashboard", "Welcome, ada!"),
        ("/members/profile", "Profile"),
        ("/members/activity", "Activity"),
        ("/members/data", "Your data"),
        ("/members/delete", "Delete your account"),
        ("/members/secret", "Welcome to the secret page, ada!"),
    ] {
        let page = member.get(path).await;
        assert_eq!((page.status, page.find("h1").as_str()), (200, heading), "{path}");
    }
    for path in ["/nowhere", "/members/nowhere", "/.git/config", "/pkg/../Cargo.toml", "/accounts/nowhere"] {
        for who in [&mut visitor, &mut member] {
            let page = who.get(path).await;
            assert_eq!((page.status, page.find("main h1").as_str()), (404, "Page not found"), "{path}");
        }
    }
    site.stop().await;
}

#[tokio::test]
async fn a_page_in_a_bundle_begins_to_load_it_and_no_other_page_does() {
    let site = TestSite::start().await;
    let mut visitor = site.visitor();
    let mut begins = async |path: &str, bundle: &str| {
        visitor.get(path).await.text().contains(&format!("fetchBundle(\"{bundle}\")"))
    };
    for path in ["/lab", "/lab/cached-page", "/dev/mailbox"] {
        assert!(begins(path, "lab").await, "{path}");
    }
    assert!(!begins("/accounts/login", "").await && !begins("/accounts/login", "lab").await);
    let mut staff = site.superuser("root").await;
    assert!(staff.get("/admin/users").await.text().contains("fetchBundle(\"admin\")"));
    assert!(staff.get("/members/profile").await.text().contains("fetchBundle(\"account\")"));
    assert!(!staff.get("/members/dashboard").await.text().contains("fetchBundle(\""));
    site.stop().await;
}

#[tokio::test]
async fn the_profile_shows_the_account() {
    let site = TestSite::start().await;
    let mut member = site.member("Ada").await;
    let page = member.get("/members/profile").await;
    assert_eq!(page.find_all("dd")[..2], ["Ada".to_owned(), "ada@example.com".to_owned()]);
    assert_eq!(page.find_all("dd time").len(), 2);
    site.stop().await;
}

#[tokio::test]
async fn the_start_page_says_what_this_is_and_where_to_go() {
    let site = TestSite::start_with(|config| {
        config.site.environment = Environment::Production;
        config.mail.transport = MailTransport::Smtp("smtp://127.0.0.1:9".into());
    })
    .await;
    let page = site.visitor().get("/").await;
    assert_eq!(page.find(".lead"), "Your account, your devices and your data, in one place.");
    assert_eq!(page.find_all(".actions a"), ["Sign up", "Log in"]);
    assert_eq!(page.attributes(".actions a", "href"), ["/accounts/signup", "/accounts/login"]);
    assert_eq!(page.find_all(".points h2"), ["Yours to change", "Well protected", "Open to you"]);
    let mut ada = site.member("ada").await;
    let page = ada.get("/").await;
    assert_eq!(page.attributes(".actions a", "href"), ["/members/dashboard"]);
    for page in [page, site.visitor().get("/").await] {
        assert_eq!(page.find_all(".tools").len(), 0, "nothing is for developers only");
        assert!(!page.text().contains("demo"), "{}", page.text());
    }
    site.stop().await;
}

/// What is there for developers depends on the configuration alone, as the cached page does.
#[tokio::test]
async fn in_development_the_start_page_leads_to_what_there_is() {
    let all = ["Demo login", "Mailbox", "Admin", "Caching lab"];
    for (environment, has_mailbox, lab, expected) in [
        (Environment::Development, true, Switch::Auto, &all[..]),
        (Environment::Development, false, Switch::Off, &["Demo login", "Admin"]),
        (Environment::Production, false, Switch::On, &["Caching lab"]),
    ] {
        let site = TestSite::start_with(|config| {
            (config.site.environment, config.lab.enabled) = (environment, lab);
            if has_mailbox {
                config.mail.transport = MailTransport::Mailbox;
            }
        })
        .await;
        let mut visitor = site.visitor();
        for _ in 0..2 {
            let page = visitor.get("/").await;
            assert_eq!(page.find_all(".tools a"), expected);
            for link in page.attributes(".tools a", "href") {
                assert!([200, 303].contains(&visitor.get(&link).await.status), "{link}");
            }
        }
        site.stop().await;
    }
}

#[tokio::test]
async fn pages_that_say_check_your_email_lead_to_the_mailbox_where_it_is() {
    for has_mailbox in [true, false] {
        let site = TestSite::start_with(|config| {
            if has_mailbox {
                config.mail.transport = MailTransport::Mailbox;
            }
        })
        .await;
        let mut ada = site.member("ada").await;
        let mut stranger = site.visitor();
        stranger.submit("/accounts/password_reset", &[("email", "ada@example.com")]).await;
        stranger.post("/api/accounts/mail_code", &[("login", "ada")]).await;
        for page in [
            ada.get("/accounts/verify").await,
            stranger.get("/accounts/password_reset/done").await,
            stranger.get("/accounts/login/code").await,
        ] {
            assert_eq!(page.status, 200);
            let links = page.attributes("main a", "href");
            assert_eq!(links.contains(&"/dev/mailbox".to_owned()), has_mailbox, "{links:?}");
        }
        site.stop().await;
    }
}

#[tokio::test]
async fn a_trailing_slash_redirects_to_the_page() {
    let site = TestSite::start().await;
    let mut visitor = site.visitor();
    for (path, to) in [
        ("/accounts/login/", "/accounts/login"),
        ("/accounts/login/?next=/members/profile", "/accounts/login?next=/members/profile"),
        ("/members/dashboard/", "/members/dashboard"),
    ] {
        let page = visitor.get(path).await;
        assert_eq!((page.status, page.location()), (308, to), "{path}");
    }
    site.stop().await;
}

#[tokio::test]
async fn the_navigation_shows_who_is_signed_in() {
    let site = TestSite::start().await;
    let links = |page: &crate::support::Page| page.find_all("nav li");
    let mut visitor = site.visitor();
    for path in ["/", "/accounts/login", "/nowhere"] {
        assert_eq!(links(&visitor.get(path).await), ["Log in", "Sign up"], "{path}");
    }
    let mut member = site.member("ada").await;
    for path in ["/", "/members/dashboard", "/nowhere"] {
        let page = member.get(path).await;
        assert_eq!(links(&page), ["Home", "Settings", "Settings", "Security", "Log out"], "{path}");
        assert_eq!(page.find("nav .who"), "ada", "{path}");
        assert_eq!(page.attribute("nav form", "method").as_deref(), Some("post"));
    }
    site.stop().await;
}

#[tokio::test]
async fn an_outage_gives_an_error_page_never_an_empty_one() {
    let site = TestSite::start().await;
    let mut member = site.signed_up("ada").await;
    member.cookies.insert("sessionid".into(), "AAAAAAAAAAAAAAAAAAAAAA".into());
    site.database.break_tables().await;
    // axum-login itself answers this with an empty 500: the session cannot be loaded.
    let page = member.get("/members/dashboard").await;
    assert_eq!((page.status, page.find("main h1").as_str()), (503, "Please try again in a moment"));
    assert_eq!(page.header("retry-after"), "5");
    member.cookies.clear();
    let answer = member.log_in("ada").await;
    assert!(answer.status >= 500 && !answer.find("main h1").is_empty(), "{}", answer.text());
    for text in [page.text(), answer.text()] {
        assert!(
            !text.contains("no such table")
                && !text.contains("does not exist")
                && !text.to_lowercase().contains("sql")
        );
    }
    // What needs no database still works.
    assert_eq!(member.get("/").await.status, 200);
    assert_eq!(member.get("/healthz").await.status, 200);
    site.stop().await;
}

#[tokio::test]
async fn health_and_readiness() {
    let site = TestSite::start().await;
    let mut visitor = site.visitor();
    assert_eq!(visitor.get("/healthz").await.status, 200);
    assert_eq!(visitor.get("/readyz").await.status, 200);
    assert!(visitor.cookies.is_empty());
    site.database.break_tables().await;
    site.clock.advance(std::time::Duration::from_secs(1));
    assert_eq!(visitor.get("/readyz").await.status, 503);
    assert_eq!(visitor.get("/healthz").await.status, 200);
    site.stop().await;
}

#[tokio::test]
async fn security_txt_names_the_contact_for_a_while_and_only_if_there_is_one() {
    const PATH: &str = "/.well-known/security.txt";
    const CONTACT: &str = "mailto:security@example.org";
    let with = |base: &'static str| {
        TestSite::start_with(move |config| {
            config.site.security_contact = CONTACT.into();
            config.site.base_url = base.into();
        })
    };
    let site = with("https://members.test").await;
    let mut visitor = site.visitor();
    visitor.cookies.insert("sessionid".into(), "AAAAAAAAAAAAAAAAAAAAAA".into());
    // It needs neither a session nor the database.
    site.database.break_tables().await;
    let end = || moment(site.clock.now() + 180 * 86_400_000).iso;
    let file = |end: &str| {
        format!(
            "Contact: {CONTACT}\nExpires: {}T00:00:00Z\nPreferred-Languages: en\n\
             Canonical: https://members.test{PATH}\n",
            &end[..10]
        )
    };
    // Midnight may come in between.
    let (before, answer, after) = (end(), visitor.get(PATH).await, end());
    assert_eq!(answer.status, 200);
    assert!([file(&before), file(&after)].contains(&answer.text()), "{}", answer.text());
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(answer.header("cache-control"), visitor.get("/robots.txt").await.header("cache-control"));
    assert_eq!(answer.header("set-cookie"), "");
    site.stop().await;
    let site = with("").await;
    let answer = site.visitor().get(PATH).await;
    assert!(
        answer.text().starts_with("Contact: ") && !answer.text().contains("Canonical"),
        "{}",
        answer.text()
    );
    site.stop().await;
    let site = TestSite::start().await;
    let page = site.visitor().get(PATH).await;
    assert_eq!((page.status, page.find("main h1").as_str()), (404, "Page not found"));
    site.stop().await;
}

/// Of what the browser sends, only the page's name gets into the log.
#[tokio::test]
async fn failed_hydration_is_logged_at_most_once_a_minute() {
    const PATH: &str = "/api/hydration_failed";
    let site = TestSite::start().await;
    let mut visitor = site.visitor();
    let pages = || {
        log::lines("Hydration failed in a browser", |_| true)
            .iter()
            .map(|line| line["page"].as_str().expect("a page").to_owned())
            .collect::<Vec<_>>()
    };
    let from = |page: &str| format!("http://{}{page}", site.address);
    for _ in 0..5 {
        let request = visitor.request(Method::POST, PATH).header("referer", from("/accounts/login?next=/x"));
        let answer = visitor.send(request).await;
        assert_eq!((answer.status, answer.body.len()), (204, 0));
    }
    assert_eq!(pages(), ["/accounts/login"]);
    site.clock.advance(std::time::Duration::from_secs(60));
    let request = visitor.request(Method::POST, PATH).header("referer", from("/x%0Aplanted"));
    visitor.send(request).await;
    assert_eq!(pages(), ["/accounts/login", "another"]);
    // After a clock that was ahead for a moment, reports are logged again.
    site.clock.set(-86_400_000);
    visitor.send(visitor.request(Method::POST, PATH)).await;
    assert_eq!(pages().len(), 3);
    let request = reqwest::Client::new().post(from(PATH)).header("sec-fetch-site", "cross-site");
    assert_eq!(visitor.send(request).await.status, 403);
    site.stop().await;
}
