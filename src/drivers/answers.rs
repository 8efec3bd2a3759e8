//! What rules ask a driver, and the answers.

use super::parameters::Parameters;
use super::schema::{Condition, Confidence, Driver, EncryptionPolicy, Expansion, Kind, Scope, Support, Wanted};
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

impl<T> Fact<'_, T> {
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

impl Driver {
    /// The name in `provisioner`, such as `ebs.csi.aws.com`; for a driver with prefixed names, the name without prefix.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The product, for messages: "Amazon Elastic Block Store".
    pub fn product(&self) -> &str {
        &self.product
    }

    /// What it stores volumes as.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether it is a CSI driver behind the usual sidecars; false for the likes of `rancher.io/local-path`.
    pub fn is_csi(&self) -> bool {
        self.csi
    }

    /// Whether the driver serves an access mode for a volume mode and a class.
    pub fn access_mode(&self, ask: &Ask<'_>) -> Fact<'_, Support> {
        let facts = &self.access_modes;
        let fits = |when: &[Condition]| self.holds(when, ask.parameters, Some(ask.restores));
        let case = facts.cases.iter().find(|case| {
            case.modes.contains(&ask.mode)
                && case.volume_mode.is_none_or(|mode| mode == ask.volume_mode)
                && fits(&case.when)
        });
        case.map_or(Fact::unknown(Support::Unknown), |case| Fact {
            // A refusal that nobody notices is no refusal.
            value: if case.stage.is_none() && case.support == Support::Refused {
                Support::Unknown
            } else {
                case.support
            },
            confidence: case.confidence.unwrap_or(facts.confidence),
            because: case.because.as_deref(),
            source: case.source.as_deref().unwrap_or(&facts.source),
        })
    }

    /// Whether the driver serves a volume mode.
    pub fn volume_mode(&self, mode: VolumeMode, parameters: &Parameters<'_>) -> Fact<'_, Support> {
        let facts = &self.volume_modes;
        let case = facts
            .cases
            .iter()
            .find(|case| case.modes.contains(&mode) && self.holds(&case.when, parameters, None));
        case.map_or(Fact::unknown(Support::Unknown), |case| Fact {
            value: if case.stage.is_none() && case.support == Support::Refused {
                Support::Unknown
            } else {
                case.support
            },
            confidence: case.confidence.unwrap_or(facts.confidence),
            because: case.because.as_deref(),
            source: case.source.as_deref().unwrap_or(&facts.source),
        })
    }

    /// Whether a class with these parameters should bind with `WaitForFirstConsumer`.
    pub fn wait_for_first_consumer(&self, parameters: &Parameters<'_>) -> Fact<'_, Wanted> {
        let facts = &self.wait_for_first_consumer;
        match facts.cases.iter().find(|case| self.holds(&case.when, parameters, None)) {
            Some(case) => Fact {
                value: case.wanted,
                confidence: case.confidence.unwrap_or(facts.confidence),
                because: case.because.as_deref(),
                source: &facts.source,
            },
            None => Fact {
                value: facts.wanted,
                confidence: facts.confidence,
                because: facts.because.as_deref(),
                source: &facts.source,
            },
        }
    }

    /// From where a volume with these parameters can be reached.
    pub fn topology(&self, parameters: &Parameters<'_>) -> Fact<'_, Scope> {
        let facts = &self.topology;
        match facts.cases.iter().find(|case| self.holds(&case.when, parameters, None)) {
            Some(case) => Fact {
                value: case.scope,
                confidence: case.confidence.unwrap_or(facts.confidence),
                because: case.because.as_deref(),
                source: &facts.source,
            },
            None => Fact {
                value: facts.scope,
                confidence: facts.confidence,
                because: facts.because.as_deref(),
                source: &facts.source,
            },
        }
    }

    /// The node label keys that the driver publishes and `allowedTopologies` can name.
    pub fn topology_keys(&self) -> &[String] {
        &self.topology.keys
    }

    /// How volumes grow.
    pub fn expansion(&self) -> Fact<'_, Expansion> {
        let facts = &self.expansion;
        Fact {
            value: facts.support,
            confidence: facts.confidence,
            because: facts.because.as_deref(),
            source: &facts.source,
        }
    }

    /// Whether volumes of a class with these parameters are encrypted at rest.
    pub fn encryption(&self, parameters: &Parameters<'_>) -> Fact<'_, Encryption<'_>> {
        let facts = &self.encryption;
        let value = match (facts.policy, &facts.opt_in) {
            (EncryptionPolicy::Always, _) => Encryption::Always,
            (EncryptionPolicy::Elsewhere, _) => Encryption::Elsewhere,
            (EncryptionPolicy::Parameter, Some(opt_in)) => {
                let written = self.written(parameters, &opt_in.parameter);
                let yes = |value: &str| value == opt_in.value || opt_in.also_values.iter().any(|also| also == value);
                let implied = || {
                    let mut keys = opt_in.also_by.iter();
                    keys.any(|key| {
                        self.written(parameters, key)
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
        Fact {
            value,
            confidence: facts.confidence,
            because: facts.because.as_deref(),
            source: &facts.source,
        }
    }

    /// Whether a requested size has no meaning to the driver: no quota, no allocation.
    pub fn size_ignored(&self) -> bool {
        self.sizes.ignored
    }

    /// Whether all conditions hold. `restores` is `None` where the question is about a class only: a condition on the
    /// claim's data source never holds then.
    pub(super) fn holds(&self, conditions: &[Condition], parameters: &Parameters<'_>, restores: Option<bool>) -> bool {
        conditions
            .iter()
            .all(|condition| self.condition_holds(condition, parameters, restores))
    }

    fn condition_holds(&self, condition: &Condition, parameters: &Parameters<'_>, restores: Option<bool>) -> bool {
        if condition.restores.is_some() && condition.restores != restores {
            return false;
        }
        let Some(name) = &condition.parameter else { return true };
        let value = self.effective(parameters, name);
        let number = || value.and_then(|value| value.trim().parse::<i64>().ok());
        let listed =
            |values: &[String]| value.is_some_and(|value| values.iter().any(|one| self.same(name, one, value)));
        condition.one_of.as_deref().is_none_or(listed)
            && condition.not_in.as_deref().is_none_or(|values| !listed(values))
            && condition
                .at_least
                .is_none_or(|least| number().is_some_and(|number| number >= least))
            && condition
                .below
                .is_none_or(|bound| number().is_none_or(|number| number < bound))
            && condition
                .written
                .is_none_or(|wanted| self.written(parameters, name).is_some() == wanted)
    }
}
