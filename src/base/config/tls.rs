//! The certificate authorities that the database, the cache and the mail server may have their
//! certificates from.

use std::{fmt::Display, fs, path::PathBuf};

use base64::{Engine, prelude::BASE64_STANDARD};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use serde::Deserialize;

use super::super::failure::Failure;

/// `[tls]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// A PEM file with authorities to trust besides the system's; empty: none.
    pub ca_file: PathBuf,
}

impl Tls {
    /// Returns the content of `ca_file`, or `None` if none is set.
    ///
    /// # Errors
    /// When the file cannot be read, or is not PEM with certificates.
    pub fn own_authorities(&self) -> Result<Option<Vec<u8>>, Failure> {
        if self.ca_file.as_os_str().is_empty() {
            return Ok(None);
        }
        let wrong = |what: &dyn Display| {
            Failure::message(format!("tls.ca_file: cannot use {}: {what}", self.ca_file.display()))
        };
        let pem = fs::read(&self.ca_file).map_err(|error| wrong(&error))?;
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|_| wrong(&"it is not valid PEM"))?;
            roots.add(certificate).map_err(|error| wrong(&error))?;
        }
        if roots.is_empty() { Err(wrong(&"it contains no PEM certificate")) } else { Ok(Some(pem)) }
    }

    /// Returns the system's authorities and those of `ca_file`.
    ///
    /// # Errors
    /// Those of [`Self::own_authorities`].
    pub fn roots(&self) -> Result<RootCertStore, Failure> {
        let mut roots = RootCertStore::empty();
        let own = self.own_authorities()?.unwrap_or_default();
        // Checked there: all of them can be added.
        roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&own).filter_map(Result::ok));
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Ok(roots)
    }

    /// Returns the system's authorities and those of `ca_file` as PEM, or `None` if there are only
    /// the system's, which TLS clients find by themselves.
    ///
    /// # Errors
    /// Those of [`Self::own_authorities`].
    pub fn all_authorities(&self) -> Result<Option<Vec<u8>>, Failure> {
        let Some(mut pem) = self.own_authorities()? else {
            return Ok(None);
        };
        for certificate in rustls_native_certs::load_native_certs().certs {
            let text = BASE64_STANDARD.encode(&certificate);
            pem.extend(format!("\n-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----").bytes());
        }
        Ok(Some(pem))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CERTIFICATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/http/certificates");

    fn tls(file: &str) -> Tls {
        Tls { ca_file: format!("{CERTIFICATES}/{file}").into() }
    }

    #[test]
    fn authorities_of_a_file_join_the_systems() {
        assert!(Tls::default().all_authorities().is_ok_and(|pem| pem.is_none()));
        let pem = tls("ca.pem").all_authorities().expect("a certificate").expect("some");
        let count = |pem: &[u8]| CertificateDer::pem_slice_iter(pem).filter(Result::is_ok).count();
        assert_eq!(count(&pem), 1 + rustls_native_certs::load_native_certs().certs.len());
    }

    #[test]
    fn a_file_without_usable_certificates_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let broken = folder.path().join("broken.pem");
        fs::write(&broken, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
            .expect("written");
        for wrong in [tls("none.pem"), tls("README.md"), tls("server.key"), Tls { ca_file: broken }] {
            let refused = wrong.own_authorities().expect_err("unusable").to_string();
            let start = format!("tls.ca_file: cannot use {}: ", wrong.ca_file.display());
            assert!(refused.starts_with(&start), "{refused}");
        }
    }
}
