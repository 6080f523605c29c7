//! The part of a path that may be logged.

/// Returns the loggable form of a path. Never the query, which can hold tokens and addresses; for a
/// route with parameters its pattern, since parameters can be tokens too. A path without a route
/// can be a mistyped URL with a token: only its short and plain segments are kept, and only a
/// limited number.
pub fn loggable_path(path: &str, route: Option<&str>) -> String {
    const MAX_PARTS: usize = 10;
    // A link's token has 43 letters.
    const MAX_PART: usize = 24;
    if let Some(route) = route {
        return route.to_owned();
    }
    let is_plain = |part: &str| {
        part.len() <= MAX_PART
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
    };
    let mut parts = path.split('/');
    let mut text = parts
        .by_ref()
        .take(MAX_PARTS)
        .map(|part| if is_plain(part) { part } else { "…" })
        .collect::<Vec<_>>()
        .join("/");
    if parts.next().is_some() {
        text.push_str("/…");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_and_long_paths_are_not_logged() {
        assert_eq!(
            loggable_path("/accounts/reset/s3cret", Some("/accounts/reset/{token}")),
            "/accounts/reset/{token}"
        );
        assert_eq!(loggable_path("/members/dashboard", Some("/members/dashboard")), "/members/dashboard");
        let token = "x".repeat(43);
        for (path, expected) in [
            ("/nowhere", "/nowhere"),
            ("/wp-admin/setup.php", "/wp-admin/setup.php"),
            ("/accounts/login/", "/accounts/login/"),
            (&format!("/accounts/reset/{token}/"), "/accounts/reset/…/"),
            (&format!("/accounts/reset/{token})."), "/accounts/reset/…"),
            ("/a/ada@example.org/b", "/a/…/b"),
            ("/a/ada%40example.org", "/a/…"),
            ("/a/ada%2540example.org", "/a/…"),
            ("//evil.example", "//evil.example"),
            ("/1/2/3/4/5/6/7/8/9/10/11", "/1/2/3/4/5/6/7/8/9/…"),
            (&"/".repeat(5000), "//////////…"),
        ] {
            assert_eq!(loggable_path(path, None), expected, "{path}");
        }
    }
}
