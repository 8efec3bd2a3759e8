//! The certificate that the next handshake is answered with.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::Identity;

/// Holds the certificate in use. Replacing it does not touch connections that are open. Without one, which is how a
/// default resolver begins, handshakes fail.
#[derive(Debug, Default)]
pub struct CertificateResolver(ArcSwapOption<CertifiedKey>);

impl CertificateResolver {
    /// Serves `identity` until it is replaced.
    pub fn new(identity: &Identity) -> Self {
        Self(ArcSwapOption::new(Some(identity.certified_key())))
    }

    /// Serves `identity` from the next handshake on.
    pub fn replace(&self, identity: &Identity) {
        self.0.store(Some(identity.certified_key()));
    }

    /// The certificate in use, if there is one.
    pub fn current(&self) -> Option<Arc<CertifiedKey>> {
        self.0.load_full()
    }
}

impl ResolvesServerCert for CertificateResolver {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.current()
    }
}
