//! New certificate files come into use without a restart.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{CertificateFiles, CertificateResolver, Identity, Life, PemPair, TlsError, files};

/// What is known of the certificate in use and of its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateStatus {
    /// When the certificate in use is valid; `None` while there is none.
    pub life: Option<Life>,
    /// Why what the files (or the Secret) hold now cannot be used, or cannot be renewed; the certificate before stays
    /// in use.
    pub problem: Option<String>,
}

impl CertificateStatus {
    /// Expiry of the certificate in use, in seconds since the Unix epoch (negative before it); 0 while there is none.
    pub fn expires_unix(&self) -> i64 {
        let not_after = self.life.map_or(SystemTime::UNIX_EPOCH, |life| life.until);
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

    /// Reads the files for the first time. Fails if they cannot be used or the certificate has expired. One that is not valid
    /// yet is taken: there is no other.
    pub fn start(files: CertificateFiles) -> Result<Self, TlsError> {
        let pair = files.read()?;
        let identity = unexpired(&files, &pair, SystemTime::now())?;
        Ok(Self {
            resolver: Arc::new(CertificateResolver::new(&identity)),
            seen: Seen::Pair(pair),
            status: CertificateStatus {
                life: Some(identity.life()),
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

    /// Looks at the files every `interval` (usually [`Self::INTERVAL`]) until the future is dropped, and tells `report` how
    /// things stand after every look: a certificate expires without any change of the files.
    pub async fn run(mut self, interval: Duration, mut report: impl FnMut(&CertificateStatus)) {
        let files = self.files.clone();
        let look = |read: Option<_>| {
            if let Some(read) = read {
                self.take(read, SystemTime::now());
            }
            report(&self.status);
        };
        files::look_every(interval, move || files.read(), look).await;
    }

    /// Takes what was read. What cannot be used is looked at again, for it may be valid later.
    fn take(&mut self, read: Result<PemPair, TlsError>, now: SystemTime) {
        let seen = match read {
            Ok(pair) => Seen::Pair(pair),
            Err(error) => Seen::Unreadable(error.to_string()),
        };
        if seen == self.seen && self.status.problem.is_none() {
            return;
        }
        let identity = match &seen {
            Seen::Pair(pair) => usable(&self.files, pair, now).map_err(|error| error.to_string()),
            Seen::Unreadable(problem) => Err(problem.clone()),
        };
        self.seen = seen;
        match identity {
            Ok(identity) => {
                self.resolver.replace(&identity);
                self.status = CertificateStatus {
                    life: Some(identity.life()),
                    problem: None,
                };
                let file = self.files.certificate.display();
                tracing::info!(%file, expires = self.status.expires_unix(), "new certificate in use");
            }
            Err(problem) if self.status.problem.as_ref() != Some(&problem) => {
                tracing::error!(
                    problem,
                    "the new certificate cannot be used; the one before stays in use"
                );
                self.status.problem = Some(problem);
            }
            Err(_) => {}
        }
    }
}

/// The identity of a pair that the API server accepts now.
fn usable(files: &CertificateFiles, pair: &PemPair, now: SystemTime) -> Result<Identity, TlsError> {
    let identity = unexpired(files, pair, now)?;
    if identity.life().is_ahead(now) {
        return Err(content(
            files,
            "its first certificate is not valid yet; the API server would refuse it",
        ));
    }
    Ok(identity)
}

fn unexpired(files: &CertificateFiles, pair: &PemPair, now: SystemTime) -> Result<Identity, TlsError> {
    let identity = files.identity(pair)?;
    if identity.life().is_over(now) {
        return Err(content(
            files,
            "its first certificate has expired; the API server would refuse it",
        ));
    }
    Ok(identity)
}

fn content(files: &CertificateFiles, problem: &str) -> TlsError {
    TlsError::Content {
        name: files.certificate.display().to_string(),
        problem: problem.to_owned(),
    }
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

    fn living(years: std::ops::Range<i32>) -> PemPair {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(years.start, 1, 1);
        params.not_after = rcgen::date_time_ymd(years.end, 1, 1);
        let certificate = params.self_signed(&key).unwrap();
        PemPair {
            certificate: certificate.pem().into_bytes(),
            key: key.serialize_pem().into_bytes(),
        }
    }

    fn expired() -> PemPair {
        living(2001..2002)
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
    fn a_broken_pair_leaves_the_good_one_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let first = standalone("a").unwrap().pair;
        let files = write(folder.path(), &first);
        let mut reloader = Reloader::start(files.clone()).unwrap();
        let served = |reloader: &Reloader| reloader.resolver.current().unwrap();
        let before = served(&reloader);
        let life = reloader.status().life;
        reloader.take(files.read(), SystemTime::now());
        assert!(Arc::ptr_eq(&served(&reloader), &before), "nothing has changed");

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
            reloader.take(broken, SystemTime::now());
            assert!(reloader.status().problem.is_some());
            assert_eq!(reloader.status().life, life);
            assert!(Arc::ptr_eq(&served(&reloader), &before));
        }

        reloader.take(Ok(standalone("a").unwrap().pair), SystemTime::now());
        assert_eq!(reloader.status().problem, None);
        assert!(!Arc::ptr_eq(&served(&reloader), &before));
    }

    #[test]
    fn a_pair_that_is_not_valid_yet_comes_into_use_once_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let files = write(folder.path(), &standalone("a").unwrap().pair);
        let mut reloader = Reloader::start(files).unwrap();
        let (coming, now) = (living(3000..3001), SystemTime::now());
        reloader.take(Ok(coming.clone()), now);
        let problem = reloader.status().problem.clone().unwrap();
        assert!(
            problem.contains("tls.crt: its first certificate is not valid yet"),
            "{problem}"
        );

        let later = SystemTime::from(rcgen::date_time_ymd(3000, 6, 1));
        reloader.take(Ok(coming), later);
        assert_eq!(reloader.status().problem, None);
        assert!(reloader.status().life.unwrap().from > now);
    }

    #[test]
    fn the_first_pair_written_again_ends_the_fault() {
        let folder = tempfile::tempdir().unwrap();
        let first = standalone("a").unwrap().pair;
        let mut reloader = Reloader::start(write(folder.path(), &first)).unwrap();
        let broken = PemPair {
            key: Vec::new(),
            ..first.clone()
        };
        reloader.take(Ok(broken), SystemTime::now());
        assert!(reloader.status().problem.is_some());
        reloader.take(Ok(first), SystemTime::now());
        assert_eq!(reloader.status().problem, None);
    }

    #[test]
    fn expiry_in_unix_seconds() {
        let at = |until: Option<SystemTime>| {
            let from = SystemTime::UNIX_EPOCH;
            CertificateStatus {
                life: until.map(|until| Life { from, until }),
                problem: None,
            }
            .expires_unix()
        };
        assert_eq!(at(Some(SystemTime::UNIX_EPOCH + Duration::from_secs(7))), 7);
        assert_eq!(at(Some(SystemTime::UNIX_EPOCH - Duration::from_secs(7))), -7);
        assert_eq!(at(None), 0);
    }
}
