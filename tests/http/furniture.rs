//! What browsers, search engines and people expect of any site: icons, manifest, previews, short
//! addresses, helpful error pages.

use crate::support::TestSite;

#[tokio::test]
async fn every_page_names_its_icons_and_says_what_the_site_is() {
    const NAME: &str = "The <b>Club</b> & \"Co\"";
    let site = TestSite::start_with(|config| {
        config.site.name = NAME.into();
        config.site.base_url = "https://club.test".into();
    })
    .await;
    let mut visitor = site.visitor();
    for path in ["/", "/accounts/login", "/no/such/page"] {
        let page = visitor.get(path).await;
        let icons = page.attributes("link[rel=icon], link[rel=apple-touch-icon]", "href");
        assert_eq!(icons, ["/favicon.ico", "/favicon.svg", "/apple-touch-icon.png"], "{path}");
        let meta = |name: &str| page.attribute(&format!("meta[{name}]"), "content").unwrap_or_default();
        assert!(!meta("name=description").is_empty(), "{path}");
        assert_eq!(meta("property='og:site_name'"), NAME);
        assert_eq!(meta("property='og:title'"), NAME);
        assert_eq!(meta("property='og:description'"), meta("name=description"));
        assert_eq!(meta("property='og:image'"), "https://club.test/icon-512.png");
        assert_eq!(page.find(".site-name"), NAME, "{path}");
        assert_eq!(meta("name=format-detection"), "telephone=no");
        assert_eq!(page.attributes("meta[name=theme-color]", "media").len(), 2);
        assert!(page.header("content-security-policy").contains("manifest-src 'self'"));
    }
    // One name in the title.
    assert_eq!(visitor.get("/").await.find("title"), NAME);
    assert_eq!(visitor.get("/accounts/login").await.find("title"), format!("Log in · {NAME}"));
    let manifest = visitor.get("/site.webmanifest").await;
    assert_eq!(manifest.header("content-type"), "application/manifest+json");
    let manifest: serde_json::Value = serde_json::from_slice(&manifest.body).expect("JSON");
    assert_eq!((&manifest["name"], &manifest["start_url"]), (&NAME.into(), &"/".into()));
    for icon in manifest["icons"].as_array().expect("icons") {
        let path = format!("public{}", icon["src"].as_str().expect("a path"));
        let file = std::fs::read(&path).expect("a file");
        let size = image::load_from_memory(&file).expect("a picture").width();
        assert_eq!(icon["sizes"], format!("{size}x{size}"), "{path}");
        assert!(file.len() < 10_000, "{path}");
    }
    site.stop().await;
}

#[tokio::test]
async fn short_addresses_lead_to_their_pages() {
    let site = TestSite::start_without_mail().await;
    let (mut visitor, mut ada) = (site.visitor(), site.member("ada").await);
    for (short, page) in [
        ("/login", "/accounts/login"),
        ("/login/", "/accounts/login"),
        ("/login?next=/members/data", "/accounts/login?next=/members/data"),
        ("/signup", "/accounts/signup"),
        ("/logout", "/accounts/logout"),
        ("/settings", "/members/profile"),
        ("/members", "/members/dashboard"),
        ("/accounts", "/members/profile"),
    ] {
        for who in [&mut visitor, &mut ada] {
            let answer = who.get(short).await;
            assert_eq!((answer.status, answer.location()), (303, page), "{short}");
        }
    }
    assert!(ada.is_signed_in().await, "an address logs nobody out");
    site.stop().await;
}

#[tokio::test]
async fn error_pages_lead_home_and_show_the_request() {
    let site = TestSite::start_without_mail().await;
    let (mut visitor, mut ada) = (site.visitor(), site.member("ada").await);
    for path in ["/no/such/page", "/x/%2e%2e/members/secret;"] {
        let page = visitor.get(path).await;
        assert_eq!(page.attribute(".error-page a", "href").as_deref(), Some("/"), "{path}");
        assert_eq!(page.find(".error-page code"), page.request_id(), "{path}");
        let page = ada.get(path).await;
        assert_eq!(
            (page.status, page.find(".error-page a").as_str()),
            (404, "Go to your dashboard"),
            "{path}"
        );
        assert_eq!(page.find(".error-page code"), page.request_id(), "{path}");
        assert_eq!(page.find("nav .who"), "ada", "{path}");
    }
    let page = ada.get("/admin").await;
    assert_eq!((page.status, page.find(".error-page a").as_str()), (403, "Go to your dashboard"));
    assert_eq!(page.find(".error-page code"), page.request_id());
    site.stop().await;
}
