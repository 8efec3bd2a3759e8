//! PersistentVolume.

use super::object::{Meta, at, list, map, text};
use super::quantity::Quantity;
use super::{AccessMode, VolumeMode};
use serde_json::{Map, Value};
use std::fmt;

/// Names the class of a volume, older than the field and stronger.
const CLASS_ANNOTATION: &str = "volume.beta.kubernetes.io/storage-class";

/// The keys of `spec` that are not the source of the volume.
const NOT_A_SOURCE: &[&str] = &[
    "accessModes",
    "capacity",
    "claimRef",
    "mountOptions",
    "nodeAffinity",
    "persistentVolumeReclaimPolicy",
    "storageClassName",
    "volumeAttributesClassName",
    "volumeMode",
];

/// A PersistentVolume.
#[derive(Debug, Clone, Copy)]
pub struct Volume<'a> {
    value: &'a Value,
}

/// The claim that a volume is bound to or kept for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimRef<'a> {
    /// Namespace of the claim; empty when it is not written.
    pub namespace: &'a str,
    /// Name of the claim; empty when it is not written.
    pub name: &'a str,
    /// Identity of the claim; `None` while the volume is only kept for it.
    pub uid: Option<&'a str>,
}

impl fmt::Display for ClaimRef<'_> {
    /// `shop/data`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

impl<'a> Volume<'a> {
    /// Reads a volume from its JSON.
    pub fn new(value: &'a Value) -> Self {
        Self { value }
    }

    /// The volume as JSON.
    pub fn value(self) -> &'a Value {
        self.value
    }

    /// Its metadata.
    pub fn meta(self) -> Meta<'a> {
        Meta::of(self.value)
    }

    /// Its name.
    pub fn name(self) -> &'a str {
        self.meta().name()
    }

    /// A field of `spec`.
    pub fn spec(self, keys: &[&str]) -> Option<&'a Value> {
        at(self.value.get("spec")?, keys)
    }

    /// The class that it carries, empty when it has none. The beta annotation comes before the field, as for the binder.
    pub fn class_name(self) -> &'a str {
        self.meta()
            .annotation(CLASS_ANNOTATION)
            .or_else(|| text(self.value, &["spec", "storageClassName"]))
            .unwrap_or_default()
    }

    /// The access modes that are known words.
    pub fn access_modes(self) -> impl Iterator<Item = AccessMode> + use<'a> {
        list(self.value, &["spec", "accessModes"])
            .iter()
            .filter_map(|mode| AccessMode::parse(mode.as_str()?))
    }

    /// Filesystem unless the volume says Block.
    pub fn volume_mode(self) -> VolumeMode {
        text(self.value, &["spec", "volumeMode"])
            .and_then(VolumeMode::parse)
            .unwrap_or_default()
    }

    /// `capacity.storage`, where it is a quantity.
    pub fn capacity(self) -> Option<Quantity> {
        Quantity::from_json(at(self.value, &["spec", "capacity", "storage"])?)?.ok()
    }

    /// What happens to the data when the claim is gone: `Retain` unless something is written, as the API server fills in.
    pub fn reclaim_policy(self) -> &'a str {
        text(self.value, &["spec", "persistentVolumeReclaimPolicy"]).unwrap_or("Retain")
    }

    /// `Available`, `Bound`, `Released`, …; empty for a volume that is only a manifest.
    pub fn phase(self) -> &'a str {
        text(self.value, &["status", "phase"]).unwrap_or_default()
    }

    /// The claim that it is bound to or kept for.
    pub fn claim_ref(self) -> Option<ClaimRef<'a>> {
        let claim = at(self.value, &["spec", "claimRef"]).filter(|claim| claim.is_object())?;
        let uid = text(claim, &["uid"]).filter(|uid| !uid.is_empty());
        Some(ClaimRef {
            namespace: text(claim, &["namespace"]).unwrap_or_default(),
            name: text(claim, &["name"]).unwrap_or_default(),
            uid,
        })
    }

    /// The key of `spec` that says where the data is: `csi`, `nfs`, `hostPath`, `awsElasticBlockStore`, …
    pub fn source(self) -> Option<(&'a str, &'a Value)> {
        let spec = map(self.value, &["spec"])?;
        let is_source = |key: &str, value: &Value| value.is_object() && !NOT_A_SOURCE.contains(&key);
        spec.iter()
            .find(|(key, value)| is_source(key, value))
            .map(|(key, value)| (key.as_str(), value))
    }

    /// Name of the CSI driver, for a CSI volume.
    pub fn csi_driver(self) -> Option<&'a str> {
        text(self.value, &["spec", "csi", "driver"])
    }

    /// What the CSI driver calls the volume.
    pub fn csi_handle(self) -> Option<&'a str> {
        text(self.value, &["spec", "csi", "volumeHandle"])
    }

    /// What a CSI volume stores its data on: `<driver>^<handle>`.
    pub fn csi_source(self) -> Option<String> {
        Some(format!("{}^{}", self.csi_driver()?, self.csi_handle()?))
    }

    /// Whether somebody made it by hand, and not a provisioner for a claim.
    ///
    /// A provisioner leaves its name in an annotation. People write that too, so that the driver deletes the volume; but
    /// they do not know the uid of its claim. Local volumes are the exception: they are made ahead of any claim.
    pub fn is_static(self) -> bool {
        let annotated = self.meta().annotation("pv.kubernetes.io/provisioned-by").is_some();
        let has_claim = self.claim_ref().is_some_and(|claim| claim.uid.is_some());
        let is_local = self.spec(&["local"]).is_some();
        !annotated || !(has_claim || is_local)
    }

    /// How messages name it: `volume pv-1`.
    pub fn title(self) -> String {
        format!("volume {}", self.name())
    }

    /// The labels of the volume.
    pub fn labels(self) -> Option<&'a Map<String, Value>> {
        self.meta().labels()
    }
}
