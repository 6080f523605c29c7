//! All routes and all layers, in their order, each with its reason.

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, Version, header},
    middleware::{self, Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use leptos_axum::LeptosRoutes;
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer};

use super::{
    Site, client, error_page, flash, guard, headers, health, pages, plain_forms, same_origin, shell,
    static_files,
};
use crate::{error::AppError, sessions::cookie, timing};

/// The whole site as one service.
pub fn router(site: Site) -> Router {
    let context = site.clone();
    let document = site.clone();
    let app = Router::new()
        .leptos_routes_with_context(
            &site,
            pages::routes().to_vec(),
            move || pages::provide_page_context(&context),
            move || shell::shell(&document),
        )
        .fallback(pages::fallback);
    // Read from the bottom up: the last layer is the outermost.
    let app = app
        // Forms: inside of the session, so that its cookies are in the answer that is rewritten.
        .layer(from_fn_with_state(site.clone(), plain_forms::plain_forms))
        // Needs to know who asks, and stands before anything is rendered.
        .layer(from_fn_with_state(site.clone(), guard::guard))
        // Who asks.
        .layer(cookie::layer(&site))
        // Around the guard too, whose redirects must leave the messages where they are.
        .layer(from_fn_with_state(site.clone(), flash::carry));
    let all = Router::new()
        .merge(static_files::routes(&site))
        .merge(health::routes())
        .merge(app.with_state(site.clone()));
    outer_layers(all.with_state(site.clone()), site)
}

/// The layers around everything, static files included.
fn outer_layers(router: Router, site: Site) -> Router {
    let for_panics = site.clone();
    let html = HeaderMap::from_iter([(header::ACCEPT, header::HeaderValue::from_static("text/html"))]);
    router
        // A URL with an error text in it, as Leptos makes them, is never rendered.
        .layer(middleware::from_fn(without_error_text))
        // Before the session is looked at: another site's request costs us nothing.
        .layer(from_fn_with_state(site.clone(), same_origin::same_origin))
        .layer(from_fn_with_state(site.clone(), client::identify))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            site.config.server.request_timeout.get(),
        ))
        .layer(CatchPanicLayer::custom(move |panic| {
            error_page::panicked(&for_panics, &html, panic)
        }))
        // Outside of whatever answers with nothing.
        .layer(from_fn_with_state(site.clone(), error_page::never_empty))
        .layer(from_fn_with_state(site.clone(), one_host))
        .layer(from_fn_with_state(site.clone(), headers::security_headers))
        // Outermost: it times all of the above.
        .layer(from_fn_with_state(site, timing::layer::time_requests))
}

/// RFC 9112, 3.2: an HTTP/1.1 request without Host, or with two, is answered with 400. hyper does not ask.
async fn one_host(State(site): State<Site>, request: Request, next: Next) -> Response {
    let hosts = request.headers().get_all(header::HOST).iter().count();
    if hosts > 1 || (hosts == 0 && request.version() == Version::HTTP_11) {
        return error_page::refuse(&site, request.headers(), &AppError::BadRequest);
    }
    next.run(request).await
}

async fn without_error_text(request: Request, next: Next) -> Response {
    let uri = request.uri();
    let is_leptos = |pair: &str| pair.starts_with("__err") || pair.starts_with("__path");
    let Some(query) = uri.query().filter(|query| query.split('&').any(is_leptos)) else {
        return next.run(request).await;
    };
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_leptos(pair)).collect();
    // One slash in front, or the browser takes the path for another host.
    let path = format!("/{}", uri.path().trim_start_matches('/'));
    let location = if kept.is_empty() {
        path
    } else {
        format!("{path}?{}", kept.join("&"))
    };
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}
