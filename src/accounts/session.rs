//! Signing in and out through axum-login: the link between the cookie and
//! [`crate::auth::sessions::Sessions`].

use axum::http::HeaderMap;
use axum_login::{AuthManagerLayer, AuthManagerLayerBuilder};
use server_fn::error::ServerFnErrorErr;
use tower_sessions::{Expiry, SessionManagerLayer, cookie::SameSite, session::Id};

use super::{
    backend::{Backend, Credentials},
    service::ProvenLogin,
    session_store::Store,
};
use crate::{
    auth::{
        factors::FactorUse,
        sessions::{
            IdHash,
            data::{self, ACTING_KEY, Impersonation, ORIGIN_KEY, PREVIOUS_KEY, RENAMED_KEY},
            hash_id,
            login_context::{LoginContext, RecentAuth, Rotation},
        },
    },
    base::member::{ClientInfo, Member},
    shared::{
        error::AppError,
        forms::{Field, Problem},
        login_method::LoginMethod,
    },
    site::{
        AppState,
        cookies::{self, SESSION},
    },
};

/// axum-login's session of a request, as server functions extract it.
pub type AuthSession = axum_login::AuthSession<Backend>;

/// Returns the layer that loads session and member. The cookie lives as long as a session possibly
/// can; the server knows when it ends sooner.
pub fn layer(site: &AppState) -> AuthManagerLayer<Backend, Store> {
    let longest = site.config.sessions.absolute.get();
    let sessions = SessionManagerLayer::new(Store(site.clone()))
        .with_name(site.cookie_name(SESSION))
        .with_secure(site.is_https())
        .with_http_only(true)
        // Lax, not tower-sessions' Strict, so that visitors who follow a link in a mail are signed
        // in.
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(longest.try_into().unwrap_or(time::Duration::days(90))));
    AuthManagerLayerBuilder::new(Backend::new(site.clone()), sessions).build()
}

/// Returns the session id in a request's cookie, whether such a session exists or not.
pub fn sent_id(site: &AppState, headers: &HeaderMap) -> Option<Id> {
    cookies::read(site, headers, SESSION)?.parse().ok()
}

/// Returns the present request's session. For server functions.
///
/// # Errors
/// [`AppError::Internal`] outside of a request.
pub async fn auth_session() -> Result<AuthSession, AppError> {
    leptos_axum::extract().await.map_err(|_: ServerFnErrorErr| AppError::Internal)
}

/// Returns the member with these credentials.
///
/// # Errors
/// [`AppError::Invalid`] when they are wrong or the address must be verified first;
/// [`AppError::Throttled`] past a rate limit; [`AppError::Busy`] when the hash queue is full;
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn authenticate(auth: &mut AuthSession, credentials: Credentials) -> Result<Member, AppError> {
    auth.authenticate(credentials)
        .await
        .map_err(app_error)?
        .ok_or_else(|| AppError::invalid(Field::Form, Problem::BadCredentials))
}

/// Opens a new session after a complete login. For server functions. The browser's previous
/// session, of whichever member, ends: axum-login changes the id only when nobody is signed in, and
/// B logging in over A would keep A's session (ASVS 7.2.4). The previous id is recorded as
/// replaced.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn sign_in(
    auth: &mut AuthSession,
    site: &AppState,
    login: &ProvenLogin,
    client: &ClientInfo,
) -> Result<(), AppError> {
    if auth.session.id().is_some() {
        auth.logout().await.map_err(app_error)?;
        // A flushed session keeps its record and its old id, which would be stored again.
        auth.session.cycle_id().await.map_err(unavailable)?;
    }
    if let Some(previous) = cookies::current(SESSION) {
        auth.session.insert(PREVIOUS_KEY, previous).await.map_err(unavailable)?;
    }
    let settings = &site.config.sessions;
    let mut origin = LoginContext {
        factor: login.factor(),
        ..LoginContext::new(settings, site.clock.now(), client.clone(), login.remember())
    };
    if login.method() == LoginMethod::MailedCode {
        origin.authenticated_at = LoginContext::NEVER;
    }
    write(auth, login.member(), &origin).await
}

/// Records a re-authentication by the password and, if the member has one, a second factor: rotates
/// the session to a new id (ASVS 7.2.4). Its beginning and its absolute end stay.
///
/// # Errors
/// [`AppError::SignedOut`] without a session; [`AppError::Unavailable`] when the database cannot be
/// used.
pub async fn rotate(
    auth: &mut AuthSession,
    site: &AppState,
    member: &Member,
    factor: Option<FactorUse>,
) -> Result<(), AppError> {
    let mut rotation = rotation(auth, site).await?;
    rotation.origin.factor = factor.or(rotation.origin.factor);
    site.sessions.rotate(&rotation, member).await?;
    switch_to(auth, &rotation, member).await
}

/// Records the first use of a new second factor. The password keeps its time.
///
/// # Errors
/// [`AppError::SignedOut`] without a session; [`AppError::Unavailable`] when the database cannot be
/// used.
pub async fn rotate_with_factor(
    auth: &mut AuthSession,
    site: &AppState,
    member: &Member,
    factor: FactorUse,
) -> Result<(), AppError> {
    let origin = origin(auth).await?.ok_or(AppError::SignedOut)?;
    continue_as(auth, site, member, LoginContext { factor: Some(factor), ..origin }, Id::default()).await
}

/// Prepares a rotation of the present session, with the password entered now.
///
/// # Errors
/// [`AppError::SignedOut`] without a session; [`AppError::Unavailable`] when the database cannot be
/// used.
pub async fn rotation(auth: &AuthSession, site: &AppState) -> Result<Rotation, AppError> {
    let mut rotation = renewal(auth).await?;
    rotation.origin.authenticated_at = site.clock.now();
    Ok(rotation)
}

/// Prepares a rotation of the present session, in which nothing was proven anew.
///
/// # Errors
/// As those of [`rotation`].
pub async fn renewal(auth: &AuthSession) -> Result<Rotation, AppError> {
    let origin = origin(auth).await?.ok_or(AppError::SignedOut)?;
    let old = auth.session.id().ok_or(AppError::SignedOut)?;
    Ok(Rotation { old, new: Id::default(), origin })
}

/// Applies to the request's session a rotation that
/// [`crate::auth::sessions::Sessions::rotate_in`] has written. The row has its new id by then:
/// tower-sessions deletes the old one and creates another, and a session that ends in between must
/// not be restored.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn switch_to(auth: &mut AuthSession, rotation: &Rotation, member: &Member) -> Result<(), AppError> {
    auth.session.insert(RENAMED_KEY, rotation.new.to_string()).await.map_err(unavailable)?;
    auth.session.cycle_id().await.map_err(unavailable)?;
    write(auth, member, &rotation.origin).await
}

/// Rotates the session to an id chosen by the caller. Does not count as re-authentication.
///
/// # Errors
/// [`AppError::SignedOut`] when the session has ended; [`AppError::Unavailable`] when the database
/// cannot be used.
pub(super) async fn continue_as(
    auth: &mut AuthSession,
    site: &AppState,
    member: &Member,
    origin: LoginContext,
    new: Id,
) -> Result<(), AppError> {
    let old = auth.session.id().ok_or(AppError::SignedOut)?;
    let rotation = Rotation { old, new, origin };
    site.sessions.rotate(&rotation, member).await?;
    switch_to(auth, &rotation, member).await
}

async fn write(auth: &mut AuthSession, member: &Member, origin: &LoginContext) -> Result<(), AppError> {
    auth.session.insert(ORIGIN_KEY, origin).await.map_err(unavailable)?;
    if !origin.remember {
        auth.session.set_expiry(Some(Expiry::OnSessionEnd));
    }
    auth.login(member).await.map_err(app_error)?;
    // Saved here, so that an outage is an error of the function and not an empty page from the
    // layer.
    auth.session.save().await.map_err(unavailable)
}

/// Returns the login that began the present session.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn origin(auth: &AuthSession) -> Result<Option<LoginContext>, AppError> {
    auth.session.get(ORIGIN_KEY).await.map_err(unavailable)
}

/// Returns whether a second factor was used in the present session, besides the password.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn has_both_factors(auth: &AuthSession) -> Result<bool, AppError> {
    Ok(origin(auth).await?.is_some_and(|origin| origin.factor.is_some()))
}

/// Returns the hash of the present session's id.
pub fn current_id(auth: &AuthSession) -> Option<IdHash> {
    auth.session.id().map(|id| hash_id(id.0))
}

/// Returns the proof that the caller recently entered their password and, with a second factor,
/// used that.
///
/// # Errors
/// [`AppError::ReauthenticationRequired`] when either was `sessions.reauthenticate_after` ago or
/// more; [`AppError::ClosedWhileActing`] during an impersonation, because nobody entered the
/// member's password; [`AppError::Unavailable`] when the database cannot be used.
pub async fn recently_authenticated(auth: &AuthSession, site: &AppState) -> Result<RecentAuth, AppError> {
    if impersonation(auth).await?.is_some() {
        return Err(AppError::ClosedWhileActing);
    }
    let (origin, now) = (origin(auth).await?, site.clock.now());
    let (origin, member) = origin.zip(auth.user.as_ref()).ok_or(AppError::ReauthenticationRequired)?;
    origin.recent(&site.config.sessions, now, member).ok_or(AppError::ReauthenticationRequired)
}

/// Returns the impersonation in this session, if there is one.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn impersonation(auth: &AuthSession) -> Result<Option<Impersonation>, AppError> {
    auth.session.get(ACTING_KEY).await.map_err(unavailable)
}

/// Ends the present session. Returns the member who was signed in, if any.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used; the session then still exists.
pub async fn log_out(auth: &mut AuthSession, site: &AppState) -> Result<Option<Member>, AppError> {
    let Some(id) = current_id(auth) else {
        return Ok(None);
    };
    site.sessions.end(id).await?;
    auth.logout().await.map_err(app_error)
}

/// Opens a session without a login, for `members-area demo`. Returns the value of a `Cookie`
/// header.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
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

/// Our store has already logged the cause.
pub(super) fn unavailable(_: tower_sessions::session::Error) -> AppError {
    AppError::Unavailable
}
