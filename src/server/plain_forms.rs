//! Forms without JavaScript, for all server functions at once: Post/Redirect/Get.
//!
//! Left alone, Leptos answers a plain form post with a redirect to whatever the `Referer` header says, puts the error into that
//! URL, drops what was typed, and answers every error with status 500. Here instead: a refused form goes back to its page (303)
//! with its errors and values in the flash cookie; any other error is an error page; and script clients get the error's own status.

use std::{collections::BTreeMap, error::Error, future::Future};

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http_body_util::LengthLimitError;
use server_fn::{
    error::{FromServerFnError, SERVER_FN_ERROR_HEADER},
    redirect::REDIRECT_HEADER,
};
use tracing::Instrument;

use super::{Site, error_page, flash, guard, outcome};
use crate::{
    accounts::next::destination,
    error::AppError,
    forms::{FORM_PAGE, Field, FormErrors, ReturnedForm, Submission},
    pictures,
    sessions::press,
    timing::{Recorder, request_id},
};

/// Forms that send a file. They read it themselves, within a limit of their own; what else they say stands in their address.
const WITH_FILE: [&str; 1] = [pictures::SAVE_PATH];

/// Wraps the server functions.
pub async fn plain_forms(State(site): State<Site>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST || !request.uri().path().starts_with("/api/") {
        return next.run(request).await;
    }
    let (parts, sent) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let (body, sent) = if WITH_FILE.contains(&path.as_str()) {
        (Bytes::from(parts.uri.query().unwrap_or_default().to_owned()), sent)
    } else {
        let limit = usize::try_from(site.config.server.max_body.bytes()).unwrap_or(usize::MAX);
        match to_bytes(sent, limit).await {
            Ok(body) => (body.clone(), Body::from(body)),
            Err(error) => return error_page::refuse(&site, &parts.headers, &unreadable(&error)),
        }
    };
    let headers = parts.headers.clone();
    let recorder = parts.extensions.get::<Recorder>().cloned().unwrap_or_default();
    let response = to_the_end(next.run(Request::from_parts(parts, sent))).await;
    let (mut head, answer) = response.into_parts();
    let Ok(answer) = to_bytes(answer, usize::MAX).await else {
        return error_page::refuse(&site, &headers, &AppError::Internal);
    };
    let error = head.headers.remove(SERVER_FN_ERROR_HEADER).map(|mark| (mark, AppError::de(answer.clone())));
    let submission = serde_json::from_slice(&answer);
    match (&error, &submission) {
        (Some((_, error)), _) => recorder.came_to(outcome::of_error(error)),
        (None, Ok(submission)) => recorder.came_to(outcome::of_submission(submission)),
        (None, Err(_)) => {}
    }
    if !error_page::wants_html(&headers) {
        if matches!(submission, Ok(Submission::Reauthenticate)) {
            let location = reauthenticate(&site, &headers, &path, &body, &mut head.headers);
            head.headers.insert(header::LOCATION, location);
            head.headers.insert(REDIRECT_HEADER, HeaderValue::from_static("true"));
        }
        // The browser's half of Leptos knows an error by its status and reads it from the body.
        if let Some((mark, error)) = error {
            head.status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            head.headers.insert(SERVER_FN_ERROR_HEADER, mark);
            head.headers.remove(header::LOCATION);
            head.headers.remove(header::CONTENT_LENGTH);
            error_page::retry_after(&mut head.headers, &error);
            let error = error.reported(request_id::of_request(&headers));
            return Response::from_parts(head, Body::from(error.ser()));
        }
        return Response::from_parts(head, Body::from(answer));
    }
    if let Some((_, error)) = error {
        return error_page::refuse(&site, &headers, &error);
    }
    if !(head.status.is_success() || head.status.is_redirection()) {
        return Response::from_parts(head, Body::from(answer));
    }
    let mut kept = cookies_of(&head.headers);
    let location = match submission {
        Ok(Submission::Refused(errors)) => {
            let values = typed_values(&body);
            let page = form_page(&site, &headers, values.get(FORM_PAGE));
            flash::set_form(
                &site,
                &mut kept,
                ReturnedForm { form: path, errors, values: shown_again(values) },
            );
            HeaderValue::try_from(page).ok()
        }
        Ok(Submission::Reauthenticate) => Some(reauthenticate(&site, &headers, &path, &body, &mut kept)),
        Ok(Submission::Accepted) => head.headers.remove(header::LOCATION),
        // A function that is no form, called as one: nothing here is meant for reading.
        Err(_) => return error_page::refuse(&site, &headers, &AppError::BadRequest),
    };
    if let Some(clear) = head.headers.remove("clear-site-data") {
        kept.insert("clear-site-data", clear);
    }
    kept.insert(header::LOCATION, location.unwrap_or(HeaderValue::from_static("/")));
    (StatusCode::SEE_OTHER, kept).into_response()
}

/// Returns why a body could not be read: too large, or broken off or garbled on its way.
fn unreadable(error: &axum::Error) -> AppError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            return AppError::TooLarge;
        }
        cause = error.source();
    }
    AppError::BadRequest
}

/// What a handler of axum's answers to a form, so that it is read here as a server function's answer is.
pub fn answer(result: Result<Submission, AppError>) -> Response {
    const JSON: (header::HeaderName, &str) = (header::CONTENT_TYPE, "application/json");
    match result {
        Ok(submission) => ([JSON], serde_json::to_vec(&submission).unwrap_or_default()).into_response(),
        Err(error) => ([JSON], [(SERVER_FN_ERROR_HEADER, "error")], error.ser()).into_response(),
    }
}

/// Keeps what was typed, or pressed, and says where the password is asked for; from there the way leads back to the form.
fn reauthenticate(
    site: &Site,
    headers: &HeaderMap,
    form: &str,
    body: &Bytes,
    answer: &mut HeaderMap,
) -> HeaderValue {
    let values = typed_values(body);
    let page = form_page(site, headers, values.get(FORM_PAGE));
    let values = if press::is_one(form) { press::values(values) } else { shown_again(values) };
    let form = ReturnedForm { form: form.to_owned(), errors: FormErrors::default(), values };
    flash::keep_form(site, answer, &page, form);
    guard::with_next(guard::REAUTHENTICATE, &page)
}

/// A visitor who goes away drops whatever waits for them. What writes goes on to its end all the same: dropped between the commit
/// and the invalidation, a logout would leave its session in memory.
pub async fn to_the_end(answer: impl Future<Output = Response> + Send + 'static) -> Response {
    match tokio::spawn(answer.in_current_span()).await {
        Ok(response) => response,
        // For `CatchPanicLayer`, as if it had happened here.
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        },
    }
}

/// The page that the form stands on: what its hidden field says, or a `Referer` of ours, if either stays on this site.
fn form_page(site: &Site, headers: &HeaderMap, field: Option<&String>) -> String {
    let referer = headers.get(header::REFERER).and_then(|referer| referer.to_str().ok());
    field
        .map(String::as_str)
        .into_iter()
        .chain(referer)
        .find_map(|page| destination(page, &site.base_url, "/"))
        .unwrap_or_else(|| "/".to_owned())
}

/// The boxes that were ticked under one name, which then ends in `[]`, are one value, with commas between.
fn typed_values(body: &Bytes) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(body) {
        let present: &mut String = values.entry(name.clone().into_owned()).or_default();
        if name.ends_with("[]") && !present.is_empty() {
            present.push(',');
            present.push_str(&value);
        } else {
            *present = value.into_owned();
        }
    }
    values
}

/// Known fields only, and never a password.
fn shown_again(values: BTreeMap<String, String>) -> BTreeMap<String, String> {
    values
        .into_iter()
        .filter(|(name, _)| Field::ALL.iter().any(|field| field.is_shown_again() && field.name() == name))
        .collect()
}

fn cookies_of(headers: &HeaderMap) -> HeaderMap {
    headers.get_all(header::SET_COOKIE).iter().map(|cookie| (header::SET_COOKIE, cookie.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_carried() {
        let values = typed_values(&Bytes::from_static(
            b"username=ada&password1=a&password2=b&password=c&form_page=/x&next=/y",
        ));
        assert_eq!(shown_again(values), BTreeMap::from([("username".to_owned(), "ada".to_owned())]));
    }

    #[test]
    fn boxes_under_one_name_are_all_carried() {
        let values =
            typed_values(&Bytes::from_static(b"permissions[]=a&email=x&permissions%5B%5D=b&email=y"));
        let expected = [("email", "y"), ("permissions[]", "a,b")];
        assert_eq!(shown_again(values), expected.map(|(name, value)| (name.into(), value.into())).into());
    }
}
