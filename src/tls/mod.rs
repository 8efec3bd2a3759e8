//! TLS: the provider, the clients that are served, the certificate that is served, and the three ways it gets there.
//!
//! ```text
//! files ----------- reload ----------> resolver -> handshakes
//! nothing --------- standalone ------> resolver
//! a Secret -------- rotate ----------> resolver       contents -> plan -> authority, at the pace of the Secret's watch
//! a file of CAs --- clients ---------> verifier -> handshakes
//! ```

mod authority;
mod certificate;
mod clients;
mod contents;
mod files;
mod peer;
mod plan;
mod reload;
mod resolver;
pub mod rotate;
mod standalone;

use std::path::PathBuf;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, ResolvesServerCert};

pub use authority::is_name;
pub use certificate::{Certificate, Life, leads_to};
pub use clients::ClientCa;
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
    let verifies_clients = clients.is_some();
    let builder = match clients {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(certificate);
    if verifies_clients {
        // Whoever resumes a session is not verified again, though its CA may be gone.
        config.session_storage = Arc::new(NoServerSessionStorage {});
    }
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
