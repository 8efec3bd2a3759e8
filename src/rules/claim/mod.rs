//! Rules of the category `claim`.

pub mod attributes_class_mismatch;
pub mod claim_in_use_deleted;
pub mod claim_shrunk;
pub mod claim_with_snapshots_deleted;
pub mod class_not_allowed;
pub mod clone_mismatch;
pub mod controller_annotation_set;
pub mod default_class_cannot_serve;
pub mod disposable_production_claim;
pub mod dropped_data_source;
pub mod exclusive_mode_advised;
pub mod expansion_not_allowed;
pub mod foreign_volume_takeover;
pub mod lost_claim;
pub mod missing_populator;
pub mod missing_required_labels;
pub mod no_storage_class;
pub mod offline_expansion;
pub mod orphaned_claim;
pub mod over_budget;
pub mod oversized_claim;
pub mod pending_claim;
pub mod prebound_claim_mismatch;
pub mod protected_claim_deleted;
pub mod restore_mismatch;
pub mod runaway_expansion;
pub mod selector_on_dynamic_class;
pub mod size_outside_driver_range;
pub mod size_over_limit;
pub mod source_not_ready;
pub mod stuck_resize;
pub mod suspicious_size;
pub mod unbindable_empty_class;
pub mod unknown_storage_class;
pub mod unprotected_claim;
pub mod unsupported_access_mode;
pub mod unsupported_volume_mode;

use crate::drivers::{Ask, Confidence, Driver, Fact, Parameters, Support};
use crate::engine::{Certainty, Context, Findings, Rule};
use crate::model::words::with_reason;
use crate::model::{AccessMode, Claim, StorageClass, VolumeMode};
use crate::rules::related::{NAMED, is_usable};

/// The rules of this category, by name.
pub const RULES: &[&Rule] = &[
    &attributes_class_mismatch::RULE,
    &claim_in_use_deleted::RULE,
    &claim_shrunk::RULE,
    &claim_with_snapshots_deleted::RULE,
    &class_not_allowed::RULE,
    &clone_mismatch::RULE,
    &controller_annotation_set::RULE,
    &default_class_cannot_serve::RULE,
    &disposable_production_claim::RULE,
    &dropped_data_source::RULE,
    &exclusive_mode_advised::RULE,
    &expansion_not_allowed::RULE,
    &foreign_volume_takeover::RULE,
    &lost_claim::RULE,
    &missing_populator::RULE,
    &missing_required_labels::RULE,
    &no_storage_class::RULE,
    &offline_expansion::RULE,
    &orphaned_claim::RULE,
    &over_budget::RULE,
    &oversized_claim::RULE,
    &pending_claim::RULE,
    &prebound_claim_mismatch::RULE,
    &protected_claim_deleted::RULE,
    &restore_mismatch::RULE,
    &runaway_expansion::RULE,
    &selector_on_dynamic_class::RULE,
    &size_outside_driver_range::RULE,
    &size_over_limit::RULE,
    &source_not_ready::RULE,
    &stuck_resize::RULE,
    &suspicious_size::RULE,
    &unbindable_empty_class::RULE,
    &unknown_storage_class::RULE,
    &unprotected_claim::RULE,
    &unsupported_access_mode::RULE,
    &unsupported_volume_mode::RULE,
];

/// A driver as a class uses it.
struct Served<'a> {
    class: StorageClass<'a>,
    driver: &'a Driver,
    parameters: Parameters<'a>,
}

impl<'a> Served<'a> {
    /// The driver that would provision for a claim; `None` when the claim names its volume, and when nothing is known.
    fn for_claim(claim: &Claim<'a>, cx: &Context<'a>, out: &mut Findings) -> Option<Self> {
        if claim.volume_name().is_some() {
            return None;
        }
        Self::new(cx.class_or_skip(claim, out)?, cx)
    }

    /// `None` when nothing is known of the provisioner.
    fn new(class: StorageClass<'a>, cx: &Context<'a>) -> Option<Self> {
        let driver = cx.driver(class.provisioner())?.driver;
        let parameters = Parameters::new(class.parameters());
        Some(Self {
            class,
            driver,
            parameters,
        })
    }

    /// `ebs.csi.aws.com (class gp3)`.
    fn title(&self) -> String {
        format!("{} (class {})", self.class.provisioner(), self.class.name())
    }

    fn access_mode(&self, mode: AccessMode, volume_mode: VolumeMode, restores: bool) -> Fact<'_, Support> {
        self.driver.access_mode(&Ask {
            mode,
            volume_mode,
            parameters: &self.parameters,
            restores,
        })
    }

    fn volume_mode(&self, mode: VolumeMode) -> Fact<'_, Support> {
        self.driver.volume_mode(mode, &self.parameters)
    }

    /// Whether the driver is known to serve all of a wish.
    fn serves(&self, wish: &Wish) -> bool {
        let served =
            |mode: &AccessMode| self.access_mode(*mode, wish.volume_mode, wish.restores).value == Support::Served;
        self.volume_mode(wish.volume_mode).value == Support::Served && wish.modes.iter().all(served)
    }
}

/// What a claim asks of a driver: read once, for there may be many classes to ask.
struct Wish {
    modes: Vec<AccessMode>,
    volume_mode: VolumeMode,
    restores: bool,
}

impl Wish {
    fn of(claim: &Claim<'_>) -> Self {
        Self::with_volume_mode(claim, claim.volume_mode())
    }

    fn with_volume_mode(claim: &Claim<'_>, volume_mode: VolumeMode) -> Self {
        Self {
            modes: claim.access_modes().map(|(_, mode)| mode).collect(),
            volume_mode,
            restores: claim.data_source().is_some(),
        }
    }
}

/// A refusal that is more than a guess, and how sure it is.
fn refusal(fact: &Fact<'_, Support>) -> Option<Certainty> {
    match (fact.value, fact.confidence) {
        (Support::Refused, Confidence::Confirmed) => Some(Certainty::Certain),
        (Support::Refused, Confidence::Likely) => Some(Certainty::Likely),
        _ => None,
    }
}

/// What would help a claim that its class cannot serve: the driver's reason, then the classes of this cluster that are
/// known to serve it, or else `otherwise`.
fn remedy(claim: &Claim<'_>, cx: &Context<'_>, because: Option<&str>, otherwise: &str) -> String {
    let wish = Wish::of(claim);
    // The rows are in the order of their names.
    let served = cx.classes().filter_map(|class| Served::new(class, cx));
    let classes: Vec<&str> = served
        .filter(|served| served.serves(&wish) && is_usable(served.class, cx))
        .map(|served| served.class.name())
        .take(NAMED)
        .collect();
    let advice = match classes.as_slice() {
        [] => otherwise.to_owned(),
        [class] => format!("Use class {class}, which serves it."),
        classes => format!("Use a class that serves it: {}.", classes.join(", ")),
    };
    with_reason(because, &advice)
}
