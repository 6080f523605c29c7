//! The theme: chosen by a form, kept in a cookie, rendered by the server, and part of the page
//! cache's key.

use crate::support::{Page, TestSite, Visitor};

const APPEARANCE: &str = "/members/appearance";

async fn choose(member: &mut Visitor, theme: &str) -> Page {
    let answer = member.submit(APPEARANCE, &[("theme", theme)]).await;
    assert_eq!((answer.status, answer.location()), (303, APPEARANCE), "{}", answer.text());
    let page = member.get(APPEARANCE).await;
    assert_eq!(page.messages(), ["Theme saved."]);
    page
}

fn theme(page: &Page) -> Option<String> {
    page.attribute("html", "data-theme")
}

fn colours(page: &Page) -> Vec<String> {
    page.attributes("meta[name=theme-color]", "content")
}

#[tokio::test]
async fn a_theme_is_in_every_page_from_its_first_byte() {
    let site = TestSite::start_without_mail().await;
    let mut ada = site.member("ada").await;
    let page = ada.get(APPEARANCE).await;
    assert_eq!((theme(&page), colours(&page).len()), (None, 2));
    assert_eq!(page.attribute("meta[name=color-scheme]", "content").as_deref(), Some("light dark"));
    assert_eq!(page.attribute("[name=theme][checked]", "value").as_deref(), Some("system"));
    for name in ["dark", "light"] {
        let page = choose(&mut ada, name).await;
        assert_eq!(page.attribute("[name=theme][checked]", "value").as_deref(), Some(name));
        assert_eq!(ada.cookies["theme"], name);
        for path in ["/", "/members/dashboard", "/members/dashboard", "/no/such/page", "/admin"] {
            let page = ada.get(path).await;
            assert_eq!((theme(&page).as_deref(), colours(&page).len()), (Some(name), 1), "{path}");
            assert_eq!(page.attribute("meta[name=color-scheme]", "content").as_deref(), Some(name));
        }
    }
    for name in ["system", "purple\"", ""] {
        choose(&mut ada, "dark").await;
        assert_eq!(theme(&choose(&mut ada, name).await), None, "{name}");
        assert!(!ada.cookies.contains_key("theme"), "{name}");
    }
    // The choice stays where it was made, also after the logout.
    choose(&mut ada, "dark").await;
    let mut other = site.visitor();
    other.log_in("ada").await;
    assert_eq!(theme(&other.get("/members/dashboard").await), None);
    ada.post("/api/accounts/log_out", &[]).await;
    assert_eq!(theme(&ada.get("/accounts/login").await).as_deref(), Some("dark"));
    site.stop().await;
}

/// A cookie can hold anything; of each page there are three copies at the most.
#[tokio::test]
async fn cached_pages_have_a_copy_for_each_theme_and_no_more() {
    let site = TestSite::start_without_mail().await;
    let (mut ada, mut visitor) = (site.member("ada").await, site.visitor());
    for (path, who) in [("/members/dashboard", &mut ada), ("/accounts/password_reset", &mut visitor)] {
        who.get(path).await;
        for (name, cache, shown) in [
            ("dark", "MISS", Some("dark")),
            ("light", "MISS", Some("light")),
            ("dark", "HIT", Some("dark")),
            ("light", "HIT", Some("light")),
            ("system", "HIT", None),
            ("Dark", "HIT", None),
            ("x1", "HIT", None),
            ("", "HIT", None),
        ] {
            who.cookies.insert("theme".into(), name.into());
            let page = who.get(path).await;
            assert_eq!((page.cache(), theme(&page).as_deref()), (cache, shown), "{path} {name}");
        }
    }
    site.stop().await;
}

#[tokio::test]
async fn only_members_in_person_choose_a_theme() {
    let site = TestSite::start_without_mail().await;
    let answer = site.visitor().post("/api/members/set_theme", &[("theme", "dark")]).await;
    assert_eq!(answer.header("set-cookie").matches("theme=").count(), 0, "{}", answer.text());
    assert_eq!(site.visitor().get(APPEARANCE).await.location(), "/accounts/login?next=/members/appearance");
    site.stop().await;
}
