//! A set without a Service that names its pods.

use crate::cluster::view::{Lookup, ViewKind};
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Needs, Profiles};
use crate::model::{FieldPath, ObjectKind, Workload, object};
use serde_json::Value;

crate::rule! {
    /// ## What it checks
    /// The Service that governs a StatefulSet: the set has no `serviceName`, or the Service of that name does not exist in
    /// the set's namespace, is not headless (`clusterIP: None`), or has a selector that does not select the set's pods. A
    /// Service without a selector is fine: somebody else keeps its endpoints.
    ///
    /// ## Why it matters
    /// Only through a headless governing Service do the pods get DNS names of their own, such as `db-0.db`. Clustered
    /// databases find their peers, and clients the right replica, by these names. A replica that cannot find its peers may
    /// well start as a new, empty cluster on its own volume. Nothing tells that the Service is missing: the API server never
    /// looks for it.
    ///
    /// ## How to fix
    /// Create a Service with `clusterIP: None` and the set's selector, and name it in `serviceName`. The field of an
    /// existing set cannot be changed, but the Service can be created under the name that the set has.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata:
    ///   name: db
    ///   namespace: shop
    /// spec:
    ///   serviceName: db
    ///   replicas: 3
    ///   selector:
    ///     matchLabels: {app: db}
    ///   template:
    ///     metadata:
    ///       labels: {app: db}
    ///     spec:
    ///       containers:
    ///         - name: db
    ///           image: registry.example.com/db:1
    ///           volumeMounts:
    ///             - {name: data, mountPath: /data}
    ///   volumeClaimTemplates:
    ///     - metadata:
    ///         name: data
    ///       spec:
    ///         accessModes: [ReadWriteOnce]
    ///         storageClassName: fast
    ///         resources:
    ///           requests: {storage: 10Gi}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: db
    ///   namespace: shop
    /// spec:
    ///   type: ClusterIP
    ///   selector: {app: db}
    /// ---
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: fast
    /// provisioner: ebs.csi.aws.com
    /// volumeBindingMode: WaitForFirstConsumer
    /// allowVolumeExpansion: true
    /// ```
    /// ```yaml,passes
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata:
    ///   name: db
    ///   namespace: shop
    /// spec:
    ///   serviceName: db
    ///   replicas: 3
    ///   selector:
    ///     matchLabels: {app: db}
    ///   template:
    ///     metadata:
    ///       labels: {app: db}
    ///     spec:
    ///       containers:
    ///         - name: db
    ///           image: registry.example.com/db:1
    ///           volumeMounts:
    ///             - {name: data, mountPath: /data}
    ///   volumeClaimTemplates:
    ///     - metadata:
    ///         name: data
    ///       spec:
    ///         accessModes: [ReadWriteOnce]
    ///         storageClassName: fast
    ///         resources:
    ///           requests: {storage: 10Gi}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: db
    ///   namespace: shop
    /// spec:
    ///   clusterIP: None
    ///   selector: {app: db}
    /// ---
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: fast
    /// provisioner: ebs.csi.aws.com
    /// volumeBindingMode: WaitForFirstConsumer
    /// allowVolumeExpansion: true
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-network-id>
    /// - <https://kubernetes.io/docs/concepts/services-networking/service/#headless-services>
    pub static RULE = {
        name: "missing-governing-service",
        summary: "StatefulSet has no headless Service that gives its pods DNS names",
        category: Category::Workload,
        class: Class::Availability,
        needs: &[Needs::Service],
        on_update: true,
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Warn),
        check: Check::Workload(&[ObjectKind::StatefulSet], check),
    }
}

fn check(workload: &Workload<'_>, cx: &Context<'_>, out: &mut Findings) {
    let name = workload.spec_text(&["serviceName"]).unwrap_or_default();
    let fault = if name.is_empty() {
        Some("no serviceName".to_owned())
    } else {
        match cx.view().get(ViewKind::Service, cx.namespace(), name) {
            Lookup::Found(service) => fault_of(service, workload).map(|fault| format!("Service {name} {fault}")),
            Lookup::Absent => Some(format!("Service {name} does not exist")),
            Lookup::Unknown => {
                out.skip(format!("Service {name} is unknown"));
                None
            }
        }
    };
    let Some(fault) = fault else { return };
    let wanted = if name.is_empty() { "a Service" } else { name };
    out.push(
        Finding::new(
            FieldPath::of(&["spec", "serviceName"]),
            &fault,
            format!("{fault}: the pods get no DNS names of their own"),
        )
        .remedy(format!(
            "create {wanted} with clusterIP: None and the set's selector, and name it in serviceName"
        )),
    );
}

fn fault_of(service: &Value, workload: &Workload<'_>) -> Option<String> {
    // A Service in a manifest that says nothing of an address gets one.
    let address = object::text(service, &["spec", "clusterIP"]).filter(|address| !address.is_empty());
    if address != Some("None") {
        return Some(match address {
            Some(address) => format!("is not headless (clusterIP {address})"),
            None => "is not headless (no clusterIP: None)".to_owned(),
        });
    }
    let selector = object::map(service, &["spec", "selector"])?;
    let labels = workload.pod_labels();
    let (key, value) = selector
        .iter()
        .find(|(key, value)| labels.and_then(|labels| labels.get(*key)) != Some(*value))?;
    Some(format!(
        "selects other pods ({key}={})",
        value.as_str().unwrap_or_default()
    ))
}
