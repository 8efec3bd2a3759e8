//! See the documentation of [`RULE`].

use crate::cluster::view::{Lookup, ViewKind};
use crate::drivers::Confidence;
use crate::engine::{Action, Category, Certainty, Check, Class, Context, Finding, Findings, Needs, Profiles};
use crate::model::object::at;
use crate::model::{Claim, ClaimOrigin, FieldPath, Volume, Workload};
use crate::rules::related::{driver_name, told_by_nodes};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

crate::rule! {
    /// ## What it checks
    /// A pod with more claims on volumes of one driver than a node takes: claims that it names, claim templates and
    /// ephemeral volumes together, a claim that it has twice once. What a node takes is known for drivers whose
    /// vendor gives a number that holds for every node; where the CSINode objects of the cluster say more, they count.
    /// A pod that is beyond all nodes of the cluster is reported, too, but not for certain: larger ones may come.
    ///
    /// ## Why it matters
    /// No node ever has room for the pod: it stays Pending (`node(s) exceed max volume count`), or hangs in
    /// ContainerCreating with the attachments that the cloud refuses.
    ///
    /// ## How to fix
    /// Use fewer and larger volumes, or a shared filesystem, or split the pod.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata: {name: disk}
    /// provisioner: disk.example.com
    /// volumeBindingMode: WaitForFirstConsumer
    /// ---
    /// apiVersion: storage.k8s.io/v1
    /// kind: CSINode
    /// metadata: {name: worker-1}
    /// spec:
    ///   drivers:
    ///     - {name: disk.example.com, nodeID: i-1, allocatable: {count: 2}}
    /// ```
    /// ```yaml,fails
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata: {name: store, namespace: shop}
    /// spec:
    ///   serviceName: store
    ///   selector: {matchLabels: {app: store}}
    ///   template:
    ///     metadata: {labels: {app: store}}
    ///     spec:
    ///       containers:
    ///         - name: store
    ///           image: registry.example.com/store:1
    ///           volumeMounts:
    ///             - {name: data-a, mountPath: /a}
    ///             - {name: data-b, mountPath: /b}
    ///             - {name: data-c, mountPath: /c}
    ///   volumeClaimTemplates:
    ///     - metadata: {name: data-a}
    ///       spec: {storageClassName: disk, accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}
    ///     - metadata: {name: data-b}
    ///       spec: {storageClassName: disk, accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}
    ///     - metadata: {name: data-c}
    ///       spec: {storageClassName: disk, accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}
    /// ```
    /// ```yaml,passes
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata: {name: store, namespace: shop}
    /// spec:
    ///   serviceName: store
    ///   selector: {matchLabels: {app: store}}
    ///   template:
    ///     metadata: {labels: {app: store}}
    ///     spec:
    ///       containers:
    ///         - name: store
    ///           image: registry.example.com/store:1
    ///           volumeMounts:
    ///             - {name: data-a, mountPath: /a}
    ///             - {name: data-b, mountPath: /b}
    ///   volumeClaimTemplates:
    ///     - metadata: {name: data-a}
    ///       spec: {storageClassName: disk, accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}
    ///     - metadata: {name: data-b}
    ///       spec: {storageClassName: disk, accessModes: [ReadWriteOnce], resources: {requests: {storage: 20Gi}}}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/storage-limits/>
    pub static RULE = {
        name: "too-many-volumes",
        summary: "workload has more volumes in a pod than a node takes",
        category: Category::Workload,
        class: Class::NeverWorks,
        needs: &[
            Needs::PersistentVolumeClaim,
            Needs::PersistentVolume,
            Needs::StorageClass,
            Needs::CsiNode,
        ],
        profiles: Profiles::actions(Action::Warn, Action::Warn, Action::Deny),
        check: Check::Workload(super::KINDS, check),
    }
}

fn check(workload: &Workload<'_>, cx: &Context<'_>, out: &mut Findings) {
    // Every driver attaches one volume.
    if workload.claim_volumes().len() + workload.claims().len() < 2 {
        return;
    }
    let mut named = BTreeSet::new();
    let mut volumes: BTreeMap<&str, Vec<FieldPath>> = BTreeMap::new();
    for (volume, claim) in super::claims_of_pods(workload, cx, out) {
        if claim.origin() == ClaimOrigin::Object && !named.insert(claim.name()) {
            continue;
        }
        if let Some(driver) = driver_of(&claim, cx, out) {
            volumes.entry(driver).or_default().push(volume.path.clone());
        }
    }
    for (driver, paths) in volumes {
        let exceeded = limits(driver, cx)
            .into_iter()
            .flatten()
            .find(|limit| paths.len() > limit.most);
        // The first volume that no node has room for.
        if let Some(limit) = exceeded
            && let Some(path) = paths.get(limit.most)
        {
            let message = format!(
                "the pod has {} volumes of {driver}, and {} {}",
                paths.len(),
                limit.who,
                limit.most
            );
            out.push(
                Finding::new(path.clone(), format!("{driver} {}", paths.len()), message)
                    .remedy("Use fewer and larger volumes or a shared filesystem, or split the pod.")
                    .certainty(limit.certainty),
            );
        }
    }
}

/// The driver of the volume that the claim has or gets, by the name that it has on nodes.
fn driver_of<'a>(claim: &Claim<'a>, cx: &Context<'a>, out: &mut Findings) -> Option<&'a str> {
    if let Some(volume) = claim.volume_name()
        && let Lookup::Found(volume) = cx.view().get(ViewKind::PersistentVolume, "", volume)
    {
        return Volume::new(volume).csi_driver();
    }
    let provisioner = cx.class_or_skip(claim, out)?.provisioner();
    Some(driver_name(provisioner, cx))
}

/// How many volumes a node takes.
struct Limit {
    most: usize,
    /// Who takes no more, as it stands before the number.
    who: &'static str,
    certainty: Certainty,
}

/// What the driver's vendor says of every node, then what the nodes of the cluster say.
fn limits(driver: &str, cx: &Context<'_>) -> [Option<Limit>; 2] {
    // A node that gives no number has no limit.
    let counts: Vec<Option<usize>> = told_by_nodes(driver, cx)
        .map(|entry| {
            let count = at(entry, &["allocatable", "count"]).and_then(Value::as_u64)?;
            usize::try_from(count).ok()
        })
        .collect();
    let most_on_node = counts.iter().flatten().copied().max();
    let vendor = cx.driver(driver).and_then(|known| known.driver.attach_limit());
    let vendor = vendor
        .filter(|fact| fact.confidence != Confidence::Unknown)
        .and_then(|fact| {
            let most = usize::try_from(fact.value).ok()?;
            most_on_node.is_none_or(|on_node| on_node <= most).then(|| Limit {
                most,
                who: "no node takes more than",
                certainty: fact.confidence.into(),
            })
        });
    let every_node_says = cx.view().is_complete(ViewKind::CsiNode) && counts.iter().all(Option::is_some);
    let on_nodes = most_on_node.filter(|_| every_node_says).map(|most| Limit {
        most,
        who: "no node of this cluster takes more than",
        certainty: Certainty::Likely,
    });
    [vendor, on_nodes]
}
