//! Changes to users and groups: one set of operations for staff, the command line and the import,
//! with the same words in the audit log and in the members' activity. Who may change what is for
//! the callers to check.

use std::collections::BTreeSet;

pub use super::store::Holder;

use super::store;
use crate::{
    activity::{self, ActivityKind},
    audit::service::{self as audit, Actor, Object},
    auth::sessions::IdHash,
    base::{
        announcements::Change,
        clock::Millis,
        db::Transaction,
        member::{ClientInfo, UserId},
    },
    cache::Tag,
    shared::error::AppError,
    site::AppState,
};

/// A transaction in which one author changes users and groups. The operations are beside the SQL of
/// what they change, in `users/service/edit.rs` and `groups/service/edit.rs`.
pub struct Edit<'a> {
    /// The transaction.
    pub transaction: Transaction,
    pub(super) site: AppState,
    /// When it began, which is the time of all changes.
    pub now: Millis,
    actor: Actor<'a>,
    /// The users whose data has changed.
    users: BTreeSet<UserId>,
    /// Whether a group's permissions have changed: it can have a million members.
    concerns_everybody: bool,
    /// The sessions that were ended.
    pub(super) ended: Vec<(UserId, IdHash)>,
}

impl<'a> Edit<'a> {
    /// Begins a transaction.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database cannot be used.
    pub async fn begin(site: &AppState, actor: Actor<'a>) -> Result<Self, AppError> {
        Ok(Self {
            transaction: site.db.begin().await?,
            site: site.clone(),
            now: site.clock.now(),
            actor,
            users: BTreeSet::new(),
            concerns_everybody: false,
            ended: Vec::new(),
        })
    }

    /// Commits, and invalidates what is cached of everybody whom the changes concern.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database cannot be used.
    pub async fn commit(self) -> Result<(), AppError> {
        /// Above this number of users, the cached data of all members is invalidated at once, which
        /// is faster than one by one.
        const MANY: usize = 100;
        let Self { mut transaction, site, users, ended, .. } = self;
        let is_everybody = self.concerns_everybody || users.len() > MANY;
        match is_everybody {
            true => transaction.announce(Change::Everything),
            false => users.iter().for_each(|user| transaction.announce(Change::Member(*user))),
        }
        transaction.commit().await?;
        site.mails.wake();
        site.sessions.forget_all(&ended);
        let cause = match self.actor {
            Actor::Staff(_) | Actor::Was(..) => "changed by staff",
            Actor::Operator | Actor::SetupLink => "changed from the command line",
        };
        if is_everybody {
            site.members.invalidate_all();
            site.cache.invalidate_everybody(cause).await;
        } else if !users.is_empty() {
            users.iter().for_each(|user| site.members.invalidate(*user));
            let tags: Vec<_> = users.into_iter().map(Tag::Member).collect();
            site.cache.invalidate(&tags, cause).await;
        }
        Ok(())
    }

    /// Records changes of one object in the audit log, each as (field, old, new).
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database cannot be used.
    pub async fn record(
        &mut self,
        object: Object<'_>,
        changes: &[(&str, &str, &str)],
    ) -> Result<(), AppError> {
        audit::record(&mut self.transaction, self.now, self.actor, object, changes).await
    }

    /// Records one change of these users in the audit log.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database cannot be used.
    pub async fn record_many(
        &mut self,
        users: &[(UserId, &str)],
        change: (&str, &str, &str),
    ) -> Result<(), AppError> {
        audit::record_many(&mut self.transaction, self.now, self.actor, users, change).await
    }

    /// Adds a line to the activity of these users, whose data has changed, without the author's
    /// name or address, which are not the owner's business.
    pub(super) async fn tell(
        &mut self,
        users: &[(UserId, &str)],
        kind: ActivityKind,
        detail: &str,
    ) -> Result<(), AppError> {
        let (users, nowhere): (Vec<_>, _) = (ids(users), ClientInfo::default());
        self.users.extend(&users);
        activity::service::record_many(&mut self.transaction, self.now, &users, kind, detail, &nowhere).await
    }

    /// Notes that everything of these users has changed, or has gone.
    pub fn touch(&mut self, users: impl IntoIterator<Item = UserId>) {
        self.users.extend(users);
    }

    /// Notes that the permissions of a group have changed.
    pub(super) fn touch_everybody(&mut self) {
        self.concerns_everybody = true;
    }

    /// Grants and revokes permissions by their codenames. Returns whether that changed anything.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database cannot be used.
    pub async fn set_permissions(
        &mut self,
        holder: Holder<'_>,
        granted: &[&str],
        revoked: &[&str],
    ) -> Result<bool, AppError> {
        let mut changes = Vec::new();
        for codename in granted {
            if store::grant(&mut self.transaction, holder, codename).await? {
                changes.push(("permission", "", *codename));
            }
        }
        for codename in revoked {
            if store::revoke(&mut self.transaction, holder, codename).await? {
                changes.push(("permission", *codename, ""));
            }
        }
        if changes.is_empty() {
            return Ok(false);
        }
        match holder {
            Holder::User(id, name) => {
                self.record(Object::User(id, name), &changes).await?;
                self.tell(&[(id, name)], ActivityKind::ChangedByStaff, "permissions").await?;
            }
            Holder::Group(id, name) => {
                self.record(Object::Group(id, name), &changes).await?;
                store::touch_group(&mut self.transaction, id).await?;
                self.touch_everybody();
            }
        }
        Ok(true)
    }
}

/// Returns the ids of these users.
pub(super) fn ids(users: &[(UserId, &str)]) -> Vec<UserId> {
    users.iter().map(|(id, _)| *id).collect()
}
