//! Writing and reading the audit log.

use super::{
    Change, History,
    sentence::{Stored, sentence},
    store,
};
use crate::{
    base::{
        clock::Millis,
        db::Transaction,
        id::new_id,
        member::{Staff, UserId},
        moment::moment,
    },
    shared::error::AppError,
    site::AppState,
};

/// The author of a change.
#[derive(Clone, Copy)]
pub enum Actor<'a> {
    /// A staff member, on the site.
    Staff(&'a Staff),
    /// A former staff member: someone who was staff when the impersonation began. Their id and
    /// username.
    Was(UserId, &'a str),
    /// The operator, on the command line.
    Operator,
    /// The operator, with the link for the first superuser.
    SetupLink,
}

impl Actor<'_> {
    /// The operator's names in the audit log.
    const OPERATOR: &'static str = "the command line";
    const SETUP_LINK: &'static str = "the set-up link";

    /// Returns the author's account, or `None` for the operator.
    pub fn id(self) -> Option<UserId> {
        match self {
            Self::Staff(staff) => Some(staff.member().id()),
            Self::Was(id, _) => Some(id),
            Self::Operator | Self::SetupLink => None,
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Staff(staff) => staff.member().username(),
            Self::Was(_, name) => name,
            Self::Operator => Self::OPERATOR,
            Self::SetupLink => Self::SETUP_LINK,
        }
    }
}

/// The object of a change.
#[derive(Clone, Copy)]
pub enum Object<'a> {
    /// An account, by its id and username.
    User(UserId, &'a str),
    /// A group, by its id and name.
    Group(i64, &'a str),
    /// A part of the cache, described in words.
    Cache(&'a str),
    /// Several accounts, described in words: deleted or exported ones. Shown only on the author's
    /// page.
    Several(&'a str),
}

impl Object<'_> {
    const fn kind(&self) -> &'static str {
        match self {
            Self::User(..) => "user",
            Self::Group(..) => "group",
            Self::Cache(_) => "cache",
            Self::Several(_) => "several",
        }
    }

    const fn id(&self) -> i64 {
        match self {
            Self::User(user, _) => user.0,
            Self::Group(group, _) => *group,
            Self::Cache(_) | Self::Several(_) => 0,
        }
    }

    /// Returns the object's name in the audit log.
    pub const fn words(&self) -> &str {
        match self {
            Self::User(_, name) | Self::Group(_, name) | Self::Cache(name) | Self::Several(name) => name,
        }
    }
}

/// Records changes of one object, each as (field, old, new), in the transaction that makes them.
/// Never pass a secret.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn record(
    transaction: &mut Transaction,
    now: Millis,
    actor: Actor<'_>,
    object: Object<'_>,
    changes: &[(&str, &str, &str)],
) -> Result<(), AppError> {
    for (what, old, new) in changes {
        let row = store::NewChange {
            id: new_id(now),
            at: now,
            actor_id: actor.id().map(|id| id.0),
            actor: actor.name(),
            object_kind: object.kind(),
            object_id: object.id(),
            object: object.words(),
            what,
            old_value: old,
            new_value: new,
        };
        store::insert(transaction, &row).await?;
    }
    Ok(())
}

/// Records the same change of many accounts.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn record_many(
    transaction: &mut Transaction,
    now: Millis,
    actor: Actor<'_>,
    users: &[(UserId, &str)],
    (what, old, new): (&str, &str, &str),
) -> Result<(), AppError> {
    const BATCH_SIZE: usize = 100;
    for some in users.chunks(BATCH_SIZE) {
        let rows = some.iter().map(|(id, name)| store::NewChange {
            id: new_id(now),
            at: now,
            actor_id: actor.id().map(|id| id.0),
            actor: actor.name(),
            object_kind: "user",
            object_id: id.0,
            object: name,
            what,
            old_value: old,
            new_value: new,
        });
        store::insert_many(transaction, rows).await?;
    }
    Ok(())
}

/// Returns the changes of an object, before this change or from the latest on.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn of_object(
    site: &AppState,
    object: Object<'_>,
    before: Option<i64>,
) -> Result<History, AppError> {
    let mut connection = site.db.read().await?;
    let before = before.unwrap_or(i64::MAX);
    Ok(show(store::of_object(&mut connection, object.kind(), object.id(), before, LIMIT).await?))
}

/// Returns the changes that one staff member made, before this change or from the latest on.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn by_actor(site: &AppState, actor: UserId, before: Option<i64>) -> Result<History, AppError> {
    let mut connection = site.db.read().await?;
    Ok(show(store::by_actor(&mut connection, actor, before.unwrap_or(i64::MAX), LIMIT).await?))
}

/// Lines per page, plus one, which tells whether there are more.
const LIMIT: i64 = 51;

fn show(mut rows: Vec<store::ChangeRow>) -> History {
    let has_older = rows.len() as i64 == LIMIT;
    if has_older {
        rows.pop();
    }
    let older = rows.last().filter(|_| has_older).map(|row| row.id);
    let change = |row: store::ChangeRow| Change {
        at: moment(row.at),
        sentence: sentence(Stored {
            actor: &row.actor,
            is_of_group: row.object_kind == "group",
            object: &row.object,
            what: &row.what,
            old: &row.old_value,
            new: &row.new_value,
        }),
    };
    History { lines: rows.into_iter().map(change).collect(), older }
}

/// Deletes the changes of deleted accounts; changes made by them stay, without a name. In the
/// transaction of the deletion.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn forget_users(transaction: &mut Transaction, users: &[UserId]) -> Result<(), AppError> {
    Ok(store::forget_users(transaction, users).await?)
}
