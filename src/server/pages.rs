//! Rendering the app's pages, and what becomes of a path that is none.

use std::sync::LazyLock;

use axum::{
    body::Body,
    extract::{Request, State},
    http::{Extensions, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use leptos::prelude::{provide_context, use_context};
use leptos_axum::{AxumRouteListing, ResponseOptions, generate_route_list};

use super::{Site, flash::Carried, fragments, shell::shell, visit};
use crate::{
    app::App,
    base::{
        member::{Client, Member, Permission},
        moment::moment,
    },
    my_data::EXPORT,
    ui::{PageContext, SetStatus, Visitor, context::Notice},
};

/// Every page's route. Made once: making the list sets a flag for the whole process, under which a page that is being rendered
/// meanwhile waits for ever (leptos issue 4773).
pub fn routes() -> &'static [AxumRouteListing] {
    static ROUTES: LazyLock<Vec<AxumRouteListing>> = LazyLock::new(|| generate_route_list(App));
    &ROUTES
}

/// What a page may know of its request. Given to the render only; the browser gets it inside the page.
pub fn provide_page_context(site: &Site) {
    provide(site, false);
}

fn provide(site: &Site, is_missing: bool) {
    let Ok(parts) = visit::parts() else {
        return;
    };
    let carried = parts.extensions.get::<Carried>().cloned().unwrap_or_default();
    let member = parts.extensions.get::<Member>();
    let (messages, form) = carried.shown_to(member.map(Member::username));
    provide_context(PageContext {
        site_name: site.config.site.name.clone(),
        visitor: member.map(visitor).map(|visitor| Visitor {
            is_staff: visitor.is_staff && admin_is_here(site, &parts.extensions),
            ..visitor
        }),
        has_lab: site.config.has_lab(),
        password_rules: site.password_rules.shown(),
        messages,
        form,
        acting: member.and_then(notice),
        is_missing,
    });
    let response = use_context::<ResponseOptions>().unwrap_or_default();
    provide_context(SetStatus::new(move |status, retry_after| {
        if let Ok(status) = StatusCode::from_u16(status) {
            response.set_status(status);
        }
        if let Some(seconds) = retry_after {
            response.insert_header(header::RETRY_AFTER, seconds.into());
        }
    }));
    provide_context(fragments::of(site, &parts));
}

/// What a page is told of who looks at it.
pub fn visitor(member: &Member) -> Visitor {
    Visitor {
        username: member.username().to_owned(),
        is_staff: member.is_staff(),
        is_superuser: member.is_superuser(),
        may: Permission::ALL.into_iter().filter(|permission| member.may(*permission)).collect(),
    }
}

/// What the banner says, where staff acts as the member.
pub fn notice(member: &Member) -> Option<Notice> {
    member.acting().map(|actor| Notice {
        actor: actor.username.clone(),
        member: member.username().to_owned(),
        until: moment(actor.ends_at),
    })
}

/// Whether there is an admin for whoever sent the request: `admin.allow_from`.
pub fn admin_is_here(site: &Site, request: &Extensions) -> bool {
    let address = request.get::<Client>().map(|client| client.address.as_str()).unwrap_or_default();
    site.config.admin.is_open_to(address.parse().ok())
}

/// The path with a slash too many leads to its page; anything else is the 404 page.
pub async fn fallback(State(site): State<Site>, request: Request) -> Response {
    if let Some(location) = without_slash(request.uri().path(), request.uri().query()) {
        return (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, location)]).into_response();
    }
    let (context, app) = (site.clone(), site);
    let render = leptos_axum::render_app_async_with_context(
        move || {
            provide_context(context.clone());
            provide(&context, true);
        },
        move || shell(&app),
    );
    let mut response: Response<Body> = render(request).await;
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}

/// What people open by its address and is no page of the app.
const OTHERS: [&str; 4] = [EXPORT, "/healthz", "/readyz", "/members/picture/{size}"];

/// Returns the address without the slash at its end; 308 keeps the method. Only to what there is, so that no made-up path leads
/// anywhere.
pub fn without_slash(path: &str, query: Option<&str>) -> Option<HeaderValue> {
    let mut known = routes().iter().map(|route| route.path()).chain(OTHERS);
    let page = path.strip_suffix('/').filter(|page| known.any(|route| fits(route, page)))?;
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    HeaderValue::try_from(format!("{page}{query}")).ok()
}

/// Whether the path is one of this route: the same, but for its parameters.
fn fits(route: &str, path: &str) -> bool {
    let fit =
        |(wanted, found): (&str, &str)| wanted == found || (wanted.starts_with('{') && !found.is_empty());
    route.split('/').count() == path.split('/').count() && route.split('/').zip(path.split('/')).all(fit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_too_many() {
        let to = |path, query| without_slash(path, query).map(|to| to.to_str().expect("ASCII").to_owned());
        assert_eq!(to("/members/dashboard/", None).as_deref(), Some("/members/dashboard"));
        assert_eq!(to("/accounts/login/", Some("next=/x")).as_deref(), Some("/accounts/login?next=/x"));
        assert_eq!(to("/members/export/", None).as_deref(), Some("/members/export"));
        assert_eq!(to("/members/picture/large/", Some("v=1")).as_deref(), Some("/members/picture/large?v=1"));
        assert_eq!(to("/admin/users/17/", None).as_deref(), Some("/admin/users/17"));
        for path in [
            "/members/dashboard",
            "/",
            "//evil.example/",
            "/nowhere/",
            "//accounts/login/",
            "/admin/users//",
            "/admin/users/17/x/",
        ] {
            assert_eq!(to(path, None), None, "{path}");
        }
    }
}
