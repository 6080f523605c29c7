//! Between the session and everything that asks who is there: who acts as a member is that member from here on.

use axum::{
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::service::{self, Asking, Ending};
use crate::{
    base::member::{Client, Member},
    server::{
        Site,
        error_page::{self, Unframed},
        flash,
    },
    sessions::{
        acting,
        cookie::{self, AuthSession},
        live,
    },
    shared::{error::AppError, level::Level},
    timing::Recorder,
    ui::flash::Message,
};

/// Puts the [`Member`] who asks into the request's extensions, if there is one.
pub async fn who_asks(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let Some(auth) = request.extensions().get::<AuthSession>().cloned() else {
        return next.run(request).await;
    };
    let Some(owner) = auth.user.clone() else {
        return next.run(request).await;
    };
    let asking = match acting::of(&auth).await {
        Ok(acting) => service::asking(&site, owner, acting).await,
        Err(error) => Err(error),
    };
    match asking {
        Ok(Asking::Member(member)) => {
            introduce(&mut request, member);
            next.run(request).await
        }
        Ok(Asking::Over(owner, ending)) => over(&site, request, &auth, &owner, ending).await,
        Err(error) => error_page::refuse(&site, request.headers(), &error),
    }
}

fn introduce(request: &mut Request, member: Member) {
    if let Some(recorder) = request.extensions().get::<Recorder>() {
        recorder.user(member.id());
        if let Some(actor) = member.acting() {
            recorder.actor(actor.id);
        }
    }
    if let Some(actor) = member.acting()
        && let Some(client) = request.extensions_mut().get_mut::<Client>()
    {
        client.acting = Some(actor.clone());
    }
    request.extensions_mut().insert(member);
}

/// The session is its owner's again. What was sent from a page of the member's is not done, for it would be done to the owner.
async fn over(site: &Site, request: Request, auth: &AuthSession, owner: &Member, ending: Ending) -> Response {
    let ended = async {
        acting::forget(auth, site, owner).await?;
        match cookie::current_id(auth) {
            Some(session) => service::ended(site, &session, ending).await,
            None => Ok(()),
        }
    };
    if let Err(error) = ended.await {
        return error_page::refuse(site, request.headers(), &error);
    }
    let is_page = [Method::GET, Method::HEAD].contains(request.method());
    let location = match request.uri().path_and_query() {
        Some(same) if is_page => same.as_str(),
        _ => &site.config.accounts.login_redirect_url,
    };
    let mut response = if is_page || error_page::wants_html(request.headers()) {
        let location = HeaderValue::try_from(location).unwrap_or(HeaderValue::from_static("/"));
        (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
    } else {
        error_page::refuse(site, request.headers(), &AppError::ActingOver)
    };
    let message = match ending {
        Ending::NotAllowed => Message::ActingNotAllowed,
        _ => Message::ActingTimeOver,
    };
    let headers = response.headers_mut();
    flash::set_message(site, request.headers(), headers, Level::Warning, message);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    response
}

/// Error pages are also made where nobody has asked for the session yet, or nobody remembers (a panic, a time that is over, a request
/// that cannot be read). Where somebody acts as a member, these too say so.
pub async fn banner_on_error_pages(State(site): State<Site>, request: Request, next: Next) -> Response {
    let (headers, path) = (request.headers().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    let Some(unframed) = response.extensions().get::<Unframed>().cloned() else {
        return response;
    };
    match live::asking(&site, &headers).await {
        Ok(Some(Asking::Member(member))) if member.acting().is_some() => {
            error_page::framed(&site, response, unframed, &member, path)
        }
        _ => response,
    }
}
