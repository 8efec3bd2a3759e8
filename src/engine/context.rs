//! What a check may know beside its subject.

use super::{Author, Findings, Written, rule::Parameters};
use crate::cluster::index::claim_key;
use crate::cluster::view::{Lookup, View, ViewKind};
use crate::drivers::{Drivers, Known};
use crate::model::labels::LabelSelector;
use crate::model::quantity::Quantity;
use crate::model::{Claim, ClaimOrigin, ClassName, Meta, ObjectKind, StorageClass, Subject, Workload};
use jiff::Timestamp;
use serde_json::Value;
use std::any::Any;

/// What is being done with the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// It is created.
    Create,
    /// It is changed.
    Update,
    /// It is deleted; the subject is the object as it is stored.
    Delete,
    /// Its number of replicas is changed through the scale subresource; the subject is the workload with the new number.
    Scale,
    /// Nothing: it is there.
    Scan,
}

/// Where an object comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// An AdmissionReview.
    Webhook,
    /// A manifest file: the view is made of manifests, and an object that is not there proves little.
    Manifests,
    /// A list of a live cluster.
    Cluster,
}

/// Everything about one evaluation that is the same for all rules.
#[derive(Debug)]
pub struct Request<'a> {
    /// What is being done.
    pub operation: Operation,
    /// The object before an update.
    pub old: Option<&'a Subject<'a>>,
    /// Namespace of the object, empty when it has none.
    pub namespace: &'a str,
    /// Labels of that namespace.
    pub namespace_labels: Lookup<&'a Value>,
    /// The cluster, frozen.
    pub view: &'a View,
    /// What is known of drivers.
    pub drivers: &'a Drivers,
    /// What the author wrote.
    pub author: Author<'a>,
    /// Where the object comes from.
    pub door: Door,
    /// A cluster stands behind the view, not files.
    pub live: bool,
    /// Who asks; empty where nobody does.
    pub user: &'a str,
    /// `gracePeriodSeconds` of a DELETE.
    pub grace_period: Option<i64>,
    /// The time of the evaluation.
    pub now: Timestamp,
}

/// The class that a claim gets.
#[derive(Debug, Clone, Copy)]
pub enum ResolvedClass<'a> {
    /// This one.
    Found(StorageClass<'a>),
    /// It names a class that does not exist.
    Absent(&'a str),
    /// Nobody can say whether the class that it names exists.
    Unknown(&'a str),
    /// It names none, and there is no default class.
    NoDefault,
    /// It names none, and nobody can say which class is the default.
    UnknownDefault,
    /// It wants existing volumes only.
    Empty,
}

/// A change of a claim's size.
#[derive(Debug, Clone)]
pub struct Resize<'a> {
    /// The claim as it is stored. Its status counts: what an update says of the status is not taken.
    pub stored: Claim<'a>,
    /// The size that it asked for.
    pub from: Quantity,
    /// The size that it is to ask for.
    pub to: Quantity,
}

impl Resize<'_> {
    /// The size that it has or asked for, whichever is larger: a claim may have got more than it asked for.
    pub fn before(&self) -> Quantity {
        self.stored
            .capacity()
            .map_or(self.from, |capacity| capacity.max(self.from))
    }
}

/// What a check may know beside its subject.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    request: &'a Request<'a>,
    parameters: &'a (dyn Any + Send + Sync),
}

impl<'a> Context<'a> {
    /// The context of one run.
    pub fn new(request: &'a Request<'a>, parameters: &'a Parameters) -> Self {
        Self {
            request,
            parameters: parameters.as_ref(),
        }
    }

    /// What is being done.
    pub fn operation(&self) -> Operation {
        self.request.operation
    }

    /// The object before an update.
    pub fn old(&self) -> Option<&'a Value> {
        self.request.old.map(Subject::value)
    }

    /// The workload before an update.
    pub fn old_workload(&self) -> Option<&'a Workload<'a>> {
        match self.request.old {
            Some(Subject::Workload(workload)) => Some(workload),
            _ => None,
        }
    }

    /// Namespace of the object.
    pub fn namespace(&self) -> &'a str {
        self.request.namespace
    }

    /// The namespace object.
    pub fn namespace_object(&self) -> Lookup<&'a Value> {
        self.request.namespace_labels
    }

    /// The cluster.
    pub fn view(&self) -> &'a View {
        self.request.view
    }

    /// Whether a cluster stands behind the view.
    pub fn is_live(&self) -> bool {
        self.request.live
    }

    /// Where the object comes from.
    pub fn door(&self) -> Door {
        self.request.door
    }

    /// Who asks; empty where nobody does.
    pub fn user(&self) -> &'a str {
        self.request.user
    }

    /// `gracePeriodSeconds` of a DELETE.
    pub fn grace_period(&self) -> Option<i64> {
        self.request.grace_period
    }

    /// The time of the evaluation.
    pub fn now(&self) -> Timestamp {
        self.request.now
    }

    /// The driver that provisions for this name, if it is known.
    pub fn driver(&self, provisioner: &str) -> Option<Known<'a>> {
        self.request.drivers.find(provisioner)
    }

    /// What is known of drivers.
    pub fn drivers(&self) -> &'a Drivers {
        self.request.drivers
    }

    /// Whether the author wrote a field.
    pub fn wrote(&self, keys: &[&str]) -> Written {
        self.request.author.wrote(keys)
    }

    /// The parameters of the rule; the type is the one that the rule declares.
    pub fn parameters<P: Clone + Default + 'static>(&self) -> std::borrow::Cow<'a, P> {
        self.parameters
            .downcast_ref::<P>()
            .map_or_else(|| std::borrow::Cow::Owned(P::default()), std::borrow::Cow::Borrowed)
    }

    /// The default class: the newest of those that are marked, as the API server's plugin chooses.
    /// <https://github.com/kubernetes/kubernetes/blob/master/pkg/volume/util/storageclass.go>
    pub fn default_class(&self) -> Lookup<StorageClass<'a>> {
        let newest = self
            .view()
            .rows(ViewKind::StorageClass)
            .map(StorageClass::new)
            .filter(|class| class.is_default())
            .max_by(|a, b| {
                let created = |class: &StorageClass<'a>| {
                    crate::model::object::text(class.value(), &["metadata", "creationTimestamp"]).unwrap_or_default()
                };
                created(a).cmp(created(b)).then_with(|| b.name().cmp(a.name()))
            });
        match newest {
            Some(class) => Lookup::Found(class),
            None if self.view().is_complete(ViewKind::StorageClass) => Lookup::Absent,
            None => Lookup::Unknown,
        }
    }

    /// The class that a claim gets.
    pub fn class_of(&self, claim: &Claim<'a>) -> ResolvedClass<'a> {
        match claim.class_name() {
            ClassName::Empty => ResolvedClass::Empty,
            ClassName::Default => match self.default_class() {
                Lookup::Found(class) => ResolvedClass::Found(class),
                Lookup::Absent => ResolvedClass::NoDefault,
                Lookup::Unknown => ResolvedClass::UnknownDefault,
            },
            ClassName::Named(name) => match self.view().get(ViewKind::StorageClass, "", name) {
                Lookup::Found(class) => ResolvedClass::Found(StorageClass::new(class)),
                Lookup::Absent => ResolvedClass::Absent(name),
                Lookup::Unknown => ResolvedClass::Unknown(name),
            },
        }
    }

    /// The class that a claim gets, where the check cannot be made without it; says so when it is unknown.
    pub fn class_or_skip(&self, claim: &Claim<'a>, out: &mut Findings) -> Option<StorageClass<'a>> {
        match self.class_of(claim) {
            ResolvedClass::Found(class) => return Some(class),
            ResolvedClass::Unknown(name) => out.skip(format!("StorageClass {name} is unknown")),
            ResolvedClass::UnknownDefault => out.skip("the default StorageClass is unknown"),
            ResolvedClass::NoDefault | ResolvedClass::Absent(_) | ResolvedClass::Empty => {}
        }
        None
    }

    /// An existing Available volume that the claim would bind to before anything is provisioned for it.
    pub fn fitting_volume(&self, claim: &Claim<'a>, class: &str) -> Option<&'a str> {
        use crate::model::object::{at, list, text};
        let request = claim.request()?.ok()?;
        let rows = self.view().rows(ViewKind::PersistentVolume);
        rows.filter(|volume| text(volume, &["spec", "storageClassName"]).unwrap_or_default() == class)
            .filter(|volume| text(volume, &["status", "phase"]).is_none_or(|phase| phase == "Available"))
            .filter(|volume| {
                // A volume that is kept for a claim waits for that one only.
                at(volume, &["spec", "claimRef"])
                    .filter(|reserved| !reserved.is_null())
                    .is_none_or(|reserved| {
                        text(reserved, &["namespace"]) == Some(self.namespace())
                            && may_become(claim, text(reserved, &["name"]).unwrap_or_default())
                    })
            })
            .filter(|volume| {
                text(volume, &["spec", "volumeMode"]).unwrap_or("Filesystem") == claim.volume_mode().as_str()
            })
            .filter(|volume| {
                let modes = list(volume, &["spec", "accessModes"]);
                claim
                    .access_modes()
                    .all(|(_, mode)| modes.iter().any(|m| m.as_str() == Some(mode.as_str())))
            })
            .filter(|volume| {
                claim.selector().is_none_or(|s| {
                    crate::model::labels::selects(Some(s), crate::model::object::map(volume, &["metadata", "labels"]))
                })
            })
            .find(|volume| {
                at(volume, &["spec", "capacity", "storage"])
                    .and_then(crate::model::quantity::Quantity::from_json)
                    .is_some_and(|capacity| capacity.is_ok_and(|capacity| capacity >= request))
            })
            .map(|volume| crate::model::Meta::of(volume).name())
    }

    /// The StorageClasses that are known, by name.
    pub fn classes(&self) -> impl Iterator<Item = StorageClass<'a>> + use<'a> {
        self.view().rows(ViewKind::StorageClass).map(StorageClass::new)
    }

    /// Name of the class that a claim gets, whether the class exists or not; Absent where it gets none.
    pub fn class_name_of(&self, claim: &Claim<'a>) -> Lookup<&'a str> {
        match claim.class_name() {
            ClassName::Named(name) => Lookup::Found(name),
            ClassName::Empty => Lookup::Absent,
            ClassName::Default => self.default_class().map(StorageClass::name),
        }
    }

    /// Whether a selector selects the namespace of the object; `None` where the namespace's labels are unknown and count.
    pub fn selects_namespace(&self, selector: &LabelSelector) -> Option<bool> {
        if selector.is_empty() {
            return Some(true);
        }
        let namespace = Meta::of(self.namespace_object().found()?);
        Some(selector.selects(|key| namespace.label(key)))
    }

    /// The same where the check cannot be made without the answer; says so when it is unknown.
    pub fn selects_namespace_or_skip(&self, selector: &LabelSelector, out: &mut Findings) -> Option<bool> {
        let selects = self.selects_namespace(selector);
        if selects.is_none() {
            out.skip(format!("the labels of namespace {} are unknown", self.namespace()));
        }
        selects
    }

    /// The change that an update makes to the size of a claim; `None` where it makes none, and for templates.
    pub fn resize(&self, claim: &Claim<'_>) -> Option<Resize<'a>> {
        if claim.origin() != ClaimOrigin::Object {
            return None;
        }
        let stored = Claim::object(self.old()?);
        let (from, to) = (stored.request()?.ok()?, claim.request()?.ok()?);
        (from != to).then_some(Resize { stored, from, to })
    }

    /// The pods that use a claim of the object's namespace, directly or as an ephemeral volume, also those that have ended.
    pub fn pods_using(&self, claim: &str) -> impl Iterator<Item = Workload<'a>> + use<'a> {
        let (view, namespace) = (self.view(), self.namespace());
        let uses = |pod: &&Value| {
            let claims = Workload::new(ObjectKind::Pod, pod).used_claims();
            claims.iter().any(|used| used == claim)
        };
        let pods: Vec<&Value> = match self.operation() {
            // A scan asks this of every claim.
            Operation::Scan => view.rows_by(ViewKind::Pod, &claim_key(namespace, claim)).collect(),
            _ => view.rows_in(ViewKind::Pod, namespace).filter(uses).collect(),
        };
        pods.into_iter().map(|pod| Workload::new(ObjectKind::Pod, pod))
    }

    /// Whether the claim binds to a volume that exists: one that it names, or one that fits.
    pub fn binds_statically(&self, claim: &Claim<'a>, class: &str) -> bool {
        (claim.origin() == ClaimOrigin::Object && claim.volume_name().is_some())
            || self.fitting_volume(claim, class).is_some()
    }
}

/// Whether a claim is or becomes the PersistentVolumeClaim of this name: `data-web-0` of template `data`.
fn may_become(claim: &Claim<'_>, name: &str) -> bool {
    match claim.origin() {
        ClaimOrigin::Object => name == claim.name(),
        ClaimOrigin::SetTemplate => name
            .strip_prefix(claim.name())
            .is_some_and(|rest| rest.starts_with('-')),
        ClaimOrigin::Ephemeral => false,
    }
}
