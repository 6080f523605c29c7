//! What the operator does with second factors: list, reset, another key, backup.

use std::path::PathBuf;

use crate::support::{
    TestSite,
    authenticator::SECOND,
    program::{program, refused, said},
};

#[tokio::test]
async fn the_operator_lists_and_resets_a_second_factor() {
    let site = TestSite::start().await;
    let mut member = site.proven_member("ada").await;
    site.set_up_app(&mut member).await;
    let folder = tempfile::tempdir().expect("a folder");
    let command = |arguments: &[&str]| {
        let mut command = program(&site.database, folder.path());
        command.args(["user", "second-factor"]).args(arguments);
        command
    };
    let listed = said(&mut command(&["ada", "--list"]));
    assert_eq!(listed.lines().count(), 11, "{listed}");
    let app: Vec<&str> = listed.lines().next().expect("a line").split('\t').collect();
    assert!(app[0] == "totp" && app[1].ends_with('Z') && app[2].ends_with('Z'), "{app:?}");
    for wrong in [
        &["ada"][..],
        &["ada", "--reset"],
        &["ada", "--reset", "--list"],
        &["ada", "--reset", "--reason", " "],
    ] {
        refused(&mut command(wrong));
    }
    assert_eq!(site.visitor().log_in("ada").await.location(), SECOND);
    let done = said(&mut command(&["ada@example.com", "--reset", "--reason", "lost phone, called back"]));
    assert!(done.contains("The second factor of user 'ada' was removed"), "{done}");
    assert_eq!(site.database.number("SELECT COUNT(*) FROM factors").await, 0);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM sessions").await, 0);
    assert_eq!(site.visitor().log_in("ada").await.location(), "/members/dashboard");
    let audit = "SELECT new_value FROM changes WHERE what = 'reason'";
    assert_eq!(site.database.text(audit).await, "lost phone, called back");
    let line = "SELECT detail FROM activity WHERE kind = 'second_factor_removed'";
    assert_eq!(site.database.text(line).await, "by staff");
    let mail = site.mail_to("ada@example.com", "Two-step login was switched off", 1).await;
    assert!(!mail.text.contains("called back"), "{}", mail.text);
    let done = said(&mut command(&["ada", "--reset", "--reason", "again"]));
    assert!(done.contains("has no second factor"), "{done}");
    site.stop().await;
}

fn key_file(site: &TestSite) -> PathBuf {
    let database = site.database.url.trim_start_matches("sqlite://");
    PathBuf::from(format!("{database}.key"))
}

#[tokio::test]
async fn another_key_seals_all_secrets_while_the_site_runs() {
    let site = TestSite::start_without_mail().await;
    if !site.database.is_embedded() {
        // With PostgreSQL the key is a setting, which this test cannot change while the site runs.
        return site.stop().await;
    }
    let (folder, key) = (tempfile::tempdir().expect("a folder"), key_file(&site));
    let mut members = Vec::new();
    for name in ["ada", "bob"] {
        let mut member = site.member(name).await;
        members.push((name, site.set_up_app(&mut member).await.0));
    }
    let before = std::fs::read_to_string(&key).expect("the site has made it");
    let done = said(program(&site.database, folder.path()).arg("rekey"));
    assert!(done.starts_with("2 secret(s) were sealed with a new key"), "{done}");
    let after = std::fs::read_to_string(&key).expect("a file");
    assert!(after != before && after.lines().count() == 1);
    for (name, app) in &members {
        let mut other = site.visitor();
        other.log_in(name).await;
        let answer = other.enter(&app.new_code(&site)).await;
        assert_eq!(answer.location(), "/members/dashboard", "{name}");
    }
    // Interrupted between its steps: the file has both keys, and some secrets still the old one.
    let (new, none) = ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "nothing is lost");
    std::fs::write(&key, format!("{new}\n{after}")).expect("written");
    let done = said(program(&site.database, folder.path()).arg("rekey"));
    assert!(done.starts_with("2 secret(s)"), "{none}: {done}");
    assert_eq!(std::fs::read_to_string(&key).expect("a file"), format!("{new}\n"));
    let done = said(program(&site.database, folder.path()).args(["user", "second-factor", "ada", "--list"]));
    assert!(done.contains("totp"), "{done}");
    site.stop().await;
}

/// A lost key is said, and does not lock members out who have recovery codes.
#[tokio::test]
async fn without_the_key_recovery_codes_still_work() {
    let site = TestSite::start_without_mail().await;
    if !site.database.is_embedded() {
        return site.stop().await;
    }
    let mut member = site.member("ada").await;
    let (app, codes) = site.set_up_app(&mut member).await;
    let key = key_file(&site);
    let database = site.halt().await;
    std::fs::remove_file(&key).expect("removed");
    let site = TestSite::start_on(database, |_| {}).await;
    let mut other = site.visitor();
    other.log_in("ada").await;
    assert_eq!(other.enter(&app.new_code(&site)).await.location(), SECOND);
    assert_eq!(
        other.get(SECOND).await.errors("code"),
        ["We cannot check codes of your app at the moment. Please use a recovery code, or contact us."]
    );
    let folder = tempfile::tempdir().expect("a folder");
    let told = refused(program(&site.database, folder.path()).arg("rekey"));
    assert!(told.contains("the key of 1 more is not here"), "{told}");
    assert!(other.enter(&codes[0]).await.location().starts_with("/members/security/codes"));
    site.stop().await;
}

#[tokio::test]
async fn a_backup_says_that_the_key_is_not_in_it_and_keeps_second_factors() {
    let site = TestSite::start_without_mail().await;
    if !site.database.is_embedded() {
        return site.stop().await;
    }
    let mut member = site.member("ada").await;
    let (app, _) = site.set_up_app(&mut member).await;
    site.visitor().log_in("ada").await;
    assert_eq!(site.database.number("SELECT COUNT(*) FROM pending_logins").await, 1);
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("copy.db");
    let told = said(program(&site.database, folder.path()).arg("backup").arg(&copy));
    assert!(told.contains("test.db.key is not in it"), "{told}");
    assert!(!std::fs::read(&copy).expect("a file").is_empty());
    let database = site.halt().await;
    said(program(&database, folder.path()).args(["restore", "--force"]).arg(&copy));
    let site = TestSite::start_on(database, |_| {}).await;
    assert_eq!(site.database.number("SELECT COUNT(*) FROM pending_logins").await, 0);
    let mut other = site.visitor();
    assert_eq!(other.log_in("ada").await.location(), SECOND);
    assert_eq!(other.enter(&app.new_code(&site)).await.location(), "/members/dashboard");
    site.stop().await;
}
