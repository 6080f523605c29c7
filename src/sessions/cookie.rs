//! Between the cookie and [`Sessions`]: signing in and out through axum-login.

use axum::{
    extract::{Request, State},
    http::{HeaderValue, header},
    middleware::Next,
    response::Response,
};
use axum_login::{AuthManagerLayer, AuthManagerLayerBuilder};
use server_fn::error::ServerFnErrorErr;
use tower_sessions::{Expiry, SessionManagerLayer, cookie::SameSite, session::Id};

use super::{
    origin::{Origin, Recent, Renewal},
    record::{self, ORIGIN_KEY, RENAMED_KEY},
    service::{IdHash, Sessions, hash_id},
};
use crate::{
    accounts::backend::{Backend, Credentials},
    error::AppError,
    forms::{Field, FormErrors, Problem},
    member::{Client, Member},
    server::{Site, cookies},
};

/// What server functions extract.
pub type AuthSession = axum_login::AuthSession<Backend>;

/// The cookie's name, before [`Site::cookie_name`].
pub const COOKIE: &str = "sessionid";

/// The layer that loads session and member. The cookie lives as long as a session can; when it ends sooner, the server knows.
pub fn layer(site: &Site) -> AuthManagerLayer<Backend, Sessions> {
    let longest = site.config.sessions.absolute.get();
    let sessions = SessionManagerLayer::new(site.sessions.clone())
        .with_name(site.cookie_name(COOKIE))
        .with_secure(site.is_https())
        .with_http_only(true)
        // Lax, not tower-sessions' Strict: who comes from a link in a mail is signed in.
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(longest.try_into().unwrap_or(time::Duration::days(90))));
    AuthManagerLayerBuilder::new(Backend::new(site.clone()), sessions).build()
}

/// Makes the removal of the session's cookie count: the session layer removes it without `Secure`, and a browser ignores that for
/// a name that begins with `__Host-`. And keeps it from counting where the request crossed one that gave the session its new id:
/// the browser has, or gets, a cookie of the same name that is good.
pub async fn removable(State(site): State<Site>, request: Request, next: Next) -> Response {
    let sent = cookies::read(&site, request.headers(), COOKIE);
    let mut response = next.run(request).await;
    let removal = format!("{}=;", site.cookie_name(COOKIE));
    let is_removal = |cookie: &HeaderValue| cookie.as_bytes().starts_with(removal.as_bytes());
    if !response.headers().get_all(header::SET_COOKIE).iter().any(is_removal) {
        return response;
    }
    let crossed = sent
        .and_then(|id| id.parse::<Id>().ok())
        .is_some_and(|id| site.sessions.was_renewed_just_now(hash_id(id.0)));
    let removed =
        HeaderValue::try_from(format!("{removal} Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax"));
    let cookies: Vec<HeaderValue> = match response.headers_mut().entry(header::SET_COOKIE) {
        header::Entry::Occupied(cookies) => cookies.remove_entry_mult().1.collect(),
        header::Entry::Vacant(_) => Vec::new(),
    };
    for cookie in cookies {
        let cookie = match (is_removal(&cookie), &removed) {
            (true, _) if crossed => continue,
            (true, Ok(removed)) if site.is_https() => removed.clone(),
            _ => cookie,
        };
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
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

/// Opens a new session. The one that was there, of whomever, ends first: axum-login renews the id only when nobody is signed in, and
/// B logging in over A would keep A's session (ASVS 7.2.4).
///
/// # Errors
/// An outage.
pub async fn sign_in(
    auth: &mut AuthSession,
    site: &Site,
    member: &Member,
    client: &Client,
    remember: bool,
) -> Result<(), AppError> {
    if auth.session.id().is_some() {
        log_out(auth).await?;
        // A flushed session keeps its record, and with it the old id, which would be stored again.
        auth.session.cycle_id().await.map_err(unavailable)?;
    }
    let origin = Origin::new(&site.config.sessions, site.clock.now(), client.clone(), remember);
    write(auth, member, &origin).await
}

/// Notes that the password was given again: the session goes on under a new id (ASVS 7.2.4), with its beginning and its end as they
/// were.
///
/// # Errors
/// [`AppError::SignedOut`] without a session, or an outage.
pub async fn renew(auth: &mut AuthSession, site: &Site, member: &Member) -> Result<(), AppError> {
    let renewal = renewal(auth, site).await?;
    site.sessions.renew(&renewal, member).await?;
    adopt(auth, &renewal, member).await
}

/// What the present session needs to go on under a new id.
///
/// # Errors
/// [`AppError::SignedOut`] without a session, or an outage.
pub async fn renewal(auth: &AuthSession, site: &Site) -> Result<Renewal, AppError> {
    let mut origin = origin(auth).await?.ok_or(AppError::SignedOut)?;
    origin.authenticated_at = site.clock.now();
    let old = auth.session.id().ok_or(AppError::SignedOut)?;
    Ok(Renewal { old, new: Id::default(), origin })
}

/// Takes over what [`Sessions::carry_over`] has written. The row has its new id before tower-sessions deletes the old one and makes
/// another, between which a session that is ended would come back.
///
/// # Errors
/// An outage.
pub async fn adopt(auth: &mut AuthSession, renewal: &Renewal, member: &Member) -> Result<(), AppError> {
    auth.session.insert(RENAMED_KEY, renewal.new.to_string()).await.map_err(unavailable)?;
    auth.session.cycle_id().await.map_err(unavailable)?;
    write(auth, member, &renewal.origin).await
}

async fn write(auth: &mut AuthSession, member: &Member, origin: &Origin) -> Result<(), AppError> {
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
pub async fn origin(auth: &AuthSession) -> Result<Option<Origin>, AppError> {
    auth.session.get(ORIGIN_KEY).await.map_err(unavailable)
}

/// The hash of the present session's id.
pub fn current_id(auth: &AuthSession) -> Option<IdHash> {
    auth.session.id().map(|id| hash_id(id.0))
}

/// The proof that the caller gave their password not long ago.
///
/// # Errors
/// [`AppError::ReauthenticationRequired`] when that was `sessions.reauthenticate_after` ago or more, or an outage.
pub async fn recently_authenticated(auth: &AuthSession, site: &Site) -> Result<Recent, AppError> {
    match origin(auth).await? {
        Some(origin) if origin.is_recent(&site.config.sessions, site.clock.now()) => Ok(Recent(())),
        _ => Err(AppError::ReauthenticationRequired),
    }
}

/// Ends the present session. Whose it was, if anybody's.
///
/// # Errors
/// An outage: the session is then still there.
pub async fn log_out(auth: &mut AuthSession) -> Result<Option<Member>, AppError> {
    if auth.session.id().is_none() {
        return Ok(None);
    }
    auth.logout().await.map_err(app_error)
}

/// Opens a session without a request, for `members-area demo`; the value of a Cookie header.
///
/// # Errors
/// An outage.
pub async fn open_for(site: &Site, member: &Member, client: &Client) -> Result<String, AppError> {
    let id = Id::default();
    let origin = Origin::new(&site.config.sessions, site.clock.now(), client.clone(), true);
    let data = record::data(member.id(), member.session_stamp(), &origin);
    site.sessions.open(hash_id(id.0), member.id(), &data, &origin).await?;
    Ok(format!("{}={id}", site.cookie_name(COOKIE)))
}

fn app_error(error: axum_login::Error<Backend>) -> AppError {
    match error {
        axum_login::Error::Backend(error) => error,
        axum_login::Error::Session(error) => unavailable(error),
    }
}

/// Our store has logged the cause already.
fn unavailable(_: tower_sessions::session::Error) -> AppError {
    AppError::Unavailable
}
