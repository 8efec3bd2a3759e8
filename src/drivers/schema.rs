//! The shape of a driver data file.
//!
//! The same types are the schema of a StorageDriver object in a cluster, so they keep to what a structural schema can say.
//! Every group of facts names its confidence and its source; a single case may name its own.

use crate::model::access::{AccessMode, VolumeMode};
use crate::model::quantity::Quantity;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One data file: the drivers of a family, drivers that are known by name only, and provisioners that no supported
/// Kubernetes release has.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct DataFile {
    /// Drivers that can be installed today.
    #[serde(default)]
    pub(super) drivers: Vec<Driver>,
    /// Drivers that exist and of which nothing but the name is certain.
    #[serde(default)]
    pub(super) recognised: Vec<RecognisedDriver>,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// Devices: disks, logical volumes, images.
    Block,
    /// A shared filesystem or a folder of one.
    File,
    /// A bucket of an object store.
    Object,
    /// Not known, or whatever the volume is.
    #[default]
    Unknown,
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
    #[serde(rename = "notWanted")]
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
    /// The driver hands it on and the storage backend's API refuses; or it is not confirmed which of the two refuses.
    RefusedByCloud,
    /// The driver lowers the value silently.
    Capped,
    /// It has no effect.
    Ignored,
}

/// Everything known of one driver or provisioner. A group of facts that is absent is not known.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Driver {
    /// The name in `provisioner`.
    pub(super) name: String,
    /// The product, for messages; the name when absent.
    pub(super) product: Option<String>,
    /// What it stores volumes as.
    pub(super) kind: Option<Kind>,
    /// Whether it is a CSI driver behind the usual sidecars; true when absent.
    pub(super) csi: Option<bool>,
    /// Other names of the same driver.
    #[serde(default)]
    pub(super) aliases: Vec<String>,
    /// Names that installations make up.
    #[serde(default)]
    pub(super) patterns: Vec<NamePattern>,
    /// In-tree provisioners that Kubernetes translates to this driver.
    #[serde(default)]
    pub(super) in_tree: Vec<InTree>,
    /// Whether claims of a class get new volumes.
    pub(super) provisioning: Option<SupportFacts>,
    /// Whether a pod can have volumes of the driver inline, under `volumes[].csi`.
    pub(super) inline: Option<SupportFacts>,
    /// Access modes by volume mode.
    pub(super) access_modes: Option<AccessModes>,
    /// Filesystem and Block.
    pub(super) volume_modes: Option<VolumeModes>,
    /// Where volumes can be reached from.
    pub(super) topology: Option<Topology>,
    /// When to bind.
    pub(super) wait_for_first_consumer: Option<WaitForFirstConsumer>,
    /// How volumes grow.
    pub(super) expansion: Option<ExpansionFacts>,
    /// Snapshots of volumes, and volumes from snapshots.
    pub(super) snapshots: Option<CopyFacts>,
    /// Volumes from other claims.
    pub(super) clones: Option<CopyFacts>,
    /// Encryption at rest.
    pub(super) encryption: Option<EncryptionFacts>,
    /// The filesystems it makes.
    pub(super) filesystems: Option<Filesystems>,
    /// What sizes mean.
    pub(super) sizes: Option<Sizes>,
    /// How many volumes a node takes.
    pub(super) attach_limit: Option<AttachLimit>,
    /// StorageClass parameters.
    pub(super) parameters: Option<ParameterFacts>,
    /// What a VolumeAttributesClass may change.
    pub(super) attributes_class: Option<AttributesClassFacts>,
    /// Mount options that the driver refuses.
    pub(super) mount_options: Option<MountOptions>,
    /// When nodes mount volumes by NFS, so that the options of NFS mean what they mean there.
    pub(super) nfs: Option<NfsFacts>,
    /// What volumes cost.
    pub(super) prices: Option<Prices>,
}

impl Driver {
    /// This driver with what it does not say taken from another.
    pub(super) fn over(self, base: &Self) -> Self {
        let or = |own: Vec<String>, other: &[String]| if own.is_empty() { other.to_vec() } else { own };
        Self {
            name: self.name,
            product: self.product.or_else(|| base.product.clone()),
            kind: self.kind.or(base.kind),
            csi: self.csi.or(base.csi),
            aliases: or(self.aliases, &base.aliases),
            patterns: if self.patterns.is_empty() {
                base.patterns.clone()
            } else {
                self.patterns
            },
            in_tree: if self.in_tree.is_empty() {
                base.in_tree.clone()
            } else {
                self.in_tree
            },
            provisioning: self.provisioning.or_else(|| base.provisioning.clone()),
            inline: self.inline.or_else(|| base.inline.clone()),
            access_modes: self.access_modes.or_else(|| base.access_modes.clone()),
            volume_modes: self.volume_modes.or_else(|| base.volume_modes.clone()),
            topology: self.topology.or_else(|| base.topology.clone()),
            wait_for_first_consumer: self
                .wait_for_first_consumer
                .or_else(|| base.wait_for_first_consumer.clone()),
            expansion: self.expansion.or_else(|| base.expansion.clone()),
            snapshots: self.snapshots.or_else(|| base.snapshots.clone()),
            clones: self.clones.or_else(|| base.clones.clone()),
            encryption: self.encryption.or_else(|| base.encryption.clone()),
            filesystems: self.filesystems.or_else(|| base.filesystems.clone()),
            sizes: self.sizes.or_else(|| base.sizes.clone()),
            attach_limit: self.attach_limit.or_else(|| base.attach_limit.clone()),
            parameters: self.parameters.or_else(|| base.parameters.clone()),
            attributes_class: self.attributes_class.or_else(|| base.attributes_class.clone()),
            mount_options: self.mount_options.or_else(|| base.mount_options.clone()),
            nfs: self.nfs.or_else(|| base.nfs.clone()),
            prices: self.prices.or_else(|| base.prices.clone()),
        }
    }
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
    /// The key of a PersistentVolume's `spec` that holds its volumes, such as `awsElasticBlockStore`.
    pub(super) volume_source: Option<String>,
}

/// A driver that is known to exist. What it can do is not known.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecognisedDriver {
    /// The name in `provisioner`.
    pub name: String,
    /// The product, for messages.
    pub product: String,
}

/// An in-tree name that provisions nothing in any supported Kubernetes release and is not translated.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RemovedProvisioner {
    /// `kubernetes.io/...`.
    pub name: String,
    /// The Kubernetes release that removed it, such as `1.31`; absent when that is not known or it never provisioned.
    pub removed_in: Option<String>,
    /// A driver for the same storage, if there is one.
    pub successor: Option<String>,
    /// The key of a PersistentVolume's `spec` that held its volumes, such as `glusterfs`.
    pub volume_source: Option<String>,
    /// A clause that reads well after "because", where the release does not say it all.
    pub because: Option<String>,
    /// How sure. Of a provisioner that was removed, that it is gone is certain and the release may not be.
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

/// Whether a driver does something at all.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SupportFacts {
    /// How sure.
    pub(super) confidence: Confidence,
    /// Where read.
    pub(super) source: String,
    /// The answer.
    pub(super) support: Support,
    /// A clause that reads well after "because".
    pub(super) because: Option<String>,
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
    /// How volume handles begin that name no single volume, but one that every node has itself, such as a device.
    #[serde(default)]
    pub(super) per_node_handles: Vec<String>,
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
    /// Whether growing a volume takes a controller-expand secret.
    #[serde(default)]
    pub(super) needs_secret: bool,
}

/// Snapshots or clones.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CopyFacts {
    /// How sure.
    pub(super) confidence: Confidence,
    /// Where read.
    pub(super) source: String,
    /// The answer.
    pub(super) support: Support,
    /// Whether the new volume must have exactly the size of its source; at least that size otherwise.
    #[serde(default)]
    pub(super) same_size: bool,
    /// A clause that reads well after "because".
    pub(super) because: Option<String>,
}

/// The filesystems that a driver makes: the first case that fits answers.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Filesystems {
    /// How sure.
    pub(super) confidence: Confidence,
    /// Where read.
    pub(super) source: String,
    /// In order of precedence.
    pub(super) cases: Vec<FilesystemCase>,
}

/// One answer about filesystems.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FilesystemCase {
    /// Conditions; all must hold.
    #[serde(default)]
    pub(super) when: Vec<Condition>,
    /// Those that are served.
    #[serde(default)]
    pub(super) names: Vec<String>,
    /// The answer about all others.
    pub(super) others: Support,
    /// A clause about the others that reads well after "because".
    pub(super) because: Option<String>,
    /// Own confidence, else the group's.
    pub(super) confidence: Option<Confidence>,
}

/// How many volumes of the driver a node takes.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AttachLimit {
    /// How sure.
    pub(super) confidence: Confidence,
    /// Where read.
    pub(super) source: String,
    /// No node takes more than this many, whatever its type.
    pub(super) most: u32,
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

/// What becomes of a size out of the driver's range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OutOfRange {
    /// The volume is larger than asked for, and so is the bill.
    RoundedUp,
    /// The driver's own code refuses.
    RefusedByDriver,
    /// The storage backend's API refuses.
    RefusedByCloud,
    /// Not known.
    #[default]
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
    /// What becomes of a request below the minimum.
    #[serde(default)]
    pub(super) below_minimum: OutOfRange,
    /// What becomes of a request above the maximum.
    #[serde(default)]
    pub(super) above_maximum: OutOfRange,
    /// Bounds; the first case that fits counts.
    #[serde(default)]
    pub(super) cases: Vec<SizeCase>,
}

/// A quantity such as `100Gi`.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(from = "String", into = "String")]
#[schemars(with = "String")]
pub(super) struct SizeBound {
    pub(super) text: String,
    /// `None` when the text is no quantity. Read once: it is asked for with every claim.
    pub(super) bytes: Option<i128>,
}

impl From<String> for SizeBound {
    fn from(text: String) -> Self {
        let bytes = Quantity::parse(&text).ok().and_then(|quantity| quantity.bytes());
        Self { text, bytes }
    }
}

impl From<SizeBound> for String {
    fn from(bound: SizeBound) -> Self {
        bound.text
    }
}

/// The bounds under conditions.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SizeCase {
    /// All must hold.
    #[serde(default)]
    pub(super) when: Vec<Condition>,
    /// The smallest volume.
    pub(super) min: Option<SizeBound>,
    /// The largest volume.
    pub(super) max: Option<SizeBound>,
    /// Own behaviour below the minimum, else the group's.
    pub(super) below_minimum: Option<OutOfRange>,
    /// Confidence of the minimum, else the group's.
    pub(super) min_confidence: Option<Confidence>,
    /// Confidence of the maximum, else the group's.
    pub(super) max_confidence: Option<Confidence>,
}

/// What becomes of a key that the driver does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum UnknownKeys {
    /// Provisioning fails.
    Refused,
    /// Provisioning fails, unless the key is in another namespace than the driver's: `example.com/note`.
    RefusedInNamespace,
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

/// What a VolumeAttributesClass may change.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AttributesClassFacts {
    /// How sure the support is.
    pub(super) confidence: Confidence,
    /// Where read.
    pub(super) source: String,
    /// Whether the driver takes a VolumeAttributesClass at all.
    pub(super) support: Support,
    /// A clause that reads well after "because".
    pub(super) because: Option<String>,
    /// Its parameters; not judged when absent.
    pub(super) parameters: Option<ParameterFacts>,
}

/// Mount options: the first case that fits answers; where none fits, nothing is known.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MountOptions {
    /// How sure.
    pub(super) confidence: Confidence,
    /// Where read.
    pub(super) source: String,
    /// In order of precedence.
    pub(super) cases: Vec<MountOptionCase>,
}

/// One answer about mount options.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MountOptionCase {
    /// The options without `=` and a value; every option when empty.
    #[serde(default)]
    pub(super) options: Vec<String>,
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

/// When nodes mount volumes by NFS.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NfsFacts {
    /// How sure.
    pub(super) confidence: Confidence,
    /// Where read.
    pub(super) source: String,
    /// Under these conditions only; all must hold.
    #[serde(default)]
    pub(super) when: Vec<Condition>,
}

/// What a bill counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Billing {
    /// The size of the volume, whatever is in it.
    #[default]
    Size,
    /// What is stored in it.
    Use,
}

/// What volumes cost: list prices without discounts, operations and traffic. Good for estimates only.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Prices {
    /// How sure.
    pub(super) confidence: Confidence,
    /// Where read.
    pub(super) source: String,
    /// The vendor's region that the prices are of.
    pub(super) region: String,
    /// When they were read: a year, a month `2026-08` or a day.
    pub(super) date: String,
    /// What is billed.
    #[serde(default)]
    pub(super) billing: Billing,
    /// Prices of volumes; the first case that fits counts, and where none fits, the price is not known.
    #[serde(default)]
    pub(super) cases: Vec<PriceCase>,
    /// US dollars for a GiB of snapshot and month.
    pub(super) snapshot_usd_per_gib_month: Option<f64>,
}

/// The price under conditions.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PriceCase {
    /// All must hold.
    #[serde(default)]
    pub(super) when: Vec<Condition>,
    /// US dollars for a GiB and month.
    pub(super) usd_per_gib_month: f64,
    /// What is billed, where it is not what the group says.
    pub(super) billing: Option<Billing>,
    /// Own region, else the group's.
    pub(super) region: Option<String>,
    /// Own confidence, else the group's.
    pub(super) confidence: Option<Confidence>,
    /// Own source, else the group's.
    pub(super) source: Option<String>,
}

/// The parameters of a StorageClass or a VolumeAttributesClass.
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
    /// What every key may have before it, with a slash between.
    pub(super) namespace: Option<String>,
    /// The keys.
    pub(super) list: Vec<Parameter>,
}

/// One parameter.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Parameter {
    /// The key, in the spelling of the driver's documentation. `csi.storage.k8s.io/fstype` stands for the old `fstype`,
    /// in any letter case, as well.
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
    /// Values that count as not written, beside the empty one.
    #[serde(default)]
    pub(super) unset: Vec<String>,
    /// Bounds by the value of another parameter.
    pub(super) ranges: Option<RangesBy>,
    /// A bound that another parameter sets.
    pub(super) at_most: Option<AtMost>,
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
    /// A list of words with commas between.
    List(ListCheck),
    /// A power of two.
    PowerOfTwo(Bounds),
    /// An octal number, such as file permissions.
    Octal(OctalCheck),
    /// A JSON document.
    Json(JsonCheck),
    /// ASCII letters and digits only.
    Alphanumeric(AlphanumericCheck),
    /// Not longer than this.
    Length(LengthCheck),
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

/// Words of a list.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ListCheck {
    /// The words there are.
    pub(super) values: Vec<String>,
    /// Words that need others in the same list.
    #[serde(default)]
    pub(super) needs: Vec<ListNeed>,
}

/// A word that needs another in the same list.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ListNeed {
    /// The word.
    pub(super) value: String,
    /// What it needs.
    pub(super) needs: String,
}

/// An octal number has no further settings.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct OctalCheck {}

/// JSON has no further settings.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct JsonCheck {}

/// Letters and digits have no further settings.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AlphanumericCheck {}

/// The longest value.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct LengthCheck {
    /// In bytes.
    pub(super) max: usize,
}

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

/// A number that is at most a fraction of another parameter's.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AtMost {
    /// Only under these conditions; all must hold.
    #[serde(default)]
    pub(super) when: Vec<Condition>,
    /// The other parameter's name in the list.
    pub(super) parameter: String,
    /// The other number when it is not written; not judged when absent.
    pub(super) otherwise: Option<i64>,
    /// What the other number is divided by.
    pub(super) divisor: i64,
    /// What becomes of a larger number.
    pub(super) consequence: Consequence,
    /// A clause that reads well after "because".
    pub(super) because: Option<String>,
    /// Own confidence, else the parameter's.
    pub(super) confidence: Option<Confidence>,
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
    /// A clause that reads well after "because".
    pub(super) because: Option<String>,
    /// Own confidence, else the parameter's.
    pub(super) confidence: Option<Confidence>,
}
