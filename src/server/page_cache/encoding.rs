//! Content negotiation for encodings: RFC 9110, 12.5.3.

use axum::http::{HeaderMap, HeaderValue, header};

/// The encodings that we have, the smallest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Brotli.
    Brotli,
    /// gzip.
    Gzip,
    /// Not compressed.
    Identity,
}

impl Encoding {
    /// Returns the value of `Content-Encoding`, or `None` for [`Self::Identity`].
    pub const fn header(self) -> Option<HeaderValue> {
        match self {
            Self::Brotli => Some(HeaderValue::from_static("br")),
            Self::Gzip => Some(HeaderValue::from_static("gzip")),
            Self::Identity => None,
        }
    }

    /// Returns the encoding that the client prefers, and among equals the smallest. Without a
    /// readable `Accept-Encoding`, or when it refuses everything, the page is sent uncompressed:
    /// that is of more use than status 406.
    pub fn best(headers: &HeaderMap, has_brotli: bool) -> Self {
        let (mut brotli, mut gzip, mut identity, mut others) = (None, None, None, None);
        for value in headers.get_all(header::ACCEPT_ENCODING) {
            let Ok(value) = value.to_str() else {
                return Self::Identity;
            };
            for item in value.split(',') {
                let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
                let named = match name.trim() {
                    "*" => &mut others,
                    name if name.eq_ignore_ascii_case("br") => &mut brotli,
                    name if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") => {
                        &mut gzip
                    }
                    name if name.eq_ignore_ascii_case("identity") => &mut identity,
                    _ => continue,
                };
                *named = named.or(Some(quality(parameters)));
            }
        }
        // A named encoding takes precedence over `*`. Identity is always acceptable unless it is
        // refused.
        let brotli = brotli.or(others).filter(|_| has_brotli).unwrap_or(0);
        let gzip = gzip.or(others).unwrap_or(0);
        let identity = identity.or(others).unwrap_or(1);
        if brotli > 0 && brotli >= gzip && brotli >= identity {
            Self::Brotli
        } else if gzip > 0 && gzip >= identity {
            Self::Gzip
        } else {
            Self::Identity
        }
    }
}

/// Parses a quality in thousandths. An invalid one counts as 0: an encoding is not sent if we do
/// not understand whether it is wanted.
fn quality(parameters: &str) -> u16 {
    let parameters = parameters.trim();
    if parameters.is_empty() {
        return 1000;
    }
    let number = parameters.strip_prefix(['q', 'Q']).and_then(|rest| rest.trim_start().strip_prefix('='));
    match number.map(|number| number.trim().parse::<f32>()) {
        Some(Ok(number)) if (0.0..=1.0).contains(&number) => (number * 1000.0) as u16,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::{Encoding::*, *};

    #[test]
    fn the_table() {
        for (said, expected) in [
            (&["gzip, deflate, br, zstd"][..], Brotli),
            (&["gzip, deflate"], Gzip),
            (&["x-gzip"], Gzip),
            (&["GZIP"], Gzip),
            (&["br;q=0.5, gzip;q=0.8"], Gzip),
            (&["br;q=0.8,gzip;q=0.8"], Brotli),
            (&["br ; q=0 , gzip ; q=0.001"], Gzip),
            (&["br;q=0, *"], Gzip),
            (&["*"], Brotli),
            (&["*;q=0"], Identity),
            (&["*;q=0, gzip"], Gzip),
            (&["identity;q=0, *;q=0"], Identity),
            (&["identity, gzip;q=0.5"], Identity),
            (&["br;q=2"], Identity),
            (&["br;q=x"], Identity),
            (&["br;level=5"], Identity),
            (&["brotli"], Identity),
            (&["deflate"], Identity),
            (&[""], Identity),
            (&["deflate", "gzip"], Gzip),
            (&[], Identity),
        ] {
            let mut headers = HeaderMap::new();
            for value in said {
                headers.append(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
            }
            assert_eq!(Encoding::best(&headers, true), expected, "{said:?}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_bytes(b"br, \xff").expect("a header"));
        assert_eq!(Encoding::best(&headers, true), Identity);
    }
}
