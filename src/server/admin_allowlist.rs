//! `admin.allow_from`: clients from other networks get a 404 for everything under the admin.
//!
//! Such a request must not reach a route at all: a login page, a redirect for a trailing slash or
//! axum's `Allow` header would reveal that there is one. So its path is changed, before routing, to
//! one without a route, and the answer is the same as for any unknown address.

use axum::{
    Router,
    extract::Request,
    http::{Uri, uri::PathAndQuery},
};
use tower::ServiceBuilder;

use crate::site::{AppState, client};

/// Wraps the router so that clients outside `admin.allow_from` do not find the admin. Returns it
/// unchanged when the setting is empty.
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

/// Returns the replacement for a path below the admin, whether or not such a page exists. Server
/// functions stay below `/api`, so they still answer as functions do.
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
    fn it_covers_exactly_the_admin() {
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
