//! See the documentation of [`RULE`].

use super::Served;
use crate::drivers::{Confidence, Support};
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Profiles};
use crate::model::{AccessMode, Claim, ClaimOrigin};

crate::rule! {
    /// ## What it checks
    /// A claim template of a StatefulSet asks for `ReadWriteOnce` and nothing else, and the driver of its class is
    /// known to serve `ReadWriteOncePod`. Every claim of a set is used by one pod. Claims outside of sets are not
    /// judged: pods of one node may share them, which cannot be seen from the claim.
    ///
    /// ## Why it matters
    /// `ReadWriteOnce` lets any number of pods write, as long as they run on one node. A second pod that mounts the
    /// claim by mistake, or a pod that was deleted by force and still runs, corrupts the files of a database;
    /// `ReadWriteOncePod` keeps it from starting.
    ///
    /// ## How to fix
    /// Write `accessModes: [ReadWriteOncePod]`. The templates of a set that exists cannot be changed, so it is for new
    /// ones. Pods for maintenance and backup that mount the claim beside its own pod then have to wait.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata: {name: gp3}
    /// provisioner: ebs.csi.aws.com
    /// parameters: {type: gp3, encrypted: "true"}
    /// volumeBindingMode: WaitForFirstConsumer
    /// reclaimPolicy: Retain
    /// allowVolumeExpansion: true
    /// ```
    /// ```yaml,fails
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata: {name: db}
    /// spec:
    ///   volumeClaimTemplates:
    ///     - metadata: {name: data}
    ///       spec:
    ///         storageClassName: gp3
    ///         accessModes: [ReadWriteOnce]
    ///         resources: {requests: {storage: 10Gi}}
    /// ```
    /// ```yaml,passes
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata: {name: db}
    /// spec:
    ///   volumeClaimTemplates:
    ///     - metadata: {name: data}
    ///       spec:
    ///         storageClassName: gp3
    ///         accessModes: [ReadWriteOncePod]
    ///         resources: {requests: {storage: 10Gi}}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes>
    /// - <https://kubernetes.io/blog/2023/04/20/read-write-once-pod-access-mode-beta/>
    pub static RULE = {
        name: "exclusive-mode-advised",
        summary: "asks for ReadWriteOnce where ReadWriteOncePod would keep other pods out",
        category: Category::Claim,
        class: Class::LosesData,
        fix: Fix::None,
        needs: &[Needs::StorageClass],
        profiles: Profiles::actions(Action::Off, Action::Off, Action::Audit),
        check: Check::Claim(check),
    }
}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    let wrong = |(_, mode)| mode != AccessMode::ReadWriteOnce;
    if claim.origin() != ClaimOrigin::SetTemplate
        || claim.access_modes().next().is_none()
        || claim.access_modes().any(wrong)
    {
        return;
    }
    let Some(served) = Served::for_claim(claim, cx, out) else {
        return;
    };
    let fact = served.access_mode(
        AccessMode::ReadWriteOncePod,
        claim.volume_mode(),
        claim.data_source().is_some(),
    );
    if fact.value != Support::Served || fact.confidence == Confidence::Unknown {
        return;
    }
    let message = format!(
        "{} lets every pod of a node write; one pod is all that it needs",
        claim.title()
    );
    out.push(
        Finding::new(
            claim.spec_path(&["accessModes"]),
            AccessMode::ReadWriteOnce.as_str(),
            message,
        )
        .remedy(format!(
            "For a new set write accessModes: [{}], which {} serves.",
            AccessMode::ReadWriteOncePod,
            served.title()
        ))
        .certainty(fact.confidence.into()),
    );
}
