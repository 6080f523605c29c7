//! Which server functions are asked: all but those that are known to change something. A new one is asked until it stands here, so that
//! none is forgotten; what it does is done to nobody.

use server_fn::ServerFn;

use crate::{
    acting::{ACT_PAGE, api::LoadChoice},
    admin::{
        activity::api::LoadAllActivity,
        cache::{CACHE_PAGE, api::LoadCache},
        groups::api::{LoadGroup, LoadGroupChoices, LoadGroups},
        mails::api::LoadMails,
        sessions::api::LoadAllSessions,
        users::api::{LoadBatch, LoadUser, LoadUsers},
    },
};

/// Functions that change something, and are not asked.
const CHANGES: [&str; 43] = [
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
    "/api/lab/send_messages",
    "/api/members/delete",
    "/api/members/end_all_sessions",
    "/api/members/end_other_sessions",
    "/api/members/end_session",
    "/api/members/remove_picture",
    "/api/members/save_profile",
];

/// Functions of the admin that read, each with the page that is for the same people: whoever may open that may see what belongs to
/// others.
const ADMIN: [(&str, &str); 11] = [
    (LoadAllActivity::PATH, "/admin/activity"),
    (LoadAllSessions::PATH, "/admin/sessions"),
    (LoadBatch::PATH, "/admin/users/confirm"),
    (LoadCache::PATH, CACHE_PAGE),
    (LoadChoice::PATH, ACT_PAGE),
    (LoadGroup::PATH, "/admin/groups/{id}"),
    (LoadGroupChoices::PATH, "/admin/groups/new"),
    (LoadGroups::PATH, "/admin/groups"),
    (LoadMails::PATH, "/admin/mails"),
    (LoadUser::PATH, "/admin/users/{id}"),
    (LoadUsers::PATH, "/admin/users"),
];

/// Those that are asked.
pub fn reading() -> impl Iterator<Item = &'static str> {
    server_fn::axum::server_fn_paths().map(|(path, _)| path).filter(|path| !CHANGES.contains(path))
}

/// The page that is for the same people as a function of the admin.
pub fn page_like(function: &str) -> Option<&'static str> {
    ADMIN.iter().find(|(path, _)| *path == function).map(|(_, page)| *page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::pages;

    #[test]
    fn every_line_is_a_function_and_every_function_of_the_admin_has_one() {
        let there: Vec<&str> = server_fn::axum::server_fn_paths().map(|(path, _)| path).collect();
        assert!(CHANGES.iter().all(|path| there.contains(path)));
        for path in reading().filter(|path| path.starts_with("/api/admin/")) {
            let page =
                page_like(path).unwrap_or_else(|| panic!("{path}: among CHANGES, or with a page in ADMIN"));
            assert!(pages::routes().iter().any(|route| route.path() == page), "{page}");
        }
        assert!(reading().count() > ADMIN.len() && reading().count() + CHANGES.len() == there.len());
    }
}
