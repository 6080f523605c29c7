//! Post/Redirect/Get for forms without JavaScript, for all server functions.
//!
//! By default Leptos answers a plain form post with a redirect to the `Referer`, puts the error
//! into that URL, drops the input, and answers every error with status 500. Here, a refused form
//! goes back to its page (303) with its errors and values in the flash cookie; any other error gets
//! an error page; and scripts get the error's own status.

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode, Uri, header, request::Parts, response::Parts as Head,
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use server_fn::{
    ServerFn,
    error::{FromServerFnError, SERVER_FN_ERROR_HEADER},
    redirect::REDIRECT_HEADER,
};

use super::{error_page, guard};
use crate::{
    accounts::api::{PasskeyReauthenticate, Reauthenticate},
    base::{member::Member, outcome},
    shared::{
        error::AppError,
        forms::{FORM_PAGE, FormErrors, Submission},
        paths::REAUTHENTICATE,
    },
    site::{
        AppState, cookie_check, cookies, flash,
        form_body::{self, FormPart, Values},
        pending_form,
        response::{self, to_the_end},
    },
    timing::{Recorder, request_id},
};

/// Wraps the server functions.
pub async fn plain_forms(State(site): State<AppState>, request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with("/api/") {
        return next.run(request).await;
    }
    if request.method() != Method::POST {
        return back_to_a_page(&site, request, next).await;
    }
    let (parts, body) = request.into_parts();
    let (sent, body) = match form_body::read(&site, &parts, body).await {
        Ok(read) => read,
        Err((sent, error)) => return failed(&site, sent, &error),
    };
    let again = [Reauthenticate::PATH, PasskeyReauthenticate::PATH]
        .contains(&sent.path.as_str())
        .then(|| (next.clone(), parts.clone()));
    let answered = match Answered::by(next, Request::from_parts(parts, body)).await {
        Ok(answered) => answered,
        Err(error) => return failed(&site, sent, &error),
    };
    if let Some((next, parts)) = again
        && let Some(page) = answered.accepted_location()
        && let Some((uri, body)) = pending_form::resend(&site, &parts.headers, &page)
        && let member = parts.extensions.get::<Member>()
        && guard::lets_in(member, uri.path())
        && !member.is_some_and(|member| guard::must_enrol(member, uri.path(), site.clock.now()))
    {
        return send_again(&site, next, parts, uri, body, page).await;
    }
    finish(&site, sent, answered)
}

/// The answer of a server function.
struct Answered {
    head: Head,
    body: Bytes,
    error: Option<(HeaderValue, AppError)>,
}

impl Answered {
    async fn by(next: Next, request: Request) -> Result<Self, AppError> {
        let recorder = request.extensions().get::<Recorder>().cloned().unwrap_or_default();
        let (mut head, body) = to_the_end(next.run(request)).await.into_parts();
        let body = to_bytes(body, usize::MAX).await.map_err(|_| AppError::Internal)?;
        let error =
            head.headers.remove(SERVER_FN_ERROR_HEADER).map(|mark| (mark, AppError::de(body.clone())));
        let answered = Self { head, body, error };
        match (&answered.error, answered.submission()) {
            (Some((_, error)), _) => recorder.set_outcome(outcome::of_error(error)),
            (None, Ok(submission)) => recorder.set_outcome(outcome::of_submission(&submission)),
            (None, Err(_)) => {}
        }
        Ok(answered)
    }

    fn submission(&self) -> Result<Submission, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }

    /// Returns the redirect target of an accepted form.
    fn accepted_location(&self) -> Option<String> {
        let is_accepted = self.error.is_none() && matches!(self.submission(), Ok(Submission::Accepted));
        let location = self.head.headers.get(header::LOCATION).filter(|_| is_accepted)?;
        location.to_str().ok().map(str::to_owned)
    }

    /// Turns this into the answer to an accepted form that leads to `page`.
    fn lead_to(&mut self, page: &str) {
        self.body = Bytes::from(serde_json::to_vec(&Submission::Accepted).unwrap_or_default());
        self.head.headers.remove(header::CONTENT_LENGTH);
        self.head.headers.insert(header::LOCATION, location(page));
        self.head.headers.insert(REDIRECT_HEADER, HeaderValue::from_static("true"));
    }
}

/// Replays the form for which the password was asked. It goes through the same handler, because
/// every server function's route finds the function by the request's path.
async fn send_again(
    site: &AppState,
    next: Next,
    mut parts: Parts,
    uri: Uri,
    body: Bytes,
    page: String,
) -> Response {
    let mut values = form_body::values(&body);
    values.insert(FORM_PAGE.to_owned(), page.clone());
    let sent = FormPart { path: uri.path().to_owned(), headers: parts.headers.clone(), values };
    parts.uri = uri;
    parts.headers.insert(header::CONTENT_LENGTH, body.len().into());
    let mut answered = match Answered::by(next, Request::from_parts(parts, Body::from(body))).await {
        Ok(answered) => answered,
        Err(error) => return failed(site, sent, &error),
    };
    if answered.error.is_some() {
        return finish(site, sent, answered);
    }
    cookies::remove(site, &mut answered.head.headers, pending_form::COOKIE);
    match answered.submission() {
        Ok(Submission::Accepted) => finish(site, sent, answered),
        // The errors belong to fields on another page than the password form, so they go into the
        // flash cookie, for scripts too.
        Ok(Submission::Refused(errors)) => {
            flash::set_form(site, &mut answered.head.headers, sent.clone().returned(errors));
            answered.lead_to(&page);
            finish(site, sent, answered)
        }
        Ok(Submission::Reauthenticate) | Err(_) => {
            answered.lead_to(&page);
            finish(site, sent, answered)
        }
    }
}

/// Converts a server function's answer for its kind of client.
fn finish(site: &AppState, sent: FormPart, answered: Answered) -> Response {
    let (request, submission) = (sent.headers.clone(), answered.submission());
    let Answered { mut head, body, error } = answered;
    if !response::wants_html(&sent.headers) {
        if matches!(submission, Ok(Submission::Reauthenticate)) {
            let location = reauthenticate(site, sent, &mut head.headers);
            head.headers.insert(header::LOCATION, location);
            head.headers.insert(REDIRECT_HEADER, HeaderValue::from_static("true"));
        }
        // Leptos's client recognises an error by its status and decodes it from the body.
        if let Some((mark, error)) = error {
            head.status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            head.headers.insert(SERVER_FN_ERROR_HEADER, mark);
            head.headers.remove(header::LOCATION);
            head.headers.remove(header::CONTENT_LENGTH);
            response::retry_after(&mut head.headers, &error);
            let error = error.reported(request_id::of_request(&request));
            return Response::from_parts(head, Body::from(error.ser()));
        }
        if let Some(to) = head.headers.remove(header::LOCATION) {
            let to = cookie_check::mark(&request, &head.headers, to);
            head.headers.insert(header::LOCATION, to);
        }
        return Response::from_parts(head, Body::from(body));
    }
    if let Some((_, error)) = error {
        return failed(site, sent, &error);
    }
    if !(head.status.is_success() || head.status.is_redirection()) {
        return Response::from_parts(head, Body::from(body));
    }
    let mut headers = cookies_of(&head.headers);
    let to = match submission {
        Ok(Submission::Refused(errors)) => {
            let page = sent.page(site);
            flash::set_form(site, &mut headers, sent.returned(errors));
            page.map(|page| location(&page))
        }
        Ok(Submission::Reauthenticate) => Some(reauthenticate(site, sent, &mut headers)),
        Ok(Submission::Accepted) => head.headers.remove(header::LOCATION),
        // A function that is not a form was posted as one; its answer is not meant for people.
        Err(_) => return error_page::refuse(site, &sent.headers, &AppError::BadRequest),
    };
    if let Some(clear) = head.headers.remove("clear-site-data") {
        headers.insert("clear-site-data", clear);
    }
    let to = to.unwrap_or(HeaderValue::from_static("/"));
    let to = cookie_check::mark(&request, &headers, to);
    headers.insert(header::LOCATION, to);
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// Answers a form that failed. Browsers get an error page with a link to the form. If all that is
/// left is to try again, the page also refreshes to the form, with the reason and the input.
fn failed(site: &AppState, sent: FormPart, error: &AppError) -> Response {
    let page = sent.page(site).filter(|_| response::wants_html(&sent.headers));
    let mut response = error_page::refuse_form(site, &sent.headers, error, page.clone());
    if let Some(page) = page
        && (error.retry_after().is_some() || *error == AppError::TooLarge)
    {
        lead_back(response.headers_mut(), &page);
        let form = sent.returned(FormErrors::default());
        flash::set_failed_form(site, response.headers_mut(), error.clone(), form);
    }
    response
}

/// Sends a browser that opens a server function's address, for example from its history, back to
/// the page that it came from.
async fn back_to_a_page(site: &AppState, request: Request, next: Next) -> Response {
    let headers = request.headers().clone();
    let mut response = next.run(request).await;
    if response.status() == StatusCode::METHOD_NOT_ALLOWED
        && response::wants_html(&headers)
        && let Some(page) = form_body::page(site, &headers, &Values::new())
    {
        lead_back(response.headers_mut(), &page);
    }
    response
}

/// Makes the browser go to a page at once. The status of the response stays correct for logs and
/// metrics, and browsers follow this header whatever the status is.
fn lead_back(headers: &mut HeaderMap, page: &str) {
    if let Ok(refresh) = HeaderValue::try_from(format!("0;url={page}")) {
        headers.insert(header::REFRESH, refresh);
    }
}

fn location(page: &str) -> HeaderValue {
    HeaderValue::try_from(page).unwrap_or(HeaderValue::from_static("/"))
}

/// Stores the form until re-authentication, and returns the address of the page that asks for the
/// password.
fn reauthenticate(site: &AppState, sent: FormPart, answer: &mut HeaderMap) -> HeaderValue {
    let page = sent.page(site).unwrap_or_else(|| "/".to_owned());
    pending_form::keep_for_reauthentication(site, &sent.headers, answer, &page, &sent.path, sent.values);
    response::with_next(REAUTHENTICATE, &page)
}

fn cookies_of(headers: &HeaderMap) -> HeaderMap {
    headers.get_all(header::SET_COOKIE).iter().map(|cookie| (header::SET_COOKIE, cookie.clone())).collect()
}
