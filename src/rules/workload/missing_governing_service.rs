//! See the documentation of [`RULE`].

use crate::cluster::view::{Lookup, ViewKind};
use crate::engine::{Action, Category, Check, Class, Context, Door, Finding, Findings, Needs, Operation, Profiles};
use crate::model::{FieldPath, ObjectKind, Workload, object};
use serde_json::Value;

crate::rule! {
    /// ## What it checks
    /// The Service that governs a StatefulSet with claim templates and two or more replicas: the set has no
    /// `serviceName`, or the Service of that name does not exist in the set's namespace, is not headless
    /// (`clusterIP: None`), or has a selector that does not select the set's pods. A Service without a selector is fine:
    /// somebody else keeps its endpoints. A single pod has no peers to find.
    ///
    /// ## Why it matters
    /// Only through a headless governing Service do the pods get DNS names of their own, such as `db-0.db`. Clustered
    /// databases find their peers, and clients the right replica, by these names. A replica that cannot find its peers
    /// may well start as a new, empty cluster on its own volume. Nothing tells that the Service is missing: the API
    /// server never looks for it.
    ///
    /// ## How to fix
    /// Create a Service with `clusterIP: None` and the set's selector, and name it in `serviceName`. The field of an
    /// existing set cannot be changed, but the Service can be created under the name that the set has.
    ///
    /// Write the Service before the set: `kubectl apply` sends the objects of a file in their order, and the set is judged
    /// when its Service is still to come. Where a policy denies that, a second `kubectl apply` of the file passes.
    ///
    /// ## Examples
    /// ```yaml,fails
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
    /// ---
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
    /// ```
    /// ```yaml,passes
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
    /// ---
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
        operations: &[Operation::Create, Operation::Update],
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Warn),
        check: Check::Workload(&[ObjectKind::StatefulSet], check),
    }
}

fn check(workload: &Workload<'_>, cx: &Context<'_>, out: &mut Findings) {
    // One pod has no peers to find, and peers without data of their own have none to lose.
    if workload.replicas() < 2 || workload.set_templates().next().is_none() {
        return;
    }
    let path = FieldPath::of(&["spec", "serviceName"]);
    let mut report = |fault: String, remedy: String| {
        let message = format!("{fault}: the pods get no DNS names of their own");
        out.push(Finding::new(path.clone(), fault, message).remedy(remedy));
    };
    let Some(name) = workload.spec_text(&["serviceName"]) else {
        let remedy = "Create a Service with clusterIP: None and the set's selector, and name it in serviceName.";
        return report("no serviceName".to_owned(), remedy.to_owned());
    };
    // `kubectl apply` sends the objects of a file one by one, in their order.
    let again = match cx.door() {
        Door::Webhook => " Apply again if it follows in the same file.",
        Door::Manifests | Door::Cluster => "",
    };
    match cx.view().get(ViewKind::Service, cx.namespace(), name) {
        Lookup::Found(service) => {
            if let Some((fault, remedy)) = fault_of(service, workload) {
                report(format!("Service {name} {fault}"), remedy.to_owned());
            }
        }
        Lookup::Absent => report(
            format!("Service {name} does not exist"),
            format!("Create Service {name} with clusterIP: None and the set's selector.{again}"),
        ),
        Lookup::Unknown => out.skip(format!("Service {name} is unknown")),
    }
}

/// What keeps a Service from governing the set, and what to do.
fn fault_of(service: &Value, workload: &Workload<'_>) -> Option<(String, &'static str)> {
    // A Service in a manifest that says nothing of an address gets one.
    let address = object::text(service, &["spec", "clusterIP"]).filter(|address| !address.is_empty());
    if address != Some("None") {
        let address = address.map_or("no clusterIP: None".to_owned(), |address| {
            format!("clusterIP {address}")
        });
        let remedy =
            "Recreate the Service with clusterIP: None, which cannot be changed, or name another in serviceName.";
        return Some((format!("is not headless ({address})"), remedy));
    }
    let selector = object::map(service, &["spec", "selector"])?;
    let label = |key: &str| workload.pod_labels().and_then(|labels| labels.get(key));
    let (key, value) = selector.iter().find(|(key, value)| label(key) != Some(*value))?;
    let fault = format!("selects other pods ({key}={})", value.as_str().unwrap_or_default());
    Some((
        fault,
        "Make the Service's selector that of the set, or name another Service in serviceName.",
    ))
}
