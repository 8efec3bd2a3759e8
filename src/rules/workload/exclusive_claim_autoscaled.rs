//! See the documentation of [`RULE`].

use crate::cluster::view::ViewKind;
use crate::engine::{Action, Category, Check, Class, Context, Door, Finding, Findings, Needs, Operation, Profiles};
use crate::model::{Autoscaler, FieldPath, ObjectKind, Subject, Workload};

crate::rule! {
    /// ## What it checks
    /// A HorizontalPodAutoscaler with `maxReplicas` above 1 scales a Deployment or a StatefulSet whose pods all name one
    /// fixed claim that is `ReadWriteOnce` or `ReadWriteOncePod`. The fault is reported at whichever of the two is
    /// applied last, in manifests and in scans at the autoscaler. Claims are judged as `exclusive-claim-shared` judges
    /// them: pods that are kept on one node may share a `ReadWriteOnce` claim.
    ///
    /// ## Why it matters
    /// With one replica all is well, so nobody notices. Under load the autoscaler adds pods that cannot start, because
    /// the volume is attached to another node or belongs to another pod: the workload does not grow when it must.
    ///
    /// ## How to fix
    /// Give each replica a claim of its own (a StatefulSet with `volumeClaimTemplates`), use a claim with
    /// `ReadWriteMany` on a class of a shared filesystem, or take the autoscaler away.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: uploads, namespace: shop}
    /// spec:
    ///   strategy: {type: Recreate}
    ///   selector: {matchLabels: {app: uploads}}
    ///   template:
    ///     metadata: {labels: {app: uploads}}
    ///     spec:
    ///       containers:
    ///         - name: uploads
    ///           image: registry.example.com/uploads:1
    ///           volumeMounts:
    ///             - {name: files, mountPath: /files}
    ///       volumes:
    ///         - name: files
    ///           persistentVolumeClaim: {claimName: uploads}
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: uploads, namespace: shop}
    /// spec:
    ///   accessModes: [ReadWriteOnce]
    ///   storageClassName: fast
    ///   resources: {requests: {storage: 10Gi}}
    /// ---
    /// apiVersion: autoscaling/v2
    /// kind: HorizontalPodAutoscaler
    /// metadata: {name: uploads, namespace: shop}
    /// spec:
    ///   scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: uploads}
    ///   maxReplicas: 5
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: uploads, namespace: shop}
    /// spec:
    ///   accessModes: [ReadWriteMany]
    ///   storageClassName: shared
    ///   resources: {requests: {storage: 10Gi}}
    /// ---
    /// apiVersion: autoscaling/v2
    /// kind: HorizontalPodAutoscaler
    /// metadata: {name: uploads, namespace: shop}
    /// spec:
    ///   scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: uploads}
    ///   maxReplicas: 5
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes>
    /// - <https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/>
    pub static RULE = {
        name: "exclusive-claim-autoscaled",
        summary: "autoscaler adds pods to a workload whose pods share one ReadWriteOnce or ReadWriteOncePod claim",
        category: Category::Workload,
        class: Class::Availability,
        needs: &[
            Needs::HorizontalPodAutoscaler,
            Needs::Deployment,
            Needs::StatefulSet,
            Needs::PersistentVolumeClaim,
        ],
        operations: &[Operation::Create, Operation::Update],
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Deny),
        check: Check::Object(
            &[ObjectKind::HorizontalPodAutoscaler, ObjectKind::Deployment, ObjectKind::StatefulSet],
            check,
        ),
    }
}

const REMEDY: &str = "Use a ReadWriteMany claim on shared files, or a StatefulSet with volumeClaimTemplates, or do not \
                      autoscale.";

fn check(subject: &Subject<'_>, cx: &Context<'_>, out: &mut Findings) {
    match subject {
        Subject::Workload(workload) => check_workload(workload, cx, out),
        subject => check_autoscaler(Autoscaler::new(subject.value()), cx, out),
    }
}

fn check_autoscaler(autoscaler: Autoscaler<'_>, cx: &Context<'_>, out: &mut Findings) {
    let max = autoscaler.max_replicas();
    let Some((kind, name)) = autoscaler.target().filter(|_| max > 1) else {
        return;
    };
    let Some(table) = ViewKind::find(kind.group(), kind.as_str()) else {
        return;
    };
    let row = cx.view().get(table, cx.namespace(), name);
    // One that does not exist is judged when it comes.
    let Some(row) = out.found_or_skip(row, format_args!("{} {name}", kind.as_str())) else {
        return;
    };
    let workload = Workload::new(kind, row);
    for claim in super::exclusive_claims(&workload, cx, out) {
        let (mode, claim) = (claim.mode, claim.volume.claim);
        let message = format!(
            "maxReplicas {max}: pods of {} share {mode} claim {claim}",
            workload.title()
        );
        let path = FieldPath::of(&["spec", "maxReplicas"]);
        out.push(Finding::new(path, claim, message).remedy(REMEDY));
    }
}

fn check_workload(workload: &Workload<'_>, cx: &Context<'_>, out: &mut Findings) {
    // Where the autoscaler is judged too, it is the one to change.
    if cx.door() != Door::Webhook {
        return;
    }
    let target = Some((workload.kind(), workload.meta().name()));
    let mut autoscalers = cx
        .view()
        .rows_in(ViewKind::HorizontalPodAutoscaler, cx.namespace())
        .map(Autoscaler::new);
    let Some(autoscaler) = autoscalers.find(|known| known.target() == target && known.max_replicas() > 1) else {
        return;
    };
    for claim in super::exclusive_claims(workload, cx, out) {
        let name = claim.volume.claim;
        let message = format!(
            "autoscaler {} asks for up to {} pods, which share {} claim {name}",
            autoscaler.meta().name(),
            autoscaler.max_replicas(),
            claim.mode
        );
        out.push(Finding::new(claim.volume.path, name, message).remedy(REMEDY));
    }
}
