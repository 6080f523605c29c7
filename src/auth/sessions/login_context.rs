//! The login that began a session. Part of the session's data, so that rotation keeps it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tower_sessions::session::Id;

use super::{IdHash, hash_id};
use crate::{
    auth::factors::{FactorKind, FactorUse},
    base::{
        clock::{Millis, SKEW, to_millis},
        config,
        member::{ClientInfo, Member},
    },
};

/// The login that began a session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoginContext {
    /// The client's address and browser at the login.
    pub client: ClientInfo,
    /// Whether the session survives closing the browser.
    pub remember: bool,
    /// When the session began, in milliseconds since 1970. Rotation does not change it.
    pub created_at: Millis,
    /// When the session ends in any case, in milliseconds since 1970. Rotation does not change it.
    pub absolute_expires_at: Millis,
    /// When the password was last entered, in milliseconds since 1970, or [`LoginContext::NEVER`].
    pub authenticated_at: Millis,
    /// The last use of a second factor, if there was one.
    #[serde(default)]
    pub factor: Option<FactorUse>,
}

impl LoginContext {
    /// The time of a password that was not entered in this session.
    pub const NEVER: Millis = Millis::MIN;

    /// Creates the context of a session that begins now, with a password just entered.
    pub fn new(settings: &config::Sessions, now: Millis, client: ClientInfo, remember: bool) -> Self {
        let absolute_expires_at = now.saturating_add(to_millis(settings.absolute.get()));
        Self { client, remember, created_at: now, absolute_expires_at, authenticated_at: now, factor: None }
    }

    /// Returns how long the session lives without a request.
    pub fn idle(&self, settings: &config::Sessions) -> Duration {
        if self.remember { settings.idle } else { settings.idle.min(settings.browser_idle) }.get()
    }

    /// Returns the proof that the member recently proved themselves by all that the account has:
    /// the password and, with a second factor, that too. A time in the future does not count: the
    /// clock was set back since.
    pub fn recent(&self, settings: &config::Sessions, now: Millis, member: &Member) -> Option<RecentAuth> {
        let longest = to_millis(settings.reauthenticate_after.get());
        let is_recent = |at: Millis| (-SKEW..longest).contains(&now.saturating_sub(at));
        let factor = self.factor.filter(|factor| is_recent(factor.at)).map(|factor| factor.kind);
        let is_enough = factor.is_some() || !member.has_second_factor();
        (is_recent(self.authenticated_at) && is_enough).then_some(RecentAuth { factor })
    }
}

/// The proof that the caller recently entered their password and, if they have one, used their
/// second factor. Functions that could take an account away from its owner require it as an
/// argument; only [`LoginContext::recent`] creates it.
#[derive(Debug)]
pub struct RecentAuth {
    factor: Option<FactorKind>,
}

impl RecentAuth {
    /// Returns the second factor that was used beside the password, if one was.
    pub const fn factor(&self) -> Option<FactorKind> {
        self.factor
    }
}

/// The rotation of a session to a new id; [`crate::accounts::session::renewal`] creates it. The row
/// changes first, in the transaction of the change that makes the old id useless, then memory, then
/// the cookie.
pub struct Rotation {
    /// The session's present id.
    pub old: Id,
    /// The session's next id.
    pub new: Id,
    /// The login that began the session.
    pub origin: LoginContext,
}

impl Rotation {
    /// Returns the hash of the present id.
    pub fn old_id(&self) -> IdHash {
        hash_id(self.old.0)
    }

    /// Returns the hash of the next id.
    pub fn new_id(&self) -> IdHash {
        hash_id(self.new.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::member::{Rights, UserId};

    #[test]
    fn a_member_with_a_second_factor_proves_both_recently() {
        let settings = config::Sessions::default();
        let longest = to_millis(settings.reauthenticate_after.get());
        let member = |has_second_factor| {
            let rights = Rights { has_second_factor, ..Default::default() };
            Member::with_rights(UserId(1), "ada".into(), Vec::new(), rights)
        };
        let by = |factor: Option<Millis>, authenticated_at| LoginContext {
            authenticated_at,
            factor: factor.map(|at| FactorUse { kind: FactorKind::Totp, at }),
            ..LoginContext::new(&settings, 0, ClientInfo::default(), true)
        };
        for (has_factor, factor, password, now, expected) in [
            (false, None, 0, longest - 1, true),
            (false, None, 0, longest, false),
            (false, None, SKEW + 1, 0, false),
            (true, None, 0, 0, false),
            (true, Some(0), 0, longest - 1, true),
            (true, Some(0), longest, longest, false),
            (true, Some(longest), 0, longest, false),
            (true, Some(SKEW + 1), 0, 0, false),
        ] {
            let recent = by(factor, password).recent(&settings, now, &member(has_factor));
            assert_eq!(recent.is_some(), expected, "{has_factor} {factor:?} {password} {now}");
            assert_eq!(
                recent.and_then(|recent| recent.factor()),
                factor.filter(|_| expected).map(|_| FactorKind::Totp)
            );
        }
    }
}
