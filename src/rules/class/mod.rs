//! Rules of the category `class`.

pub mod class_in_use_deleted;
pub mod conflicting_fstype_keys;
pub mod expansion_disabled;
pub mod expansion_unsupported;
pub mod immediate_binding;
pub mod incomplete_secret_reference;
pub mod invalid_allowed_topologies;
pub mod invalid_attributes_class;
pub mod invalid_driver_parameter;
pub mod last_default_class_removed;
pub mod legacy_provisioner;
pub mod missing_expansion_secret;
pub mod reclaim_delete;
pub mod removed_provisioner;
pub mod second_default_class;
pub mod unbounded_class_topology;
pub mod unencrypted_class;
pub mod unknown_driver_parameter;
pub mod unknown_provisioner;
pub mod unsafe_mount_options;
pub mod unsupported_fstype;

use crate::cluster::view::ViewKind;
use crate::drivers::{
    Consequence, Driver, FSTYPE, FaultKind, Known, Named, ParameterFault, Parameters, unknown_reserved_keys,
};
use crate::engine::{Action, Certainty, Context, Finding, Findings, Operation, Profiles, Rule, WhenUnknown};
use crate::model::words::with_reason;
use crate::model::{FieldPath, SecretKeys, StorageClass, Volume};
use crate::rules::related::told_by_nodes;
use serde_json::{Map, Value};

/// The rules of this category, by name.
pub const RULES: &[&Rule] = &[
    &class_in_use_deleted::RULE,
    &conflicting_fstype_keys::RULE,
    &expansion_disabled::RULE,
    &expansion_unsupported::RULE,
    &immediate_binding::RULE,
    &incomplete_secret_reference::RULE,
    &invalid_allowed_topologies::RULE,
    &invalid_attributes_class::RULE,
    &invalid_driver_parameter::RULE,
    &last_default_class_removed::RULE,
    &legacy_provisioner::RULE,
    &missing_expansion_secret::RULE,
    &reclaim_delete::RULE,
    &removed_provisioner::RULE,
    &second_default_class::RULE,
    &unbounded_class_topology::RULE,
    &unencrypted_class::RULE,
    &unknown_driver_parameter::RULE,
    &unknown_provisioner::RULE,
    &unsafe_mount_options::RULE,
    &unsupported_fstype::RULE,
];

/// Whether a field that the API server fills in may get another value: on CREATE only, and never what the author wrote.
fn may_fill_in(cx: &Context<'_>, field: &str, when_unknown: WhenUnknown) -> bool {
    cx.operation() == Operation::Create && when_unknown.may_fix(cx.wrote(&[field]))
}

/// What follows a remedy that changes a parameter. A class in use is not recreated without ado: see
/// [`class_in_use_deleted`].
const PARAMETERS_STAY: &str = "Parameters are immutable: in place of an existing class make one under a new name.";

/// What follows a remedy that changes another immutable field.
const FIELD_STAYS: &str = "The field is immutable: in place of an existing class make one under a new name.";

/// The class before an update.
fn old_class<'a>(cx: &Context<'a>) -> Option<StorageClass<'a>> {
    cx.old().map(StorageClass::new)
}

/// The default classes beside this one.
fn other_default_classes<'a>(class: StorageClass<'_>, cx: &Context<'a>) -> impl Iterator<Item = StorageClass<'a>> {
    let rows = cx.view().rows(ViewKind::StorageClass).map(StorageClass::new);
    rows.filter(move |other| other.is_default() && other.name() != class.name() && !other.meta().is_deleting())
}

/// How sure it is that CSI sidecars read the parameters of a class; `None` where they do not.
fn read_by_sidecars(class: StorageClass<'_>, cx: &Context<'_>) -> Option<Certainty> {
    match cx.driver(class.provisioner()) {
        Some(known) => known.driver.is_csi().then_some(Certainty::Certain),
        None if class.provisioner().starts_with("kubernetes.io/") => None,
        // Probably a CSI driver; another provisioner would ignore the keys.
        None => Some(Certainty::Likely),
    }
}

/// The faults of a class's parameters: what the driver makes of them, and reserved keys that no CSI driver ever sees.
fn parameter_faults(class: StorageClass<'_>, cx: &Context<'_>) -> Vec<(ParameterFault, Certainty)> {
    let parameters = Parameters::new(class.parameters());
    let judged = cx
        .driver(class.provisioner())
        .map(|known| known.judge_parameters(&parameters))
        .unwrap_or_default()
        .into_iter()
        .map(|fault| {
            let certainty = fault.confidence.into();
            (fault, certainty)
        });
    let reserved = read_by_sidecars(class, cx).into_iter().flat_map(|certainty| {
        unknown_reserved_keys(&parameters)
            .into_iter()
            .map(move |fault| (fault, certainty))
    });
    judged.chain(reserved).collect()
}

/// The keys of a class by which a filesystem can be chosen, and their values: the reserved one, and the old one in any
/// letter case.
fn filesystem_keys(parameters: Parameters<'_>) -> Vec<(&str, &str)> {
    let keys = parameters.iter();
    keys.filter(|(key, _)| *key == FSTYPE || key.eq_ignore_ascii_case("fstype"))
        .collect()
}

/// Whether volumes of a class are made with a secret and cannot be enlarged, because that takes one too and none is given.
fn lacks_expansion_secret(class: StorageClass<'_>, driver: &Driver) -> bool {
    let parameters = Parameters::new(class.parameters());
    let given = |keys: SecretKeys| {
        let names = [keys.name].into_iter().chain(keys.old.map(|[name, _]| name));
        names.into_iter().any(|name| parameters.get(name).is_some())
    };
    driver.expansion_needs_secret()
        && given(SecretKeys::PROVISIONER)
        && !given(SecretKeys::CONTROLLER_EXPAND)
        && !given(SecretKeys::DEFAULT)
}

/// Why a name is taken for that of a driver that nobody has.
enum Stranger<'a> {
    /// It is nearly the name of this driver.
    Misspelt(&'a str),
    /// Neither the cluster nor the knowledge base has a driver of the name.
    Nobody,
}

/// Whether a name is that of a driver that nobody has. What the cluster shows can only acquit; without a cluster, only a
/// misspelt name is found.
fn stranger<'a>(name: &str, cx: &Context<'a>, out: &mut Findings) -> Option<Stranger<'a>> {
    let drivers = cx.drivers();
    let known = || {
        drivers.find(name).is_some() || drivers.recognises(name).is_some() || drivers.removed_in_tree(name).is_some()
    };
    if name.is_empty() || known() || seems_installed(name, cx) {
        return None;
    }
    if let Some(similar) = drivers.similar(name) {
        return Some(Stranger::Misspelt(similar));
    }
    if name.starts_with("kubernetes.io/") {
        return Some(Stranger::Nobody);
    }
    // No CSI driver has a slash in its name, and other provisioners leave no trace before they make a volume.
    if name.contains('/') {
        return None;
    }
    if !cx.view().is_complete(ViewKind::CsiDriver) {
        out.skip(format!("CSIDriver {name} is unknown"));
        return None;
    }
    Some(Stranger::Nobody)
}

/// The name by which the driver of a class registers with nodes: an in-tree name is translated.
fn registered_name<'a>(class: StorageClass<'a>, known: &Known<'a>) -> &'a str {
    match known.named {
        Named::InTree => known.driver.name(),
        Named::Name | Named::Pattern => class.provisioner(),
    }
}

/// Whether the cluster shows signs of a driver: its CSIDriver, which is optional, a node where it runs, or its volumes.
fn seems_installed(name: &str, cx: &Context<'_>) -> bool {
    let view = cx.view();
    let made = |row| {
        let volume = Volume::new(row);
        volume.csi_driver() == Some(name) || volume.meta().annotation("pv.kubernetes.io/provisioned-by") == Some(name)
    };
    view.get(ViewKind::CsiDriver, "", name).found().is_some()
        || told_by_nodes(name, cx).next().is_some()
        || view.rows(ViewKind::PersistentVolume).any(made)
}

/// The finding of a parameter's fault. What follows from the fault goes to the remedy where the message gets too long for
/// a warning.
fn parameter_finding(
    rule: &Rule,
    parameters: Option<&Map<String, Value>>,
    fault: &ParameterFault,
    certainty: Certainty,
) -> Finding {
    const LONGEST: usize = 120;
    let value = parameters
        .and_then(|parameters| parameters.get(&fault.key)?.as_str())
        .unwrap_or_default();
    let room = LONGEST - rule.name.len() - " []".len();
    let (message, remedy) = match fault.message.rsplit_once(": ") {
        Some((what, outcome)) if fault.message.chars().count() > room => {
            (what.to_owned(), with_reason(Some(outcome), &fault.remedy))
        }
        _ => (fault.message.clone(), fault.remedy.clone()),
    };
    Finding::new(FieldPath::of(&["parameters"]).entry(&fault.key), value, message)
        .remedy(remedy)
        .certainty(certainty)
        .profiles(parameter_profiles(fault))
}

/// What refuses to provision can never work. What a cloud refuses, an older driver may not even have sent there.
fn parameter_profiles(fault: &ParameterFault) -> Profiles {
    let unknown_key = matches!(fault.kind, FaultKind::UnknownKey { .. });
    match fault.consequence {
        Consequence::RefusedByDriver => Profiles::actions(Action::Deny, Action::Deny, Action::Deny),
        Consequence::RefusedByCloud => Profiles::actions(Action::Warn, Action::Deny, Action::Deny),
        Consequence::Ignored if unknown_key => Profiles::actions(Action::Warn, Action::Warn, Action::Deny),
        Consequence::Capped | Consequence::Ignored => Profiles::actions(Action::Warn, Action::Warn, Action::Warn),
    }
}
