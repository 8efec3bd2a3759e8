//! New certificate files come into use without a restart.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{CertificateFiles, CertificateResolver, Identity, PemPair, TlsError};

/// What is known of the certificate in use and of its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateStatus {
    /// Until when the certificate in use is valid; `None` while there is none.
    pub not_after: Option<SystemTime>,
    /// Why what the files (or the Secret) hold now cannot be used, or cannot be renewed; the certificate before stays
    /// in use.
    pub problem: Option<String>,
}

impl CertificateStatus {
    /// Expiry of the certificate in use, in seconds since the Unix epoch (negative before it); 0 while there is none.
    pub fn expires_unix(&self) -> i64 {
        let not_after = self.not_after.unwrap_or(SystemTime::UNIX_EPOCH);
        match not_after.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_secs()).map_or(i64::MIN, |seconds| -seconds),
        }
    }
}

/// Keeps a [`CertificateResolver`] in step with a pair of files. The files are read and compared at a fixed interval:
/// a watch on a file does not see the symlink swap by which the kubelet updates a Secret volume.
#[derive(Debug)]
pub struct Reloader {
    files: CertificateFiles,
    resolver: Arc<CertificateResolver>,
    /// What was read last, good or bad.
    seen: Seen,
    status: CertificateStatus,
}

/// What the files held when they were looked at last.
#[derive(PartialEq, Eq)]
enum Seen {
    Pair(PemPair),
    Unreadable(String),
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The key is not for logs.
        out.write_str(match self {
            Self::Pair(_) => "Pair(..)",
            Self::Unreadable(_) => "Unreadable(..)",
        })
    }
}

impl Reloader {
    /// How often the files are looked at: the kubelet itself takes up to a minute to update a volume.
    pub const INTERVAL: Duration = Duration::from_secs(10);

    /// Reads the files for the first time. Fails if they cannot be used or the certificate has expired.
    pub fn start(files: CertificateFiles) -> Result<Self, TlsError> {
        let pair = files.read()?;
        let identity = usable(&files, &pair)?;
        Ok(Self {
            resolver: Arc::new(CertificateResolver::new(&identity)),
            seen: Seen::Pair(pair),
            status: CertificateStatus {
                not_after: Some(identity.life().until),
                problem: None,
            },
            files,
        })
    }

    /// Serves the certificate in use.
    pub fn resolver(&self) -> Arc<CertificateResolver> {
        Arc::clone(&self.resolver)
    }

    /// What is known now.
    pub fn status(&self) -> &CertificateStatus {
        &self.status
    }

    /// Looks at the files every `interval` (usually [`Self::INTERVAL`]) until the future is dropped, and calls
    /// `changed` whenever the status has changed.
    pub async fn run(mut self, interval: Duration, mut changed: impl FnMut(&CertificateStatus)) {
        let mut ticks = tokio::time::interval(interval);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let files = self.files.clone();
            // Files may be on a volume that answers slowly.
            let Ok(read) = tokio::task::spawn_blocking(move || files.read()).await else {
                continue;
            };
            if self.take(read) {
                changed(&self.status);
            }
        }
    }

    /// Takes what was read; says whether the status has changed.
    fn take(&mut self, read: Result<PemPair, TlsError>) -> bool {
        let seen = match read {
            Ok(pair) => Seen::Pair(pair),
            Err(error) => Seen::Unreadable(error.to_string()),
        };
        if seen == self.seen {
            return false;
        }
        let identity = match &seen {
            Seen::Pair(pair) => usable(&self.files, pair).map_err(|error| error.to_string()),
            Seen::Unreadable(problem) => Err(problem.clone()),
        };
        self.seen = seen;
        let status = match identity {
            Ok(identity) => {
                self.resolver.replace(&identity);
                let status = CertificateStatus {
                    not_after: Some(identity.life().until),
                    problem: None,
                };
                let file = self.files.certificate.display();
                tracing::info!(%file, expires = status.expires_unix(), "new certificate in use");
                status
            }
            Err(problem) => {
                tracing::error!(
                    problem,
                    "the new certificate cannot be used; the one before stays in use"
                );
                CertificateStatus {
                    not_after: self.status.not_after,
                    problem: Some(problem),
                }
            }
        };
        let changed = status != self.status;
        self.status = status;
        changed
    }
}

fn usable(files: &CertificateFiles, pair: &PemPair) -> Result<Identity, TlsError> {
    let identity = files.identity(pair)?;
    if identity.life().is_over(SystemTime::now()) {
        return Err(TlsError::Content {
            name: files.certificate.display().to_string(),
            problem: "its first certificate has expired; the API server would refuse it".to_owned(),
        });
    }
    Ok(identity)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use std::path::Path;

    use super::*;
    use crate::tls::standalone;

    fn write(folder: &Path, pair: &PemPair) -> CertificateFiles {
        let files = CertificateFiles {
            certificate: folder.join("tls.crt"),
            key: folder.join("tls.key"),
        };
        std::fs::write(&files.certificate, &pair.certificate).unwrap();
        std::fs::write(&files.key, &pair.key).unwrap();
        files
    }

    fn expired() -> PemPair {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2001, 1, 1);
        params.not_after = rcgen::date_time_ymd(2002, 1, 1);
        let certificate = params.self_signed(&key).unwrap();
        PemPair {
            certificate: certificate.pem().into_bytes(),
            key: key.serialize_pem().into_bytes(),
        }
    }

    #[test]
    fn an_expired_certificate_is_refused_at_start() {
        let folder = tempfile::tempdir().unwrap();
        let files = write(folder.path(), &expired());
        let message = Reloader::start(files).unwrap_err().to_string();
        assert!(
            message.contains("tls.crt: its first certificate has expired"),
            "{message}"
        );
    }

    #[test]
    fn a_broken_pair_leaves_the_good_one_in_use_and_is_reported_once() {
        let folder = tempfile::tempdir().unwrap();
        let first = standalone("a").unwrap().pair;
        let files = write(folder.path(), &first);
        let mut reloader = Reloader::start(files.clone()).unwrap();
        let served = |reloader: &Reloader| reloader.resolver.current().unwrap();
        let before = served(&reloader);
        let not_after = reloader.status().not_after;
        assert!(!reloader.take(files.read()), "nothing has changed");

        for broken in [
            Ok(PemPair {
                certificate: b"junk".to_vec(),
                ..first.clone()
            }),
            Ok(PemPair {
                key: standalone("a").unwrap().pair.key,
                ..first.clone()
            }),
            Ok(expired()),
            CertificateFiles {
                certificate: folder.path().join("gone"),
                ..files.clone()
            }
            .read(),
        ] {
            let again = match &broken {
                Ok(pair) => Ok(pair.clone()),
                Err(_) => CertificateFiles {
                    certificate: folder.path().join("gone"),
                    ..files.clone()
                }
                .read(),
            };
            assert!(reloader.take(broken));
            assert!(!reloader.take(again), "the same fault is reported once");
            assert!(reloader.status().problem.is_some());
            assert_eq!(reloader.status().not_after, not_after);
            assert!(Arc::ptr_eq(&served(&reloader), &before));
        }

        assert!(reloader.take(Ok(standalone("a").unwrap().pair)));
        assert_eq!(reloader.status().problem, None);
        assert!(!Arc::ptr_eq(&served(&reloader), &before));
    }

    #[test]
    fn the_first_pair_written_again_ends_the_fault() {
        let folder = tempfile::tempdir().unwrap();
        let first = standalone("a").unwrap().pair;
        let mut reloader = Reloader::start(write(folder.path(), &first)).unwrap();
        assert!(reloader.take(Ok(PemPair {
            key: Vec::new(),
            ..first.clone()
        })));
        assert!(reloader.take(Ok(first)));
        assert_eq!(reloader.status().problem, None);
    }

    #[test]
    fn expiry_in_unix_seconds() {
        let at = |not_after| {
            CertificateStatus {
                not_after,
                problem: None,
            }
            .expires_unix()
        };
        assert_eq!(at(Some(SystemTime::UNIX_EPOCH + Duration::from_secs(7))), 7);
        assert_eq!(at(Some(SystemTime::UNIX_EPOCH - Duration::from_secs(7))), -7);
        assert_eq!(at(None), 0);
    }
}
