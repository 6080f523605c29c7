//! The found users as a download. A route of its own: server functions answer with values and pages,
//! and this is a file, sent while it is read.

use std::io;

use axum::{
    Extension, Router,
    body::Body,
    extract::{RawQuery, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::service::{self, Export};
use crate::{
    base::{member::Member, moment::moment},
    shared::{paths::USERS_CSV, permission::Permission},
    site::{AppState, response},
};

/// Returns the router with the download.
pub fn routes() -> Router<AppState> {
    Router::new().route(USERS_CSV, get(download))
}

async fn download(
    State(site): State<AppState>,
    Extension(member): Extension<Member>,
    RawQuery(query): RawQuery,
) -> Response {
    let export = async {
        let staff = member.require(Permission::ViewUser)?;
        service::export(&site, &staff, &query.unwrap_or_default()).await
    };
    match export.await {
        Ok(export) => file(&site, export),
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
