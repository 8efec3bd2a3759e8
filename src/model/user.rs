//! Who asks, told from the user's name.

/// Whether the user is a part of the cluster itself: a controller of kube-system, the scheduler, a kubelet. They carry out
/// what others have asked for, and refusing it breaks the cluster.
pub fn is_cluster_machinery(user: &str) -> bool {
    user.starts_with("system:serviceaccount:kube-system:")
        || user.starts_with("system:node:")
        || matches!(user, "system:kube-controller-manager" | "system:kube-scheduler")
}

/// Whether the user is a pod's service account: a program of the cluster, such as a provisioner.
pub fn is_service_account(user: &str) -> bool {
    user.starts_with("system:serviceaccount:")
}
