//! Which clients are served: those with a certificate of a CA in a file, which may change while the server runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, UnixTime};

use super::{TlsError, files};

/// Keeps a verifier of clients in step with the PEM file of their CAs, as [`super::Reloader`] keeps the server's certificate.
#[derive(Debug)]
pub struct ClientCa {
    path: PathBuf,
    /// What could be read last, good or bad.
    seen: Vec<u8>,
    /// Why what the file holds now cannot be used; the CAs before stay in use.
    problem: Option<String>,
    verifier: Arc<Verifier>,
}

impl ClientCa {
    /// Reads the file for the first time. Fails if it cannot be read, or holds no certificate, or one that cannot be a CA's.
    pub fn start(path: &Path) -> Result<Self, TlsError> {
        let seen = files::read_bounded(path)?;
        let current = verifier_of(&seen, path)?;
        Ok(Self {
            path: path.to_owned(),
            seen,
            problem: None,
            verifier: Arc::new(Verifier(ArcSwap::from_pointee(current))),
        })
    }

    /// Accepts only clients with a certificate of one of the CAs in use.
    pub fn verifier(&self) -> Arc<dyn ClientCertVerifier> {
        Arc::<Verifier>::clone(&self.verifier)
    }

    /// Looks at the file every `interval` (usually [`super::Reloader::INTERVAL`]) until the future is dropped, and tells
    /// `report` after every look what is wrong with it.
    pub async fn run(mut self, interval: Duration, mut report: impl FnMut(Option<&str>)) {
        let path = self.path.clone();
        let look = |read: Option<_>| {
            if let Some(read) = read {
                self.take(read);
            }
            report(self.problem.as_deref());
        };
        files::look_every(interval, move || files::read_bounded(&path), look).await;
    }

    fn take(&mut self, read: Result<Vec<u8>, TlsError>) {
        if self.problem.is_none() && read.as_ref().is_ok_and(|pem| *pem == self.seen) {
            return;
        }
        let verifier = read.and_then(|pem| {
            let verifier = verifier_of(&pem, &self.path);
            self.seen = pem;
            verifier
        });
        match verifier {
            Ok(verifier) => {
                self.verifier.0.store(Arc::new(verifier));
                self.problem = None;
                tracing::info!(file = %self.path.display(), "new client CAs in use");
            }
            Err(error) => {
                let problem = error.to_string();
                if self.problem.as_ref() != Some(&problem) {
                    tracing::error!(problem, "the new client CAs cannot be used; those before stay in use");
                    self.problem = Some(problem);
                }
            }
        }
    }
}

fn verifier_of(pem: &[u8], path: &Path) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let name = path.display().to_string();
    let mut roots = RootCertStore::empty();
    for certificate in files::certificates(pem, &name)? {
        roots.add(certificate).map_err(|error| TlsError::Content {
            name: name.clone(),
            problem: format!("a certificate in it cannot be used as a client CA: {error}"),
        })?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), super::provider())
        .build()
        .map_err(|error| TlsError::Content {
            name,
            problem: format!("cannot be used as a client CA: {error}"),
        })?;
    Ok(verifier)
}

/// Verifies by the CAs that are in use at each handshake.
#[derive(Debug)]
struct Verifier(ArcSwap<Arc<dyn ClientCertVerifier>>);

impl ClientCertVerifier for Verifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        // The names of CAs that may be replaced cannot be lent. A client that is told none sends the certificate that it has.
        // https://www.rfc-editor.org/rfc/rfc5246#section-7.4.4
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        self.0.load().verify_client_cert(end_entity, intermediates, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.load().verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.load().verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.load().supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;
    use crate::tls::standalone;

    #[test]
    fn a_client_ca_file_must_hold_a_certificate() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let missing = ClientCa::start(&path).unwrap_err().to_string();
        assert!(
            missing.starts_with("cannot read ") && missing.contains("ca.pem"),
            "{missing}"
        );

        std::fs::write(&path, "not PEM").unwrap();
        let empty = ClientCa::start(&path).unwrap_err().to_string();
        assert!(empty.contains("ca.pem: holds no certificate"), "{empty}");

        std::fs::write(&path, standalone("test").unwrap().ca_pem).unwrap();
        ClientCa::start(&path).unwrap();
    }
}
