//! `user`, `group`, `grant`, `revoke`: what the operator changes, and how much of it a running site
//! notices.

use std::time::Duration;

use members_area::base::{config::MailTransport, member::Permission};

use crate::support::{
    TestSite, Visitor,
    program::{program, refused, said},
};

/// What the commands say because a running site is another process.
const SOON: &str = "A running site applies this within 2 seconds.\n";

/// The operator's lines in the audit log, the oldest first.
async fn changes(site: &TestSite) -> Vec<String> {
    let mut connection = site.database.connect().await;
    let rows: Vec<(String, String, String, String, String)> =
        sqlx::query_as("SELECT object_kind, object, what, old_value, new_value FROM changes WHERE actor = 'the command line' AND actor_id IS NULL ORDER BY id")
            .fetch_all(&mut connection)
            .await
            .expect("the changes");
    rows.into_iter()
        .map(|(kind, object, what, old, new)| format!("{kind} {object} {what}: {old}>{new}"))
        .collect()
}

#[tokio::test]
async fn deactivation_logs_out_and_activation_allows_login() {
    let site = TestSite::start().await;
    let mut ada = site.member("ada").await;
    let mut bob = site.member("bob").await;
    let folder = tempfile::tempdir().expect("a folder");
    let user = |arguments: &[&str]| {
        let mut command = program(&site.database, folder.path());
        command.arg("user").args(arguments);
        command
    };
    let off = said(&mut user(&["deactivate", "ADA@example.com"]));
    assert_eq!(off, format!("User 'ada' deactivated, and all their sessions ended. {SOON}"));
    assert_eq!(site.database.number("SELECT COUNT(*) FROM sessions").await, 1, "hers is gone");
    assert_eq!(site.visitor().log_in("ada").await.location(), "/accounts/login");
    // Another process changed it.
    ada.until_signed_out("deactivated").await;
    assert!(bob.is_signed_in().await);
    assert_eq!(said(&mut user(&["deactivate", "ada"])), "User 'ada' was already inactive.\n");
    assert_eq!(
        said(&mut user(&["list", "--inactive"])),
        "ada\tada@example.com\tinactive\t".to_owned() + &last_login(&site, "ada").await + "\n"
    );
    assert_eq!(said(&mut user(&["activate", "ada"])), "User 'ada' activated.\n");
    assert_eq!(said(&mut user(&["activate", "ada"])), "User 'ada' was already active.\n");
    // With the new stamp, earlier sessions stay invalid.
    assert!(!ada.is_signed_in().await);
    assert_eq!(ada.log_in("ada").await.location(), "/members/dashboard");
    assert!(ada.is_signed_in().await);
    assert_eq!(changes(&site).await, ["user ada active: yes>no", "user ada active: no>yes"]);
    assert_eq!(site.database.number("SELECT version FROM users WHERE username = 'ada'").await, 3);
    let lines = ada.get("/members/activity").await.find_all("main .log .detail");
    assert!(["activated", "deactivated"].iter().all(|line| lines.contains(&(*line).to_owned())), "{lines:?}");
    assert!(refused(&mut user(&["deactivate", "nobody"])).contains("there is no user 'nobody'"));
    site.stop().await;
}

#[tokio::test]
async fn the_only_superuser_is_not_deactivated() {
    let site = TestSite::start_without_mail().await;
    let mut root = site.superuser("root").await;
    site.superuser("gone").await;
    site.database.execute("UPDATE users SET is_active = 0 WHERE username = 'gone'").await;
    let folder = tempfile::tempdir().expect("a folder");
    let deactivate = |name: &str| {
        let mut command = program(&site.database, folder.path());
        command.args(["user", "deactivate", name]);
        command
    };
    let said_no = refused(&mut deactivate("root"));
    assert!(said_no.contains("this is the only superuser: make another one first"), "{said_no}");
    assert_eq!(said(&mut deactivate("gone")), "User 'gone' was already inactive.\n");
    assert_eq!(site.database.number("SELECT COUNT(*) FROM changes").await, 0);
    site.clock.advance(Duration::from_secs(61));
    assert!(root.is_signed_in().await);
    site.database.execute("UPDATE users SET is_active = 1 WHERE username = 'gone'").await;
    assert!(said(&mut deactivate("root")).contains("User 'root' deactivated"));
    site.stop().await;
}

#[tokio::test]
async fn a_shared_cache_is_invalidated_by_commands_at_once() {
    let site = TestSite::start_with(|config| {
        config.mail.transport = MailTransport::Smtp("smtp://127.0.0.1:9".into());
        config.cache.url = serde_json::from_value("database://".into()).expect("an address");
        config.cache.pages = false;
    })
    .await;
    let (mut ada, mut bob) = (site.member("ada").await, site.member("bob").await);
    let folder = tempfile::tempdir().expect("a folder");
    let mut shown = [rendered_at(&mut ada).await, rendered_at(&mut bob).await];
    for (line, changes) in [
        ("group add readers", [false, false]),
        ("user add-to-group ada readers", [true, false]),
        ("grant --user bob mail.view_mail", [false, true]),
        ("grant --group readers mail.view_mail", [true, true]),
        ("user remove-from-group ada readers", [true, false]),
        ("group delete readers", [true, true]),
    ] {
        site.clock.advance(Duration::from_secs(1));
        let mut command = program(&site.database, folder.path());
        said(command.args(line.split(' ')).env("MEMBERS_AREA_CACHE__URL", "database://"));
        let now = [rendered_at(&mut ada).await, rendered_at(&mut bob).await];
        assert_eq!([0, 1].map(|who| now[who] != shown[who]), changes, "{line}");
        shown = now;
    }
    site.stop().await;
}

async fn rendered_at(member: &mut Visitor) -> String {
    let page = member.get("/members/dashboard").await;
    page.attribute("#view-rendered-at", "datetime").expect("a moment")
}

async fn last_login(site: &TestSite, name: &str) -> String {
    let at = site.database.number(&format!("SELECT last_login FROM users WHERE username = '{name}'")).await;
    members_area::base::moment::moment(at).iso
}

#[tokio::test]
async fn accounts_are_listed_and_shown() {
    let site = TestSite::start().await;
    for name in ["ada", "Grace_H", "linus"] {
        site.signed_up(name).await;
    }
    site.database.execute("UPDATE users SET is_staff = 1, first_name = 'Ada', last_name = 'Lovelace' WHERE username = 'ada'").await;
    site.database.execute("UPDATE users SET is_superuser = 1 WHERE username = 'linus'").await;
    // Another account's address, unconfirmed.
    site.database.execute("UPDATE users SET email = 'ada@example.com', email_key = 'ada@example.com' WHERE username = 'linus'").await;
    let folder = tempfile::tempdir().expect("a folder");
    let user = |arguments: &[&str]| {
        let mut command = program(&site.database, folder.path());
        command.arg("user").args(arguments);
        command
    };
    let names = |arguments: &[&str]| -> Vec<String> {
        let text = said(&mut user(arguments));
        text.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(names(&["list"]), ["ada", "Grace_H", "linus"]);
    assert_eq!(names(&["list", "--staff"]), ["ada"]);
    assert_eq!(names(&["list", "--superusers"]), ["linus"]);
    assert_eq!(names(&["list", "--search", "LOVEL"]), ["ada"]);
    assert_eq!(names(&["list", "--search", "e_h"]), ["Grace_H"]);
    assert_eq!(names(&["list", "--search", "%"]), [""; 0]);
    let shown = said(&mut user(&["show", "ADA"]));
    for line in [
        "Username: ada",
        "Name: Ada Lovelace",
        "Email address: ada@example.com (not confirmed)",
        "Kind: staff",
        "Password: set",
        "Last login: never",
        "Sessions: 0",
        "Groups: none",
    ] {
        assert!(shown.lines().any(|found| found == line), "{line} in {shown}");
    }
    assert!(!shown.contains("argon2"), "{shown}");
    assert!(refused(&mut user(&["show", "ada@example.com"])).contains("several accounts have the address"));
    assert!(refused(&mut user(&["list", "--group", "nowhere"])).contains("there is no group 'nowhere'"));
    site.stop().await;
}

#[tokio::test]
async fn groups_and_permissions_are_added_and_removed() {
    let site = TestSite::start().await;
    for name in ["ada", "bob"] {
        site.signed_up(name).await;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let say = |line: &str| {
        let mut command = program(&site.database, folder.path());
        command.args(line.split(' '));
        command
    };
    assert_eq!(said(&mut say("group add Éditeurs")), "Group 'Éditeurs' created.\n");
    assert!(refused(&mut say("group add éDITEURS")).contains("already exists"));
    let no_name = refused(program(&site.database, folder.path()).args(["group", "add", "a\u{202E}b"]));
    assert!(no_name.contains("a group's name must have"), "{no_name}");
    assert_eq!(
        said(&mut say("user add-to-group ada éditeurs")),
        format!("User 'ada' added to the group 'Éditeurs'. {SOON}")
    );
    assert!(said(&mut say("user add-to-group ada éditeurs")).contains("already"));
    assert_eq!(
        said(&mut say("grant --group éditeurs mail.view_mail")),
        format!("Group 'Éditeurs' now has the permission 'mail.view_mail'. {SOON}")
    );
    assert!(said(&mut say("grant --group éditeurs mail.view_mail")).contains("already"));
    assert_eq!(
        said(&mut say("grant --user bob cache.view_cache")),
        format!("User 'bob' now has the permission 'cache.view_cache'. {SOON}")
    );
    assert!(refused(&mut say("revoke --user bob blog")).contains("app.codename"));
    // No code checks this permission, so granting it would be misleading.
    let unknown = refused(&mut say("grant --user bob blog.add_post"));
    assert!(unknown.contains("there is no permission 'blog.add_post'"), "{unknown}");
    assert!(unknown.contains("`members-area permissions` lists all"), "{unknown}");
    let listed = said(&mut say("permissions"));
    assert_eq!(listed.lines().count(), Permission::ALL.len());
    assert!(listed.lines().any(|line| line == "accounts.view_user\tView users"), "{listed}");
    for (typed, meant) in [("auth.view_user", "accounts.view_user"), ("cache.veiw_cache", "cache.view_cache")]
    {
        let unknown = refused(&mut say(&format!("grant --user bob {typed}")));
        assert!(unknown.contains(&format!("did you mean '{meant}'?")), "{unknown}");
    }
    // A permission that was imported can be revoked.
    let id = site.user_id("bob").await;
    let given = format!("INSERT INTO user_permissions (user_id, codename) VALUES ({id}, 'blog.add_post')");
    site.database.execute(&given).await;
    assert!(said(&mut say("revoke --user bob blog.add_post")).contains("no longer has"));
    assert!(refused(&mut say("grant cache.view_cache")).contains("--user"));
    assert!(refused(&mut say("grant --user nobody cache.view_cache")).contains("there is no user"));
    assert_eq!(said(&mut say("group list")), "Éditeurs\t1 member(s)\n");
    assert_eq!(
        said(&mut say("group show éditeurs")),
        "Group: Éditeurs\nPermission: mail.view_mail\nMember: ada\n"
    );
    assert!(said(&mut say("user show bob")).contains("Permissions: cache.view_cache"));
    assert!(said(&mut say("user show ada")).contains("Groups: Éditeurs"));
    assert!(said(&mut say("revoke --user bob cache.view_cache")).contains("no longer has"));
    assert!(said(&mut say("revoke --user bob cache.view_cache")).contains("did not have"));
    assert!(said(&mut say("user remove-from-group ada éditeurs")).contains("removed from the group"));
    assert!(said(&mut say("user remove-from-group ada éditeurs")).contains("was not in the group"));
    assert_eq!(
        said(&mut say("group delete éditeurs")),
        format!("Group 'Éditeurs' deleted, with 0 membership(s). {SOON}")
    );
    assert!(refused(&mut say("group show éditeurs")).contains("there is no group"));
    for table in ["groups", "group_members", "group_permissions", "user_permissions"] {
        assert_eq!(site.database.number(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
    assert_eq!(
        changes(&site).await,
        [
            "group Éditeurs added: >",
            "user ada group: >Éditeurs",
            "group Éditeurs permission: >mail.view_mail",
            "user bob permission: >cache.view_cache",
            "user bob permission: blog.add_post>",
            "user bob permission: cache.view_cache>",
            "user ada group: Éditeurs>",
            "group Éditeurs deleted: >",
        ]
    );
    site.stop().await;
}
