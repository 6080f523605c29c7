//! Validates `?next=`: it may only lead to this site.

use url::Url;

use super::response::with_next;

/// Django's `MAX_URL_LENGTH`, in characters.
const MAX_URL_CHARS: usize = 2048;

/// Returns the path (with query and fragment) on this site that `next` leads to, or `None`. Two
/// checks must both accept it: Django's `url_has_allowed_host_and_scheme`, for the URL and for its
/// variant with slashes in place of backslashes; and the WHATWG parser that browsers use, whose
/// result becomes the redirect. `base` is the site's address, `page` the path that relative URLs
/// are relative to.
pub fn destination(next: &str, base: &Url, page: &str) -> Option<String> {
    // Python's `str.strip` also strips the four separators; our parser accepts none of them in a
    // path anyway.
    let next = next.trim();
    if !is_allowed(next, base) || !is_allowed(&next.replace('\\', "/"), base) {
        return None;
    }
    let url = base.join(page).ok()?.join(next).ok()?;
    if url.origin() != base.origin() || !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    // A path that begins with two slashes would be read as another host.
    let path = &url[url::Position::BeforePath..];
    (!path.starts_with("//")).then(|| path.to_owned())
}

/// Returns the page with `next` in its query, unchecked, for a form there to send on.
pub fn carried(page: &str, next: &str) -> String {
    if next.is_empty() {
        return page.to_owned();
    }
    with_next(page, next).to_str().unwrap_or(page).to_owned()
}

fn is_allowed(url: &str, base: &Url) -> bool {
    if url.is_empty()
        || url.starts_with("///")
        || url.chars().count() > MAX_URL_CHARS
        || url.starts_with(char::is_control)
    {
        return false;
    }
    // At any position: browsers drop tabs and line ends inside a URL.
    if url.chars().any(char::is_control) {
        return false;
    }
    let (scheme, rest) = split_scheme(url);
    let host = rest.strip_prefix("//").map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let scheme = match (scheme, host) {
        (Some(_), None | Some("")) => return false,
        (Some(scheme), Some(_)) => scheme.to_ascii_lowercase(),
        (None, Some(host)) if !host.is_empty() => "http".to_owned(),
        (None, _) => return true,
    };
    let allowed_scheme = scheme == "https" || (scheme == "http" && base.scheme() == "http");
    allowed_scheme && host.is_some_and(|host| host.eq_ignore_ascii_case(&authority(base)))
}

/// Splits like Python's `urlsplit`: a scheme is a letter, then letters, digits or `+-.`, before the
/// first colon.
fn split_scheme(url: &str) -> (Option<&str>, &str) {
    match url.split_once(':') {
        Some((scheme, rest))
            if scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')) =>
        {
            (Some(scheme), rest)
        }
        _ => (None, url),
    }
}

fn authority(base: &Url) -> String {
    let host = base.host_str().unwrap_or_default();
    base.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(next: &str, base: &str) -> Option<String> {
        destination(next, &Url::parse(base).expect("a base"), "/accounts/login")
    }

    /// The test cases of Django's `tests/utils_tests/test_http.py`.
    #[test]
    fn refused() {
        let long = format!("/{}", "x".repeat(2048));
        for next in [
            "",
            " ",
            "http://example.com",
            "http:///example.com",
            "https://example.com",
            "ftp://example.com",
            r"\\example.com",
            r"\\\example.com",
            r"/\\/example.com",
            r"\\\example.com",
            r"\\example.com",
            r"\\//example.com",
            r"/\/example.com",
            r"\/example.com",
            r"/\example.com",
            "http:///example.com",
            r"http:/\//example.com",
            r"http:\/example.com",
            r"http:/\example.com",
            "javascript:alert(\"XSS\")",
            "\njavascript:alert(x)",
            "java\nscript:alert(x)",
            "\x08//example.com",
            r"http://otherserver\@example.com",
            r"http:\\testserver\@example.com",
            r"http://testserver\me:pass@example.com",
            r"http://testserver\@example.com",
            r"http:\\testserver\confirm\me@example.com",
            "http:999999999",
            "ftp:9999999999",
            "\n",
            "http://[2001:cdba:0000:0000:0000:0000:3257:9652/",
            "http://2001:cdba:0000:0000:0000:0000:3257:9652]/",
            "//example.com",
            "///example.com",
            "////example.com",
            "/\t/example.com",
            "http://testserver@example.com",
            "http://me:pass@testserver",
            "https:/example.com",
            "http://testserver:81/",
            "/..//example.com",
            "/.//example.com",
            "/%0d/..//example.com",
            "data:text/html,x",
            long.as_str(),
        ] {
            assert_eq!(to(next, "http://testserver"), None, "{next:?}");
        }
        for next in ["http://testserver/", "//testserver/"] {
            assert_eq!(to(next, "https://testserver"), None, "https only: {next:?}");
        }
    }

    #[test]
    fn accepted_and_made_a_path() {
        for (next, path) in [
            ("/view/?param=http://example.com", "/view/?param=http://example.com"),
            ("/view/?param=https://example.com", "/view/?param=https://example.com"),
            ("/view?param=ftp://example.com", "/view?param=ftp://example.com"),
            ("view/?param=//example.com", "/accounts/view/?param=//example.com"),
            ("https://testserver/", "/"),
            ("HTTPS://testserver/", "/"),
            ("//testserver/", "/"),
            ("http://testserver/confirm?email=me@example.com", "/confirm?email=me@example.com"),
            ("/url%20with%20spaces/", "/url%20with%20spaces/"),
            ("path/http:2222222222", "/accounts/path/http:2222222222"),
            ("/members/profile#top", "/members/profile#top"),
            ("/ünï", "/%C3%BCn%C3%AF"),
        ] {
            let base = if next.to_lowercase().starts_with("https") {
                "https://testserver"
            } else {
                "http://testserver"
            };
            assert_eq!(to(next, base).as_deref(), Some(path), "{next:?}");
        }
        assert_eq!(to("http://testserver:8080/a", "http://testserver:8080").as_deref(), Some("/a"));
    }
}
