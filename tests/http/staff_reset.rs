//! Staff remove the second factor of a member who has lost it: of those below them only.

use crate::support::{PASSWORD, TestSite};

const RESET: &str = "/api/admin/reset_second_factor";
const MAY: &str = "accounts.reset_second_factor";
const VIEW: &str = "accounts.view_user";
const REASON: &str = "lost phone, called back";

async fn has_factor(site: &TestSite, username: &str) -> bool {
    let id = site.user_id(username).await;
    site.database.number(&format!("SELECT COUNT(*) FROM factors WHERE user_id = {id}")).await > 0
}

#[tokio::test]
async fn staff_remove_a_lost_second_factor_with_a_reason() {
    let site = TestSite::start().await;
    let mut member = site.proven_member("ada").await;
    site.set_up_app(&mut member).await;
    let mut staff = site.staff("sam", &[VIEW, MAY]).await;
    let page = format!("/admin/users/{}", site.user_id("ada").await);
    let shown = staff.get(&page).await;
    assert!(shown.text().contains("Second factor") && shown.find_all("#second-factor").len() == 1);
    for (reason, problem) in [("", "This field is required."), (" ", "This field is required.")] {
        assert_eq!(staff.change(&page, RESET, &[("reason", reason)]).await.location(), page);
        assert_eq!(staff.get(&page).await.errors("reason"), [problem]);
    }
    let long = "x".repeat(201);
    staff.change(&page, RESET, &[("reason", &long)]).await;
    assert_eq!(staff.get(&page).await.errors("reason").len(), 1);
    assert!(has_factor(&site, "ada").await);
    let answer = staff.change(&page, RESET, &[("reason", REASON)]).await;
    assert_eq!(answer.location(), page, "{}", answer.text());
    let shown = staff.get(&page).await;
    assert_eq!(
        shown.messages(),
        ["Two-step login was switched off for them, and all their devices have been logged out."]
    );
    assert!(shown.find_all("#second-factor").is_empty() && !has_factor(&site, "ada").await);
    assert!(!member.is_signed_in().await);
    assert_eq!(site.visitor().log_in("ada").await.location(), "/members/dashboard", "the password stays");
    let audit = "SELECT actor || ': ' || new_value FROM changes WHERE what = 'reason'";
    assert_eq!(site.database.text(audit).await, format!("sam: {REASON}"));
    let line = "SELECT detail FROM activity WHERE kind = 'second_factor_removed'";
    assert_eq!(site.database.text(line).await, "by staff");
    let mail = site.mail_to("ada@example.com", "Two-step login was switched off", 1).await;
    assert!(!mail.text.contains("called back"), "{}", mail.text);
    // Sent twice, it succeeds twice.
    let again = [("user", &*site.user_id("ada").await.to_string()), ("reason", REASON)];
    assert_eq!(staff.post(RESET, &again).await.location(), page);
    site.stop().await;
}

#[tokio::test]
async fn only_of_those_below_them_and_with_the_permission() {
    let site = TestSite::start_without_mail().await;
    let mut root = site.superuser("root").await;
    let mut sam = site.staff("sam", &[VIEW, MAY, "accounts.change_user"]).await;
    for (name, permissions) in [
        ("member", None),
        ("fewer", Some(&[VIEW][..])),
        ("equal", Some(&[VIEW, MAY, "accounts.change_user"][..])),
        ("other", Some(&["accounts.view_group"][..])),
    ] {
        let mut visitor = match permissions {
            Some(permissions) => site.staff(name, permissions).await,
            None => site.member_who_may(name, &[VIEW, MAY, "accounts.change_user"]).await,
        };
        site.set_up_app(&mut visitor).await;
    }
    for name in ["second", "half"] {
        let mut visitor = site.superuser(name).await;
        site.set_up_app(&mut visitor).await;
    }
    site.database.execute("UPDATE users SET is_staff = 0 WHERE username = 'half'").await;
    site.set_up_app(&mut sam).await;
    let mut without = site.staff("without", &[VIEW, "accounts.change_user"]).await;
    for (name, by_sam, by_root) in [
        ("equal", false, true),
        ("other", false, true),
        ("second", false, false),
        ("half", false, false),
        ("sam", false, true),
        ("root", false, false),
        ("member", true, true),
        ("fewer", true, true),
    ] {
        let id = site.user_id(name).await;
        let (page, user) = (format!("/admin/users/{id}"), id.to_string());
        let fields = [("user", user.as_str()), ("reason", REASON)];
        assert_eq!(without.post(RESET, &fields).await.status, 403, "{name}");
        let has = has_factor(&site, name).await;
        for (staff, may) in [(&mut sam, by_sam), (&mut root, by_root)] {
            let is_offered = !staff.get(&page).await.find_all("#second-factor").is_empty();
            assert_eq!(is_offered, may && has_factor(&site, name).await, "{name}");
            if !may {
                let answer = staff.post(RESET, &fields).await;
                assert_eq!(answer.status, 403, "{name}: {}", answer.text());
                assert_eq!(has_factor(&site, name).await, has, "{name}");
            } else if name != "sam" {
                assert_eq!(staff.post(RESET, &fields).await.location(), page, "{name}");
                assert!(!has_factor(&site, name).await, "{name}");
            }
        }
    }
    assert_eq!(root.post(RESET, &[("user", "7"), ("reason", REASON)]).await.status, 404);
    site.stop().await;
}

/// As every change by staff.
#[tokio::test]
async fn it_asks_for_a_recent_password() {
    let site = TestSite::start_without_mail().await;
    let mut member = site.member("ada").await;
    site.set_up_app(&mut member).await;
    let mut staff = site.staff("sam", &[VIEW, MAY]).await;
    let page = format!("/admin/users/{}", site.user_id("ada").await);
    site.clock.advance(std::time::Duration::from_secs(601));
    let ask = format!("/accounts/reauthenticate?next={page}");
    assert_eq!(staff.change(&page, RESET, &[("reason", REASON)]).await.location(), ask);
    assert!(has_factor(&site, "ada").await);
    assert_eq!(staff.submit(&ask, &[("password", PASSWORD)]).await.location(), page);
    assert!(!has_factor(&site, "ada").await, "the form waited");
    assert_eq!(site.visitor().log_in("ada").await.location(), "/members/dashboard");
    site.stop().await;
}
