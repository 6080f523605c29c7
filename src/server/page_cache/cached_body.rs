//! The cached form of a page: its policy and its bytes, compressed twice and ready to be sent. The
//! uncompressed page is not stored: it would take more than half of the memory, for the few clients
//! that accept neither compression.

use std::io::{Read, Write};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::{Buf, BufMut, Bytes};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use sha2::{Digest, Sha256};

use super::encoding::Encoding;

/// The size in bytes above which pages are sent but not cached.
pub const LARGEST: usize = 1024 * 1024;

/// A cached page. Its parts share the entry's memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachedBody {
    /// The Content-Security-Policy.
    pub policy: Bytes,
    /// A hash of the page, for its `ETag`.
    name: Bytes,
    brotli: Bytes,
    gzip: Bytes,
}

/// Bytes of the head: two lengths, followed by the parts.
const HEAD: usize = 8;
/// Bytes of the name: 16 bytes in Base64.
const NAME: usize = 22;

impl CachedBody {
    /// Compresses a page into its cached form. That takes a fraction of a millisecond of CPU
    /// time, so it must not run on a thread of the async runtime.
    pub fn pack(html: &str, policy: &str) -> Bytes {
        let (brotli, gzip) = (brotli(html.as_bytes()), gzip(html.as_bytes()));
        let name = URL_SAFE_NO_PAD.encode(&Sha256::digest(html)[..16]);
        let mut bytes = Vec::with_capacity(HEAD + NAME + policy.len() + brotli.len() + gzip.len());
        bytes.put_u32(length(policy.len()));
        bytes.put_u32(length(brotli.len()));
        for part in [name.as_bytes(), policy.as_bytes(), &brotli, &gzip] {
            bytes.put_slice(part);
        }
        bytes.into()
    }

    /// Parses the cached form. Returns `None` if the bytes are not a packed page.
    pub fn open(mut bytes: Bytes) -> Option<Self> {
        let mut head = bytes.get(..HEAD)?;
        let (policy, brotli) = (usize::try_from(head.get_u32()).ok()?, usize::try_from(head.get_u32()).ok()?);
        bytes.advance(HEAD);
        let parts = NAME.checked_add(policy)?.checked_add(brotli)?;
        if parts > bytes.len() {
            return None;
        }
        let (name, policy) = (bytes.split_to(NAME), bytes.split_to(policy));
        Some(Self { name, policy, brotli: bytes.split_to(brotli), gzip: bytes })
    }

    /// Returns the page in this encoding, or `None` if the stored bytes are corrupt.
    pub fn body(&self, encoding: Encoding) -> Option<Bytes> {
        match encoding {
            Encoding::Brotli => Some(self.brotli.clone()),
            Encoding::Gzip => Some(self.gzip.clone()),
            Encoding::Identity => {
                let mut html = Vec::new();
                GzDecoder::new(&self.gzip[..]).take(LARGEST as u64).read_to_end(&mut html).ok()?;
                Some(html.into())
            }
        }
    }

    /// Returns the page's strong `ETag`, which differs for each encoding.
    pub fn etag(&self, encoding: Encoding) -> String {
        let form = match encoding {
            Encoding::Brotli => "-br",
            Encoding::Gzip => "-gz",
            Encoding::Identity => "",
        };
        format!("\"{}{form}\"", String::from_utf8_lossy(&self.name))
    }
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

/// Longer pages are not cached.
fn length(bytes: usize) -> u32 {
    bytes.try_into().unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
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
            let body = CachedBody::open(CachedBody::pack(&html, &policy)).expect("whole");
            prop_assert_eq!(&body.policy[..], policy.as_bytes());
            prop_assert_eq!(unpacked(&body.brotli), html.as_bytes());
            prop_assert_eq!(body.body(Encoding::Identity).expect("gzip"), html.as_bytes());
        }

        #[test]
        fn corrupt_data_is_rejected_without_a_panic(mut noise: Vec<u8>, cut in 0_usize..100, at in 0_usize..60, byte: u8) {
            let mut spoilt = CachedBody::pack("<p>x</p>", "default-src 'none'").to_vec();
            spoilt.truncate(cut);
            if let Some(spot) = spoilt.get_mut(at) {
                *spot = byte;
            }
            noise.splice(0..0, [0, 0, 0, 1, 0, 0, 0, 1]);
            for bytes in [noise, spoilt] {
                if let Some(body) = CachedBody::open(bytes.into()) {
                    let _ = (body.body(Encoding::Identity), body.etag(Encoding::Brotli));
                }
            }
        }
    }

    #[test]
    fn a_page_is_compressed_and_each_encoding_has_its_own_etag() {
        let html = "<li class=\"log\">A line of a page, again and again.</li>\n".repeat(500);
        let packed = CachedBody::pack(&html, "");
        assert!(packed.len() < html.len() / 20, "{}", packed.len());
        let body = CachedBody::open(packed).expect("whole");
        let names = [Encoding::Brotli, Encoding::Gzip, Encoding::Identity].map(|form| body.etag(form));
        assert!(names.iter().all(|name| name.starts_with('"') && name.ends_with('"')), "{names:?}");
        assert!(names[0] != names[1] && names[1] != names[2] && names[0] != names[2]);
        assert_eq!(
            CachedBody::open(CachedBody::pack(&html, "other")).expect("whole").etag(Encoding::Gzip),
            names[1]
        );
    }
}
