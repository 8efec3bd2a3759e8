//! What volumes and snapshots cost, by the list prices of their drivers.

use crate::drivers::{Billing, Confidence, Drivers, Fact, Parameters, Price};
use crate::model::StorageClass;
use crate::model::quantity::Quantity;
use std::fmt;

const GIB: i128 = 1 << 30;

/// What something costs a month at list price: an estimate, without discounts, operations and traffic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MonthlyCost<'d> {
    /// US dollars a month.
    pub usd: f64,
    /// The vendor's region that the price is of.
    pub region: &'d str,
    /// When the price was read: a year, a month `2026-08` or a day.
    pub date: &'d str,
    /// Where it was read.
    pub source: &'d str,
    /// How sure the price is.
    pub confidence: Confidence,
}

/// What a volume of a class and a size costs. `None` where the price is not known, and where what is stored is billed and
/// not the size.
pub fn of_volume<'d>(drivers: &'d Drivers, class: StorageClass<'_>, size: Quantity) -> Option<MonthlyCost<'d>> {
    let driver = drivers.find(class.provisioner())?.driver;
    let price = driver.price(&Parameters::new(class.parameters()))?;
    (price.value.billing == Billing::Size).then(|| cost(price, size))?
}

/// What a snapshot of a driver costs at most: as much as it would hold if its volume were full and nothing of it were
/// shared with another snapshot. `None` where the price is not known.
pub fn of_snapshot<'d>(drivers: &'d Drivers, driver: &str, size: Quantity) -> Option<MonthlyCost<'d>> {
    cost(drivers.find(driver)?.driver.snapshot_price()?, size)
}

fn cost<'d>(price: Fact<'d, Price<'d>>, size: Quantity) -> Option<MonthlyCost<'d>> {
    if price.confidence == Confidence::Unknown || size.is_negative() {
        return None;
    }
    let bytes = size.bytes()?;
    let (whole, rest) = (u32::try_from(bytes / GIB).ok()?, u32::try_from(bytes % GIB).ok()?);
    let gib = f64::from(whole) + f64::from(rest) / f64::from(1_u32 << 30);
    Some(MonthlyCost {
        usd: gib * price.value.usd_per_gib_month,
        region: price.value.region,
        date: price.value.date,
        source: price.source,
        confidence: price.confidence,
    })
}

impl MonthlyCost<'_> {
    /// Where the price is from, for people: `list price of us-east-1 in 2025, https://…`.
    pub fn origin(&self) -> String {
        format!("list price of {} in {}, {}", self.region, self.date, self.source)
    }
}

/// `12.30 USD a month`.
impl fmt::Display for MonthlyCost<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} USD a month", self.usd)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn usd(class: &Value, size: &str) -> Option<String> {
        let drivers = Drivers::builtin();
        of_volume(&drivers, StorageClass::new(class), Quantity::parse(size).unwrap()).map(|cost| cost.to_string())
    }

    #[test]
    fn the_type_of_the_disk_and_the_size_decide() {
        let disk = |kind: &str| json!({"provisioner": "ebs.csi.aws.com", "parameters": {"type": kind}});
        assert_eq!(usd(&disk("gp3"), "100Gi").unwrap(), "8.00 USD a month");
        assert_eq!(
            usd(&json!({"provisioner": "ebs.csi.aws.com"}), "1Ti").unwrap(),
            "81.92 USD a month"
        );
        assert_eq!(usd(&disk("io2"), "512Mi").unwrap(), "0.06 USD a month");
    }

    #[test]
    fn what_is_not_known_has_no_cost() {
        assert_eq!(usd(&json!({"provisioner": "storage.example.com"}), "1Ti"), None);
        // What is stored is billed, whatever the claim asks for.
        assert_eq!(usd(&json!({"provisioner": "efs.csi.aws.com"}), "1Ti"), None);
        let disk = json!({"provisioner": "ebs.csi.aws.com"});
        assert_eq!(usd(&disk, "1e40"), None);
        assert_eq!(usd(&disk, "-1Gi"), None);
        assert_eq!(usd(&json!([1]), "1Gi"), None);
    }

    #[test]
    fn snapshots_have_a_price_of_their_own() {
        let drivers = Drivers::builtin();
        let cost = of_snapshot(&drivers, "ebs.csi.aws.com", Quantity::parse("10Gi").unwrap()).unwrap();
        assert_eq!(cost.to_string(), "0.50 USD a month");
        assert_eq!(
            cost.origin(),
            "list price of us-east-1 in 2025, https://aws.amazon.com/ebs/pricing/"
        );
    }
}
