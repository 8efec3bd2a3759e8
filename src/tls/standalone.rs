//! A certificate made at start, for one process and its lifetime.

use std::time::{Duration, SystemTime};

use super::authority::{authority, issue};
use super::{PemPair, TlsError};

/// The key is never written anywhere and ends with the process, so the only concern is that a process that runs for
/// years goes on to be trusted: five years.
const LIFETIME: Duration = Duration::from_secs(5 * 365 * 24 * 3600);

/// What `--standalone` serves with, and what its clients need.
pub struct Standalone {
    /// The server's certificate and its key.
    pub pair: PemPair,
    /// The CA's certificate, PEM: a webhook configuration's `caBundle`.
    pub ca_pem: String,
}

/// Makes a CA, and with it a certificate for this host's loopback names and for the Service `volguard` in
/// `namespace`. The CA's key is forgotten. Fails if `namespace` cannot be part of a DNS name.
pub fn standalone(namespace: &str) -> Result<Standalone, TlsError> {
    let now = SystemTime::now();
    let ca = authority("volguard standalone CA", LIFETIME, now)?;
    let names = [
        "localhost".to_owned(),
        "127.0.0.1".to_owned(),
        "::1".to_owned(),
        format!("volguard.{namespace}"),
        format!("volguard.{namespace}.svc.cluster.local"),
        format!("volguard.{namespace}.svc"),
    ];
    Ok(Standalone {
        pair: issue(&ca, &names, LIFETIME, now)?,
        ca_pem: String::from_utf8_lossy(&ca.certificate).into_owned(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use std::sync::Arc;

    use rustls::RootCertStore;
    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::ServerCertVerifier as _;
    use rustls_pki_types::{ServerName, UnixTime};

    use super::*;
    use crate::tls::files::certificates;

    #[test]
    fn a_client_with_the_ca_trusts_every_name_and_no_other() {
        let made = standalone("storage").unwrap();
        let mut roots = RootCertStore::empty();
        roots
            .add(certificates(made.ca_pem.as_bytes(), "ca").unwrap().remove(0))
            .unwrap();
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), crate::tls::provider())
            .build()
            .unwrap();
        let leaf = certificates(&made.pair.certificate, "leaf").unwrap().remove(0);
        let trusted = |name: &'static str| {
            let name = ServerName::try_from(name).unwrap();
            verifier
                .verify_server_cert(&leaf, &[], &name, &[], UnixTime::now())
                .is_ok()
        };
        for name in [
            "localhost",
            "127.0.0.1",
            "::1",
            "volguard.storage.svc",
            "volguard.storage.svc.cluster.local",
        ] {
            assert!(trusted(name), "{name}");
        }
        assert!(!trusted("volguard.other.svc"));
    }

    #[test]
    fn two_starts_share_no_key() {
        let (first, second) = (standalone("a").unwrap(), standalone("a").unwrap());
        assert!(first.pair.key != second.pair.key);
        assert!(first.ca_pem != second.ca_pem);
    }
}
