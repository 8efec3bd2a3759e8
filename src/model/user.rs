//! Who asks, told from the user's name.

/// How the names of kube-system's controllers and of kubelets begin.
pub const MACHINERY_PREFIXES: [&str; 2] = ["system:serviceaccount:kube-system:", "system:node:"];

/// The names of the components that need no ServiceAccount.
pub const MACHINERY_NAMES: [&str; 2] = ["system:kube-controller-manager", "system:kube-scheduler"];

/// Whether the user is a part of the cluster itself: a controller of kube-system, the scheduler, a kubelet. They carry out
/// what others have asked for, and refusing it breaks the cluster.
pub fn is_cluster_machinery(user: &str) -> bool {
    MACHINERY_PREFIXES.iter().any(|prefix| user.starts_with(prefix)) || MACHINERY_NAMES.contains(&user)
}

/// Whether the user is a pod's service account: a program of the cluster, such as a provisioner.
pub fn is_service_account(user: &str) -> bool {
    user.starts_with("system:serviceaccount:")
}
