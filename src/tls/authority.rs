//! Makes CAs, and certificates that they sign.

use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

use super::certificate::Certificate;
use super::{PemPair, TlsError};

/// A client whose clock is a little behind accepts a new certificate all the same; of a short life it is a tenth.
const CLOCK_SKEW: Duration = Duration::from_secs(3600);

/// Makes a CA that signs servers' certificates, valid from `now` on for `lifetime`.
pub(super) fn authority(name: &str, lifetime: Duration, now: SystemTime) -> Result<PemPair, TlsError> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name = common_name(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = backdated(now, lifetime).into();
    params.not_after = (now + lifetime).into();
    Ok(pair(&params.self_signed(&key)?, &key))
}

/// Makes a server's certificate for these DNS names and IP addresses, signed by `authority`, valid from `now` on for
/// `lifetime`, but not longer than the CA. Fails on a name that cannot be one, and on a CA that cannot be used.
pub(super) fn issue(
    authority: &PemPair,
    names: &[String],
    lifetime: Duration,
    now: SystemTime,
) -> Result<PemPair, TlsError> {
    let signer = Certificate::from_pem(&authority.certificate, "the CA")?.swap_remove(0);
    let key_text = String::from_utf8_lossy(&authority.key);
    let issuer = Issuer::from_ca_cert_der(signer.der(), KeyPair::from_pem(&key_text)?)?;

    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(names)?;
    // A common name has at most 64 characters, which not every DNS name has; clients read the names above.
    params.distinguished_name = common_name("volguard");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params.not_before = backdated(now, lifetime).max(signer.life.from).into();
    params.not_after = (now + lifetime).min(signer.life.until).into();
    Ok(pair(&params.signed_by(&key, &issuer)?, &key))
}

/// Whether `name` is a DNS name or an IP address that a certificate can be made for.
pub fn is_name(name: &str) -> bool {
    let dns = |name: &str| {
        let name = name.strip_prefix("*.").unwrap_or(name);
        rustls_pki_types::DnsName::try_from(name).is_ok()
    };
    name.parse::<std::net::IpAddr>().is_ok() || dns(name)
}

fn pair(certificate: &rcgen::Certificate, key: &KeyPair) -> PemPair {
    PemPair {
        certificate: certificate.pem().into_bytes(),
        key: key.serialize_pem().into_bytes(),
    }
}

fn backdated(now: SystemTime, lifetime: Duration) -> SystemTime {
    now - CLOCK_SKEW.min(lifetime / 10)
}

fn common_name(text: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, text);
    name
}
