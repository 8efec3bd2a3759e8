//! The certificate that the next handshake is answered with.

use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::Identity;

/// Holds the certificate in use. Replacing it does not touch connections that are open.
#[derive(Debug)]
pub struct CertificateResolver(ArcSwap<CertifiedKey>);

impl CertificateResolver {
    /// Serves `identity` until it is replaced.
    pub fn new(identity: &Identity) -> Self {
        Self(ArcSwap::new(identity.certified_key()))
    }

    /// Serves `identity` from the next handshake on.
    pub fn replace(&self, identity: &Identity) {
        self.0.store(identity.certified_key());
    }

    /// The certificate in use.
    pub fn current(&self) -> Arc<CertifiedKey> {
        self.0.load_full()
    }
}

impl ResolvesServerCert for CertificateResolver {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}
