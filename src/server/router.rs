//! All routes and all layers in their order, each with its reason.

use axum::{Router, http::StatusCode, middleware::from_fn_with_state};
use leptos_axum::LeptosRoutes;
use tower::ServiceBuilder;
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer};

use super::{
    admin_allowlist, error_frame, error_page, guard, headers, health, hydration, networks,
    page_cache::{PageCache, cache_pages},
    pages, plain_forms, same_origin, security_txt, shell, static_files, web_manifest, well_formed,
};
use crate::{
    accounts::{
        legacy_redirects, mail_links, passkey_party, recovery_file, session, session_layers, setup_link,
    },
    admin::{cache, impersonation, timings, users},
    data_export::download,
    lab, pictures,
    sessions::live,
    site::{AppState, client, flash},
    timing::{layer::time_requests, settings::Settings},
};

/// Builds the router of the whole site.
pub fn router(site: AppState, pages: PageCache) -> Router {
    let context = site.clone();
    let document = site.clone();
    let app = Router::new()
        .leptos_routes_with_context(
            &site,
            pages::routes().to_vec(),
            move || pages::provide_page_context(&context),
            move || shell::shell(&document),
        )
        .merge(mail_links::routes())
        .merge(setup_link::routes())
        .merge(recovery_file::routes())
        .merge(legacy_redirects::routes())
        .merge(pictures::routes::routes())
        .merge(download::routes())
        .merge(users::download::routes())
        .fallback(pages::fallback);
    // Read from the top: the first layer is the outermost. One `ServiceBuilder` instead of a
    // `.layer` each, because axum boxes at each `.layer`, and every request clones each box with
    // all the boxes inside it.
    let app = app.layer(
        ServiceBuilder::new()
            // Outside the guard, whose redirects must not consume the flash messages.
            .layer(from_fn_with_state(site.clone(), flash::carry))
            // Completes the removal cookie that the session layer sends.
            .layer(from_fn_with_state(site.clone(), session_layers::removable))
            // Loads the session.
            .layer(session::layer(&site))
            // Before the guard refuses a request whose session has just changed its id.
            .layer(from_fn_with_state(site.clone(), session_layers::resend_crossed))
            // Resolves the effective member of an impersonating session.
            .layer(from_fn_with_state(site.clone(), impersonation::layer::identify))
            // Needs the member, and runs before anything is rendered.
            .layer(from_fn_with_state(site.clone(), guard::guard))
            .layer(from_fn_with_state(site.clone(), lab::gate::closed))
            .layer(from_fn_with_state(site.clone(), setup_link::closed))
            // Inside the guard: every request here was admitted.
            .layer(from_fn_with_state(pages, cache_pages))
            // Inside the session layer, so that the response being rewritten has the session's
            // cookies.
            .layer(from_fn_with_state(site.clone(), plain_forms::plain_forms)),
    );
    let all = Router::new()
        .merge(static_files::routes(&site))
        .merge(security_txt::routes(&site))
        .merge(web_manifest::routes(&site))
        .merge(health::routes())
        .merge(legacy_redirects::well_known())
        .merge(legacy_redirects::short())
        .merge(passkey_party::routes())
        .merge(hydration::routes())
        // Reads the session without counting as activity.
        .merge(live::routes())
        .merge(cache::live::routes())
        .merge(timings::live::routes())
        .merge(app.with_state(site.clone()));
    admin_allowlist::hide_admin(outer_layers(all.with_state(site.clone()), site.clone()), &site)
}

/// Wraps everything in the outer layers, static files included.
fn outer_layers(router: Router, site: AppState) -> Router {
    let time_limit = site.config.server.request_timeout.get();
    router.layer(
        ServiceBuilder::new()
            // Outermost: times everything below, and puts the request's id on its log lines.
            .layer(from_fn_with_state(
                Settings::new(&site.config, site.timings.clone(), site.requests.clone()),
                time_requests,
            ))
            .layer(from_fn_with_state(site.clone(), headers::security_headers))
            // Outside everything that makes error pages.
            .layer(from_fn_with_state(site.clone(), error_frame::frame_error_pages))
            // Outside everything that answers with an empty body.
            .layer(from_fn_with_state(site.clone(), error_page::never_empty))
            .layer(CatchPanicLayer::custom(error_page::panicked))
            .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, time_limit))
            .layer(from_fn_with_state(site.clone(), client::identify))
            // Cheap: runs before a session or a file is read.
            .layer(from_fn_with_state(site.clone(), networks::admit))
            // From here on, requests are unambiguous.
            .layer(from_fn_with_state(site.clone(), well_formed::well_formed))
            // Before the session is loaded, so that cross-site requests cost no query.
            .layer(from_fn_with_state(site, same_origin::same_origin)),
    )
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, extract::Request, routing::get};
    use tower::ServiceExt;

    use super::*;
    use crate::base::{clock::Clock, config::Config, db::Database};

    async fn site(folder: &std::path::Path) -> AppState {
        let mut config = Config::default();
        let url = format!("sqlite://{}", folder.join("test.db").display());
        config.database.url = crate::base::config::DatabaseUrl::new(url);
        config.server.request_timeout = crate::base::config::Period::millis(50);
        let db = Database::connect(&config.database).await.expect("connected");
        AppState::new(config, Clock::default(), db, ([127, 0, 0, 1], 0).into()).expect("a site")
    }

    #[tokio::test]
    async fn a_panic_and_a_hang_are_error_pages_with_all_headers() {
        async fn hang() {
            std::future::pending::<()>().await;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let routes = Router::new()
            .route("/panic", get(|| async { panic!("with a s3cret") as () }))
            .route("/hang", get(hang));
        let router = outer_layers(routes, site(folder.path()).await);
        for (path, status, heading) in
            [("/panic", 500, "Something went wrong"), ("/hang", 503, "Please try again in a moment")]
        {
            let request = Request::builder().uri(path).header("host", "x").header("accept", "text/html");
            let request = request.body(Body::empty()).expect("a request");
            let response = router.clone().oneshot(request).await.expect("an answer");
            assert_eq!(response.status().as_u16(), status);
            assert_eq!(response.headers()["x-content-type-options"], "nosniff");
            let id = response.headers()["x-request-id"].to_str().expect("ASCII").to_owned();
            let body = axum::body::to_bytes(response.into_body(), 100_000).await.expect("a body");
            let text = String::from_utf8_lossy(&body);
            assert!(text.contains(heading) && text.contains(&id) && !text.contains("s3cret"), "{text}");
        }
    }
}
