//! Which other objects an object names, so that a review can wait for those that follow it within milliseconds.

use super::live::Named;
use super::view::ViewKind;
use crate::model::{Autoscaler, Claim, ClassName, ObjectKind, Subject, Workload};

/// The objects that a subject in `namespace` names.
pub fn named_by(subject: &Subject<'_>, namespace: &str) -> Vec<Named> {
    let mut named: Vec<_> = claim_of_volume(subject).into_iter().collect();
    let mut name = |kind: ViewKind, name: Option<&str>| {
        let namespace = if kind.is_namespaced() { namespace } else { "" };
        named.extend(
            name.filter(|name| !name.is_empty())
                .map(|name| Named::new(kind, namespace, name)),
        );
    };
    for claim in subject.claims() {
        of_claim(claim, &mut name);
    }
    match subject {
        Subject::Workload(workload) => of_workload(workload, &mut name),
        Subject::Snapshot(snapshot) => {
            name(ViewKind::PersistentVolumeClaim, snapshot.claim());
            name(ViewKind::VolumeSnapshotClass, snapshot.class_name());
            name(ViewKind::VolumeSnapshotContent, snapshot.content());
        }
        Subject::Other(ObjectKind::HorizontalPodAutoscaler, autoscaler) => {
            if let Some((kind, target)) = Autoscaler::new(autoscaler).target()
                && let Some(kind) = ViewKind::find(kind.group(), kind.as_str())
            {
                name(kind, Some(target));
            }
        }
        _ => {}
    }
    name(
        ViewKind::Namespace,
        Some(namespace).filter(|_| subject.kind() != ObjectKind::Namespace),
    );
    named
}

/// The claim that a volume is kept for, in its own namespace.
fn claim_of_volume(subject: &Subject<'_>) -> Option<Named> {
    let Subject::Volume(volume) = subject else { return None };
    let claim = volume.claim_ref()?;
    let complete = !claim.namespace.is_empty() && !claim.name.is_empty();
    complete.then(|| Named::new(ViewKind::PersistentVolumeClaim, claim.namespace, claim.name))
}

fn of_claim(claim: &Claim<'_>, name: &mut impl FnMut(ViewKind, Option<&str>)) {
    if let ClassName::Named(class) = claim.class_name() {
        name(ViewKind::StorageClass, Some(class));
    }
    name(ViewKind::PersistentVolume, claim.volume_name());
    name(ViewKind::VolumeAttributesClass, claim.attributes_class());
    if let Some(source) = claim.data_source().filter(|source| source.namespace.is_none()) {
        match (source.group, source.kind) {
            ("", "PersistentVolumeClaim") => name(ViewKind::PersistentVolumeClaim, Some(source.name)),
            ("snapshot.storage.k8s.io", "VolumeSnapshot") => name(ViewKind::VolumeSnapshot, Some(source.name)),
            _ => {}
        }
    }
}

fn of_workload(workload: &Workload<'_>, name: &mut impl FnMut(ViewKind, Option<&str>)) {
    for volume in workload.claim_volumes() {
        name(ViewKind::PersistentVolumeClaim, Some(volume.claim));
    }
    if workload.kind() == ObjectKind::StatefulSet {
        name(ViewKind::Service, workload.spec_text(&["serviceName"]));
    }
    for volume in workload.pod_volumes() {
        name(ViewKind::CsiDriver, volume.text(&["csi", "driver"]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_workload_names_what_its_pods_use() {
        let volumes = json!([
            {"name": "a", "persistentVolumeClaim": {"claimName": "files"}},
            {"name": "b", "csi": {"driver": "secrets.example.com"}},
            {"name": "c", "ephemeral": {"volumeClaimTemplate": {"spec": {"storageClassName": "fast"}}}},
        ]);
        let deployment = json!({"metadata": {"name": "web"}, "spec": {"template": {"spec": {"volumes": volumes}}}});
        let named = named_by(&Subject::new(ObjectKind::Deployment, &deployment), "shop");
        let mut of: Vec<_> = named.iter().map(|named| (named.kind, named.name.as_str())).collect();
        of.sort_unstable();
        let expected = [
            (ViewKind::StorageClass, "fast"),
            (ViewKind::CsiDriver, "secrets.example.com"),
            (ViewKind::Namespace, "shop"),
            (ViewKind::PersistentVolumeClaim, "files"),
        ];
        assert_eq!(of, expected);
    }

    #[test]
    fn a_volume_names_the_claim_that_it_is_kept_for_in_the_namespace_of_that_claim() {
        let named = |claim: serde_json::Value| {
            let volume = json!({"spec": {"claimRef": claim}});
            named_by(&Subject::new(ObjectKind::PersistentVolume, &volume), "")
        };
        let claim = Named::new(ViewKind::PersistentVolumeClaim, "shop", "data");
        assert_eq!(named(json!({"namespace": "shop", "name": "data"})), [claim]);
        assert_eq!(named(json!({"name": "data"})), []);
        assert_eq!(named(json!(null)), []);
    }
}
