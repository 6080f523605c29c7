//! The errors that only the log shows, and their conversion to errors that visitors may see.

use std::{error::Error, fmt};

use crate::shared::{
    error::AppError,
    forms::{Field, Problem},
};

/// Why something failed, for the operator: at startup, or in the log.
#[derive(Debug)]
pub struct Failure {
    what: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Failure {
    /// Creates a failure from a complete sentence.
    pub fn message(what: impl Into<String>) -> Self {
        Self { what: what.into(), source: None }
    }

    /// Creates a failure that reads `cannot WHAT: SOURCE`.
    pub fn start(what: &str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { what: format!("cannot {what}"), source: Some(source.into()) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        self.source.as_deref().map_or(Ok(()), |source| write!(f, ": {}", chain(source)))
    }
}

/// Returns the text of an error with its causes, each once: some libraries repeat the cause in
/// their own text. rustls' word for an unknown certificate authority gets an explanation.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let (mut text, mut source) = (error.to_string(), error.source());
    while let Some(error) = source {
        let cause = error.to_string();
        if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
        source = error.source();
    }
    text.replace("UnknownIssuer", UNKNOWN_AUTHORITY)
}

const UNKNOWN_AUTHORITY: &str =
    "its authority is neither among this system's (ca-certificates) nor in tls.ca_file (UnknownIssuer)";

impl Error for Failure {}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::start("use the database", error)
    }
}

/// Converts a database error to one that visitors may see, and logs it. This is the only place that
/// does.
impl From<sqlx::Error> for AppError {
    fn from(error: sqlx::Error) -> Self {
        if let Some((field, problem)) = violated_constraint(&error) {
            return Self::invalid(field, problem);
        }
        if is_unknown_outcome(&error) {
            tracing::error!(error = %Failure::from(error), "The connection to the database was lost during a commit");
            Self::MaybeDone
        } else if is_no_text(&error) {
            tracing::info!(error = %Failure::from(error), "The database refused a query");
            Self::BadRequest
        } else if is_outage(&error) {
            tracing::error!(error = %Failure::from(error), "The database is unavailable");
            Self::Unavailable
        } else {
            tracing::error!(error = %Failure::from(error), "A query failed");
            Self::Internal
        }
    }
}

/// Maps a violated constraint to its field, since the database decides uniqueness. PostgreSQL names
/// the constraint, SQLite names a CHECK but only the column of a UNIQUE.
fn violated_constraint(error: &sqlx::Error) -> Option<(Field, Problem)> {
    let database = error.as_database_error()?;
    let text = database.constraint().unwrap_or_else(|| database.message());
    [
        ("users_username_unique", Field::Username, Problem::UsernameTaken),
        ("users.username_key", Field::Username, Problem::UsernameTaken),
        ("users_verified_email_unique", Field::Email, Problem::EmailTaken),
        ("users.email_key", Field::Email, Problem::EmailTaken),
        ("users_username_not_empty", Field::Username, Problem::UsernameEmpty),
        ("groups_name_unique", Field::GroupName, Problem::GroupTaken),
        ("groups.name_key", Field::GroupName, Problem::GroupTaken),
        ("groups_name_not_empty", Field::GroupName, Problem::Required),
    ]
    .into_iter()
    .find(|(name, ..)| text.contains(name))
    .map(|(_, field, problem)| (field, problem))
}

fn is_unknown_outcome(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::AnyDriverError(error) if error.is::<OutcomeUnknown>())
}

/// Returns whether PostgreSQL rejected a value as text, such as one with a NUL.
fn is_no_text(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| ["22021", "22P05"].contains(&code.as_ref()))
}

/// Returns whether a retry can help: the database is not reachable, out of connections, locked, in
/// conflict with another transaction, full, read-only, or shutting down.
fn is_outage(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(database) => {
            let code = database.code().unwrap_or_default().into_owned();
            // PostgreSQL's codes have five characters: 08 connection, 25006 read-only, 40 rolled
            // back because of another transaction, 53 resources, 55P03 locked, 57 operator, 58 the
            // system's disks. SQLite's are numbers whose low byte is the kind: 5 busy, 6 locked, 8
            // read-only, 10 I/O, 13 full, 14 cannot open.
            if code.len() == 5 {
                ["08", "25006", "40", "53", "55P03", "57", "58"].iter().any(|class| code.starts_with(class))
            } else {
                code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 8 | 10 | 13 | 14))
            }
        }
        _ => false,
    }
}

/// The connection was lost during COMMIT, and the outcome could not be learned.
#[derive(Debug)]
pub struct OutcomeUnknown(pub sqlx::Error);

impl fmt::Display for OutcomeUnknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer to COMMIT was lost")
    }
}

impl std::error::Error for OutcomeUnknown {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Layer(&'static str, Option<Box<Layer>>);

    impl fmt::Display for Layer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Layer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|layer| layer as _)
        }
    }

    /// A database error with this code.
    #[derive(Debug)]
    struct Coded(&'static str);

    impl fmt::Display for Coded {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Coded {}

    impl sqlx::error::DatabaseError for Coded {
        fn message(&self) -> &str {
            "told"
        }

        fn code(&self) -> Option<std::borrow::Cow<'_, str>> {
            Some(self.0.into())
        }

        fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
            self
        }

        fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
            self
        }

        fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
            self
        }

        fn kind(&self) -> sqlx::error::ErrorKind {
            sqlx::error::ErrorKind::Other
        }
    }

    #[test]
    fn transient_errors_and_bad_input_are_not_bugs() {
        let told = |code| AppError::from(sqlx::Error::Database(Box::new(Coded(code))));
        for code in ["40001", "40P01", "55P03", "57014", "57P01", "53300", "25006", "08006", "58030"] {
            assert_eq!(told(code), AppError::Unavailable, "PostgreSQL {code}");
        }
        for code in ["5", "6", "517", "8", "1032", "778", "1034", "13", "14"] {
            assert_eq!(told(code), AppError::Unavailable, "SQLite {code}");
        }
        for code in ["22021", "22P05"] {
            assert_eq!(told(code), AppError::BadRequest, "{code}");
        }
        for code in ["42P01", "42601", "23505", "1", "11", "19"] {
            assert_eq!(told(code), AppError::Internal, "{code}");
        }
    }

    #[test]
    fn each_cause_is_printed_once() {
        let cause = |outer| Layer(outer, Some(Layer("refused", None).into()));
        assert_eq!(chain(&cause("no mail")), "no mail: refused");
        assert_eq!(chain(&cause("no mail: refused")), "no mail: refused");
        assert_eq!(chain(&Layer("sent", Some(cause("no mail: refused").into()))), "sent: no mail: refused");
        assert_eq!(Failure::start("send", cause("no mail")).to_string(), "cannot send: no mail: refused");
        assert_eq!(Failure::message("no room").to_string(), "no room");
        let unknown = chain(&Layer("invalid peer certificate: UnknownIssuer", None));
        assert!(
            unknown.contains("tls.ca_file") && unknown.matches("UnknownIssuer").count() == 1,
            "{unknown}"
        );
    }
}
