//! Turns a router's response into text that can be searched.

use std::{
    io::{Cursor, Read},
    time::Duration,
};

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, header},
    response::Response,
};
use tokio_stream::StreamExt;

use super::{canary::Role, detect_leaks::Answer};

/// The largest response that is read, in bytes, before or after decompression.
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;
/// How long to wait for the first event of a stream.
const FIRST_EVENT_TIMEOUT: Duration = Duration::from_secs(2);

/// The colour of each role's profile picture.
pub type Palette = Vec<(Role, [u8; 3])>;

/// Reads a response: the whole body, or the first event of a stream.
pub async fn read(response: Response, palette: &Palette) -> Answer {
    let (head, body) = response.into_parts();
    let kind = text_of(&head.headers, header::CONTENT_TYPE);
    let bytes = match kind.starts_with("text/event-stream") {
        true => Some(first_words(body).await),
        false => to_bytes(body, MAX_ANSWER_BYTES).await.ok().map(Vec::from),
    };
    let bytes = bytes.and_then(|bytes| decoded(&text_of(&head.headers, header::CONTENT_ENCODING), bytes));
    let (text, picture_of) = match bytes {
        Some(bytes) if kind.starts_with("image/") => match owner(&bytes, palette) {
            Some(owner) => (Some(String::new()), Some(owner)),
            None => (None, None),
        },
        Some(bytes) if kind == "application/zip" => (unzipped(bytes), None),
        Some(bytes) => (Some(String::from_utf8_lossy(&bytes).to_ascii_lowercase()), None),
        None => (None, None),
    };
    Answer { status: head.status.as_u16(), headers: head.headers, text, picture_of }
}

fn text_of(headers: &HeaderMap, name: header::HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase()
}

async fn first_words(body: Body) -> Vec<u8> {
    match tokio::time::timeout(FIRST_EVENT_TIMEOUT, body.into_data_stream().next()).await {
        Ok(Some(Ok(bytes))) => bytes.to_vec(),
        _ => Vec::new(),
    }
}

fn decoded(encoding: &str, packed: Vec<u8>) -> Option<Vec<u8>> {
    let packed = Cursor::new(packed);
    match encoding {
        "" | "identity" => Some(packed.into_inner()),
        "gzip" => all_of(flate2::read::MultiGzDecoder::new(packed)),
        "br" => all_of(brotli::Decompressor::new(packed, 4096)),
        _ => None,
    }
}

fn all_of(from: impl Read) -> Option<Vec<u8>> {
    let (mut from, mut bytes) = (from.take(MAX_ANSWER_BYTES as u64), Vec::new());
    from.read_to_end(&mut bytes).ok().map(|_| bytes)
}

/// Returns all files of an archive as one text.
fn unzipped(bytes: Vec<u8>) -> Option<String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).ok()?;
    let mut text = String::new();
    for number in 0..archive.len() {
        let file = archive.by_index(number).ok()?;
        text.push_str(&String::from_utf8_lossy(&all_of(file)?).to_ascii_lowercase());
    }
    Some(text)
}

/// Returns the role whose colour is nearest to the pixel in the middle; lossy compression shifts
/// colours a little.
fn owner(bytes: &[u8], palette: &Palette) -> Option<Role> {
    let picture = image::load_from_memory(bytes).ok()?.into_rgb8();
    let colour = picture.get_pixel_checked(picture.width() / 2, picture.height() / 2)?.0;
    let distance = |other: &[u8; 3]| -> u32 {
        colour.iter().zip(other).map(|(one, other)| u32::from(one.abs_diff(*other))).sum()
    };
    palette.iter().min_by_key(|(_, other)| distance(other)).map(|(owner, _)| *owner)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use axum::response::IntoResponse;

    use super::*;

    async fn text(kind: &'static str, encoding: &'static str, bytes: Vec<u8>) -> Option<String> {
        let headers = [(header::CONTENT_TYPE, kind), (header::CONTENT_ENCODING, encoding)];
        read((headers, bytes).into_response(), &Palette::new()).await.text
    }

    #[tokio::test]
    async fn every_encoding_is_decoded() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(b"Ada").expect("written");
        let gzip = gzip.finish().expect("packed");
        let mut br = Vec::new();
        brotli::CompressorWriter::new(&mut br, 4096, 5, 20).write_all(b"Ada").expect("packed");
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("me.json", zip::write::SimpleFileOptions::default()).expect("a file");
        zip.write_all(b"Ada").expect("written");
        let zip = zip.finish().expect("packed").into_inner();
        for (kind, encoding, bytes) in [
            ("text/html", "", b"Ada".to_vec()),
            ("text/html", "gzip", gzip.clone()),
            ("text/html", "br", br),
            ("application/zip", "", zip),
            ("text/event-stream", "", b"Ada".to_vec()),
        ] {
            assert_eq!(text(kind, encoding, bytes).await.as_deref(), Some("ada"), "{kind} {encoding}");
        }
        for (kind, encoding, bytes) in [
            ("text/html", "zstd", gzip.clone()),
            ("text/html", "gzip", b"Ada".to_vec()),
            ("image/png", "", gzip),
        ] {
            assert_eq!(text(kind, encoding, bytes).await, None, "{kind} {encoding}");
        }
    }
}
