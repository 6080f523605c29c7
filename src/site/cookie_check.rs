//! "This site needs cookies": messages, returned forms and the session travel in cookies. Without
//! them a browser would show the same empty form again and again, without a reason.
//!
//! A browser that sends a form without any cookie may just be new here. So its next URL gets a
//! mark: if the browser then sends a cookie, the mark is removed; otherwise the page explains what
//! is missing. Right and wrong passwords are treated alike.

use axum::http::{HeaderMap, HeaderValue, Uri, header};

const MARK: &str = "cookie_check";

/// Marks the URL that a form redirects to, if the browser sent no cookies and the response sets
/// one. Browsers send `Origin` with every form; a program that does not could not handle the mark.
pub fn mark(request: &HeaderMap, answer: &HeaderMap, location: HeaderValue) -> HeaderValue {
    let comes_without = !request.contains_key(header::COOKIE) && request.contains_key(header::ORIGIN);
    if !comes_without || !answer.contains_key(header::SET_COOKIE) {
        return location;
    }
    match location.to_str() {
        // A form on a marked page already redirects back there.
        Ok(page) if !page.contains(MARK) => marked(page),
        _ => location,
    }
}

/// Returns the URL with the mark.
pub fn marked(page: &str) -> HeaderValue {
    let (page, fragment) = page.split_at(page.find('#').unwrap_or(page.len()));
    let joint = if page.contains('?') { '&' } else { '?' };
    HeaderValue::try_from(format!("{page}{joint}{MARK}{fragment}")).unwrap_or(HeaderValue::from_static("/"))
}

/// Returns the URL without its mark, or `None` if it has none.
pub fn unmarked(address: &Uri) -> Option<HeaderValue> {
    let query = address.query().filter(|query| query.split('&').any(|pair| pair == MARK))?;
    let rest: Vec<&str> = query.split('&').filter(|pair| *pair != MARK).collect();
    let joint = if rest.is_empty() { "" } else { "?" };
    HeaderValue::try_from(format!("{}{joint}{}", address.path(), rest.join("&"))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marker_is_removed_again() {
        let request = HeaderMap::from_iter([(header::ORIGIN, HeaderValue::from_static("http://x"))]);
        let answer = HeaderMap::from_iter([(header::SET_COOKIE, HeaderValue::from_static("a=b"))]);
        for (page, marked, back) in [
            ("/a", "/a?cookie_check", "/a"),
            ("/a?b=c&d", "/a?b=c&d&cookie_check", "/a?b=c&d"),
            ("/a?b#c", "/a?b&cookie_check#c", "/a?b"),
        ] {
            assert_eq!(mark(&request, &answer, HeaderValue::from_static(page)), marked);
            let address = Uri::try_from(marked.split('#').next().expect("a page")).expect("an address");
            assert_eq!(unmarked(&address), Some(HeaderValue::from_static(back)));
        }
        assert_eq!(unmarked(&Uri::from_static("/a?b=cookie_check")), None);
        let with_cookie = HeaderMap::from_iter([
            (header::ORIGIN, HeaderValue::from_static("http://x")),
            (header::COOKIE, HeaderValue::from_static("a=b")),
        ]);
        for request in [HeaderMap::new(), with_cookie] {
            assert_eq!(mark(&request, &answer, HeaderValue::from_static("/a")), "/a");
        }
        assert_eq!(
            mark(&request, &HeaderMap::new(), HeaderValue::from_static("/a")),
            "/a",
            "nothing is lost"
        );
    }
}
