use std::time::Duration;

use crate::support::{PASSWORD, TestSite};

const NEW: &str = "another horse battery";

#[tokio::test]
async fn sensitive_actions_require_reauthentication_after_ten_minutes() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    assert_eq!(member.get("/accounts/email").await.status, 200);
    site.clock.advance(Duration::from_secs(601));
    let answer = member.get("/accounts/email?from=profile").await;
    assert_eq!(
        (answer.status, answer.location(), answer.body.len()),
        (303, "/accounts/reauthenticate?next=/accounts/email%3Ffrom%3Dprofile", 0)
    );
    let ask = answer.location().to_owned();
    let before = member.session().expect("a session").to_owned();
    let wrong = member.submit(&ask, &[("password", "wrong")]).await;
    assert_eq!(wrong.location(), ask, "back to the question, with the way on");
    assert_eq!(
        member.get(&ask).await.errors("password"),
        ["Your password was entered incorrectly. Please enter it again."]
    );
    let right = member.submit(&ask, &[("password", PASSWORD)]).await;
    assert_eq!((right.status, right.location()), (303, "/accounts/email?from=profile"));
    assert_eq!(member.get("/accounts/email").await.status, 200);
    // The session continues under a new id, with its deadlines unchanged.
    assert_ne!(member.session(), Some(before.as_str()));
    let mut old = member.clone();
    old.cookies.insert("sessionid".into(), before);
    assert!(!old.is_signed_in().await);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM sessions").await, 1);
    let length = site.database.number("SELECT absolute_expires_at - created_at FROM sessions").await;
    assert_eq!(length, 90 * 86_400_000);
    site.stop().await;
}

#[tokio::test]
async fn a_late_form_is_processed_after_reauthentication() {
    let site = TestSite::start().await;
    for hydrated in [false, true] {
        let name = if hydrated { "bob" } else { "ada" };
        let mut member = site.member(name).await;
        let page = member.get("/accounts/email").await;
        let (action, hidden) = page.form();
        site.clock.advance(Duration::from_secs(601));
        let mut fields: Vec<(&str, &str)> =
            hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let address = format!("new-{name}@example.com");
        fields.push(("email", &address));
        let ask = "/accounts/reauthenticate?next=/accounts/email";
        if hydrated {
            let answer = member.call(&action, &fields).await;
            assert_eq!((answer.status, answer.location()), (200, ask));
            assert!(answer.headers.contains_key("serverfnredirect"));
        } else {
            let answer = member.post(&action, &fields).await;
            assert_eq!((answer.status, answer.location()), (303, ask));
        }
        member.submit(ask, &[("password", "wrong")]).await;
        assert!(site.mails_to(&address).is_empty(), "not yet");
        let answer = if hydrated {
            let fields = [("password", PASSWORD), ("next", "/accounts/email")];
            member.call("/api/accounts/reauthenticate", &fields).await
        } else {
            member.submit(ask, &[("password", PASSWORD)]).await
        };
        assert_eq!(answer.location(), "/accounts/email/confirm", "{name}: {}", answer.text());
        site.mail_to(&address, "", 1).await;
        let page = member.get("/accounts/email/confirm").await;
        assert_eq!(
            page.messages(),
            [
                "We have sent a confirmation link to the new address. Your current address stays active until you open it."
            ]
        );
        assert!(!member.cookies.contains_key("kept_form"), "once");
    }
    site.stop().await;
}

/// Staff's form for a user, sent when re-authentication is due: it is saved afterwards, or its page
/// says why not.
#[tokio::test]
async fn a_staff_change_is_saved_after_reauthentication_or_visibly_refused() {
    const SAVE: &str = "/api/admin/save_user";
    let site = TestSite::start().await;
    let mut root = site.superuser("root").await;
    site.member("ada").await;
    let page = format!("/admin/users/{}", site.user_id("ada").await);
    let ask = format!("/accounts/reauthenticate?next={page}");
    let is_staff = "SELECT is_staff FROM users WHERE username = 'ada'";

    let form = root.get(&page).await;
    site.clock.advance(Duration::from_secs(601));
    let answer =
        root.send_form(&form, SAVE, &[("is_staff", "yes"), ("first_name", "Ada, née Byron & more")]).await;
    assert_eq!(answer.location(), ask);
    assert_eq!(site.database.number(is_staff).await, 0);
    assert_eq!(root.submit(&ask, &[("password", PASSWORD)]).await.location(), page);
    assert_eq!(root.get(&page).await.messages(), ["The user was saved."]);
    assert_eq!(site.database.number(is_staff).await, 1);
    let name = "SELECT first_name FROM users WHERE username = 'ada'";
    assert_eq!(site.database.text(name).await, "Ada, née Byron & more");

    // Several checkboxes with one name.
    let form = root.get(&page).await;
    site.clock.advance(Duration::from_secs(601));
    let boxes = [("permissions[]", "accounts.view_user"), ("permissions[]", "accounts.view_group")];
    root.send_form(&form, SAVE, &boxes).await;
    root.submit(&ask, &[("password", PASSWORD)]).await;
    assert_eq!(root.get(&page).await.messages(), ["The user was saved."]);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM user_permissions").await, 2);

    // A refused form returns to its own page, with scripts too.
    let form = root.get(&page).await;
    site.clock.advance(Duration::from_secs(601));
    root.send_form(&form, SAVE, &[("username", "two words")]).await;
    let fields = [("password", PASSWORD), ("next", page.as_str())];
    let answer = root.call("/api/accounts/reauthenticate", &fields).await;
    assert_eq!(
        (answer.status, answer.location(), answer.text().as_str()),
        (200, page.as_str(), "\"Accepted\"")
    );
    let shown = root.get(&page).await;
    assert_eq!(shown.attribute("[name=username]", "value").as_deref(), Some("two words"));
    assert!(!shown.errors("username").is_empty());

    // Passwords are not stored, so it must be typed again, and the page says so.
    let form = root.get(&page).await;
    site.clock.advance(Duration::from_secs(601));
    let fields = [("password1", "nine purple submarines"), ("password2", "nine purple submarines")];
    root.send_form(&form, "/api/admin/set_password", &fields).await;
    root.submit(&ask, &[("password", PASSWORD)]).await;
    assert_eq!(
        root.get(&page).await.messages(),
        ["Your request has not been carried out yet. Please check it and send it again."]
    );
    site.stop().await;
}

/// Re-authentication in another session, or as another member, does not count.
#[tokio::test]
async fn a_pending_form_belongs_to_its_session() {
    let site = TestSite::start().await;
    let (mut ada, mut bob) = (site.member("ada").await, site.member("bob").await);
    site.clock.advance(Duration::from_secs(601));
    let fields = [("email", "evil@example.com"), ("form_page", "/accounts/email")];
    bob.post("/api/accounts/ask_for_email_change", &fields).await;
    let planted = bob.cookies.get("kept_form").expect("it waits").clone();
    ada.cookies.insert("kept_form".into(), planted);
    let ask = "/accounts/reauthenticate?next=/accounts/email";
    assert_eq!(ada.submit(ask, &[("password", PASSWORD)]).await.location(), "/accounts/email");
    assert!(site.mails_to("evil@example.com").is_empty());
    // Nor is it replayed for another page than its own.
    assert_eq!(
        bob.submit("/accounts/reauthenticate?next=/members/sessions", &[("password", PASSWORD)])
            .await
            .location(),
        "/members/sessions"
    );
    bob.submit(ask, &[("password", PASSWORD)]).await;
    assert!(site.mails_to("evil@example.com").is_empty(), "the session has another id by now");
    site.stop().await;
}

/// The form always asks for the password, which suffices as re-authentication: no input is lost.
#[tokio::test]
async fn the_page_requires_reauthentication_and_its_form_the_current_password() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    const PAGE: &str = "/accounts/password_change";
    let (action, _) = member.get(PAGE).await.form();
    site.clock.advance(Duration::from_secs(601));
    let answer = member.get(PAGE).await;
    assert_eq!(
        (answer.status, answer.location(), answer.body.len()),
        (303, "/accounts/reauthenticate?next=/accounts/password_change", 0)
    );
    assert_eq!(member.submit(answer.location(), &[("password", PASSWORD)]).await.location(), PAGE);
    assert_eq!(member.get(PAGE).await.find_all("main input[type=password]").len(), 3);
    site.clock.advance(Duration::from_secs(601));
    let fields = |old| [("old_password", old), ("password1", NEW), ("password2", NEW), ("form_page", PAGE)];
    assert_eq!(member.post(&action, &fields("wrong")).await.location(), PAGE);
    assert_eq!(member.post(&action, &fields(PASSWORD)).await.location(), "/members/profile");
    // This counts as re-authentication.
    assert_eq!(member.get("/accounts/email").await.status, 200);
    site.stop().await;
}

/// Other tabs keep loading: a session with the stamp of the old password would be ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_password_change_keeps_this_session_while_other_tabs_load() {
    let site = TestSite::start().await;
    let mut here = site.member("ada").await;
    let mut old = PASSWORD.to_owned();
    for round in 0..12 {
        let tabs: Vec<_> = (0..6)
            .map(|_| {
                let mut tab = here.clone();
                tokio::spawn(async move {
                    for _ in 0..20 {
                        let status = tab.get("/members/secret").await.status;
                        assert!([200, 307].contains(&status), "{status}");
                        if status == 307 {
                            // A browser repeats the request with its current cookie.
                            break;
                        }
                    }
                    // The tabs share the cookie, so no response may remove it.
                    tab.session().is_some()
                })
            })
            .collect();
        let new = format!("horse battery number {round}");
        let fields = [("old_password", old.as_str()), ("password1", &new), ("password2", &new)];
        let answer = here.post("/api/accounts/change_password", &fields).await;
        assert_eq!(answer.location(), "/members/profile", "round {round}: {}", answer.text());
        for tab in tabs {
            assert!(tab.await.expect("no panic"), "round {round}: the cookie was taken away");
        }
        assert!(here.is_signed_in().await, "round {round}");
        old = new;
    }
    site.stop().await;
}

/// A member who has forgotten the password can reset it without logging out.
#[tokio::test]
async fn every_password_form_links_to_the_reset() {
    let site = TestSite::start().await;
    let mut member = site.proven_member("ada").await;
    for page in
        ["/accounts/reauthenticate?next=/accounts/email", "/accounts/password_change", "/accounts/login"]
    {
        let mut visitor = if page == "/accounts/login" { site.visitor() } else { member.clone() };
        let links = visitor.get(page).await.attributes("main a", "href");
        assert!(links.iter().any(|link| link == "/accounts/password_reset"), "{page}: {links:?}");
    }
    let answer = member.submit("/accounts/password_reset", &[("email", "ada@example.com")]).await;
    assert_eq!(answer.location(), "/accounts/password_reset/done");
    site.mail_to("ada@example.com", "Set a new password", 1).await;
    site.stop().await;
}

#[tokio::test]
async fn next_stays_on_this_site() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    for next in ["https://evil.example/", "//evil.example", r"/\evil.example", ""] {
        let query: String =
            form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
        let answer =
            member.submit(&format!("/accounts/reauthenticate?{query}"), &[("password", PASSWORD)]).await;
        assert_eq!(answer.location(), "/members/dashboard", "{next}");
    }
    site.stop().await;
}

#[tokio::test]
async fn a_password_change_ends_only_the_other_sessions() {
    let site = TestSite::start().await;
    let (mut here, mut there) = (site.proven_member("ada").await, site.visitor());
    there.log_in("ada").await;
    assert!(there.is_signed_in().await);
    let fields = |old, new1, new2| [("old_password", old), ("password1", new1), ("password2", new2)];
    here.submit("/accounts/password_change", &fields("wrong", "1234", "4321")).await;
    let page = here.get("/accounts/password_change").await;
    assert_eq!(
        page.errors("old_password"),
        ["Your password was entered incorrectly. Please enter it again."]
    );
    assert_eq!(page.errors("password1").len(), 3, "all at once");
    assert_eq!(page.errors("password2"), ["The two password fields didn’t match."]);
    for field in ["old_password", "password1", "password2"] {
        assert_eq!(page.attribute(&format!("[name={field}]"), "value"), None);
    }
    let before = here.session().expect("a session").to_owned();
    let answer = here.submit("/accounts/password_change", &fields(PASSWORD, NEW, NEW)).await;
    assert_eq!((answer.status, answer.location()), (303, "/members/profile"));
    assert_eq!(
        here.get("/members/profile").await.messages(),
        ["Your password was changed. All other devices have been logged out."]
    );
    assert!(here.is_signed_in().await && !there.is_signed_in().await);
    assert_ne!(here.session(), Some(before.as_str()));
    assert_eq!(site.database.number("SELECT COUNT(*) FROM sessions").await, 1);
    assert_eq!(site.visitor().log_in_with("ada", NEW).await.location(), "/members/dashboard");
    site.mail_to("ada@example.com", "Your password was changed", 1).await;
    site.stop().await;
}
