//! Addresses with a slash at the end, which lead to their page.

use super::paths::{HEALTH, PAGES};

/// Returns the path without its trailing slash, if a page exists there.
pub fn without_slash(path: &str) -> Option<&str> {
    let mut known = PAGES.iter().map(|page| page.path).chain(HEALTH);
    path.strip_suffix('/').filter(|page| known.any(|route| fits(route, page)))
}

/// Returns whether the path matches the route and its parameters.
fn fits(route: &str, path: &str) -> bool {
    let fit =
        |(wanted, found): (&str, &str)| wanted == found || (wanted.starts_with('{') && !found.is_empty());
    route.split('/').count() == path.split('/').count() && route.split('/').zip(path.split('/')).all(fit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailing_slash_is_removed() {
        for (path, page) in [
            ("/members/dashboard/", "/members/dashboard"),
            ("/members/export/", "/members/export"),
            ("/members/picture/large/", "/members/picture/large"),
            ("/admin/users/17/", "/admin/users/17"),
            ("/healthz/", "/healthz"),
        ] {
            assert_eq!(without_slash(path), Some(page));
        }
        for path in [
            "/members/dashboard",
            "/",
            "//evil.example/",
            "/nowhere/",
            "//accounts/login/",
            "/admin/users//",
            "/admin/users/17/x/",
        ] {
            assert_eq!(without_slash(path), None, "{path}");
        }
    }
}
