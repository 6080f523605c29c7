//! Writing and reading the history.

use super::{Change, History, store};
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

/// Who changes something.
#[derive(Clone, Copy)]
pub enum Actor<'a> {
    /// On the site.
    Staff(&'a Staff),
    /// Who was staff when they began what ends now, whatever they are by then: their id and name.
    Was(UserId, &'a str),
    /// From the command line.
    Operator,
}

impl Actor<'_> {
    /// What the history calls the command line.
    const OPERATOR: &'static str = "the command line";

    /// Whose account; nothing for the command line.
    pub fn id(self) -> Option<UserId> {
        match self {
            Self::Staff(staff) => Some(staff.member().id()),
            Self::Was(id, _) => Some(id),
            Self::Operator => None,
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Staff(staff) => staff.member().username(),
            Self::Was(_, name) => name,
            Self::Operator => Self::OPERATOR,
        }
    }
}

/// What is changed.
#[derive(Clone, Copy)]
pub enum Object<'a> {
    /// An account, by its id and name.
    User(UserId, &'a str),
    /// A group, by its id and name.
    Group(i64, &'a str),
    /// The cache, and what of it.
    Cache(&'a str),
    /// Several accounts of which nothing is left; in words. Whoever looks at the actor sees it.
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

    /// What the history calls it.
    pub const fn words(&self) -> &str {
        match self {
            Self::User(_, name) | Self::Group(_, name) | Self::Cache(name) | Self::Several(name) => name,
        }
    }
}

/// Writes changes of one object down, each as what, from, to; in the transaction in which they are made. Never a secret.
///
/// # Errors
/// An outage.
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

/// Writes the same change of many accounts down.
///
/// # Errors
/// An outage.
pub async fn record_many(
    transaction: &mut Transaction,
    now: Millis,
    actor: Actor<'_>,
    users: &[(UserId, &str)],
    (what, old, new): (&str, &str, &str),
) -> Result<(), AppError> {
    const AT_ONCE: usize = 100;
    for some in users.chunks(AT_ONCE) {
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

/// What was changed of an object, before a line or from the latest on.
///
/// # Errors
/// An outage.
pub async fn of_object(
    site: &AppState,
    object: Object<'_>,
    before: Option<i64>,
) -> Result<History, AppError> {
    let mut connection = site.db.read().await?;
    let before = before.unwrap_or(i64::MAX);
    Ok(show(store::of_object(&mut connection, object.kind(), object.id(), before, LIMIT).await?))
}

/// What somebody changed.
///
/// # Errors
/// An outage.
pub async fn by_actor(site: &AppState, actor: UserId, before: Option<i64>) -> Result<History, AppError> {
    let mut connection = site.db.read().await?;
    Ok(show(store::by_actor(&mut connection, actor, before.unwrap_or(i64::MAX), LIMIT).await?))
}

/// Lines on a page, and one more, which tells whether there are more.
const LIMIT: i64 = 51;

fn show(mut rows: Vec<store::ChangeRow>) -> History {
    let has_older = rows.len() as i64 == LIMIT;
    if has_older {
        rows.pop();
    }
    let older = rows.last().filter(|_| has_older).map(|row| row.id);
    let change = |row: store::ChangeRow| Change {
        at: moment(row.at),
        actor: row.actor,
        object: if row.object_kind == "group" { format!("group {}", row.object) } else { row.object },
        what: row.what,
        old: row.old_value,
        new: row.new_value,
    };
    History { lines: rows.into_iter().map(change).collect(), older }
}

/// When accounts are deleted, what the history says of them goes too, and what they changed stays as somebody's whose account is
/// gone. In the transaction of the deletion.
///
/// # Errors
/// An outage.
pub async fn forget_users(transaction: &mut Transaction, users: &[UserId]) -> Result<(), AppError> {
    Ok(store::forget_users(transaction, users).await?)
}
