//! Listing and ending the sessions of all users.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::super::users::{
    service as users,
    service::{Target, UserSearch},
};
use super::{SessionLine, SessionListing, store};
use crate::{
    activity::{self, ActivityKind},
    audit::{
        service as history,
        service::{Actor, Object},
    },
    auth::sessions::{IdHash, login_context::RecentAuth},
    base::{
        announcements::Change,
        clock::Millis,
        member::{ClientInfo, Staff},
        moment::moment,
        paging,
        user_agent::describe,
    },
    shared::error::AppError,
    site::{AppState, RequestContext},
};

const PAGE: usize = 100;
/// Matching users whose sessions are searched; with more, none is shown.
const MAX_USERS: usize = 200;

/// Returns the page of the list that `query` asks for.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn listing(site: &AppState, staff: &Staff, query: &str) -> Result<SessionListing, AppError> {
    let (search, before) = read(query);
    let users = match users::named(site, &search, MAX_USERS).await? {
        UserSearch::All => None,
        UserSearch::These(users) => Some(users),
        UserSearch::TooMany => {
            return Ok(SessionListing {
                search,
                is_too_many: true,
                lines: Vec::new(),
                is_older: false,
                older: None,
            });
        }
    };
    let sql = store::statement(site.clock.now(), users.as_deref(), before.as_ref(), paging::limit(PAGE));
    let mut rows = store::lines(&mut *site.db.read().await?, sql).await?;
    let older = paging::cut(&mut rows, PAGE).map(|last| {
        let mut query = form_urlencoded::Serializer::for_suffix("?".to_owned(), 1);
        if !search.is_empty() {
            query.append_pair("q", &search);
        }
        let line = format!("{}-{}", last.created_at, URL_SAFE_NO_PAD.encode(&last.id_hash));
        query.append_pair("before", &line).finish()
    });
    let mut owners: Vec<i64> = rows.iter().map(|row| row.user_id).collect();
    owners.sort_unstable();
    owners.dedup();
    let within_reach = users::within_reach(site, staff, &owners).await?;
    let line = |row: store::SessionListRow| SessionLine {
        can_be_ended: within_reach.contains(&row.user_id),
        session: URL_SAFE_NO_PAD.encode(&row.id_hash),
        user: row.user_id,
        username: row.username,
        device: describe(&row.agent),
        address: row.address,
        since: moment(row.created_at),
        last_seen: moment(row.last_seen_at),
    };
    let lines = rows.into_iter().map(line).collect();
    Ok(SessionListing { search, is_too_many: false, lines, is_older: before.is_some(), older })
}

/// Parses the query into the search and the line before which the page begins.
fn read(query: &str) -> (String, Option<(Millis, Vec<u8>)>) {
    let (mut search, mut before) = (String::new(), None);
    for (name, value) in form_urlencoded::parse(query.trim_start_matches('?').as_bytes()) {
        match name.as_ref() {
            "q" => value.trim().clone_into(&mut search),
            "before" => {
                before = value
                    .split_once('-')
                    .and_then(|(at, hash)| Some((at.parse().ok()?, URL_SAFE_NO_PAD.decode(hash).ok()?)));
            }
            _ => {}
        }
    }
    (search, before)
}

/// Ends a user's session. Returns false if there is no such session.
///
/// # Errors
/// [`AppError::Forbidden`] for the caller's own sessions and those of a user with permissions that
/// the caller lacks; [`AppError::Unavailable`] when the database cannot be used.
pub async fn end(
    context: &RequestContext,
    staff: &Staff,
    _: &RecentAuth,
    session: &str,
) -> Result<bool, AppError> {
    let (site, now) = (&context.site, context.site.clock.now());
    let Some(id) = URL_SAFE_NO_PAD.decode(session).ok().and_then(|id| IdHash::try_from(id).ok()) else {
        return Ok(false);
    };
    let mut transaction = site.db.begin().await?;
    let Some((user, agent)) = store::find(&mut transaction, &id).await? else {
        return Ok(false);
    };
    let target = Target::find(&mut transaction, user).await?;
    target.require_within(staff)?;
    if !store::delete(&mut transaction, &id).await? {
        return Ok(false);
    }
    transaction.announce(Change::Session(user, id));
    let device = describe(&agent);
    let object = Object::User(user, &target.row.username);
    history::record(&mut transaction, now, Actor::Staff(staff), object, &[("logged out", &device, "")])
        .await?;
    let detail = format!("{device}, by staff");
    activity::service::record(
        &mut transaction,
        now,
        user,
        ActivityKind::DeviceEnded,
        &detail,
        &ClientInfo::default(),
    )
    .await?;
    transaction.commit().await?;
    site.sessions.forget_all(&[(user, id)]);
    site.cache.invalidate_member(user, "a session ended by staff");
    Ok(true)
}
