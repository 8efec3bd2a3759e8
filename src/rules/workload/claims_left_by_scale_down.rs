//! See the documentation of [`RULE`].

use crate::cluster::view::ViewKind;
use crate::engine::cost::MonthlyCost;
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Needs, Operation, Profiles};
use crate::model::words::listed;
use crate::model::{Claim, FieldPath, ObjectKind, Workload};
use crate::rules::related::{NAMED, claims_of_set, monthly_cost};

crate::rule! {
    /// ## What it checks
    /// A StatefulSet whose number of replicas goes down, and whose claims stay behind: unless
    /// `persistentVolumeClaimRetentionPolicy.whenScaled` says `Delete`, nobody deletes the claims of the replicas that
    /// go. The finding names them, and says what they cost a month where the list price is known.
    ///
    /// In `scan` it finds the sets that were scaled down some time ago: claims of replicas that a set does not have, and
    /// that no pod uses. Sets without any replica are at rest and left out. Claims with the label
    /// `volguard.dev/protect: "true"` are kept on purpose and not named.
    ///
    /// ## Why it matters
    /// That they stay is right: the replica may come back, with its data. Where it does not, the volumes are paid for
    /// month after month, and nothing in the cluster points at them.
    ///
    /// ## How to fix
    /// Delete the claims once their data is no longer needed. If one is kept on purpose, say so with the label
    /// `volguard.dev/protect: "true"`.
    ///
    /// ## Examples
    /// ```yaml,review
    /// {operation: SCALE, live: true}
    /// ```
    /// ```yaml,cluster
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data-db-1, namespace: shop}
    /// spec:
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    /// ```
    /// ```yaml,old
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata: {name: db, namespace: shop}
    /// spec:
    ///   replicas: 2
    ///   volumeClaimTemplates:
    ///     - metadata: {name: data}
    ///       spec:
    ///         accessModes: [ReadWriteOnce]
    ///         resources: {requests: {storage: 10Gi}}
    /// ```
    /// ```yaml,fails
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata: {name: db, namespace: shop}
    /// spec:
    ///   replicas: 1
    ///   volumeClaimTemplates:
    ///     - metadata: {name: data}
    ///       spec:
    ///         accessModes: [ReadWriteOnce]
    ///         resources: {requests: {storage: 10Gi}}
    /// ```
    /// ```yaml,passes
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata: {name: db, namespace: shop}
    /// spec:
    ///   replicas: 3
    ///   volumeClaimTemplates:
    ///     - metadata: {name: data}
    ///       spec:
    ///         accessModes: [ReadWriteOnce]
    ///         resources: {requests: {storage: 10Gi}}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#persistentvolumeclaim-retention>
    pub static RULE = {
        name: "claims-left-by-scale-down",
        summary: "StatefulSet leaves claims behind when it is scaled down",
        category: Category::Workload,
        class: Class::Tenancy,
        needs: &[
            Needs::PersistentVolumeClaim,
            Needs::PersistentVolume,
            Needs::StorageClass,
            Needs::Pod,
            // What a scale is judged as.
            Needs::StatefulSet,
        ],
        operations: &[Operation::Update, Operation::Scale, Operation::Scan],
        profiles: Profiles::actions(Action::Off, Action::Audit, Action::Audit),
        check: Check::Workload(&[ObjectKind::StatefulSet], check),
    }
}

/// How many claims the command of a remedy names.
const DELETED_AT_ONCE: usize = 20;

fn check(set: &Workload<'_>, cx: &Context<'_>, out: &mut Findings) {
    let old = cx.old_workload();
    let keeps = set.spec_text(&["persistentVolumeClaimRetentionPolicy", "whenScaled"]) != Some("Delete");
    // A set without replicas is at rest, for a night or for maintenance: its data is not left over.
    let was_scaled = cx.operation() == Operation::Scan && set.replicas() > 0;
    let goes_down = old.map_or(was_scaled, |old| set.replicas() < old.replicas());
    if !goes_down || !keeps || set.set_templates().next().is_none() {
        return;
    }
    let name = set.meta().name();
    if !cx.view().is_complete(ViewKind::PersistentVolumeClaim) {
        out.skip(format!("the PersistentVolumeClaims of StatefulSet {name} are unknown"));
        return;
    }
    let end = |set: &Workload<'_>| set.first_ordinal().saturating_add(set.replicas());
    // A replica that has yet to go uses its claim until then; of what was done long ago, only what nothing uses is left.
    let is_left = |ordinal: u64, claim: &Claim<'_>| match old {
        Some(old) => (end(set)..end(old)).contains(&ordinal),
        None => {
            !(set.first_ordinal()..end(set)).contains(&ordinal)
                && !claim.meta().is_deleting()
                && cx.pods_using(claim.name()).next().is_none()
        }
    };
    let mut left: Vec<(u64, Claim<'_>)> = set
        .set_templates()
        .flat_map(|template| claims_of_set(template, set, cx))
        .filter(|(ordinal, claim)| is_left(*ordinal, claim) && !claim.meta().is_protected())
        .collect();
    if left.is_empty() {
        return;
    }
    if old.is_none() && !cx.view().is_complete(ViewKind::Pod) {
        return out.skip(format!("the pods that use claims of StatefulSet {name} are unknown"));
    }
    left.sort_by_key(|(ordinal, claim)| (*ordinal, claim.name()));
    let names: Vec<&str> = left.iter().map(|(_, claim)| claim.name()).collect();
    let costs: Option<Vec<_>> = left.iter().map(|(_, claim)| monthly_cost(claim, cx)).collect();
    let cost = costs.map_or_else(String::new, |costs| {
        let usd: f64 = costs.iter().map(|cost| cost.usd).sum();
        let origin = costs.first().map(MonthlyCost::origin).unwrap_or_default();
        format!(" They cost about {usd:.2} USD a month ({origin}).")
    });
    let message = match names.as_slice() {
        [claim] => format!("claim {claim} stays behind, with its volume"),
        names => format!(
            "{} claims stay behind, with their volumes: {}",
            names.len(),
            listed(names.iter().copied(), NAMED)
        ),
    };
    let finding = Finding::new(
        FieldPath::of(&["spec", "replicas"]),
        set.replicas().to_string(),
        message,
    );
    let more = match names.len().saturating_sub(DELETED_AT_ONCE) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    out.push(finding.remedy(format!(
        "Delete them once their data is no longer needed: `kubectl delete pvc {} -n {}`{more}.{cost}",
        names.iter().copied().take(DELETED_AT_ONCE).collect::<Vec<_>>().join(" "),
        cx.namespace()
    )));
}
