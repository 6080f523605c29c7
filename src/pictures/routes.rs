//! The routes for upload and delivery, which Leptos has no server functions for.

use axum::{
    Router,
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;

use super::{FILE_MAX_MIB, Size, service, upload, version_query};
use crate::{
    shared::{
        error::AppError,
        forms::{Field, Problem, Submission},
        level::Level,
        paths::{PROFILE, SAVE_PICTURE},
    },
    site::{
        AppState, RequestContext, flash,
        request_context::member_of,
        response::{self, Keepable},
    },
    ui::flash::Message,
};

/// Returns the router with both routes, which require a session (`server::guard`).
pub fn routes() -> Router<AppState> {
    Router::new()
        .route(SAVE_PICTURE, post(save).layer(upload::own_limit()))
        .route("/members/picture/{size}", get(show))
}

/// Stores an uploaded picture, and redirects to the profile.
async fn save(State(site): State<AppState>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let (context, headers) = (RequestContext::of(site.clone(), &parts), parts.headers.clone());
    let saved = async {
        let member = member_of(&parts)?;
        let time_limit = site.config.server.request_timeout.get();
        // The permit first: an upload without one must not fill the memory.
        let admitted = match site.pictures.try_acquire() {
            Ok(admitted) => admitted,
            Err(busy) => {
                upload::drain(body, time_limit).await;
                return Err(busy);
            }
        };
        let file = chosen_file(parts, body, time_limit).await?;
        service::save(&context, &member, admitted, file).await
    };
    let submission = Submission::from_result(saved.await);
    let is_saved = submission == Ok(Submission::Accepted);
    let mut response = response::form_answer(submission);
    if is_saved {
        let answer = response.headers_mut();
        flash::set_message(&site, &headers, answer, Level::Success, Message::PictureSaved);
        answer.insert(header::LOCATION, HeaderValue::from_static(PROFILE));
    }
    response
}

async fn chosen_file(parts: Parts, body: Body, time_limit: std::time::Duration) -> Result<Bytes, AppError> {
    const MAX_FILE_BYTES: usize = FILE_MAX_MIB as usize * 1024 * 1024;
    let refused = |problem| AppError::invalid(Field::Picture, problem);
    match upload::file(parts, body, Field::Picture.name(), MAX_FILE_BYTES, time_limit).await {
        Ok(Some(file)) => Ok(file),
        Ok(None) => Err(refused(Problem::PictureMissing)),
        Err(AppError::TooLarge) => Err(refused(Problem::PictureTooLarge { max_mib: FILE_MAX_MIB })),
        Err(error) => Err(error),
    }
}

/// Sends the caller's own picture. At the address of the present version the browser may cache it
/// permanently; at any other address it gets the present version, too, but not to be cached.
async fn show(State(site): State<AppState>, Path(size): Path<String>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let found = async {
        let size = Size::from_name(&size).ok_or(AppError::NotFound)?;
        service::picture(&site, &member_of(&parts)?, size).await
    };
    let picture = match found.await {
        Ok(picture) => picture,
        Err(error) => return response::refuse(error),
    };
    let is_kept = parts.uri.query() == Some(&version_query(picture.version));
    let mut response = ([(header::CONTENT_TYPE, picture.kind)], picture.bytes).into_response();
    if is_kept {
        let for_good = HeaderValue::from_static("private, max-age=31536000, immutable");
        response.headers_mut().insert(header::CACHE_CONTROL, for_good);
        response.extensions_mut().insert(Keepable);
    }
    response
}
