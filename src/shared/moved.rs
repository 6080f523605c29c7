//! Addresses that lead to a page at another one.

use super::paths::{DASHBOARD, LOG_OUT, LOGIN, PROFILE, SECRET, SIGN_UP};

/// Addresses of a Django site in members' bookmarks and mails, with their targets. All are closed
/// to anonymous visitors, who log in first and are then redirected.
pub const MOVED: [(&str, &str); 4] = [
    // Django's page that confirms the change; here a message does.
    ("/accounts/password_change/done", PROFILE),
    // Django's default page after login.
    ("/accounts/profile", PROFILE),
    ("/dashboard", DASHBOARD),
    ("/secret", SECRET),
];

/// What people type, with the page that they mean. Open to everybody: the page itself asks who is
/// there.
pub const SHORT: [(&str, &str); 6] = [
    ("/accounts", PROFILE),
    ("/login", LOGIN),
    ("/logout", LOG_OUT),
    ("/members", DASHBOARD),
    ("/settings", PROFILE),
    ("/signup", SIGN_UP),
];
