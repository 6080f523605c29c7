//! Writes announcements, in the transaction that makes the changes.

use sqlx::{AnyConnection, Error};

use super::Changes;

/// How many announcements stay in the table of an embedded database.
pub(super) const KEPT: i64 = 1000;

/// The name of PostgreSQL's channel, as SQL. Channels belong to a database, not to a schema: the
/// table's oid keeps two sites in one database apart.
pub(super) const CHANNEL: &str = "'members_area_' || 'sessions'::regclass::oid";

/// Writes the changes into the table of an embedded database, in the name of the process
/// `instance`.
pub(in crate::base) async fn insert(
    connection: &mut AnyConnection,
    changes: &Changes,
    instance: i64,
) -> Result<(), Error> {
    for text in changes.texts() {
        sqlx::query("INSERT INTO announcements (instance, changes) VALUES ($1, $2)")
            .bind(instance)
            .bind(text)
            .execute(&mut *connection)
            .await?;
        sqlx::query("DELETE FROM announcements WHERE id <= last_insert_rowid() - $1")
            .bind(KEPT)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Returns the statements that announce the changes on PostgreSQL, to be sent with COMMIT. None of
/// their parts comes from outside.
pub(in crate::base) fn notifications(changes: &Changes, instance: i64) -> String {
    let statement = |text: &String| format!("SELECT 1 FROM pg_notify({CHANNEL}, '{instance} {text}'); ");
    changes.texts().iter().map(statement).collect::<Vec<_>>().concat()
}
