//! `admin.allow_from`: for who comes from elsewhere there is no admin.
//!
//! What is to be hidden must not come to a route at all: once it has, a login page, a slash too many or axum's `Allow` tells that there
//! is one. So its address is changed to one without a route before any is looked for, and its answer is that of every other such
//! address.

use axum::{
    Router,
    extract::Request,
    http::{Uri, uri::PathAndQuery},
};
use tower::ServiceBuilder;

use crate::site::{AppState, client};

/// The router, for who comes from the networks that are named; without `admin.allow_from` it is left as it is.
pub fn hide_admin(router: Router, site: &AppState) -> Router {
    if site.config.admin.allow_from.is_empty() {
        return router;
    }
    let site = site.clone();
    let hide = move |mut request: Request| {
        if !site.config.admin.is_open_to(client::address_of(&request, &site))
            && let Some(elsewhere) = elsewhere(request.uri())
        {
            *request.uri_mut() = elsewhere;
        }
        request
    };
    Router::new().fallback_service(ServiceBuilder::new().map_request(hide).service(router))
}

/// Where a path of the admin's is sent, whether there is such a page or not; a function stays among the functions.
fn elsewhere(uri: &Uri) -> Option<Uri> {
    const NOWHERE: &str = "/-";
    let path = uri.path();
    let changed = [("", "/admin"), ("/api", "/admin")].iter().find_map(|(root, admin)| {
        let rest = path.strip_prefix(root)?.strip_prefix(admin)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| format!("{root}{NOWHERE}{admin}{rest}"))
    })?;
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("{changed}{query}")).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_the_admin_and_nothing_else() {
        for (path, to) in [
            ("/admin", "/-/admin"),
            ("/admin/", "/-/admin/"),
            ("/admin/users?q=a%2Fb", "/-/admin/users?q=a%2Fb"),
            ("/admin//", "/-/admin//"),
            ("/api/admin", "/api/-/admin"),
            ("/api/admin/act", "/api/-/admin/act"),
        ] {
            let found = elsewhere(&path.parse().expect("an address")).expect("hidden");
            assert_eq!(found.to_string(), to);
        }
        for path in
            ["/", "/administrators", "/members/admin", "/api/acting/stop", "/x/admin", "/api/administer"]
        {
            assert_eq!(elsewhere(&path.parse().expect("an address")), None, "{path}");
        }
    }
}
