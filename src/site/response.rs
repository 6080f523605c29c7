//! Responses of handlers and layers, and marks on them. Error pages are not rendered here: a
//! refusal is a response with only its error, which the layer `error_page` turns into a page or a
//! sentence, depending on the client.

use std::future::Future;

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use server_fn::error::{FromServerFnError, SERVER_FN_ERROR_HEADER};
use tracing::Instrument;

use crate::{
    base::spent::carried,
    shared::{error::AppError, forms::Submission, json::to_json},
};

/// Response extension: the request was refused with this error.
#[derive(Clone, Debug)]
pub struct Refused(pub AppError);

/// Returns a response that refuses the request with `error`.
pub fn refuse(error: AppError) -> Response {
    let mut response =
        StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    response.extensions_mut().insert(Refused(error));
    response
}

/// Returns the response of an axum handler to a form, in the format of server functions.
pub fn form_answer(result: Result<Submission, AppError>) -> Response {
    const JSON: (header::HeaderName, &str) = (header::CONTENT_TYPE, "application/json");
    match result {
        Ok(submission) => ([JSON], to_json(&submission).unwrap_or_default()).into_response(),
        Err(error) => ([JSON], [(SERVER_FN_ERROR_HEADER, "error")], error.ser()).into_response(),
    }
}

/// Runs a request to its end, even if the visitor cancels it, which drops the handler. A write must
/// not stop halfway: dropped between the commit and the invalidation, a logout would leave its
/// session in memory.
pub async fn to_the_end(answer: impl Future<Output = Response> + Send + 'static) -> Response {
    match tokio::spawn(carried(answer.in_current_span())).await {
        Ok(response) => response,
        // Continues the panic here, for `CatchPanicLayer`.
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        },
    }
}

/// Returns whether the client accepts HTML.
pub fn wants_html(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

/// Sets `Retry-After` if the error has one.
pub fn retry_after(headers: &mut HeaderMap, error: &AppError) {
    if let Some(seconds) = error.retry_after() {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
}

/// Response extension: the member's browser may cache the response, because its content has a URL
/// of its own and never changes.
#[derive(Clone, Copy, Debug)]
pub struct Keepable;

/// Returns the URL of `page` with `next` as its parameter.
pub fn with_next(page: &str, next: &str) -> HeaderValue {
    let next: String =
        form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>().replace("%2F", "/");
    HeaderValue::try_from(format!("{page}?next={next}")).unwrap_or(HeaderValue::from_static("/"))
}

/// Marks the page being rendered as not cacheable, by the site or by anybody else. In a server
/// function.
pub fn no_store() {
    if let Some(response) = use_context::<ResponseOptions>() {
        response.insert_header(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
}

/// Makes the browser delete what it cached of a member, on logout. Cookies are excluded: one holds
/// the flash message, and the session layer removes the session's.
pub fn clear_site_data() {
    if let Some(response) = use_context::<ResponseOptions>() {
        response.insert_header(
            HeaderName::from_static("clear-site-data"),
            HeaderValue::from_static("\"cache\", \"storage\""),
        );
    }
}
