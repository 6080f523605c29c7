//! A visitor with a browser, who sends requests to a router.

use std::net::IpAddr;

use axum::{
    Router,
    body::Body,
    http::{Method, Request, header},
    response::Response,
};
use cookie::Cookie;
use tower::ServiceExt;

use super::{
    answer::{Palette, read},
    canary::Role,
    detect_leaks::Answer,
};
use crate::base::{member::Member, network::Peer};

/// A visitor with a browser.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The role.
    pub role: Role,
    /// The member, once they are signed in.
    pub member: Option<Member>,
    /// The network address.
    pub peer: IpAddr,
    /// The `User-Agent`.
    pub agent: String,
    /// The site's host.
    pub host: String,
    /// The `Cookie` header; may be empty.
    pub cookies: String,
}

/// The body of a request.
#[derive(Clone, Debug)]
pub enum RequestBody {
    /// No body: a GET request.
    Nothing,
    /// A form, URL-encoded.
    Form(String),
    /// A form with a file: its content type and its bytes.
    File(String, Vec<u8>),
}

/// A request to send.
#[derive(Clone, Debug)]
pub struct ProbeRequest<'a> {
    /// The path with its query.
    pub address: &'a str,
    /// The body.
    pub sent: &'a RequestBody,
    /// The `Accept` header.
    pub kind: &'static str,
    /// The `Accept-Encoding` header; empty for none.
    pub encoding: &'static str,
}

/// The `Accept` header of a page request.
pub const HTML: &str = "text/html";
/// The `Accept` header that Leptos's client sends.
pub const JSON: &str = "application/json";

impl Visitor {
    /// Sends a request and reads the response. An invalid address gives an answer that cannot be
    /// read.
    pub async fn ask(&self, router: Router, wanted: &ProbeRequest<'_>, palette: &Palette) -> Answer {
        match self.send(router, wanted).await {
            Some(response) => read(response, palette).await,
            None => Answer::default(),
        }
    }

    /// Posts a form as a page with scripts does.
    pub async fn post(&self, router: &Router, address: &str, fields: &[(&str, &str)]) -> Option<Response> {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let wanted = ProbeRequest { address, sent: &RequestBody::Form(form), kind: JSON, encoding: "" };
        self.send(router.clone(), &wanted).await
    }

    /// Sends a request and returns the raw response, or `None` if the address is invalid.
    pub async fn send(&self, router: Router, wanted: &ProbeRequest<'_>) -> Option<Response> {
        let mut request = Request::builder()
            .uri(wanted.address)
            .header(header::HOST, &self.host)
            .header(header::USER_AGENT, &self.agent)
            .header(header::ACCEPT, wanted.kind);
        if !wanted.encoding.is_empty() {
            request = request.header(header::ACCEPT_ENCODING, wanted.encoding);
        }
        if !self.cookies.is_empty() {
            request = request.header(header::COOKIE, &self.cookies);
        }
        let (method, kind, body) = match wanted.sent {
            RequestBody::Nothing => (Method::GET, None, Body::empty()),
            RequestBody::Form(form) => {
                (Method::POST, Some("application/x-www-form-urlencoded"), Body::from(form.clone()))
            }
            RequestBody::File(kind, form) => (Method::POST, Some(kind.as_str()), Body::from(form.clone())),
        };
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind).header("sec-fetch-site", "same-origin");
        }
        let mut request = request.method(method).body(body).ok()?;
        request.extensions_mut().insert(Peer::Network(self.peer));
        router.oneshot(request).await.ok()
    }

    /// Takes the cookies of the response, and returns the values of those that are secrets: the
    /// others are words and numbers, which pages have, too.
    pub fn take_cookies(&mut self, answer: &Response) -> Vec<String> {
        let set: Vec<Cookie<'static>> = answer
            .headers()
            .get_all(header::SET_COOKIE)
            .iter()
            .filter_map(|cookie| Cookie::parse(cookie.to_str().ok()?.to_owned()).ok())
            .collect();
        let is_set = |pair: &str| set.iter().any(|cookie| pair.split('=').next() == Some(cookie.name()));
        let kept = self.cookies.split("; ").filter(|pair| !pair.is_empty() && !is_set(pair));
        let new = set.iter().filter(|cookie| !cookie.value().is_empty());
        let new = new.map(|cookie| format!("{}={}", cookie.name(), cookie.value()));
        self.cookies = kept.map(str::to_owned).chain(new).collect::<Vec<_>>().join("; ");
        /// 64 bits in base64url. Ours have twice as many and more.
        const SHORTEST_SECRET: usize = 11;
        let values = set.iter().map(|cookie| cookie.value().to_owned());
        values.filter(|value| value.len() >= SHORTEST_SECRET).collect()
    }
}
