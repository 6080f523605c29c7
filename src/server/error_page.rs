//! Error pages, for failures outside the site's pages and for responses that a lower layer left
//! empty.

use axum::{
    body::Body,
    extract::{Request, State},
    http::{Extensions, HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use leptos::{prelude::*, tachys::html::InertElement};
use server_fn::error::FromServerFnError;

use super::{
    page_context,
    shell::base_head,
    theme::{self, chosen},
    top::{top, top_for_unknown},
};
use crate::{
    base::member::Member,
    shared::{error::AppError, paths::HEALTH, theme::Theme},
    site::{
        AppState,
        response::{Refused, retry_after, wants_html},
    },
    timing::request_id,
    ui::{ErrorText, Footer, Main},
};

/// Answers with an error: a page for browsers, the encoded error for scripts.
pub fn refuse(site: &AppState, headers: &HeaderMap, error: &AppError) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    respond(site, headers, status, Some(error))
}

/// Answers a form post with an error; the page links back to the one with the form.
pub fn refuse_form(site: &AppState, headers: &HeaderMap, error: &AppError, page: Option<String>) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer(site, headers, status, Some(error), Frame::Unknown { back: page })
}

/// Answers a member who lacks the permission. The page has the navigation, so they can go on.
pub fn forbidden(site: &AppState, request: &Request, member: &Member, error: &AppError) -> Response {
    let has_admin = member.is_staff() && page_context::admin_is_here(site, request.extensions());
    let frame = Frame::Of { top: top(site, Some(member), has_admin, request.uri().path()), back: None };
    answer(site, request.headers(), StatusCode::FORBIDDEN, Some(error), frame)
}

/// Response extension: this error page was rendered without a member; an outer layer may render it
/// again with one.
#[derive(Clone)]
pub struct Unframed {
    status: StatusCode,
    sentence: String,
    back: Option<String>,
    seen: Seen,
}

/// What an error page takes from its request.
#[derive(Clone)]
struct Seen {
    theme: Theme,
    /// To be quoted, unless the sentence has it.
    request_id: Option<String>,
}

/// Renders the error page again, with the navigation of this member.
pub fn framed(
    site: &AppState,
    response: Response,
    Unframed { status, sentence, back, seen }: Unframed,
    member: &Member,
    path: &str,
) -> Response {
    let (mut head, _) = response.into_parts();
    head.headers.insert(header::CONTENT_SECURITY_POLICY, WITH_FORMS);
    // Whether the admin is open to the client's network is not known here.
    let has_admin = member.is_staff() && site.config.admin.allow_from.is_empty();
    let frame = Frame::Of { top: top(site, Some(member), has_admin, path), back };
    Response::from_parts(head, Body::from(page(site, status, sentence, frame, seen)))
}

/// Answers with a status, also one that no [`AppError`] has.
pub fn respond(
    site: &AppState,
    headers: &HeaderMap,
    status: StatusCode,
    error: Option<&AppError>,
) -> Response {
    answer(site, headers, status, error, Frame::Unknown { back: None })
}

/// The policy of an error page with a member's navigation, whose forms may be sent.
const WITH_FORMS: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'",
);

/// Whose navigation the page shows.
enum Frame {
    /// The member is not known here; the page links to the start page, from which all others can be
    /// reached.
    Unknown { back: Option<String> },
    /// The navigation of a member.
    Of { top: String, back: Option<String> },
}

fn answer(
    site: &AppState,
    headers: &HeaderMap,
    status: StatusCode,
    error: Option<&AppError>,
    frame: Frame,
) -> Response {
    let error = error.map(|error| error.clone().reported(request_id::of_request(headers)));
    let error = error.as_ref();
    let sentence = error.map_or_else(|| sentence(status).to_owned(), ToString::to_string);
    let mut response = if wants_html(headers) {
        let request_id =
            request_id::of_request(headers).filter(|id| !sentence.contains(id)).map(str::to_owned);
        let seen = Seen { theme: theme::of_request(site, &Extensions::new(), headers), request_id };
        let unframed = match &frame {
            Frame::Unknown { back } => {
                Some(Unframed { status, sentence: sentence.clone(), back: back.clone(), seen: seen.clone() })
            }
            Frame::Of { .. } => None,
        };
        let html = page(site, status, sentence, frame, seen);
        let mut response = ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response();
        match unframed {
            // Nothing of the member for a network that is refused.
            Some(_) if error == Some(&AppError::NetworkRefused) => {}
            Some(unframed) => drop(response.extensions_mut().insert(unframed)),
            None => drop(response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, WITH_FORMS)),
        }
        response
    } else if let Some(error) = error {
        ([(header::CONTENT_TYPE, "application/json")], error.ser()).into_response()
    } else {
        ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], sentence).into_response()
    };
    *response.status_mut() = status;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    if let Some(error) = error {
        retry_after(response.headers_mut(), error);
    }
    response
}

/// Fills in error responses that other layers leave empty or plain: a page for browsers, a sentence
/// or the encoded error for scripts.
///
/// tower-sessions and axum-login answer a failing store with an empty 500, and so does the layer
/// that catches panics. axum answers a wrong method with an empty 405, and a path that it cannot
/// read with a line of its own. The time limit is an empty 504. Answers to health checks are left
/// as they are.
pub async fn never_empty(State(site): State<AppState>, request: Request, next: Next) -> Response {
    let headers = request.headers().clone();
    let is_health_check = HEALTH.contains(&request.uri().path());
    let response = next.run(request).await;
    let refused = response.extensions().get::<Refused>().map(|Refused(error)| error.clone());
    let status = response.status();
    let is_empty = http_body::Body::size_hint(response.body()).exact() == Some(0);
    let is_page = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let lacks_a_page =
        wants_html(&headers) && !is_page && (status.is_client_error() || status.is_server_error());
    // Scripts expect an empty 401.
    let lacks_a_sentence = is_empty && (status.is_server_error() || status == StatusCode::METHOD_NOT_ALLOWED);
    if refused.is_none() && (is_health_check || !(lacks_a_page || lacks_a_sentence)) {
        return response;
    }
    let error = refused.or_else(|| match status {
        StatusCode::UNAUTHORIZED => Some(AppError::SignedOut),
        StatusCode::FORBIDDEN => Some(AppError::Forbidden),
        StatusCode::NOT_FOUND => Some(AppError::NotFound),
        StatusCode::PAYLOAD_TOO_LARGE => Some(AppError::TooLarge),
        StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => Some(AppError::TimedOut),
        _ if response.extensions().get::<Panicked>().is_some() => Some(AppError::Internal),
        _ if status.is_server_error() => Some(AppError::Unavailable),
        _ => None,
    });
    let mut page = match &error {
        Some(error) => refuse(&site, &headers, error),
        None => respond(&site, &headers, status, None),
    };
    for name in [header::ALLOW, header::REFRESH, header::SET_COOKIE] {
        for value in response.headers().get_all(&name) {
            page.headers_mut().append(name.clone(), value.clone());
        }
    }
    page
}

/// Response extension: the request panicked.
#[derive(Clone)]
struct Panicked;

/// Handles a panic for `CatchPanicLayer`. [`never_empty`] renders the page; the log has the panic
/// (`timing::log`).
pub fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
    response.extensions_mut().insert(Panicked);
    response
}

fn sentence(status: StatusCode) -> &'static str {
    match status {
        StatusCode::METHOD_NOT_ALLOWED => "This address does not accept that kind of request.",
        _ if status.is_client_error() => "We could not read that request.",
        _ => "Something went wrong.",
    }
}

fn page(site: &AppState, status: StatusCode, sentence: String, frame: Frame, seen: Seen) -> String {
    let Seen { theme, request_id } = seen;
    let owner = Owner::new();
    let name = &site.config.site.name;
    // One escaped text: in a title the browser would show the marker comments that Leptos puts
    // between text nodes.
    let title = format!("{} · {name}", status.canonical_reason().unwrap_or("Error"));
    let html = owner.with(|| {
        let (top, back, is_member) = match frame {
            Frame::Unknown { back } => (top_for_unknown(site), back, false),
            Frame::Of { top, back } => (top, back, true),
        };
        view! {
            <!DOCTYPE html>
            <html lang="en" data-theme=chosen(theme)>
                <head>
                    {InertElement::new(base_head(&site.assets.css, theme))} <title inner_html=title.to_html() />
                </head>
                <body>
                    <div class="top" inner_html=top></div>
                    <Main>
                        <ErrorText status=status.as_u16() sentence=sentence back is_member request_id />
                    </Main>
                    <Footer />
                </body>
            </html>
        }
        .to_html()
    });
    owner.unset();
    html
}
