//! Whose session it is, told without asking anybody: for who answers many requests a second and leaves everything else to others.

use std::{ops::Range, sync::Arc};

use super::{IdHash, Sessions, sessions::Live};
use crate::{
    base::{
        clock::Millis,
        member::{Member, UserId},
    },
    cache::{Memory, Ticket},
};

/// A session that was looked at, and of which nothing is left to be asked: it is in memory and living, it carries nothing but its
/// member and how it began, and its member is in memory too, with the stamp under which it was opened.
pub struct SessionSnapshot {
    /// Whose it is.
    pub member: Member,
    live: Arc<Live>,
    session: Ticket,
    user: Ticket,
    /// From when to when both are trusted from memory. Before that, the clock was set back since.
    good: Range<Millis>,
}

impl Sessions {
    /// Looks at a session; nothing when there is any doubt, or when its "last seen" is to be written.
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
            good: session.computed_at.max(found.computed_at)..session.expires_at.min(found.expires_at),
        };
        self.is_current_snapshot(members, &seen, self.clock.now()).then_some(seen)
    }

    /// Whether all of that is still so.
    pub fn is_current_snapshot(
        &self,
        members: &Memory<UserId, Option<Member>>,
        seen: &SessionSnapshot,
        now: Millis,
    ) -> bool {
        seen.good.contains(&now)
            && now < seen.live.ends_at()
            && !seen.live.is_due(now, self.settings.touch_every.get())
            && self.live.is_current(&seen.session)
            && members.is_current(&seen.user)
    }
}
