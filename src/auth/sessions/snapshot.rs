//! Cached sessions whose member is known without a query, for callers that answer many requests a
//! second and leave all other cases to the layers.

use std::{ops::Range, sync::Arc};

use super::{IdHash, Sessions, registry::Live};
use crate::{
    base::{
        announcements::Lease,
        clock::{Millis, to_millis},
        member::{Member, UserId},
    },
    cache::{Memory, Ticket},
};

/// A cached session that needs no further checks: in memory, not expired, with no data beyond its
/// member and [`LoginContext`](super::login_context::LoginContext), and its member is cached with a
/// matching stamp.
pub struct SessionSnapshot {
    /// The session's owner.
    pub member: Member,
    live: Arc<Live>,
    session: Ticket,
    user: Ticket,
    /// The time during which both cache entries are valid. A time before it means that the clock
    /// was set back.
    good: Range<Millis>,
    /// Until when it is good without a [`Lease`].
    good_without_lease: Millis,
}

impl Sessions {
    /// Returns a snapshot of a session, or `None` when anything needs checking or "last seen" must
    /// be written.
    pub async fn look(
        &self,
        members: &Memory<UserId, Option<Member>>,
        id: IdHash,
    ) -> Option<SessionSnapshot> {
        let (session, session_ticket) = self.live.get(id, id).await?;
        let (user, stamp) = session.value.plain.as_ref()?;
        let (found, user_ticket) = members.get(*user, *user).await?;
        let member = found.value.filter(|member| member.session_stamp() == stamp)?;
        let seen = SessionSnapshot {
            member,
            live: session.value,
            session: session_ticket,
            user: user_ticket,
            good_without_lease: session
                .computed_at
                .min(found.computed_at)
                .saturating_add(to_millis(Lease::LENGTH)),
            good: session.computed_at.max(found.computed_at)..session.expires_at.min(found.expires_at),
        };
        self.is_current_snapshot(members, &seen, self.clock.now()).then_some(seen)
    }

    /// Returns whether all of the snapshot is still true.
    pub fn is_current_snapshot(
        &self,
        members: &Memory<UserId, Option<Member>>,
        seen: &SessionSnapshot,
        now: Millis,
    ) -> bool {
        seen.good.contains(&now)
            && (now < seen.good_without_lease || self.db.lease().holds())
            && now < seen.live.ends_at()
            && !seen.live.is_due(now, self.settings.touch_every.get())
            && self.live.is_current(&seen.session)
            && members.is_current(&seen.user)
    }
}
