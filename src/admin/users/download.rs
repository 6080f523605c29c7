//! The found users as a download. A route of its own: server functions answer with values and
//! pages, and this is a file, sent while it is read. The query is that of the list.

use std::io;

use axum::{
    Extension, Router,
    body::Body,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::{
    filter::UserFilter,
    service::{self, Export},
};
use crate::{
    accounts::session::{self, AuthSession},
    base::{member::Member, moment::moment},
    shared::{
        error::AppError,
        paths::{USERS, USERS_CSV},
        permission::Permission,
    },
    site::{AppState, pending_form, response},
};

/// Returns the router with the download. A GET, for example after a login on the way, redirects to
/// the list with the button.
pub fn routes() -> Router<AppState> {
    Router::new().route(USERS_CSV, get(back).post(download))
}

async fn back(RawQuery(query): RawQuery) -> Redirect {
    Redirect::to(&list(&query.unwrap_or_default()))
}

/// Returns the address of the list that the download is from.
fn list(query: &str) -> String {
    let (filter, place) = UserFilter::from_query(query);
    format!("{USERS}{}", filter.to_query(&place))
}

async fn download(
    State(site): State<AppState>,
    Extension(member): Extension<Member>,
    Extension(auth): Extension<AuthSession>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    let export = async {
        let staff = member.require(Permission::ViewUser)?;
        let recent = session::recently_authenticated(&auth, &site).await?;
        service::export(&site, &staff, &recent, &query).await
    };
    match export.await {
        Ok(export) => file(&site, export),
        Err(AppError::ReauthenticationRequired) if response::wants_html(&headers) => {
            pending_form::reauthenticate_for_file(&site, &list(&query), USERS_CSV)
        }
        Err(error) => response::refuse(error),
    }
}

fn file(site: &AppState, export: Export) -> Response {
    let today = moment(site.clock.now()).iso;
    let name = format!("attachment; filename=\"users-{}.csv\"", today.split('T').next().unwrap_or_default());
    let disposition = HeaderValue::try_from(name).unwrap_or(HeaderValue::from_static("attachment"));
    let kind = HeaderValue::from_static("text/csv; charset=utf-8; header=present");
    let body = Body::from_stream(ReceiverStream::new(pieces(export)));
    ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, disposition)], body).into_response()
}

/// Reads on only as fast as the browser takes the pieces, and stops when it is gone.
fn pieces(mut export: Export) -> mpsc::Receiver<io::Result<String>> {
    let (sender, pieces) = mpsc::channel(1);
    tokio::spawn(async move {
        loop {
            let piece = match export.next().await {
                Ok(Some(piece)) => Ok(piece),
                Ok(None) => return,
                Err(error) => {
                    tracing::warn!(%error, "An export of users broke off");
                    // The browser is not to take a part for the whole.
                    Err(io::Error::other(error.to_string()))
                }
            };
            let is_last = piece.is_err();
            if sender.send(piece).await.is_err() || is_last {
                return;
            }
        }
    });
    pieces
}
