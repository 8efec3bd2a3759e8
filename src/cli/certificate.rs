//! Which certificate `volguard serve` serves, and where it comes from.

use super::supervise::supervise;
use crate::cluster::watch;
use crate::server::{Readiness, parse_duration};
use crate::telemetry::Metrics;
use crate::tls::rotate::{Names, Objects, Rotation, Settings};
use crate::tls::{
    self, CertificateFiles, CertificateResolver, CertificateStatus, ClientCa, Identity, Life, Lifetimes, Reloader,
};
use anyhow::Context as _;
use clap::Args;
use rustls::server::danger::ClientCertVerifier;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

#[derive(Debug, Args)]
pub(super) struct CertificateArgs {
    /// Certificate chain, PEM; read again when it changes.
    #[arg(long, env = "VOLGUARD_TLS_CERT", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Key of the certificate, PEM.
    #[arg(long, env = "VOLGUARD_TLS_KEY", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// NAMESPACE/NAME of the Secret in which volguard keeps a CA and a certificate of its own: made where there is
    /// none, renewed in time, and trusted by the webhook configurations.
    #[arg(long, env = "VOLGUARD_TLS_SECRET", conflicts_with_all = ["tls_cert", "tls_key", "standalone"])]
    tls_secret: Option<SecretName>,
    /// DNS names and IP addresses of the certificate in the Secret; without any, volguard.NAMESPACE.svc, with the own
    /// namespace.
    #[arg(long, env = "VOLGUARD_TLS_DNS_NAME", value_delimiter = ',', value_parser = certificate_name)]
    tls_dns_name: Vec<String>,
    /// How long a CA in the Secret lives; it is replaced when two thirds are over.
    #[arg(long, env = "VOLGUARD_CA_LIFETIME", default_value = "8760h", value_parser = lifetime)]
    ca_lifetime: Duration,
    /// How long a certificate in the Secret lives; it is replaced when two thirds are over.
    #[arg(long, env = "VOLGUARD_CERTIFICATE_LIFETIME", default_value = "2160h", value_parser = lifetime)]
    certificate_lifetime: Duration,
    /// Name of the ValidatingWebhookConfiguration and the MutatingWebhookConfiguration whose caBundle follows the
    /// Secret.
    #[arg(long, env = "VOLGUARD_WEBHOOK_CONFIGURATION", default_value = "volguard")]
    webhook_configuration: String,
    /// Where to write the CA of the certificate that was made at start.
    #[arg(long, env = "VOLGUARD_CA_OUT", requires = "standalone")]
    ca_out: Option<PathBuf>,
}

/// What else of the process a certificate has to do with.
pub(super) struct Surroundings<'a> {
    pub(super) standalone: bool,
    pub(super) namespace: &'a str,
    pub(super) kubeconfig: Option<&'a Path>,
    pub(super) context: Option<&'a str>,
    pub(super) metrics: &'a Arc<Metrics>,
    pub(super) readiness: &'a Readiness,
}

/// The name of a Secret.
#[derive(Debug, Clone)]
pub(super) struct SecretName {
    pub(super) namespace: String,
    pub(super) name: String,
}

impl FromStr for SecretName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('/') {
            Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() && !name.contains('/') => Ok(Self {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            }),
            _ => Err("write NAMESPACE/NAME, for example volguard-system/volguard-tls".to_owned()),
        }
    }
}

/// The longest life of a certificate.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

fn lifetime(text: &str) -> Result<Duration, String> {
    parse_duration(text)
        .filter(|lifetime| (Duration::from_secs(1)..=LONGEST).contains(lifetime))
        .ok_or_else(|| "write a time between 1s and 876000h, for example 2160h".to_owned())
}

fn certificate_name(text: &str) -> Result<String, String> {
    // An address has many spellings, and the certificate has one.
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(address.to_string());
    }
    if tls::is_name(text) {
        Ok(text.to_owned())
    } else {
        Err("it is neither a DNS name nor an IP address".to_owned())
    }
}

impl CertificateArgs {
    /// The certificate of the next handshake, now and later: its files or its Secret are followed as long as the
    /// runtime runs. With a Secret it may not be there yet; readiness says so.
    pub(super) async fn resolver(&self, around: &Surroundings<'_>) -> anyhow::Result<Arc<CertificateResolver>> {
        if let (Some(certificate), Some(key)) = (&self.tls_cert, &self.tls_key) {
            return files(certificate, key, around);
        }
        if let Some(secret) = &self.tls_secret {
            return self.rotation(secret, around).await;
        }
        anyhow::ensure!(
            around.standalone,
            "no certificate: give --tls-secret to have volguard keep one, --tls-cert and --tls-key for your own, or \
             --standalone to have one made that ends with the process"
        );
        self.standalone(around)
    }

    async fn rotation(
        &self,
        secret: &SecretName,
        around: &Surroundings<'_>,
    ) -> anyhow::Result<Arc<CertificateResolver>> {
        anyhow::ensure!(
            self.certificate_lifetime <= self.ca_lifetime,
            "--certificate-lifetime is longer than --ca-lifetime: no certificate outlives its CA"
        );
        let client = watch::connect(around.kubeconfig, around.context)
            .await
            .context("no cluster for --tls-secret")?;
        let names = Names {
            namespace: secret.namespace.clone(),
            secret: secret.name.clone(),
            configuration: self.webhook_configuration.clone(),
        };
        let settings = Settings {
            names: if self.tls_dns_name.is_empty() {
                vec![format!("volguard.{}.svc", around.namespace)]
            } else {
                self.tls_dns_name.clone()
            },
            lifetimes: Lifetimes {
                authority: self.ca_lifetime,
                certificate: self.certificate_lifetime,
            },
        };
        let resolver = Arc::new(CertificateResolver::default());
        let rotation = Rotation::new(Objects::new(&client, names), settings, Arc::clone(&resolver));
        supervise(
            around.readiness,
            "certificate in the Secret",
            rotation.run(reporter(around)),
        );
        Ok(resolver)
    }

    fn standalone(&self, around: &Surroundings<'_>) -> anyhow::Result<Arc<CertificateResolver>> {
        let made = tls::standalone(around.namespace)?;
        if let Some(path) = &self.ca_out {
            std::fs::write(path, &made.ca_pem).with_context(|| format!("cannot write the CA to {}", path.display()))?;
        }
        let identity = Identity::from_pem(&made.pair, "the made certificate", "its key")?;
        reporter(around)(&CertificateStatus {
            life: Some(identity.life()),
            problem: None,
        });
        Ok(Arc::new(CertificateResolver::new(&identity)))
    }
}

fn files(certificate: &Path, key: &Path, around: &Surroundings<'_>) -> anyhow::Result<Arc<CertificateResolver>> {
    let reloader = Reloader::start(CertificateFiles {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
    })?;
    let resolver = reloader.resolver();
    let mut report = reporter(around);
    report(reloader.status());
    supervise(
        around.readiness,
        "certificate files",
        reloader.run(Reloader::INTERVAL, report),
    );
    Ok(resolver)
}

/// Accepts the clients of the CAs in this file, now and later.
pub(super) fn clients(path: &Path, readiness: &Readiness) -> anyhow::Result<Arc<dyn ClientCertVerifier>> {
    let authorities = ClientCa::start(path)?;
    let verifier = authorities.verifier();
    // As with the server's own certificate, a replica can serve with the CAs before.
    let renewal = readiness.condition(RENEWAL, "not looked at yet");
    renewal.met();
    let report = move |problem: Option<&str>| match problem {
        Some(problem) => renewal.not_met(problem),
        None => renewal.met(),
    };
    supervise(readiness, "client CAs", authorities.run(Reloader::INTERVAL, report));
    Ok(verifier)
}

/// The condition that a probe may leave out.
const RENEWAL: &str = "certificate-renewal";

/// Tells metrics and readiness how a certificate stands. A replica can serve while a renewal fails, so that is a
/// condition of its own, which a probe may leave out.
fn reporter(around: &Surroundings<'_>) -> impl FnMut(&CertificateStatus) + Send + use<> {
    let served = around.readiness.condition("certificate", "there is none yet");
    let renewal = around.readiness.condition(RENEWAL, "not looked at yet");
    let metrics = Arc::clone(around.metrics);
    move |status| {
        match unusable(status.life, SystemTime::now()) {
            Some(reason) => served.not_met(reason),
            None => served.met(),
        }
        match &status.problem {
            Some(problem) => renewal.not_met(problem),
            None => renewal.met(),
        }
        metrics.set_certificate(status.expires_unix(), status.problem.is_some());
    }
}

/// Why no client accepts a certificate of this life at `now`.
fn unusable(life: Option<Life>, now: SystemTime) -> Option<String> {
    let Some(life) = life else {
        return Some("there is none yet".to_owned());
    };
    if life.is_over(now) {
        return Some("it has expired".to_owned());
    }
    let start = jiff::Timestamp::try_from(life.from).map_or(String::new(), |start| format!(" before {start}"));
    life.is_ahead(now).then(|| format!("it is not valid{start}"))
}
