//! What rules ask a driver, and the answers.

use super::parameters::Parameters;
use super::schema::{
    Billing, Condition, Confidence, CopyFacts, Driver, EncryptionPolicy, Expansion, Kind, OutOfRange, Scope, SizeBound,
    Stage, Support, SupportFacts, Wanted,
};
use crate::model::access::{AccessMode, VolumeMode};

/// A value, how sure it is, and where it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fact<'d, T> {
    /// The answer.
    pub value: T,
    /// How sure it is.
    pub confidence: Confidence,
    /// A short clause that reads well after "because".
    pub because: Option<&'d str>,
    /// Where it was read; empty when nothing is known.
    pub source: &'d str,
}

impl<'d, T> Fact<'d, T> {
    fn of(value: T, confidence: Confidence, because: Option<&'d String>, source: &'d str) -> Self {
        Self {
            value,
            confidence,
            because: because.map(String::as_str),
            source,
        }
    }

    /// The answer for a case, which may be surer or less sure than the others.
    fn in_case(self, value: T, confidence: Option<Confidence>, because: Option<&'d String>) -> Self {
        Self::of(value, confidence.unwrap_or(self.confidence), because, self.source)
    }

    /// An answer about which nothing is known.
    fn unknown(value: T) -> Self {
        Self {
            value,
            confidence: Confidence::Unknown,
            because: None,
            source: "",
        }
    }

    /// Whether the answer was read in the driver's own code or documentation.
    pub fn is_confirmed(&self) -> bool {
        self.confidence == Confidence::Confirmed
    }
}

/// A question about one access mode of a claim.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// The access mode.
    pub mode: AccessMode,
    /// The volume mode of the claim.
    pub volume_mode: VolumeMode,
    /// The parameters of its class.
    pub parameters: &'a Parameters<'a>,
    /// Whether the claim has a data source: a snapshot, a claim or a populator.
    pub restores: bool,
}

/// Whether volumes of a class are encrypted at rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption<'d> {
    /// Every volume of this driver is.
    Always,
    /// The class opts in.
    OptedIn,
    /// The class could opt in and does not.
    NotOptedIn {
        /// The parameter that opts in.
        parameter: &'d str,
        /// The value that it needs.
        value: &'d str,
        /// Whether writing it is all that it takes: no secret, no key service.
        automatic: bool,
        /// Whether the parameter is there, with a value that does not opt in.
        written: bool,
    },
    /// The backend or the driver's configuration decides.
    Elsewhere,
    /// Not known.
    Unknown,
}

/// The smallest or the largest volume of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// In bytes.
    pub bytes: i128,
    /// What becomes of a request beyond it.
    pub beyond: OutOfRange,
}

/// What sizes a class takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeRange<'d> {
    /// Whether a requested size has no meaning: no quota, no allocation. There are no bounds then.
    pub ignored: bool,
    /// The smallest volume; `None` when there is no bound or it is not known.
    pub min: Option<Fact<'d, Bound>>,
    /// The largest volume; `None` when there is no bound or it is not known.
    pub max: Option<Fact<'d, Bound>>,
}

/// What storage costs at list price: an estimate, without discounts, operations and traffic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price<'d> {
    /// US dollars for a GiB and month.
    pub usd_per_gib_month: f64,
    /// What is billed: the size or what is stored.
    pub billing: Billing,
    /// The vendor's region that the price is of.
    pub region: &'d str,
    /// When the price was read: a year, a month `2026-08` or a day.
    pub date: &'d str,
}

/// A refusal that nobody notices is no refusal.
fn noticed(support: Support, stage: Option<Stage>) -> Support {
    if support == Support::Refused && stage.is_none() {
        Support::Unknown
    } else {
        support
    }
}

impl Driver {
    /// The name in `provisioner`, such as `ebs.csi.aws.com`; for a driver with prefixed names, the name without prefix.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The product, for messages: "Amazon EBS".
    pub fn product(&self) -> &str {
        self.product.as_deref().unwrap_or(&self.name)
    }

    /// What it stores volumes as.
    pub fn kind(&self) -> Kind {
        self.kind.unwrap_or_default()
    }

    /// Whether it is a CSI driver behind the usual sidecars; false for the likes of `rancher.io/local-path`.
    pub fn is_csi(&self) -> bool {
        self.csi.unwrap_or(true)
    }

    /// Whether claims of a class get new volumes. Where they do not, PersistentVolumes are made by hand, or the driver
    /// has inline volumes only.
    pub fn provisioning(&self) -> Fact<'_, Support> {
        supported(self.provisioning.as_ref())
    }

    /// Whether a pod can have volumes of the driver inline, under `volumes[].csi`.
    pub fn inline(&self) -> Fact<'_, Support> {
        supported(self.inline.as_ref())
    }

    /// The first case whose conditions hold for these parameters.
    fn first_case<'c, C>(
        &self,
        parameters: Parameters<'_>,
        cases: &'c [C],
        when: fn(&C) -> &[Condition],
    ) -> Option<&'c C> {
        let reading = self.reading(&parameters);
        cases.iter().find(|case| reading.holds(when(case), None))
    }

    /// Whether the driver serves an access mode for a volume mode and a class.
    pub fn access_mode(&self, ask: &Ask<'_>) -> Fact<'_, Support> {
        let Some(facts) = &self.access_modes else {
            return Fact::unknown(Support::Unknown);
        };
        let reading = self.reading(ask.parameters);
        let case = facts.cases.iter().find(|case| {
            case.modes.contains(&ask.mode)
                && case.volume_mode.is_none_or(|mode| mode == ask.volume_mode)
                && reading.holds(&case.when, Some(ask.restores))
        });
        case.map_or(Fact::unknown(Support::Unknown), |case| Fact {
            value: noticed(case.support, case.stage),
            confidence: case.confidence.unwrap_or(facts.confidence),
            because: case.because.as_deref(),
            source: case.source.as_deref().unwrap_or(&facts.source),
        })
    }

    /// Whether the driver serves a volume mode.
    pub fn volume_mode(&self, mode: VolumeMode, parameters: &Parameters<'_>) -> Fact<'_, Support> {
        let Some(facts) = &self.volume_modes else {
            return Fact::unknown(Support::Unknown);
        };
        let case = facts
            .cases
            .iter()
            .find(|case| case.modes.contains(&mode) && self.reading(parameters).holds(&case.when, None));
        case.map_or(Fact::unknown(Support::Unknown), |case| Fact {
            value: noticed(case.support, case.stage),
            confidence: case.confidence.unwrap_or(facts.confidence),
            because: case.because.as_deref(),
            source: case.source.as_deref().unwrap_or(&facts.source),
        })
    }

    /// Whether a class with these parameters should bind with `WaitForFirstConsumer`.
    pub fn wait_for_first_consumer(&self, parameters: &Parameters<'_>) -> Fact<'_, Wanted> {
        let Some(facts) = &self.wait_for_first_consumer else {
            return Fact::unknown(Wanted::No);
        };
        let fact = Fact::of(facts.wanted, facts.confidence, facts.because.as_ref(), &facts.source);
        let case = self.first_case(*parameters, &facts.cases, |case| &case.when);
        case.map_or(fact, |case| {
            fact.in_case(case.wanted, case.confidence, case.because.as_ref())
        })
    }

    /// From where a volume with these parameters can be reached.
    pub fn topology(&self, parameters: &Parameters<'_>) -> Fact<'_, Scope> {
        let Some(facts) = &self.topology else {
            return Fact::unknown(Scope::Unknown);
        };
        let fact = Fact::of(facts.scope, facts.confidence, facts.because.as_ref(), &facts.source);
        let case = self.first_case(*parameters, &facts.cases, |case| &case.when);
        case.map_or(fact, |case| {
            fact.in_case(case.scope, case.confidence, case.because.as_ref())
        })
    }

    /// Whether a volume with these parameters is tied to one zone or one node.
    pub fn is_zonal(&self, parameters: &Parameters<'_>) -> bool {
        matches!(self.topology(parameters).value, Scope::Zonal | Scope::Node)
    }

    /// Whether a volume handle names no single volume, but one that every node has itself.
    pub fn is_per_node(&self, handle: &str) -> bool {
        let facts = self.topology.as_ref();
        facts.is_some_and(|facts| facts.per_node_handles.iter().any(|begin| handle.starts_with(begin)))
    }

    /// The node label keys that the driver publishes and `allowedTopologies` can name.
    pub fn topology_keys(&self) -> &[String] {
        self.topology
            .as_ref()
            .map(|facts| facts.keys.as_slice())
            .unwrap_or_default()
    }

    /// How volumes grow.
    pub fn expansion(&self) -> Fact<'_, Expansion> {
        let Some(facts) = &self.expansion else {
            return Fact::unknown(Expansion::Unknown);
        };
        Fact::of(facts.support, facts.confidence, facts.because.as_ref(), &facts.source)
    }

    /// Whether growing a volume takes a controller-expand secret.
    pub fn expansion_needs_secret(&self) -> bool {
        self.expansion.as_ref().is_some_and(|facts| facts.needs_secret)
    }

    /// Whether the driver takes snapshots and restores them.
    pub fn snapshots(&self) -> Fact<'_, Support> {
        copy(self.snapshots.as_ref())
    }

    /// Whether the driver makes volumes from other claims.
    pub fn clones(&self) -> Fact<'_, Support> {
        copy(self.clones.as_ref())
    }

    /// Whether a volume from a snapshot must have exactly the snapshot's size; at least that size otherwise.
    pub fn restores_same_size_only(&self) -> bool {
        self.snapshots.as_ref().is_some_and(|facts| facts.same_size)
    }

    /// Whether a clone must have exactly the size of its source; at least that size otherwise.
    pub fn clones_same_size_only(&self) -> bool {
        self.clones.as_ref().is_some_and(|facts| facts.same_size)
    }

    /// Whether the driver makes this filesystem for a class with these parameters.
    ///
    /// A name that differs from a known one in letter case only is answered with `Unknown`.
    pub fn filesystem(&self, name: &str, parameters: &Parameters<'_>) -> Fact<'_, Support> {
        let facts = self.filesystems.as_ref();
        let case = facts.and_then(|facts| {
            let case = self.first_case(*parameters, &facts.cases, |case| &case.when)?;
            Some((facts, case))
        });
        let Some((facts, case)) = case else {
            return Fact::unknown(Support::Unknown);
        };
        let (value, because) = if case.names.iter().any(|one| one == name) {
            (Support::Served, None)
        } else if case.names.iter().any(|one| one.eq_ignore_ascii_case(name)) {
            (Support::Unknown, None)
        } else {
            (case.others, case.because.as_deref())
        };
        Fact {
            value,
            confidence: case.confidence.unwrap_or(facts.confidence),
            because,
            source: &facts.source,
        }
    }

    /// The filesystems that the driver is known to make for a class with these parameters, for messages.
    pub fn filesystems(&self, parameters: &Parameters<'_>) -> &[String] {
        let cases = self
            .filesystems
            .as_ref()
            .map(|facts| facts.cases.as_slice())
            .unwrap_or_default();
        let case = self.first_case(*parameters, cases, |case| &case.when);
        case.map(|case| case.names.as_slice()).unwrap_or_default()
    }

    /// The number of volumes of this driver that no node takes more of, if there is one.
    pub fn attach_limit(&self) -> Option<Fact<'_, u32>> {
        let facts = self.attach_limit.as_ref()?;
        Some(Fact {
            value: facts.most,
            confidence: facts.confidence,
            because: None,
            source: &facts.source,
        })
    }

    /// Whether volumes of a class with these parameters are encrypted at rest.
    pub fn encryption(&self, parameters: &Parameters<'_>) -> Fact<'_, Encryption<'_>> {
        let Some(facts) = &self.encryption else {
            return Fact::unknown(Encryption::Unknown);
        };
        let value = match (facts.policy, &facts.opt_in) {
            (EncryptionPolicy::Always, _) => Encryption::Always,
            (EncryptionPolicy::Elsewhere, _) => Encryption::Elsewhere,
            (EncryptionPolicy::Parameter, Some(opt_in)) => {
                let written = self.reading(parameters).written(&opt_in.parameter);
                let yes = |value: &str| value == opt_in.value || opt_in.also_values.iter().any(|also| also == value);
                let implied = || {
                    let mut keys = opt_in.also_by.iter();
                    keys.any(|key| {
                        self.reading(parameters)
                            .written(key)
                            .is_some_and(|(_, value)| !value.is_empty())
                    })
                };
                if written.is_some_and(|(_, value)| yes(value)) || implied() {
                    Encryption::OptedIn
                } else {
                    Encryption::NotOptedIn {
                        parameter: &opt_in.parameter,
                        value: &opt_in.value,
                        automatic: opt_in.automatic,
                        written: written.is_some(),
                    }
                }
            }
            (EncryptionPolicy::Parameter, None) | (EncryptionPolicy::Unknown, _) => Encryption::Unknown,
        };
        Fact::of(value, facts.confidence, facts.because.as_ref(), &facts.source)
    }

    /// Whether a requested size has no meaning to the driver: no quota, no allocation.
    pub fn size_ignored(&self) -> bool {
        self.sizes.as_ref().is_some_and(|facts| facts.ignored)
    }

    /// What sizes a class with these parameters takes.
    pub fn sizes(&self, parameters: &Parameters<'_>) -> SizeRange<'_> {
        let mut range = SizeRange {
            ignored: self.size_ignored(),
            min: None,
            max: None,
        };
        let Some(facts) = &self.sizes else { return range };
        let Some(case) = self.first_case(*parameters, &facts.cases, |case| &case.when) else {
            return range;
        };
        let bound = |bound: &Option<SizeBound>, beyond, confidence: Option<Confidence>| {
            let bytes = bound.as_ref()?.bytes?;
            Some(Fact {
                value: Bound { bytes, beyond },
                confidence: confidence.unwrap_or(facts.confidence),
                because: None,
                source: &facts.source,
            })
        };
        let below = case.below_minimum.unwrap_or(facts.below_minimum);
        range.min = bound(&case.min, below, case.min_confidence);
        range.max = bound(&case.max, facts.above_maximum, case.max_confidence);
        range
    }

    /// Whether the driver takes a VolumeAttributesClass at all. What is wrong with one is said by
    /// [`Driver::judge_attributes`].
    pub fn attributes_class(&self) -> Fact<'_, Support> {
        self.attributes_class
            .as_ref()
            .map_or(Fact::unknown(Support::Unknown), |facts| {
                Fact::of(facts.support, facts.confidence, facts.because.as_ref(), &facts.source)
            })
    }

    /// Whether the driver serves a mount option of a class with these parameters. The option may have a value:
    /// `nfsvers=4.1`. Only refusals are known: what is not known to be refused is answered with `Unknown`.
    pub fn mount_option(&self, option: &str, parameters: &Parameters<'_>) -> Fact<'_, Support> {
        let Some(facts) = &self.mount_options else {
            return Fact::unknown(Support::Unknown);
        };
        let name = option.split_once('=').map_or(option, |(name, _)| name).trim();
        let case = facts.cases.iter().find(|case| {
            (case.options.is_empty() || case.options.iter().any(|one| one == name))
                && self.reading(parameters).holds(&case.when, None)
        });
        case.map_or(Fact::unknown(Support::Unknown), |case| Fact {
            value: noticed(case.support, case.stage),
            confidence: case.confidence.unwrap_or(facts.confidence),
            because: case.because.as_deref(),
            source: case.source.as_deref().unwrap_or(&facts.source),
        })
    }

    /// Whether nodes mount volumes of a class with these parameters by NFS; false as well where it is not known.
    pub fn mounts_nfs(&self, parameters: &Parameters<'_>) -> Fact<'_, bool> {
        self.nfs.as_ref().map_or(Fact::unknown(false), |facts| Fact {
            value: self.reading(parameters).holds(&facts.when, None),
            confidence: facts.confidence,
            because: None,
            source: &facts.source,
        })
    }

    /// What a volume of a class with these parameters costs, where it is known.
    pub fn price(&self, parameters: &Parameters<'_>) -> Option<Fact<'_, Price<'_>>> {
        let facts = self.prices.as_ref()?;
        let case = self.first_case(*parameters, &facts.cases, |case| &case.when)?;
        Some(Fact {
            value: Price {
                usd_per_gib_month: case.usd_per_gib_month,
                billing: case.billing.unwrap_or(facts.billing),
                region: case.region.as_ref().unwrap_or(&facts.region),
                date: &facts.date,
            },
            confidence: case.confidence.unwrap_or(facts.confidence),
            because: None,
            source: case.source.as_deref().unwrap_or(&facts.source),
        })
    }

    /// What a snapshot of a volume costs, where it is known. Snapshots are billed by what they hold.
    pub fn snapshot_price(&self) -> Option<Fact<'_, Price<'_>>> {
        let facts = self.prices.as_ref()?;
        Some(Fact {
            value: Price {
                usd_per_gib_month: facts.snapshot_usd_per_gib_month?,
                billing: Billing::Use,
                region: &facts.region,
                date: &facts.date,
            },
            confidence: facts.confidence,
            because: None,
            source: &facts.source,
        })
    }
}

fn supported(facts: Option<&SupportFacts>) -> Fact<'_, Support> {
    facts.map_or(Fact::unknown(Support::Unknown), |facts| {
        Fact::of(facts.support, facts.confidence, facts.because.as_ref(), &facts.source)
    })
}

fn copy(facts: Option<&CopyFacts>) -> Fact<'_, Support> {
    facts.map_or(Fact::unknown(Support::Unknown), |facts| {
        Fact::of(facts.support, facts.confidence, facts.because.as_ref(), &facts.source)
    })
}
