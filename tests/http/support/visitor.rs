//! A browser without JavaScript: cookies, `Accept: text/html`, `Sec-Fetch-Site`; follows redirects
//! only when told to.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use cookie::Cookie;
use reqwest::{
    Client, Method, RequestBuilder,
    header::{self, HeaderMap},
    redirect::Policy,
};

use super::{PASSWORD, Page};

const LOG_OUT: &str = "/api/accounts/log_out";

#[derive(Clone)]
pub struct Visitor {
    client: Client,
    address: SocketAddr,
    pub cookies: BTreeMap<String, String>,
}

impl Visitor {
    pub fn new(address: SocketAddr) -> Self {
        let client = Client::builder()
            .redirect(Policy::none())
            .timeout(Duration::from_secs(120))
            // Less than the site's shortest limit on idle connections, or a request goes into one
            // that is being closed.
            .pool_idle_timeout(Duration::from_secs(5))
            .build()
            .expect("a client");
        Self { client, address, cookies: BTreeMap::new() }
    }

    /// The same browser at another instance.
    pub fn at(&self, site: &super::TestSite) -> Self {
        self.at_address(site.address)
    }

    pub fn at_address(&self, address: SocketAddr) -> Self {
        Self { address, ..self.clone() }
    }

    /// A request with a browser's headers, which can be changed before it is sent.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, header::HeaderValue::from_static("text/html,application/xhtml+xml"));
        if !self.cookies.is_empty() {
            let cookies: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            headers.insert(header::COOKIE, cookies.join("; ").parse().expect("a header"));
        }
        if method != Method::GET {
            headers.insert("sec-fetch-site", header::HeaderValue::from_static("same-origin"));
        }
        self.client.request(method, format!("http://{}{path}", self.address)).headers(headers)
    }

    pub async fn send(&mut self, request: RequestBuilder) -> Page {
        self.try_send(request).await.expect("a whole answer")
    }

    /// The same at a site that may not answer.
    pub async fn try_send(&mut self, request: RequestBuilder) -> reqwest::Result<Page> {
        let response = request.send().await?;
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let cookie = Cookie::parse(cookie.to_str().expect("ASCII").to_owned()).expect("a cookie");
            // RFC 6265bis, 4.1.3.2: without these attributes a browser ignores the cookie, even its
            // removal.
            let is_bound =
                cookie.secure() == Some(true) && cookie.path() == Some("/") && cookie.domain().is_none();
            if cookie.name().starts_with("__Host-") && !is_bound {
                continue;
            }
            if cookie.max_age().is_some_and(|age| age.is_zero()) || cookie.value().is_empty() {
                self.cookies.remove(cookie.name());
            } else {
                self.cookies.insert(cookie.name().to_owned(), cookie.value().to_owned());
            }
        }
        Page::read(response).await
    }

    /// Sends a request and disconnects after this time, before or after the response.
    pub async fn abandon(&self, path: &str, fields: &[(&str, &str)], after: Duration) {
        let request = self.request(Method::POST, path).form_body(fields);
        let _ = tokio::time::timeout(after, request.send()).await;
    }

    pub async fn get(&mut self, path: &str) -> Page {
        let request = self.request(Method::GET, path);
        self.send(request).await
    }

    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let request = self.request(Method::POST, path).form_body(fields);
        self.send(request).await
    }

    /// Calls a function as a hydrated page does, without accepting HTML.
    pub async fn call(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let request = self.request(Method::POST, path).form_body(fields).wanting("application/json");
        self.send(request).await
    }

    /// Fills in the page's form and submits it, with its hidden fields.
    pub async fn submit(&mut self, page_path: &str, fields: &[(&str, &str)]) -> Page {
        let mut page = self.get(page_path).await;
        if page.form().0 == LOG_OUT && page_path.starts_with("/accounts/login") {
            // Members are shown no form there: theirs was opened before, in another tab.
            page = Self { cookies: BTreeMap::new(), ..self.clone() }.get(page_path).await;
        }
        let (action, hidden) = page.form();
        let hidden: Vec<(&str, &str)> =
            hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post(&action, &[hidden.as_slice(), fields].concat()).await
    }

    /// Opens a page and sends its form with this action and these fields changed; an empty value
    /// unticks a checkbox.
    pub async fn change(&mut self, page_path: &str, action: &str, changed: &[(&str, &str)]) -> Page {
        let page = self.get(page_path).await;
        self.send_form(&page, action, changed).await
    }

    /// The same for a page that was opened before.
    pub async fn send_form(&mut self, page: &Page, action: &str, changed: &[(&str, &str)]) -> Page {
        let mut fields = page.fields_of(action);
        fields.retain(|(name, _)| changed.iter().all(|(other, _)| other != name));
        let mut fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        fields.extend(changed.iter().filter(|(name, value)| !(value.is_empty() && name.starts_with("is_"))));
        self.post(action, &fields).await
    }

    pub async fn sign_up(&mut self, username: &str, email: &str) -> Page {
        let fields =
            [("username", username), ("email", email), ("password1", PASSWORD), ("password2", PASSWORD)];
        self.submit("/accounts/signup", &fields).await
    }

    pub async fn log_in(&mut self, login: &str) -> Page {
        self.log_in_with(login, PASSWORD).await
    }

    pub async fn log_in_with(&mut self, login: &str, password: &str) -> Page {
        self.submit("/accounts/login", &[("login", login), ("password", password), ("remember", "yes")]).await
    }

    /// Logs in with this `User-Agent`.
    pub async fn log_in_by(&mut self, agent: &str, login: &str) -> Page {
        let fields = [("login", login), ("password", PASSWORD), ("remember", "yes")];
        let request = self.request(Method::POST, "/api/accounts/log_in").header(header::USER_AGENT, agent);
        self.send(request.form_body(&fields)).await
    }

    pub async fn log_out(&mut self) -> Page {
        self.post(LOG_OUT, &[]).await
    }

    pub async fn is_signed_in(&mut self) -> bool {
        self.get("/members/secret").await.status == 200
    }

    /// Waits until the site no longer trusts the session that it has in memory. The clock does not
    /// move, so only an announcement can cause that.
    pub async fn until_signed_out(&mut self, what: &str) {
        crate::support::until(what, async || !self.clone().is_signed_in().await).await;
    }

    pub fn session(&self) -> Option<&str> {
        ["sessionid", "__Host-sessionid"]
            .into_iter()
            .find_map(|name| self.cookies.get(name))
            .map(String::as_str)
    }
}

/// reqwest's own `form` needs a feature.
pub trait FormBody {
    fn form_body(self, fields: &[(&str, &str)]) -> Self;

    /// Replaces `Accept`; `RequestBuilder::header` would only add a second one.
    fn wanting(self, kind: &'static str) -> Self;
}

impl FormBody for RequestBuilder {
    fn form_body(self, fields: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body)
    }

    fn wanting(self, kind: &'static str) -> Self {
        self.headers(HeaderMap::from_iter([(header::ACCEPT, header::HeaderValue::from_static(kind))]))
    }
}
