//! How the API serves the kinds: addresses, versions, and lists page by page.

use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, ListParams};
use kube::core::GroupVersionKind;
use serde_json::Value;

/// How many objects the API server is asked for at once.
pub(super) const PAGE: u32 = 500;

/// The versions that servers may serve the kind in, the newest first.
pub fn versions(group: &str, kind: &str) -> &'static [&'static str] {
    match (group, kind) {
        // https://kubernetes.io/docs/concepts/storage/volume-attributes-classes/
        ("storage.k8s.io", "VolumeAttributesClass") => &["v1", "v1beta1"],
        ("autoscaling", _) => &["v2"],
        // https://github.com/kubernetes-csi/external-snapshotter/tree/master/client/config/crd
        ("groupsnapshot.storage.k8s.io", _) => &["v1", "v1beta2", "v1beta1"],
        // https://github.com/kubernetes-csi/volume-data-source-validator/tree/master/client/config/crd
        ("populator.storage.k8s.io", _) => &["v1beta1"],
        ("volguard.dev", _) => &["v1alpha1"],
        _ => &["v1"],
    }
}

/// How the API calls the kind, in the `attempt`th of the versions that servers may serve it in; after the last comes the first.
pub fn resource(group: &str, kind: &str, attempt: usize) -> ApiResource {
    let versions = versions(group, kind);
    let version = versions[attempt % versions.len()];
    ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind))
}

/// The kind's name in addresses and permissions: `persistentvolumeclaims`.
pub fn plural(group: &str, kind: &str) -> String {
    resource(group, kind, 0).plural
}

/// What came of a list.
#[derive(Debug)]
pub enum Listed {
    /// Every object was handed over.
    All,
    /// The API server has no such kind.
    NoSuchKind,
}

/// Lists every object of a kind, in one namespace or in all, and hands each over, page by page; objects that are made
/// meanwhile may be missing. Fails as the API server says.
pub async fn list(
    client: &Client,
    group: &str,
    kind: &str,
    namespace: Option<&str>,
    mut each: impl FnMut(Value),
) -> Result<Listed, kube::Error> {
    for attempt in 0..versions(group, kind).len() {
        let resource = resource(group, kind, attempt);
        let api = match namespace {
            Some(namespace) => Api::<DynamicObject>::namespaced_with(client.clone(), namespace, &resource),
            None => Api::all_with(client.clone(), &resource),
        };
        let mut parameters = ListParams::default().limit(PAGE);
        loop {
            let page = match api.list(&parameters).await {
                Ok(page) => page,
                Err(kube::Error::Api(status)) if status.code == 404 => break,
                Err(error) => return Err(error),
            };
            for mut object in page.items {
                // A list names the type of its items once.
                object.types.get_or_insert_with(|| kube::api::TypeMeta {
                    api_version: resource.api_version.clone(),
                    kind: resource.kind.clone(),
                });
                each(serde_json::to_value(object).map_err(kube::Error::SerdeError)?);
            }
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => parameters = parameters.continue_token(&token),
                None => return Ok(Listed::All),
            }
        }
    }
    Ok(Listed::NoSuchKind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::view::ViewKind;

    #[test]
    fn kinds_have_the_addresses_that_the_api_server_serves() {
        let address = |kind: ViewKind, attempt| {
            let resource = resource(kind.group(), kind.as_str(), attempt);
            format!("{} {}", resource.api_version, resource.plural)
        };
        for (kind, attempt, expected) in [
            (ViewKind::StorageClass, 0, "storage.k8s.io/v1 storageclasses"),
            (ViewKind::PersistentVolumeClaim, 0, "v1 persistentvolumeclaims"),
            (ViewKind::ResourceQuota, 0, "v1 resourcequotas"),
            (ViewKind::PodDisruptionBudget, 0, "policy/v1 poddisruptionbudgets"),
            (
                ViewKind::VolumeAttributesClass,
                0,
                "storage.k8s.io/v1 volumeattributesclasses",
            ),
            (
                ViewKind::VolumeAttributesClass,
                1,
                "storage.k8s.io/v1beta1 volumeattributesclasses",
            ),
            (
                ViewKind::VolumeAttributesClass,
                2,
                "storage.k8s.io/v1 volumeattributesclasses",
            ),
            (
                ViewKind::VolumeSnapshotClass,
                0,
                "snapshot.storage.k8s.io/v1 volumesnapshotclasses",
            ),
        ] {
            assert_eq!(address(kind, attempt), expected);
        }
    }
}
