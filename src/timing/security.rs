//! Security events for monitoring: what happened to accounts, and what was refused. `event` is a
//! stable name; no line contains input. `docs/security-events.md` lists them.

use crate::base::member::UserId;

/// The log target of these lines, which also go to the log file.
pub const TARGET: &str = "members_area::security";

/// Logs an event. `reason` says why something was refused.
pub fn event(event: &str, user: Option<UserId>, client: &str, reason: Option<&str>) {
    let user_id = user.map(|user| user.0);
    tracing::info!(target: TARGET, event, user_id, client, reason, "Security: {event}");
}
