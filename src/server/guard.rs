//! Access control, closed by default: `shared::paths` and `shared::functions` list what is open to
//! whom, and every other route is for members. Refused requests are answered before anything is
//! rendered.

use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};

use super::{error_page, signed_out};
use crate::{
    accounts::{
        mail_links,
        session::{self, AuthSession},
    },
    base::{
        clock::Millis,
        member::{ClientInfo, Member},
        spent::Timer,
    },
    shared::{
        error::AppError,
        functions::{self, is_open_while_enrolling, is_open_while_impersonating},
        level::Level,
        part::Part,
        paths::{self, ADMIN, AUTHENTICATOR, Access, Page, REAUTHENTICATE},
    },
    site::{
        AppState,
        cookies::SESSION,
        flash, pending_form,
        response::{Keepable, with_next},
    },
    timing::security,
    ui::flash::Message,
};

/// The admin's server functions.
const ADMIN_FUNCTIONS: &str = "/api/admin/";

/// Returns whether this member, or an anonymous visitor, may open the page as they are: without
/// re-authentication, and without setting up a second factor first.
pub fn admits(member: Option<&Member>, page: &Page, now: Millis) -> bool {
    !page.recent
        && match member {
            Some(member) => may_enter_page(member, page) && !must_enrol(member, page.path, now),
            None => page.access == Access::Public,
        }
}

/// Returns whether this member, or an anonymous visitor, may open the route at all. Some pages ask
/// for the password again before they open.
pub fn lets_in(member: Option<&Member>, route: &str) -> bool {
    match member {
        Some(member) => may_enter(member, route),
        None => is_public(route),
    }
}

/// Returns whether the member has to set up a second factor before the route opens. Not during an
/// impersonation: that is for staff, who have used theirs.
pub fn must_enrol(member: &Member, route: &str, now: Millis) -> bool {
    member.lacks_second_factor(now)
        && member.impersonator().is_none()
        && !(is_open_while_enrolling(route) || mail_links::is_link(route))
}

/// Refuses anonymous visitors on closed routes: browsers get 303 to the login page, scripts that
/// call a server function 401, both with an empty body. Also refuses members without the needed
/// permission, leads those who lack a second factor to where they set one up, and asks for the
/// password again where the page requires it. A path without a route has nothing to guard and gets
/// its 404.
pub async fn guard(State(site): State<AppState>, request: Request, next: Next) -> Response {
    let timer = Timer::since_the_beginning(Part::Guard);
    let member = request.extensions().get::<Member>().cloned();
    let open = request.extensions().get::<MatchedPath>().is_none_or(|route| is_public(route.as_str()));
    if member.is_none() && !open {
        return refuse(&site, request).await;
    }
    if let Some(member) = &member
        && let Some(route) = request.extensions().get::<MatchedPath>().cloned()
        && let auth = request.extensions().get::<AuthSession>().cloned()
        && let Some(page) = missing_step(&site, auth, member, route.as_str()).await
    {
        return lead_to(&site, &request, member, page);
    }
    if let Some(member) = &member
        && let Some(route) = request.extensions().get::<MatchedPath>()
        && let Err(error) = enter(member, route.as_str())
    {
        let client = request.extensions().get::<ClientInfo>().map(|client| client.address.as_str());
        security::event("permission_denied", Some(member.id()), client.unwrap_or_default(), None);
        return error_page::forbidden(&site, &request, member, &error);
    }
    let signed_in = member.is_some();
    let recent_only =
        signed_in && request.extensions().get::<MatchedPath>().is_some_and(|route| is_recent(route.as_str()));
    if let Some(auth) = recent_only.then(|| request.extensions().get::<AuthSession>().cloned()).flatten()
        && session::recently_authenticated(&auth, &site).await.is_err()
    {
        return ask_first(&site, &request, REAUTHENTICATE);
    }
    drop(timer);
    let mut response = next.run(request).await;
    // Pages made for a member must not be stored by any cache, and must not reappear with the back
    // button after logout.
    let is_kept = response.extensions().get::<Keepable>().is_some()
        && member.is_some_and(|member| member.impersonator().is_none());
    if (signed_in || !open) && !is_kept {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
    response
}

/// Returns the page on which the member has to prove more before the route opens. The admin needs a
/// session with two factors, from whoever must have a second factor, without a period of grace.
async fn missing_step(
    site: &AppState,
    auth: Option<AuthSession>,
    member: &Member,
    route: &str,
) -> Option<&'static str> {
    if must_enrol(member, route, site.clock.now()) {
        return Some(AUTHENTICATOR);
    }
    let needs_both = is_for_staff(route) && member.is_staff() && member.must_have_second_factor();
    if !needs_both || member.impersonator().is_some() {
        return None;
    }
    if !member.has_second_factor() {
        return Some(AUTHENTICATOR);
    }
    // A session without it is older than the factor, which was set up in another one.
    let is_proven = match auth {
        Some(auth) => session::has_both_factors(&auth).await.unwrap_or(false),
        None => false,
    };
    (!is_proven).then_some(REAUTHENTICATE)
}

/// Leads a browser to the page, and back afterwards; refuses a function.
fn lead_to(site: &AppState, request: &Request, member: &Member, page: &str) -> Response {
    if request.uri().path().starts_with("/api/") {
        return error_page::forbidden(site, request, member, &AppError::SecondFactorRequired);
    }
    let mut response = ask_first(site, request, page);
    if !member.lacks_second_factor(site.clock.now()) {
        // Otherwise the banner says it.
        let message = Message::TwoStepNeeded;
        flash::set_message(site, request.headers(), response.headers_mut(), Level::Warning, message);
    }
    response
}

/// While impersonating, only routes on the impersonation allowlist are open.
fn enter(member: &Member, route: &str) -> Result<(), AppError> {
    if member.impersonator().is_some() && !is_open_while_impersonating(route) {
        return Err(AppError::ClosedWhileActing);
    }
    if may_enter(member, route) { Ok(()) } else { Err(AppError::Forbidden) }
}

/// A member without the permission gets 403, not the login page: they are logged in already. (The
/// admin's server functions check permissions themselves.)
fn may_enter(member: &Member, route: &str) -> bool {
    if let Some(page) = paths::find_page(route) {
        return may_enter_page(member, page);
    }
    let is_function = route.starts_with(ADMIN_FUNCTIONS);
    !is_for_staff(route) || (member.is_staff() && (is_function || member.is_superuser()))
}

fn may_enter_page(member: &Member, page: &Page) -> bool {
    if is_for_staff(page.path) && !member.is_staff() {
        return false;
    }
    match page.access {
        Access::Permitted(needed) => needed.iter().all(|permission| member.may(*permission)),
        Access::Public | Access::Members => true,
    }
}

/// Returns whether the route is part of the admin.
fn is_for_staff(route: &str) -> bool {
    route.starts_with(ADMIN_FUNCTIONS) || route == ADMIN || route.starts_with("/admin/")
}

fn is_recent(route: &str) -> bool {
    paths::find_page(route).is_some_and(|page| page.recent)
}

/// Anonymous visitors may open public functions and the links in our mails.
fn is_public(route: &str) -> bool {
    functions::is_public(route) || mail_links::is_link(route)
}

/// Redirects to a page on which the member proves more, and which leads back.
fn ask_first(site: &AppState, request: &Request, page: &str) -> Response {
    let mut response = Response::new(Body::empty());
    let wanted = request.uri().path_and_query().map_or("/", |path| path.as_str());
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    response.headers_mut().insert(header::LOCATION, with_next(page, wanted));
    // Opening a page abandons a form that waits for the password.
    pending_form::cancel_resend(site, request.headers(), response.headers_mut());
    response
}

async fn refuse(site: &AppState, request: Request) -> Response {
    if request.uri().path().starts_with("/api/") {
        return signed_out::answer(site, request).await;
    }
    let mut response = Response::new(Body::empty());
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    // A session cookie means that there was a session: say that it has ended.
    if flash::has_cookie(site, request.headers(), SESSION) {
        flash::set_message(
            site,
            request.headers(),
            response.headers_mut(),
            Level::Warning,
            Message::SessionEnded,
        );
    }
    let wanted = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let location = with_next(&site.config.accounts.login_url, wanted);
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(header::LOCATION, location);
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::member::{Rights, UserId};

    fn member(is_staff: bool, is_superuser: bool, own: &[&str]) -> Member {
        let own = own.iter().map(|name| (*name).to_owned()).collect();
        let rights = Rights { is_staff, is_superuser, own, ..Default::default() };
        Member::with_rights(UserId(1), "ada".into(), Vec::new(), rights)
    }

    #[test]
    fn unlisted_admin_paths_are_for_staff_only() {
        let (nobody, staff, superuser) =
            (member(false, false, &[]), member(true, false, &[]), member(true, true, &[]));
        assert!(may_enter(&nobody, "/members/dashboard") && may_enter(&nobody, "/administrators"));
        for route in ["/admin", "/admin/forgotten", "/api/admin/anything"] {
            assert!(!may_enter(&nobody, route), "{route}");
            assert!(
                !may_enter(&member(false, true, &[]), route),
                "{route}: Django's superuser who is not staff"
            );
            assert!(may_enter(&superuser, route), "{route}");
        }
        assert!(may_enter(&staff, "/admin") && !may_enter(&staff, "/admin/forgotten"));
    }
}
