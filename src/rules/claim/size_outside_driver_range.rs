//! See the documentation of [`RULE`].

use super::{Served, Wish};
use crate::drivers::{Bound, Confidence, Fact, OutOfRange};
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Profiles};
use crate::model::Claim;
use crate::model::quantity::Quantity;
use crate::model::words::listed;
use crate::rules::related::{NAMED, usable_classes};

const GIB: i128 = 1 << 30;

crate::rule! {
    /// ## What it checks
    /// A claim asks for more than the largest volume that the driver of its class makes, or for less than the smallest.
    /// The parameters of the class count: the types of disks have bounds of their own. A smaller volume may be refused,
    /// or silently enlarged and paid for; only what is refused is denied. A driver whose bounds are not known, or that
    /// ignores sizes, is not judged, and neither is a claim that names an existing volume or that would bind to an
    /// Available volume of its class. Drivers that have a minimum of whole gibibytes sell whole gibibytes: `1G` is not
    /// less than `1Gi` to them.
    ///
    /// ## Why it matters
    /// The claim stays Pending with an error of the cloud, or the bill is for a volume of another size.
    ///
    /// ## How to fix
    /// Ask for a size within the bounds, or use a class of another type or driver.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata: {name: throughput}
    /// provisioner: ebs.csi.aws.com
    /// parameters: {type: st1, encrypted: "true"}
    /// volumeBindingMode: WaitForFirstConsumer
    /// reclaimPolicy: Retain
    /// allowVolumeExpansion: true
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: logs}
    /// spec:
    ///   storageClassName: throughput
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 50Gi}}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: logs}
    /// spec:
    ///   storageClassName: throughput
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 125Gi}}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#capacity>
    /// - <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html>
    pub static RULE = {
        name: "size-outside-driver-range",
        summary: "asks for a size that the driver does not make",
        category: Category::Claim,
        class: Class::NeverWorks,
        fix: Fix::None,
        needs: &[Needs::StorageClass, Needs::PersistentVolume, Needs::CsiDriver],
        profiles: Profiles::actions(Action::Warn, Action::Deny, Action::Deny),
        check: Check::Claim(check),
    }
}

/// A bound that a size breaks.
enum Broken<'d> {
    Min(Fact<'d, Bound>),
    Max(Fact<'d, Bound>),
}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    // The API server refuses zero and less; what is no quantity at all is not a size.
    let Some(Ok(size)) = claim.request() else { return };
    if size.is_zero() || size.is_negative() {
        return;
    }
    let bytes = size.bytes().unwrap_or(i128::MAX);
    let Some(served) = Served::for_claim(claim, cx, out) else {
        return;
    };
    let Some(broken) = broken(&served, bytes) else { return };
    // Asked only now: it looks at every volume.
    if cx.binds_statically(claim, served.class.name()) {
        return;
    }
    let (text, title) = (claim.request_text(), served.title());
    let (fact, fault, advice) = match broken {
        Broken::Max(fact) => {
            let most = shown(fact.value);
            let fault = format!("{title} makes {most} at most");
            (fact, fault, format!("Ask for at most {most}."))
        }
        Broken::Min(fact) if fact.value.beyond == OutOfRange::RoundedUp => {
            let least = shown(fact.value);
            let fault = format!("{title} makes {least} of it");
            let advice = format!("Its smallest volume is {least}: ask for that, which is what you get and pay for.");
            (fact, fault, advice)
        }
        Broken::Min(fact) => {
            let least = shown(fact.value);
            let fault = format!("{title} makes {least} at least");
            (fact, fault, format!("Ask for at least {least}."))
        }
    };
    let wish = Wish::of(claim);
    let others = usable_classes(cx).filter_map(|class| Served::new(class, cx));
    let others: Vec<_> = others
        .filter(|other| other.serves(&wish) && takes(other, bytes))
        .map(|other| other.class.name())
        .take(NAMED)
        .collect();
    let remedy = match listed(others, NAMED).as_str() {
        "" => advice,
        classes => format!("{advice} Classes that take {text}: {classes}."),
    };
    let finding = Finding::new(
        claim.spec_path(&["resources", "requests", "storage"]),
        text.as_str(),
        format!("{} asks for {text}; {fault}", claim.title()),
    )
    .remedy(remedy)
    .certainty(fact.confidence.into());
    out.push(match fact.value.beyond {
        OutOfRange::RefusedByDriver | OutOfRange::RefusedByCloud => finding,
        OutOfRange::RoundedUp | OutOfRange::Unknown => {
            finding.profiles(Profiles::actions(Action::Warn, Action::Warn, Action::Warn))
        }
    });
}

/// The bound of the class's driver that a size in bytes breaks, as far as it is known.
fn broken<'d>(served: &'d Served<'_>, bytes: i128) -> Option<Broken<'d>> {
    let range = served.driver.sizes(&served.parameters);
    let known = |fact: &Fact<'d, Bound>| fact.confidence != Confidence::Unknown;
    let max = range.max.filter(known).filter(|fact| bytes > fact.value.bytes);
    let min = range.min.filter(known).filter(|fact| is_below(bytes, fact.value));
    max.map(Broken::Max).or(min.map(Broken::Min))
}

/// Whether a size is below a minimum. A driver that checks it itself compares bytes; others round up to whole gibibytes
/// first, where they sell those.
fn is_below(bytes: i128, min: Bound) -> bool {
    let in_gib = min.bytes % GIB == 0 && min.beyond != OutOfRange::RefusedByDriver;
    let tolerance = if in_gib { GIB } else { 1 };
    bytes <= min.bytes - tolerance
}

/// Whether a class is known to have bounds, and to take a size in bytes.
fn takes(served: &Served<'_>, bytes: i128) -> bool {
    let range = served.driver.sizes(&served.parameters);
    (range.ignored || range.max.is_some()) && broken(served, bytes).is_none()
}

fn shown(bound: Bound) -> String {
    i64::try_from(bound.bytes).map_or_else(
        |_| bound.bytes.to_string(),
        |bytes| Quantity::from_bytes(bytes).to_string(),
    )
}
