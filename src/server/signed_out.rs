//! Calls of server functions after the caller's session has ended.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    response::Response,
};
use server_fn::ServerFn;

use crate::{
    accounts::api::Reauthenticate,
    pictures::upload,
    shared::{forms::FORM_PAGE, level::Level},
    site::{
        AppState,
        cookies::SESSION,
        flash,
        form_body::{self, WITH_FILE},
        next::destination,
        pending_form, response,
    },
    ui::flash::Message,
};

/// Answers an anonymous call of a closed server function. A browser is sent to the login page and
/// from there back to the form's page, with its input restored; a script gets an empty 401.
pub async fn answer(site: &AppState, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let navigates = response::wants_html(&parts.headers);
    let is_form = parts.method == Method::POST;
    let sent = match form_body::read(site, &parts, body).await {
        Ok((sent, body)) => {
            if navigates && WITH_FILE.contains(&sent.path.as_str()) {
                // A browser does not read the response while it is still sending.
                upload::drain(body, site.config.server.request_timeout.get()).await;
            }
            sent
        }
        Err((sent, _)) => sent,
    };
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    if flash::has_cookie(site, &parts.headers, SESSION) || (navigates && is_form) {
        flash::set_message(site, &parts.headers, headers, Level::Warning, Message::SessionEnded);
    }
    let page = if sent.path == Reauthenticate::PATH {
        // Logging in proves the password too, and the form that asked for it is already stored.
        sent.values.get("next").and_then(|next| destination(next, &site.base_url, "/"))
    } else {
        let page = sent.page(site);
        if let Some(page) = &page
            && is_form
            && (navigates || sent.values.contains_key(FORM_PAGE))
        {
            pending_form::keep_to_show(site, headers, page, &sent.path, sent.values);
        }
        page
    };
    if navigates {
        let login = &site.config.accounts.login_url;
        let to = match page {
            Some(page) => response::with_next(login, &page),
            None => HeaderValue::try_from(login).unwrap_or(HeaderValue::from_static("/")),
        };
        headers.insert(header::LOCATION, to);
        *response.status_mut() = StatusCode::SEE_OTHER;
    } else {
        *response.status_mut() = StatusCode::UNAUTHORIZED;
    }
    response
}
