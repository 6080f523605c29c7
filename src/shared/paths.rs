//! Every address of the site that people or scripts ask for, and its rules: one line each. The guard, the page cache, impersonation,
//! `doctor` and the tests read them here. What is not here is for members only, is closed while staff acts as a member, and is never
//! cached; below `/admin` it is for superusers.

use std::time::Duration;

use super::permission::Permission;

/// Where members begin.
pub const DASHBOARD: &str = "/members/dashboard";
/// A member's profile.
pub const PROFILE: &str = "/members/profile";
/// A member's devices.
pub const DEVICES: &str = "/members/sessions";
/// What happened to a member's account.
pub const ACTIVITY: &str = "/members/activity";
/// A member's data: download and deletion.
pub const DATA: &str = "/members/data";
/// The download of a member's data.
pub const EXPORT: &str = "/members/export";
/// A member's own picture, by size.
pub const PICTURE: &str = "/members/picture/{size}";
/// Where the password is asked for again.
pub const REAUTHENTICATE: &str = "/accounts/reauthenticate";
/// The admin's first page.
pub const ADMIN: &str = "/admin";
/// Where acting as a member begins; `?user=` or `?username=` says as whom.
pub const ACT: &str = "/admin/act";
/// What happened to all accounts.
pub const ADMIN_ACTIVITY: &str = "/admin/activity";
/// What is in the cache.
pub const ADMIN_CACHE: &str = "/admin/cache";
/// All groups.
pub const GROUPS: &str = "/admin/groups";
/// The mail queue.
pub const MAILS: &str = "/admin/mails";
/// All sessions.
pub const ADMIN_SESSIONS: &str = "/admin/sessions";
/// All users.
pub const USERS: &str = "/admin/users";
/// Confirms what is to be done to many users.
pub const CONFIRM: &str = "/admin/users/confirm";
/// The caching exercises.
pub const LAB: &str = "/lab";
/// The exercise about caching an API's answers.
pub const CACHE_API: &str = "/lab/cache-api";
/// The exercise about a cached page.
pub const CACHED_PAGE: &str = "/lab/cached-page";
/// The exercise about what is cached for how long.
pub const MATRIX: &str = "/lab/matrix";
/// Messages of every level.
pub const MESSAGES: &str = "/lab/messages";

/// The upload of a picture.
pub const SAVE_PICTURE: &str = "/api/members/save_picture";
/// Says whether a page's session goes on.
pub const SESSION_STREAM: &str = "/api/sessions/live";
/// What the cache does, for its page in the admin.
pub const CACHE_STREAM: &str = "/api/admin/cache/live";

/// Who may open an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// Whoever is signed in.
    Members,
    /// Staff who have all of these permissions.
    Staff(&'static [Permission]),
}

/// For whom a page is cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CachedFor {
    /// A page for members: each of them has their own.
    Member,
    /// A page for everybody: all who are not signed in share one, and each member has their own, for the navigation is part of it.
    Public,
}

/// How long a page is cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// As long as `cache.dashboard_ttl` says.
    DashboardTtl,
    /// Always the same.
    Fixed(Duration),
}

/// How a page is cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheRule {
    /// For whom.
    pub cached_for: CachedFor,
    /// How long.
    pub lifetime: Lifetime,
    /// The parameters of the address that the page reads: for each of their values it is cached apart. All others are dropped
    /// before it is rendered, so that nobody can fill the cache, or a page, with what it does not read.
    pub reads: &'static [&'static str],
    /// Whether it stays for its whole lifetime also where a part of it is cached for less, as Django does it. Otherwise a page
    /// expires with the first of its parts.
    pub outlives_its_parts: bool,
}

/// An address and its rules.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// The route, with `{…}` for parameters.
    pub path: &'static str,
    /// Who may open it.
    pub access: Access,
    /// Whether the password must have been given within `sessions.reauthenticate_after`. (What the page does asks for that again.)
    pub recent: bool,
    /// Whether it is open while staff acts as a member.
    pub impersonation: bool,
    /// How it is cached.
    pub cache: Option<CacheRule>,
}

const fn page(path: &'static str) -> Page {
    Page { path, access: Access::Members, recent: false, impersonation: false, cache: None }
}

impl Page {
    /// Open to everybody.
    const fn public(self) -> Self {
        Self { access: Access::Public, ..self }
    }

    /// Open to staff with all of these permissions.
    const fn staff(self, needed: &'static [Permission]) -> Self {
        Self { access: Access::Staff(needed), ..self }
    }

    /// Opened only by who gave the password not long ago.
    const fn recent(self) -> Self {
        Self { recent: true, ..self }
    }

    /// Open while staff acts as a member.
    const fn impersonation(self) -> Self {
        Self { impersonation: true, ..self }
    }

    /// Cached.
    const fn cached(self, cached_for: CachedFor, lifetime: Lifetime) -> Self {
        Self {
            cache: Some(CacheRule { cached_for, lifetime, reads: &[], outlives_its_parts: false }),
            ..self
        }
    }

    /// See [`CacheRule::outlives_its_parts`].
    const fn outlives_its_parts(self) -> Self {
        match self.cache {
            Some(rule) => Self { cache: Some(CacheRule { outlives_its_parts: true, ..rule }), ..self },
            None => self,
        }
    }
}

/// All pages, and what else is opened by its address.
pub const PAGES: &[Page] = &[
    page("/").public().impersonation(),
    page("/accounts/email").recent(),
    page("/accounts/email/confirm").public(),
    page("/accounts/email/undo").public(),
    page("/accounts/login").public(),
    page("/accounts/logout").public().impersonation(),
    page("/accounts/not_me").public(),
    page("/accounts/password_change").recent(),
    page("/accounts/password_reset").public(),
    page("/accounts/password_reset/done").public(),
    page(REAUTHENTICATE),
    page("/accounts/reset/done").public(),
    page("/accounts/reset/new").public(),
    page("/accounts/signup").public(),
    page("/accounts/verify").public(),
    page(ADMIN).staff(&[]),
    page(ACT).staff(&[Permission::ActAsMember]).recent(),
    page(ADMIN_ACTIVITY).staff(&[Permission::ViewActivity]),
    page(ADMIN_CACHE).staff(&[Permission::ViewCache]),
    page(GROUPS).staff(&[Permission::ViewGroup]),
    page("/admin/groups/new").staff(&[Permission::AddGroup]).recent(),
    page("/admin/groups/{id}").staff(&[Permission::ViewGroup]),
    page("/admin/groups/{id}/delete").staff(&[Permission::ViewGroup, Permission::DeleteGroup]).recent(),
    page(MAILS).staff(&[Permission::ViewMail]),
    page(ADMIN_SESSIONS).staff(&[Permission::ViewSession]),
    page(USERS).staff(&[Permission::ViewUser]),
    page(CONFIRM).staff(&[Permission::ViewUser]).recent(),
    page("/admin/users/new").staff(&[Permission::AddUser, Permission::ChangeUser]).recent(),
    page("/admin/users/{id}").staff(&[Permission::ViewUser]),
    // Answers 404 where mails really go out.
    page("/dev/mailbox").public().impersonation(),
    // These five answer 404 where `lab.enabled` is off.
    page(LAB).public(),
    page(CACHE_API).public(),
    page(CACHED_PAGE)
        .public()
        .cached(CachedFor::Public, Lifetime::Fixed(Duration::from_secs(60)))
        .outlives_its_parts(),
    page(MATRIX).public(),
    page(MESSAGES).public(),
    page(ACTIVITY).impersonation(),
    page(DASHBOARD).impersonation().cached(CachedFor::Member, Lifetime::DashboardTtl),
    page(DATA),
    page("/members/delete").recent(),
    page(EXPORT),
    page(PICTURE).impersonation(),
    page(PROFILE).impersonation(),
    page("/members/secret").impersonation(),
    page(DEVICES).recent(),
];

/// A server function, or another address that is posted to, and its rules.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// The address.
    pub path: &'static str,
    /// Whether everybody may call it. (Otherwise members; what else it needs, it asks for itself.)
    pub public: bool,
    /// Whether it is open while staff acts as a member.
    pub impersonation: bool,
    /// Whether it changes something. `doctor` calls all others.
    pub changes: bool,
    /// The page that is for the same people, for a function of the admin that reads.
    pub page: Option<&'static str>,
    /// Whether it is done once the password is given again, without being sent by hand once more.
    pub replayed: bool,
}

/// One that reads.
const fn reads(path: &'static str) -> Function {
    Function { path, public: false, impersonation: false, changes: false, page: None, replayed: true }
}

/// One that changes something.
const fn changes(path: &'static str) -> Function {
    Function { changes: true, ..reads(path) }
}

impl Function {
    /// Open to everybody.
    const fn public(self) -> Self {
        Self { public: true, ..self }
    }

    /// Open while staff acts as a member.
    const fn impersonation(self) -> Self {
        Self { impersonation: true, ..self }
    }

    /// For the people of this page of the admin.
    const fn of(self, page: &'static str) -> Self {
        Self { page: Some(page), ..self }
    }

    /// Must be sent by hand again after the password was given: the end of an account, and what is done to many users at once.
    const fn never_replayed(self) -> Self {
        Self { replayed: false, ..self }
    }
}

/// All server functions, and what else is posted to.
pub const FUNCTIONS: &[Function] = &[
    changes("/api/accounts/ask_for_email_change"),
    changes("/api/accounts/ask_for_reset").public(),
    changes("/api/accounts/ask_for_verification"),
    changes("/api/accounts/change_by_code"),
    changes("/api/accounts/change_password"),
    changes("/api/accounts/confirm_email_change").public(),
    reads("/api/accounts/email"),
    reads("/api/accounts/link").public(),
    changes("/api/accounts/log_in").public(),
    changes("/api/accounts/log_out").public().impersonation(),
    changes("/api/accounts/not_me").public(),
    changes("/api/accounts/reauthenticate"),
    changes("/api/accounts/reset_password").public(),
    changes("/api/accounts/sign_up").public(),
    changes("/api/accounts/undo_email_change").public(),
    changes("/api/accounts/verify_by_code"),
    changes("/api/accounts/verify_email").public(),
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
    changes("/api/admin/retry_mail"),
    changes("/api/admin/save_group"),
    changes("/api/admin/save_user"),
    changes("/api/admin/save_user_permissions"),
    changes("/api/admin/send_reset"),
    reads("/api/admin/sessions").of(ADMIN_SESSIONS),
    changes("/api/admin/set_password"),
    reads("/api/admin/user").of("/admin/users/{id}"),
    reads("/api/admin/users").of(USERS),
    reads("/api/dev/mailbox").public().impersonation(),
    reads("/api/lab/cache_api").public(),
    reads("/api/lab/matrix").public(),
    reads("/api/lab/now").public(),
    changes("/api/lab/send_messages").public(),
    reads("/api/members/activity").impersonation(),
    reads("/api/members/dashboard").impersonation(),
    changes("/api/members/delete").never_replayed(),
    reads("/api/members/deletion_terms"),
    changes("/api/members/end_all_sessions"),
    changes("/api/members/end_other_sessions"),
    changes("/api/members/end_session"),
    reads("/api/members/hit_ratio"),
    reads("/api/members/profile").impersonation(),
    changes("/api/members/remove_picture").impersonation(),
    changes("/api/members/save_profile"),
    changes(SAVE_PICTURE).impersonation(),
    reads("/api/members/sessions"),
];

/// Returns the rules of a page.
pub fn find_page(route: &str) -> Option<&'static Page> {
    PAGES.iter().find(|page| page.path == route)
}

/// Returns the rules of a function.
pub fn find_function(route: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.path == route)
}

/// Returns whether the route is a page for everybody.
pub fn is_public_page(route: &str) -> bool {
    find_page(route).is_some_and(|page| page.access == Access::Public)
}

/// Returns whether everybody may open or call the route.
pub fn is_public(route: &str) -> bool {
    is_public_page(route) || find_function(route).is_some_and(|function| function.public)
}

/// Returns whether the route may be used while staff acts as a member.
///
/// What is the member's alone is closed once more behind this table: there is no proof of a recent password while somebody acts as them
/// (address, devices, deletion, the copy of their data), `Member::in_person` stands before the password, the name and the codes from
/// mails, and `Member::staff` is closed to who acts, so that nobody acts within acting.
pub fn is_open_while_impersonating(route: &str) -> bool {
    find_page(route).is_some_and(|page| page.impersonation)
        || find_function(route).is_some_and(|function| function.impersonation)
}
