//! See the documentation of [`RULE`].

use crate::engine::{
    Action, Category, Check, Class, Context, Finding, Findings, Needs, Operation, Profiles, ReportsAt, ResolvedClass,
};
use crate::model::{FieldChange, FieldPath, ObjectKind, TemplateChange, Workload, template_changes};

crate::rule! {
    /// ## What it checks
    /// An update of a StatefulSet that changes `volumeClaimTemplates`: a field of a template, or which templates there
    /// are, or their order. Sizes are compared by value (`1Gi` is `1024Mi`), and fields that the API server fills in
    /// are left aside.
    ///
    /// ## Why it matters
    /// The API server refuses the update with a list of the fields that may change. It does not say which field was
    /// changed, nor that the claims can grow without the template, nor how to get a new template without losing a pod.
    /// A chart that puts its version into the labels of the template fails with every upgrade.
    ///
    /// ## How to fix
    /// Undo the change, or: grow the claims themselves with `kubectl patch pvc` where their class allows expansion;
    /// then `kubectl delete statefulset NAME --cascade=orphan`, which leaves pods and claims as they are, and apply the
    /// manifest again. Claims that exist keep what they have; only the claims of new replicas follow the new template.
    ///
    /// ## Examples
    /// ```yaml,cluster
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
    /// ```yaml,old
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
    ///           requests: {storage: 20Gi}
    /// ```
    /// ```yaml,passes
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata:
    ///   name: db
    ///   namespace: shop
    /// spec:
    ///   serviceName: db
    ///   replicas: 5
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
    /// - <https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#volume-claim-templates>
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#expanding-persistent-volumes-claims>
    /// - <https://kubernetes.io/docs/tasks/run-application/delete-stateful-set/>
    pub static RULE = {
        name: "claim-template-changed",
        summary: "StatefulSet changes its claim templates, which the API server refuses",
        category: Category::Workload,
        class: Class::Hygiene,
        needs: &[Needs::StorageClass],
        operations: &[Operation::Update],
        reports_at: ReportsAt::Mutate,
        profiles: Profiles::actions(Action::Warn, Action::Warn, Action::Warn),
        check: Check::Workload(&[ObjectKind::StatefulSet], check),
    }
}

fn check(workload: &Workload<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Some(old) = cx.old_workload() else { return };
    let path = FieldPath::of(&["spec", "volumeClaimTemplates"]);
    let set = workload.meta().name();
    let replace = format!(
        "`kubectl delete statefulset {set} -n {} --cascade=orphan`, then apply again",
        cx.namespace()
    );
    for change in template_changes(old, workload) {
        out.push(match change {
            TemplateChange::Added { index, template } => {
                let name = template.name();
                let message = format!("claim template {name} is new: templates of a set cannot be added");
                Finding::new(path.index(index), name, message)
                    .remedy(format!("Run {replace}: pods that are recreated get the new claim."))
            }
            TemplateChange::Removed { template } => {
                let name = template.name();
                let message = format!("claim template {name} is gone: templates of a set cannot be removed");
                Finding::new(path.clone(), name, message).remedy(format!(
                    "Run {replace}: the claims stay until they are deleted by hand."
                ))
            }
            TemplateChange::Reordered { before, after } => {
                let message = "claim templates are in another order: templates of a set cannot change";
                Finding::new(path.clone(), after.join(","), message).remedy(format!(
                    "Put the templates in their former order: {}.",
                    before.join(", ")
                ))
            }
            TemplateChange::Field(change) => {
                let message = format!(
                    "{}: {} {} -> {}, but a set's templates stay",
                    change.new.title(),
                    change.keys.last().copied().unwrap_or_default(),
                    change.before,
                    change.after
                );
                let remedy = if change.is_size() {
                    size_remedy(&change, set, cx, &replace)
                } else {
                    format!("Run {replace}: claims that exist keep what they have, only those of new replicas change.")
                };
                let template = path.index(change.index);
                let field = change.keys.iter().fold(template, |field, key| field.entry(key));
                Finding::new(field, change.after, message).remedy(remedy)
            }
        });
    }
}

fn size_remedy(change: &FieldChange<'_>, set: &str, cx: &Context<'_>, replace: &str) -> String {
    let (Some(Ok(before)), Some(Ok(after))) = (change.old.request(), change.new.request()) else {
        return format!("Run {replace}.");
    };
    if after < before {
        return format!("Restore {} in the template: claims cannot shrink.", change.before);
    }
    // The claims that exist have the class of the old template.
    let first = match cx.class_of(change.old) {
        ResolvedClass::Found(class) if !class.allows_expansion() => {
            format!(
                "Set allowVolumeExpansion: true on StorageClass {} if its driver can expand. ",
                class.name()
            )
        }
        _ => String::new(),
    };
    format!(
        "{first}Grow each claim (-0, -1, …): `kubectl patch pvc {}-{set}-0 -n {} --type merge -p \
         '{{\"spec\":{{\"resources\":{{\"requests\":{{\"storage\":\"{}\"}}}}}}}}'`. Then run {replace}.",
        change.new.name(),
        cx.namespace(),
        change.after,
    )
}
