//! See the documentation of [`RULE`].

use super::{Served, refusal};
use crate::cluster::view::{Lookup, ViewKind};
use crate::engine::{
    Action, Category, Certainty, Check, Class, Context, Edit, Finding, Findings, Fix, Needs, ParameterSpec, Profiles,
    RuleParameters, WhenUnknown, Written,
};
use crate::model::labels::LabelSelector;
use crate::model::{AccessMode, Claim, ClaimOrigin, ClassName, ObjectKind, StorageClass, Subject, VolumeMode, ordinal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

crate::rule! {
    /// ## What it checks
    /// A claim names no class, and the default class that it gets cannot serve the access modes or the volume mode that
    /// it asks for. Parameter `defaultClasses` says which class such claims should have, by access mode, volume mode
    /// and namespace; the first entry that matches counts. Without the parameter, or where no entry matches, this rule
    /// is silent and `unsupported-access-mode` speaks.
    ///
    /// The API server fills the default class in before any webhook sees the claim. Whether the author wrote it is told
    /// by server-side apply, by the annotation of `kubectl apply`, or by the StatefulSet that the claim belongs to.
    /// Where nobody can tell, parameter `whenUnknown` decides: `Report` (the default) or `Fix`.
    ///
    /// ## Why it matters
    /// There is one default class for the whole cluster, most often of block storage. A claim for a shared volume that
    /// leaves the class to the cluster stays Pending, though another class would serve it.
    ///
    /// ## How to fix
    /// Name the class in the claim. With `mutate: true` the class of the matching entry is set when the claim is
    /// created, provided that its author wrote none. Claim templates are reported only: the claims made from them get
    /// the class.
    ///
    /// ## Examples
    /// ```yaml,policy
    /// apiVersion: volguard.dev/v1alpha1
    /// kind: StoragePolicy
    /// metadata: {name: default}
    /// spec:
    ///   profile: Strict
    ///   rules:
    ///     - name: default-class-cannot-serve
    ///       action: Warn
    ///       parameters:
    ///         defaultClasses:
    ///           - {accessModes: [ReadWriteMany], volumeMode: Filesystem, class: efs}
    /// ```
    /// ```yaml,fails
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: gp3
    ///   annotations: {storageclass.kubernetes.io/is-default-class: "true"}
    /// provisioner: ebs.csi.aws.com
    /// parameters: {type: gp3, encrypted: "true"}
    /// volumeBindingMode: WaitForFirstConsumer
    /// reclaimPolicy: Retain
    /// allowVolumeExpansion: true
    /// ---
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata: {name: efs}
    /// provisioner: efs.csi.aws.com
    /// parameters: {provisioningMode: efs-ap, fileSystemId: fs-0123456789abcdef0, directoryPerms: "700"}
    /// volumeBindingMode: WaitForFirstConsumer
    /// reclaimPolicy: Retain
    /// ---
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: shared}
    /// spec:
    ///   accessModes: [ReadWriteMany]
    ///   resources: {requests: {storage: 10Gi}}
    /// ```
    /// ```yaml,passes
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: gp3
    ///   annotations: {storageclass.kubernetes.io/is-default-class: "true"}
    /// provisioner: ebs.csi.aws.com
    /// parameters: {type: gp3, encrypted: "true"}
    /// volumeBindingMode: WaitForFirstConsumer
    /// reclaimPolicy: Retain
    /// allowVolumeExpansion: true
    /// ---
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata: {name: efs}
    /// provisioner: efs.csi.aws.com
    /// parameters: {provisioningMode: efs-ap, fileSystemId: fs-0123456789abcdef0, directoryPerms: "700"}
    /// volumeBindingMode: WaitForFirstConsumer
    /// reclaimPolicy: Retain
    /// ---
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: shared}
    /// spec:
    ///   storageClassName: efs
    ///   accessModes: [ReadWriteMany]
    ///   resources: {requests: {storage: 10Gi}}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/storage-classes/#default-storageclass>
    /// - <https://github.com/kubernetes/kubernetes/issues/89911>
    pub static RULE = {
        name: "default-class-cannot-serve",
        summary: "names no class and gets a default class that cannot serve it",
        category: Category::Claim,
        class: Class::NeverWorks,
        fix: Fix::Sometimes,
        needs: &[
            Needs::StorageClass,
            Needs::PersistentVolume,
            Needs::StatefulSet,
            Needs::Namespace,
        ],
        profiles: Profiles::actions(Action::Off, Action::Off, Action::Off),
        parameters: ParameterSpec::of::<DefaultClassCannotServe>(),
        check: Check::Claim(check),
    }
}

/// What would be found of a template although its claims are fixed.
const SETTLED: &[&str] = &["unsupported-access-mode", "unsupported-volume-mode"];

/// Parameters of default-class-cannot-serve.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct DefaultClassCannotServe {
    /// Which class claims get that the default class cannot serve. The first entry that matches counts.
    default_classes: Vec<DefaultClass>,
    /// What is done where nobody can tell whether the author wrote the class.
    when_unknown: WhenUnknown,
}

impl RuleParameters for DefaultClassCannotServe {}

/// The class for some claims.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DefaultClass {
    /// Claims that ask for one of these access modes; any when empty.
    #[serde(default)]
    access_modes: Vec<AccessMode>,
    /// Claims of this volume mode; any when absent.
    #[serde(default)]
    volume_mode: Option<VolumeMode>,
    /// The class that they get.
    class: String,
    /// Claims in the namespaces that this selects; all when absent.
    #[serde(default)]
    namespace_selector: LabelSelector,
}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    let parameters = cx.parameters::<DefaultClassCannotServe>();
    if parameters.default_classes.is_empty() || claim.volume_name().is_some() {
        return;
    }
    let written = class_written(claim, cx);
    if written == Written::Yes {
        return;
    }
    let Some(served) = cx.class_or_skip(claim, out).and_then(|class| Served::new(class, cx)) else {
        return;
    };
    let Some((wish, certainty)) = refused(&served, claim) else {
        return;
    };
    if cx.binds_statically(claim, served.class.name()) {
        return;
    }
    let Some(class) = configured(&parameters.default_classes, claim, cx, out) else {
        return;
    };
    let path = claim.spec_path(&["storageClassName"]);
    let message = format!(
        "{} gets the default class {}, which cannot serve {wish}",
        claim.title(),
        served.class.name()
    );
    let finding = Finding::new(path.clone(), served.class.name(), message)
        .remedy(format!("Write storageClassName: {class}."))
        .certainty(certainty);
    out.push(match claim.origin() {
        ClaimOrigin::Object if parameters.when_unknown.may_fix(written) => finding.fix([Edit::Set(path, class.into())]),
        // A class in the template would be drift; the claims that are made of it are fixed.
        ClaimOrigin::SetTemplate => finding.settles(SETTLED),
        ClaimOrigin::Ephemeral if parameters.when_unknown == WhenUnknown::Fix => finding.settles(SETTLED),
        ClaimOrigin::Object | ClaimOrigin::Ephemeral => finding,
    });
}

/// Whether the author of the claim named its class.
fn class_written(claim: &Claim<'_>, cx: &Context<'_>) -> Written {
    let name = match claim.class_name() {
        ClassName::Default => return Written::No,
        ClassName::Empty => return Written::Yes,
        ClassName::Named(name) => name,
    };
    // Nothing fills a class into a template or an annotation, and nothing fills in another class than the default.
    let is_default = |class: StorageClass<'_>| class.name() == name;
    if claim.origin() != ClaimOrigin::Object
        || claim.has_class_annotation()
        || !cx.default_class().found().is_none_or(is_default)
    {
        return Written::Yes;
    }
    match cx.wrote(&["spec", "storageClassName"]) {
        Written::Unknown => template_wrote(claim, cx),
        known => known,
    }
}

/// The same of a claim that statefulset-controller made: the template in its set tells. Unknown for any other claim.
fn template_wrote(claim: &Claim<'_>, cx: &Context<'_>) -> Written {
    let sets = cx.view().rows_with_prefix(ViewKind::StatefulSet, cx.namespace(), "");
    let mut written = Written::Unknown;
    for (set, row) in sets {
        for template in Subject::new(ObjectKind::StatefulSet, row).claims() {
            if template.origin() != ClaimOrigin::SetTemplate || ordinal(claim.name(), template.name(), set).is_none() {
                continue;
            }
            if template.class_name() != ClassName::Default {
                return Written::Yes;
            }
            written = Written::No;
        }
    }
    written
}

/// The first thing that the claim asks for and the class's driver refuses, and how sure that is.
fn refused(served: &Served<'_>, claim: &Claim<'_>) -> Option<(String, Certainty)> {
    let volume_mode = claim.volume_mode();
    if let Some(certainty) = refusal(&served.volume_mode(volume_mode)) {
        return Some((format!("volumeMode {volume_mode}"), certainty));
    }
    claim.access_modes().find_map(|(_, mode)| {
        let certainty = refusal(&served.access_mode(mode, volume_mode, claim.data_source().is_some()))?;
        Some((mode.to_string(), certainty))
    })
}

/// The class of the first entry that matches. A class that does not exist, or that cannot serve the claim either, is
/// passed over: setting it would help nobody.
fn configured<'p>(
    entries: &'p [DefaultClass],
    claim: &Claim<'_>,
    cx: &Context<'_>,
    out: &mut Findings,
) -> Option<&'p str> {
    for entry in entries {
        let asks = |mode: &AccessMode| claim.access_modes().any(|(_, asked)| asked == *mode);
        if !(entry.access_modes.is_empty() || entry.access_modes.iter().any(asks))
            || entry.volume_mode.is_some_and(|mode| mode != claim.volume_mode())
            || !helps(&entry.class, claim, cx)
        {
            continue;
        }
        if cx.selects_namespace_or_skip(&entry.namespace_selector, out)? {
            return Some(&entry.class);
        }
    }
    None
}

/// Whether claims that get this class are better off, as far as anybody can tell.
fn helps(class: &str, claim: &Claim<'_>, cx: &Context<'_>) -> bool {
    match cx.view().get(ViewKind::StorageClass, "", class) {
        Lookup::Found(row) => {
            Served::new(StorageClass::new(row), cx).is_none_or(|served| refused(&served, claim).is_none())
        }
        Lookup::Absent => false,
        Lookup::Unknown => true,
    }
}
