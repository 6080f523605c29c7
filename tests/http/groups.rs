//! `/admin/groups`: what staff can change of groups, and what they cannot.

use std::time::Duration;

use crate::support::TestSite;

const ADD: &str = "/api/admin/add_group";
const SAVE: &str = "/api/admin/save_group";
const DELETE: &str = "/api/admin/delete_group";
const EDITOR: [&str; 5] = [
    "accounts.view_group",
    "accounts.add_group",
    "accounts.change_group",
    "accounts.delete_group",
    "accounts.view_user",
];
const NOT_YOURS: &str = "You can only grant permissions you have yourself.";

async fn id_of(site: &TestSite, name: &str) -> i64 {
    site.database.number(&format!("SELECT id FROM groups WHERE name = '{name}'")).await
}

#[tokio::test]
async fn group_permissions_apply_to_members_from_the_next_request() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.staff("sam", &EDITOR).await;
    let mut member = site.staff("ada", &[]).await;
    let answer = staff
        .change(
            "/admin/groups/new",
            ADD,
            &[("group_name", " Readers "), ("permissions[]", "accounts.view_user")],
        )
        .await;
    let id = id_of(&site, "Readers").await;
    let page = format!("/admin/groups/{id}");
    assert_eq!(answer.location(), page);
    assert_eq!(staff.get(&page).await.messages(), ["The group was added."]);
    assert_eq!(member.get("/admin/users").await.status, 403);
    let user = site.user_id("ada").await;
    site.database
        .execute(&format!("INSERT INTO group_members (group_id, user_id) VALUES ({id}, {user})"))
        .await;
    // The INSERT above is not noticed; from here on the site makes the changes.
    site.clock.advance(Duration::from_secs(3600));
    member.log_in("ada").await;
    staff.log_in("sam").await;
    assert_eq!(member.get("/admin/users").await.status, 200);
    let shown = staff.get(&page).await;
    assert_eq!(shown.find_all("#group ~ dl dd"), ["1", "not required", "View users"]);
    // Without any of its permissions.
    let fields = shown.fields_of(SAVE);
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .filter(|(name, _)| name != "permissions[]")
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    staff.post(SAVE, &fields).await;
    assert_eq!(staff.get(&page).await.messages(), ["The group was saved."]);
    assert_eq!(member.get("/admin/users").await.status, 403);
    staff.change(&page, SAVE, &[("permissions[]", "accounts.view_user"), ("group_name", "Lookers")]).await;
    assert_eq!(member.get("/admin/users").await.status, 200);
    let shown = staff.get(&page).await;
    let history = shown.find_all("[aria-labelledby=history] li .what");
    let verbs = history.iter().map(|line| line.split(' ').nth(1).unwrap_or_default());
    assert_eq!(verbs.collect::<Vec<_>>(), ["gave", "changed", "took", "gave", "added"], "{history:?}");
    // The list, and its link to the group's members.
    let list = staff.get("/admin/groups").await;
    assert_eq!(list.find_all("table tbody tr > *"), ["Lookers", "1", "1"]);
    assert_eq!(staff.get(&format!("/admin/users?group={id}")).await.find_all("table tbody th"), ["ada"]);
    // The confirmation says what deleting affects.
    let confirm = format!("{page}/delete");
    let asked = staff.get(&confirm).await;
    assert_eq!(
        asked.find_all("main li"),
        ["Memberships removed: 1. The users stay.", "Permissions members may lose: 1."]
    );
    let answer = staff.change(&confirm, DELETE, &[]).await;
    assert_eq!(answer.location(), "/admin/groups");
    assert_eq!(staff.get("/admin/groups").await.messages(), ["The group was deleted."]);
    assert_eq!(member.get("/admin/users").await.status, 403);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM group_members").await, 0);
    assert_eq!(staff.get(&page).await.status, 404);
    site.stop().await;
}

#[tokio::test]
async fn names_are_unique_however_they_are_written() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.superuser("root").await;
    staff.change("/admin/groups/new", ADD, &[("group_name", "Éditeurs")]).await;
    for (name, error) in [
        ("éDITEURS", "A group with that name already exists."),
        ("", "This field is required."),
        (" \u{3164} ", "This field is required."),
        ("a\u{7}b", "Enter a name without control characters."),
        (&"x".repeat(151), "Ensure this value has at most 150 characters (it has 151)."),
    ] {
        let fields = [
            ("group_name", name),
            ("permissions[]", "mail.view_mail"),
            ("permissions[]", "cache.view_cache"),
        ];
        staff.change("/admin/groups/new", ADD, &fields).await;
        let page = staff.get("/admin/groups/new").await;
        assert_eq!(page.errors("group_name"), [error], "{name:?}");
        assert_eq!(page.find_all("[checked]").len(), 2, "the boxes are as they were left");
    }
    assert_eq!(site.database.number("SELECT COUNT(*) FROM groups").await, 1);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM group_permissions").await, 0, "all or nothing");
    site.stop().await;
}

#[tokio::test]
async fn staff_cannot_grant_or_revoke_through_groups_what_they_lack() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.staff("sam", &EDITOR).await;
    let give = [("group_name", "New"), ("permissions[]", "mail.delete_mail")];
    let answer = staff.call(ADD, &give).await;
    assert!(answer.text().contains("NotYours"), "{}", answer.text());
    for (id, name, codename) in [
        (1, "Mighty", "mail.delete_mail"),
        (2, "Foreign", "blog.add_entry"),
        (3, "Equal", "accounts.view_user"),
    ] {
        let sql = format!(
            "INSERT INTO groups (id, name, name_key) VALUES ({id}, '{name}', '{}')",
            name.to_lowercase()
        );
        site.database.execute(&sql).await;
        let sql = format!("INSERT INTO group_permissions (group_id, codename) VALUES ({id}, '{codename}')");
        site.database.execute(&sql).await;
    }
    for (id, name) in [("1", "Mighty"), ("2", "Foreign")] {
        let page = staff.get(&format!("/admin/groups/{id}")).await;
        assert_eq!(page.find("h1"), name);
        assert_eq!(page.find("title"), format!("{name} · Members Area"));
        assert!(
            page.find_all("main form").is_empty() && page.text().contains("only view it"),
            "{}",
            page.text()
        );
        let fields = [("group", id), ("version", "1"), ("group_name", "x"), ("shown", "mail.delete_mail")];
        for action in [SAVE, DELETE] {
            assert_eq!(staff.call(action, &fields).await.status, 403, "{action} {name}");
        }
    }
    staff.change("/admin/groups/3", SAVE, &[("permissions[]", "mail.delete_mail")]).await;
    assert_eq!(staff.get("/admin/groups/3").await.form_errors(), [NOT_YOURS]);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM group_permissions").await, 3);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM changes").await, 0);
    site.stop().await;
}

#[tokio::test]
async fn the_second_of_two_editors_is_told() {
    let site = TestSite::start_without_mail().await;
    let mut first = site.staff("sam", &EDITOR).await;
    let mut second = site.staff("tom", &EDITOR).await;
    site.database.execute("INSERT INTO groups (id, name, name_key) VALUES (1, 'Readers', 'readers')").await;
    let (opened, asked) = (second.get("/admin/groups/1").await, second.get("/admin/groups/1/delete").await);
    first
        .change(
            "/admin/groups/1",
            SAVE,
            &[("group_name", "Writers"), ("permissions[]", "accounts.view_user")],
        )
        .await;
    second.send_form(&opened, SAVE, &[("group_name", "Lookers")]).await;
    let page = second.get("/admin/groups/1").await;
    assert!(page.form_errors()[0].starts_with("Someone else saved changes while you were editing"));
    assert_eq!(page.find(".differences"), "Saved now: “Writers”, with the permissions accounts.view_user.");
    assert_eq!(page.attribute("#id_group_name", "value").as_deref(), Some("Lookers"));
    let answer = second.send_form(&asked, DELETE, &[]).await;
    assert_eq!(answer.location(), "/admin/groups/1/delete");
    assert_eq!(site.database.text("SELECT name FROM groups").await, "Writers");
    second.send_form(&page, SAVE, &[]).await;
    assert_eq!(site.database.text("SELECT name FROM groups").await, "Lookers");
    site.stop().await;
}

#[tokio::test]
async fn many_groups_are_paged() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.superuser("root").await;
    let rows: Vec<String> = (0..250).map(|n| format!("({n}, 'Group {n:03}', 'group {n:03}')")).collect();
    site.database
        .execute(&format!("INSERT INTO groups (id, name, name_key) VALUES {}", rows.join(", ")))
        .await;
    let (mut address, mut names) = ("/admin/groups".to_owned(), Vec::new());
    loop {
        let page = staff.get(&address).await;
        names.extend(page.find_all("table tbody th"));
        match page.attribute("a[rel=next]", "href") {
            Some(next) => address = next,
            None => break,
        }
    }
    assert_eq!(names, (0..250).map(|n| format!("Group {n:03}")).collect::<Vec<_>>());
    assert_eq!(staff.get("/admin/groups?after=%00%ff").await.status, 200);
    site.stop().await;
}
