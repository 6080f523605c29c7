//! The cached form of a page: its policy and its bytes, compressed and ready to be sent. The
//! uncompressed page is not stored: it would take more than half of the memory, for the few clients
//! that accept neither compression.
//!
//! There are two forms. A member's page is first stored as it is sent first, compressed once and
//! lightly: most members ask for it once. A page that is asked for again, or that everybody shares,
//! is compressed twice and well.

use std::{
    cell::RefCell,
    io::{Read, Write},
};

use axum::http::HeaderMap;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::{Buf, BufMut, Bytes};
use flate2::{Compress, Compression, Crc, FlushCompress, Status, read::GzDecoder, write::GzEncoder};
use sha2::{Digest, Sha256};

use super::encoding::Encoding;

/// The size in bytes above which pages are sent but not cached.
pub const LARGEST: usize = 1024 * 1024;

/// A cached page. Its parts share the entry's memory, and are taken out only when they are used:
/// each of them counts as an owner of that memory, and all threads share the count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachedBody {
    /// Head, name, policy, Brotli and gzip, one after the other.
    bytes: Bytes,
    /// Where the Content-Security-Policy begins.
    policy: usize,
    /// Where the Brotli form begins; it is empty in a light body.
    brotli: usize,
    /// Where the gzip form begins.
    gzip: usize,
}

/// Bytes of the head: two lengths, followed by the parts.
const HEAD: usize = 8;
/// Bytes of the name: 16 bytes in Base64.
const NAME: usize = 22;

impl CachedBody {
    /// Compresses a page well. That takes a fraction of a millisecond of CPU time, so it must not
    /// run on a thread of the async runtime.
    pub fn pack(html: &[u8], policy: &[u8]) -> Bytes {
        let name = URL_SAFE_NO_PAD.encode(&Sha256::digest(html)[..16]);
        encode(name.as_bytes(), policy, &brotli(html), &gzip(html))
    }

    /// Compresses a page lightly, in a small part of the time that rendering it takes.
    pub fn pack_lightly(html: &[u8], policy: &[u8]) -> Bytes {
        encode(&[], policy, &[], &gzip_lightly(html))
    }

    /// Compresses a light body well. Returns `None` if the stored bytes are corrupt.
    pub fn repack(&self) -> Option<Bytes> {
        Some(Self::pack(&self.body(Encoding::Identity)?, &self.policy()))
    }

    /// Returns whether these bytes are a light body, from their head alone.
    pub fn is_light(bytes: &[u8]) -> bool {
        bytes.get(HEAD - 4..HEAD) == Some(&[0; 4])
    }

    /// Parses the cached form. Returns `None` if the bytes are not a packed page.
    pub fn open(bytes: Bytes) -> Option<Self> {
        let mut head = bytes.get(..HEAD)?;
        let policy_length = usize::try_from(head.get_u32()).ok()?;
        let brotli_length = usize::try_from(head.get_u32()).ok()?;
        let policy = if brotli_length == 0 { HEAD } else { HEAD + NAME };
        let brotli = policy.checked_add(policy_length)?;
        let gzip = brotli.checked_add(brotli_length)?;
        (gzip <= bytes.len()).then_some(Self { bytes, policy, brotli, gzip })
    }

    /// Returns the Content-Security-Policy.
    pub fn policy(&self) -> Bytes {
        self.bytes.slice(self.policy..self.brotli)
    }

    /// Returns the hash of the page, for its `ETag`. A light body has none.
    fn name(&self) -> &[u8] {
        &self.bytes[HEAD..self.policy]
    }

    /// Returns the encoding to answer this request with.
    pub fn encoding(&self, asked: &HeaderMap) -> Encoding {
        Encoding::best(asked, self.brotli < self.gzip)
    }

    /// Returns the page in this encoding, or `None` if the stored bytes are corrupt.
    pub fn body(&self, encoding: Encoding) -> Option<Bytes> {
        match encoding {
            Encoding::Brotli => Some(self.bytes.slice(self.brotli..self.gzip)),
            Encoding::Gzip => Some(self.bytes.slice(self.gzip..)),
            Encoding::Identity => {
                let mut html = Vec::new();
                GzDecoder::new(&self.bytes[self.gzip..]).take(LARGEST as u64).read_to_end(&mut html).ok()?;
                Some(html.into())
            }
        }
    }

    /// Returns the page's strong `ETag`, which differs for each encoding. A light body has none:
    /// its bytes are replaced by others.
    pub fn etag(&self, encoding: Encoding) -> Option<String> {
        let form = match encoding {
            Encoding::Brotli => "-br",
            Encoding::Gzip => "-gz",
            Encoding::Identity => "",
        };
        let name = self.name();
        (!name.is_empty()).then(|| format!("\"{}{form}\"", String::from_utf8_lossy(name)))
    }
}

fn encode(name: &[u8], policy: &[u8], brotli: &[u8], gzip: &[u8]) -> Bytes {
    let mut bytes = Vec::with_capacity(HEAD + name.len() + policy.len() + brotli.len() + gzip.len());
    bytes.put_u32(length(policy.len()));
    bytes.put_u32(length(brotli.len()));
    for part in [name, policy, brotli, gzip] {
        bytes.put_slice(part);
    }
    bytes.into()
}

/// Above this quality, pages of this size hardly get smaller but take many times as long.
fn brotli(html: &[u8]) -> Vec<u8> {
    const QUALITY: u32 = 5;
    // The library has no hash table for windows below 17 bits (H40 in the C library), and clears
    // one of 64 MiB instead, which took eight times as long as the rest.
    let window = (usize::BITS - html.len().leading_zeros()).clamp(17, 22);
    let mut packed = Vec::with_capacity(html.len() / 2);
    let mut writer = brotli::CompressorWriter::new(&mut packed, 4096, QUALITY, window);
    // Writing to memory cannot fail.
    let _ = writer.write_all(html);
    drop(writer);
    packed
}

fn gzip(html: &[u8]) -> Vec<u8> {
    let mut writer = GzEncoder::new(Vec::with_capacity(html.len() / 2), Compression::default());
    let _ = writer.write_all(html);
    writer.finish().unwrap_or_default()
}

thread_local! {
    /// Reused, because getting its 300 kB takes longer than compressing a page lightly.
    static DEFLATE: RefCell<Compress> = RefCell::new(Compress::new(Compression::fast(), false));
}

/// The format of RFC 1952, around what the thread's compressor writes.
fn gzip_lightly(html: &[u8]) -> Vec<u8> {
    const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255];
    let mut packed = Vec::with_capacity(html.len() / 2 + 64);
    packed.put_slice(&HEADER);
    let is_whole = DEFLATE.with_borrow_mut(|deflate| {
        deflate.reset();
        loop {
            let done = usize::try_from(deflate.total_in()).unwrap_or(usize::MAX);
            let rest = html.get(done..).unwrap_or_default();
            match deflate.compress_vec(rest, &mut packed, FlushCompress::Finish) {
                Ok(Status::StreamEnd) => return true,
                Ok(_) => packed.reserve(packed.len()),
                Err(_) => return false,
            }
        }
    });
    if !is_whole {
        return gzip(html);
    }
    let mut crc = Crc::new();
    crc.update(html);
    packed.put_u32_le(crc.sum());
    packed.put_u32_le(crc.amount());
    packed
}

/// Longer pages are not cached.
fn length(bytes: usize) -> u32 {
    bytes.try_into().unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, header};
    use proptest::prelude::*;

    use super::*;

    fn unpacked(packed: &[u8]) -> Vec<u8> {
        let mut html = Vec::new();
        brotli::Decompressor::new(packed, 4096).read_to_end(&mut html).expect("Brotli");
        html
    }

    proptest! {
        #[test]
        fn a_body_round_trips_in_every_encoding(html in "(.|[a-z<>\"]{0,300}){0,9}", policy in "[ -~]{0,80}") {
            let light = CachedBody::pack_lightly(html.as_bytes(), policy.as_bytes());
            let well = CachedBody::pack(html.as_bytes(), policy.as_bytes());
            prop_assert!(CachedBody::is_light(&light) && !CachedBody::is_light(&well));
            let light = CachedBody::open(light).expect("whole");
            prop_assert_eq!(light.repack().expect("whole"), well.clone());
            let well = CachedBody::open(well).expect("whole");
            for body in [&light, &well] {
                prop_assert_eq!(&body.policy()[..], policy.as_bytes());
                prop_assert_eq!(body.body(Encoding::Identity).expect("gzip"), html.as_bytes());
            }
            prop_assert_eq!(unpacked(&well.body(Encoding::Brotli).expect("Brotli")), html.as_bytes());
        }

        #[test]
        fn corrupt_data_is_rejected_without_a_panic(mut noise: Vec<u8>, cut in 0_usize..100, at in 0_usize..60, byte: u8) {
            noise.splice(0..0, [0, 0, 0, 1, 0, 0, 0, 1]);
            let (html, policy) = (b"<p>x</p>", b"default-src 'none'");
            let mut all = vec![noise];
            for packed in [CachedBody::pack(html, policy), CachedBody::pack_lightly(html, policy)] {
                let mut spoilt = packed.to_vec();
                spoilt.truncate(cut);
                if let Some(spot) = spoilt.get_mut(at) {
                    *spot = byte;
                }
                all.push(spoilt);
            }
            for bytes in all {
                let _ = CachedBody::is_light(&bytes);
                if let Some(body) = CachedBody::open(bytes.into()) {
                    let _ = (body.repack(), body.etag(Encoding::Brotli));
                }
            }
        }
    }

    #[test]
    fn a_page_is_compressed_and_each_encoding_has_its_own_etag() {
        let html = "<li class=\"log\">A line of a page, again and again.</li>\n".repeat(500);
        let packed = CachedBody::pack(html.as_bytes(), b"");
        assert!(packed.len() < html.len() / 20, "{}", packed.len());
        let body = CachedBody::open(packed).expect("whole");
        let names = [Encoding::Brotli, Encoding::Gzip, Encoding::Identity];
        let names = names.map(|form| body.etag(form).expect("a name"));
        assert!(names.iter().all(|name| name.starts_with('"') && name.ends_with('"')), "{names:?}");
        assert!(names[0] != names[1] && names[1] != names[2] && names[0] != names[2]);
        assert_eq!(
            CachedBody::open(CachedBody::pack(html.as_bytes(), b"other"))
                .expect("whole")
                .etag(Encoding::Gzip),
            Some(names[1].clone())
        );
    }

    #[test]
    fn a_light_body_is_sent_as_gzip_and_has_no_etag() {
        let body = CachedBody::open(CachedBody::pack_lightly(b"<p>x</p>", b"")).expect("whole");
        for (accepted, expected) in [
            ("gzip, deflate, br, zstd", Encoding::Gzip),
            ("br;q=1, gzip;q=0.1", Encoding::Gzip),
            ("*", Encoding::Gzip),
            ("br", Encoding::Identity),
            ("identity", Encoding::Identity),
        ] {
            let asked = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(accepted))]);
            assert_eq!(body.encoding(&asked), expected, "{accepted}");
        }
        assert_eq!(body.etag(Encoding::Gzip), None);
    }
}
