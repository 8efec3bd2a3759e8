//! Rules of the category `claim`.

mod default_class_cannot_serve;
mod suspicious_size;
mod unknown_storage_class;
mod unsupported_access_mode;
mod unsupported_volume_mode;

use crate::cluster::view::{Lookup, ViewKind};
use crate::drivers::{Ask, Confidence, Driver, Fact, Parameters, Support};
use crate::engine::{Certainty, Context, Findings, ResolvedClass, Rule};
use crate::model::{AccessMode, Claim, StorageClass, VolumeMode};

/// The rules of this category, by name.
pub const RULES: &[&Rule] = &[
    &default_class_cannot_serve::RULE,
    &suspicious_size::RULE,
    &unknown_storage_class::RULE,
    &unsupported_access_mode::RULE,
    &unsupported_volume_mode::RULE,
];

/// How many classes a remedy names.
const NAMED_CLASSES: usize = 3;

/// The class of a claim, where the check needs one; says so when it is unknown.
fn class_of<'a>(claim: &Claim<'a>, cx: &Context<'a>, out: &mut Findings) -> Option<StorageClass<'a>> {
    match cx.class_of(claim) {
        ResolvedClass::Found(class) => return Some(class),
        ResolvedClass::Unknown(name) => out.skip(format!("StorageClass {name} is unknown")),
        ResolvedClass::NoDefault if matches!(cx.default_class(), Lookup::Unknown) => {
            out.skip("the default StorageClass is unknown");
        }
        ResolvedClass::NoDefault | ResolvedClass::Absent(_) | ResolvedClass::Empty => {}
    }
    None
}

/// A driver as a class uses it.
struct Served<'a> {
    class: StorageClass<'a>,
    driver: &'a Driver,
    parameters: Parameters<'a>,
}

impl<'a> Served<'a> {
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

    fn access_mode(&self, claim: &Claim<'_>, mode: AccessMode, volume_mode: VolumeMode) -> Fact<'_, Support> {
        self.driver.access_mode(&Ask {
            mode,
            volume_mode,
            parameters: &self.parameters,
            restores: claim.has_data_source(),
        })
    }

    fn volume_mode(&self, mode: VolumeMode) -> Fact<'_, Support> {
        self.driver.volume_mode(mode, &self.parameters)
    }

    /// Whether the driver is known to serve all that the claim asks for, with this volume mode.
    fn serves(&self, claim: &Claim<'_>, volume_mode: VolumeMode) -> bool {
        self.volume_mode(volume_mode).value == Support::Served
            && claim
                .access_modes()
                .all(|(_, mode)| self.access_mode(claim, mode, volume_mode).value == Support::Served)
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

/// What would help a claim that its class cannot serve: the driver's reason, then the classes of this cluster that are known
/// to serve it, or else `otherwise`.
fn remedy(claim: &Claim<'_>, cx: &Context<'_>, because: Option<&str>, otherwise: &str) -> String {
    let mut classes: Vec<&str> = cx
        .view()
        .rows(ViewKind::StorageClass)
        .filter_map(|row| Served::new(StorageClass::new(row), cx))
        .filter(|served| served.serves(claim, claim.volume_mode()))
        .map(|served| served.class.name())
        .collect();
    classes.sort_unstable();
    classes.truncate(NAMED_CLASSES);
    let advice = match classes.as_slice() {
        [] => otherwise.to_owned(),
        [class] => format!("Use class {class}, which serves it."),
        classes => format!("Use a class that serves it: {}.", classes.join(", ")),
    };
    match because {
        Some(because) => format!("The reason: {because}. {advice}"),
        None => advice,
    }
}
