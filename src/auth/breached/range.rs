//! A server that speaks the range protocol of haveibeenpwned.com: it gets the first five digits of
//! a hash and answers with the rest of all hashes that begin with them, so it does not learn which
//! one was meant (k-anonymity). `Add-Padding` hides from others how long the answer is.

use std::{fmt::Write, sync::Arc};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{
    Request, StatusCode,
    client::conn::http1,
    header::{HOST, USER_AGENT},
    rt,
};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

use super::hash::Hash;
use crate::base::{
    config::{Period, Tls},
    failure::{Failure, chain},
};

/// An answer has about 40 KiB.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;
/// The digits that are sent.
const PREFIX_DIGITS: usize = 5;

/// The server.
pub struct RangeServer {
    url: Url,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    /// For everything: connecting, asking, and the whole answer.
    timeout: Period,
}

impl RangeServer {
    /// Prepares the requests; `url` is what the five digits are added to.
    ///
    /// # Errors
    /// A [`Failure`] when the URL has no usable host, or `tls.ca_file` cannot be used.
    pub fn new(url: &Url, timeout: Period, tls: &Tls) -> Result<Self, Failure> {
        let tls = match url.scheme() {
            "https" => {
                let unusable = |error| Failure::start("use the host of passwords.breached", error);
                let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
                let name = ServerName::try_from(host.to_owned()).map_err(unusable)?;
                let config = ClientConfig::builder().with_root_certificates(tls.roots()?);
                Some((TlsConnector::from(Arc::new(config.with_no_client_auth())), name))
            }
            _ => None,
        };
        Ok(Self { url: url.clone(), tls, timeout })
    }

    /// Returns the URL.
    pub fn name(&self) -> &str {
        self.url.as_str()
    }

    /// Returns whether the server knows the hash.
    ///
    /// # Errors
    /// Why there is no usable answer in time.
    pub async fn has(&self, hash: &Hash) -> Result<bool, String> {
        let digits = hash.iter().fold(String::new(), |mut digits, byte| {
            let _ = write!(digits, "{byte:02X}");
            digits
        });
        let (prefix, rest) = digits.split_at(PREFIX_DIGITS);
        let answer = tokio::time::timeout(self.timeout.get(), self.answer(prefix)).await;
        let within = humantime::format_duration(self.timeout.get());
        let answer =
            answer.map_err(|_| format!("no answer within {within}, passwords.breached_timeout"))??;
        contains(&answer, rest).ok_or_else(|| "the answer is not a list of hashes".to_owned())
    }

    async fn answer(&self, prefix: &str) -> Result<Bytes, String> {
        let host = self.url.host_str().unwrap_or_default();
        let port = self.url.port_or_known_default().unwrap_or_default();
        let stream = TcpStream::connect(format!("{host}:{port}")).await.map_err(|error| chain(&error))?;
        match &self.tls {
            None => self.exchange(TokioIo::new(stream), prefix).await,
            Some((connector, name)) => {
                let stream = connector.connect(name.clone(), stream).await.map_err(|error| chain(&error))?;
                self.exchange(TokioIo::new(stream), prefix).await
            }
        }
    }

    async fn exchange(
        &self,
        stream: impl rt::Read + rt::Write + Unpin + Send + 'static,
        prefix: &str,
    ) -> Result<Bytes, String> {
        let (mut sender, connection) = http1::handshake(stream).await.map_err(|error| chain(&error))?;
        // Ends when the answer was read or is given up, whose errors say all that there is to say.
        tokio::spawn(connection);
        let request = Request::get(format!("{}{prefix}", self.url.path()))
            .header(HOST, self.url.authority())
            // Some servers refuse who does not say who they are.
            .header(USER_AGENT, "members-area")
            .header("Add-Padding", "true")
            .body(Empty::<Bytes>::new())
            .map_err(|error| chain(&error))?;
        let answer = sender.send_request(request).await.map_err(|error| chain(&error))?;
        if answer.status() != StatusCode::OK {
            return Err(format!("the server answers {}", answer.status()));
        }
        let body = Limited::new(answer.into_body(), MAX_ANSWER_BYTES).collect().await;
        Ok(body.map_err(|error| chain(error.as_ref()))?.to_bytes())
    }
}

/// Returns whether the rest of a hash is in the answer, other than as padding, which has the count
/// 0; `None` for an answer that is none. Every line is read, wherever the hash is.
fn contains(answer: &[u8], rest: &str) -> Option<bool> {
    let mut found = false;
    let lines = answer.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    for line in lines.filter(|line| !line.is_empty()) {
        let (hash, count) = line.split_at_checked(rest.len())?;
        let count: u64 = str::from_utf8(count.strip_prefix(b":")?).ok()?.parse().ok()?;
        if !hash.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        found |= count > 0 && hash.eq_ignore_ascii_case(rest.as_bytes());
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_and_others_refused() {
        let (one, other) = ("0".repeat(35), format!("{}a", "F".repeat(34)));
        let answer = format!("{one}:0\r\n{}:12\r\n", other.to_uppercase());
        assert_eq!(contains(answer.as_bytes(), &other), Some(true));
        assert_eq!(contains(answer.to_lowercase().as_bytes(), &other.to_uppercase()), Some(true));
        assert_eq!(contains(answer.as_bytes(), &one), Some(false), "padding");
        assert_eq!(contains(b"", &one), Some(false));
        for wrong in ["<html>", "0:1", &one, &format!("{one}:"), &format!("{one}:-1"), &format!("{one}:1\nx")]
        {
            assert_eq!(contains(wrong.as_bytes(), &one), None, "{wrong}");
        }
        assert_eq!(contains(format!("{}:1", "G".repeat(35)).as_bytes(), &one), None);
    }
}
