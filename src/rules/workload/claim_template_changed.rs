//! An edit of claim templates, which the API server refuses without saying what to do.

use crate::engine::{
    Action, Category, Check, Class, Context, Finding, Findings, Needs, Operation, Profiles, ReportsAt, ResolvedClass,
};
use crate::model::quantity::Quantity;
use crate::model::{Claim, ClassName, FieldPath, ObjectKind, Workload, object};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

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
    ///           requests: {storage: 20Gi}
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

/// The fields of a template that are compared as they are; size, class and volume mode are compared by meaning.
const FIELDS: &[&[&str]] = &[
    &["spec", "accessModes"],
    &["spec", "selector"],
    &["spec", "volumeName"],
    &["spec", "dataSource"],
    &["spec", "dataSourceRef"],
    &["spec", "volumeAttributesClassName"],
];
/// The mappings that are compared key by key.
const MAPPINGS: [&[&str]; 2] = [&["metadata", "labels"], &["metadata", "annotations"]];
const STORAGE: &[&str] = &["spec", "resources", "requests", "storage"];

fn check(workload: &Workload<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Some(old) = cx.old() else { return };
    let old = Workload::new(workload.kind(), old);
    let (old_list, new_list) = (templates(&old), templates(workload));
    let old_claims: Vec<_> = super::set_templates(&old).collect();
    let new_claims: Vec<_> = super::set_templates(workload).collect();
    let path = FieldPath::of(&["spec", "volumeClaimTemplates"]);
    let set = workload.meta().name();
    let namespace = cx.namespace();
    let replace = format!("kubectl delete statefulset {set} -n {namespace} --cascade=orphan, then apply again");

    for (index, new) in new_claims.iter().enumerate() {
        let path = path.index(index);
        let Some(at) = old_claims.iter().position(|old| old.name() == new.name()) else {
            let message = format!(
                "claim template {} is new: templates of a set cannot be added",
                new.name()
            );
            let remedy = format!("{replace}: pods that are recreated get the new claim");
            out.push(Finding::new(path, new.name(), message).remedy(remedy));
            continue;
        };
        let (old, old_value, new_value) = (old_claims[at], &old_list[at], &new_list[index]);
        let title = new.title();
        let mut report = |keys: &[&str], old: &str, new: &str, remedy: String| {
            let field = keys.last().copied().unwrap_or_default();
            let message = format!("{title}: {field} {old} -> {new}, but templates of a set cannot change");
            out.push(Finding::new(path.keys(keys), new, message).remedy(remedy));
        };
        if size(old) != size(new) {
            let remedy = size_remedy(old, new, set, cx, &replace);
            report(
                STORAGE,
                or_none(&old.request_text()),
                or_none(&new.request_text()),
                remedy,
            );
        }
        let keeps = format!("{replace}: claims that exist keep what they have, only those of new replicas change");
        if old.class_name() != new.class_name() {
            let keys = &["spec", "storageClassName"];
            report(keys, class(old), class(new), keeps.clone());
        }
        if old.volume_mode() != new.volume_mode() {
            let keys = &["spec", "volumeMode"];
            report(
                keys,
                old.volume_mode().as_str(),
                new.volume_mode().as_str(),
                keeps.clone(),
            );
        }
        for keys in FIELDS {
            let (old, new) = (field(old_value, keys), field(new_value, keys));
            if old != new {
                report(keys, &shown(old), &shown(new), keeps.clone());
            }
        }
        for keys in MAPPINGS {
            let (old, new) = (object::map(old_value, keys), object::map(new_value, keys));
            let names: BTreeSet<_> = old.into_iter().chain(new).flat_map(|map| map.keys()).collect();
            for name in names {
                let value = |map: Option<&Map<String, Value>>| shown(map.and_then(|map| map.get(name)));
                let (old, new) = (value(old), value(new));
                if old != new {
                    report(&[keys, &[name]].concat(), &old, &new, keeps.clone());
                }
            }
        }
    }
    for gone in old_claims
        .iter()
        .filter(|old| new_claims.iter().all(|new| new.name() != old.name()))
    {
        let message = format!(
            "claim template {} is gone: templates of a set cannot be removed",
            gone.name()
        );
        let remedy = format!("{replace}: the claims stay until they are deleted by hand");
        out.push(Finding::new(path.clone(), gone.name(), message).remedy(remedy));
    }
    let names = |claims: &[&Claim<'_>]| claims.iter().map(|claim| claim.name().to_owned()).collect::<Vec<_>>();
    let (old, new) = (names(&old_claims), names(&new_claims));
    if old != new && old.len() == new.len() && new.iter().all(|name| old.contains(name)) {
        let message = "claim templates are in another order: templates of a set cannot change";
        let remedy = format!("put the templates in their former order: {}", old.join(", "));
        out.push(Finding::new(path, new.join(","), message).remedy(remedy));
    }
}

fn templates<'a>(workload: &Workload<'a>) -> &'a [Value] {
    object::list(workload.value(), &["spec", "volumeClaimTemplates"])
}

/// The size by value; what is no quantity is compared as it is written.
fn size(claim: &Claim<'_>) -> Result<Option<Quantity>, String> {
    claim.request().transpose().map_err(|_| claim.request_text())
}

fn size_remedy(old: &Claim<'_>, new: &Claim<'_>, set: &str, cx: &Context<'_>, replace: &str) -> String {
    let (Ok(Some(before)), Ok(Some(after))) = (size(old), size(new)) else {
        return replace.to_owned();
    };
    if after < before {
        return format!("claims cannot shrink: restore {} in the template", old.request_text());
    }
    // The claims that exist have the class of the old template.
    let first = match cx.class_of(old) {
        ResolvedClass::Found(class) if !class.allows_expansion() => {
            format!(
                "set allowVolumeExpansion: true on StorageClass {} if its driver can expand; ",
                class.name()
            )
        }
        _ => String::new(),
    };
    format!(
        "{first}grow each claim: kubectl patch pvc {}-{set}-0 -n {} --type merge -p \
         '{{\"spec\":{{\"resources\":{{\"requests\":{{\"storage\":\"{}\"}}}}}}}}' (and -1, -2, ...); then {replace}",
        new.name(),
        cx.namespace(),
        new.request_text(),
    )
}

/// A field, with everything that means "nothing" the same.
fn field<'a>(template: &'a Value, keys: &[&str]) -> Option<&'a Value> {
    object::at(template, keys).filter(|value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    })
}

/// A value in a message: lists of words in full, of mappings only that they are there.
fn shown(value: Option<&Value>) -> String {
    match value {
        None => "none".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("+"),
        Some(Value::Object(_)) => "{...}".to_owned(),
        Some(value) => value.to_string(),
    }
}

fn class<'a>(claim: &Claim<'a>) -> &'a str {
    match claim.class_name() {
        ClassName::Named(name) => name,
        ClassName::Empty => "\"\"",
        ClassName::Default => "none",
    }
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}
