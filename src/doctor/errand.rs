//! What is asked for: every page of the site, and what else tells something. A page need not be named here, it is found; what is none
//! is.

use server_fn::ServerFn;

use super::visitor::{HTML, JSON, Sent};
use crate::{
    accounts::{api::*, links, old_addresses},
    acting::{ACT_PAGE, api::LoadChoice},
    activity::api::LoadActivity,
    admin::{
        activity::api::LoadAllActivity,
        cache::{self, CACHE_PAGE, api::LoadCache},
        groups::api::{LoadGroup, LoadGroupChoices, LoadGroups},
        mails::api::LoadMails,
        sessions::api::LoadAllSessions,
        users::api::{LoadBatch, LoadUser, LoadUsers},
    },
    lab::api::{LoadApiLesson, LoadMatrix, TellTime},
    mail::api::LoadMailbox,
    member::Member,
    members::api::{LoadDashboard, LoadProfile},
    my_data::{EXPORT, api::LoadDeletionTerms},
    pictures::Size,
    server::{guard, pages},
    sessions::{self, api::LoadSessions},
};

/// Server functions that read. Those of the admin with the page that is for the same people: whoever may open that may see what
/// belongs to others.
const READS: [(&str, Option<&str>); 22] = [
    (LoadActivity::PATH, None),
    (LoadAllActivity::PATH, Some("/admin/activity")),
    (LoadAllSessions::PATH, Some("/admin/sessions")),
    (LoadApiLesson::PATH, None),
    (LoadBatch::PATH, Some("/admin/users/confirm")),
    (LoadCache::PATH, Some(CACHE_PAGE)),
    (LoadChoice::PATH, Some(ACT_PAGE)),
    (LoadDashboard::PATH, None),
    (LoadDeletionTerms::PATH, None),
    (LoadEmail::PATH, None),
    (LoadGroup::PATH, Some("/admin/groups/{id}")),
    (LoadGroupChoices::PATH, Some("/admin/groups/new")),
    (LoadGroups::PATH, Some("/admin/groups")),
    (LoadLink::PATH, None),
    (LoadMailbox::PATH, None),
    (LoadMails::PATH, Some("/admin/mails")),
    (LoadMatrix::PATH, None),
    (LoadProfile::PATH, None),
    (LoadSessions::PATH, None),
    (LoadUser::PATH, Some("/admin/users/{id}")),
    (LoadUsers::PATH, Some("/admin/users")),
    (TellTime::PATH, None),
];
/// Pages that are others with a query, in which `{id}` is somebody's.
const WITH_QUERY: [(&str, &str); 3] = [
    (ACT_PAGE, "user={id}"),
    ("/admin/users/confirm", "action=deactivate&id={id}"),
    ("/members/dashboard", "x={id}"),
];

/// Something to ask for.
#[derive(Clone, Debug)]
pub struct Errand {
    /// Which route answers.
    pub route: String,
    /// Under which address.
    pub address: String,
    /// What is sent along.
    pub sent: Sent,
    /// For `Accept`.
    pub kind: &'static str,
    /// Whether the site does only a few of these at a time, so that some of those who come at once would be sent away.
    pub is_costly: bool,
    /// The page that is for the same people, where it is none itself.
    like: Option<&'static str>,
    /// Whether it answers everybody, and tells only some of them something.
    answers_all: bool,
}

impl Errand {
    fn page(route: &str, address: String) -> Self {
        let (route, sent) = (route.to_owned(), Sent::Nothing);
        Self { route, address, sent, kind: HTML, is_costly: false, like: None, answers_all: false }
    }

    fn function(path: &str, like: Option<&'static str>, arguments: String) -> Self {
        let page = Self::page(path, path.to_owned());
        Self { sent: Sent::Form(arguments), kind: JSON, like, ..page }
    }

    fn stream(path: &str, like: Option<&'static str>) -> Self {
        Self { like, answers_all: true, ..Self::page(path, path.to_owned()) }
    }

    /// Whether the visitor may enter.
    pub fn admits(&self, member: Option<&Member>) -> bool {
        let admits = |route: &str| guard::lets_in(member, route);
        self.answers_all || (admits(&self.route) && self.like.is_none_or(admits))
    }

    /// Whether the visitor may see there what belongs to others: who may open a page of the admin.
    pub fn shows_others_to(&self, member: Option<&Member>) -> bool {
        let page = self.like.unwrap_or(&self.route);
        (page == "/admin" || page.starts_with("/admin/")) && guard::lets_in(member, page)
    }
}

/// All of them. Whatever has a number in its address is asked for with each of these.
pub fn all(ids: &[i64]) -> Vec<Errand> {
    let mut all = Vec::new();
    let found = pages::routes().iter().map(|route| route.path());
    for route in found.chain(links::all()).chain(old_addresses::all()) {
        all.extend(filled(route, ids).into_iter().map(|address| Errand::page(route, address)));
    }
    for (route, query) in WITH_QUERY {
        let addresses = filled(&format!("{route}?{query}"), ids);
        all.extend(addresses.into_iter().map(|address| Errand::page(route, address)));
    }
    for (path, like) in READS {
        let arguments = match path {
            LoadUser::PATH | LoadGroup::PATH => filled("id={id}&query=", ids),
            LoadBatch::PATH => filled("query=action%3Ddeactivate%26id%3D{id}", ids),
            LoadChoice::PATH => filled("query=user%3D{id}", ids),
            LoadLink::PATH => vec!["link=reset_password".to_owned()],
            _ => vec!["query=".to_owned()],
        };
        all.extend(arguments.into_iter().map(|arguments| Errand::function(path, like, arguments)));
    }
    for size in [Size::Large, Size::Small] {
        all.push(Errand::page("/members/picture/{size}", format!("/members/picture/{}", size.name())));
    }
    all.push(Errand::page(EXPORT, EXPORT.to_owned()));
    let copy = Errand::page(EXPORT, EXPORT.to_owned());
    all.push(Errand { sent: Sent::Form(String::new()), is_costly: true, ..copy });
    all.push(Errand::stream(sessions::LIVE_PATH, None));
    all.push(Errand::stream(cache::LIVE_PATH, Some(CACHE_PAGE)));
    all
}

/// The pattern with each number in its place; as it is, where it has none.
fn filled(pattern: &str, ids: &[i64]) -> Vec<String> {
    let fill = |id: &i64| {
        let mut rest = pattern;
        let mut filled = String::new();
        while let Some((before, (_, after))) =
            rest.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
        {
            filled.push_str(before);
            filled.push_str(&id.to_string());
            rest = after;
        }
        filled + rest
    };
    if pattern.contains('{') { ids.iter().map(fill).collect() } else { vec![pattern.to_owned()] }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Server functions that change something, and are not asked. A new function is put here or among [`READS`].
    const CHANGES: &[&str] = &[
        "/api/accounts/ask_for_email_change",
        "/api/accounts/ask_for_reset",
        "/api/accounts/ask_for_verification",
        "/api/accounts/change_by_code",
        "/api/accounts/change_password",
        "/api/accounts/confirm_email_change",
        "/api/accounts/log_in",
        "/api/accounts/log_out",
        "/api/accounts/not_me",
        "/api/accounts/reauthenticate",
        "/api/accounts/reset_password",
        "/api/accounts/sign_up",
        "/api/accounts/undo_email_change",
        "/api/accounts/verify_by_code",
        "/api/accounts/verify_email",
        "/api/acting/stop",
        "/api/admin/act",
        "/api/admin/add_group",
        "/api/admin/add_user",
        "/api/admin/apply_batch",
        "/api/admin/cache/drop_all",
        "/api/admin/cache/drop_entry",
        "/api/admin/cache/drop_member",
        "/api/admin/cache/drop_name",
        "/api/admin/delete_group",
        "/api/admin/disable_password",
        "/api/admin/drop_mail",
        "/api/admin/end_session",
        "/api/admin/join_group",
        "/api/admin/leave_group",
        "/api/admin/retry_mail",
        "/api/admin/save_group",
        "/api/admin/save_user",
        "/api/admin/save_user_permissions",
        "/api/admin/send_reset",
        "/api/admin/set_password",
        "/api/members/delete",
        "/api/members/end_all_sessions",
        "/api/members/end_other_sessions",
        "/api/members/end_session",
        "/api/members/remove_picture",
        "/api/members/save_profile",
    ];

    #[test]
    fn every_function_reads_or_changes() {
        let there: BTreeSet<&str> = server_fn::axum::server_fn_paths().map(|(path, _)| path).collect();
        let known: BTreeSet<&str> =
            CHANGES.iter().copied().chain(READS.iter().map(|(path, _)| *path)).collect();
        assert_eq!(there, known);
        let routes: Vec<&str> = pages::routes().iter().map(|route| route.path()).collect();
        for (path, like) in READS {
            assert_eq!(like.is_some(), path.starts_with("/api/admin/"), "{path}");
            assert!(like.is_none_or(|like| routes.contains(&like)), "{path}");
        }
        assert!(WITH_QUERY.iter().all(|(route, _)| routes.contains(route)));
    }

    #[test]
    fn every_page_is_asked_for_and_no_parameter_left() {
        let all = all(&[7, 8]);
        for route in pages::routes() {
            assert!(all.iter().any(|errand| errand.route == route.path()), "{}", route.path());
        }
        assert!(all.iter().all(|errand| !errand.address.contains('{')));
        assert!(all.iter().any(|errand| errand.address == "/admin/groups/8/delete"));
    }

    #[test]
    fn parameters_are_filled_in() {
        assert_eq!(filled("/a/{id}/b/{*rest}", &[1, 2]), ["/a/1/b/1", "/a/2/b/2"]);
        assert_eq!(filled("/a", &[1, 2]), ["/a"]);
        assert_eq!(filled("/a{", &[1]), ["/a{"]);
    }
}
