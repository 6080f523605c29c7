//! Reads Django's own database if it is a SQLite file, opened read-only.

mod catalog;
mod users;

use std::{collections::HashMap, path::Path};

use sqlx::{Connection, Error, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::mpsc;
use tokio_stream::StreamExt;

use super::super::{
    django::{UserModel, owner_key, primary_key},
    import_row::{BATCH, Batch, IncomingAddress, RowOwner},
    progress::Progress,
    valid_user::Warning,
};
use crate::base::failure::Failure;

/// Passes batches to the importer.
struct Sink<'a> {
    sender: &'a mpsc::Sender<Batch>,
    progress: &'a Progress,
}

impl Sink<'_> {
    async fn give(&self, batch: Batch) -> Result<(), Error> {
        self.progress.rows(batch.len());
        if matches!(batch, Batch::Users(_)) {
            self.progress.advance(batch.len() as u64);
        }
        self.sender.send(batch).await.map_err(|_| Error::WorkerCrashed)
    }
}

/// Reads a database and passes its rows on: groups, accounts, addresses.
///
/// # Errors
/// A [`Failure`] when it cannot be read, or has no table of users.
pub async fn read(
    file: &Path,
    model: &UserModel,
    progress: &Progress,
    sender: &mpsc::Sender<Batch>,
) -> Result<(), Failure> {
    let trouble = |error: Error| Failure::start(&format!("read {}", file.display()), error);
    let (mut first, mut beside) = (open(file).await.map_err(trouble)?, open(file).await.map_err(trouble)?);
    let table = format!("{}_{}", model.app, model.model);
    if columns(&mut first, &table).await.map_err(trouble)?.is_empty() {
        let others = tables_of_users(&mut first).await.map_err(trouble)?.join(", ");
        return Err(Failure::message(format!(
            "{}: there is no table {table} in it; if the site has a user model of its own, name it with --user-model (tables with passwords in the file: {})",
            file.display(),
            if others.is_empty() { "none".to_owned() } else { others.escape_debug().to_string() }
        )));
    }
    if let Some(parent) = users::extended(&mut first, &table).await.map_err(trouble)? {
        return Err(Failure::message(format!(
            "{}: {table} has no passwords: its model adds to another one (multi-table inheritance), whose table is {parent}; name that one with --user-model",
            file.display()
        )));
    }
    let outlet = Sink { sender, progress };
    let all = async {
        progress.expect(count(&mut first, &table).await?);
        let mut catalog = catalog::read(&mut first).await?;
        outlet.give(Batch::Groups(std::mem::take(&mut catalog.incoming))).await?;
        users::read(&mut first, &mut beside, model, &catalog, &outlet).await?;
        addresses(&mut first, &outlet).await
    };
    all.await.map_err(trouble)
}

async fn open(file: &Path) -> Result<SqliteConnection, Error> {
    let options = SqliteConnectOptions::new().filename(file).read_only(true).create_if_missing(false);
    SqliteConnection::connect_with(&options).await
}

/// Returns the columns of a table; none if there is no such table.
async fn columns(connection: &mut SqliteConnection, table: &str) -> Result<Vec<String>, Error> {
    let rows: Vec<(String,)> =
        sqlx::query_as("SELECT name FROM pragma_table_info(?)").bind(table).fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

/// Lists tables that may hold users.
async fn tables_of_users(connection: &mut SqliteConnection) -> Result<Vec<String>, Error> {
    let rows: Vec<(String,)> = sqlx::query_as(
        "SELECT tables.name FROM sqlite_master AS tables JOIN pragma_table_info(tables.name) AS columns \
         WHERE tables.type = 'table' AND columns.name = 'password' ORDER BY tables.name LIMIT 20",
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

async fn count(connection: &mut SqliteConnection, table: &str) -> Result<u64, Error> {
    let sql = format!("SELECT COUNT(*) FROM \"{table}\"");
    let (count,): (i64,) = sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_one(connection).await?;
    Ok(count.unsigned_abs())
}

/// Looks up the names for keys, with a warning for each unknown key.
fn names(
    known: &HashMap<String, String>,
    keys: Vec<String>,
    missing: fn(String) -> Warning,
) -> (Vec<String>, Vec<Warning>) {
    let (mut names, mut notes) = (Vec::new(), Vec::new());
    for key in keys {
        match known.get(&key) {
            Some(name) => names.push(name.clone()),
            None => notes.push(missing(key)),
        }
    }
    (names, notes)
}

fn by_first(rows: Vec<(String, String)>) -> HashMap<String, Vec<String>> {
    let mut map: HashMap<String, Vec<String>> = HashMap::new();
    for (first, second) in rows {
        map.entry(first).or_default().push(second);
    }
    map
}

/// Passes the addresses on that allauth has confirmed.
async fn addresses(connection: &mut SqliteConnection, outlet: &Sink<'_>) -> Result<(), Error> {
    if columns(connection, "account_emailaddress").await?.is_empty() {
        return Ok(());
    }
    let mut rows = sqlx::query_as(
        "SELECT CAST(user_id AS TEXT), email FROM account_emailaddress WHERE verified = 1 ORDER BY id",
    )
    .fetch(connection);
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let row: Option<(String, String)> = rows.next().await.transpose()?;
        let is_last = row.is_none();
        if let Some((owner, email)) = row {
            batch.push(IncomingAddress { owner: RowOwner::Key(owner_key(&primary_key(&owner))), email });
        }
        if batch.len() == BATCH || is_last {
            outlet.give(Batch::Addresses(std::mem::take(&mut batch))).await?;
        }
        if is_last {
            return Ok(());
        }
    }
}
