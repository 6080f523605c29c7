//! The request id, which links a response, its log lines, and a visitor's report.

use std::fmt;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Request};
use ipnet::IpNet;

use super::text::Text;
use crate::base::network::Peer;

/// The header of every response. A trusted proxy may send it; inside the timing layer every request
/// has it.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A request's id.
#[derive(Clone, Debug)]
pub enum RequestId {
    /// Generated here: 16 hexadecimal digits.
    Made(u64),
    /// Sent by a trusted proxy, whose log has it as well.
    Given(HeaderValue),
}

impl RequestId {
    /// Takes the id that a trusted proxy sent, or generates one.
    pub fn of<B>(trusted: &[IpNet], request: &Request<B>) -> Self {
        let is_trusted = request.extensions().get::<Peer>().is_some_and(|peer| peer.is_trusted(trusted));
        let given = is_trusted.then(|| given(request.headers())).flatten();
        given.map_or_else(|| Self::Made(rand::random()), Self::Given)
    }

    /// Returns the id as a header value.
    pub fn header(&self) -> Option<HeaderValue> {
        match self {
            Self::Made(id) => Text::of("").hex(*id).value(),
            Self::Given(id) => Some(id.clone()),
        }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Made(id) => write!(f, "{id:016x}"),
            Self::Given(id) => f.write_str(id.to_str().unwrap_or_default()),
        }
    }
}

/// Returns the id of a request inside the timing layer.
pub fn of_request(headers: &HeaderMap) -> Option<&str> {
    headers.get(REQUEST_ID)?.to_str().ok()
}

/// Returns the header's id, if it is the only one and safe for the log and for pages.
fn given(headers: &HeaderMap) -> Option<HeaderValue> {
    const LENGTH: std::ops::RangeInclusive<usize> = 1..=64;
    let mut ids = headers.get_all(REQUEST_ID).iter();
    let id = ids.next().filter(|_| ids.next().is_none())?;
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    (LENGTH.contains(&id.len()) && id.as_bytes().iter().all(is_plain)).then(|| id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_that_are_safe_to_log_are_used() {
        let long = "x".repeat(65);
        for (ids, expected) in [
            (vec!["7f3a-B_c.9"], Some("7f3a-B_c.9")),
            (vec![&long[..64]], Some(&long[..64])),
            (vec![&long], None),
            (vec![""], None),
            (vec!["a b"], None),
            (vec!["a\tb"], None),
            (vec!["<b>"], None),
            (vec!["ada@example.org"], None),
            (vec!["a", "b"], None),
            (vec![], None),
        ] {
            let mut headers = HeaderMap::new();
            for id in &ids {
                headers.append(REQUEST_ID, HeaderValue::from_str(id).expect("a header"));
            }
            assert_eq!(given(&headers).as_ref().and_then(|id| id.to_str().ok()), expected, "{ids:?}");
        }
    }
}
