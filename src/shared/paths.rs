//! The rules of every page and of every other address that people or scripts request, one line
//! each, for guard, page cache, impersonation, `doctor` and tests. An address that is not listed is
//! for members only, closed during an impersonation, never cached; below `/admin`, for superusers.

use std::time::Duration;

pub use super::page::{Access, CacheRule, CachedFor, Lifetime, Page};
use super::{page::page, permission::Permission};

/// The dashboard, a member's first page.
pub const DASHBOARD: &str = "/members/dashboard";
/// A member's profile.
pub const PROFILE: &str = "/members/profile";
/// A member's devices.
pub const DEVICES: &str = "/members/sessions";
/// What protects a member's account.
pub const SECURITY: &str = "/members/security";
/// A member's known browsers.
pub const BROWSERS: &str = "/members/security/browsers";
/// A member's activity.
pub const ACTIVITY: &str = "/members/activity";
/// A member's data: export and deletion.
pub const DATA: &str = "/members/data";
/// The export of a member's data.
pub const EXPORT: &str = "/members/export";
/// A member's own picture, by size.
pub const PICTURE: &str = "/members/picture/{size}";
/// The secret page.
pub const SECRET: &str = "/members/secret";
/// The choice of a theme.
pub const APPEARANCE: &str = "/members/appearance";
/// The deletion of an account.
pub const DELETE: &str = "/members/delete";
/// A member's email address.
pub const EMAIL: &str = "/accounts/email";
/// The change of a password.
pub const PASSWORD_CHANGE: &str = "/accounts/password_change";
/// The log-out.
pub const LOG_OUT: &str = "/accounts/logout";
/// The sign-up.
pub const SIGN_UP: &str = "/accounts/signup";
/// The login.
pub const LOGIN: &str = "/accounts/login";
/// The second step of a login.
pub const SECOND_STEP: &str = "/accounts/login/second";
/// The login by a mailed code.
pub const MAILED_CODE: &str = "/accounts/login/code";
/// A member's authenticator app.
pub const AUTHENTICATOR: &str = "/members/security/authenticator";
/// A member's recovery codes.
pub const CODES: &str = "/members/security/codes";
/// A member's passkeys.
pub const PASSKEYS: &str = "/members/security/passkeys";
/// New recovery codes, as a file.
pub const CODES_FILE: &str = "/members/security/codes.txt";
/// Re-authentication.
pub const REAUTHENTICATE: &str = "/accounts/reauthenticate";
/// The creation of the first superuser, with a link that the program prints at the start.
pub const SETUP: &str = "/accounts/setup";
/// The admin's first page.
pub const ADMIN: &str = "/admin";
/// The start of an impersonation; `?user=` or `?username=` names the member.
pub const ACT: &str = "/admin/act";
/// The activity of all accounts.
pub const ADMIN_ACTIVITY: &str = "/admin/activity";
/// The contents of the cache.
pub const ADMIN_CACHE: &str = "/admin/cache";
/// How long the answers took.
pub const ADMIN_TIMINGS: &str = "/admin/timings";
/// All groups.
pub const GROUPS: &str = "/admin/groups";
/// The mail queue.
pub const MAILS: &str = "/admin/mails";
/// All sessions.
pub const ADMIN_SESSIONS: &str = "/admin/sessions";
/// All users.
pub const USERS: &str = "/admin/users";
/// The users that a list finds, as a file.
pub const USERS_CSV: &str = "/admin/users.csv";
/// Confirms a change to many users.
pub const CONFIRM: &str = "/admin/users/confirm";
/// The developers' mailbox.
pub const MAILBOX: &str = "/dev/mailbox";
/// The caching exercises.
pub const LAB: &str = "/lab";
/// The exercise on caching an API's responses.
pub const CACHE_API: &str = "/lab/cache-api";
/// The exercise on a cached page.
pub const CACHED_PAGE: &str = "/lab/cached-page";
/// How long that page is cached.
pub const CACHED_PAGE_TTL: Duration = Duration::from_secs(60);
/// The exercise that shows what is cached for how long.
pub const MATRIX: &str = "/lab/matrix";
/// The exercise with messages of every level.
pub const MESSAGES: &str = "/lab/messages";
/// The verdict on a new password before its form is sent.
pub const JUDGE_PASSWORD: &str = "/api/accounts/judge_password";
/// The upload of a picture.
pub const SAVE_PICTURE: &str = "/api/members/save_picture";
/// The event stream that tells a page when its session ends.
pub const SESSION_STREAM: &str = "/api/sessions/live";
/// The event stream with the cache's activity, for its page in the admin.
pub const CACHE_STREAM: &str = "/api/admin/cache/live";
/// The event stream with the timings, for their page in the admin.
pub const TIMINGS_STREAM: &str = "/api/admin/timings/live";

/// All pages, and other addresses that can be opened.
pub const PAGES: &[Page] = &[
    page("/").configured().impersonation(),
    page(EMAIL).recent(),
    page("/accounts/email/confirm").public().enrolling(),
    page("/accounts/email/undo").public().enrolling(),
    page(LOGIN).configured().enrolling(),
    page(MAILED_CODE).public().enrolling(),
    page(SECOND_STEP).public().enrolling(),
    page(LOG_OUT).public().impersonation().enrolling(),
    page("/accounts/not_me").public().enrolling(),
    page(PASSWORD_CHANGE).recent(),
    page("/accounts/password_reset").configured().enrolling(),
    page("/accounts/password_reset/done").configured().enrolling(),
    page(REAUTHENTICATE).enrolling(),
    page("/accounts/recovery/begin").public().enrolling(),
    page("/accounts/recovery/stop").public().enrolling(),
    page("/accounts/reset/done").public().enrolling(),
    page("/accounts/reset/new").public().enrolling(),
    page(SETUP).public(), // Answers 404 without that link.
    page(SIGN_UP).configured(),
    page("/accounts/verify").public().enrolling(),
    page(ADMIN).needs(&[]),
    page(ACT).needs(&[Permission::ActAsMember]).recent(),
    page(ADMIN_ACTIVITY).needs(&[Permission::ViewActivity]),
    page(ADMIN_CACHE).needs(&[Permission::ViewCache]),
    page(GROUPS).needs(&[Permission::ViewGroup]),
    page("/admin/groups/new").needs(&[Permission::AddGroup]).recent(),
    page("/admin/groups/{id}").needs(&[Permission::ViewGroup]),
    page("/admin/groups/{id}/delete").needs(&[Permission::ViewGroup, Permission::DeleteGroup]).recent(),
    page(MAILS).needs(&[Permission::ViewMail]),
    page(ADMIN_SESSIONS).needs(&[Permission::ViewSession]),
    page(ADMIN_TIMINGS).needs(&[Permission::ViewTiming]),
    page(USERS).needs(&[Permission::ViewUser]),
    page(USERS_CSV).needs(&[Permission::ViewUser]),
    page(CONFIRM).needs(&[Permission::ViewUser]).recent(),
    page("/admin/users/new").needs(&[Permission::AddUser, Permission::ChangeUser]).recent(),
    page("/admin/users/{id}").needs(&[Permission::ViewUser]),
    // Answers 404 where mails are really sent.
    page(MAILBOX).public().impersonation().enrolling(),
    // These five answer 404 when `lab.enabled` is off.
    page(LAB).public(),
    page(CACHE_API).public(),
    page(CACHED_PAGE)
        .public()
        .cached(CachedFor::Public, Lifetime::Fixed(CACHED_PAGE_TTL))
        .outlives_its_parts(),
    page(MATRIX).public(),
    page(MESSAGES).public(),
    page(ACTIVITY).impersonation(),
    page(APPEARANCE),
    page(DASHBOARD).impersonation().cached(CachedFor::Session, Lifetime::DashboardTtl),
    page(DATA),
    page(DELETE).recent(),
    page(EXPORT),
    page(PICTURE).impersonation(),
    page(PROFILE).impersonation(),
    page(SECRET).impersonation(),
    page(SECURITY),
    page(BROWSERS).recent(),
    page(AUTHENTICATOR).recent().enrolling(),
    page(CODES).recent().enrolling(),
    page(CODES_FILE).enrolling(),
    page(PASSKEYS).recent().enrolling(),
    page(DEVICES).recent(),
];

/// Returns the rules of a page, or `None` if it is not listed.
pub fn find_page(route: &str) -> Option<&'static Page> {
    PAGES.iter().find(|page| page.path == route)
}

/// Returns whether the route is a page for everybody.
pub fn is_public_page(route: &str) -> bool {
    find_page(route).is_some_and(|page| page.access == Access::Public)
}

/// Health checks for monitoring: that the program runs, and that it can serve.
pub const HEALTH: [&str; 2] = ["/healthz", "/readyz"];
