//! `/admin/users/ID`: what staff can change of a user, and what they cannot.

use std::time::Duration;

use crate::support::{PASSWORD, Page, TestSite, Visitor};

const SAVE: &str = "/api/admin/save_user";
const JOIN: &str = "/api/admin/join_group";
const LEAVE: &str = "/api/admin/leave_group";
const SET_PASSWORD: &str = "/api/admin/set_password";
const DISABLE: &str = "/api/admin/disable_password";
const RESET: &str = "/api/admin/send_reset";
const EDITOR: [&str; 2] = ["accounts.view_user", "accounts.change_user"];
/// Another password that satisfies the rules.
const OTHER_PASSWORD: &str = "nine purple submarines";

async fn page_of(site: &TestSite, username: &str) -> String {
    format!("/admin/users/{}", site.user_id(username).await)
}

async fn group(site: &TestSite, id: i64, name: &str, permissions: &[&str]) {
    let sql =
        format!("INSERT INTO groups (id, name, name_key) VALUES ({id}, '{name}', '{}')", name.to_lowercase());
    site.database.execute(&sql).await;
    for codename in permissions {
        let sql = format!("INSERT INTO group_permissions (group_id, codename) VALUES ({id}, '{codename}')");
        site.database.execute(&sql).await;
    }
}

/// The history on the page without its times, the newest first.
fn history(page: &Page) -> Vec<String> {
    page.find_all("[aria-labelledby=history] li .what")
}

#[tokio::test]
async fn a_saved_change_is_visible_at_the_next_request_and_the_owner_is_notified() {
    let site = TestSite::start().await;
    let mut staff = site.staff("sam", &EDITOR).await;
    let mut member = site.proven_member("ada").await;
    site.all_mails_sent().await;
    let page = page_of(&site, "ada").await;
    // Caches the page.
    assert!(member.get("/members/dashboard").await.text().contains("Welcome, ada"));
    let answer = staff
        .change(
            &page,
            SAVE,
            &[
                ("username", "Countess"),
                ("first_name", "Ada"),
                ("email", "new@example.com"),
                ("is_verified", ""),
            ],
        )
        .await;
    assert_eq!((answer.status, answer.location()), (303, page.as_str()));
    assert_eq!(member.get("/members/dashboard").await.find("h1"), "Welcome, Ada!");
    let shown = staff.get(&page).await;
    assert_eq!(shown.messages(), ["The user was saved."]);
    assert_eq!((shown.find("h1").as_str(), shown.find_all("h1").len()), ("Ada", 1));
    assert_eq!(shown.find("title"), "Ada · Members Area");
    assert_eq!(shown.find(".user-name"), "Countess Active Unconfirmed");
    assert_eq!(
        history(&shown),
        [
            "sam changed Countess’s email address confirmed from “yes” to “no”",
            "sam changed Countess’s email address from “ada@example.com” to “new@example.com”",
            "sam set Countess’s first name to “Ada”",
            "sam changed Countess’s username from “ada” to “Countess”"
        ]
    );
    // In the member's own activity, without the staff member's name and address.
    let record = member.get("/members/activity").await;
    let lines = record.find_all("main .log li");
    let line = lines.iter().find(|line| line.starts_with("Changed by staff")).expect("a line");
    assert!(
        line.contains("username, first name, email address, email address confirmed")
            && !line.contains("127.0.0.1"),
        "{line}"
    );
    // The same mails as when the owner makes the change.
    let to_old = site.mail_to("ada@example.com", "email address was changed", 1).await;
    // Without a link or the new address, because staff may have changed it when that mailbox fell
    // into the wrong hands.
    let text = &to_old.text;
    assert!(text.contains("Our staff") && !text.contains("/accounts/"), "{text}");
    assert!(!text.contains("new@example.com"), "{text}");
    site.mail_to("new@example.com", "Confirm your email address", 1).await;
    site.all_mails_sent().await;
    assert_eq!(site.mails_to("new@example.com").len(), 1, "no notice to an address that is not proven");
    // Staff can confirm an address, too.
    staff.change(&page, SAVE, &[("is_verified", "yes")]).await;
    assert_eq!(staff.get(&page).await.find(".user-name"), "Countess Active");
    // Without changes nothing is written.
    let count = site.database.number("SELECT COUNT(*) FROM changes").await;
    assert_eq!(staff.change(&page, SAVE, &[]).await.location(), page);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM changes").await, count);
    // Staff see their own actions on their own page.
    let own = staff.get(&page_of(&site, "sam").await).await;
    assert_eq!(own.find_all("[aria-labelledby=deeds] li").len(), 5);
    site.stop().await;
}

#[tokio::test]
async fn all_errors_are_shown_and_input_is_kept() {
    let site = TestSite::start().await;
    let mut staff = site.staff("sam", &EDITOR).await;
    site.signed_up("ada").await;
    site.signed_up("bob").await;
    site.database.execute("UPDATE users SET email_verified_at = 5 WHERE username = 'bob'").await;
    let page = page_of(&site, "ada").await;
    let bad = [("username", "two words"), ("email", "nowhere"), ("last_name", "a\u{1}b"), ("is_active", "")];
    let answer = staff.change(&page, SAVE, &bad).await;
    assert_eq!((answer.status, answer.location()), (303, page.as_str()));
    let shown = staff.get(&page).await;
    assert_eq!(shown.errors("email"), ["Enter a valid email address."]);
    assert_eq!(shown.errors("username").len() + shown.errors("last_name").len(), 2);
    assert_eq!(shown.attribute("#id_username", "value").as_deref(), Some("two words"));
    assert!(shown.attribute("[name=is_active]", "checked").is_none(), "the box is as it was left");
    for (field, value, error) in [
        ("username", "BOB", "A user with that username already exists."),
        ("email", "bob@example.com", "Another account has this email address."),
    ] {
        staff.change(&page, SAVE, &[(field, value), ("is_verified", "yes")]).await;
        assert_eq!(staff.get(&page).await.errors(field), [error]);
    }
    assert_eq!(site.database.number("SELECT COUNT(*) FROM changes").await, 0);
    // An imported account without an address can be saved without one.
    site.database.execute("UPDATE users SET email = '', email_key = '' WHERE username = 'ada'").await;
    staff.change(&page, SAVE, &[("first_name", "Ada")]).await;
    assert_eq!(staff.get(&page).await.messages(), ["The user was saved."]);
    site.stop().await;
}

#[tokio::test]
async fn the_second_of_two_editors_sees_both_versions() {
    let site = TestSite::start().await;
    let mut first = site.staff("sam", &EDITOR).await;
    let mut second = site.staff("tom", &EDITOR).await;
    let mut member = site.member("ada").await;
    let page = page_of(&site, "ada").await;
    let opened = second.get(&page).await;
    first.change(&page, SAVE, &[("first_name", "Augusta"), ("is_staff", "yes")]).await;
    let answer = second.send_form(&opened, SAVE, &[("first_name", "Ada"), ("last_name", "King")]).await;
    assert_eq!((answer.status, answer.location()), (303, page.as_str()));
    assert_eq!(site.database.text("SELECT first_name FROM users WHERE username = 'ada'").await, "Augusta");
    let shown = second.get(&page).await;
    assert!(
        shown.form_errors()[0].starts_with("Someone else saved changes while you were editing"),
        "{:?}",
        shown.form_errors()
    );
    let cells = shown.find_all(".differences tbody tr > *");
    assert_eq!(cells, ["First name", "Augusta", "Ada", "Last name", "", "King", "Staff", "yes", "no"]);
    assert_eq!(
        shown.attribute("#id_first_name", "value").as_deref(),
        Some("Ada"),
        "what they typed is still there"
    );
    assert_eq!(history(&shown)[0], "sam made ada staff");
    // Having seen the changes, they can save.
    second.send_form(&shown, SAVE, &[("is_staff", "yes")]).await;
    let shown = second.get(&page).await;
    assert_eq!(shown.find_all("#account ~ dl dd")[0], "Ada King");
    assert_eq!(site.database.number("SELECT is_staff FROM users WHERE username = 'ada'").await, 1);
    // A change by the member in between is not overwritten either.
    let opened = second.get(&page).await;
    member
        .submit("/members/profile", &[("username", "ada"), ("first_name", "Byron"), ("last_name", "")])
        .await;
    second.send_form(&opened, SAVE, &[("email", "other@example.com")]).await;
    assert_eq!(site.database.text("SELECT first_name FROM users WHERE username = 'ada'").await, "Byron");
    assert_eq!(site.database.text("SELECT email FROM users WHERE username = 'ada'").await, "ada@example.com");
    site.stop().await;
}

#[tokio::test]
async fn permissions_and_groups_apply_from_the_next_request() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.superuser("root").await;
    let mut member = site.staff("ada", &[]).await;
    group(&site, 1, "Readers", &["accounts.view_user"]).await;
    let page = page_of(&site, "ada").await;
    let may = async |member: &mut Visitor| member.get("/admin/users").await.status == 200;
    assert!(!may(&mut member).await);
    for _ in 0..2 {
        staff.change(&page, SAVE, &[("permissions[]", "accounts.view_user")]).await;
        assert_eq!(staff.get(&page).await.messages(), ["The user was saved."]);
        assert!(may(&mut member).await);
        // All checkboxes empty.
        let shown = staff.get(&page).await;
        let hidden: Vec<_> =
            shown.fields_of(SAVE).into_iter().filter(|(name, _)| name != "permissions[]").collect();
        let hidden: Vec<_> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        staff.post(SAVE, &hidden).await;
        assert!(!may(&mut member).await);
        staff.change(&page, JOIN, &[("group_name", " READERS ")]).await;
        assert_eq!(staff.get(&page).await.messages(), ["The user was added to the group."]);
        assert!(may(&mut member).await);
        staff.change(&page, LEAVE, &[]).await;
        assert_eq!(staff.get(&page).await.messages(), ["The user was removed from the group."]);
        assert!(!may(&mut member).await);
    }
    // Finally, the flags.
    staff.change(&page, SAVE, &[("is_superuser", "yes")]).await;
    assert!(may(&mut member).await);
    staff.change(&page, SAVE, &[("is_staff", ""), ("is_superuser", "yes")]).await;
    assert!(!may(&mut member).await);
    staff.change(&page, SAVE, &[("is_active", ""), ("is_superuser", "yes")]).await;
    assert_eq!(member.get("/members/secret").await.status, 303, "logged out");
    staff.change(&page, SAVE, &[("is_active", "yes"), ("is_superuser", "yes")]).await;
    assert_eq!(member.get("/members/secret").await.status, 303, "what has ended stays so");
    // Two staff members granting different permissions at the same time both succeed.
    let opened = [staff.get(&page).await, staff.get(&page).await];
    for (opened, permission) in opened.iter().zip(["mail.view_mail", "cache.view_cache"]) {
        staff.send_form(opened, SAVE, &[("permissions[]", permission)]).await;
    }
    assert_eq!(site.database.number("SELECT COUNT(*) FROM user_permissions").await, 2);
    let shown = staff.get(&page).await;
    assert_eq!(
        history(&shown)[..2],
        ["root gave ada the permission cache.view_cache", "root gave ada the permission mail.view_mail"]
    );
    assert_eq!(site.database.number("SELECT COUNT(*) FROM changes WHERE what = 'group'").await, 4);
    // A group that does not exist.
    staff.change(&page, JOIN, &[("group_name", "Nobodies")]).await;
    assert_eq!(staff.get(&page).await.form_errors(), ["There is no group with that name."]);
    site.stop().await;
}

#[tokio::test]
async fn one_save_takes_names_and_permissions_or_neither() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.superuser("root").await;
    site.signed_up("ada").await;
    let page = page_of(&site, "ada").await;
    let boxes = [("permissions[]", "accounts.view_user"), ("permissions[]", "mail.view_mail")];
    let with = |field| [field, boxes[0], boxes[1]];
    staff.change(&page, SAVE, &with(("username", "two words"))).await;
    let shown = staff.get(&page).await;
    assert_eq!(shown.find("title"), "Error: ada · Members Area");
    assert_eq!(shown.find_all("[name='permissions[]'][checked]").len(), 2, "the boxes are as they were left");
    assert_eq!(site.database.number("SELECT COUNT(*) FROM user_permissions").await, 0);
    staff.send_form(&shown, SAVE, &with(("username", "countess"))).await;
    assert_eq!(staff.get(&page).await.messages(), ["The user was saved."]);
    assert_eq!(
        history(&staff.get(&page).await),
        [
            "root gave countess the permission mail.view_mail",
            "root gave countess the permission accounts.view_user",
            "root changed countess’s username from “ada” to “countess”"
        ]
    );
    site.stop().await;
}

#[tokio::test]
async fn permissions_are_a_table_that_shows_those_of_groups() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.superuser("root").await;
    site.signed_up("ada").await;
    group(&site, 1, "Readers", &["accounts.view_group"]).await;
    let page = page_of(&site, "ada").await;
    staff.change(&page, JOIN, &[("group_name", "Readers")]).await;
    let shown = staff.get(&page).await;
    assert!(shown.find_all("[name=group_name]").is_empty(), "no group is left");
    assert_eq!(
        shown.find_all(".permissions thead th[scope=col]"),
        ["View", "Add", "Change", "Delete", "Other"]
    );
    // A permission without a place of its own would be in a row "Other".
    let rows = shown.find_all(".permissions th[scope=row]");
    assert_eq!(rows[..7], ["Users", "Groups", "Sessions", "Activity", "Email queue", "Cache", "Timings"]);
    assert_eq!(shown.find_all(".permissions .inherited"), ["View groups (through a group)"]);
    assert_eq!(shown.find_all(".permissions tr:nth-child(7) td label"), ["View timings"]);
    assert!(!shown.find("main").contains("has all permissions, whatever"));
    let own = staff.get(&page_of(&site, "root").await).await;
    assert!(own.find("main").contains("A superuser has all permissions, whatever is selected here."));
    site.stop().await;
}

#[tokio::test]
async fn who_can_only_view_a_user_reads_their_permissions() {
    let site = TestSite::start_without_mail().await;
    site.staff("ada", &["mail.view_mail", "accounts.view_group"]).await;
    group(&site, 1, "Readers", &["accounts.view_user"]).await;
    let id = site.user_id("ada").await;
    site.database.execute(&format!("INSERT INTO group_members (group_id, user_id) VALUES (1, {id})")).await;
    for own in [&["accounts.view_user"][..], &EDITOR] {
        let mut staff = site.staff(&format!("staff{}", own.len()), own).await;
        let shown = staff.get(&page_of(&site, "ada").await).await;
        assert!(shown.find_all("main form, [name=shown]").is_empty(), "the second lacks what she has");
        assert_eq!(shown.find("#permissions"), "Permissions");
        assert!(shown.find_all(".permissions input[type=checkbox]:not([disabled])").is_empty());
        let mut given = shown.attributes(".permissions input[type=checkbox][checked]", "value");
        given.sort();
        assert_eq!(given, ["accounts.view_group", "mail.view_mail"]);
        assert_eq!(shown.find_all(".permissions .inherited"), ["View users (through a group)"]);
    }
    site.stop().await;
}

#[tokio::test]
async fn actions_with_a_page_of_their_own_are_in_one_row() {
    const ACT: &str = "Act as this member …";
    const LOG_OUT: &str = "Log them out everywhere …";
    const DELETE: &str = "Delete the account …";
    let site = TestSite::start_without_mail().await;
    let mut root = site.superuser("root").await;
    let mut viewer = site.staff("sam", &["accounts.view_user", "accounts.view_session"]).await;
    site.signed_up("ada").await;
    for (username, expected) in
        [("ada", &[ACT, LOG_OUT, DELETE][..]), ("sam", &[LOG_OUT, DELETE]), ("root", &[])]
    {
        let page = page_of(&site, username).await;
        assert_eq!(root.get(&page).await.find_all(".actions.wide a"), expected, "{username}");
        assert!(viewer.get(&page).await.find_all(".actions.wide a").is_empty(), "{username}");
    }
    site.stop().await;
}

/// A user's page reads no more groups than it can offer.
#[tokio::test]
async fn with_many_groups_the_name_is_typed() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.staff("sam", &EDITOR).await;
    site.signed_up("ada").await;
    site.database
        .execute(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 300) \
             INSERT INTO groups (id, name, name_key) SELECT n, 'Group ' || n, 'group ' || n FROM numbers",
        )
        .await;
    let page = page_of(&site, "ada").await;
    let shown = staff.get(&page).await;
    assert_eq!(shown.find_all("select[name=group_name] option").len(), 301);
    group(&site, 301, "Zoologists", &["accounts.view_user"]).await;
    group(&site, 302, "Mighty", &["mail.delete_mail"]).await;
    let shown = staff.get(&page).await;
    assert!(shown.find_all("select[name=group_name]").is_empty());
    assert_eq!(shown.attribute("input[name=group_name]", "value").as_deref(), Some(""));
    let help = shown.attribute("input[name=group_name]", "aria-describedby").expect("a hint");
    assert!(shown.find(&format!("#{help}")).contains("too many groups"));
    for (name, problem) in [
        ("Zoolog", "There is no group with that name."),
        ("Mighty", "You can only grant permissions you have yourself."),
    ] {
        staff.send_form(&shown, JOIN, &[("group_name", name)]).await;
        let refused = staff.get(&page).await;
        assert_eq!(refused.form_errors(), [problem]);
        assert_eq!(refused.attribute("input[name=group_name]", "value").as_deref(), Some(name));
    }
    staff.send_form(&shown, JOIN, &[("group_name", "zoologists")]).await;
    let shown = staff.get(&page).await;
    assert_eq!(shown.messages(), ["The user was added to the group."]);
    assert_eq!(shown.find_all(".rows bdi"), ["Zoologists"]);
    site.stop().await;
}

#[tokio::test]
async fn staff_cannot_grant_permissions_they_lack() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.staff("sam", &EDITOR).await;
    site.signed_up("ada").await;
    group(&site, 1, "Mighty", &["accounts.view_user", "mail.delete_mail"]).await;
    group(&site, 2, "Foreign", &["blog.add_entry"]).await;
    group(&site, 3, "Equal", &["accounts.change_user"]).await;
    const NOT_YOURS: &str = "You can only grant permissions you have yourself.";
    for username in ["ada", "sam"] {
        let page = page_of(&site, username).await;
        let shown = staff.get(&page).await;
        let boxes = shown.find_all("[name='permissions[]']:not([disabled])").len();
        assert_eq!(boxes, 2, "what they have not is not offered");
        assert_eq!(shown.find_all("[name=group_name] option"), ["Choose a group", "Equal"]);
        staff.send_form(&shown, SAVE, &[("permissions[]", "accounts.delete_user")]).await;
        assert_eq!(staff.get(&page).await.form_errors(), [NOT_YOURS]);
        for name in ["Mighty", "Foreign"] {
            staff.send_form(&shown, JOIN, &[("group_name", name)]).await;
            assert_eq!(staff.get(&page).await.form_errors(), [NOT_YOURS], "{name}");
        }
        staff.send_form(&shown, SAVE, &[("is_superuser", "yes")]).await;
        assert!(staff.get(&page).await.form_errors().contains(&NOT_YOURS.to_owned()));
    }
    // Nobody can grant unknown permissions.
    staff.change(&page_of(&site, "ada").await, SAVE, &[("permissions[]", "blog.add_entry")]).await;
    assert_eq!(site.database.number("SELECT COUNT(*) FROM group_members").await, 0);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM user_permissions").await, 2);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM users WHERE is_superuser = 1").await, 0);
    // They can grant what they have.
    let page = page_of(&site, "ada").await;
    staff.change(&page, JOIN, &[("group_name", "equal")]).await;
    staff.change(&page, SAVE, &[("permissions[]", "accounts.change_user")]).await;
    assert_eq!(site.database.number("SELECT COUNT(*) FROM group_members").await, 1);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM user_permissions").await, 3);
    site.stop().await;
}

#[tokio::test]
async fn staff_cannot_change_accounts_with_more_permissions_or_lock_themselves_out() {
    let site = TestSite::start_without_mail().await;
    site.superuser("root").await;
    site.staff("mighty", &["mail.delete_mail"]).await;
    site.signed_up("by-group").await;
    site.signed_up("imported").await;
    group(&site, 1, "Mighty", &["mail.delete_mail"]).await;
    for (username, table) in [
        ("by-group", "group_members (group_id, user_id) VALUES (1, "),
        ("imported", "user_permissions (codename, user_id) VALUES ('blog.add_entry', "),
    ] {
        let id = site.user_id(username).await;
        site.database.execute(&format!("INSERT INTO {table}{id})")).await;
    }
    let mut staff = site.staff("sam", &EDITOR).await;
    let before = site.database.everything().await.len();
    for username in ["root", "mighty", "by-group", "imported"] {
        let id = site.user_id(username).await.to_string();
        let page = staff.get(&format!("/admin/users/{id}")).await;
        assert_eq!(page.status, 200, "they may look");
        assert!(page.find("main .help").contains("only view it"), "{}", page.text());
        assert!(page.find_all("main form").is_empty());
        let fields = [
            ("user", id.as_str()),
            ("version", "1"),
            ("username", "x"),
            ("email", "x@example.com"),
            ("group_name", "Mighty"),
            ("group", "1"),
            ("password1", OTHER_PASSWORD),
            ("password2", OTHER_PASSWORD),
        ];
        for action in [SAVE, SAVE, JOIN, LEAVE, SET_PASSWORD, DISABLE, RESET] {
            let answer = staff.call(action, &fields).await;
            assert_eq!(
                (answer.status, answer.text().as_str()),
                (403, "\"Forbidden\""),
                "{action} on {username}"
            );
        }
    }
    assert_eq!(site.database.everything().await.len(), before);
    // Their own account.
    let page = page_of(&site, "sam").await;
    let shown = staff.get(&page).await;
    assert!(shown.text().contains("This is your account."));
    let id = site.user_id("sam").await.to_string();
    let with = |flags: &[&'static str]| {
        let version = ("version", "1");
        let mut fields =
            vec![("user", id.as_str()), version, ("username", "sam"), ("email", "sam@example.com")];
        fields.extend(flags.iter().map(|flag| (*flag, "yes")));
        fields
    };
    for flags in [&["is_staff"][..], &["is_active"], &["is_active", "is_staff", "is_superuser"]] {
        let answer = staff.call(SAVE, &with(flags)).await;
        assert!(answer.text().contains("OwnAccount"), "{flags:?}: {}", answer.text());
    }
    for action in [SET_PASSWORD, DISABLE, RESET] {
        assert_eq!(staff.call(action, &with(&[])).await.status, 403, "{action}");
    }
    // They can change their own names here, too.
    staff.change(&page, SAVE, &[("first_name", "Samuel")]).await;
    assert_eq!(site.database.text("SELECT first_name FROM users WHERE username = 'sam'").await, "Samuel");
    assert_eq!(staff.get("/admin/users").await.status, 200);
    // A superuser can change another, but the last one remains.
    let mut root = site.visitor();
    root.log_in("root").await;
    site.superuser("second").await;
    let page = page_of(&site, "second").await;
    root.change(&page, SAVE, &[("is_superuser", ""), ("is_active", "")]).await;
    let sql = "SELECT COUNT(*) FROM users WHERE is_superuser = 1 AND is_active = 1";
    assert_eq!(site.database.number(sql).await, 1);
    site.stop().await;
}

#[tokio::test]
async fn passwords_are_set_disabled_and_reset_by_mail() {
    let site = TestSite::start().await;
    let mut staff = site.staff("sam", &EDITOR).await;
    let mut member = site.proven_member("ada").await;
    site.all_mails_sent().await;
    let page = page_of(&site, "ada").await;
    let typed = [("password1", "ada-1"), ("password2", "other")];
    staff.change(&page, SET_PASSWORD, &typed).await;
    let shown = staff.get(&page).await;
    assert_eq!(shown.errors("password2"), ["The two password fields didn’t match."]);
    assert!(shown.errors("password1").len() >= 2 && !shown.text().contains("ada-1\""));
    assert!(shown.attribute("details:has(#id_password1)", "open").is_some(), "the errors can be seen");
    let typed = [("password1", OTHER_PASSWORD), ("password2", OTHER_PASSWORD)];
    staff.change(&page, SET_PASSWORD, &typed).await;
    assert_eq!(
        staff.get(&page).await.messages(),
        ["The password was set, and all their devices have been logged out."]
    );
    assert_eq!(member.get("/members/secret").await.status, 303);
    assert_eq!(member.log_in_with("ada", OTHER_PASSWORD).await.location(), "/members/dashboard");
    let mail = site.mail_to("ada@example.com", "password was changed", 1).await;
    assert!(mail.text.contains("by our staff"), "{}", mail.text);

    // Switched off: no reset mail helps, not even one that was sent before.
    site.visitor().submit("/accounts/password_reset", &[("email", "ada@example.com")]).await;
    let before = site.mail_to("ada@example.com", "Set a new password", 1).await;
    staff.change(&page, DISABLE, &[]).await;
    assert_eq!(member.get("/members/secret").await.status, 303);
    let shown = staff.get(&page).await;
    assert_eq!(shown.find_all("#account ~ dl dd")[2], "Disabled");
    for password in [PASSWORD, OTHER_PASSWORD, "!", ""] {
        assert_ne!(member.log_in_with("ada", password).await.location(), "/members/dashboard");
    }
    site.visitor().submit("/accounts/password_reset", &[("email", "ada@example.com")]).await;
    site.all_mails_sent().await;
    let resets = |site: &TestSite| {
        let mails = site.mails_to("ada@example.com").into_iter();
        mails.filter(|mail| mail.subject.contains("Set a new password")).count()
    };
    assert_eq!(resets(&site), 1, "none more");
    let mut reader = site.visitor();
    reader.get(&before.link()).await;
    assert!(
        reader.get("/accounts/reset/new").await.text().contains("This link has been used or has expired.")
    );
    let off = site.mail_to("ada@example.com", "password was disabled", 1).await;
    assert!(!off.text.contains("/accounts/"), "no way in: {}", off.text);

    // Staff can enable it again.
    staff.change(&page, RESET, &[]).await;
    assert_eq!(staff.get(&page).await.messages(), ["We have sent them a password-reset link."]);
    let mail = site.mail_to("ada@example.com", "Set a new password", 2).await;
    reader.get(&mail.link()).await;
    reader.submit("/accounts/reset/new", &[("password1", PASSWORD), ("password2", PASSWORD)]).await;
    assert_eq!(member.log_in("ada").await.location(), "/members/dashboard");
    let shown = staff.get(&page).await;
    assert_eq!(
        history(&shown),
        [
            "sam sent ada an email to set a new password",
            "sam disabled ada’s password",
            "sam set ada’s password"
        ]
    );
    // Not for an inactive account, which could not use it.
    staff.change(&page, SAVE, &[("is_active", "")]).await;
    staff.change(&page, RESET, &[]).await;
    assert_eq!(staff.get(&page).await.form_errors(), ["This account is inactive: activate it first."]);
    // No secret is stored or logged.
    let everything = site.database.everything().await.join("\n");
    assert!(!everything.contains(OTHER_PASSWORD) && !crate::support::log::contains(OTHER_PASSWORD));
    site.stop().await;
}

#[tokio::test]
async fn users_are_added_with_a_password_or_a_reset_mail() {
    let site = TestSite::start().await;
    let mut staff =
        site.staff("sam", &["accounts.view_user", "accounts.add_user", "accounts.change_user"]).await;
    let new = "/admin/users/new";
    staff
        .submit(new, &[("username", "sam"), ("email", "nowhere"), ("password1", "1"), ("first_name", "Ada")])
        .await;
    let page = staff.get(new).await;
    assert_eq!(page.errors("email"), ["Enter a valid email address."]);
    assert!(!page.errors("password1").is_empty() && !page.errors("password2").is_empty());
    assert_eq!(page.attribute("#id_first_name", "value").as_deref(), Some("Ada"));
    staff.submit(new, &[("username", "SAM"), ("email", "ada@example.com")]).await;
    assert_eq!(staff.get(new).await.errors("username"), ["A user with that username already exists."]);
    let answer = staff
        .submit(new, &[("username", "ada"), ("email", "ada@example.com"), ("last_name", "Lovelace")])
        .await;
    assert_eq!(answer.location(), page_of(&site, "ada").await);
    let page = staff.get(answer.location()).await;
    assert_eq!(page.messages(), ["The user was added. Set their permissions below."]);
    assert_eq!(page.find_all("#account ~ dl dd")[2], "Not set yet");
    assert_eq!(history(&page), ["sam added ada"]);
    assert_eq!(staff.get("/admin/users?q=LOVEL").await.find_all("table.list tbody th"), ["ada"]);
    let mail = site.mail_to("ada@example.com", "Set a new password", 1).await;
    let mut ada = site.visitor();
    assert_ne!(ada.log_in_with("ada", "?").await.location(), "/members/dashboard");
    ada.get(&mail.link()).await;
    ada.submit("/accounts/reset/new", &[("password1", PASSWORD), ("password2", PASSWORD)]).await;
    assert_eq!(ada.log_in("ada").await.location(), "/members/dashboard");
    // With a password, which is valid at once.
    let fields = [
        ("username", "bob"),
        ("email", "bob@example.com"),
        ("password1", OTHER_PASSWORD),
        ("password2", OTHER_PASSWORD),
    ];
    staff.submit(new, &fields).await;
    assert_eq!(site.visitor().log_in_with("bob", OTHER_PASSWORD).await.location(), "/members/dashboard");
    site.mail_to("bob@example.com", "Confirm your email address", 1).await;
    site.stop().await;
}

#[tokio::test]
async fn after_ten_minutes_reauthentication_is_required_and_the_form_is_kept() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.superuser("root").await;
    site.signed_up("ada").await;
    group(&site, 1, "x", &[]).await;
    let page = page_of(&site, "ada").await;
    let opened = staff.get(&page).await;
    site.clock.advance(Duration::from_secs(601));
    assert_eq!(staff.get(&page).await.status, 200, "to look at it takes none");
    assert_eq!(
        staff.get("/admin/users/new").await.location(),
        "/accounts/reauthenticate?next=/admin/users/new"
    );
    let again = format!("/accounts/reauthenticate?next={page}");
    for (action, changed) in [
        (SET_PASSWORD, &[("password1", OTHER_PASSWORD), ("password2", OTHER_PASSWORD)][..]),
        (JOIN, &[("group_name", "x")]),
        (RESET, &[]),
        (DISABLE, &[]),
        (SAVE, &[("first_name", "Ada"), ("is_staff", "yes")]),
        (SAVE, &[("permissions[]", "mail.view_mail"), ("permissions[]", "cache.view_cache")]),
    ] {
        let answer = staff.send_form(&opened, action, changed).await;
        assert_eq!((answer.status, answer.location()), (303, again.as_str()), "{action}");
    }
    assert_eq!(site.database.number("SELECT COUNT(*) FROM changes").await, 0);
    let answer = staff.submit(&again, &[("password", PASSWORD)]).await;
    assert_eq!(answer.location(), page);
    let back = staff.get(&page).await;
    // The last form is kept, with each of its checkboxes.
    let ticked = "[name='permissions[]'][checked]";
    assert_eq!(back.find_all(ticked).len(), 2);
    staff.send_form(&back, SAVE, &[]).await;
    assert_eq!(site.database.number("SELECT COUNT(*) FROM user_permissions").await, 2);
    site.stop().await;
}

#[tokio::test]
async fn the_permissions_of_a_superuser_say_that_these_are_not_all() {
    let site = TestSite::start_without_mail().await;
    let mut root = site.superuser("root").await;
    site.superuser("chief").await;
    site.member("ada").await;
    let sentence = "A superuser has all permissions, whatever is selected here.";
    for (name, is_superuser) in [("chief", true), ("ada", false)] {
        let page = root.get(&page_of(&site, name).await).await;
        assert_eq!(page.status, 200);
        assert_eq!(page.find("main").contains(sentence), is_superuser, "{name}");
    }
    site.stop().await;
}
