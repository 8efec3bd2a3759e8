//! TLS: the provider, the certificate that is served, and the three ways it gets there.
//!
//! ```text
//! files ----------- reload ----------> resolver -> handshakes
//! nothing --------- standalone ------> resolver
//! a Secret -------- rotate ----------> resolver       contents -> plan -> authority, at the pace of the Secret's watch
//! ```

mod authority;
mod certificate;
mod contents;
mod files;
mod peer;
mod plan;
mod reload;
mod resolver;
pub mod rotate;
mod standalone;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ResolvesServerCert, WebPkiClientVerifier};

pub use authority::is_name;
pub use certificate::{Certificate, Life, leads_to};
pub use contents::{Contents, Material};
pub use files::{CertificateFiles, Identity, PemPair};
pub use peer::served_at;
pub use plan::Lifetimes;
pub use reload::{CertificateStatus, Reloader};
pub use resolver::CertificateResolver;
pub use standalone::{Standalone, standalone};

/// Why a certificate, a key or a CA cannot be used. Each message is a sentence for the person who runs volguard.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// What a file or a Secret's key holds is not what is needed.
    #[error("{name}: {problem}")]
    Content {
        /// The file's path or the Secret's key.
        name: String,
        /// What is wrong with it, and what should be there.
        problem: String,
    },
    /// A certificate could not be made.
    #[error("cannot make a certificate: {0}")]
    Make(#[from] rcgen::Error),
    /// The TLS library refuses the settings.
    #[error("TLS cannot be set up: {0}")]
    Setup(String),
}

/// The provider of cryptography: ring, passed explicitly so that no process-wide default is needed.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// The TLS side of the webhook's listener: TLS 1.2 and 1.3, HTTP/2 preferred to HTTP/1.1, the certificate chosen by
/// `certificate` for each connection. With `clients` only a client that shows a certificate of that CA is served.
pub fn server_config(
    certificate: Arc<dyn ResolvesServerCert>,
    clients: Option<Arc<dyn ClientCertVerifier>>,
) -> Result<rustls::ServerConfig, TlsError> {
    let builder = rustls::ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|error| TlsError::Setup(error.to_string()))?;
    let builder = match clients {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(certificate);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Reads the CA certificates in the PEM file at `path`; the verifier accepts only clients with a certificate of one of
/// them. Fails if the file cannot be read, or holds no certificate, or one that cannot be a CA's.
pub fn client_verifier(path: &Path) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let name = path.display().to_string();
    let pem = files::read_bounded(path)?;
    let mut roots = RootCertStore::empty();
    for certificate in files::certificates(&pem, &name)? {
        roots.add(certificate).map_err(|error| TlsError::Content {
            name: name.clone(),
            problem: format!("a certificate in it cannot be used as a client CA: {error}"),
        })?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
        .build()
        .map_err(|error| TlsError::Content {
            name,
            problem: format!("cannot be used as a client CA: {error}"),
        })?;
    Ok(verifier)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    #[test]
    fn a_client_ca_file_must_hold_a_certificate() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let missing = client_verifier(&path).unwrap_err().to_string();
        assert!(
            missing.starts_with("cannot read ") && missing.contains("ca.pem"),
            "{missing}"
        );

        std::fs::write(&path, "not PEM").unwrap();
        let empty = client_verifier(&path).unwrap_err().to_string();
        assert!(empty.contains("ca.pem: holds no certificate"), "{empty}");

        std::fs::write(&path, standalone("test").unwrap().ca_pem).unwrap();
        client_verifier(&path).unwrap();
    }
}
