//! Closed by default (law 1): what is not on the two open lists here is for members, and what is on the list with permissions only
//! for those who have them. It is refused before anything is rendered.

use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};
use server_fn::ServerFn;

use super::{Site, error_page, flash, pending_form, signed_out};
use crate::{
    accounts::{
        api::{
            AskForReset, ConfirmEmailChange, LoadLink, LogIn, LogOut, NotMe, ResetPassword, SignUp,
            UndoEmailChange, VerifyEmail,
        },
        links,
    },
    acting::{self, ACT_PAGE},
    base::member::{Client, Member, Permission},
    lab::{
        self,
        api::{LoadApiLesson, LoadMatrix, SendMessages, TellTime},
    },
    mail::api::LoadMailbox,
    sessions::cookie::{self, AuthSession, COOKIE},
    shared::{error::AppError, level::Level},
    timing::security,
    ui::flash::Message,
};

/// Pages that are open to everybody.
pub const PUBLIC_PAGES: [&str; 18] = [
    "/",
    "/accounts/email/confirm",
    "/accounts/email/undo",
    "/accounts/login",
    "/accounts/logout",
    "/accounts/not_me",
    "/accounts/password_reset",
    "/accounts/password_reset/done",
    "/accounts/reset/done",
    "/accounts/reset/new",
    "/accounts/signup",
    "/accounts/verify",
    // Answers 404 where mails really go out.
    "/dev/mailbox",
    // The same where `lab.enabled` is off.
    lab::LAB,
    lab::CACHE_API,
    lab::CACHED_PAGE,
    lab::MATRIX,
    lab::MESSAGES,
];

/// Pages that take permissions, all of those named. Those below `/admin` are for staff only, and one that is missing here is for
/// superusers; so is nothing lost by forgetting a line. (The server functions behind them ask for themselves.)
const WITH_PERMISSION: &[(&str, &[Permission])] = &[
    ("/admin", &[]),
    (ACT_PAGE, &[Permission::ActAsMember]),
    ("/admin/activity", &[Permission::ViewActivity]),
    ("/admin/cache", &[Permission::ViewCache]),
    ("/admin/groups", &[Permission::ViewGroup]),
    ("/admin/groups/new", &[Permission::AddGroup]),
    ("/admin/groups/{id}", &[Permission::ViewGroup]),
    ("/admin/groups/{id}/delete", &[Permission::ViewGroup, Permission::DeleteGroup]),
    ("/admin/mails", &[Permission::ViewMail]),
    ("/admin/sessions", &[Permission::ViewSession]),
    ("/admin/users", &[Permission::ViewUser]),
    ("/admin/users/confirm", &[Permission::ViewUser]),
    ("/admin/users/new", &[Permission::AddUser, Permission::ChangeUser]),
    ("/admin/users/{id}", &[Permission::ViewUser]),
];

/// Where the password is asked for again.
pub const REAUTHENTICATE: &str = "/accounts/reauthenticate";

/// Pages that are opened only by who gave the password not long ago. (What they do asks for that proof once more.)
const RECENT_PAGES: [&str; 9] = [
    "/accounts/email",
    "/accounts/password_change",
    ACT_PAGE,
    "/admin/groups/new",
    "/admin/groups/{id}/delete",
    "/admin/users/confirm",
    "/admin/users/new",
    "/members/delete",
    "/members/sessions",
];

/// Server functions that are open to everybody.
const PUBLIC_FUNCTIONS: [&str; 15] = [
    AskForReset::PATH,
    ConfirmEmailChange::PATH,
    LoadApiLesson::PATH,
    LoadLink::PATH,
    LoadMailbox::PATH,
    LoadMatrix::PATH,
    LogIn::PATH,
    LogOut::PATH,
    NotMe::PATH,
    ResetPassword::PATH,
    SendMessages::PATH,
    SignUp::PATH,
    TellTime::PATH,
    UndoEmailChange::PATH,
    VerifyEmail::PATH,
];

/// Whether a member, or somebody who is not signed in, is let in without a further question.
pub fn admits(member: Option<&Member>, route: &str) -> bool {
    lets_in(member, route) && !RECENT_PAGES.contains(&route)
}

/// Whether they are let in at all; some pages ask for the password again before that.
pub fn lets_in(member: Option<&Member>, route: &str) -> bool {
    match member {
        Some(member) => may_enter(member, route),
        None => is_public(route),
    }
}

/// Marks an answer that its member's browser may keep: what it shows has an address of its own and never changes.
#[derive(Clone, Copy, Debug)]
pub struct Keepable;

/// Whether the route is a page for everybody.
pub fn is_public_page(route: &str) -> bool {
    PUBLIC_PAGES.contains(&route)
}

fn is_public(route: &str) -> bool {
    is_public_page(route) || PUBLIC_FUNCTIONS.contains(&route) || links::is_link(route)
}

/// Lets members in and refuses everybody else on a closed route: browsers with 303 to the login page, scripts that call a server
/// function with 401, both with an empty body. A path without a route has nothing to guard; it gets its 404.
pub async fn guard(State(site): State<Site>, request: Request, next: Next) -> Response {
    let member = request.extensions().get::<Member>().cloned();
    let open = request.extensions().get::<MatchedPath>().is_none_or(|route| is_public(route.as_str()));
    if member.is_none() && !open {
        return refuse(&site, request).await;
    }
    if let Some(member) = &member
        && let Some(route) = request.extensions().get::<MatchedPath>()
        && let Err(error) = enter(member, route.as_str())
    {
        let client = request.extensions().get::<Client>().map(|client| client.address.as_str());
        security::event("permission_denied", Some(member.id()), client.unwrap_or_default(), None);
        return error_page::forbidden(&site, &request, member, &error);
    }
    let signed_in = member.is_some();
    let recent_only = signed_in
        && request
            .extensions()
            .get::<MatchedPath>()
            .is_some_and(|route| RECENT_PAGES.contains(&route.as_str()));
    if let Some(auth) = recent_only.then(|| request.extensions().get::<AuthSession>().cloned()).flatten()
        && cookie::recently_authenticated(&auth, &site).await.is_err()
    {
        return ask_again(&site, &request);
    }
    let mut response = next.run(request).await;
    // What was made for a member is for nobody's cache, and what follows a sign-out shall not be found by the back button.
    let is_kept = response.extensions().get::<Keepable>().is_some()
        && member.is_some_and(|member| member.acting().is_none());
    if (signed_in || !open) && !is_kept {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
    response
}

/// Who acts as a member finds closed what is not on the list for that, whoever may enter it otherwise.
fn enter(member: &Member, route: &str) -> Result<(), AppError> {
    if member.acting().is_some() && !acting::open::is_open(route) {
        return Err(AppError::ClosedWhileActing);
    }
    if may_enter(member, route) { Ok(()) } else { Err(AppError::Forbidden) }
}

/// A member who may not is told so, and not sent to log in: they are logged in.
fn may_enter(member: &Member, route: &str) -> bool {
    let is_function = route.starts_with("/api/admin/");
    let is_for_staff = is_function || route == "/admin" || route.starts_with("/admin/");
    if is_for_staff && !member.is_staff() {
        return false;
    }
    match WITH_PERMISSION.iter().find(|(page, _)| *page == route) {
        Some((_, needed)) => needed.iter().all(|permission| member.may(*permission)),
        None => !is_for_staff || is_function || member.is_superuser(),
    }
}

fn ask_again(site: &Site, request: &Request) -> Response {
    let mut response = Response::new(Body::empty());
    let wanted = request.uri().path_and_query().map_or("/", |path| path.as_str());
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    response.headers_mut().insert(header::LOCATION, with_next(REAUTHENTICATE, wanted));
    // Whoever opens a page does not ask for what they sent, and left, before.
    pending_form::do_not_send_again(site, request.headers(), response.headers_mut());
    response
}

/// Refuses who is not signed in.
async fn refuse(site: &Site, request: Request) -> Response {
    if request.uri().path().starts_with("/api/") {
        return signed_out::answer(site, request).await;
    }
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
    let wanted = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let location = with_next(&site.config.accounts.login_url, wanted);
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(header::LOCATION, location);
    response
}

/// The address of a page that leads on to `next`.
pub fn with_next(page: &str, next: &str) -> HeaderValue {
    let next: String =
        form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>().replace("%2F", "/");
    HeaderValue::try_from(format!("{page}?next={next}")).unwrap_or(HeaderValue::from_static("/"))
}

#[cfg(test)]
mod tests {
    use super::super::pages;
    use super::*;
    use crate::base::member::{Rights, UserId};

    fn member(is_staff: bool, is_superuser: bool, own: &[&str]) -> Member {
        let own = own.iter().map(|name| (*name).to_owned()).collect();
        let rights = Rights { is_staff, is_superuser, own, ..Default::default() };
        Member::with_rights(UserId(1), "ada".into(), Vec::new(), rights)
    }

    #[test]
    fn the_admin_is_for_staff_also_where_it_is_not_on_the_list() {
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

    #[test]
    fn every_page_of_the_admin_is_on_the_list_and_every_line_is_a_page() {
        let routes: Vec<&str> = pages::routes().iter().map(|route| route.path()).collect();
        for route in routes.iter().filter(|route| route.starts_with("/admin")) {
            assert!(WITH_PERMISSION.iter().any(|(page, _)| page == route), "{route}");
        }
        assert!(WITH_PERMISSION.iter().all(|(page, _)| routes.contains(page)));
    }
}
