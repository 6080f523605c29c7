//! The rules of every server function and of every other address that forms are posted to, one line
//! each, like [`super::paths`] for pages. A function that is not listed is for members only, closed
//! during an impersonation, and called by `doctor`.

use super::paths::{
    ACT, ADMIN, ADMIN_ACTIVITY, ADMIN_CACHE, ADMIN_SESSIONS, ADMIN_TIMINGS, CONFIRM, GROUPS, JUDGE_PASSWORD,
    MAILS, SAVE_PICTURE, USERS,
};
use crate::shared::paths::{find_page, is_public_page};

/// A server function, or another address that forms are posted to, with its rules.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// Its path.
    pub path: &'static str,
    /// Whether everybody may call it. (Otherwise only members may; the function itself checks
    /// further conditions.)
    pub public: bool,
    /// Whether it is open during an impersonation.
    pub impersonation: bool,
    /// Whether it is open to a member who must set up a second factor first.
    pub enrolling: bool,
    /// Whether it changes something. `doctor` calls only functions that do not.
    pub changes: bool,
    /// The admin page with the same access rule, for a function of the admin that reads.
    pub page: Option<&'static str>,
    /// Whether it is replayed automatically after re-authentication; otherwise the member has to
    /// submit it again.
    pub replayed: bool,
}

/// A function that reads.
const fn reads(path: &'static str) -> Function {
    Function {
        path,
        public: false,
        impersonation: false,
        enrolling: false,
        changes: false,
        page: None,
        replayed: true,
    }
}

/// A function that changes something.
const fn changes(path: &'static str) -> Function {
    Function { changes: true, ..reads(path) }
}

impl Function {
    /// Open to everybody.
    const fn public(self) -> Self {
        Self { public: true, ..self }
    }

    /// Open during an impersonation.
    const fn impersonation(self) -> Self {
        Self { impersonation: true, ..self }
    }

    /// Open to a member who must set up a second factor first.
    const fn enrolling(self) -> Self {
        Self { enrolling: true, ..self }
    }

    /// With the access rule of this admin page.
    const fn of(self, page: &'static str) -> Self {
        Self { page: Some(page), ..self }
    }

    /// Must be submitted again after re-authentication: deleting an account, and changes to many
    /// users at once.
    const fn never_replayed(self) -> Self {
        Self { replayed: false, ..self }
    }
}

/// All server functions that change something or are open to others than members, and the other
/// addresses that forms are posted to.
pub const FUNCTIONS: &[Function] = &[
    changes("/api/accounts/ask_for_email_change"),
    changes("/api/accounts/ask_for_recovery").public().enrolling(),
    changes("/api/accounts/ask_for_reset").public().enrolling(),
    changes("/api/accounts/ask_for_verification"),
    changes("/api/accounts/begin_recovery").public().enrolling(),
    changes("/api/accounts/change_by_code"),
    changes("/api/accounts/change_password"),
    changes("/api/accounts/confirm_email_change").public().enrolling(),
    // Changes only the count of its limit.
    changes(JUDGE_PASSWORD).public().enrolling(),
    reads("/api/accounts/link").public().enrolling(),
    changes("/api/accounts/log_in").public().enrolling(),
    changes("/api/accounts/log_in_by_code").public().enrolling(),
    changes("/api/accounts/log_out").public().impersonation().enrolling(),
    reads("/api/accounts/login_step").public().enrolling(),
    changes("/api/accounts/mail_code").public().enrolling(),
    reads("/api/accounts/mailed_code").public().enrolling(),
    changes("/api/accounts/not_me").public().enrolling(),
    changes("/api/accounts/passkey_log_in").public().enrolling(),
    // Changes only what a later answer needs.
    changes("/api/accounts/passkey_options").public().enrolling(),
    changes("/api/accounts/passkey_reauthenticate").enrolling(),
    changes("/api/accounts/passkey_second_step").public().enrolling(),
    changes("/api/accounts/reauthenticate").enrolling(),
    reads("/api/accounts/reauthentication").enrolling(),
    changes("/api/accounts/reset_password").public().enrolling(),
    changes("/api/accounts/second_step").public().enrolling(),
    changes("/api/accounts/set_up").public(),
    changes("/api/accounts/sign_up").public(),
    changes("/api/accounts/stop_recovery").public().enrolling(),
    changes("/api/accounts/undo_email_change").public().enrolling(),
    changes("/api/accounts/verify_by_code"),
    changes("/api/accounts/verify_email").public().enrolling(),
    changes("/api/acting/stop").impersonation(),
    changes("/api/admin/act"),
    reads("/api/admin/act/choice").of(ACT),
    reads("/api/admin/activity").of(ADMIN_ACTIVITY),
    changes("/api/admin/add_group"),
    changes("/api/admin/add_user"),
    changes("/api/admin/apply_batch").never_replayed(),
    reads("/api/admin/batch").of(CONFIRM),
    reads("/api/admin/cache").of(ADMIN_CACHE),
    changes("/api/admin/cache/drop_all"),
    changes("/api/admin/cache/drop_entry"),
    changes("/api/admin/cache/drop_member"),
    changes("/api/admin/cache/drop_name"),
    changes("/api/admin/delete_group"),
    changes("/api/admin/disable_password"),
    changes("/api/admin/drop_mail"),
    changes("/api/admin/end_session"),
    reads("/api/admin/group").of("/admin/groups/{id}"),
    reads("/api/admin/group_choices").of("/admin/groups/new"),
    reads("/api/admin/groups").of(GROUPS),
    changes("/api/admin/join_group"),
    changes("/api/admin/leave_group"),
    reads("/api/admin/mails").of(MAILS),
    reads("/api/admin/overview").of(ADMIN),
    changes("/api/admin/reset_second_factor"),
    changes("/api/admin/retry_mail"),
    changes("/api/admin/save_group"),
    changes("/api/admin/save_user"),
    changes("/api/admin/send_reset"),
    reads("/api/admin/sessions").of(ADMIN_SESSIONS),
    changes("/api/admin/set_password"),
    reads("/api/admin/timings").of(ADMIN_TIMINGS),
    reads("/api/admin/user").of("/admin/users/{id}"),
    reads("/api/admin/users").of(USERS),
    reads("/api/dev/mailbox").public().impersonation().enrolling(),
    reads("/api/lab/cache_api").public(),
    reads("/api/lab/matrix").public(),
    reads("/api/lab/now").public(),
    changes("/api/lab/send_messages").public(),
    reads("/api/members/activity").impersonation(),
    changes("/api/members/add_passkey").enrolling().never_replayed(),
    changes("/api/members/ask_passkey").enrolling(),
    reads("/api/members/authenticator").enrolling(),
    changes("/api/members/confirm_authenticator").enrolling(),
    reads("/api/members/dashboard").impersonation(),
    changes("/api/members/delete").never_replayed(),
    changes("/api/members/end_all_sessions"),
    changes("/api/members/end_other_sessions"),
    changes("/api/members/end_session"),
    changes("/api/members/forget_all_browsers"),
    changes("/api/members/forget_browser"),
    changes("/api/members/keep_recovery_codes").enrolling(),
    changes("/api/members/new_recovery_codes").enrolling(),
    reads("/api/members/passkeys").enrolling(),
    reads("/api/members/profile").impersonation(),
    reads("/api/members/recovery_codes").enrolling(),
    changes("/api/members/remove_authenticator").enrolling(),
    changes("/api/members/remove_passkey").enrolling(),
    changes("/api/members/rename_passkey").enrolling(),
    changes("/api/members/remove_password").never_replayed(),
    changes("/api/members/remove_picture").impersonation(),
    changes("/api/members/save_profile"),
    changes("/api/members/save_time_zone"),
    changes("/api/members/set_theme"),
    changes("/api/members/start_authenticator").enrolling(),
    reads("/api/members/time_zones").impersonation(),
    changes(SAVE_PICTURE).impersonation(),
];

/// Returns the rules of a function, or `None` if it is not listed.
pub fn find_function(route: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.path == route)
}

/// Returns whether everybody may open or call the route.
pub fn is_public(route: &str) -> bool {
    is_public_page(route) || find_function(route).is_some_and(|function| function.public)
}

/// Returns whether a member who must set up a second factor first may open or call the route: what
/// that takes, and the ways out of the account.
pub fn is_open_while_enrolling(route: &str) -> bool {
    find_page(route).is_some_and(|page| page.enrolling)
        || find_function(route).is_some_and(|function| function.enrolling)
}

/// Returns whether the route may be used during an impersonation.
///
/// What only the member may do is protected a second time behind this table: impersonated sessions
/// cannot prove a recent password (address, devices, deletion, data export), `Member::in_person`
/// protects the password, the name and the codes from mails, and `Member::staff` refuses during an
/// impersonation, so that impersonations cannot be nested.
pub fn is_open_while_impersonating(route: &str) -> bool {
    find_page(route).is_some_and(|page| page.impersonation)
        || find_function(route).is_some_and(|function| function.impersonation)
}
