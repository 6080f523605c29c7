//! Somebody with a browser, who asks a router.

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

/// Somebody with a browser.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Who.
    pub role: Role,
    /// The site's name for them, once they are signed in.
    pub member: Option<Member>,
    /// Where they come from.
    pub peer: IpAddr,
    /// What their browser is called.
    pub agent: String,
    /// The site's host.
    pub host: String,
    /// As they are sent; may be empty.
    pub cookies: String,
}

/// What is sent along.
#[derive(Clone, Debug)]
pub enum Sent {
    /// Nothing: it is a look.
    Nothing,
    /// A form, encoded.
    Form(String),
    /// A file: the content type of the form, and the form.
    File(String, Vec<u8>),
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// The path with its query.
    pub address: &'a str,
    /// What is sent along.
    pub sent: &'a Sent,
    /// For `Accept`.
    pub kind: &'static str,
    /// For `Accept-Encoding`; may be empty.
    pub encoding: &'static str,
}

/// A page.
pub const HTML: &str = "text/html";
/// What the browser's half of Leptos asks for.
pub const JSON: &str = "application/json";

impl Visitor {
    /// Asks. Where the address is none, the answer is one that cannot be read.
    pub async fn ask(&self, router: Router, wanted: &Wanted<'_>, palette: &Palette) -> Answer {
        match self.send(router, wanted).await {
            Some(response) => read(response, palette).await,
            None => Answer::default(),
        }
    }

    /// Posts a form, as a page that runs its script does.
    pub async fn post(&self, router: &Router, address: &str, fields: &[(&str, &str)]) -> Option<Response> {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let wanted = Wanted { address, sent: &Sent::Form(form), kind: JSON, encoding: "" };
        self.send(router.clone(), &wanted).await
    }

    /// Asks for the bare answer; nothing where the address is none.
    pub async fn send(&self, router: Router, wanted: &Wanted<'_>) -> Option<Response> {
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
            Sent::Nothing => (Method::GET, None, Body::empty()),
            Sent::Form(form) => {
                (Method::POST, Some("application/x-www-form-urlencoded"), Body::from(form.clone()))
            }
            Sent::File(kind, form) => (Method::POST, Some(kind.as_str()), Body::from(form.clone())),
        };
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind).header("sec-fetch-site", "same-origin");
        }
        let mut request = request.method(method).body(body).ok()?;
        request.extensions_mut().insert(Peer::Network(self.peer));
        // A router answers whatever comes.
        router.oneshot(request).await.ok()
    }

    /// Takes the cookies of an answer in place of what they had; their values.
    pub fn take_cookies(&mut self, answer: &Response) -> Vec<String> {
        let set: Vec<Cookie<'static>> = answer
            .headers()
            .get_all(header::SET_COOKIE)
            .iter()
            .filter_map(|cookie| Cookie::parse(cookie.to_str().ok()?.to_owned()).ok())
            .filter(|cookie| !cookie.value().is_empty())
            .collect();
        let pairs: Vec<String> =
            set.iter().map(|cookie| format!("{}={}", cookie.name(), cookie.value())).collect();
        self.cookies = pairs.join("; ");
        set.iter().map(|cookie| cookie.value().to_owned()).collect()
    }
}
