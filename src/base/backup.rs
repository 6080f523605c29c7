//! Backups of an embedded database: copied while the site writes to it, verified before use, and
//! restored.

use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Read},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use super::{
    config, database_lock,
    db::{file, known_migrations},
    failure::Failure,
};

/// A verified copy.
#[derive(Debug)]
pub struct Checked {
    /// The number of accounts in it.
    pub accounts: i64,
}

/// The result of a restore.
#[derive(Debug)]
pub struct Restored {
    /// The number of accounts in the restored database.
    pub accounts: i64,
    /// Where the previous database is now, if there was one.
    pub previous: Option<PathBuf>,
}

/// Copies the database to a file, as it is at one moment, while the site keeps writing. The file
/// gets its name only once it is complete, synced to disk and verified.
///
/// # Errors
/// When the file exists (unless `force`), or the copy cannot be made or fails verification.
pub async fn backup(config: &config::Database, file: &Path, force: bool) -> Result<Checked, Failure> {
    let database = file_of(config)?;
    // A symbolic link stays one; the file it points to is replaced.
    let file = &file::follow_links(file)
        .map_err(|error| Failure::start(&format!("find {}", file.display()), error))?;
    if is_same(&database, file) {
        return Err(Failure::message("this file is the database itself"));
    }
    if file.exists() && !force {
        return Err(Failure::message(format!("{} exists already: --force replaces it", file.display())));
    }
    let partial = Partial::beside(file)?;
    let checked = copy(&database, &partial.0).await?;
    rename(&partial.0, file)?;
    Ok(checked)
}

/// Replaces the database with a copy, and keeps the old one beside it. Deletes the sessions, links
/// and mails in the copy first.
///
/// # Errors
/// When the file is not a valid copy, a site runs on the database, or a database exists (unless
/// `force`).
pub async fn restore(config: &config::Database, file: &Path, force: bool) -> Result<Restored, Failure> {
    let database = file_of(config)?;
    if is_same(&database, file) {
        return Err(Failure::message("this file is the database itself"));
    }
    check(file).await?;
    let is_there = fs::metadata(&database).is_ok_and(|metadata| metadata.len() > 0);
    if is_there && !force {
        return Err(Failure::message(format!(
            "there is already a database at {}: --force replaces it with the copy and keeps the old one beside it",
            database.display()
        )));
    }
    let _lock = database_lock::exclusive(&database)?;
    let partial = Partial::beside(&database)?;
    let Checked { accounts } = copy(file, &partial.0).await?;
    end_sessions_and_links(&partial.0)
        .await
        .map_err(|error| Failure::start("end the sessions in the copy", error))?;
    sync(&partial.0)?;
    let previous = if is_there { Some(set_aside(&database).await?) } else { None };
    rename(&partial.0, &database)?;
    Ok(Restored { accounts, previous })
}

pub(crate) fn file_of(config: &config::Database) -> Result<PathBuf, Failure> {
    if config.url.is_embedded() {
        return file::path_of(&config.url);
    }
    Err(Failure::message("the database is PostgreSQL: use pg_dump --format=custom and pg_restore"))
}

pub(crate) fn is_same(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// A file with a temporary name. Dropping it deletes the file, unless it was renamed.
pub(crate) struct Partial(pub(crate) PathBuf);

impl Partial {
    /// Creates an empty file that only this user can read.
    pub(crate) fn beside(file: &Path) -> Result<Self, Failure> {
        let name = file.file_name().ok_or_else(|| Failure::message("this is not a file name"))?;
        let name = format!(".{}.{:08x}", name.to_string_lossy(), rand::random::<u32>());
        let path = file.with_file_name(name);
        OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| Failure::start(&format!("write beside {}", file.display()), error))?;
        Ok(Self(path))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Fails when the file was renamed, which is fine.
        let _ = fs::remove_file(&self.0);
    }
}

async fn open(file: &Path, read_only: bool) -> Result<SqliteConnection, Failure> {
    // Read-only mode does not create the file. Write mode can also read the WAL of a database that
    // nobody has open.
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(false).read_only(read_only);
    SqliteConnection::connect_with(&options)
        .await
        .map_err(|error| Failure::start(&format!("open {}", file.display()), error))
}

/// Copies with `VACUUM INTO`: one read transaction, beside which WAL lets others write.
async fn copy(from: &Path, to: &Path) -> Result<Checked, Failure> {
    let target = to.to_str().ok_or_else(|| Failure::message("the name of the file is not UTF-8"))?;
    let mut connection = open(from, false).await?;
    let copied = sqlx::query("VACUUM INTO ?").bind(target).execute(&mut connection).await;
    let closed = connection.close().await;
    copied.map_err(|error| Failure::start(&format!("copy {}", from.display()), error))?;
    closed?;
    sync(to)?;
    check(to).await
}

fn sync(file: &Path) -> Result<(), Failure> {
    File::open(file)
        .and_then(|file| file.sync_all())
        .map_err(|error| Failure::start("write the copy to the disk", error))
}

/// Deletes all sessions, links, mails and known browsers of a copy: since it was made, sessions
/// were ended, links used, mails sent and browsers forgotten, which the copy does not know. An
/// older database may lack some of the tables.
async fn end_sessions_and_links(file: &Path) -> Result<(), sqlx::Error> {
    let mut connection = SqliteConnection::connect_with(
        // Overwrites deleted rows, so that none of them can be read from the file.
        &SqliteConnectOptions::new().filename(file).pragma("secure_delete", "ON"),
    )
    .await?;
    let mut transaction = connection.begin().await?;
    for (table, statement) in [
        ("acting", "DELETE FROM acting"),
        ("factor_recoveries", "DELETE FROM factor_recoveries"),
        ("known_devices", "DELETE FROM known_devices"),
        ("mail_logins", "DELETE FROM mail_logins"),
        ("pending_logins", "DELETE FROM pending_logins"),
        ("passkey_challenges", "DELETE FROM passkey_challenges"),
        ("tokens", "DELETE FROM tokens"),
        ("mails", "DELETE FROM mails"),
        ("sessions", "DELETE FROM sessions"),
        ("users", "UPDATE users SET session_stamp = randomblob(32)"),
    ] {
        let is_there = sqlx::query("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?")
            .bind(table)
            .fetch_optional(&mut *transaction)
            .await?;
        if is_there.is_some() {
            sqlx::query(statement).execute(&mut *transaction).await?;
        }
    }
    transaction.commit().await?;
    connection.close().await
}

/// Verifies that a file is an intact database of this program, of this version or an older one.
async fn check(file: &Path) -> Result<Checked, Failure> {
    let name = file.display();
    let mut begin = [0; 16];
    File::open(file)
        .and_then(|mut file| file.read_exact(&mut begin))
        .or_else(|error| if error.kind() == ErrorKind::UnexpectedEof { Ok(()) } else { Err(error) })
        .map_err(|error| Failure::start(&format!("read {name}"), error))?;
    if &begin != b"SQLite format 3\0" {
        return Err(Failure::message(format!("{name} is not a SQLite database")));
    }
    let mut connection = open(file, true).await?;
    let checked = check_open(&mut connection).await;
    connection.close().await?;
    match checked {
        Ok(Ok(checked)) => Ok(checked),
        Ok(Err(finding)) => Err(Failure::message(format!("{name} is damaged or not usable: {finding}"))),
        Err(error) => Err(Failure::start(&format!("check {name}"), error)),
    }
}

async fn check_open(connection: &mut SqliteConnection) -> Result<Result<Checked, String>, sqlx::Error> {
    let (found,): (String,) = sqlx::query_as("PRAGMA integrity_check(1)").fetch_one(&mut *connection).await?;
    if found != "ok" {
        return Ok(Err(found));
    }
    if sqlx::query("PRAGMA foreign_key_check").fetch_optional(&mut *connection).await?.is_some() {
        return Ok(Err("rows refer to missing rows".to_owned()));
    }
    let ours: Option<(i64,)> = sqlx::query_as(
        "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name IN ('users', '_sqlx_migrations')",
    )
    .fetch_optional(&mut *connection)
    .await?;
    if ours != Some((2,)) {
        return Ok(Err("it is not a database of this program".to_owned()));
    }
    let versions: Vec<(i64,)> =
        sqlx::query_as("SELECT version FROM _sqlx_migrations").fetch_all(&mut *connection).await?;
    let known = known_migrations(true);
    if versions.iter().any(|(version,)| !known.contains(version)) {
        return Ok(Err("it was written by a newer version of this program".to_owned()));
    }
    let (accounts,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM users").fetch_one(connection).await?;
    Ok(Ok(Checked { accounts }))
}

/// Gives the old database a second name, after merging its WAL into it and making sure that no
/// other program has it open.
async fn set_aside(database: &Path) -> Result<PathBuf, Failure> {
    let previous = beside(database, &format!(".before-restore-{:08x}", rand::random::<u32>()));
    match open(database, false).await {
        Ok(mut connection) => {
            let alone = leave_wal_mode(&mut connection).await;
            connection.close().await?;
            alone?;
        }
        Err(error) => tracing::warn!(%error, "The old database cannot be opened; it is kept unchanged"),
    }
    // Files that a broken database leaves behind must not be used with the new one.
    for end in ["-wal", "-shm", "-journal"] {
        let leftover = beside(database, end);
        if leftover.exists() {
            rename(&leftover, &beside(&previous, end))?;
        }
    }
    // A hard link instead of a move: at every moment there is a database under its name. File
    // systems without hard links need the move.
    if fs::hard_link(database, &previous).is_err() {
        rename(database, &previous)?;
    }
    Ok(previous)
}

/// Switches out of WAL mode, which works only for the sole connection, and writes the WAL back.
async fn leave_wal_mode(connection: &mut SqliteConnection) -> Result<(), Failure> {
    sqlx::query("PRAGMA busy_timeout = 0").execute(&mut *connection).await?;
    let Err(error) = sqlx::query("PRAGMA journal_mode = DELETE").fetch_one(connection).await else {
        return Ok(());
    };
    match error.as_database_error().and_then(|error| error.code()).as_deref() {
        Some("5" | "261" | "517") => Err(Failure::message(
            "another program has this database open: stop it first (nothing was changed)",
        )),
        // The database is broken, which may be the reason for the restore.
        Some("11" | "26") => Ok(()),
        _ => Err(Failure::start("close the old database", error)),
    }
}

fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// Renames durably: the folder is synced to disk too.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), Failure> {
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::rename(from, to)
        .and_then(|()| File::open(folder)?.sync_all())
        .map_err(|error| Failure::start(&format!("write {}", to.display()), error))
}
