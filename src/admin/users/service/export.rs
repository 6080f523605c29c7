//! The users that a list finds, as CSV (RFC 4180).

use super::super::{
    MatchCount, dates,
    filter::{Fact, Size, UserFilter},
    store::LineRow,
};
use super::list::Batches;
use crate::{
    audit::service::{self as audit, Actor, Object},
    auth::{sessions::login_context::RecentAuth, throttle::service::Limit},
    base::{
        config::{Period, Rate},
        member::Staff,
        moment::moment,
    },
    shared::error::AppError,
    site::AppState,
};

/// Users in a file, at most.
const MAX_ROWS: usize = 100_000;
/// Exports by one account. Each can read as many rows as four thousand pages of the list.
const EXPORTS: Rate = Rate::new(30, Period::minutes(60));
/// Begins with the mark by which Excel knows UTF-8.
const HEAD: &str = "\u{FEFF}Username,Email address,First name,Last name,Active,Staff,Superuser,\
                    Email confirmed,Second factor,Joined,Last login\r\n";
/// The last line of a file that was cut.
const CUT: &str =
    "\"Only the first 100,000 users are in this file. Narrow the list to export the others.\"\r\n";

/// An export that is being read.
pub struct Export {
    users: Batches,
    rows: usize,
    has_begun: bool,
}

/// Begins an export of the users that the query of the list finds. It is in the audit log before
/// the first user is read.
///
/// # Errors
/// [`AppError::BadRequest`] for days that make no sense; [`AppError::Throttled`] after too many
/// exports; [`AppError::Unavailable`] when the database cannot be used.
pub async fn export(site: &AppState, staff: &Staff, _: &RecentAuth, query: &str) -> Result<Export, AppError> {
    let (filter, _) = UserFilter::from_query(query);
    dates::of(&filter).map_err(|_| AppError::BadRequest)?;
    let actor = staff.member().id();
    let limit = Limit::new("user_exports", &actor.0.to_string(), EXPORTS);
    site.throttle.take(&[limit]).await?;
    let users = Batches::of(site, filter.clone()).await?;
    let count = match users.found() {
        MatchCount::Exactly(1) => "1 user".to_owned(),
        MatchCount::Exactly(count) => format!("{} users", count.min(MAX_ROWS as i64)),
        MatchCount::MoreThan { count, .. } => format!("more than {count} users"),
    };
    let mut transaction = site.db.begin().await?;
    let change = ("exported", "", &*words(filter));
    audit::record(
        &mut transaction,
        site.clock.now(),
        Actor::Staff(staff),
        Object::Several(&count),
        &[change],
    )
    .await?;
    transaction.commit().await?;
    tracing::info!(actor = actor.0, count, "Users were exported by staff");
    Ok(Export { users, rows: 0, has_begun: false })
}

/// Describes the filter for the audit log, in the words of the address.
fn words(filter: UserFilter) -> String {
    const MAX_CHARS: usize = 500;
    let pairs = UserFilter { size: Size::default(), ..filter }.pairs();
    let words: Vec<_> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    words.join(", ").replace(char::is_control, " ").chars().take(MAX_CHARS).collect()
}

impl Export {
    /// Returns the next lines of the file, or `None` after the last.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database cannot be used.
    pub async fn next(&mut self) -> Result<Option<String>, AppError> {
        if !self.has_begun {
            self.has_begun = true;
            return Ok(Some(HEAD.to_owned()));
        }
        if self.rows > MAX_ROWS {
            return Ok(None);
        }
        let Some(users) = self.users.next().await? else { return Ok(None) };
        let mut lines: String = users.iter().take(MAX_ROWS - self.rows).map(line).collect();
        self.rows += users.len();
        if self.rows > MAX_ROWS {
            lines.push_str(CUT);
        }
        Ok(Some(lines))
    }
}

fn line(user: &LineRow) -> String {
    let names = [&user.username, &user.email, &user.first_name, &user.last_name].map(|name| cell(name));
    let facts = [Fact::Active, Fact::Staff, Fact::Superuser, Fact::Verified, Fact::SecondFactor];
    let facts = facts.map(|fact| if user.is(fact) { "yes" } else { "no" });
    let seen = user.last_login.map(|at| moment(at).iso).unwrap_or_default();
    format!("{},{},{},{seen}\r\n", names.join(","), facts.join(","), moment(user.date_joined).iso)
}

/// Quotes what members typed. What a spreadsheet would run as a formula gets an apostrophe, as
/// OWASP advises against CSV injection.
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['\t', '\r', '\n'])
        || text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    format!("\"{}{}\"", if is_formula { "'" } else { "" }, text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_no_formula() {
        for (text, expected) in [
            ("Ada", "\"Ada\""),
            ("", "\"\""),
            ("a, \"b\"\r\nc", "\"a, \"\"b\"\"\r\nc\""),
            ("=1+1", "\"'=1+1\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"'\t=1\""),
            ("\rx", "\"'\rx\""),
            (" =1", "\"' =1\""),
            ("＝1", "\"'＝1\""),
            ("a=1", "\"a=1\""),
        ] {
            assert_eq!(cell(text), expected);
        }
    }

    #[test]
    fn a_filter_is_words_without_control_characters() {
        let (filter, _) = UserFilter::from_query("?q=a%00b&active=1&size=100");
        assert_eq!(words(filter), "q=a b, active=1");
        let (long, _) = UserFilter::from_query(&format!("?q={}", "x".repeat(1000)));
        assert_eq!(words(long).len(), 500);
    }
}
