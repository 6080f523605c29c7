//! Reads a file from a form, with a size limit and a timeout.

use std::time::Duration;

use axum::{
    body::Body,
    extract::{DefaultBodyLimit, FromRequest, Multipart, Request},
    http::request::Parts,
};
use bytes::{Bytes, BytesMut};
use tokio::time::timeout;
use tokio_stream::StreamExt;

use crate::shared::error::AppError;

/// Bytes allowed for the form around its file: boundaries, field names, a file name.
const FRAME: usize = 16 * 1024;
/// Bytes of an oversized upload that are still read and discarded: a browser that is still sending
/// does not read the response, and would show a broken connection instead of the error.
const MAX_DRAINED_BYTES: usize = 64 * 1024 * 1024;

/// Returns the layer that disables axum's body limit where this module limits the body itself.
pub fn own_limit() -> DefaultBodyLimit {
    DefaultBodyLimit::disable()
}

/// Returns the file in this field, of at most `most` bytes, or `None` if none was chosen.
///
/// # Errors
/// [`AppError::TooLarge`] above the limit; [`AppError::TimedOut`] after `time_limit`;
/// [`AppError::BadRequest`] if the body is not such a form.
pub async fn file(
    parts: Parts,
    body: Body,
    field: &str,
    most: usize,
    time_limit: Duration,
) -> Result<Option<Bytes>, AppError> {
    let whole = timeout(time_limit, read(body, most + FRAME)).await.map_err(|_| AppError::TimedOut)??;
    // The whole form is in memory, so nothing below waits for the client.
    let request = Request::from_parts(parts, Body::from(whole));
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| AppError::BadRequest)?;
    let mut found = None;
    while let Some(part) = form.next_field().await.map_err(|_| AppError::BadRequest)? {
        if part.name() != Some(field) {
            continue;
        }
        let file = part.bytes().await.map_err(|_| AppError::BadRequest)?;
        if found.replace(file).is_some() {
            return Err(AppError::BadRequest);
        }
    }
    match found {
        Some(file) if file.len() > most => Err(AppError::TooLarge),
        // Browsers send an empty file if none was chosen.
        found => Ok(found.filter(|file| !file.is_empty())),
    }
}

async fn read(body: Body, most: usize) -> Result<Bytes, AppError> {
    let mut chunks = body.into_data_stream();
    let (mut content, mut seen) = (BytesMut::new(), 0);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| AppError::BadRequest)?;
        seen += chunk.len();
        if seen <= most {
            content.extend_from_slice(&chunk);
        } else {
            content = BytesMut::new();
        }
        if seen > MAX_DRAINED_BYTES {
            break;
        }
    }
    if seen > most { Err(AppError::TooLarge) } else { Ok(content.freeze()) }
}

/// Reads and discards a body, so that its sender gets to see the response.
pub async fn drain(body: Body, time_limit: Duration) {
    // The result does not matter: the response is already known.
    let _ = timeout(time_limit, read(body, 0)).await;
}

#[cfg(test)]
mod tests {
    use axum::http::header;

    use super::*;

    async fn file_of(body: impl Into<Body>) -> Result<Option<Bytes>, AppError> {
        let request = Request::builder()
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
            .body(Body::empty())
            .expect("a request");
        file(request.into_parts().0, body.into(), "picture", 10, Duration::from_secs(5)).await
    }

    fn part(name: &str, content: &str) -> String {
        format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"f\"\r\n\r\n{content}\r\n")
    }

    #[tokio::test]
    async fn one_file_within_the_limit() {
        for (body, verdict) in [
            (part("picture", "0123456789") + "--x--\r\n", Ok(Some("0123456789".into()))),
            (part("other", &"y".repeat(100)) + &part("picture", "a") + "--x--", Ok(Some("a".into()))),
            (part("picture", "0123456789+") + "--x--\r\n", Err(AppError::TooLarge)),
            (part("picture", &"y".repeat(FRAME)) + "--x--\r\n", Err(AppError::TooLarge)),
            (part("other", &"y".repeat(FRAME)) + "--x--\r\n", Err(AppError::TooLarge)),
            (part("picture", "") + "--x--\r\n", Ok(None)),
            (part("other", "a") + "--x--\r\n", Ok(None)),
            ("--x--\r\n".into(), Ok(None)),
            (part("picture", "a") + &part("picture", "b") + "--x--\r\n", Err(AppError::BadRequest)),
            (part("picture", "a"), Err(AppError::BadRequest)),
            ("picture=a".into(), Err(AppError::BadRequest)),
            (String::new(), Err(AppError::BadRequest)),
        ] {
            let shown = body.chars().take(100).collect::<String>();
            assert_eq!(file_of(body).await, verdict, "{shown}");
        }
    }

    #[tokio::test]
    async fn an_endless_body_is_not_read_forever() {
        let chunk = Bytes::from(vec![b'y'; 1024 * 1024]);
        let endless =
            tokio_stream::iter(std::iter::repeat_with(move || Ok::<_, std::io::Error>(chunk.clone())));
        assert_eq!(file_of(Body::from_stream(endless)).await, Err(AppError::TooLarge));
    }
}
