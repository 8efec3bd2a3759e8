//! The shape of a driver data file.
//!
//! The same types are the schema of a StorageDriver object in a cluster, so they keep to what a structural schema can say.
//! Every group of facts names its confidence and its source; a single case may name its own.

use crate::model::access::{AccessMode, VolumeMode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One data file: the drivers of a family, and provisioners that no supported Kubernetes release has.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct DataFile {
    /// Drivers that can be installed today.
    #[serde(default)]
    pub(super) drivers: Vec<Driver>,
    /// In-tree provisioners that were removed without a translation.
    #[serde(default)]
    pub(super) removed: Vec<RemovedProvisioner>,
}

/// How sure a fact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Confidence {
    /// Read in the driver's own code or documentation.
    Confirmed,
    /// Known from the vendor, not read again in the driver.
    Likely,
    /// Not established.
    Unknown,
}

/// What a driver stores volumes as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// Devices: disks, logical volumes, images.
    Block,
    /// A shared filesystem or a folder of one.
    File,
    /// A bucket of an object store.
    Object,
}

/// Whether a driver serves what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Support {
    /// It does.
    Served,
    /// It answers with an error.
    Refused,
    /// Not known, not checked by the driver, or up to a configuration that cannot be seen.
    Unknown,
}

/// When a refusal is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// At provisioning: the claim stays Pending.
    Create,
    /// At attaching to the node: the pod hangs.
    Attach,
    /// At mounting on the node: the pod hangs.
    Stage,
}

/// Whether a class of the driver should bind with `WaitForFirstConsumer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Wanted {
    /// Provisioning fails with `Immediate`.
    Required,
    /// `Immediate` can place a volume where its pod cannot run.
    Recommended,
    /// `Immediate` does no harm, or the need depends on what cannot be seen.
    No,
}

/// From where a volume can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Scope {
    /// Nodes of one zone.
    Zonal,
    /// One node.
    Node,
    /// Several or all zones of a region.
    Regional,
    /// Every node of the cluster.
    Global,
    /// Not known, or up to a configuration that cannot be seen.
    Unknown,
}

/// How volumes grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Expansion {
    /// While a pod uses them.
    Online,
    /// Only while no pod uses them.
    Offline,
    /// The recorded capacity changes and nothing else: there is no quota.
    CapacityOnly,
    /// Never.
    None,
    /// Not known.
    Unknown,
}

/// What becomes of a faulty parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Consequence {
    /// The driver's own code refuses to provision.
    RefusedByDriver,
    /// The driver hands it on and the storage backend's API refuses.
    RefusedByCloud,
    /// The driver lowers the value silently.
    Capped,
    /// It has no effect.
    Ignored,
}

/// Everything known of one driver or provisioner.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Driver {
    /// The name in `provisioner`.
    pub(super) name: String,
    /// The product, for messages.
    pub(super) product: String,
    /// What it stores volumes as.
    pub(super) kind: Kind,
    /// Whether it is a CSI driver behind the usual sidecars.
    #[serde(default = "yes")]
    pub(super) csi: bool,
    /// Other names of the same driver.
    #[serde(default)]
    pub(super) aliases: Vec<String>,
    /// Names that installations make up.
    #[serde(default)]
    pub(super) patterns: Vec<NamePattern>,
    /// In-tree provisioners that Kubernetes translates to this driver.
    #[serde(default)]
    pub(super) in_tree: Vec<InTree>,
    /// Access modes by volume mode.
    pub(super) access_modes: AccessModes,
    /// Filesystem and Block.
    pub(super) volume_modes: VolumeModes,
    /// Where volumes can be reached from.
    pub(super) topology: Topology,
    /// When to bind.
    pub(super) wait_for_first_consumer: WaitForFirstConsumer,
    /// How volumes grow.
    pub(super) expansion: ExpansionFacts,
    /// Encryption at rest.
    pub(super) encryption: EncryptionFacts,
    /// What sizes mean.
    pub(super) sizes: Sizes,
    /// StorageClass parameters; absent when not known at all.
    pub(super) parameters: Option<ParameterFacts>,
}

fn yes() -> bool {
    true
}

/// A family of names. Every part that is given must hold, and at least one is.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NamePattern {
    /// The name begins with this.
    pub(super) prefix: Option<String>,
    /// The name has this somewhere after the prefix.
    pub(super) contains: Option<String>,
    /// The name ends with this.
    pub(super) suffix: Option<String>,
}

/// An in-tree provisioner that is translated.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct InTree {
    /// `kubernetes.io/...`.
    pub(super) name: String,
    /// Parameters that the translation consumes, on top of the driver's own.
    #[serde(default)]
    pub(super) also_takes: Vec<String>,
    /// Whether the translation drops keys that it does not know.
    #[serde(default)]
    pub(super) drops_unknown: bool,
}

/// An in-tree provisioner that no supported Kubernetes release has and that is not translated.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RemovedProvisioner {
    /// `kubernetes.io/...`.
    pub name: String,
    /// The Kubernetes release that removed it, such as `1.31`.
    pub removed_in: String,
    /// A driver for the same storage, if there is one.
    pub successor: Option<String>,
    /// How sure the release is; that it is gone is certain.
    pub confidence: Confidence,
    /// Where this was read.
    pub source: String,
}

/// A condition on a class's parameters or on the claim. Every part that is given must hold.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Condition {
    /// The parameter that the other parts look at, by its name in the parameter list; its default counts when not written.
    pub(super) parameter: Option<String>,
    /// The value is one of these.
    #[serde(rename = "in")]
    pub(super) one_of: Option<Vec<String>>,
    /// The value is none of these.
    pub(super) not_in: Option<Vec<String>>,
    /// The value is a number and at least this.
    pub(super) at_least: Option<i64>,
    /// The value is no number, or less than this.
    pub(super) below: Option<i64>,
    /// The parameter is written (true) or not (false).
    pub(super) written: Option<bool>,
    /// The claim has a data source (true) or not (false). Does not look at a parameter.
    pub(super) restores: Option<bool>,
}

/// Access modes: the first case that fits answers; where none fits, nothing is known.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AccessModes {
    /// How sure.
    pub(super) confidence: Confidence,
    /// Where read.
    pub(super) source: String,
    /// In order of precedence.
    pub(super) cases: Vec<AccessCase>,
}

/// One answer about access modes.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AccessCase {
    /// The modes it is about.
    pub(super) modes: Vec<AccessMode>,
    /// The volume mode it is about; both when absent.
    pub(super) volume_mode: Option<VolumeMode>,
    /// Further conditions; all must hold.
    #[serde(default)]
    pub(super) when: Vec<Condition>,
    /// The answer.
    pub(super) support: Support,
    /// When a refusal is noticed; a refusal without a stage counts as not known.
    pub(super) stage: Option<Stage>,
    /// A clause that reads well after "because".
    pub(super) because: Option<String>,
    /// Own confidence, else the group's.
    pub(super) confidence: Option<Confidence>,
    /// Own source, else the group's.
    pub(super) source: Option<String>,
}

/// Volume modes: the first case that fits answers.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct VolumeModes {
    /// How sure.
    pub(super) confidence: Confidence,
    /// Where read.
    pub(super) source: String,
    /// In order of precedence.
    pub(super) cases: Vec<VolumeCase>,
}

/// One answer about volume modes.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct VolumeCase {
    /// The modes it is about.
    pub(super) modes: Vec<VolumeMode>,
    /// Further conditions; all must hold.
    #[serde(default)]
    pub(super) when: Vec<Condition>,
    /// The answer.
    pub(super) support: Support,
    /// When a refusal is noticed; a refusal without a stage counts as not known.
    pub(super) stage: Option<Stage>,
    /// A clause that reads well after "because".
    pub(super) because: Option<String>,
    /// Own confidence, else the group's.
    pub(super) confidence: Option<Confidence>,
    /// Own source, else the group's.
    pub(super) source: Option<String>,
}

/// Where volumes can be reached from.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Topology {
    /// How sure.
    pub(super) confidence: Confidence,
    /// Where read.
    pub(super) source: String,
    /// The answer where no case fits.
    pub(super) scope: Scope,
    /// Node label keys that the driver publishes.
    #[serde(default)]
    pub(super) keys: Vec<String>,
    /// A clause that reads well after "because".
    pub(super) because: Option<String>,
    /// In order of precedence.
    #[serde(default)]
    pub(super) cases: Vec<ScopeCase>,
}

/// Another scope under conditions.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ScopeCase {
    /// All must hold.
    pub(super) when: Vec<Condition>,
    /// The answer.
    pub(super) scope: Scope,
    /// A clause that reads well after "because".
    pub(super) because: Option<String>,
    /// Own confidence, else the group's.
    pub(super) confidence: Option<Confidence>,
}

/// When to bind.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WaitForFirstConsumer {
    /// How sure.
    pub(super) confidence: Confidence,
    /// Where read.
    pub(super) source: String,
    /// The answer where no case fits.
    pub(super) wanted: Wanted,
    /// A clause that reads well after "because".
    pub(super) because: Option<String>,
    /// In order of precedence.
    #[serde(default)]
    pub(super) cases: Vec<WantedCase>,
}

/// Another answer under conditions.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WantedCase {
    /// All must hold.
    pub(super) when: Vec<Condition>,
    /// The answer.
    pub(super) wanted: Wanted,
    /// A clause that reads well after "because".
    pub(super) because: Option<String>,
    /// Own confidence, else the group's.
    pub(super) confidence: Option<Confidence>,
}

/// How volumes grow.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ExpansionFacts {
    /// How sure.
    pub(super) confidence: Confidence,
    /// Where read.
    pub(super) source: String,
    /// The answer.
    pub(super) support: Expansion,
    /// A clause that reads well after "because".
    pub(super) because: Option<String>,
}

/// Who decides about encryption at rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum EncryptionPolicy {
    /// Every volume is encrypted.
    Always,
    /// A class parameter opts in.
    Parameter,
    /// The backend or the driver's configuration decides.
    Elsewhere,
    /// Not known.
    Unknown,
}

/// Encryption at rest.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct EncryptionFacts {
    /// How sure.
    pub(super) confidence: Confidence,
    /// Where read.
    pub(super) source: String,
    /// Who decides.
    pub(super) policy: EncryptionPolicy,
    /// How to opt in; with `policy: parameter` only.
    pub(super) opt_in: Option<OptIn>,
    /// A clause that reads well after "because".
    pub(super) because: Option<String>,
}

/// The parameter that turns encryption on.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct OptIn {
    /// Its name in the parameter list.
    pub(super) parameter: String,
    /// The value to write.
    pub(super) value: String,
    /// Every value that counts as yes, when there are more than that one.
    #[serde(default)]
    pub(super) also_values: Vec<String>,
    /// Parameters that turn encryption on by being there.
    #[serde(default)]
    pub(super) also_by: Vec<String>,
    /// Whether writing the parameter is all that it takes: no secret, no key service.
    pub(super) automatic: bool,
}

/// What becomes of a request below the minimum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum BelowMinimum {
    /// The volume is larger than asked for, and so is the bill.
    RoundedUp,
    /// The driver's own code refuses.
    RefusedByDriver,
    /// The storage backend's API refuses.
    RefusedByCloud,
    /// Not known.
    Unknown,
}

/// What sizes mean. Bounds are Kubernetes quantities such as `100Gi`.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Sizes {
    /// How sure.
    pub(super) confidence: Confidence,
    /// Where read.
    pub(super) source: String,
    /// Whether a requested size has no meaning: no quota, no allocation.
    #[serde(default)]
    pub(super) ignored: bool,
    /// The smallest volume.
    pub(super) min: Option<String>,
    /// The largest volume.
    pub(super) max: Option<String>,
    /// What becomes of a smaller request.
    pub(super) below_minimum: Option<BelowMinimum>,
    /// Other bounds by the value of a parameter.
    pub(super) by_parameter: Option<SizesBy>,
}

/// Sizes by the value of a parameter.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SizesBy {
    /// Its name in the parameter list.
    pub(super) parameter: String,
    /// One entry a value.
    pub(super) ranges: Vec<SizeRange>,
}

/// The sizes of one parameter value.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SizeRange {
    /// The parameter's value.
    pub(super) value: String,
    /// The smallest volume.
    pub(super) min: Option<String>,
    /// The largest volume.
    pub(super) max: Option<String>,
    /// Own confidence, else the group's.
    pub(super) confidence: Option<Confidence>,
}

/// What becomes of a key that the driver does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum UnknownKeys {
    /// Provisioning fails.
    Refused,
    /// It has no effect.
    Ignored,
    /// Not known.
    Unknown,
}

/// Whether letter case of parameter keys counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum KeyCase {
    /// `fileSystemId` and `filesystemid` are two keys.
    Sensitive,
    /// They are one.
    Insensitive,
}

/// StorageClass parameters.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ParameterFacts {
    /// How sure.
    pub(super) confidence: Confidence,
    /// Where read.
    pub(super) source: String,
    /// What becomes of other keys.
    pub(super) unknown_keys: UnknownKeys,
    /// Whether letter case of keys counts.
    pub(super) key_case: KeyCase,
    /// The keys.
    pub(super) list: Vec<Parameter>,
}

/// One parameter.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Parameter {
    /// The key, in the spelling of the driver's documentation.
    pub(super) name: String,
    /// Whether every key that begins with `name` is meant (with case).
    #[serde(default)]
    pub(super) prefix: bool,
    /// Other keys for the same.
    #[serde(default)]
    pub(super) aliases: Vec<String>,
    /// The value when not written.
    pub(super) default: Option<String>,
    /// What values there are.
    pub(super) check: Option<Check>,
    /// What becomes of a value that fails `check`; refused by the driver when absent.
    pub(super) consequence: Option<Consequence>,
    /// Whether an empty value is refused as well; otherwise an empty value is not judged.
    #[serde(default)]
    pub(super) not_empty: bool,
    /// Bounds by the value of another parameter.
    pub(super) ranges: Option<RangesBy>,
    /// What must hold for this key to be there.
    #[serde(default)]
    pub(super) only_with: Vec<OnlyWith>,
    /// Keys that must not be there together with this one.
    #[serde(default)]
    pub(super) excludes: Vec<Excludes>,
    /// When the key must be there.
    pub(super) required: Option<Required>,
    /// Own confidence, else the group's.
    pub(super) confidence: Option<Confidence>,
    /// Own source, else the group's.
    pub(super) source: Option<String>,
}

/// What values a parameter takes.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) enum Check {
    /// One of a list.
    OneOf(OneOf),
    /// A whole number.
    Integer(Bounds),
    /// A Kubernetes quantity, not negative.
    Quantity(QuantityCheck),
    /// What Go's `strconv.ParseBool` reads.
    Boolean(BooleanCheck),
    /// Begins with one of these.
    StartsWith(Prefixes),
}

/// A list of values.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct OneOf {
    /// The values.
    pub(super) values: Vec<String>,
    /// Whether letter case does not count.
    #[serde(default)]
    pub(super) ignore_case: bool,
}

/// Bounds of a whole number, both inclusive.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Bounds {
    /// The smallest.
    pub(super) min: Option<i64>,
    /// The largest.
    pub(super) max: Option<i64>,
}

/// A quantity has no further settings.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct QuantityCheck {}

/// A boolean has no further settings.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct BooleanCheck {}

/// Beginnings of a value.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Prefixes {
    /// The beginnings.
    pub(super) values: Vec<String>,
}

/// Bounds of a number by the value of another parameter.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RangesBy {
    /// The other parameter's name in the list; its default counts when not written.
    pub(super) parameter: String,
    /// One entry a value; other values are not judged.
    pub(super) ranges: Vec<Range>,
    /// What becomes of a number above the maximum.
    pub(super) above: Consequence,
    /// What becomes of a number below the minimum.
    pub(super) below: Consequence,
    /// Own confidence, else the parameter's.
    pub(super) confidence: Option<Confidence>,
}

/// The bounds for one value of the other parameter.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Range {
    /// The other parameter's value.
    pub(super) value: String,
    /// The smallest.
    pub(super) min: Option<i64>,
    /// The largest.
    pub(super) max: Option<i64>,
}

/// A key that makes sense only with another.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct OnlyWith {
    /// The other parameter's name in the list; its default counts when not written.
    pub(super) parameter: String,
    /// The values it must have; any value when empty.
    #[serde(default)]
    pub(super) values: Vec<String>,
    /// Judge only when this parameter's own value is one of these; always when empty.
    #[serde(default)]
    pub(super) if_value: Vec<String>,
    /// What becomes of the key otherwise.
    pub(super) consequence: Consequence,
    /// A clause that reads well after "because".
    pub(super) because: Option<String>,
    /// Own confidence, else the parameter's.
    pub(super) confidence: Option<Confidence>,
}

/// Two keys that do not go together.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Excludes {
    /// The other parameter's name in the list.
    pub(super) parameter: String,
    /// Only when the other has one of these values, its default included; whenever it is written when empty.
    #[serde(default)]
    pub(super) values: Vec<String>,
    /// Judge only when this parameter's own value is one of these; always when empty.
    #[serde(default)]
    pub(super) if_value: Vec<String>,
    /// What becomes of both together.
    pub(super) consequence: Consequence,
    /// A clause that reads well after "because".
    pub(super) because: Option<String>,
    /// Own confidence, else the parameter's.
    pub(super) confidence: Option<Confidence>,
}

/// A key that must be there.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Required {
    /// Only under these conditions; all must hold.
    #[serde(default)]
    pub(super) when: Vec<Condition>,
    /// Not when one of these keys is there.
    #[serde(default)]
    pub(super) unless: Vec<String>,
    /// What becomes of a class without the key.
    pub(super) consequence: Consequence,
    /// Own confidence, else the parameter's.
    pub(super) confidence: Option<Confidence>,
}
