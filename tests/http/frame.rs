//! The frame of the pages: header, account menu, the settings' navigation, icons.

use crate::{
    pictures,
    support::{Page, TestSite},
};

fn present(page: &Page, navigation: &str) -> Vec<String> {
    page.find_all(&format!("{navigation} [aria-current]"))
}

#[tokio::test]
async fn every_settings_page_leads_to_the_others() {
    let site = TestSite::start_without_mail().await;
    let mut ada = site.member("ada").await;
    let all = ["Profile", "Email", "Password and security", "Devices", "Activity", "Appearance", "Your data"];
    for (path, entry) in [
        ("/members/profile", "Profile"),
        ("/accounts/email", "Email"),
        ("/members/security", "Password and security"),
        ("/members/security/authenticator", "Password and security"),
        ("/members/security/browsers", "Password and security"),
        ("/members/security/codes", "Password and security"),
        ("/members/security/passkeys", "Password and security"),
        ("/accounts/password_change", "Password and security"),
        ("/members/sessions", "Devices"),
        ("/members/activity", "Activity"),
        ("/members/appearance", "Appearance"),
        ("/members/data", "Your data"),
        ("/members/delete", "Your data"),
    ] {
        let page = ada.get(path).await;
        assert_eq!(page.find_all("nav.side a"), all, "{path}");
        assert_eq!(present(&page, "nav.side"), [entry], "{path}");
        assert_eq!(present(&page, ".site-nav"), ["Settings"], "{path}");
        let is_itself = page.attribute("nav.side [aria-current]", "href").as_deref() == Some(path);
        let expected = if is_itself { "page" } else { "true" };
        assert_eq!(page.attribute("nav.side [aria-current]", "aria-current").as_deref(), Some(expected));
    }
    for (path, entries) in [("/members/dashboard", &["Home"][..]), ("/", &[]), ("/members/secret", &[])] {
        let page = ada.get(path).await;
        assert_eq!(
            (present(&page, ".site-nav"), page.find_all("nav.side a").len()),
            (entries.iter().map(ToString::to_string).collect(), 0)
        );
    }
    site.stop().await;
}

/// The header is in cached pages, and these never show an old one.
#[tokio::test]
async fn the_account_menu_has_the_picture_or_the_initial() {
    let site = TestSite::start_without_mail().await;
    let mut ada = site.member("ada").await;
    let mut menu = async |path: &str| {
        let page = ada.get(path).await;
        assert_eq!(page.attribute("nav button", "popovertarget"), page.attribute("[popover]", "id"));
        (page.find("nav .avatar"), page.attribute("nav img.avatar", "src"))
    };
    for path in ["/members/dashboard", "/members/dashboard", "/members/profile", "/no/such/page"] {
        assert_eq!(menu(path).await, ("A".into(), None), "{path}");
    }
    let mut again = site.visitor();
    again.log_in("ada").await;
    assert_eq!(pictures::upload(&mut again, &pictures::png()).await.status, 303);
    let (initial, picture) = menu("/members/dashboard").await;
    assert_eq!(initial, "");
    assert!(
        picture.as_ref().is_some_and(|address| address.starts_with("/members/picture/small?")),
        "{picture:?}"
    );
    for path in ["/members/dashboard", "/no/such/page"] {
        assert_eq!(menu(path).await.1, picture, "{path}");
    }
    site.stop().await;
}

/// Whoever changes a name, every page has it at the next request.
#[tokio::test]
async fn the_account_menu_has_the_name_and_the_username() {
    let site = TestSite::start_without_mail().await;
    let mut ada = site.member("ada").await;
    let mut root = site.superuser("root").await;
    let own = ("/members/profile".to_owned(), "/api/members/save_profile");
    let by_staff = (format!("/admin/users/{}", site.user_id("ada").await), "/api/admin/save_user");
    let paths = ["/members/dashboard", "/lab/cached-page", "/", "/no/such/page"];
    let mut expected = "Logged in as ada".to_owned();
    for ((form, action), last, by_herself) in
        [(&own, "<i>Love</i>lace &amp; \"Co\"", true), (&by_staff, "King", false), (&own, "", true)]
    {
        for path in paths.into_iter().chain(paths) {
            assert_eq!(ada.get(path).await.find("#account-menu p"), expected, "{path}");
        }
        let changed = [("first_name", "Ada"), ("last_name", last)];
        let who = if by_herself { &mut ada } else { &mut root };
        assert_eq!(who.change(form, action, &changed).await.status, 303);
        expected = format!("Logged in as {} ada", format!("Ada {last}").trim());
    }
    // The first shows the message.
    for path in ["/members/profile"].into_iter().chain(paths).chain(paths) {
        let page = ada.get(path).await;
        assert_eq!(page.find("#account-menu p"), expected, "{path}");
        assert_eq!(page.find("nav .who"), "ada");
    }
    site.stop().await;
}

#[tokio::test]
async fn the_icons_are_loaded_once() {
    let site = TestSite::start().await;
    let mut visitor = site.member("ada").await;
    let page = visitor.get("/members/profile").await;
    let icon = page.attribute(".side use", "href").expect("an icon");
    let (file, name) = icon.split_once('#').expect("a name");
    assert_eq!(name, "user");
    let answer = visitor.get(file).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "image/svg+xml"));
    assert!(answer.header("cache-control").contains("immutable"), "{file}");
    for other in ["/icons.svg", "/icons.svg?0"] {
        assert_eq!(visitor.get(other).await.header("cache-control"), "no-cache", "{other}");
    }
    site.stop().await;
}

#[tokio::test]
async fn every_icon_that_is_used_is_in_the_file() {
    let site = TestSite::start().await;
    let icons = include_str!("../../public/icons.svg");
    let mut root = site.superuser("root").await;
    let mut used = 0;
    for path in ["/admin", "/members/profile", "/members/dashboard"] {
        for icon in root.get(path).await.attributes("use", "href") {
            let (_, name) = icon.split_once('#').expect("a name");
            assert!(icons.contains(&format!("<symbol id=\"{name}\"")), "{icon}");
            used += 1;
        }
    }
    assert!(used > 20, "{used}");
    site.stop().await;
}
