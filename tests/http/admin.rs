//! Every page and server function of the admin, with every kind of session. The permissions needed
//! are repeated here; a route that is missing here fails the test.

use std::collections::{BTreeMap, BTreeSet};

use Permission::*;
use members_area::{base::member::Permission, server::pages};

use crate::support::{Page, TestSite, Visitor};

/// A route and all the permissions that it needs.
struct Row {
    path: &'static str,
    takes: &'static [Permission],
    /// The query of a page, or the fields of a function. `USER` and `GROUP` stand for ids.
    with: &'static str,
}

const fn row(path: &'static str, takes: &'static [Permission], with: &'static str) -> Row {
    Row { path, takes, with }
}

/// With the file, which is a route of its own, and is sent for by a form.
const PAGES: [Row; 17] = [
    row("/admin", &[], ""),
    row("/admin/act", &[ActAsMember], ""),
    row("/admin/activity", &[ViewActivity], ""),
    row("/admin/cache", &[ViewCache], ""),
    row("/admin/groups", &[ViewGroup], ""),
    row("/admin/groups/new", &[AddGroup], ""),
    row("/admin/groups/{id}", &[ViewGroup], "GROUP"),
    row("/admin/groups/{id}/delete", &[ViewGroup, DeleteGroup], "GROUP"),
    row("/admin/mails", &[ViewMail], ""),
    row("/admin/sessions", &[ViewSession], ""),
    row("/admin/timings", &[ViewTiming], ""),
    row("/admin/users", &[ViewUser], ""),
    row("/admin/users.csv", &[ViewUser], ""),
    row("/admin/users/confirm", &[ViewUser, DeleteUser], "?action=delete&id=USER"),
    row("/admin/users/confirm", &[ViewUser, ChangeUser], "?action=activate&id=USER"),
    row("/admin/users/new", &[AddUser, ChangeUser], ""),
    row("/admin/users/{id}", &[ViewUser], "USER"),
];

const FUNCTIONS: [Row; 35] = [
    row("/api/admin/act", &[ActAsMember], ""),
    row("/api/admin/act/choice", &[ActAsMember], ""),
    row("/api/admin/activity", &[ViewActivity], ""),
    row("/api/admin/add_group", &[AddGroup], ""),
    row("/api/admin/add_user", &[AddUser, ChangeUser], ""),
    row("/api/admin/apply_batch", &[ViewUser, DeleteUser], "batch=%3Faction%3Ddelete%26id%3DUSER"),
    row("/api/admin/apply_batch", &[ViewUser, ChangeUser], "batch=%3Faction%3Ddeactivate%26id%3DUSER"),
    row("/api/admin/apply_batch", &[ViewUser, DeleteSession], "batch=%3Faction%3Dend_sessions%26id%3DUSER"),
    row("/api/admin/batch", &[ViewUser, DeleteUser], "query=%3Faction%3Ddelete%26id%3DUSER"),
    row("/api/admin/cache", &[ViewCache], ""),
    row("/api/admin/cache/drop_all", &[ChangeCache], ""),
    row("/api/admin/cache/drop_entry", &[ChangeCache], "fingerprint=x"),
    row("/api/admin/cache/drop_member", &[ChangeCache], "member=target"),
    row("/api/admin/cache/drop_name", &[ChangeCache], "name=x"),
    row("/api/admin/delete_group", &[DeleteGroup], "group=GROUP"),
    row("/api/admin/disable_password", &[ChangeUser], "user=USER"),
    row("/api/admin/drop_mail", &[DeleteMail], "mail=1"),
    row("/api/admin/end_session", &[DeleteSession], "session=x"),
    row("/api/admin/group", &[ViewGroup], "id=GROUP"),
    row("/api/admin/group_choices", &[AddGroup], ""),
    row("/api/admin/groups", &[ViewGroup], ""),
    row("/api/admin/join_group", &[ChangeUser], "user=USER&group_name=none"),
    row("/api/admin/leave_group", &[ChangeUser], "user=USER&group=GROUP"),
    row("/api/admin/mails", &[ViewMail], ""),
    row("/api/admin/overview", &[], ""),
    row("/api/admin/reset_second_factor", &[ResetSecondFactor], "user=USER&reason=lost"),
    row("/api/admin/retry_mail", &[ChangeMail], "mail=1"),
    row("/api/admin/save_group", &[ChangeGroup], "group=GROUP"),
    row("/api/admin/save_user", &[ChangeUser], "user=USER"),
    row("/api/admin/send_reset", &[ChangeUser], "user=USER"),
    row("/api/admin/sessions", &[ViewSession], ""),
    row("/api/admin/set_password", &[ChangeUser], "user=USER"),
    row("/api/admin/timings", &[ViewTiming], ""),
    row("/api/admin/user", &[ViewUser], "id=USER"),
    row("/api/admin/users", &[ViewUser], ""),
];

/// The site's staff by their permissions.
struct Everybody<'a> {
    site: &'a TestSite,
    staff: BTreeMap<Vec<Permission>, Visitor>,
}

impl Everybody<'_> {
    async fn with(&mut self, permissions: &[Permission]) -> &mut Visitor {
        let name = format!("staff{}", self.staff.len());
        if !self.staff.contains_key(permissions) {
            let names: Vec<&str> = permissions.iter().map(|permission| permission.codename()).collect();
            let visitor = self.site.staff(&name, &names).await;
            self.staff.insert(permissions.to_vec(), visitor);
        }
        self.staff.get_mut(permissions).expect("one")
    }
}

/// Returns the sets of permissions that must not suffice: all but one of the needed ones.
fn too_little(takes: &[Permission]) -> impl Iterator<Item = Vec<Permission>> {
    let all_but = |missing: &Permission| Permission::ALL.into_iter().filter(|one| one != missing).collect();
    takes.iter().map(all_but).collect::<Vec<_>>().into_iter()
}

async fn get(visitor: &mut Visitor, row: &Row, ids: &[(&str, String); 2]) -> Page {
    let with = ids.iter().fold(row.with.to_owned(), |with, (name, id)| with.replace(name, id));
    let path = match row.path.contains("{id}") {
        true => row.path.replace("{id}", &with),
        false => format!("{}{with}", row.path),
    };
    if row.path == "/admin/users.csv" { visitor.post(&path, &[]).await } else { visitor.get(&path).await }
}

async fn post(visitor: &mut Visitor, row: &Row, ids: &[(&str, String); 2], as_script: bool) -> Page {
    let with = ids.iter().fold(row.with.to_owned(), |with, (name, id)| with.replace(name, id));
    let fields: Vec<(String, String)> = form_urlencoded::parse(with.as_bytes()).into_owned().collect();
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    if as_script { visitor.call(row.path, &fields).await } else { visitor.post(row.path, &fields).await }
}

#[tokio::test]
async fn every_page_and_function_checks_every_kind_of_visitor() {
    let site = TestSite::start_without_mail().await;
    let mut member = site.member("ada").await;
    site.member("target").await;
    site.database.execute("INSERT INTO groups (id, name, name_key) VALUES (1, 'Readers', 'readers')").await;
    let ids = [("USER", site.user_id("target").await.to_string()), ("GROUP", "1".to_owned())];
    let mut root = site.superuser("root").await;
    // A superuser who is not staff, as Django allows.
    site.signed_up("half").await;
    site.database.execute("UPDATE users SET is_superuser = 1 WHERE username = 'half'").await;
    let mut half = site.visitor();
    half.log_in("half").await;
    let mut everybody = Everybody { site: &site, staff: BTreeMap::new() };

    let routes = pages::routes().iter().map(|route| route.path()).chain(["/admin/users.csv"]);
    let routes: BTreeSet<&str> = routes.filter(|path| path.starts_with("/admin")).collect();
    assert_eq!(routes, PAGES.iter().map(|row| row.path).collect(), "the pages of the admin");
    for row in &PAGES {
        let answer = get(&mut site.visitor(), row, &ids).await;
        assert_eq!((answer.status, answer.body.len()), (303, 0), "{}: a stranger", row.path);
        assert!(answer.location().starts_with("/accounts/login?next=/admin"), "{}", answer.location());
        for (visitor, who) in [(&mut member, "a member"), (&mut half, "a superuser who is not staff")] {
            let answer = get(visitor, row, &ids).await;
            assert_eq!((answer.status, answer.location()), (403, ""), "{}: {who}", row.path);
            assert_eq!(answer.find("h1"), "Not allowed");
        }
        for permissions in too_little(row.takes) {
            let answer = get(everybody.with(&permissions).await, row, &ids).await;
            assert_eq!((answer.status, answer.location()), (403, ""), "{} {}", row.path, row.with);
        }
        for (answer, who) in [
            (get(everybody.with(row.takes).await, row, &ids).await, "staff who may"),
            (get(&mut root, row, &ids).await, "a superuser"),
        ] {
            assert_eq!(answer.status, 200, "{}: {who}: {}", row.path, answer.text());
            assert_eq!(answer.header("cache-control"), "private, no-store", "{}: {who}", row.path);
        }
    }

    let functions: BTreeSet<&str> = server_fn::axum::server_fn_paths()
        .map(|(path, _)| path)
        .filter(|path| path.starts_with("/api/admin"))
        .collect();
    assert_eq!(functions, FUNCTIONS.iter().map(|row| row.path).collect(), "the functions of the admin");
    for row in &FUNCTIONS {
        for as_script in [true, false] {
            let answer = post(&mut site.visitor(), row, &ids, as_script).await;
            let status = if as_script { 401 } else { 303 };
            assert_eq!((answer.status, answer.body.len()), (status, 0), "{}: a stranger", row.path);
            for (visitor, who) in [(&mut member, "a member"), (&mut half, "a superuser who is not staff")] {
                let answer = post(visitor, row, &ids, as_script).await;
                assert_eq!((answer.status, answer.location()), (403, ""), "{}: {who}", row.path);
                assert!(!as_script || answer.text() == "\"Forbidden\"", "{}: {}", row.path, answer.text());
            }
            for permissions in too_little(row.takes) {
                let answer = post(everybody.with(&permissions).await, row, &ids, as_script).await;
                assert_eq!((answer.status, answer.location()), (403, ""), "{} {}", row.path, row.with);
            }
        }
    }
    // None of these requests changed anything; only the exports are recorded.
    assert_eq!(site.database.number("SELECT COUNT(*) FROM changes WHERE what <> 'exported'").await, 0);
    for row in &FUNCTIONS {
        let answer = post(everybody.with(row.takes).await, row, &ids, true).await;
        assert_eq!(answer.status, 200, "{} {}: staff who may: {}", row.path, row.with, answer.text());
    }
    for row in &FUNCTIONS {
        let answer = post(&mut root, row, &ids, true).await;
        // The superuser comes last, when one group is already deleted.
        assert!([200, 404].contains(&answer.status), "{}: a superuser: {}", row.path, answer.text());
    }
    site.stop().await;
}

#[tokio::test]
async fn sections_are_shown_to_staff_with_the_permission() {
    let site = TestSite::start_without_mail().await;
    for (permissions, rooms) in [
        (&["accounts.view_user"][..], &["Users"][..]),
        (&["accounts.view_group", "mail.view_mail"], &["Groups", "Email queue"]),
        (&["accounts.view_session", "accounts.view_activity"], &["Sessions", "Activity"]),
    ] {
        let mut staff = site.staff(&format!("staff{}", rooms[0]), permissions).await;
        let page = staff.get("/admin").await;
        assert_eq!(page.find_all("nav.side a"), [&["Overview"], rooms].concat());
        assert_eq!(page.find_all("nav.side [aria-current=page]"), ["Overview"]);
    }
    site.stop().await;
}
