//! Closed by default (law 1): what is not on the two lists here is for members, and is refused before anything is rendered.

use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};
use server_fn::ServerFn;

use super::{Site, flash};
use crate::{
    accounts::api::{LogIn, LogOut, SignUp},
    sessions::cookie::{AuthSession, COOKIE},
    timing::Recorder,
    ui::flash::{Level, Message},
};

/// Pages that are open to everybody.
const PUBLIC_PAGES: [&str; 4] = ["/", "/accounts/login", "/accounts/logout", "/accounts/signup"];

/// Server functions that are open to everybody.
const PUBLIC_FUNCTIONS: [&str; 3] = [LogIn::PATH, LogOut::PATH, SignUp::PATH];

/// Whether the route is a page for everybody.
pub fn is_public_page(route: &str) -> bool {
    PUBLIC_PAGES.contains(&route)
}

fn is_public(route: &str) -> bool {
    is_public_page(route) || PUBLIC_FUNCTIONS.contains(&route)
}

/// Knows the member, lets them in, and answers everybody else on a closed route: pages with 303 to the login page, server
/// functions with 401, both with an empty body. A path without a route has nothing to guard; it gets its 404.
pub async fn guard(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let member = request.extensions().get::<AuthSession>().and_then(|auth| auth.user.clone());
    let open = request.extensions().get::<MatchedPath>().is_none_or(|route| is_public(route.as_str()));
    if let Some(member) = &member {
        if let Some(recorder) = request.extensions().get::<Recorder>() {
            recorder.user(member.id());
        }
        request.extensions_mut().insert(member.clone());
    }
    if member.is_none() && !open {
        return refuse(&site, &request);
    }
    let signed_in = member.is_some();
    let mut response = next.run(request).await;
    // What was made for a member is for nobody's cache, and what follows a sign-out shall not be found by the back button.
    if signed_in || !open {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
    response
}

fn refuse(site: &Site, request: &Request) -> Response {
    let mut response = Response::new(Body::empty());
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    // Who comes with a cookie was signed in; say why they are not any more.
    if flash::has_cookie(site, request.headers(), COOKIE) {
        flash::set_message(
            site,
            request.headers(),
            response.headers_mut(),
            Level::Warning,
            Message::SessionEnded,
        );
    }
    if request.uri().path().starts_with("/api/") {
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        return response;
    }
    let wanted = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let next: String =
        form_urlencoded::byte_serialize(wanted.as_bytes()).collect::<String>().replace("%2F", "/");
    let location = format!("{}?next={next}", site.config.accounts.login_url);
    *response.status_mut() = StatusCode::SEE_OTHER;
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}
