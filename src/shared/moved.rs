//! Addresses that lead to a page at another one.

use super::paths::{DASHBOARD, PROFILE, SECRET};

/// Addresses of a Django site in members' bookmarks and mails, with their targets. All are closed to
/// anonymous visitors, who log in first and are then redirected.
pub const MOVED: [(&str, &str); 4] = [
    // Django's page that confirms the change; here a message does.
    ("/accounts/password_change/done", PROFILE),
    // Django's default page after login.
    ("/accounts/profile", PROFILE),
    ("/dashboard", DASHBOARD),
    ("/secret", SECRET),
];
