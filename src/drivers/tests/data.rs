//! The health of the data files.

use super::*;
use crate::drivers::lookup::FILES;
use crate::drivers::schema::{Check, Condition, DataFile, ParameterFacts};
use std::collections::BTreeSet;

#[test]
fn every_file_is_in_the_schema_and_complete() {
    let mut names = BTreeSet::new();
    for (file, text) in FILES {
        let data: DataFile = serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{file}: {error}"));
        let entries = data.drivers.len() + data.recognised.len() + data.removed.len();
        assert!(entries > 0, "{file} is empty");
        for one in &data.recognised {
            assert!(names.insert(one.name.clone()), "{file}: {} twice", one.name);
            assert!(!one.product.is_empty(), "{file}: {}", one.name);
            // Not by a pattern either.
            assert!(Drivers::builtin().find(&one.name).is_none(), "{file}: {}", one.name);
        }
        for gone in &data.removed {
            assert!(names.insert(gone.name.clone()), "{file}: {} twice", gone.name);
            assert!(
                !gone.source.is_empty()
                    && gone
                        .removed_in
                        .as_ref()
                        .map_or(gone.because.is_some(), |release| release.starts_with("1.")),
                "{file}: {}",
                gone.name
            );
        }
        for driver in &data.drivers {
            let in_tree = driver.in_tree.iter().map(|old| &old.name);
            for name in std::iter::once(&driver.name).chain(&driver.aliases).chain(in_tree) {
                assert!(names.insert(name.clone()), "{file}: {name} twice");
            }
            let sources = [
                driver.access_modes.as_ref().map(|facts| &facts.source),
                driver.volume_modes.as_ref().map(|facts| &facts.source),
                driver.topology.as_ref().map(|facts| &facts.source),
                driver.wait_for_first_consumer.as_ref().map(|facts| &facts.source),
                driver.expansion.as_ref().map(|facts| &facts.source),
            ];
            for source in sources {
                assert!(
                    source.is_some_and(|source| !source.is_empty()),
                    "{file}: {} lacks a group",
                    driver.name
                );
            }
            let optional = [
                driver.snapshots.as_ref().map(|facts| &facts.source),
                driver.clones.as_ref().map(|facts| &facts.source),
                driver.filesystems.as_ref().map(|facts| &facts.source),
                driver.attach_limit.as_ref().map(|facts| &facts.source),
                driver.encryption.as_ref().map(|facts| &facts.source),
                driver.sizes.as_ref().map(|facts| &facts.source),
                driver.parameters.as_ref().map(|facts| &facts.source),
                driver.attributes_class.as_ref().map(|facts| &facts.source),
                driver.mount_options.as_ref().map(|facts| &facts.source),
                driver.nfs.as_ref().map(|facts| &facts.source),
                driver.prices.as_ref().map(|facts| &facts.source),
            ];
            assert!(
                optional.iter().flatten().all(|source| !source.is_empty()),
                "{file}: {}",
                driver.name
            );
            assert!(
                driver.product.is_some() && driver.kind.is_some(),
                "{file}: {}",
                driver.name
            );
            for case in driver.access_modes.iter().flat_map(|facts| &facts.cases) {
                let refused = case.support == Support::Refused;
                assert!(!case.modes.is_empty(), "{}: a case without modes", driver.name);
                assert_eq!(
                    refused,
                    case.stage.is_some(),
                    "{}: a refusal has a stage: {case:?}",
                    driver.name
                );
                assert!(
                    !refused || case.because.is_some(),
                    "{}: a refusal has a reason: {case:?}",
                    driver.name
                );
            }
            for case in driver.volume_modes.iter().flat_map(|facts| &facts.cases) {
                assert_eq!(
                    case.support == Support::Refused,
                    case.stage.is_some(),
                    "{}: {case:?}",
                    driver.name
                );
            }
            for case in driver.mount_options.iter().flat_map(|facts| &facts.cases) {
                let refused = case.support == Support::Refused;
                assert!(
                    refused && case.stage.is_some() && case.because.is_some(),
                    "{}: {case:?}",
                    driver.name
                );
            }
            if let Some(facts) = &driver.attributes_class {
                assert!(
                    facts.support == Support::Served || facts.because.is_some() && facts.parameters.is_none(),
                    "{}: {facts:?}",
                    driver.name
                );
            }
            if let Some(facts) = &driver.prices {
                let all = facts.cases.iter().map(|case| case.usd_per_gib_month);
                let mut all = all.chain(facts.snapshot_usd_per_gib_month);
                let dated = facts.date.starts_with("20") && !facts.region.is_empty();
                assert!(
                    dated && all.all(|price| price > 0.0 && price < 10.0),
                    "{}: {facts:?}",
                    driver.name
                );
            }
            for facts in driver.snapshots.iter().chain(&driver.clones) {
                assert!(
                    facts.support == Support::Served || facts.because.is_some(),
                    "{}: {facts:?}",
                    driver.name
                );
            }
            for case in driver.filesystems.iter().flat_map(|facts| &facts.cases) {
                assert!(
                    case.others != Support::Refused || case.because.is_some(),
                    "{}: {case:?}",
                    driver.name
                );
            }
            for case in driver.sizes.iter().flat_map(|facts| &facts.cases) {
                for bound in [&case.min, &case.max].into_iter().flatten() {
                    assert!(bound.bytes.is_some(), "{}: size {}", driver.name, bound.text);
                }
            }
            if let Some(facts) = &driver.wait_for_first_consumer {
                assert!(
                    facts.wanted == Wanted::No || facts.because.is_some(),
                    "{}: no reason",
                    driver.name
                );
            }
            check_references(driver);
        }
    }
}

/// What conditions and rules name is in the parameter list, so that a slip of the pen cannot make a rule mute.
fn check_references(driver: &Driver) {
    let mut conditions: Vec<&Condition> = Vec::new();
    let mut named: Vec<&str> = Vec::new();
    macro_rules! conditions_of {
        ($($group:ident),*) => {
            $(conditions.extend(driver.$group.iter().flat_map(|facts| &facts.cases).flat_map(|case| &case.when));)*
        };
    }
    conditions_of!(
        access_modes,
        volume_modes,
        topology,
        wait_for_first_consumer,
        filesystems,
        sizes,
        mount_options,
        prices
    );
    conditions.extend(driver.nfs.iter().flat_map(|facts| &facts.when));
    named.extend(conditions.iter().filter_map(|condition| condition.parameter.as_deref()));
    if let Some(opt_in) = driver.encryption.as_ref().and_then(|facts| facts.opt_in.as_ref()) {
        named.push(&opt_in.parameter);
        named.extend(opt_in.also_by.iter().map(String::as_str));
    }
    check_list(driver, driver.parameters.as_ref(), named);
    let of_changes = driver
        .attributes_class
        .as_ref()
        .and_then(|facts| facts.parameters.as_ref());
    check_list(driver, of_changes, Vec::new());
}

/// A parameter list has no key twice, and what its rules and `named` name is in it.
fn check_list<'a>(driver: &Driver, facts: Option<&'a ParameterFacts>, mut named: Vec<&'a str>) {
    let list = facts.map(|facts| facts.list.as_slice()).unwrap_or_default();
    assert!(facts.is_none_or(|facts| !facts.source.is_empty()), "{}", driver.name);
    let mut keys = BTreeSet::new();
    for parameter in list {
        for key in std::iter::once(&parameter.name).chain(&parameter.aliases) {
            assert!(
                keys.insert(key.to_ascii_lowercase()),
                "{}: parameter {key} twice",
                driver.name
            );
        }
        if let (Some(Check::OneOf(values)), Some(default)) = (&parameter.check, &parameter.default) {
            assert!(
                values.values.contains(default),
                "{}: default of {}",
                driver.name,
                parameter.name
            );
        }
        let mut conditions: Vec<&Condition> = Vec::new();
        conditions.extend(parameter.at_most.iter().flat_map(|bound| &bound.when));
        conditions.extend(parameter.required.iter().flat_map(|required| &required.when));
        named.extend(conditions.iter().filter_map(|condition| condition.parameter.as_deref()));
        named.extend(parameter.at_most.iter().map(|bound| bound.parameter.as_str()));
        named.extend(parameter.ranges.iter().map(|by| by.parameter.as_str()));
        named.extend(parameter.only_with.iter().map(|only| only.parameter.as_str()));
        named.extend(parameter.excludes.iter().map(|excludes| excludes.parameter.as_str()));
        let unless = parameter.required.iter().flat_map(|required| &required.unless);
        named.extend(unless.map(String::as_str));
    }
    for name in named {
        assert!(
            list.iter().any(|parameter| parameter.name == name),
            "{}: a fact names parameter {name}, which is not in the list",
            driver.name
        );
    }
}

#[test]
fn the_schema_refuses_a_misspelt_field() {
    let text = FILES[0]
        .1
        .replacen("volumeMode: Filesystem", "volumemode: Filesystem", 1);
    assert!(serde_saphyr::from_str::<DataFile>(&text).is_err());
}

#[test]
fn a_refusal_by_the_driver_is_always_confirmed() {
    for driver in Drivers::builtin().iter() {
        let list = driver
            .parameters
            .as_ref()
            .map(|facts| facts.list.as_slice())
            .unwrap_or_default();
        for parameter in list
            .iter()
            .filter(|parameter| !parameter.name.starts_with("csi.storage.k8s.io/"))
        {
            let map = class(&[(parameter.name.as_str(), "?!"), ("no-such-key", "")]);
            for fault in driver.judge_parameters(&Parameters::new(Some(&map))) {
                let by_driver = fault.consequence == Consequence::RefusedByDriver;
                assert!(
                    !by_driver || fault.confidence == Confidence::Confirmed,
                    "{}: {fault:?}",
                    driver.name
                );
            }
        }
    }
    let doubtful = fault("file.csi.azure.com", &[("shareAccessTier", "Warm")]);
    assert_eq!(
        (doubtful.consequence, doubtful.confidence),
        (Consequence::RefusedByCloud, Confidence::Likely)
    );
    assert!(
        doubtful.message.ends_with(": the volume is probably refused"),
        "{}",
        doubtful.message
    );
}
