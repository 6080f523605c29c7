//! What handlers and layers answer, and say of an answer. An error page is not made here: a refusal is an answer with nothing but its
//! error, which the layer `error_page` turns into a page or a sentence, for whoever asks.

use std::future::Future;

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use server_fn::error::{FromServerFnError, SERVER_FN_ERROR_HEADER};
use tracing::Instrument;

use crate::shared::{error::AppError, forms::Submission};

/// In the extensions of an answer that is refused: why.
#[derive(Clone, Debug)]
pub struct Refused(pub AppError);

/// Refuses a request.
pub fn refuse(error: AppError) -> Response {
    let mut response =
        StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    response.extensions_mut().insert(Refused(error));
    response
}

/// What a handler of axum's answers to a form, so that it is read here as a server function's answer is.
pub fn form_answer(result: Result<Submission, AppError>) -> Response {
    const JSON: (header::HeaderName, &str) = (header::CONTENT_TYPE, "application/json");
    match result {
        Ok(submission) => ([JSON], serde_json::to_vec(&submission).unwrap_or_default()).into_response(),
        Err(error) => ([JSON], [(SERVER_FN_ERROR_HEADER, "error")], error.ser()).into_response(),
    }
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

/// Whether the answer is for a person.
pub fn wants_html(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

/// Sets `Retry-After` where the error knows it.
pub fn retry_after(headers: &mut HeaderMap, error: &AppError) {
    if let Some(seconds) = error.retry_after() {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
}

/// Marks an answer that its member's browser may keep: what it shows has an address of its own and never changes.
#[derive(Clone, Copy, Debug)]
pub struct Keepable;

/// The address of a page that leads on to `next`.
pub fn with_next(page: &str, next: &str) -> HeaderValue {
    let next: String =
        form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>().replace("%2F", "/");
    HeaderValue::try_from(format!("{page}?next={next}")).unwrap_or(HeaderValue::from_static("/"))
}

/// Says of the page being rendered that it is not to be kept, by us or by anybody. In a server function.
pub fn no_store() {
    if let Some(response) = use_context::<ResponseOptions>() {
        response.insert_header(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
}

/// Has the browser forget what it kept of a member, on logout. Not the cookies: the flash message is one, and the session's is
/// removed by the session layer.
pub fn clear_site_data() {
    if let Some(response) = use_context::<ResponseOptions>() {
        response.insert_header(
            HeaderName::from_static("clear-site-data"),
            HeaderValue::from_static("\"cache\", \"storage\""),
        );
    }
}
