//! What stands in a certificate.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use rustls_pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;
use x509_parser::extensions::GeneralName;

use super::TlsError;
use super::files::certificates;

/// From when until when a certificate is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// Not valid before.
    pub from: SystemTime,
    /// Not valid after.
    pub until: SystemTime,
}

/// A certificate and what is written in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    der: CertificateDer<'static>,
    public_key: Vec<u8>,
    /// Whom it is of, as in `CN=volguard`.
    pub subject: String,
    /// Whom it was signed by, as in `CN=volguard CA`.
    pub issuer: String,
    /// The DNS names and IP addresses that it is valid for.
    pub names: BTreeSet<String>,
    /// When it is valid.
    pub life: Life,
    /// Whether it may sign other certificates.
    pub is_authority: bool,
}

impl Life {
    /// When its successor is due: at two thirds.
    pub fn renewal(&self) -> SystemTime {
        let length = self.until.duration_since(self.from).unwrap_or_default();
        self.until - length / 3
    }

    /// Whether it has not begun at `now`.
    pub fn is_ahead(&self, now: SystemTime) -> bool {
        now < self.from
    }

    /// Whether it has ended at `now`.
    pub fn is_over(&self, now: SystemTime) -> bool {
        self.until < now
    }
}

impl Certificate {
    /// All certificates of a PEM text, at least one; `name` says in errors where the text is from.
    pub fn from_pem(pem: &[u8], name: &str) -> Result<Vec<Self>, TlsError> {
        let parse = |(position, der): (usize, CertificateDer<'static>)| {
            Self::from_der(&der).map_err(|error| TlsError::Content {
                name: name.to_owned(),
                problem: format!("its certificate number {} cannot be parsed: {error}", position + 1),
            })
        };
        certificates(pem, name)?.into_iter().enumerate().map(parse).collect()
    }

    /// Fails on bytes that are no X.509 certificate.
    pub fn from_der(der: &CertificateDer<'_>) -> Result<Self, X509Error> {
        let (_, parsed) = x509_parser::parse_x509_certificate(der)?;
        Ok(Self {
            der: der.clone().into_owned(),
            public_key: parsed.public_key().subject_public_key.data.to_vec(),
            subject: parsed.subject().to_string(),
            issuer: parsed.issuer().to_string(),
            names: names(&parsed)?,
            life: Life {
                from: time(parsed.validity().not_before.timestamp()),
                until: time(parsed.validity().not_after.timestamp()),
            },
            is_authority: parsed.is_ca(),
        })
    }

    /// The bytes that it was parsed from.
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// As a PEM block.
    pub fn pem(&self) -> String {
        let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
        pem::encode_config(&pem::Pem::new("CERTIFICATE", self.der.to_vec()), config)
    }

    /// The public key, without its algorithm.
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// Whether `authority` has signed it, whatever the time.
    pub fn is_signed_by(&self, authority: &Self) -> bool {
        let parsed = (
            x509_parser::parse_x509_certificate(&self.der),
            x509_parser::parse_x509_certificate(&authority.der),
        );
        let (Ok((_, own)), Ok((_, authority))) = parsed else {
            return false;
        };
        own.issuer().as_raw() == authority.subject().as_raw()
            && own.verify_signature(Some(authority.public_key())).is_ok()
    }
}

/// Whether a client that trusts `authorities` is led by `chain`, whose first certificate is the server's own, to one of
/// them, whatever the time.
pub fn leads_to(chain: &[Certificate], authorities: &[Certificate]) -> bool {
    let is_signed = |certificate: &Certificate| authorities.iter().any(|ca| certificate.is_signed_by(ca));
    let linked = chain
        .windows(2)
        .take_while(|pair| pair[0].is_signed_by(&pair[1]))
        .count();
    chain.iter().take(linked + 1).any(is_signed)
}

fn names(certificate: &X509Certificate<'_>) -> Result<BTreeSet<String>, X509Error> {
    let Some(extension) = certificate.subject_alternative_name()? else {
        return Ok(BTreeSet::new());
    };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => <[u8; 4]>::try_from(*bytes)
            .map(IpAddr::from)
            .or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from))
            .ok()
            .map(|address| address.to_string()),
        _ => None,
    };
    Ok(extension.value.general_names.iter().filter_map(name).collect())
}

fn time(seconds: i64) -> SystemTime {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    let epoch = SystemTime::UNIX_EPOCH;
    if seconds < 0 {
        epoch.checked_sub(distance)
    } else {
        epoch.checked_add(distance)
    }
    .unwrap_or(epoch)
}
