//! See the documentation of [`RULE`].

use crate::cluster::view::ViewKind;
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Profiles};
use crate::model::Claim;
use crate::model::object::text;

crate::rule! {
    /// ## What it checks
    /// A claim is to be filled from an object of a kind for which the cluster has no VolumePopulator. Claims and
    /// snapshots need none. A cluster that registers no populator at all is not judged: registering is voluntary, and
    /// a populator works without.
    ///
    /// ## Why it matters
    /// Nobody fills the volume, and the claim stays Pending without an event that says why.
    ///
    /// ## How to fix
    /// Install the populator of that kind, or correct `apiGroup` and `kind` of `dataSourceRef`.
    /// `kubectl get volumepopulators` shows what is registered.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: populator.storage.k8s.io/v1beta1
    /// kind: VolumePopulator
    /// metadata: {name: images}
    /// sourceKind: {group: images.example.com, kind: Image}
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: disk}
    /// spec:
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    ///   dataSourceRef: {apiGroup: images.example.com, kind: DiskImage, name: debian}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: disk}
    /// spec:
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    ///   dataSourceRef: {apiGroup: images.example.com, kind: Image, name: debian}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#volume-populators-and-data-sources>
    /// - <https://github.com/kubernetes-csi/volume-data-source-validator>
    pub static RULE = {
        name: "missing-populator",
        summary: "asks for a data source of a kind that no volume populator serves",
        category: Category::Claim,
        class: Class::Availability,
        fix: Fix::None,
        needs: &[Needs::VolumePopulator],
        in_scan: false,
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Warn),
        check: Check::Claim(check),
    }
}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    // What stands in dataSource only is dropped; kinds of the core group are refused.
    let populated = claim.data_source().filter(|source| {
        source.field == "dataSourceRef" && !source.is_claim() && !source.is_snapshot() && !source.group.is_empty()
    });
    let Some(source) = populated.filter(|_| claim.volume_name().is_none()) else {
        return;
    };
    let (mut registered, mut served) = (false, false);
    for row in cx.view().rows(ViewKind::VolumePopulator) {
        registered = true;
        served |= text(row, &["sourceKind", "group"]).unwrap_or_default() == source.group
            && text(row, &["sourceKind", "kind"]) == Some(source.kind);
    }
    if served {
        return;
    }
    if !registered || !cx.view().is_complete(ViewKind::VolumePopulator) {
        return out.skip(format!("whether a volume populator serves {} is unknown", source.kind));
    }
    let message = format!(
        "{} is filled from {}, a kind that no VolumePopulator serves",
        claim.title(),
        source.title()
    );
    out.push(
        Finding::new(claim.spec_path(&[source.field, "kind"]), source.kind, message).remedy(format!(
            "The claim stays Pending until a populator for {} of {} is installed; see `kubectl get volumepopulators`.",
            source.kind, source.group
        )),
    );
}
