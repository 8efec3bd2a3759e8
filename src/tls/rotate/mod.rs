//! Keeps a certificate up by itself: a Secret is the truth for all replicas, and the webhook configurations' `caBundle`
//! follows it.
//!
//! Every replica does the same, without a leader: it looks at the Secret, decides (`plan`) and writes what it decided
//! against the version that it looked at. The first write wins; the others see its result.

mod objects;
mod troubles;

use crate::pace::Pace;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use futures::StreamExt as _;
use k8s_openapi::api::core::v1::Secret;
use kube::api::DynamicObject;

use self::objects::Seen;
use self::troubles::{Place, Troubles};
use super::certificate::Certificate;
use super::contents::{Contents, Material};
use super::plan::{self, Change, Lifetimes, Trust};
use super::{CertificateResolver, CertificateStatus, TlsError};

pub use objects::{KINDS, Names, ObjectError, Objects};

/// How often the clock is looked at: by the time of day, which goes on while a machine sleeps and which certificates
/// are judged by.
const TICK: Duration = Duration::from_secs(1);

/// What a self-managed certificate is to be.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The DNS names and IP addresses that it is for, the latter as Rust writes them.
    pub names: Vec<String>,
    /// How long it and its CA live.
    pub lifetimes: Lifetimes,
}

/// Keeps a [`CertificateResolver`], the Secret and the webhook configurations in step.
pub struct Rotation {
    objects: Objects,
    settings: Settings,
    resolver: Arc<CertificateResolver>,
    secret: SecretView,
    configurations: [ConfigurationView; 2],
    /// The last contents of the Secret that were good.
    held: Option<Box<Material>>,
    /// The certificate in use.
    served: Option<Certificate>,
    troubles: Troubles,
}

#[derive(Default)]
struct SecretView {
    /// `None` until it was looked at.
    contents: Option<Contents>,
    object: Option<Secret>,
    pace: Pace,
}

struct ConfigurationView {
    object: Option<DynamicObject>,
    trust: Trust,
    pace: Pace,
}

impl Rotation {
    /// Nothing is asked of the API server yet; until [`Self::run`] finds or makes a certificate, `resolver` has none.
    pub fn new(objects: Objects, settings: Settings, resolver: Arc<CertificateResolver>) -> Self {
        let configuration = || ConfigurationView {
            object: None,
            trust: Trust::Unseen,
            pace: Pace::default(),
        };
        Self {
            objects,
            settings,
            resolver,
            secret: SecretView::default(),
            configurations: [configuration(), configuration()],
            held: None,
            served: None,
            troubles: Troubles::default(),
        }
    }

    /// Runs until the future is dropped, and tells `report` how things stand after every look.
    pub async fn run(mut self, mut report: impl FnMut(&CertificateStatus)) {
        let mut seen = self.objects.watch();
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                Some(seen) = seen.next() => self.take(seen),
                _ = ticks.tick() => {}
            }
            self.serve();
            self.mend_configurations().await;
            self.change_secret().await;
            self.troubles.forget(Instant::now());
            report(&CertificateStatus {
                life: self.served.as_ref().map(|leaf| leaf.life),
                problem: self.troubles.lasting(),
            });
        }
    }

    fn take(&mut self, seen: Seen) {
        match seen {
            Seen::Secret(outcome) => {
                if let Some(secret) = self.troubles.take(Place::WatchSecret, outcome) {
                    self.take_secret(secret);
                }
            }
            Seen::Configuration(kind, outcome) => match self.troubles.take(Place::WatchConfiguration(kind), outcome) {
                Some(object) => {
                    let view = &mut self.configurations[kind];
                    view.object = object;
                    if view.trust == Trust::Unseen {
                        view.trust = Trust::Absent;
                    }
                }
                None => return,
            },
        }
        self.compare();
    }

    fn take_secret(&mut self, secret: Option<Secret>) {
        let contents = secret.as_ref().map_or(Contents::Empty, objects::contents);
        match &contents {
            Contents::Held(material) => {
                self.troubles.clear(Place::Contents);
                self.held = Some(material.clone());
            }
            Contents::Empty => self.troubles.clear(Place::Contents),
            Contents::Unusable(problem) => {
                let text = format!(
                    "{} holds what volguard has not made and cannot use: {problem}; nothing is overwritten: mend it, or \
                     empty the values of its keys and volguard makes new ones",
                    self.objects.secret_name()
                );
                self.troubles.add(Place::Contents, text);
            }
        }
        self.secret.object = secret;
        self.secret.contents = Some(contents);
    }

    /// Serves what the Secret held when it was last good, unless it has expired.
    fn serve(&mut self) {
        let Some(held) = &self.held else {
            return;
        };
        let leaf = held.leaf();
        if self.served.as_ref() == Some(leaf) || leaf.life.is_over(SystemTime::now()) {
            return;
        }
        self.resolver.replace(held.identity());
        let expires = jiff::Timestamp::try_from(leaf.life.until).map_or(String::new(), |time| time.to_string());
        tracing::info!(issuer = leaf.issuer, expires, "new certificate in use");
        self.served = Some(leaf.clone());
    }

    /// Compares the bundles in the configurations with the Secret's.
    fn compare(&mut self) {
        let now = SystemTime::now();
        for view in self
            .configurations
            .iter_mut()
            .filter(|view| view.trust != Trust::Unseen)
        {
            view.trust = match (&view.object, &self.held) {
                (None, _) => Trust::Absent,
                (Some(object), Some(held)) if has_bundle(object, held) => match view.trust {
                    Trust::Right(since) => Trust::Right(since),
                    _ => Trust::Right(now),
                },
                _ => Trust::Wrong,
            };
        }
    }

    /// Brings the bundle into the configurations that have another.
    async fn mend_configurations(&mut self) {
        let Some(held) = &self.held else {
            return;
        };
        for (kind, view) in self.configurations.iter_mut().enumerate() {
            if view.pace.is_contended(Instant::now()) {
                let name = self.objects.configuration_name(kind);
                let text = format!(
                    "somebody else writes caBundle of {name} again and again, so that the API server may not trust the \
                     certificate; take cert-manager's annotation off it, or have the GitOps tool leave caBundle alone"
                );
                self.troubles.add(Place::Contention(kind), text);
            } else {
                self.troubles.clear(Place::Contention(kind));
            }
            let Some(object) = view.object.as_ref().filter(|_| view.trust == Trust::Wrong) else {
                self.troubles.clear(Place::CheckSecret(kind));
                self.troubles.clear(Place::WriteConfiguration(kind));
                continue;
            };
            if !view.pace.starts(Instant::now()) {
                continue;
            }
            // Another replica may have brought in a bundle that is newer than the Secret as it was seen here.
            let checked = self.objects.secret().await;
            let Some(secret) = self.troubles.take(Place::CheckSecret(kind), checked) else {
                continue;
            };
            if !objects::same_version(secret.as_ref(), self.secret.object.as_ref()) {
                continue;
            }
            let outcome = self.objects.trust(kind, object, &held.bundle()).await;
            if self.troubles.take(Place::WriteConfiguration(kind), outcome).is_some() {
                tracing::info!("the CAs are brought into {}", self.objects.configuration_name(kind));
            }
        }
    }

    /// Does what is due in the Secret.
    async fn change_secret(&mut self) {
        let Some(contents) = &self.secret.contents else {
            return;
        };
        let now = SystemTime::now();
        let trust = [self.configurations[0].trust, self.configurations[1].trust];
        let Settings { names, lifetimes } = &self.settings;
        let Some(change) = plan::change(contents, &trust, names, now, lifetimes) else {
            self.troubles.clear(Place::WriteSecret);
            return;
        };
        if !self.secret.pace.starts(Instant::now()) {
            return;
        }
        let material = match self.material(change, now) {
            Ok(material) => material,
            Err(error) => return self.troubles.add(Place::WriteSecret, error.to_string()),
        };
        let stored = self.objects.store(self.secret.object.as_ref(), &material).await;
        if self.troubles.take(Place::WriteSecret, stored).is_some() {
            let done = match change {
                Change::Make => "made a CA and a certificate",
                Change::AddAuthority => "made a new CA; it signs once the webhook configurations hold it",
                Change::SignLeaf => "made a new certificate",
                Change::DropExpired => "left out CAs that have expired",
            };
            tracing::info!("{done} in {}", self.objects.secret_name());
        }
    }

    /// What the Secret is to hold after `change`.
    fn material(&self, change: Change, now: SystemTime) -> Result<Material, TlsError> {
        let Settings { names, lifetimes } = &self.settings;
        let Some(held) = &self.held else {
            return Material::make(names, lifetimes, now);
        };
        match change {
            // A Secret that was emptied while the certificate is in use: clients trust its CA and no other yet.
            Change::Make | Change::AddAuthority => held.with_new_authority(lifetimes, now),
            Change::SignLeaf => held.with_new_leaf(&plan::new_names(held, names, now), lifetimes, now),
            Change::DropExpired => held.without_expired(now),
        }
    }
}

fn has_bundle(configuration: &DynamicObject, held: &Material) -> bool {
    objects::bundles(configuration)
        .iter()
        .all(|(_, bundle)| held.is_bundle(bundle))
}
