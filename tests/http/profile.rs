use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::support::{PASSWORD, Page, TestSite, log};

const SAVE: &str = "/api/members/save_profile";

fn names<'a>(username: &'a str, first: &'a str, last: &'a str) -> [(&'a str, &'a str); 3] {
    [("username", username), ("first_name", first), ("last_name", last)]
}

/// The lines under "Profile summary".
fn facts(page: &Page) -> Vec<(String, String)> {
    assert_eq!(page.status, 200);
    page.find_all(".facts dt").into_iter().zip(page.find_all(".facts dd")).collect()
}

fn fact(page: &Page, name: &str) -> Option<String> {
    facts(page).into_iter().find(|(found, _)| found == name).map(|(_, value)| value)
}

#[tokio::test]
async fn names_are_changed_and_shown_at_the_very_next_request() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    let mut other_device = site.visitor();
    other_device.log_in("ada").await;
    assert_eq!(fact(&member.get("/members/dashboard").await, "Name"), None, "nobody needs one");
    let form = member.get("/members/profile").await;
    for (field, value) in [("username", "ada"), ("first_name", ""), ("last_name", "")] {
        assert_eq!(form.attribute(&format!("[name={field}]"), "value").as_deref(), Some(value));
    }
    let answer = member.submit("/members/profile", &names("countess", "  Ada ", "Lovelace")).await;
    assert_eq!((answer.status, answer.location()), (303, "/members/profile"));
    let page = other_device.get("/members/dashboard").await;
    assert_eq!(page.find("h1"), "Welcome, Ada!");
    assert_eq!(fact(&page, "Name").as_deref(), Some("Ada Lovelace"));
    assert_eq!(fact(&page, "Username").as_deref(), Some("countess"));
    let page = member.get("/members/profile").await;
    assert_eq!(page.messages(), ["Your profile was saved."]);
    assert_eq!(page.find("nav .who"), "countess");
    for (field, value) in [("username", "countess"), ("first_name", "Ada"), ("last_name", "Lovelace")] {
        assert_eq!(page.attribute(&format!("[name={field}]"), "value").as_deref(), Some(value));
    }
    // The old name is free, and the new one logs in.
    assert_eq!(site.visitor().log_in("ada").await.location(), "/accounts/login");
    assert_eq!(site.visitor().log_in("Countess").await.location(), "/members/dashboard");
    site.signed_up("ada").await;
    site.stop().await;
}

/// Loads that begin or end around the change must not bring the old value back.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_change_is_shown_even_if_a_load_was_in_flight() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    let is_over = Arc::new(AtomicBool::new(false));
    let tabs: Vec<_> = (0..4)
        .map(|_| {
            let (mut tab, is_over) = (member.clone(), is_over.clone());
            tokio::spawn(async move {
                while !is_over.load(Ordering::Relaxed) {
                    assert_eq!(tab.call("/api/members/dashboard", &[]).await.status, 200);
                }
            })
        })
        .collect();
    for round in 0..40 {
        let first = format!("Round {round}");
        assert_eq!(member.post(SAVE, &names("ada", &first, "")).await.status, 303);
        assert_eq!(fact(&member.get("/members/dashboard").await, "Name"), Some(first));
    }
    is_over.store(true, Ordering::Relaxed);
    for tab in tabs {
        tab.await.expect("no panic");
    }
    site.stop().await;
}

#[tokio::test]
async fn a_warm_dashboard_with_a_name_asks_no_database() {
    let site = TestSite::start_without_mail().await;
    let mut member = site.member("ada").await;
    member.post(SAVE, &names("ada", "Ada", "Lovelace")).await;
    // The first visit shows the message.
    member.get("/members/dashboard").await;
    member.get("/members/dashboard").await;
    let fast_path = member.get("/members/dashboard").await;
    assert_eq!(fact(&fast_path, "Name").as_deref(), Some("Ada Lovelace"));
    let line = log::request(fast_path.request_id());
    assert_eq!(line["cache"], "/members/dashboard=hit");
    site.database.break_tables().await;
    assert_eq!(fact(&member.get("/members/dashboard").await, "Name").as_deref(), Some("Ada Lovelace"));
    site.stop().await;
}

#[tokio::test]
async fn each_error_is_at_its_field_and_input_is_kept() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    let long = "x".repeat(151);
    let answer = member.submit("/members/profile", &names("two words", "a\u{202E}b", &long)).await;
    assert_eq!((answer.status, answer.location(), answer.body.len()), (303, "/members/profile#names", 0));
    let page = member.get("/members/profile").await;
    assert_eq!(
        page.errors("username"),
        ["Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters."]
    );
    assert_eq!(page.errors("first_name"), ["Enter a name without control characters."]);
    assert_eq!(page.errors("last_name"), ["Ensure this value has at most 150 characters (it has 151)."]);
    assert_eq!(page.form_errors(), ["There is a problem with 3 fields:"]);
    for (field, value) in names("two words", "a\u{202E}b", &long) {
        assert_eq!(page.attribute(&format!("[name={field}]"), "value").as_deref(), Some(value));
    }
    assert_eq!(fact(&page, "Username").as_deref(), Some("ada"));
    // Shown once; after that, the form has the account's values.
    let again = member.get("/members/profile").await;
    assert!(again.errors("username").is_empty() && again.form_errors().is_empty());
    assert_eq!(again.attribute("[name=username]", "value").as_deref(), Some("ada"));
    // First and last name may be empty, the username may not.
    member.submit("/members/profile", &names("", "", "")).await;
    let page = member.get("/members/profile").await;
    assert_eq!(page.errors("username"), ["This field is required."]);
    assert!(page.errors("first_name").is_empty() && page.errors("last_name").is_empty());
    assert_eq!(page.attribute("[name=username]", "required").as_deref(), Some(""));
    assert_eq!(page.attribute("[name=first_name]", "required"), None);
    site.stop().await;
}

#[tokio::test]
async fn a_taken_username_is_a_field_error_but_not_your_own() {
    let site = TestSite::start().await;
    site.signed_up("Élodie").await;
    let mut member = site.member("ada").await;
    for taken in ["Élodie", "élodie", "E\u{301}LODIE"] {
        member.submit("/members/profile", &names(taken, "Ada", "")).await;
        let page = member.get("/members/profile").await;
        assert_eq!(page.errors("username"), ["A user with that username already exists."], "{taken}");
        assert_eq!(page.attribute("[name=first_name]", "value").as_deref(), Some("Ada"));
        assert_eq!(fact(&page, "Name"), None, "nothing was saved");
    }
    for own in ["ada", "ADA", "Ada"] {
        let answer = member.submit("/members/profile", &names(own, "", "")).await;
        assert_eq!(answer.location(), "/members/profile");
        let page = member.get("/members/profile").await;
        assert_eq!(page.messages(), ["Your profile was saved."], "{own}");
        assert_eq!(fact(&page, "Username").as_deref(), Some(own));
    }
    site.stop().await;
}

/// Members log in with the username, but not with the other names.
#[tokio::test]
async fn only_a_username_change_requires_the_password() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    site.clock.advance(Duration::from_secs(601));
    let answer = member.submit("/members/profile", &names("ada", "Ada", "")).await;
    assert_eq!(answer.location(), "/members/profile");
    assert_eq!(member.get("/members/profile").await.messages(), ["Your profile was saved."]);
    let ask = "/accounts/reauthenticate?next=/members/profile%23names";
    for wish in ["countess", "Ada"] {
        let answer = member.submit("/members/profile", &names(wish, "Ada", "Lovelace")).await;
        assert_eq!(answer.location(), ask, "{wish}");
        assert_eq!(site.database.text("SELECT username FROM users").await, "ada");
    }
    // It is saved after re-authentication.
    assert_eq!(member.submit(ask, &[("password", PASSWORD)]).await.location(), "/members/profile");
    let page = member.get("/members/profile").await;
    assert_eq!(page.messages(), ["Your profile was saved."]);
    assert_eq!(fact(&page, "Username").as_deref(), Some("Ada"));
    assert_eq!(fact(&page, "Name").as_deref(), Some("Ada Lovelace"));
    site.stop().await;
}

#[tokio::test]
async fn of_concurrent_claims_to_a_name_one_wins() {
    let site = TestSite::start().await;
    let mut wishes = Vec::new();
    for (name, wish) in [("a1", "zoe"), ("a2", "ZOE"), ("a3", "Zoe"), ("a4", "zOe")] {
        let mut member = site.member(name).await;
        wishes.push(tokio::spawn(async move {
            member.submit("/members/profile", &names(wish, "", "")).await;
            let page = member.get("/members/profile").await;
            (page.messages().len(), page.errors("username"))
        }));
    }
    let mut winners = 0;
    for wish in wishes {
        let (messages, errors) = wish.await.expect("no panic");
        if messages == 1 {
            winners += 1;
        } else {
            assert_eq!(errors, ["A user with that username already exists."]);
        }
    }
    assert_eq!(winners, 1);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM users WHERE username_key = 'zoe'").await, 1);
    site.stop().await;
}

#[tokio::test]
async fn a_change_is_recorded_once() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    let count = |kind: &str| format!("SELECT COUNT(*) FROM activity WHERE kind = '{kind}'");
    for (username, first, renamed, others) in [
        ("ada", "", 0, 0),
        ("ada", "Ada", 0, 1),
        ("Countess", "Ada", 1, 1),
        ("Countess", "", 1, 2),
        ("Countess", "", 1, 2),
    ] {
        member.submit("/members/profile", &names(username, first, "")).await;
        assert_eq!(site.database.number(&count("username_changed")).await, renamed, "{username} {first}");
        assert_eq!(site.database.number(&count("profile_changed")).await, others, "{username} {first}");
    }
    let detail = site.database.text("SELECT detail FROM activity WHERE kind = 'username_changed'").await;
    assert_eq!(detail, "ada → Countess");
    site.stop().await;
}

#[tokio::test]
async fn names_in_any_script_are_escaped_and_isolated() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    for (first, last, shown) in [
        ("محمد", "عبد الله", "محمد عبد الله"),
        ("", "李小龍", "李小龍"),
        ("Þóra", "", "Þóra"),
        ("<b>Ada</b>", "&amp;", "<b>Ada</b> &amp;"),
    ] {
        member.submit("/members/profile", &names("ada", first, last)).await;
        let page = member.get("/members/dashboard").await;
        assert_eq!(page.find(".facts dd bdi"), shown);
        let form = member.get("/members/profile").await;
        assert_eq!(form.attribute("[name=first_name]", "dir").as_deref(), Some("auto"));
        assert_eq!(form.attribute("[name=last_name]", "value").as_deref(), Some(last));
    }
    site.stop().await;
}

#[tokio::test]
async fn only_the_callers_own_profile_changes() {
    let site = TestSite::start().await;
    site.signed_up("bob").await;
    let mut member = site.member("ada").await;
    let bob = site.user_id("bob").await.to_string();
    let fields =
        [&names("countess", "Ada", "")[..], &[("id", bob.as_str()), ("user_id", bob.as_str())]].concat();
    member.post(SAVE, &fields).await;
    assert_eq!(site.database.text("SELECT first_name FROM users WHERE username = 'bob'").await, "");
    let refused = site.visitor().post(SAVE, &names("mallory", "", "")).await;
    assert_eq!((refused.status, refused.location(), refused.body.len()), (303, "/accounts/login", 0));
    for body in [&[("username", "a"), ("username", "b")][..], &[("first_name", "a"), ("first_name", "b")]] {
        assert_eq!(member.post(SAVE, body).await.status, 400);
    }
    assert_eq!(member.get("/members/dashboard").await.find("h1"), "Welcome, Ada!");
    site.stop().await;
}
