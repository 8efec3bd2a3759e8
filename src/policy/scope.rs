//! What is none of volguard's business, and which policies are for an object. `serve`, `check` and `scan` ask the same
//! functions.

use super::compiled::CompiledPolicy;
use crate::cluster::view::Lookup;
use crate::model::labels::LabelSelector;
use crate::model::{Meta, ObjectKind, user};
use serde_json::{Map, Value};

/// The API server puts this label on every namespace, with the namespace's name.
pub const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// Namespaces of the cluster itself.
pub const SYSTEM_NAMESPACES: [&str; 3] = ["kube-system", "kube-public", "kube-node-lease"];

/// What a request says of itself before its object is read.
#[derive(Debug, Clone, Copy)]
pub struct Attributes<'a> {
    /// API group of the object, empty for the core group.
    pub group: &'a str,
    /// Kind of the object.
    pub kind: &'a str,
    /// The subresource, empty for the object itself.
    pub subresource: &'a str,
    /// `CREATE`, `UPDATE`, `DELETE` or `CONNECT`.
    pub operation: &'a str,
    /// Namespace of the object, empty for cluster-scoped ones.
    pub namespace: &'a str,
    /// Who asks; empty where nobody does, as in `check` and `scan`.
    pub user: &'a str,
}

/// Where volguard itself runs, unless it is told otherwise.
pub const OWN_NAMESPACE: &str = "volguard-system";

/// Why no policy is asked at all, or None if the policies decide. `own_namespace` is where volguard itself runs.
pub fn out_of_scope(attributes: &Attributes<'_>, own_namespace: &str) -> Option<&'static str> {
    let namespace = attributes.namespace;
    if !matches!(attributes.subresource, "" | "scale") {
        Some("of the subresources only scale is read")
    } else if !matches!(attributes.operation, "CREATE" | "UPDATE" | "DELETE") {
        Some("only CREATE, UPDATE and DELETE are read")
    } else if attributes.operation == "DELETE" && user::is_cluster_machinery(attributes.user) {
        // Garbage collection, the end of a namespace, and the controllers and drivers that own what they delete.
        Some("what the cluster's own controllers delete is left alone")
    } else if ObjectKind::find(attributes.group, attributes.kind).is_none() {
        Some("no rule reads this kind")
    } else if SYSTEM_NAMESPACES.contains(&namespace) {
        Some("the namespaces of the cluster itself are left alone")
    } else if !namespace.is_empty() && namespace == own_namespace {
        Some("volguard's own namespace is left alone")
    } else {
        None
    }
}

/// Whether a policy is for an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applies {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// The policy selects by labels of the namespace, and those are unknown: it must not enforce.
    Unknown,
}

impl From<bool> for Applies {
    fn from(applies: bool) -> Self {
        if applies { Self::Yes } else { Self::No }
    }
}

impl CompiledPolicy {
    /// Whether the policy is for an object with these labels. `namespace` is the object's Namespace in the cluster view; it
    /// does not matter for a cluster-scoped object.
    pub fn applies(
        &self,
        attributes: &Attributes<'_>,
        object_labels: Option<&Map<String, Value>>,
        namespace: Lookup<&Value>,
    ) -> Applies {
        let matches = &self.matches;
        let excluded = |globs: &[String], name| globs.iter().any(|glob| glob_matches(glob, name));
        if excluded(&matches.exclude_users, attributes.user) {
            return Applies::No;
        }
        if let Some(selector) = &matches.object_selector
            && !selector.selects(|key| object_labels?.get(key)?.as_str())
        {
            return Applies::No;
        }
        let kind = ObjectKind::find(attributes.group, attributes.kind);
        // The API server gives a Namespace its own name as namespace.
        let in_namespace = kind == Some(ObjectKind::Namespace) || !kind.is_some_and(ObjectKind::is_cluster_scoped);
        if attributes.namespace.is_empty() || !in_namespace {
            return Applies::Yes;
        }
        if excluded(&matches.exclude_namespaces, attributes.namespace) {
            return Applies::No;
        }
        match &matches.namespace_selector {
            None => Applies::Yes,
            Some(selector) => selects_namespace(selector, attributes.namespace, namespace),
        }
    }

    /// Whether the policy looks at the labels of namespaces.
    pub(super) fn selects_namespaces(&self) -> bool {
        let selector = self.matches.namespace_selector.as_ref();
        selector.is_some_and(|selector| !selects_by_name_alone(selector))
    }
}

/// The namespace's name is known even where its labels are not. A namespace that is absent has objects only in the moment
/// before the watch has seen it.
fn selects_namespace(selector: &LabelSelector, name: &str, namespace: Lookup<&Value>) -> Applies {
    let labels = match namespace {
        Lookup::Found(namespace) => Meta::of(namespace).labels(),
        Lookup::Absent | Lookup::Unknown if selects_by_name_alone(selector) => None,
        Lookup::Absent | Lookup::Unknown => return Applies::Unknown,
    };
    let label = |key: &str| match key {
        NAME_LABEL => Some(name),
        key => labels?.get(key)?.as_str(),
    };
    selector.selects(label).into()
}

/// Also true of a selector that selects everything.
fn selects_by_name_alone(selector: &LabelSelector) -> bool {
    let expressions = selector.match_expressions.iter().map(|requirement| &requirement.key);
    selector
        .match_labels
        .keys()
        .chain(expressions)
        .all(|key| key == NAME_LABEL)
}

/// Whether `text` fits `glob`, in which `*` stands for any characters, also none.
pub(crate) fn glob_matches(glob: &str, text: &str) -> bool {
    let Some((prefix, rest)) = glob.split_once('*') else {
        return glob == text;
    };
    let Some(text) = text.strip_prefix(prefix) else {
        return false;
    };
    let (middle, suffix) = rest.rsplit_once('*').unwrap_or(("", rest));
    let Some(mut text) = text.strip_suffix(suffix) else {
        return false;
    };
    // The leftmost place of each part leaves most to the parts behind it.
    for part in middle.split('*') {
        match text.find(part) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::policy::compile;
    use serde_json::json;

    const CLAIM: Attributes<'_> = Attributes {
        group: "",
        kind: "PersistentVolumeClaim",
        subresource: "",
        operation: "CREATE",
        namespace: "shop",
        user: "ann",
    };
    const CLASS: Attributes<'_> = Attributes {
        group: "storage.k8s.io",
        kind: "StorageClass",
        namespace: "",
        ..CLAIM
    };

    fn policy(matches: &Value) -> CompiledPolicy {
        let spec = serde_json::from_value(json!({"match": matches})).unwrap();
        compile("p", &spec, &[]).unwrap()
    }

    #[test]
    fn leaves_alone_what_is_none_of_its_business() {
        let in_namespace = |namespace| Attributes { namespace, ..CLAIM };
        for (attributes, expected) in [
            (CLAIM, None),
            (CLASS, None),
            (
                Attributes {
                    operation: "UPDATE",
                    ..CLAIM
                },
                None,
            ),
            (
                Attributes {
                    user: "system:node:a",
                    ..CLAIM
                },
                None,
            ),
            (
                Attributes {
                    operation: "DELETE",
                    ..CLAIM
                },
                None,
            ),
            (
                Attributes {
                    operation: "DELETE",
                    user: "system:serviceaccount:kube-system:generic-garbage-collector",
                    ..CLAIM
                },
                Some("what the cluster's own controllers"),
            ),
            (
                Attributes {
                    operation: "CONNECT",
                    ..CLAIM
                },
                Some("only CREATE"),
            ),
            (
                Attributes {
                    operation: "CONNECT",
                    ..CLAIM
                },
                Some("only CREATE"),
            ),
            (
                Attributes {
                    subresource: "status",
                    ..CLAIM
                },
                Some("of the subresources"),
            ),
            (
                Attributes {
                    kind: "ConfigMap",
                    ..CLAIM
                },
                Some("no rule"),
            ),
            (
                Attributes {
                    group: "example.com",
                    ..CLAIM
                },
                Some("no rule"),
            ),
            (in_namespace("kube-system"), Some("the namespaces of the cluster")),
            (in_namespace("kube-public"), Some("the namespaces of the cluster")),
            (in_namespace("kube-node-lease"), Some("the namespaces of the cluster")),
            (in_namespace("volguard-system"), Some("volguard's own")),
        ] {
            let reason = out_of_scope(&attributes, "volguard-system");
            let as_expected = match (reason, expected) {
                (Some(reason), Some(expected)) => reason.starts_with(expected),
                (reason, expected) => reason == expected,
            };
            assert!(as_expected, "{attributes:?}: {reason:?}");
        }
        assert_eq!(out_of_scope(&CLASS, ""), None);
    }

    #[test]
    fn policies_apply_as_webhook_configurations_do() {
        let production = json!({"metadata": {"name": "shop", "labels": {"stage": "production"}}});
        let test = json!({"metadata": {"name": "shop", "labels": {"stage": "test"}}});
        let by_stage = json!({"namespaceSelector": {"matchLabels": {"stage": "production"}}});
        let by_name = json!({"namespaceSelector": {"matchExpressions": [
            {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["shop"]}]}});
        let everything = json!({"namespaceSelector": {}});
        let by_label = json!({"objectSelector": {"matchLabels": {"tier": "db"}}});
        let excluding = json!({"excludeNamespaces": ["shop*"]});
        let users = json!({"excludeUsers": ["system:serviceaccount:velero:*", "ann"]});
        let found = |namespace| Lookup::Found(namespace);
        for (matches, attributes, namespace, expected) in [
            (&json!({}), CLAIM, Lookup::Unknown, Applies::Yes),
            (&by_stage, CLAIM, found(&production), Applies::Yes),
            (&by_stage, CLAIM, found(&test), Applies::No),
            (&by_stage, CLAIM, Lookup::Unknown, Applies::Unknown),
            (&by_stage, CLAIM, Lookup::Absent, Applies::Unknown),
            (&by_stage, CLASS, Lookup::Unknown, Applies::Yes),
            (&by_name, CLAIM, Lookup::Unknown, Applies::No),
            (&by_name, CLAIM, found(&test), Applies::No),
            (
                &by_name,
                Attributes {
                    namespace: "web",
                    ..CLAIM
                },
                Lookup::Unknown,
                Applies::Yes,
            ),
            (&everything, CLAIM, Lookup::Unknown, Applies::Yes),
            (&excluding, CLAIM, found(&test), Applies::No),
            (
                &excluding,
                Attributes {
                    namespace: "web",
                    ..CLAIM
                },
                found(&test),
                Applies::Yes,
            ),
            (&excluding, CLASS, Lookup::Absent, Applies::Yes),
            (&users, CLAIM, Lookup::Unknown, Applies::No),
            (&users, CLASS, Lookup::Unknown, Applies::No),
            (
                &users,
                Attributes {
                    user: "system:serviceaccount:velero:v",
                    ..CLAIM
                },
                Lookup::Unknown,
                Applies::No,
            ),
            (
                &users,
                Attributes { user: "anna", ..CLAIM },
                Lookup::Unknown,
                Applies::Yes,
            ),
            (&users, Attributes { user: "", ..CLAIM }, Lookup::Unknown, Applies::Yes),
            (&by_label, CLAIM, Lookup::Unknown, Applies::No),
        ] {
            let answer = policy(matches).applies(&attributes, None, namespace);
            assert_eq!(answer, expected, "{matches} {attributes:?} {namespace:?}");
        }
        let labels = json!({"tier": "db"});
        let answer = policy(&by_label).applies(&CLAIM, labels.as_object(), Lookup::Unknown);
        assert_eq!(answer, Applies::Yes);
    }

    #[test]
    fn an_object_that_is_not_selected_needs_no_namespace() {
        let matches =
            json!({"namespaceSelector": {"matchLabels": {"a": "b"}}, "objectSelector": {"matchLabels": {"a": "b"}}});
        assert_eq!(policy(&matches).applies(&CLAIM, None, Lookup::Unknown), Applies::No);
    }

    #[test]
    fn globs() {
        for (glob, text, expected) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("", "", true),
            ("*", "", true),
            ("*", "anything", true),
            ("a*", "a", true),
            ("a*a", "a", false),
            ("a*a", "aba", true),
            ("*b*", "abc", true),
            ("*b*", "ac", false),
            ("a*b*c*d", "a-b-c-d", true),
            ("a*b*c*d", "a-c-b-d", false),
            ("a*bc*bc", "abcbc", true),
            ("a*bc*bc", "abc", false),
            (
                "system:serviceaccount:*:default",
                "system:serviceaccount:shop:default",
                true,
            ),
            ("**", "x", true),
            ("é*", "éa", true),
        ] {
            assert_eq!(glob_matches(glob, text), expected, "{glob} {text}");
        }
    }
}
