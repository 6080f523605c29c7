//! Resolves the effective member of each request, directly inside the session layer: during an
//! impersonation that is the impersonated member for everything further in.

use axum::{
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::service;
use crate::{
    accounts::{
        identity::{self, EndReason, Identity},
        impersonation_session,
        session::{self, AuthSession},
    },
    auth::sessions::IdHash,
    base::member::{ClientInfo, Member},
    shared::{error::AppError, level::Level},
    site::{AppState, ThisSession, flash, response},
    timing::Recorder,
    ui::flash::Message,
};

/// Inserts the effective [`Member`], if there is one, into the request's extensions.
pub async fn identify(State(site): State<AppState>, mut request: Request, next: Next) -> Response {
    let Some(auth) = request.extensions().get::<AuthSession>().cloned() else {
        return next.run(request).await;
    };
    let session = session::current_id(&auth);
    let Some(owner) = auth.user.clone() else {
        return next.run(request).await;
    };
    let identity = async {
        let impersonation = session::impersonation(&auth).await?;
        let has_both_factors = impersonation.is_some() && session::has_both_factors(&auth).await?;
        identity::resolve(&site, owner, has_both_factors, impersonation).await
    };
    let identity = identity.await;
    match identity {
        Ok(Identity::Member(member)) => {
            let may_log_out = member.impersonator().is_some() && request.method() == Method::POST;
            introduce(&mut request, member, session);
            if !may_log_out {
                return next.run(request).await;
            }
            // Also when the visitor has gone away: the record tells a logout from a lost session.
            response::to_the_end(async move {
                let response = next.run(request).await;
                if let Err(error) = note_logout(&site, &auth, session).await {
                    tracing::warn!(%error, "The end of an impersonation could not be recorded yet; trying again later");
                }
                response
            })
            .await
        }
        Ok(Identity::ImpersonationEnded(owner, ending)) => over(&site, request, &auth, &owner, ending).await,
        Err(error) => response::refuse(error),
    }
}

/// Records the end of the impersonation if the request has ended its session.
async fn note_logout(site: &AppState, auth: &AuthSession, session: Option<IdHash>) -> Result<(), AppError> {
    match session {
        Some(session) if session::current_id(auth).is_none() => {
            service::ended(site, &session, EndReason::LoggedOut).await
        }
        _ => Ok(()),
    }
}

fn introduce(request: &mut Request, member: Member, session: Option<IdHash>) {
    if let Some(recorder) = request.extensions().get::<Recorder>() {
        recorder.user(member.id());
        if let Some(actor) = member.impersonator() {
            recorder.actor(actor.id);
        }
    }
    // The session of staff is none of the member's devices.
    if let Some(session) = session.filter(|_| member.impersonator().is_none()) {
        request.extensions_mut().insert(ThisSession(session));
    }
    if let Some(actor) = member.impersonator()
        && let Some(client) = request.extensions_mut().get_mut::<ClientInfo>()
    {
        client.impersonator = Some(actor.clone());
    }
    request.extensions_mut().insert(member);
}

/// Returns the session to its owner when the impersonation has ended. A request that was sent from
/// one of the member's pages is not carried out, because it would be applied to the owner.
async fn over(
    site: &AppState,
    request: Request,
    auth: &AuthSession,
    owner: &Member,
    ending: EndReason,
) -> Response {
    let ended = async {
        impersonation_session::end(auth, site, owner).await?;
        match session::current_id(auth) {
            Some(session) => service::ended(site, &session, ending).await,
            None => Ok(()),
        }
    };
    if let Err(error) = ended.await {
        return response::refuse(error);
    }
    let is_page = [Method::GET, Method::HEAD].contains(request.method());
    let location = match request.uri().path_and_query() {
        Some(same) if is_page => same.as_str(),
        _ => &site.config.accounts.login_redirect_url,
    };
    let mut response = if is_page || response::wants_html(request.headers()) {
        let location = HeaderValue::try_from(location).unwrap_or(HeaderValue::from_static("/"));
        (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
    } else {
        response::refuse(AppError::ActingOver)
    };
    let message = match ending {
        EndReason::NotAllowed => Message::ActingNotAllowed,
        _ => Message::ActingTimeOver,
    };
    let headers = response.headers_mut();
    flash::set_message(site, request.headers(), headers, Level::Warning, message);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    response
}
