//! See the documentation of [`RULE`].

use super::FIELD_STAYS;
use crate::drivers::{Parameters, Scope};
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Profiles};
use crate::model::{FieldPath, StorageClass};
use std::collections::BTreeSet;

crate::rule! {
    /// ## What it checks
    /// A StorageClass binds at once (`Immediate`) and allows several zones or nodes, and a volume of its driver can be
    /// reached from one of them only.
    ///
    /// ## Why it matters
    /// `allowedTopologies` looks like a choice that somebody made, and leaves the choice to chance: each volume is made in
    /// one of the allowed zones before anybody knows where its pod can run. Two claims of one pod may land in two zones,
    /// and the pod then never starts.
    ///
    /// ## How to fix
    /// Set `volumeBindingMode: WaitForFirstConsumer`, or make one class for each zone. The field is immutable: an existing
    /// class gives way to one under a new name.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: fast
    /// provisioner: ebs.csi.aws.com
    /// volumeBindingMode: Immediate
    /// allowedTopologies:
    ///   - matchLabelExpressions:
    ///       - key: topology.kubernetes.io/zone
    ///         values: [eu-central-1a, eu-central-1b]
    /// ```
    /// ```yaml,passes
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: fast
    /// provisioner: ebs.csi.aws.com
    /// volumeBindingMode: WaitForFirstConsumer
    /// allowedTopologies:
    ///   - matchLabelExpressions:
    ///       - key: topology.kubernetes.io/zone
    ///         values: [eu-central-1a, eu-central-1b]
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/storage-classes/#allowed-topologies>
    pub static RULE = {
        name: "unbounded-class-topology",
        summary: "binds at once and allows several zones, although a volume is in one of them only",
        category: Category::Class,
        class: Class::Availability,
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Warn),
        check: Check::Class(check),
    }
}

fn check(class: StorageClass<'_>, cx: &Context<'_>, out: &mut Findings) {
    if !class.binds_immediately() {
        return;
    }
    let Some(known) = cx.driver(class.provisioner()) else {
        return;
    };
    let topology = known.driver.topology(&Parameters::new(class.parameters()));
    let names_places: fn(&str) -> bool = match topology.value {
        Scope::Zonal => names_zones,
        Scope::Node => |_| true,
        Scope::Regional | Scope::Global | Scope::Unknown => return,
    };
    let expressions = class.allowed_topologies();
    for key in expressions.iter().map(|one| one.key).collect::<BTreeSet<_>>() {
        let of_key = expressions.iter().filter(|one| one.key == key && names_places(key));
        let places: BTreeSet<_> = of_key.flat_map(|one| &one.values).map(|(_, place)| *place).collect();
        if places.len() < 2 {
            continue;
        }
        let message = format!(
            "each volume is placed in one of {} places before its pod is scheduled",
            places.len()
        );
        let places = places.into_iter().collect::<Vec<_>>().join(", ");
        out.push(
            Finding::new(FieldPath::of(&["allowedTopologies"]), places.clone(), message)
                .remedy(format!(
                    "Set `volumeBindingMode: WaitForFirstConsumer`, or create one class for each `{key}` ({places}). \
                     {FIELD_STAYS}"
                ))
                .certainty(topology.confidence.into()),
        );
    }
}

/// Whether a label says in which zone a node is. Some vendors call their zones regions or locations.
fn names_zones(key: &str) -> bool {
    let name = key.rsplit('/').next().unwrap_or(key);
    ["zone", "region", "location"].iter().any(|word| name.contains(word))
}
