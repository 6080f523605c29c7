//! Between the cookie and [`crate::auth::sessions::Sessions`]: signing in and out through axum-login.

use axum::http::HeaderMap;
use axum_login::{AuthManagerLayer, AuthManagerLayerBuilder};
use server_fn::error::ServerFnErrorErr;
use tower_sessions::{Expiry, SessionManagerLayer, cookie::SameSite, session::Id};

use super::{
    backend::{Backend, Credentials},
    session_store::Store,
};
use crate::{
    auth::sessions::{
        IdHash,
        data::{self, ACTING_KEY, Acting, ORIGIN_KEY, PREVIOUS_KEY, RENAMED_KEY},
        hash_id,
        login_context::{LoginContext, RecentAuth, Rotation},
    },
    base::member::{ClientInfo, Member},
    shared::{
        error::AppError,
        forms::{Field, FormErrors, Problem},
    },
    site::{
        AppState,
        cookies::{self, SESSION},
    },
};

/// What server functions extract.
pub type AuthSession = axum_login::AuthSession<Backend>;

/// The layer that loads session and member. The cookie lives as long as a session can; when it ends sooner, the server knows.
pub fn layer(site: &AppState) -> AuthManagerLayer<Backend, Store> {
    let longest = site.config.sessions.absolute.get();
    let sessions = SessionManagerLayer::new(Store(site.clone()))
        .with_name(site.cookie_name(SESSION))
        .with_secure(site.is_https())
        .with_http_only(true)
        // Lax, not tower-sessions' Strict: who comes from a link in a mail is signed in.
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(longest.try_into().unwrap_or(time::Duration::days(90))));
    AuthManagerLayerBuilder::new(Backend::new(site.clone()), sessions).build()
}

/// Returns the id in the cookie of a request, whether there is such a session or not.
pub fn sent_id(site: &AppState, headers: &HeaderMap) -> Option<Id> {
    cookies::read(site, headers, SESSION)?.parse().ok()
}

/// The present request's session, in a server function.
///
/// # Errors
/// [`AppError::Internal`] outside of a request.
pub async fn auth_session() -> Result<AuthSession, AppError> {
    leptos_axum::extract().await.map_err(|_: ServerFnErrorErr| AppError::Internal)
}

/// Whose credentials these are.
///
/// # Errors
/// A refused form for wrong ones, or an outage.
pub async fn authenticate(auth: &mut AuthSession, credentials: Credentials) -> Result<Member, AppError> {
    auth.authenticate(credentials)
        .await
        .map_err(app_error)?
        .ok_or_else(|| AppError::Invalid(FormErrors::one(Field::Form, Problem::BadCredentials)))
}

/// Opens a new session, in a server function. The one that was there, of whomever, ends: axum-login renews the id only when nobody
/// is signed in, and B logging in over A would keep A's session (ASVS 7.2.4). The id that the browser had is recorded as replaced.
///
/// # Errors
/// An outage.
pub async fn sign_in(
    auth: &mut AuthSession,
    site: &AppState,
    member: &Member,
    client: &ClientInfo,
    remember: bool,
) -> Result<(), AppError> {
    if auth.session.id().is_some() {
        auth.logout().await.map_err(app_error)?;
        // A flushed session keeps its record, and with it the old id, which would be stored again.
        auth.session.cycle_id().await.map_err(unavailable)?;
    }
    if let Some(previous) = cookies::current(SESSION) {
        auth.session.insert(PREVIOUS_KEY, previous).await.map_err(unavailable)?;
    }
    let origin = LoginContext::new(&site.config.sessions, site.clock.now(), client.clone(), remember);
    write(auth, member, &origin).await
}

/// Notes that the password was given again: the session goes on under a new id (ASVS 7.2.4), with its beginning and its end as they
/// were.
///
/// # Errors
/// [`AppError::SignedOut`] without a session, or an outage.
pub async fn renew(auth: &mut AuthSession, site: &AppState, member: &Member) -> Result<(), AppError> {
    let renewal = renewal(auth, site).await?;
    site.sessions.renew(&renewal, member).await?;
    adopt(auth, &renewal, member).await
}

/// What the present session needs to go on under a new id.
///
/// # Errors
/// [`AppError::SignedOut`] without a session, or an outage.
pub async fn renewal(auth: &AuthSession, site: &AppState) -> Result<Rotation, AppError> {
    let mut origin = origin(auth).await?.ok_or(AppError::SignedOut)?;
    origin.authenticated_at = site.clock.now();
    let old = auth.session.id().ok_or(AppError::SignedOut)?;
    Ok(Rotation { old, new: Id::default(), origin })
}

/// Takes over what [`Sessions::carry_over`] has written. The row has its new id before tower-sessions deletes the old one and makes
/// another, between which a session that is ended would come back.
///
/// # Errors
/// An outage.
pub async fn adopt(auth: &mut AuthSession, renewal: &Rotation, member: &Member) -> Result<(), AppError> {
    auth.session.insert(RENAMED_KEY, renewal.new.to_string()).await.map_err(unavailable)?;
    auth.session.cycle_id().await.map_err(unavailable)?;
    write(auth, member, &renewal.origin).await
}

/// Under another id, which whoever calls this has chosen; the password was not given again.
///
/// # Errors
/// [`AppError::SignedOut`] when the session has ended, or an outage.
pub(super) async fn go_on(
    auth: &mut AuthSession,
    site: &AppState,
    member: &Member,
    origin: LoginContext,
    new: Id,
) -> Result<(), AppError> {
    let old = auth.session.id().ok_or(AppError::SignedOut)?;
    let renewal = Rotation { old, new, origin };
    site.sessions.renew(&renewal, member).await?;
    adopt(auth, &renewal, member).await
}

async fn write(auth: &mut AuthSession, member: &Member, origin: &LoginContext) -> Result<(), AppError> {
    auth.session.insert(ORIGIN_KEY, origin).await.map_err(unavailable)?;
    if !origin.remember {
        auth.session.set_expiry(Some(Expiry::OnSessionEnd));
    }
    auth.login(member).await.map_err(app_error)?;
    // Now, so that an outage is an error here and not an empty page from the layer.
    auth.session.save().await.map_err(unavailable)
}

/// How the present session began.
///
/// # Errors
/// An outage.
pub async fn origin(auth: &AuthSession) -> Result<Option<LoginContext>, AppError> {
    auth.session.get(ORIGIN_KEY).await.map_err(unavailable)
}

/// The hash of the present session's id.
pub fn current_id(auth: &AuthSession) -> Option<IdHash> {
    auth.session.id().map(|id| hash_id(id.0))
}

/// The proof that the caller gave their password not long ago.
///
/// # Errors
/// [`AppError::ReauthenticationRequired`] when that was `sessions.reauthenticate_after` ago or more,
/// [`AppError::ClosedWhileActing`] in a session in which staff acts as a member, whose password nobody gave, or an outage.
pub async fn recently_authenticated(auth: &AuthSession, site: &AppState) -> Result<RecentAuth, AppError> {
    if acting(auth).await?.is_some() {
        return Err(AppError::ClosedWhileActing);
    }
    let origin = origin(auth).await?;
    let recent = origin.and_then(|origin| origin.recent(&site.config.sessions, site.clock.now()));
    recent.ok_or(AppError::ReauthenticationRequired)
}

/// Whether staff acts in this session, and as whom.
///
/// # Errors
/// An outage.
pub async fn acting(auth: &AuthSession) -> Result<Option<Acting>, AppError> {
    auth.session.get(ACTING_KEY).await.map_err(unavailable)
}

/// Ends the present session. Whose it was, if anybody's.
///
/// # Errors
/// An outage: the session is then still there.
pub async fn log_out(auth: &mut AuthSession, site: &AppState) -> Result<Option<Member>, AppError> {
    let Some(id) = current_id(auth) else {
        return Ok(None);
    };
    site.sessions.end(id).await?;
    auth.logout().await.map_err(app_error)
}

/// Opens a session without a request, for `members-area demo`; the value of a Cookie header.
///
/// # Errors
/// An outage.
pub async fn open_for(site: &AppState, member: &Member, client: &ClientInfo) -> Result<String, AppError> {
    let id = Id::default();
    let origin = LoginContext::new(&site.config.sessions, site.clock.now(), client.clone(), true);
    let data = data::data(member.id(), member.session_stamp(), &origin);
    site.sessions.open(hash_id(id.0), member.id(), &data, &origin).await?;
    Ok(format!("{}={id}", site.cookie_name(SESSION)))
}

fn app_error(error: axum_login::Error<Backend>) -> AppError {
    match error {
        axum_login::Error::Backend(error) => error,
        axum_login::Error::Session(error) => unavailable(error),
    }
}

/// Our store has logged the cause already.
pub(super) fn unavailable(_: tower_sessions::session::Error) -> AppError {
    AppError::Unavailable
}
