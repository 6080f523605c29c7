//! Renders the app's pages, and the 404 page.

use std::sync::LazyLock;

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use leptos::prelude::{provide_context, use_context};
use leptos_axum::{AxumRouteListing, ResponseOptions, generate_route_list};

use super::{
    fragments,
    page_context::{admin_is_here, last_login, notice, provide_zone, visitor},
    shell::shell,
    theme,
    top::top,
};
use crate::{
    app::App,
    base::{
        config::{Environment, MailTransport},
        member::Member,
    },
    shared::{error::AppError, trailing_slash::without_slash},
    site::{AppState, flash::Carried, parts, response::refuse},
    timing::request_id,
    ui::{PageContext, SetStatus, Visitor, frame::TopHtml},
};

/// Returns the routes of all pages. The list is generated once: generating it sets a process-wide
/// flag, under which a page being rendered at that time waits for ever (leptos issue 4773).
pub fn routes() -> &'static [AxumRouteListing] {
    static ROUTES: LazyLock<Vec<AxumRouteListing>> = LazyLock::new(|| generate_route_list(App));
    &ROUTES
}

/// Provides what a page may know of its request. Only the server's render gets it; the browser
/// receives it within the page.
pub fn provide_page_context(site: &AppState) {
    provide(site, false);
}

fn provide(site: &AppState, is_missing: bool) {
    let Ok(parts) = parts::parts() else {
        return;
    };
    let carried = parts.extensions.get::<Carried>().cloned().unwrap_or_default();
    let member = parts.extensions.get::<Member>();
    let (messages, form) = carried.shown_to(member.map(Member::username));
    let has_admin = member.is_some_and(Member::is_staff) && admin_is_here(site, &parts.extensions);
    // The banners at the top contain times, too.
    let time_zone = provide_zone(member);
    provide_context(TopHtml(top(site, member, has_admin, parts.uri.path())));
    provide_context(PageContext {
        site_name: site.config.site.name.clone(),
        visitor: member.map(|member| Visitor { is_staff: has_admin, ..visitor(member) }),
        has_lab: site.config.has_lab(),
        is_development: site.config.site.environment == Environment::Development,
        has_mailbox: site.config.mail.transport == MailTransport::Mailbox,
        is_mail_login_off: !site.config.accounts.mail_login.is_on(),
        last_login: last_login(site, &parts),
        password_rules: site.password_rules.shown(),
        theme: theme::of_request(site, &parts.extensions, &parts.headers),
        messages,
        form,
        impersonation: member.and_then(notice),
        request_id: is_missing.then(|| request_id::of_request(&parts.headers).map(str::to_owned)).flatten(),
        time_zone,
        is_missing,
    });
    let response = use_context::<ResponseOptions>().unwrap_or_default();
    provide_context(SetStatus::new(move |status, retry_after| {
        if let Ok(status) = StatusCode::from_u16(status) {
            response.set_status(status);
        }
        if let Some(seconds) = retry_after {
            response.insert_header(header::RETRY_AFTER, seconds.into());
        }
    }));
    provide_context(fragments::of(site, &parts));
}

/// Redirects a path with a trailing slash to its page, refuses functions that do not exist, which
/// pages of another version call, and renders the 404 page for everything else.
pub async fn fallback(State(site): State<AppState>, request: Request) -> Response {
    if request.uri().path().starts_with("/api/") {
        return refuse(AppError::Outdated);
    }
    if let Some(location) = with_query(without_slash(request.uri().path()), request.uri().query()) {
        return (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, location)]).into_response();
    }
    let (context, app) = (site.clone(), site);
    let render = leptos_axum::render_app_async_with_context(
        move || {
            provide_context(context.clone());
            provide(&context, true);
        },
        move || shell(&app),
    );
    let mut response: Response<Body> = render(request).await;
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}

/// Returns the page's address with the query of the request. (308 keeps the method.)
fn with_query(page: Option<&str>, query: Option<&str>) -> Option<HeaderValue> {
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    HeaderValue::try_from(format!("{}{query}", page?)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::{
        functions::FUNCTIONS,
        paths::{Access, CODES_FILE, EXPORT, PAGES, PICTURE, SAVE_PICTURE, USERS_CSV},
    };

    #[test]
    fn every_entry_is_of_a_page() {
        let routes: Vec<&str> = routes().iter().map(|route| route.path()).collect();
        let lines: Vec<&str> = PAGES.iter().map(|page| page.path).collect();
        for line in lines.iter().filter(|line| ![CODES_FILE, EXPORT, PICTURE, USERS_CSV].contains(line)) {
            assert!(routes.contains(line), "{line} is no page");
        }
        for (at, line) in lines.iter().enumerate() {
            assert!(!lines[..at].contains(line), "{line} stands there twice");
        }
        for page in PAGES.iter().filter(|page| page.path.starts_with("/admin")) {
            assert!(matches!(page.access, Access::Permitted(_)), "{}", page.path);
        }
    }

    #[test]
    fn every_function_has_an_entry_and_every_entry_a_function() {
        let functions: Vec<&str> = server_fn::axum::server_fn_paths().map(|(path, _)| path).collect();
        let lines: Vec<&str> = FUNCTIONS.iter().map(|function| function.path).collect();
        for function in functions.iter().filter(|function| function.starts_with("/api/admin/")) {
            assert!(lines.contains(function), "{function} has no line in FUNCTIONS");
        }
        for (at, line) in lines.iter().enumerate() {
            assert!(functions.contains(line) || *line == SAVE_PICTURE, "{line} is no server function");
            assert!(!lines[..at].contains(line), "{line} stands there twice");
        }
        for function in FUNCTIONS.iter().filter(|function| function.path.starts_with("/api/admin/")) {
            assert!(function.changes || function.page.is_some(), "{}: for whom is it?", function.path);
        }
        let pages: Vec<&str> = PAGES.iter().map(|page| page.path).collect();
        assert!(FUNCTIONS.iter().filter_map(|function| function.page).all(|page| pages.contains(&page)));
    }
}
