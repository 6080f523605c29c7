//! The export as a download. It is a route of its own, because server functions answer forms with
//! pages and scripts with values, and this is a file.

use axum::{
    Extension, Router,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use bytes::Bytes;

use super::service::{self, Packed};
use crate::{
    accounts::session::{self, AuthSession},
    base::{
        member::{ClientInfo, Member},
        moment::moment,
    },
    shared::{
        error::AppError,
        paths::{DATA, EXPORT},
    },
    site::{
        AppState, RequestContext, pending_form,
        response::{self, to_the_end},
    },
    timing::Recorder,
};

/// Returns the router with the download. A GET, for example after a login on the way, redirects to
/// the page with the button.
pub fn routes() -> Router<AppState> {
    Router::new().route(EXPORT, get(Redirect::to(DATA)).post(download))
}

async fn download(
    State(site): State<AppState>,
    Extension(member): Extension<Member>,
    Extension(auth): Extension<AuthSession>,
    Extension(client): Extension<ClientInfo>,
    Extension(recorder): Extension<Recorder>,
    headers: HeaderMap,
) -> Response {
    let context =
        RequestContext { site: site.clone(), client, device: None, session: None, recorder, page: None };
    to_the_end(async move {
        let copy = match session::recently_authenticated(&auth, &site).await {
            Ok(proof) => service::export(&context, &member, &proof).await,
            Err(error) => Err(error),
        };
        match copy {
            Ok(copy) => file(&site, copy),
            Err(AppError::ReauthenticationRequired) if response::wants_html(&headers) => {
                pending_form::reauthenticate_for_file(&site, DATA, EXPORT)
            }
            Err(error) => response::refuse(error),
        }
    })
    .await
}

fn file(site: &AppState, copy: Packed) -> Response {
    let today = moment(site.clock.now()).iso;
    let name =
        format!("attachment; filename=\"my-data-{}.zip\"", today.split('T').next().unwrap_or_default());
    let disposition = HeaderValue::try_from(name).unwrap_or(HeaderValue::from_static("attachment"));
    let kind = HeaderValue::from_static("application/zip");
    ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, disposition)], Bytes::from_owner(copy))
        .into_response()
}
