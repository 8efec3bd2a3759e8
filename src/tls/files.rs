//! Certificates and keys as PEM, from files or from a Secret's keys.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::TlsError;
use super::certificate::{Certificate, Life};

/// A chain of certificates or a key has a few kilobytes; a Secret as a whole has at most 1 MiB.
const MAX_FILE: u64 = 1024 * 1024;

/// Where a certificate and its key are.
#[derive(Debug, Clone)]
pub struct CertificateFiles {
    /// PEM: the server's certificate first, then those of the CAs between it and the root.
    pub certificate: PathBuf,
    /// PEM: the private key of the first certificate (PKCS#8, PKCS#1 or SEC1).
    pub key: PathBuf,
}

/// A certificate chain and its key as they were read, PEM. Two pairs are equal if their bytes are.
#[derive(Clone, PartialEq, Eq)]
pub struct PemPair {
    /// The certificate chain.
    pub certificate: Vec<u8>,
    /// The private key.
    pub key: Vec<u8>,
}

/// A certificate chain with the key that belongs to it, ready to be served.
#[derive(Debug, Clone)]
pub struct Identity {
    certified_key: Arc<CertifiedKey>,
    life: Life,
}

impl CertificateFiles {
    /// Reads both files. They are read as one: if the certificate changes while the key is being read (a Secret
    /// volume was swapped), both are read again.
    pub fn read(&self) -> Result<PemPair, TlsError> {
        let mut certificate = read_bounded(&self.certificate)?;
        // A volume that is swapped twice within one reading is left to the next poll.
        for _ in 0..2 {
            let key = read_bounded(&self.key)?;
            let again = read_bounded(&self.certificate)?;
            if again == certificate {
                return Ok(PemPair { certificate, key });
            }
            certificate = again;
        }
        Ok(PemPair {
            certificate,
            key: read_bounded(&self.key)?,
        })
    }

    /// Makes the identity of `pair`, which was read from these files; errors name the file at fault.
    pub fn identity(&self, pair: &PemPair) -> Result<Identity, TlsError> {
        Identity::from_pem(
            pair,
            &self.certificate.display().to_string(),
            &self.key.display().to_string(),
        )
    }
}

impl Identity {
    /// Checks and takes a chain and its key. `certificate_name` and `key_name` say in errors where they came from.
    /// Fails on PEM that does not parse, on a missing certificate or key, and on a key of another certificate.
    pub fn from_pem(pair: &PemPair, certificate_name: &str, key_name: &str) -> Result<Self, TlsError> {
        let chain = certificates(&pair.certificate, certificate_name)?;
        let life = life(&chain, certificate_name)?;
        let key = PrivateKeyDer::from_pem_slice(&pair.key).map_err(|error| TlsError::Content {
            name: key_name.to_owned(),
            problem: match error {
                pem::Error::NoItemsFound => {
                    "holds no private key (an unencrypted PEM block `PRIVATE KEY`, `RSA PRIVATE KEY` or \
                     `EC PRIVATE KEY` is needed)"
                        .to_owned()
                }
                other => format!("is not valid PEM: {other}"),
            },
        })?;
        let provider = super::provider();
        let signing_key = provider
            .key_provider
            .load_private_key(key)
            .map_err(|error| TlsError::Content {
                name: key_name.to_owned(),
                problem: format!("holds a private key that cannot be used: {error}"),
            })?;
        let certified_key = CertifiedKey::new(chain, signing_key);
        certified_key.keys_match().map_err(|error| TlsError::Content {
            name: key_name.to_owned(),
            problem: match error {
                rustls::Error::InconsistentKeys(_) => {
                    format!("holds the key of another certificate than the first one in {certificate_name}")
                }
                other => format!("cannot be compared with the certificate in {certificate_name}: {other}"),
            },
        })?;
        Ok(Self {
            certified_key: Arc::new(certified_key),
            life,
        })
    }

    /// The chain and the key, as rustls takes them.
    pub fn certified_key(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.certified_key)
    }

    /// From when until when the certificate is valid.
    pub fn life(&self) -> Life {
        self.life
    }
}

/// Reads files every `interval` until the future is dropped, and hands over what was read; nothing where reading broke off.
pub(super) async fn look_every<T: Send + 'static>(
    interval: Duration,
    read: impl Fn() -> T + Clone + Send + 'static,
    mut look: impl FnMut(Option<T>),
) {
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // Files may be on a volume that answers slowly.
        look(tokio::task::spawn_blocking(read.clone()).await.ok());
    }
}

/// Reads a file that must be small.
pub(super) fn read_bounded(path: &Path) -> Result<Vec<u8>, TlsError> {
    let read = |path: &Path| {
        let mut bytes = Vec::new();
        File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read(path).map_err(|source| TlsError::Read {
        path: path.to_owned(),
        source,
    })?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(TlsError::Content {
            name: path.display().to_string(),
            problem: format!("has more than {MAX_FILE} bytes, so it is no certificate or key"),
        });
    }
    Ok(bytes)
}

/// All certificates of a PEM text, at least one.
pub(super) fn certificates(pem: &[u8], name: &str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let content = |problem: String| TlsError::Content {
        name: name.to_owned(),
        problem,
    };
    let chain = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| content(format!("is not valid PEM: {error}")))?;
    if chain.is_empty() {
        return Err(content(
            "holds no certificate (a PEM block `CERTIFICATE` is needed)".to_owned(),
        ));
    }
    Ok(chain)
}

/// The life of the first certificate.
fn life(chain: &[CertificateDer<'_>], name: &str) -> Result<Life, TlsError> {
    let first: &[u8] = chain.first().map(AsRef::as_ref).unwrap_or_default();
    let certificate = Certificate::from_der(&first.into()).map_err(|error| TlsError::Content {
        name: name.to_owned(),
        problem: format!("its first certificate cannot be parsed: {error}"),
    })?;
    Ok(certificate.life)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::tls::standalone;

    fn pair() -> PemPair {
        standalone("test").unwrap().pair
    }

    fn problem(pair: &PemPair) -> String {
        Identity::from_pem(pair, "tls.crt", "tls.key").unwrap_err().to_string()
    }

    #[test]
    fn a_chain_and_its_key_are_taken_with_their_validity() {
        let identity = Identity::from_pem(&pair(), "tls.crt", "tls.key").unwrap();
        let now = SystemTime::now();
        let life = identity.life();
        assert!(life.from < now && now < life.until);
        assert!(!life.is_over(now));
        assert!(life.is_over(life.until + Duration::from_secs(1)));
    }

    #[test]
    fn each_fault_is_said_with_the_file_it_is_in() {
        let good = pair();
        let with_certificate = |certificate: &[u8]| PemPair {
            certificate: certificate.to_vec(),
            ..good.clone()
        };
        let with_key = |key: &[u8]| PemPair {
            key: key.to_vec(),
            ..good.clone()
        };

        assert!(problem(&with_certificate(b"")).starts_with("tls.crt: holds no certificate"));
        let truncated = &good.certificate[..good.certificate.len() / 3];
        assert!(problem(&with_certificate(truncated)).starts_with("tls.crt: is not valid PEM"));
        let junk = b"-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
        assert!(problem(&with_certificate(junk)).starts_with("tls.crt: its first certificate cannot be parsed"));
        assert!(problem(&with_key(b"")).starts_with("tls.key: holds no private key"));
        let junk = b"-----BEGIN PRIVATE KEY-----\naGVsbG8=\n-----END PRIVATE KEY-----\n";
        assert!(problem(&with_key(junk)).starts_with("tls.key: holds a private key that cannot be used"));
        let other = pair().key;
        let mismatch = problem(&with_key(&other));
        assert_eq!(
            mismatch,
            "tls.key: holds the key of another certificate than the first one in tls.crt"
        );
    }

    #[test]
    fn files_that_are_missing_or_far_too_large_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let files = CertificateFiles {
            certificate: folder.path().join("a.crt"),
            key: folder.path().join("a.key"),
        };
        let message = files.read().err().unwrap().to_string();
        assert!(
            message.starts_with("cannot read ") && message.contains("a.crt"),
            "{message}"
        );

        std::fs::write(&files.certificate, vec![b'x'; 1024 * 1024 + 1]).unwrap();
        std::fs::write(&files.key, "").unwrap();
        let message = files.read().err().unwrap().to_string();
        assert!(message.contains("a.crt: has more than 1048576 bytes"), "{message}");
    }
}
