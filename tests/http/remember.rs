//! "Remember me": how long a session lasts with and without it, also after its id has changed.

use std::time::Duration;

use axum::{
    Router,
    body::Body,
    extract::{Query, Request, State},
    http::{StatusCode, header},
    routing::get,
};
use cookie::Cookie;
use members_area::{
    accounts::{self, service::LoginStep, session as session_cookie, session::AuthSession},
    base::{
        clock::Clock,
        config::Period,
        db::Database,
        member::{ClientInfo, Member, UserId},
    },
    shared::{error::AppError, login_method::LoginMethod},
    site::{AppState, RequestContext},
};
use tower::ServiceExt;

use crate::support::{PASSWORD, TestSite, Visitor};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

/// The session cookie that a login sets, with or without "remember me".
async fn logs_in(visitor: &mut Visitor, remember: bool) -> Cookie<'static> {
    let mut fields = vec![("login", "ada"), ("password", PASSWORD)];
    if remember {
        fields.push(("remember", "yes"));
    }
    let answer = visitor.submit("/accounts/login", &fields).await;
    let cookies = answer.headers.get_all("set-cookie").iter();
    let mut cookies =
        cookies.map(|cookie| Cookie::parse(cookie.to_str().expect("ASCII").to_owned()).expect("a cookie"));
    cookies.find(|cookie| cookie.name() == "sessionid" && !cookie.value().is_empty()).expect("a session")
}

async fn comes_by(site: &TestSite, visitor: &mut Visitor, after: Duration) -> bool {
    site.clock.advance(after);
    let now = site.clock.now();
    let signed_in = visitor.is_signed_in().await;
    if signed_in {
        site.database.until("SELECT MAX(last_seen_at) FROM sessions", |written| written >= now).await;
    }
    signed_in
}

#[tokio::test]
async fn without_it_the_cookie_ends_with_the_browser_and_the_session_after_a_day() {
    let site = TestSite::start().await;
    let mut visitor = site.signed_up("ada").await;
    let cookie = logs_in(&mut visitor, false).await;
    assert_eq!((cookie.max_age(), cookie.expires()), (None, None));
    assert_eq!((cookie.http_only(), cookie.path()), (Some(true), Some("/")));
    for hours in [23, 23, 23] {
        assert!(comes_by(&site, &mut visitor, hours * HOUR).await, "each visit begins the day anew");
    }
    assert!(!comes_by(&site, &mut visitor, 25 * HOUR).await);
    site.stop().await;
}

#[tokio::test]
async fn with_it_cookie_and_session_last_for_days() {
    let site = TestSite::start().await;
    let mut visitor = site.signed_up("ada").await;
    let cookie = logs_in(&mut visitor, true).await;
    assert_eq!(cookie.max_age().map(|age| age.whole_days()), Some(90));
    for days in [13, 13] {
        assert!(comes_by(&site, &mut visitor, days * DAY).await);
    }
    assert!(!comes_by(&site, &mut visitor, 15 * DAY).await);
    site.stop().await;
}

#[tokio::test]
async fn either_ends_after_ninety_days() {
    let site = TestSite::start_with(|config| config.sessions.browser_idle = Period::days(12)).await;
    site.signed_up("ada").await;
    let mut visitors = [site.visitor(), site.visitor()];
    for (visitor, remember) in visitors.iter_mut().zip([true, false]) {
        logs_in(visitor, remember).await;
    }
    for visit in 1..=8 {
        site.clock.advance(11 * DAY);
        let now = site.clock.now();
        for visitor in &mut visitors {
            assert!(visitor.is_signed_in().await, "visit {visit}");
        }
        site.database.until("SELECT MIN(last_seen_at) FROM sessions", |written| written >= now).await;
    }
    site.clock.advance(3 * DAY);
    for visitor in &mut visitors {
        assert!(!visitor.is_signed_in().await, "91 days");
    }
    site.stop().await;
}

/// A router with the session layer and a route for each operation to be tested.
struct Bare {
    router: Router,
    site: AppState,
    clock: Clock,
    database: TestSite,
}

async fn ada(site: &AppState) -> Member {
    let (id,): (i64,) = sqlx::query_as("SELECT id FROM users")
        .fetch_one(&mut *site.db.read().await.expect("connected"))
        .await
        .expect("ada");
    accounts::service::member(site, UserId(id)).await.expect("connected").expect("active")
}

type Answer = Result<String, (StatusCode, String)>;

fn refused(error: AppError) -> (StatusCode, String) {
    (StatusCode::from_u16(error.status()).expect("a status"), error.to_string())
}

async fn sign_in(
    State(site): State<AppState>,
    Query(how): Query<Vec<(String, String)>>,
    mut auth: AuthSession,
) -> Answer {
    let (member, remember) = (ada(&site).await, how.iter().any(|(_, value)| value == "true"));
    let context = RequestContext::of_operator(&site);
    let step =
        accounts::service::after(&context, member, LoginMethod::Password, String::new(), remember, None)
            .await;
    let Ok(LoginStep::Complete(login)) = step else { panic!("ada has no second factor") };
    let signed_in = session_cookie::sign_in(&mut auth, &site, &login, &ClientInfo::default()).await;
    signed_in.map(|()| String::new()).map_err(refused)
}

/// With `?ended`, the session is ended during the request.
async fn renew(State(site): State<AppState>, request: Request) -> Answer {
    let mut auth = request.extensions().get::<AuthSession>().cloned().expect("the layer");
    if request.uri().query() == Some("ended") {
        assert!(session_cookie::origin(&auth).await.expect("connected").is_some(), "it has been read");
        site.sessions.end_all(ada(&site).await.id(), None).await.expect("ended");
    }
    let member = ada(&site).await;
    session_cookie::rotate(&mut auth, &site, &member, None).await.map(|()| String::new()).map_err(refused)
}

async fn who(auth: AuthSession) -> String {
    auth.user.map(|member| member.username().to_owned()).unwrap_or_default()
}

impl Bare {
    async fn start() -> Self {
        let database = TestSite::start().await;
        database.signed_up("ada").await;
        let config = members_area::base::config::Config::default();
        let db = Database::connect(&database.database.settings()).await.expect("connected");
        let clock = Clock::default();
        let site = AppState::new(config, clock.clone(), db, ([127, 0, 0, 1], 0).into()).expect("a site");
        let router = Router::new()
            .route("/sign_in", get(sign_in))
            .route("/renew", get(renew))
            .route("/who", get(who))
            .layer(session_cookie::layer(&site))
            .with_state(site.clone());
        Self { router, site, clock, database }
    }

    /// Returns the status, the body, and the cookie that is set.
    async fn get(&self, path: &str, session: &str) -> (u16, String, Option<Cookie<'static>>) {
        let request = Request::get(path).header(header::COOKIE, format!("sessionid={session}"));
        let request = request.body(Body::empty()).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let cookie = response
            .headers()
            .get(header::SET_COOKIE)
            .map(|cookie| Cookie::parse(cookie.to_str().expect("ASCII").to_owned()).expect("a cookie"));
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.expect("a body");
        (status, String::from_utf8_lossy(&body).into_owned(), cookie)
    }

    async fn number(&self, sql: &str) -> i64 {
        self.database.database.number(sql).await
    }

    async fn stop(self) {
        self.site.db.close().await;
        self.database.stop().await;
    }
}

#[tokio::test]
async fn a_new_id_changes_neither_the_ends_nor_the_kind_of_cookie() {
    for (remember, days, idle) in [(true, Some(90), 14 * DAY), (false, None, DAY)] {
        let bare = Bare::start().await;
        let (_, _, cookie) = bare.get(&format!("/sign_in?remember={remember}"), "").await;
        let first = cookie.expect("a session").value().to_owned();
        let beginning = "SELECT absolute_expires_at + created_at FROM sessions";
        let before = bare.number(beginning).await;
        bare.clock.advance(11 * HOUR);
        let (status, _, cookie) = bare.get("/renew", &first).await;
        let cookie = cookie.expect("the new id");
        assert_eq!(status, 200);
        assert_eq!(cookie.max_age().map(|age| age.whole_days()), days);
        assert_ne!(cookie.value(), first);
        assert_eq!(bare.get("/who", &first).await.1, "", "the old id is worth nothing");
        assert_eq!(bare.get("/who", cookie.value()).await.1, "ada");
        assert_eq!(bare.number("SELECT COUNT(*) FROM sessions").await, 1);
        assert_eq!(bare.number(beginning).await, before);
        let kept = bare.number("SELECT idle_expires_at - last_seen_at FROM sessions").await;
        assert_eq!(u128::try_from(kept), Ok(idle.as_millis()));
        // A new id counts as a visit.
        let now = bare.clock.now();
        let seen = "SELECT last_seen_at FROM sessions";
        bare.database.database.until(seen, |written| written >= now - 60_000).await;
        bare.clock.advance(idle - HOUR);
        assert_eq!(bare.get("/who", cookie.value()).await.1, "ada");
        bare.clock.advance(idle + HOUR);
        assert_eq!(bare.get("/who", cookie.value()).await.1, "");
        bare.stop().await;
    }
}

#[tokio::test]
async fn a_rotation_in_flight_does_not_revive_an_ended_session() {
    let bare = Bare::start().await;
    let (_, _, cookie) = bare.get("/sign_in?remember=true", "").await;
    let session = cookie.expect("a session").value().to_owned();
    let (status, _, cookie) = bare.get("/renew?ended", &session).await;
    assert_eq!(status, 401);
    assert_eq!(bare.number("SELECT COUNT(*) FROM sessions").await, 0);
    for id in [Some(session), cookie.map(|cookie| cookie.value().to_owned())].into_iter().flatten() {
        assert_eq!(bare.get("/who", &id).await.1, "");
    }
    bare.stop().await;
}

#[tokio::test]
async fn a_new_id_keeps_streams_open_and_is_not_a_second_session() {
    let bare = Bare::start().await;
    let user = ada(&bare.site).await.id();
    bare.get("/sign_in?remember=true", "").await;
    let mut watch = bare.site.sessions.watchers.watch(user, 10).expect("room");
    let (_, _, cookie) = bare.get("/sign_in?remember=true", "").await;
    bare.get("/renew", cookie.expect("a session").value()).await;
    let told = tokio::time::timeout(Duration::ZERO, watch.changed()).await;
    assert!(told.is_err(), "the page's own answer brings the new cookie first");
    assert_eq!(bare.number("SELECT COUNT(*) FROM sessions").await, 2);
    bare.site.sessions.end_all(user, None).await.expect("ended");
    tokio::time::timeout(crate::support::PATIENCE, watch.changed()).await.expect("told");
    bare.stop().await;
}
