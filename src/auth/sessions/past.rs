//! Sessions that began earlier, for demo members.

use super::{
    IdHash, Sessions,
    data::{self, encode},
    login_context::LoginContext,
    store,
};
use crate::{
    base::{
        clock::{Millis, to_millis},
        db::Transaction,
        member::{ClientInfo, Member},
    },
    shared::error::AppError,
};

impl Sessions {
    /// Inserts sessions of these members that began then. Nobody can use them: their hashes are
    /// random, and no id has them.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database cannot be used.
    pub async fn add_past(
        &self,
        transaction: &mut Transaction,
        sessions: &[(&Member, Millis, &ClientInfo)],
    ) -> Result<(), AppError> {
        const BATCH_SIZE: usize = 1000;
        let now = self.clock.now();
        for some in sessions.chunks(BATCH_SIZE) {
            let mut rows = Vec::with_capacity(some.len());
            for (member, since, client) in some {
                let origin = LoginContext::new(&self.settings, *since, (*client).clone(), true);
                let last_seen_at = now.saturating_sub(now.saturating_sub(*since) / 4);
                let row = store::SessionRow {
                    user_id: member.id().0,
                    data: encode(&data::data(member.id(), member.session_stamp(), &origin))?,
                    created_at: *since,
                    last_seen_at,
                    idle_expires_at: last_seen_at.saturating_add(to_millis(origin.idle(&self.settings))),
                    absolute_expires_at: origin.absolute_expires_at,
                };
                rows.push((rand::random::<IdHash>(), row, *client));
            }
            store::insert_many(transaction, &rows).await?;
        }
        Ok(())
    }
}
