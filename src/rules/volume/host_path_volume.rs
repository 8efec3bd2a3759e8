//! See the documentation of [`RULE`].

use crate::engine::{
    Action, Category, Check, Class, Context, Finding, Findings, ParameterSpec, Profiles, RuleParameters,
};
use crate::model::object::text;
use crate::model::{FieldPath, Volume};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Component, Path};

crate::rule! {
    /// ## What it checks
    /// A PersistentVolume with `hostPath`: a folder of whatever node its pod happens to run on. Volumes that a
    /// provisioner makes for a claim, as those of test clusters do, are not judged.
    ///
    /// Parameter `allowedPaths` lists folders whose volumes are fine, themselves and all that is in them.
    ///
    /// ## Why it matters
    /// Who gets the claim reads and writes files of the node, up to the kubelet's credentials and the container
    /// runtime's socket. And the data does not follow the pod: on another node it finds another folder, often an empty
    /// one.
    ///
    /// ## How to fix
    /// Use a `local` volume with `nodeAffinity` for a disk of a node, which the scheduler knows about, or a class of a
    /// CSI driver.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata:
    ///   name: data
    /// spec:
    ///   capacity: {storage: 10Gi}
    ///   accessModes: [ReadWriteOnce]
    ///   storageClassName: manual
    ///   hostPath:
    ///     path: /srv/data
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata:
    ///   name: data
    /// spec:
    ///   capacity: {storage: 10Gi}
    ///   accessModes: [ReadWriteOnce]
    ///   storageClassName: manual
    ///   local:
    ///     path: /srv/data
    ///   nodeAffinity:
    ///     required:
    ///       nodeSelectorTerms:
    ///         - matchExpressions:
    ///             - {key: kubernetes.io/hostname, operator: In, values: [node-1]}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/volumes/#hostpath>
    /// - <https://kubernetes.io/docs/concepts/storage/volumes/#local>
    pub static RULE = {
        name: "host-path-volume",
        summary: "is a folder of the node that its pod runs on",
        category: Category::Volume,
        class: Class::Security,
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Deny),
        parameters: ParameterSpec::of::<HostPathVolume>(),
        check: Check::Volume(check),
    }
}

/// Parameters of host-path-volume.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct HostPathVolume {
    /// Folders of nodes whose volumes are fine, such as `/mnt/disks`.
    allowed_paths: Vec<Folder>,
}

impl RuleParameters for HostPathVolume {}

/// An absolute path.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^/"))]
struct Folder(String);

impl TryFrom<String> for Folder {
    type Error = String;

    fn try_from(path: String) -> Result<Self, String> {
        if path.starts_with('/') {
            Ok(Self(path))
        } else {
            Err(format!(
                "`{path}` is not an absolute path: write one such as /mnt/disks"
            ))
        }
    }
}

impl From<Folder> for String {
    fn from(folder: Folder) -> Self {
        folder.0
    }
}

impl Folder {
    /// Whether a path is this folder or lies in it, however many slashes it is written with. `..` may lead anywhere.
    fn has(&self, path: &str) -> bool {
        let path = Path::new(path);
        path.starts_with(&self.0) && !path.components().any(|part| part == Component::ParentDir)
    }
}

fn check(volume: Volume<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Some(("hostPath", source)) = volume.source() else {
        return;
    };
    let path = text(source, &["path"]).unwrap_or_default();
    let parameters = cx.parameters::<HostPathVolume>();
    if !volume.is_static() || parameters.allowed_paths.iter().any(|folder| folder.has(path)) {
        return;
    }
    out.push(
        Finding::new(
            FieldPath::of(&["spec", "hostPath", "path"]),
            path,
            format!("{} is {path} of whatever node its pod runs on", volume.title()),
        )
        .remedy(
            "Pods on it reach files of the node, and on another node they find another folder. Use a local volume with \
             nodeAffinity, which the scheduler knows about, or a class of a CSI driver.",
        ),
    );
}
