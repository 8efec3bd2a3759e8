//! See the documentation of [`RULE`].

use super::{FIELD_STAYS, may_fill_in, old_class, registered_name};
use crate::cluster::view::ViewKind;
use crate::drivers::{Known, Scope, Wanted};
use crate::engine::{
    Action, Category, Certainty, Check, Class, Context, Edit, Finding, Findings, Fix, Needs, Operation, ParameterSpec,
    Profile, Profiles, RuleParameters, Setting, WhenUnknown,
};
use crate::model::object::{at, list, text};
use crate::model::scheduling::zone_of_node;
use crate::model::{FieldPath, Meta, StorageClass};
use crate::rules::related::{has_one_zone, told_by_nodes};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const FIELD: &str = "volumeBindingMode";
const WAIT: &str = "WaitForFirstConsumer";

/// Where provisioning with `Immediate` fails.
const FAILS: Profiles = Profiles {
    baseline: Setting::new(Action::Warn),
    recommended: Setting::fixing(Action::Warn),
    strict: Setting::fixing(Action::Deny),
};

/// Where `Immediate` may place a volume badly.
const MISPLACES: Profiles = Profiles {
    baseline: Setting::new(Action::Off),
    ..FAILS
};

crate::rule! {
    /// ## What it checks
    /// A StorageClass binds at once (`volumeBindingMode: Immediate`, which is what the API server fills in) although the
    /// volumes of its driver can be reached from one zone or one node only.
    ///
    /// It is silent where `allowedTopologies` leaves one zone, and where the cluster shows that there is nothing to
    /// choose: the driver publishes no topology keys, all nodes are in one zone, or no volume of a class without
    /// provisioner is tied to a node. In profile Baseline it speaks of drivers only that cannot provision at all with
    /// `Immediate`.
    ///
    /// ## Why it matters
    /// The volume is made before a pod is scheduled, in a zone or on a node that may have no room for the pod, or that its
    /// affinity rules out. The pod then stays Pending, and the volume cannot move.
    ///
    /// ## How to fix
    /// Set `volumeBindingMode: WaitForFirstConsumer`. The field is immutable: an existing class gives way to one under
    /// a new name.
    ///
    /// At `/mutate` the field is set where the author did not write it. Where nobody can tell who wrote it (Helm 3,
    /// `kubectl create`), parameter `whenUnknown` decides: `Report` (the default) or `Fix` (the default in profile
    /// Strict). Classes of `kubernetes.io/no-provisioner` are reported and never changed.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: fast
    /// provisioner: ebs.csi.aws.com
    /// parameters:
    ///   type: gp3
    ///   encrypted: "true"
    /// volumeBindingMode: Immediate
    /// allowVolumeExpansion: true
    /// reclaimPolicy: Retain
    /// ```
    /// ```yaml,passes
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: fast
    /// provisioner: ebs.csi.aws.com
    /// parameters:
    ///   type: gp3
    ///   encrypted: "true"
    /// volumeBindingMode: WaitForFirstConsumer
    /// allowVolumeExpansion: true
    /// reclaimPolicy: Retain
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/storage-classes/#volume-binding-mode>
    /// - <https://kubernetes.io/blog/2018/10/11/topology-aware-volume-provisioning-in-kubernetes/>
    pub static RULE = {
        name: "immediate-binding",
        summary: "binds volumes before their pods are scheduled, although they cannot be reached from everywhere",
        category: Category::Class,
        class: Class::Availability,
        fix: Fix::Sometimes,
        needs: &[Needs::CsiNode, Needs::Node, Needs::PersistentVolume],
        operations: &[Operation::Create, Operation::Update],
        profiles: MISPLACES,
        graded: true,
        parameters: ParameterSpec::of::<ImmediateBinding>(),
        carries: carries,
        check: Check::Class(check),
    }
}

/// Parameters of immediate-binding.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct ImmediateBinding {
    /// What is done where nobody can tell whether the author wrote `volumeBindingMode`.
    when_unknown: WhenUnknown,
}

impl RuleParameters for ImmediateBinding {
    fn for_profile(profile: Profile) -> Self {
        Self {
            when_unknown: WhenUnknown::for_profile(profile),
        }
    }
}

fn check(class: StorageClass<'_>, cx: &Context<'_>, out: &mut Findings) {
    if !class.binds_immediately() {
        return;
    }
    let Some(known) = cx.driver(class.provisioner()) else {
        return;
    };
    let parameters = crate::drivers::Parameters::new(class.parameters());
    let wanted = known.driver.wait_for_first_consumer(&parameters);
    let path = FieldPath::of(&[FIELD]);
    let (message, because, profiles) = match wanted.value {
        Wanted::No => return,
        Wanted::Required => ("Immediate cannot work", wanted.because, Some(FAILS)),
        Wanted::Recommended => {
            let topology = known.driver.topology(&parameters);
            if publishes_no_topology(class, &known, cx)
                || topology.value == Scope::Zonal && (class.allowed_zones().len() == 1 || one_zone(cx))
            {
                return;
            }
            // Where the volume is says it in fewer words.
            let place = topology
                .because
                .filter(|_| matches!(topology.value, Scope::Zonal | Scope::Node));
            ("Immediate is risky", place.or(wanted.because), None)
        }
    };
    let because = because.unwrap_or("volumes cannot be reached from every node");
    let mut finding = Finding::new(path.clone(), "Immediate", format!("{message}: {because}"))
        .remedy(format!("Set `{FIELD}: {WAIT}`. {FIELD_STAYS}"));
    finding.profiles = profiles;
    if class.has_no_provisioner() {
        match ties_volumes_to_nodes(class, cx) {
            Some(false) => {}
            Some(true) => out.push(finding.certainty(wanted.confidence.into())),
            None => out.push(finding.certainty(Certainty::Likely)),
        }
        return;
    }
    let finding = finding.certainty(wanted.confidence.into());
    let parameters = cx.parameters::<ImmediateBinding>();
    out.push(if may_fill_in(cx, FIELD, parameters.when_unknown) {
        finding.fix([Edit::Set(path, WAIT.into())])
    } else {
        finding
    });
}

/// What the fix has set is kept when the class is applied again without the field.
fn carries(class: StorageClass<'_>, cx: &Context<'_>) -> Vec<FieldPath> {
    let waited = old_class(cx).is_some_and(|old| text(old.value(), &[FIELD]) == Some(WAIT));
    if waited && class.binds_immediately() && !class.has_no_provisioner() {
        vec![FieldPath::of(&[FIELD])]
    } else {
        Vec::new()
    }
}

/// Whether the driver runs on nodes of the cluster and tells topology on none of them.
fn publishes_no_topology(class: StorageClass<'_>, known: &Known<'_>, cx: &Context<'_>) -> bool {
    let mut entries = told_by_nodes(registered_name(class, known), cx).peekable();
    cx.view().is_complete(ViewKind::CsiNode)
        && entries.peek().is_some()
        && entries.all(|entry| list(entry, &["topologyKeys"]).is_empty())
}

/// Whether all nodes are known to be in one zone. Of nodes that name none nobody can say.
fn one_zone(cx: &Context<'_>) -> bool {
    let mut nodes = cx.view().rows(ViewKind::Node).map(Meta::of);
    has_one_zone(cx) && nodes.all(|node| zone_of_node(node).is_some())
}

/// Whether volumes that somebody made for the class are tied to nodes; `None` where there are none or they are unknown.
fn ties_volumes_to_nodes(class: StorageClass<'_>, cx: &Context<'_>) -> Option<bool> {
    // The API server demands the affinity of local volumes.
    let tied = |volume| at(volume, &["spec", "nodeAffinity"]).is_some();
    let mut volumes = cx
        .view()
        .rows(ViewKind::PersistentVolume)
        .filter(|volume| text(volume, &["spec", "storageClassName"]) == Some(class.name()))
        .peekable();
    volumes.peek()?;
    let any = volumes.any(tied);
    (any || cx.view().is_complete(ViewKind::PersistentVolume)).then_some(any)
}
