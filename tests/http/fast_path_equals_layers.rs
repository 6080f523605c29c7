//! The fast path answers cached pages without the layers. Its answers must equal those of the
//! layers, so the same requests are sent both ways here.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, Version},
    response::Response,
};
use members_area::{
    base::{
        clock::Clock,
        config::{Config, MailTransport, Period},
        db::Database,
        network::Peer,
    },
    cache::CacheFilter,
    server::{
        page_cache::{PageCache, fast_path},
        router::router,
        site_service::SiteService,
    },
    site::AppState,
};
use tower::ServiceExt;

use crate::support::{TestSite, database::TestDatabase, site::built_files};

const DASHBOARD: &str = "/members/dashboard";
const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9);

/// The site in this process, without its listener.
struct Ways {
    site: AppState,
    pages: PageCache,
    clock: Clock,
    front: SiteService,
    router: Router,
    database: TestDatabase,
    _folder: tempfile::TempDir,
}

/// A request to be sent both ways.
struct Asked {
    method: &'static str,
    address: String,
    version: Version,
    headers: Vec<(&'static str, Vec<u8>)>,
}

impl Asked {
    fn get(address: &str, cookie: &str) -> Self {
        let headers = vec![("host", b"site.test".to_vec()), ("cookie", cookie.as_bytes().to_vec())];
        let headers = headers.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        Self { method: "GET", address: address.into(), version: Version::HTTP_11, headers }
    }

    fn with(mut self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name, value.as_ref().to_vec()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self
    }

    fn request(&self) -> Request<Body> {
        let mut request = Request::builder().method(self.method).uri(&self.address).version(self.version);
        for (name, value) in &self.headers {
            request = request.header(*name, &value[..]);
        }
        request.body(Body::empty()).expect("a request")
    }

    fn says(&self) -> String {
        let headers: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value)))
            .collect();
        format!("{} {} {:?} {headers:?}", self.method, self.address, self.version)
    }
}

impl Ways {
    /// Opens the site on the database of one that has stopped.
    async fn on(database: TestDatabase, change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = Config { database: database.settings(), ..Default::default() };
        config.server.site_root = built_files(folder.path());
        change(&mut config);
        let clock = Clock::default();
        let db = Database::connect(&config.database).await.expect("connected");
        let site = AppState::new(config, clock.clone(), db, PEER).expect("a site");
        let pages = PageCache::new(site.clone());
        let (front, router) = (SiteService::new(site.clone()), router(site.clone(), pages.clone()));
        Self { site, pages, clock, front, router, database, _folder: folder }
    }

    async fn through_the_layers(&self, asked: &Asked) -> Response {
        let mut request = asked.request();
        request.extensions_mut().insert(Peer::from(PEER));
        self.router.clone().oneshot(request).await.expect("an answer")
    }

    /// Sends the request both ways and compares the answers. Returns whether the fast path
    /// answered.
    async fn compare(&self, asked: &Asked) -> bool {
        let is_ready = fast_path(&self.pages, &asked.request()).await.is_some();
        let front = self.front.answer(asked.request(), PEER.into()).await.expect("an answer");
        let layers = self.through_the_layers(asked).await;
        let (front, layers) = (readable(front).await, readable(layers).await);
        assert_eq!((front.0, &front.1), (layers.0, &layers.1), "{}", asked.says());
        assert!(front.2 == layers.2, "the bodies: {}", asked.says());
        is_ready
    }

    /// Sends a request that the fast path must not answer, and returns the status.
    async fn ask_with_layers(&self, asked: &Asked) -> u16 {
        assert!(fast_path(&self.pages, &asked.request()).await.is_none(), "{}", asked.says());
        let answer = self.front.answer(asked.request(), PEER.into()).await.expect("an answer");
        answer.status().as_u16()
    }

    /// The layers answer this time, and the fast path from then on.
    async fn needs_the_layers_once(&self, asked: &Asked) {
        assert_eq!(self.ask_with_layers(asked).await, 200);
        assert!(self.compare(asked).await, "{}", asked.says());
    }

    /// Asks for the dashboard until it is compressed well, which happens in the background.
    async fn packed_well(&self, cookie: &str) {
        let asked = Asked::get(DASHBOARD, cookie).with("accept-encoding", "br");
        while !fast_path(&self.pages, &asked.request())
            .await
            .is_some_and(|answer| answer.headers().contains_key("content-encoding"))
        {
            tokio::task::yield_now().await;
        }
    }

    async fn end(self) {
        self.site.db.close().await;
        self.database.remove().await;
    }
}

/// Status, headers and body, without what differs in every response.
async fn readable(response: Response) -> (u16, BTreeMap<String, Vec<String>>, Vec<u8>) {
    let (head, body) = response.into_parts();
    let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    // The connection adds whichever of the two is missing.
    let added = ["content-length", "date"];
    for (name, value) in head.headers.iter().filter(|(name, _)| !added.contains(&name.as_str())) {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        headers.entry(name.to_string()).or_default().push(comparable(name.as_str(), value));
    }
    let body = to_bytes(body, usize::MAX).await.expect("a whole body").to_vec();
    // A page that was not cached has its own nonce and times; its headers have shown that it was
    // not served from the cache.
    let is_kept = headers.get("x-cache").is_some_and(|value| value[0].starts_with("HIT"));
    (head.status.as_u16(), headers, if is_kept { body } else { Vec::new() })
}

fn comparable(name: &str, value: String) -> String {
    match name {
        "x-request-id" => value.len().to_string(),
        // Numbers that increase between two responses.
        "x-cache" | "server-timing" => value.chars().filter(|c| !c.is_ascii_digit()).collect(),
        "content-security-policy" => match value.split_once("'nonce-") {
            Some((before, rest)) => format!("{before}{}", &rest[rest.find('\'').expect("an end")..]),
            None => value,
        },
        // A removed cookie has the second of the answer in its end.
        "set-cookie" => value.split("; ").filter(|part| !part.starts_with("Expires=")).collect(),
        _ => value,
    }
}

/// A site with two members who have visited it, and the Cookie headers of their sessions.
async fn two_members(change: impl FnOnce(&mut Config)) -> (Ways, String, String) {
    let site = TestSite::start_without_mail().await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let cookie = |name: &str| format!("sessionid={name}");
    let cookies = (cookie(ada.session().expect("signed in")), cookie(bob.session().expect("signed in")));
    let ways = Ways::on(site.halt().await, change).await;
    for cookie in [&cookies.0, &cookies.1] {
        let cookie = ways.site.cookie_name("sessionid") + cookie.trim_start_matches("sessionid");
        let first = ways.front.answer(Asked::get(DASHBOARD, &cookie).request(), PEER.into()).await;
        assert_eq!(first.expect("an answer").status(), 200);
        ways.packed_well(&cookie).await;
    }
    (ways, cookies.0, cookies.1)
}

#[tokio::test]
async fn the_fast_path_answers_like_the_layers() {
    let (ways, ada, bob) = two_members(|_| ()).await;
    for asked in [
        Asked::get(DASHBOARD, &ada),
        Asked::get(DASHBOARD, &bob),
        Asked::get(DASHBOARD, &ada).with("accept-encoding", "gzip, deflate, br, zstd"),
        Asked::get(DASHBOARD, &ada).with("accept-encoding", "gzip").with("accept-encoding", "br;q=0"),
        Asked::get(DASHBOARD, &ada).with("accept-encoding", "*;q=0"),
        Asked::get(DASHBOARD, &ada).with("accept-encoding", b"\xff"),
        Asked::get(DASHBOARD, &format!("_ga=GA1.1.7; {ada}; device=abc-_; x=a=b%20c")),
        Asked::get(DASHBOARD, &ada).with("if-none-match", "*").with("range", "bytes=0-9"),
        Asked::get(DASHBOARD, &ada).with("cache-control", "no-cache").with("pragma", "no-cache"),
        Asked::get(DASHBOARD, &ada)
            .with("sec-fetch-site", "cross-site")
            .with("origin", "https://evil.example"),
        Asked::get(DASHBOARD, &ada).with("accept", "application/json").with("content-length", "3"),
        Asked::get(DASHBOARD, &ada).with("x-forwarded-for", "1.2.3.4").with("user-agent", "x"),
    ] {
        assert!(ways.compare(&asked).await, "{}", asked.says());
    }
    ways.end().await;
}

/// A theme has its own copy; a name that is none gets the copy without a theme.
#[tokio::test]
async fn themes_are_told_apart_both_ways() {
    let (ways, ada, _) = two_members(|_| ()).await;
    for name in ["dark", "light"] {
        ways.needs_the_layers_once(&Asked::get(DASHBOARD, &format!("{ada}; theme={name}"))).await;
    }
    for cookies in ["theme=system", "theme=DARK", "theme=", "theme=x; theme=dark", "theme=dark; theme=x"] {
        assert!(ways.compare(&Asked::get(DASHBOARD, &format!("{ada}; {cookies}"))).await, "{cookies}");
    }
    assert!(!ways.compare(&Asked::get(DASHBOARD, &ada).with("cookie", "theme=dark")).await);
    ways.end().await;
}

/// Both ways mark the device that asks, and no other.
#[tokio::test]
async fn the_sessions_of_a_member_have_their_own_copies_both_ways() {
    let site = TestSite::start_without_mail().await;
    site.signed_up("ada").await;
    let mut cookies = Vec::new();
    for (agent, name) in
        [("Firefox/140.0 (X11; Linux x86_64)", "Firefox on Linux"), ("curl/8.0", "Unknown browser")]
    {
        let mut device = site.visitor();
        device.log_in_by(agent, "ada").await;
        cookies.push((format!("sessionid={}", device.session().expect("signed in")), name));
    }
    let ways = Ways::on(site.halt().await, |_| ()).await;
    for (cookie, _) in &cookies {
        ways.needs_the_layers_once(&Asked::get(DASHBOARD, cookie)).await;
        ways.packed_well(cookie).await;
    }
    for (cookie, name) in &cookies {
        let asked = Asked::get(DASHBOARD, cookie);
        assert!(ways.compare(&asked).await);
        let answer = fast_path(&ways.pages, &asked.request()).await.expect("from the cache");
        let body = to_bytes(answer.into_body(), usize::MAX).await.expect("a whole body");
        let html = scraper::Html::parse_document(&String::from_utf8_lossy(&body));
        let rows = scraper::Selector::parse("[aria-labelledby=devices] li").expect("a selector");
        let rows: Vec<String> = html.select(&rows).map(|row| row.text().collect()).collect();
        assert_eq!(rows.iter().filter(|row| row.contains("This device")).count(), 1, "{rows:?}");
        assert!(rows.len() == 2 && rows[0].contains(name) && rows[0].contains("This device"), "{rows:?}");
    }
    ways.end().await;
}

#[tokio::test]
async fn unusual_requests_take_the_layers() {
    let (ways, ada, bob) = two_members(|_| ()).await;
    let dashboard = |cookie: &str| Asked::get(DASHBOARD, cookie);
    let at = |address: &str| Asked::get(address, &ada);
    let unknown = "sessionid=AAAAAAAAAAAAAAAAAAAAAA";
    for asked in [
        // No session, or an unknown one.
        dashboard(""),
        dashboard(unknown),
        dashboard("sessionid="),
        dashboard("sessionid=x"),
        dashboard(&format!("{ada}x")),
        // Several sessions.
        dashboard(&format!("{ada}; {bob}")),
        dashboard(&format!("{bob}; {ada}")),
        dashboard(&format!("{unknown}; {ada}")),
        dashboard(&format!("{ada}; {unknown}")),
        dashboard(&ada).with("cookie", &bob),
        dashboard(&ada).with("cookie", "x=y"),
        // Cookies as no browser sends them.
        dashboard(&ada.replace("sessionid", "%73essionid")),
        dashboard(&format!("{bob}; {}", ada.replace("sessionid", "%73essionid"))),
        dashboard(&ada.replace("sessionid=", "sessionid=\"")),
        dashboard(&format!("{ada}; ")),
        dashboard(&format!("{ada};x=y")),
        dashboard(&format!("{ada}; x")),
        dashboard(&format!("{ada}; =x")),
        dashboard(&format!("{ada}; x=a b")),
        dashboard(&ada.replace('=', " = ")),
        dashboard(&format!("__Host-{ada}")),
        dashboard("").with("cookie", [ada.as_bytes(), b"; x=\xe9"].concat()),
        // A flash message, or a pending form.
        dashboard(&format!("{ada}; flash=e30")),
        dashboard(&format!("{ada}; flash=nonsense")),
        dashboard(&format!("{ada}; kept_form=e30")),
        dashboard(&format!("{ada}; link_reset=x")),
        // Addresses that differ from the page's own.
        at("/members/dashboard?"),
        at("/members/dashboard?x=1"),
        at("/members/dashboard?__err=x&__path=y"),
        at("/members/dashboard/"),
        at("//members/dashboard"),
        at("/members/%64ashboard"),
        at("/x/../members/dashboard"),
        at("/Members/dashboard"),
        at("http://site.test/members/dashboard"),
        at("http://evil.test/members/dashboard"),
        at("/members/secret"),
        at("/"),
        // Requests other than plain GET.
        Asked { method: "HEAD", ..dashboard(&ada) },
        Asked { method: "POST", ..dashboard(&ada) }.with("sec-fetch-site", "same-origin"),
        Asked { method: "POST", ..dashboard(&ada) }.with("sec-fetch-site", "cross-site"),
        Asked { method: "OPTIONS", ..dashboard(&ada) },
        Asked { method: "TRACE", ..dashboard(&ada) },
        Asked { method: "get", ..dashboard(&ada) }.with("sec-fetch-site", "same-origin"),
        // Hosts.
        dashboard(&ada).without("host"),
        dashboard(&ada).with("host", "other.test"),
        Asked { version: Version::HTTP_10, ..dashboard(&ada) },
        Asked { version: Version::HTTP_10, ..dashboard(&ada) }.without("host"),
    ] {
        assert!(!ways.compare(&asked).await, "{}", asked.says());
    }
    assert!(ways.compare(&dashboard(&ada)).await, "and after all that it is as it was");
    ways.end().await;
}

#[tokio::test]
async fn changed_or_stale_sessions_take_the_layers() {
    let (ways, ada, bob) = two_members(|_| ()).await;
    let asked = Asked::get(DASHBOARD, &ada);
    assert!(ways.compare(&asked).await);
    // "Last seen" is due: the layers write it, and after that the fast path answers again.
    ways.clock.advance(Duration::from_secs(61));
    ways.needs_the_layers_once(&asked).await;
    // After the page has expired.
    ways.clock.advance(Duration::from_secs(250));
    ways.needs_the_layers_once(&asked).await;
    // After an invalidation.
    let id = ways.database.number("SELECT id FROM users WHERE username = 'ada'").await;
    let id = members_area::base::member::UserId(id);
    ways.site.cache.invalidate_member(id, "a test");
    ways.needs_the_layers_once(&asked).await;
    ways.site.members.invalidate(id);
    ways.needs_the_layers_once(&asked).await;
    // A password changed elsewhere: the stamp differs, so the session is invalid.
    let stamp = ways.database.bytes(&"ab".repeat(32));
    ways.database.execute(&format!("UPDATE users SET session_stamp = {stamp} WHERE username = 'ada'")).await;
    ways.site.members.invalidate(id);
    assert_eq!(ways.ask_with_layers(&asked).await, 303);
    assert!(!ways.compare(&asked).await);
    // An inactive account.
    let asked = Asked::get(DASHBOARD, &bob);
    ways.needs_the_layers_once(&asked).await;
    ways.database.execute("UPDATE users SET is_active = 0 WHERE username = 'bob'").await;
    let bob = ways.database.number("SELECT id FROM users WHERE username = 'bob'").await;
    ways.site.members.invalidate(members_area::base::member::UserId(bob));
    assert!(!ways.compare(&asked).await);
    assert_eq!(ways.ask_with_layers(&asked).await, 303);
    ways.end().await;
}

/// For example, an impersonation.
#[tokio::test]
async fn a_session_with_extra_data_takes_the_layers() {
    let (ways, ada, _) = two_members(|_| ()).await;
    let asked = Asked::get(DASHBOARD, &ada);
    assert!(ways.compare(&asked).await);
    let data = ways.database.text("SELECT data FROM sessions ORDER BY created_at LIMIT 1").await;
    let more = data.replacen('{', "{\"something\":1,", 1);
    ways.database.execute(&format!("UPDATE sessions SET data = '{more}' WHERE data = '{data}'")).await;
    // By then the cached session has expired.
    ways.clock.advance(Duration::from_secs(61));
    assert!(!ways.compare(&asked).await);
    assert!(!ways.compare(&asked).await);
    ways.end().await;
}

#[tokio::test]
async fn over_https_and_for_strangers() {
    let (ways, ada, _) = two_members(|config| {
        config.site.base_url = "https://site.test".into();
        config.mail.transport = MailTransport::Smtp("smtp://127.0.0.1:9".into());
        config.cache.site_ttl = Period::minutes(5);
    })
    .await;
    let first = ways.front.answer(Asked::get("/", "").request(), PEER.into()).await.expect("an answer");
    let etag = first.headers()["etag"].to_str().expect("ASCII").to_owned();
    for (asked, is_ready) in [
        (Asked::get(DASHBOARD, &ada), false),
        (Asked::get(DASHBOARD, &format!("__Host-{ada}")), true),
        (Asked::get(DASHBOARD, &format!("__Host-{ada}; {ada}; flash=e30")), true),
        (Asked::get(DASHBOARD, &format!("__Host-{ada}; __Host-flash=e30")), false),
        (Asked::get("/", ""), true),
        (Asked::get("/", "").with("accept-encoding", "br"), true),
        (Asked::get("/", "").with("if-none-match", &etag), true),
        (Asked::get("/", "").with("if-none-match", &etag).with("accept-encoding", "br"), true),
        (Asked::get("/", "__Host-device=x; y=z"), true),
        (Asked::get("/", "__Host-flash=e30"), false),
        (Asked::get("/", "__Host-link_reset=e30"), false),
        (Asked::get("/", "__Host-sessionid=AAAAAAAAAAAAAAAAAAAAAA"), false),
        (Asked::get("/", &format!("__Host-{ada}")), false),
        (Asked::get("/?x", ""), false),
        (Asked::get("/members/secret", ""), false),
    ] {
        assert_eq!(ways.compare(&asked).await, is_ready, "{}", asked.says());
    }
    ways.needs_the_layers_once(&Asked::get("/accounts/login", "")).await;
    ways.end().await;
}

#[tokio::test]
async fn a_page_compressed_well_is_neither_another_entry_nor_an_eviction() {
    let (ways, ada, bob) = two_members(|_| ()).await;
    let pages = CacheFilter { name: Some(DASHBOARD.into()), ..CacheFilter::default() };
    let before = ways.site.cache.list(&pages, 0, 9).await.expect("in memory").entries;
    assert_eq!(before.len(), 2);
    // Expired, rendered anew, and asked for again.
    ways.clock.advance(Duration::from_secs(301));
    for cookie in [&ada, &bob] {
        ways.needs_the_layers_once(&Asked::get(DASHBOARD, cookie)).await;
        ways.packed_well(cookie).await;
    }
    let after = ways.site.cache.list(&pages, 0, 9).await.expect("in memory").entries;
    assert_eq!(after.len(), 2);
    assert!(after.iter().all(|entry| entry.hits >= Some(2)), "{after:?}");
    assert_eq!(ways.site.cache.stats().await.usage.evictions, Some(0));
    ways.end().await;
}
