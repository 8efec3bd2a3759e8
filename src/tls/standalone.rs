//! A certificate made at start, for one process and its lifetime.

use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

use super::{PemPair, TlsError};

/// The key is never written anywhere and ends with the process, so the only concern is that a process that runs for
/// years goes on to be trusted: five years.
const LIFETIME: Duration = Duration::from_secs(5 * 365 * 24 * 3600);

/// A client whose clock is a little behind accepts the certificate all the same.
const CLOCK_SKEW: Duration = Duration::from_secs(3600);

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
    let ca_key = KeyPair::generate()?;
    let mut ca = CertificateParams::new(Vec::new())?;
    ca.distinguished_name = name("volguard standalone CA");
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    ca.not_before = (now - CLOCK_SKEW).into();
    ca.not_after = (now + LIFETIME).into();
    let ca_pem = ca.self_signed(&ca_key)?.pem();

    let key = KeyPair::generate()?;
    let service = format!("volguard.{namespace}.svc");
    let mut leaf = CertificateParams::new(vec![
        "localhost".to_owned(),
        "127.0.0.1".to_owned(),
        "::1".to_owned(),
        format!("volguard.{namespace}"),
        format!("{service}.cluster.local"),
        service.clone(),
    ])?;
    leaf.distinguished_name = name(&service);
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.use_authority_key_identifier_extension = true;
    leaf.not_before = ca.not_before;
    leaf.not_after = ca.not_after;
    let certificate = leaf.signed_by(&key, &Issuer::from_params(&ca, &ca_key))?;
    Ok(Standalone {
        pair: PemPair {
            certificate: certificate.pem().into_bytes(),
            key: key.serialize_pem().into_bytes(),
        },
        ca_pem,
    })
}

fn name(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
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
