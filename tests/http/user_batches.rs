//! `/admin/users/confirm`: bulk actions, and what the confirmation says.

use std::time::Duration;

use crate::support::{PASSWORD, Page, TestSite, Visitor};

const APPLY: &str = "/api/admin/apply_batch";
const ALL: [&str; 4] =
    ["accounts.view_user", "accounts.change_user", "accounts.delete_user", "accounts.delete_session"];

/// The address to which the list's form leads, with these rows ticked, this action and this button.
fn address(list: &Page, ticked: &[i64], action: &str, scope: &str, group: Option<i64>) -> String {
    let hidden = list.attribute("main form [name=list]", "value").expect("the list");
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("list", &hidden);
    for id in ticked {
        query.append_pair("id", &id.to_string());
    }
    query.append_pair("action", action);
    if let Some(group) = group {
        query.append_pair("to_group", &group.to_string());
    }
    format!("/admin/users/confirm?{}", query.append_pair("scope", scope).finish())
}

async fn ask(staff: &mut Visitor, list: &str, ticked: &[i64], action: &str, scope: &str) -> (String, Page) {
    let list = staff.get(list).await;
    let address = address(&list, ticked, action, scope, Some(1));
    let page = staff.get(&address).await;
    assert_eq!(page.status, 200, "{address}: {}", page.text());
    (address, page)
}

async fn group(site: &TestSite, name: &str) {
    let sql =
        format!("INSERT INTO groups (id, name, name_key) VALUES (1, '{name}', '{}')", name.to_lowercase());
    site.database.execute(&sql).await;
}

#[tokio::test]
async fn the_selected_users_are_confirmed_and_changed() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.staff("sam", &ALL).await;
    group(&site, "Readers").await;
    let mut ada = site.member("ada").await;
    let mut bob = site.member("bob").await;
    site.member("cyd").await;
    let (id_ada, id_bob) = (site.user_id("ada").await, site.user_id("bob").await);
    let own = site.user_id("sam").await;
    let list = "/admin/users?active=1&sort=username";

    // Into a group and out of it.
    let (asked, page) = ask(&mut staff, list, &[id_ada, id_bob], "join_group", "chosen").await;
    assert_eq!(page.find(".lead"), "You are about to add 2 users to the group “Readers”.");
    assert_eq!(page.find_all(".names li"), ["ada", "bob"]);
    let answer = staff.send_form(&page, APPLY, &[]).await;
    assert_eq!((answer.status, answer.location()), (303, list));
    assert_eq!(staff.get(list).await.messages(), ["2 users were added to the group."]);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM group_members").await, 2);
    // The second time nobody is left to change.
    let again = staff.get(&asked).await;
    assert_eq!(again.find(".lead"), "“Add to the group” would change none of these users.");
    assert!(again.text().contains("2 are skipped: already in the group"));
    assert!(again.find_all("main form").is_empty());
    // The link leads back to the same list with the same users ticked.
    let back = again.attribute("main p > a", "href").expect("a way back");
    assert_eq!(back, format!("{list}&id={id_ada}&id={id_bob}"));
    assert_eq!(staff.get(&back).await.find_all("td.choose input[checked]").len(), 2);
    // With nobody ticked, the list says so and there is no confirmation.
    let shown = staff.get(list).await;
    let nobody = staff.get(&address(&shown, &[], "leave_group", "chosen", Some(1))).await;
    assert_eq!((nobody.status, nobody.location()), (302, list));
    let said = staff.get(list).await.messages();
    assert_eq!(said, ["No users selected. Please select users in the list first."]);
    let (_, page) = ask(&mut staff, list, &[id_bob], "leave_group", "chosen").await;
    staff.send_form(&page, APPLY, &[]).await;
    assert_eq!(staff.get(list).await.messages(), ["1 user was removed from the group."]);
    assert_eq!(site.database.number("SELECT user_id FROM group_members").await, id_ada);

    // Deactivated and activated: sessions end at the next request.
    assert!(ada.is_signed_in().await && bob.is_signed_in().await);
    let (_, page) = ask(&mut staff, list, &[id_ada, own], "deactivate", "chosen").await;
    assert!(page.text().contains("1 is skipped"), "nobody switches themselves off");
    assert_eq!(page.find_all("[aria-labelledby=goes] li"), ["Signed-in devices: 1"]);
    staff.send_form(&page, APPLY, &[]).await;
    assert!(!ada.is_signed_in().await && bob.is_signed_in().await && staff.is_signed_in().await);
    assert_ne!(ada.log_in("ada").await.location(), "/members/dashboard");
    let (_, page) = ask(&mut staff, "/admin/users?active=0", &[id_ada], "activate", "chosen").await;
    staff.send_form(&page, APPLY, &[]).await;
    assert_eq!(ada.log_in("ada").await.location(), "/members/dashboard");

    // Logged out everywhere.
    let (_, page) = ask(&mut staff, list, &[id_ada, id_bob], "end_sessions", "chosen").await;
    assert_eq!(page.find_all("[aria-labelledby=goes] li"), ["Signed-in devices: 2"]);
    staff.send_form(&page, APPLY, &[]).await;
    assert!(!ada.is_signed_in().await && !bob.is_signed_in().await);

    // In the histories, and in the members' own activity.
    let page = staff.get(&format!("/admin/users/{id_ada}")).await;
    assert_eq!(
        page.find_all("[aria-labelledby=history] li .what"),
        [
            "sam logged ada out everywhere",
            "sam activated ada",
            "sam deactivated ada",
            "sam added ada to Readers"
        ]
    );
    ada.log_in("ada").await;
    let record = ada.get("/members/activity").await.find_all("main .log .detail");
    for line in ["All devices, by staff", "activated", "deactivated", "joined the group Readers"] {
        assert!(record.contains(&line.to_owned()), "{line} in {record:?}");
    }
    site.stop().await;
}

#[tokio::test]
async fn deletion_lists_what_goes_and_leaves_nothing() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.staff("sam", &ALL).await;
    let mut ada = site.member("ada-canary").await;
    site.member("bob").await;
    let id = site.user_id("ada-canary").await;
    site.database.fill_every_table(id, "ada-canary").await;
    site.database.execute("DELETE FROM user_permissions WHERE codename LIKE 'blog%'").await;
    let (_, page) = ask(&mut staff, "/admin/users?q=canary", &[], "delete", "all").await;
    assert_eq!(page.find(".lead"), "You are about to delete 1 user and all their data.");
    let goes = page.find_all("[aria-labelledby=goes] li").join("; ");
    for what in ["Signed-in devices: 1", "Group memberships: 1", "Pictures: 1", "History entries: 1"] {
        assert!(goes.contains(what), "{what} in {goes}");
    }
    staff.send_form(&page, APPLY, &[]).await;
    let list = staff.get("/admin/users?q=canary").await;
    assert_eq!(list.messages(), ["1 user was deleted."]);
    assert_eq!(list.find(".found"), "0 of 2 users");
    assert_eq!(ada.get("/members/dashboard").await.status, 303);
    let left: Vec<String> = site.database.everything().await;
    let left: Vec<&String> = left
        .iter()
        // Other processes are told the number.
        .filter(|line| !line.starts_with("announcements:"))
        .filter(|line| line.contains("ada-canary") || line.contains(&id.to_string()))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    // The actor and the number remain.
    let own = staff.get(&format!("/admin/users/{}", site.user_id("sam").await)).await;
    assert_eq!(own.find_all("[aria-labelledby=deeds] li .what"), ["sam deleted 1 user"]);
    assert_eq!(
        ada.sign_up("ada-canary", "ada@example.com").await.location(),
        "/accounts/login",
        "the name is free"
    );
    site.stop().await;
}

/// More than fit into one batch, one page and one answer of the cache; applied to all whom the list
/// finds and to nobody else.
#[tokio::test]
async fn all_results_are_changed_but_nobody_added_later() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.superuser("root").await;
    group(&site, "Spam").await;
    let hash = site.database.bytes("00");
    let add = |from: i64, to: i64, name: &str| {
        format!(
            "WITH RECURSIVE numbers (n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM numbers WHERE n < {to}) \
             INSERT INTO users (id, username, username_key, email, email_key, password_hash, session_stamp, is_active, is_staff, \
             is_superuser, date_joined) \
             SELECT n, '{name}' || n, '{name}' || n, n || '@spam.example', n || '@spam.example', '?', {hash}, 1, 0, 0, n FROM numbers"
        )
    };
    site.database.execute(&add(1, 1230, "spam")).await;
    site.database.execute(&add(5001, 5010, "ham")).await;
    let (address, page) = ask(&mut staff, "/admin/users?q=spam&active=1", &[], "deactivate", "all").await;
    assert!(
        page.find(".lead").starts_with("You are about to deactivate 1,240 users."),
        "{}",
        page.find(".lead")
    );
    let (_, narrower) = ask(&mut staff, "/admin/users?q=spam1&active=1", &[], "join_group", "all").await;
    // A matching user who was added after the question has a later id and is not affected.
    site.database.execute(&add(6000, 6000, "spam")).await;
    staff.send_form(&page, APPLY, &[]).await;
    assert_eq!(staff.get("/admin/users").await.messages(), ["1,240 users were deactivated."]);
    let inactive = "SELECT COUNT(*) FROM users WHERE is_active = 0";
    assert_eq!(site.database.number(inactive).await, 1240);
    let history = "SELECT COUNT(*) FROM changes WHERE what = 'active'";
    assert_eq!(site.database.number(history).await, 1240);
    let record = "SELECT COUNT(*) FROM activity WHERE kind = 'changed_by_staff'";
    assert_eq!(site.database.number(record).await, 1240);
    // The list behind the other confirmation has changed by now.
    let answer = staff.send_form(&narrower, APPLY, &[]).await;
    assert!(answer.location().starts_with("/admin/users/confirm?"), "{}", answer.location());
    let shown = staff.get(answer.location()).await;
    assert!(shown.find(".lead").ends_with("would change none of these users."));
    assert_eq!(site.database.number("SELECT COUNT(*) FROM group_members").await, 0);
    // Of the first selection, only the new user is left.
    let shown = staff.get(&address).await;
    assert_eq!(shown.find_all(".names li"), ["spam6000"]);
    // Without a search, for all users of a filter.
    let (_, page) = ask(&mut staff, "/admin/users?active=0", &[], "join_group", "all").await;
    staff.send_form(&page, APPLY, &[]).await;
    let (_, page) = ask(&mut staff, "/admin/users?group=1", &[], "delete", "all").await;
    assert!(page.find(".lead").starts_with("You are about to delete 1,240 users"));
    staff.send_form(&page, APPLY, &[]).await;
    assert_eq!(site.database.number("SELECT COUNT(*) FROM users").await, 2);
    assert_eq!(staff.get("/admin/users").await.find(".found"), "2 of 2 users");
    site.stop().await;
}

#[tokio::test]
async fn more_than_ten_thousand_users_take_several_batches() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.superuser("root").await;
    group(&site, "Everybody").await;
    let hash = site.database.bytes("00");
    site.database
        .execute(&format!(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 10020) \
             INSERT INTO users (id, username, username_key, email, email_key, password_hash, session_stamp, is_active, is_staff, \
             is_superuser, date_joined) SELECT n, 'u' || n, 'u' || n, '', '', '?', {hash}, 1, 0, 0, n FROM numbers"
        ))
        .await;
    let (_, page) = ask(&mut staff, "/admin/users", &[], "join_group", "all").await;
    assert_eq!(page.find(".lead"), "You are about to add 10,000 users to the group “Everybody”.");
    assert!(page.text().contains("This is the first batch; you will be asked again for the rest."));
    let answer = staff.send_form(&page, APPLY, &[]).await;
    assert_eq!(answer.location(), "/admin/users/confirm?action=join_group&to_group=1&scope=all");
    let page = staff.get(answer.location()).await;
    assert_eq!(page.messages(), ["10,000 users were added to the group."]);
    assert_eq!(page.find(".lead"), "You are about to add 20 users to the group “Everybody”.");
    let answer = staff.send_form(&page, APPLY, &[]).await;
    assert_eq!(answer.location(), "/admin/users");
    assert_eq!(staff.get("/admin/users?group=1").await.find(".found"), "10,020 of 10,021 users");
    site.stop().await;
}

#[tokio::test]
async fn accounts_with_more_permissions_are_skipped_and_each_action_needs_its_permission() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.staff("sam", &ALL).await;
    let mut looker = site.staff("tom", &["accounts.view_user"]).await;
    let mut root = site.superuser("root").await;
    site.superuser("second").await;
    site.staff("mighty", &["mail.delete_mail"]).await;
    site.member("ada").await;
    group(&site, "Mighty").await;
    site.database
        .execute("INSERT INTO group_permissions (group_id, codename) VALUES (1, 'mail.delete_mail')")
        .await;
    // All but themselves, superusers, and users with more permissions. (`tom` has fewer.)
    for action in ["deactivate", "end_sessions", "delete"] {
        let (_, page) = ask(&mut staff, "/admin/users?sort=username", &[], action, "all").await;
        assert_eq!(page.find_all(".names li"), ["ada", "tom"], "{action}");
        assert!(page.text().contains("4 are skipped"), "{action}: {}", page.text());
    }
    // Nor with a forged form.
    let ids: Vec<i64> = [site.user_id("root").await, site.user_id("mighty").await].into();
    let batch: String = ids.iter().map(|id| format!("&id={id}")).collect();
    for action in ["deactivate", "delete", "end_sessions"] {
        let batch = format!("?action={action}{batch}");
        let newest = i64::MAX.to_string();
        let fields = [("batch", batch.as_str()), ("count", "2"), ("newest", newest.as_str())];
        assert!(staff.call(APPLY, &fields).await.text().contains("ListChanged"), "{action}");
        // Staff with only the view permission get no answer at all.
        assert_eq!(looker.call(APPLY, &fields).await.status, 403, "{action}");
        assert_eq!(looker.get(&format!("/admin/users/confirm{batch}")).await.status, 403, "{action}");
    }
    // A group with permissions that they lack is closed to them.
    let join = format!("?action=join_group&to_group=1&id={}", site.user_id("ada").await);
    assert_eq!(staff.get(&format!("/admin/users/confirm{join}")).await.status, 403);
    let fields = [("batch", join.as_str()), ("count", "1"), ("newest", "9223372036854775807")];
    assert_eq!(staff.call(APPLY, &fields).await.status, 403);
    // Actions without permission are not offered.
    let page = looker.get("/admin/users").await;
    assert!(page.find_all("main [name=action]").is_empty() && page.find_all("main [name=id]").is_empty());
    // A superuser can deactivate others, but not themselves.
    let (_, page) = ask(&mut root, "/admin/users?superuser=1", &[], "deactivate", "all").await;
    assert_eq!(page.find_all(".names li"), ["second"]);
    root.send_form(&page, APPLY, &[]).await;
    assert!(root.is_signed_in().await);
    for nonsense in ["", "?action=explode", "?action=join_group", "?action=join_group&to_group=77"] {
        let status = staff.get(&format!("/admin/users/confirm{nonsense}")).await.status;
        assert!([400, 404].contains(&status), "{nonsense}: {status}");
    }
    site.stop().await;
}

#[tokio::test]
async fn of_two_superusers_deactivating_each_other_one_stays() {
    let site = TestSite::start_without_mail().await;
    let mut first = site.superuser("ada").await;
    let mut second = site.superuser("bob").await;
    let (ada, bob) = (site.user_id("ada").await, site.user_id("bob").await);
    for _ in 0..4 {
        let asked: Vec<_> = [(first.clone(), bob), (second.clone(), ada)]
            .into_iter()
            .map(|(mut visitor, target)| {
                tokio::spawn(async move {
                    let batch = format!("?action=deactivate&id={target}");
                    let newest = i64::MAX.to_string();
                    visitor
                        .call(APPLY, &[("batch", &batch), ("count", "1"), ("newest", &newest)])
                        .await
                        .status
                })
            })
            .collect();
        for answer in asked {
            // A user deactivated meanwhile is logged out, or lacks the permission.
            assert!([200, 401, 403].contains(&answer.await.expect("no panic")));
        }
        let active = "SELECT COUNT(*) FROM users WHERE is_active = 1 AND is_superuser = 1";
        assert_eq!(site.database.number(active).await, 1);
        site.database.execute("UPDATE users SET is_active = 1").await;
        first.log_in("ada").await;
        second.log_in("bob").await;
    }
    site.stop().await;
}

#[tokio::test]
async fn after_ten_minutes_reauthentication_comes_first() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.superuser("root").await;
    site.member("ada").await;
    let id = site.user_id("ada").await;
    let (address, page) = ask(&mut staff, "/admin/users", &[id], "delete", "chosen").await;
    site.clock.advance(Duration::from_secs(601));
    let again = staff.get(&address).await;
    assert!(
        again.location().starts_with("/accounts/reauthenticate?next=/admin/users/confirm"),
        "{}",
        again.location()
    );
    let answer = staff.send_form(&page, APPLY, &[]).await;
    assert!(answer.location().starts_with("/accounts/reauthenticate?next="), "{}", answer.location());
    assert_eq!(site.database.number("SELECT COUNT(*) FROM users").await, 2);
    let back = staff.submit(again.location(), &[("password", PASSWORD)]).await;
    let page = staff.get(back.location()).await;
    assert_eq!(page.find_all(".names li"), ["ada"]);
    staff.send_form(&page, APPLY, &[]).await;
    assert_eq!(site.database.number("SELECT COUNT(*) FROM users").await, 1);
    site.stop().await;
}
