//! The activity of all users.

use super::super::users::{service as users, service::UserSearch};
use super::{Asked, SiteActivityLine, SiteActivityListing, store};
use crate::{
    activity::{ActivityKind, Cursor, service::browser_of},
    base::{
        member::{Staff, UserId},
        moment::moment,
        paging,
    },
    shared::error::AppError,
    site::AppState,
};

const PAGE: usize = 100;
/// Matching users whose activity is searched; with more, none is shown.
const MAX_USERS: usize = 20;

/// Returns the page of the list that `query` asks for.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn listing(site: &AppState, _: &Staff, query: &str) -> Result<SiteActivityListing, AppError> {
    let asked = Asked::from_query(query);
    let named = match asked.user {
        Some(user) => UserSearch::These(vec![UserId(user)]),
        None => users::named(site, &asked.search, MAX_USERS).await?,
    };
    let users = match named {
        UserSearch::All => None,
        UserSearch::These(users) => Some(users),
        UserSearch::TooMany => {
            return Ok(SiteActivityListing {
                asked,
                of: None,
                is_too_many: true,
                lines: Vec::new(),
                older: None,
            });
        }
    };
    let mut connection = site.db.read().await?;
    let of = match asked.user {
        Some(user) => store::username(&mut connection, UserId(user)).await?,
        None => None,
    };
    let sql = store::statement(
        users.as_deref(),
        asked.kind.map(ActivityKind::name),
        asked.before,
        paging::limit(PAGE),
    );
    let mut rows = store::lines(&mut connection, sql).await?;
    let older = paging::cut(&mut rows, PAGE).map(|row| Cursor { at: row.at, id: row.id });
    let line = |row: store::SiteActivityRow| SiteActivityLine {
        at: moment(row.at),
        user: row.user_id,
        username: row.username,
        kind: ActivityKind::from_name(&row.kind),
        detail: row.detail,
        address: row.address,
        browser: browser_of(&row.agent),
    };
    Ok(SiteActivityListing {
        asked,
        of,
        is_too_many: false,
        lines: rows.into_iter().map(line).collect(),
        older,
    })
}
