//! What this program needs of a PostgreSQL server: set where possible, otherwise checked.

use sqlx::{AnyConnection, Connection as _, Error, Executor, Row};
use tokio::time::timeout;

use super::super::failure::Failure;
use super::{
    pool::Pool,
    why::{is_tls, is_unreachable},
};

/// Statements for each new connection, because the database, the role and the URL can set other
/// defaults. Single statements get the same isolation as transactions; the server ends a statement
/// that hangs, unless somebody has set another limit. A read-only default is left alone: an
/// operator set it on purpose.
pub(super) const SETUP: &str = "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED; \
                                SET standard_conforming_strings = on; \
                                SELECT set_config('statement_timeout', '30s', false) \
                                WHERE current_setting('statement_timeout') = '0'";

/// Checks that the server meets this program's needs.
///
/// # Errors
/// A [`Failure`] that says what is wrong and what to do.
pub(super) async fn check(connection: &mut AnyConnection, pool: &Pool) -> Result<(), Failure> {
    if is_shared(connection, pool).await? {
        return Err(Failure::message(
            "database.url points to a pooler (such as pgbouncer) in transaction mode, which this program \
             does not support. Set pool_mode = session for this database, or connect to PostgreSQL directly",
        ));
    }
    let encoding: String = connection
        .fetch_one(
            "SELECT pg_encoding_to_char(encoding)::text FROM pg_database WHERE datname = current_database()",
        )
        .await
        .and_then(|row| row.try_get(0))
        .map_err(|error| Failure::start("read the encoding of the database", error))?;
    match encoding.as_str() {
        "UTF8" => {}
        "SQL_ASCII" => tracing::warn!(
            "The database has the encoding SQL_ASCII: searches for non-ASCII letters are case-sensitive, and \
             other programs can write invalid text. Recreate it with the encoding UTF8"
        ),
        other => {
            return Err(Failure::message(format!(
                "the database has the encoding {other} but must have UTF8: recreate it with CREATE DATABASE \
                 … ENCODING 'UTF8' TEMPLATE template0"
            )));
        }
    }
    Ok(())
}

/// Returns whether two open connections ever share a server process.
async fn is_shared(connection: &mut AnyConnection, pool: &Pool) -> Result<bool, Failure> {
    const LOOKS: usize = 3;
    // A pooler with room for one connection cannot share it.
    let Ok(Ok(mut other)) = timeout(pool.acquire_timeout(), pool.open()).await else {
        return Ok(false);
    };
    let look = async {
        let first = process(connection).await?;
        for _ in 0..LOOKS {
            if process(connection).await? != first || process(&mut other).await? == first {
                return Ok(true);
            }
        }
        Ok(false)
    };
    let is_shared = look.await.map_err(|error: Error| Failure::start("check the database server", error));
    let _ = other.close().await;
    is_shared
}

/// Returns the connection's server process. Uses no prepared statement, which would fail behind the
/// very pooler it detects.
async fn process(connection: &mut AnyConnection) -> Result<i64, Error> {
    connection.fetch_one("SELECT pg_backend_pid()::bigint").await?.try_get(0)
}

/// Explains why the first connection failed, and what may help.
pub(super) fn explained(error: Error, embedded: bool) -> Failure {
    let code = error.as_database_error().and_then(|error| error.code()).unwrap_or_default().into_owned();
    let hint = match code.as_str() {
        // SQLite's codes for "read-only" and "cannot open".
        "8" | "14" | "264" | "270" | "526" | "776" | "1032" | "1544" if embedded => {
            " (this program must also be able to write to the file's folder)"
        }
        "28P01" | "28000" => " (check user and password in database.url)",
        "3D000" => " (check the database name, the last part of database.url)",
        "08P01" => {
            " (behind pgbouncer: ignore_startup_parameters = extra_float_digits, and pool_mode = session)"
        }
        _ if is_tls(&error) => " (check sslmode and sslrootcert in database.url, and tls.ca_file)",
        _ if is_unreachable(&error) => {
            " (check host and port in database.url, and that the server is running)"
        }
        _ => "",
    };
    // The text of this error can repeat the URL, including its password.
    if matches!(error, Error::Configuration(_)) {
        return Failure::message("database.url is not a usable database address");
    }
    Failure::start(&format!("open the database{hint}"), error)
}
