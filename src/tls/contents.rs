//! What the Secret of a self-managed certificate holds, and how it comes to hold it.

use std::collections::BTreeSet;
use std::time::SystemTime;

use rcgen::KeyPair;

use super::authority::{authority, issue};
use super::certificate::Certificate;
use super::plan::Lifetimes;
use super::{Identity, PemPair, TlsError};

/// The Secret's keys: the serving certificate and its key, the CAs that clients must trust, newest first, and the
/// key of the newest, which signs.
const LEAF: &str = "tls.crt";
const LEAF_KEY: &str = "tls.key";
const BUNDLE: &str = "ca.crt";
const AUTHORITY_KEY: &str = "ca.key";
const KEYS: [&str; 4] = [LEAF, LEAF_KEY, BUNDLE, AUTHORITY_KEY];

/// What was found in the Secret.
#[derive(Debug, Clone)]
pub enum Contents {
    /// None of the keys, or all of them without a value.
    Empty,
    /// Something that cannot be served or renewed, and what is wrong with it.
    Unusable(String),
    /// All that is needed, and all of it fits together.
    Held(Box<Material>),
}

/// All that it takes to serve and to renew.
#[derive(Clone)]
pub struct Material {
    leaf: Certificate,
    leaf_pem: PemPair,
    identity: Identity,
    /// Newest first, at least one.
    authorities: Vec<Certificate>,
    /// Which of them has signed the leaf.
    signer: usize,
    /// The key of the newest CA.
    authority_key: Vec<u8>,
}

impl std::fmt::Debug for Material {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The keys are not for logs.
        let authorities: Vec<&str> = self.authorities.iter().map(|ca| ca.subject.as_str()).collect();
        write!(out, "Material({} of {authorities:?})", self.leaf.subject)
    }
}

impl Contents {
    /// Reads what stands under each key of the Secret; a key that is not there has no bytes.
    pub fn read<'a>(value: impl Fn(&str) -> &'a [u8]) -> Self {
        if KEYS.iter().all(|key| value(key).is_empty()) {
            return Self::Empty;
        }
        let missing: Vec<&str> = KEYS.into_iter().filter(|key| value(key).is_empty()).collect();
        if !missing.is_empty() {
            return Self::Unusable(format!(
                "{} missing, and all of {} are needed",
                missing.join(", "),
                KEYS.join(", ")
            ));
        }
        let leaf = PemPair {
            certificate: value(LEAF).to_vec(),
            key: value(LEAF_KEY).to_vec(),
        };
        match Material::new(leaf, value(BUNDLE), value(AUTHORITY_KEY)) {
            Ok(material) => Self::Held(Box::new(material)),
            Err(error) => Self::Unusable(error.to_string()),
        }
    }
}

impl Material {
    /// Checks that the parts fit together. Fails on bytes that are no PEM, a key of another certificate, a bundle
    /// without the CA of the leaf, and a certificate in the bundle that is no CA's.
    fn new(leaf_pem: PemPair, bundle: &[u8], authority_key: &[u8]) -> Result<Self, TlsError> {
        let content = |name: &str, problem: &str| TlsError::Content {
            name: name.to_owned(),
            problem: problem.to_owned(),
        };
        let identity = Identity::from_pem(&leaf_pem, LEAF, LEAF_KEY)?;
        let leaf = Certificate::from_pem(&leaf_pem.certificate, LEAF)?.swap_remove(0);
        let authorities = Certificate::from_pem(bundle, BUNDLE)?;
        if let Some(other) = authorities.iter().find(|certificate| !certificate.is_authority) {
            return Err(content(BUNDLE, &format!("{} is no CA's certificate", other.subject)));
        }
        let Some(signer) = authorities.iter().position(|ca| leaf.is_signed_by(ca)) else {
            return Err(content(BUNDLE, "no certificate in it has signed the one in tls.crt"));
        };
        let key = KeyPair::from_pem(&String::from_utf8_lossy(authority_key)).map_err(|error| {
            content(
                AUTHORITY_KEY,
                &format!("holds no private key that can be used: {error}"),
            )
        })?;
        if key.public_key_raw() != authorities[0].public_key() {
            return Err(content(
                AUTHORITY_KEY,
                "holds the key of another certificate than the first one in ca.crt",
            ));
        }
        Ok(Self {
            leaf,
            leaf_pem,
            identity,
            authorities,
            signer,
            authority_key: authority_key.to_vec(),
        })
    }

    /// Makes a CA and a certificate for these names.
    pub fn make(names: &[String], lifetimes: &Lifetimes, now: SystemTime) -> Result<Self, TlsError> {
        let ca = new_authority(lifetimes, now)?;
        let leaf = issue(&ca, names, lifetimes.certificate, now)?;
        Self::new(leaf, &ca.certificate, &ca.key)
    }

    /// The same with a new CA before the others, which will sign from now on; CAs that have expired are left out.
    pub fn with_new_authority(&self, lifetimes: &Lifetimes, now: SystemTime) -> Result<Self, TlsError> {
        let ca = new_authority(lifetimes, now)?;
        let mut bundle = ca.certificate;
        bundle.extend(pem(self.authorities.iter().filter(|ca| self.is_needed(ca, now))));
        Self::new(self.leaf_pem.clone(), &bundle, &ca.key)
    }

    /// The same with a new certificate for these names, signed by the newest CA.
    pub fn with_new_leaf(&self, names: &[String], lifetimes: &Lifetimes, now: SystemTime) -> Result<Self, TlsError> {
        let ca = PemPair {
            certificate: self.newest().pem().into_bytes(),
            key: self.authority_key.clone(),
        };
        let leaf = issue(&ca, names, lifetimes.certificate, now)?;
        Self::new(leaf, &self.bundle(), &self.authority_key)
    }

    /// The same without the CAs that have expired.
    pub fn without_expired(&self, now: SystemTime) -> Result<Self, TlsError> {
        let bundle = pem(self.authorities.iter().filter(|ca| self.is_needed(ca, now)));
        Self::new(self.leaf_pem.clone(), &bundle, &self.authority_key)
    }

    /// Whether the CA must stay in the bundle: it has not expired, it signs, or it has signed the leaf.
    pub(super) fn is_needed(&self, ca: &Certificate, now: SystemTime) -> bool {
        !ca.life.is_over(now) || ca == self.newest() || ca == self.signer()
    }

    /// What to store under each key of the Secret.
    pub fn entries(&self) -> [(&'static str, Vec<u8>); 4] {
        [
            (LEAF, self.leaf_pem.certificate.clone()),
            (LEAF_KEY, self.leaf_pem.key.clone()),
            (BUNDLE, self.bundle()),
            (AUTHORITY_KEY, self.authority_key.clone()),
        ]
    }

    /// The CAs that clients must trust, PEM: a webhook configuration's `caBundle`.
    pub fn bundle(&self) -> Vec<u8> {
        pem(&self.authorities)
    }

    /// Whether `pem` holds the same CAs, in whatever order.
    pub fn is_bundle(&self, pem: &[u8]) -> bool {
        let set = |certificates: &[Certificate]| -> BTreeSet<Vec<u8>> {
            certificates
                .iter()
                .map(|certificate| certificate.der().to_vec())
                .collect()
        };
        Certificate::from_pem(pem, BUNDLE).is_ok_and(|others| set(&others) == set(&self.authorities))
    }

    /// The certificate that is served.
    pub fn leaf(&self) -> &Certificate {
        &self.leaf
    }

    /// The CA that signs from now on.
    pub fn newest(&self) -> &Certificate {
        &self.authorities[0]
    }

    /// The CA that has signed the certificate that is served.
    pub fn signer(&self) -> &Certificate {
        &self.authorities[self.signer]
    }

    /// The CAs, newest first; at least one.
    pub fn authorities(&self) -> &[Certificate] {
        &self.authorities
    }

    /// The certificate that is served and its key, ready to be served.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }
}

fn new_authority(lifetimes: &Lifetimes, now: SystemTime) -> Result<PemPair, TlsError> {
    // The time tells CAs apart for the person who looks at a bundle of two.
    let made = jiff::Timestamp::try_from(now).map_or(String::new(), |time| format!(" {time:.0}"));
    authority(&format!("volguard CA{made}"), lifetimes.authority, now)
}

fn pem<'a>(certificates: impl IntoIterator<Item = &'a Certificate>) -> Vec<u8> {
    let texts: Vec<String> = certificates.into_iter().map(Certificate::pem).collect();
    texts.concat().into_bytes()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;

    const LIFETIMES: Lifetimes = Lifetimes {
        authority: Duration::from_secs(7200),
        certificate: Duration::from_secs(3600),
    };

    fn made() -> Material {
        Material::make(&["volguard.storage.svc".to_owned()], &LIFETIMES, SystemTime::now()).unwrap()
    }

    fn read(data: &BTreeMap<&str, Vec<u8>>) -> Contents {
        Contents::read(|key| data.get(key).map(Vec::as_slice).unwrap_or_default())
    }

    #[test]
    fn what_is_stored_is_read_back_whatever_was_done_to_it() {
        let now = SystemTime::now();
        let first = made();
        let joined = first.with_new_authority(&LIFETIMES, now).unwrap();
        let switched = joined
            .with_new_leaf(&["127.0.0.1".to_owned()], &LIFETIMES, now)
            .unwrap();
        for material in [&first, &joined, &switched] {
            let Contents::Held(back) = read(&material.entries().into_iter().collect()) else {
                panic!("{material:?}");
            };
            assert_eq!(back.entries(), material.entries());
        }
        assert_eq!(joined.leaf(), first.leaf());
        assert_eq!(joined.authorities()[1..], first.authorities()[..]);
        assert!(switched.leaf().is_signed_by(&joined.authorities()[0]));
        assert!(switched.leaf().names.contains("127.0.0.1"));
    }

    #[test]
    fn a_bundle_is_compared_by_its_certificates() {
        let one = made();
        let two = one.with_new_authority(&LIFETIMES, SystemTime::now()).unwrap();
        let turned = [
            pem(&two.authorities()[1..]),
            b"\n\n".to_vec(),
            pem(&two.authorities()[..1]),
        ]
        .concat();
        assert!(two.is_bundle(&turned));
        assert!(!two.is_bundle(&one.bundle()));
        assert!(!one.is_bundle(&two.bundle()));
        assert!(!one.is_bundle(b""));
    }

    #[test]
    fn no_value_is_as_no_key() {
        assert!(matches!(read(&BTreeMap::new()), Contents::Empty));
        let blank = KEYS.into_iter().map(|key| (key, Vec::new())).collect();
        assert!(matches!(read(&blank), Contents::Empty));
    }

    #[test]
    fn each_fault_names_the_key_that_it_is_in() {
        let good: BTreeMap<&str, Vec<u8>> = made().entries().into_iter().collect();
        let other: BTreeMap<&str, Vec<u8>> = made().entries().into_iter().collect();
        let rows: [(&str, Vec<u8>, &str); 8] = [
            ("tls.crt", b"junk".to_vec(), "tls.crt: holds no certificate"),
            ("tls.key", b"junk".to_vec(), "tls.key: holds no private key"),
            (
                "tls.key",
                other["tls.key"].clone(),
                "tls.key: holds the key of another certificate",
            ),
            ("ca.crt", b"junk".to_vec(), "ca.crt: holds no certificate"),
            (
                "ca.crt",
                other["ca.crt"].clone(),
                "ca.crt: no certificate in it has signed the one in tls.crt",
            ),
            (
                "ca.crt",
                [good["ca.crt"].clone(), good["tls.crt"].clone()].concat(),
                "ca.crt: CN=volguard is no CA's",
            ),
            (
                "ca.key",
                other["ca.key"].clone(),
                "ca.key: holds the key of another certificate",
            ),
            (
                "ca.key",
                Vec::new(),
                "ca.key missing, and all of tls.crt, tls.key, ca.crt, ca.key are needed",
            ),
        ];
        for (key, value, expected) in rows {
            let mut data = good.clone();
            data.insert(key, value);
            match read(&data) {
                Contents::Unusable(problem) => assert!(problem.starts_with(expected), "{problem}"),
                other => panic!("{expected}: {other:?}"),
            }
        }
    }
}
