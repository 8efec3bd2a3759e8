//! See the documentation of [`RULE`].

use super::{PARAMETERS_STAY, read_by_sidecars};
use crate::drivers::Parameters;
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Profiles};
use crate::model::{FieldPath, SecretKeys, StorageClass};

/// What a secret's name may be made of, beside `pvc.annotations['KEY']`; its namespace may be made of the first two.
const TOKENS: [&str; 3] = ["pv.name", "pvc.namespace", "pvc.name"];

crate::rule! {
    /// ## What it checks
    /// A StorageClass names a secret for its CSI driver, and the reference cannot be followed: the name without the
    /// namespace or the other way round, an empty one, the old keys together with the prefixed ones, or a placeholder
    /// that is not filled in.
    ///
    /// Names may have `${pv.name}`, `${pvc.namespace}`, `${pvc.name}` and `${pvc.annotations['KEY']}`, namespaces
    /// `${pv.name}` and `${pvc.namespace}`.
    ///
    /// ## Why it matters
    /// external-provisioner checks all secrets before it asks the driver, also those that are needed later only: every
    /// claim of the class stays Pending.
    ///
    /// ## How to fix
    /// Write name and namespace of each secret, once. Parameters are immutable: an existing class
    /// gives way to one under a new name.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: share
    /// provisioner: smb.csi.k8s.io
    /// parameters:
    ///   source: //smb.example.com/share
    ///   csi.storage.k8s.io/node-stage-secret-name: smb
    /// ```
    /// ```yaml,passes
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: share
    /// provisioner: smb.csi.k8s.io
    /// parameters:
    ///   source: //smb.example.com/share
    ///   csi.storage.k8s.io/node-stage-secret-name: smb
    ///   csi.storage.k8s.io/node-stage-secret-namespace: storage
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes-csi.github.io/docs/secrets-and-credentials-storage-class.html>
    pub static RULE = {
        name: "incomplete-secret-reference",
        summary: "names a secret in a way that cannot be followed",
        category: Category::Class,
        class: Class::NeverWorks,
        profiles: Profiles::actions(Action::Deny, Action::Deny, Action::Deny),
        check: Check::Class(check),
    }
}

fn check(class: StorageClass<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Some(certainty) = read_by_sidecars(class, cx) else {
        return;
    };
    let parameters = Parameters::new(class.parameters());
    let named = SecretKeys::ALL
        .into_iter()
        .filter(|keys| parameters.iter().any(|(key, _)| keys.has(key)));
    let faults = named.flat_map(|keys| faults(keys, parameters));
    for Fault {
        key,
        value,
        what,
        remedy,
    } in faults
    {
        // The path has the key in full.
        let short = key.rsplit_once('/').map_or(key, |(_, short)| short);
        let message = format!("`{short}` {what}: every claim is refused");
        out.push(
            Finding::new(FieldPath::of(&["parameters"]).entry(key), value, message)
                .remedy(format!("{remedy}. {PARAMETERS_STAY}"))
                .certainty(certainty),
        );
    }
}

/// What is wrong with the reference at a key.
struct Fault<'a> {
    key: &'a str,
    value: &'a str,
    what: String,
    remedy: String,
}

fn faults<'a>(keys: SecretKeys, parameters: Parameters<'a>) -> Vec<Fault<'a>> {
    let [old_name, old_namespace] = keys.old.map_or([None, None], |old| old.map(Some));
    let written = |key: &'static str, old: Option<&'static str>| -> Vec<(&'a str, &'a str)> {
        let both = parameters.iter();
        both.filter(|(one, _)| *one == key || Some(*one) == old).collect()
    };
    let names = written(keys.name, old_name);
    let namespaces = written(keys.namespace, old_namespace);
    let mut faults = Vec::new();
    for (found, current) in [(&names, keys.name), (&namespaces, keys.namespace)] {
        if let Some((key, value)) = found.iter().find(|(key, _)| found.len() > 1 && *key != current) {
            faults.push(Fault {
                key,
                value,
                what: "stands beside its successor".to_owned(),
                remedy: format!("Remove `{key}`"),
            });
        }
    }
    if !faults.is_empty() {
        return faults;
    }
    match (names.first(), namespaces.first()) {
        (Some((key, value)), None) => faults.push(Fault {
            key,
            value,
            what: "is set and no namespace".to_owned(),
            remedy: format!("Set `{}`", keys.namespace),
        }),
        (None, Some((key, value))) => faults.push(Fault {
            key,
            value,
            what: "is set and no name".to_owned(),
            remedy: format!("Set `{}`", keys.name),
        }),
        _ => {}
    }
    for (found, is_name) in [(names, true), (namespaces, false)] {
        faults.extend(
            found
                .into_iter()
                .filter_map(|(key, value)| unresolved(key, value, is_name)),
        );
    }
    faults
}

/// What is wrong with a name or a namespace by itself.
fn unresolved<'a>(key: &'a str, value: &'a str, is_name: bool) -> Option<Fault<'a>> {
    if value.is_empty() {
        return Some(Fault {
            key,
            value,
            what: "is empty".to_owned(),
            remedy: "Set it".to_owned(),
        });
    }
    let known = if is_name { &TOKENS[..] } else { &TOKENS[..2] };
    let is_known = |token: &&str| {
        known.contains(token) || is_name && token.starts_with("pvc.annotations['") && token.ends_with("']")
    };
    let token = placeholders(value).find(|token| !is_known(token))?;
    Some(Fault {
        key,
        value,
        what: format!("has unknown `${{{token}}}`"),
        remedy: format!("Use `${{{}}}`", known.join("}`, `${")),
    })
}

/// What stands between `${` and `}`.
fn placeholders(value: &str) -> impl Iterator<Item = &str> {
    let begun = value.split("${").skip(1);
    begun.filter_map(|rest| rest.split_once('}').map(|(token, _)| token))
}
