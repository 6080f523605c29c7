//! Classifies database errors.

use sqlx::Error;

/// Returns whether the database server does not answer at all.
pub fn is_unreachable(error: &Error) -> bool {
    match error {
        _ if is_tls(error) => false,
        Error::Io(_) | Error::PoolTimedOut => true,
        // The server is starting up or shutting down.
        Error::Database(database) => {
            database.code().is_some_and(|code| ["57P01", "57P03"].contains(&code.as_ref()))
        }
        _ => false,
    }
}

/// Returns whether the server and this program could not agree on TLS, such as on a certificate.
pub fn is_tls(error: &Error) -> bool {
    match error {
        Error::Tls(_) => true,
        // What rustls refuses during the handshake.
        Error::Io(error) => error.kind() == std::io::ErrorKind::InvalidData,
        _ => false,
    }
}

/// Returns whether PostgreSQL allows no further connection, of anybody or of our role.
pub fn is_too_many(error: &Error) -> bool {
    error.as_database_error().is_some_and(|database| database.code().as_deref() == Some("53300"))
}

/// Returns whether a table is missing. SQLite has no code for that, only a message.
pub fn is_missing_table(error: &Error) -> bool {
    error.as_database_error().is_some_and(|database| {
        database.code().as_deref() == Some("42P01") || database.message().starts_with("no such table")
    })
}

/// Returns whether another program is writing to an embedded database. (PostgreSQL's codes have
/// five characters.)
pub fn is_locked(error: &Error) -> bool {
    error.as_database_error().and_then(|database| database.code()).is_some_and(|code| {
        code.len() < 5 && code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6))
    })
}

/// Returns whether PostgreSQL refused the commit, as opposed to a lost connection or server (57P0x,
/// 08xxx, 58xxx, XX000).
pub fn is_refusal(error: &Error) -> bool {
    error
        .as_database_error()
        .and_then(|error| error.code())
        .is_some_and(|code| !["08", "57", "58", "XX"].iter().any(|class| code.starts_with(class)))
}
