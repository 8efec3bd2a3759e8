//! The secrets that a StorageClass gives to the CSI sidecars.

/// The keys under which a StorageClass may name a secret in its parameters.
/// <https://kubernetes-csi.github.io/docs/secrets-and-credentials-storage-class.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretKeys {
    /// The key of the secret's name.
    pub name: &'static str,
    /// The key of the secret's namespace.
    pub namespace: &'static str,
    /// The keys of name and namespace from before there was a prefix, which are still read.
    pub old: Option<[&'static str; 2]>,
}

impl SecretKeys {
    /// The secret that stands in for every other one that is not given.
    pub const DEFAULT: Self = Self::new("csi.storage.k8s.io/secret-name", "csi.storage.k8s.io/secret-namespace");
    /// For making and deleting volumes.
    pub const PROVISIONER: Self = Self::new(
        "csi.storage.k8s.io/provisioner-secret-name",
        "csi.storage.k8s.io/provisioner-secret-namespace",
    )
    .once("csiProvisionerSecretName", "csiProvisionerSecretNamespace");
    /// For enlarging volumes at the storage backend.
    pub const CONTROLLER_EXPAND: Self = Self::new(
        "csi.storage.k8s.io/controller-expand-secret-name",
        "csi.storage.k8s.io/controller-expand-secret-namespace",
    );
    /// Every secret that the sidecars know.
    pub const ALL: [Self; 8] = [
        Self::DEFAULT,
        Self::PROVISIONER,
        Self::CONTROLLER_EXPAND,
        Self::new(
            "csi.storage.k8s.io/controller-publish-secret-name",
            "csi.storage.k8s.io/controller-publish-secret-namespace",
        )
        .once("csiControllerPublishSecretName", "csiControllerPublishSecretNamespace"),
        Self::new(
            "csi.storage.k8s.io/node-stage-secret-name",
            "csi.storage.k8s.io/node-stage-secret-namespace",
        )
        .once("csiNodeStageSecretName", "csiNodeStageSecretNamespace"),
        Self::new(
            "csi.storage.k8s.io/node-publish-secret-name",
            "csi.storage.k8s.io/node-publish-secret-namespace",
        )
        .once("csiNodePublishSecretName", "csiNodePublishSecretNamespace"),
        Self::new(
            "csi.storage.k8s.io/node-expand-secret-name",
            "csi.storage.k8s.io/node-expand-secret-namespace",
        ),
        Self::new(
            "csi.storage.k8s.io/controller-modify-secret-name",
            "csi.storage.k8s.io/controller-modify-secret-namespace",
        ),
    ];

    /// Whether a parameter of a class is the name or the namespace of the secret.
    pub fn has(&self, key: &str) -> bool {
        key == self.name || key == self.namespace || self.old.is_some_and(|old| old.contains(&key))
    }

    const fn new(name: &'static str, namespace: &'static str) -> Self {
        Self {
            name,
            namespace,
            old: None,
        }
    }

    const fn once(self, name: &'static str, namespace: &'static str) -> Self {
        Self {
            old: Some([name, namespace]),
            ..self
        }
    }
}
