//! The headline truths, driver by driver, and the health of the data files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::too_many_lines)]

use super::lookup::FILES;
use super::schema::{Check, Condition, DataFile};
use super::*;
use crate::model::access::AccessMode::{self, ReadOnlyMany, ReadWriteMany, ReadWriteOnce, ReadWriteOncePod};
use crate::model::access::VolumeMode::{self, Block, Filesystem};
use crate::model::quantity::Quantity;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

mod arrays;

fn class(pairs: &[(&str, &str)]) -> Map<String, Value> {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), Value::from(*value)))
        .collect()
}

fn support(
    provisioner: &str,
    pairs: &[(&str, &str)],
    mode: AccessMode,
    volume_mode: VolumeMode,
    restores: bool,
) -> Support {
    let drivers = Drivers::builtin();
    let map = class(pairs);
    let parameters = Parameters::new(Some(&map));
    let driver = drivers.find(provisioner).expect(provisioner).driver;
    let fact = driver.access_mode(&Ask {
        mode,
        volume_mode,
        parameters: &parameters,
        restores,
    });
    if fact.value == Support::Refused {
        assert!(
            fact.is_confirmed() && fact.because.is_some() && !fact.source.is_empty(),
            "{provisioner}: {fact:?}"
        );
    }
    fact.value
}

fn faults(provisioner: &str, pairs: &[(&str, &str)]) -> Vec<ParameterFault> {
    let map = class(pairs);
    Drivers::builtin()
        .find(provisioner)
        .expect(provisioner)
        .judge_parameters(&Parameters::new(Some(&map)))
}

/// The only fault of a class.
fn fault(provisioner: &str, pairs: &[(&str, &str)]) -> ParameterFault {
    let mut all = faults(provisioner, pairs);
    assert_eq!(all.len(), 1, "{provisioner} {pairs:?}: {all:#?}");
    all.remove(0)
}

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
                    assert!(Quantity::parse(bound).is_ok(), "{}: size {bound}", driver.name);
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
    let list = driver
        .parameters
        .as_ref()
        .map(|facts| facts.list.as_slice())
        .unwrap_or_default();
    let known = |name: &str| list.iter().any(|parameter| parameter.name == name);
    let mut named: Vec<&str> = Vec::new();
    let mut conditions: Vec<&Condition> = Vec::new();
    conditions.extend(
        driver
            .access_modes
            .iter()
            .flat_map(|facts| &facts.cases)
            .flat_map(|case| &case.when),
    );
    conditions.extend(
        driver
            .volume_modes
            .iter()
            .flat_map(|facts| &facts.cases)
            .flat_map(|case| &case.when),
    );
    conditions.extend(
        driver
            .topology
            .iter()
            .flat_map(|facts| &facts.cases)
            .flat_map(|case| &case.when),
    );
    conditions.extend(
        driver
            .wait_for_first_consumer
            .iter()
            .flat_map(|facts| &facts.cases)
            .flat_map(|case| &case.when),
    );
    conditions.extend(
        driver
            .filesystems
            .iter()
            .flat_map(|facts| &facts.cases)
            .flat_map(|case| &case.when),
    );
    conditions.extend(
        driver
            .sizes
            .iter()
            .flat_map(|facts| &facts.cases)
            .flat_map(|case| &case.when),
    );
    conditions.extend(
        list.iter()
            .filter_map(|parameter| parameter.at_most.as_ref())
            .flat_map(|bound| &bound.when),
    );
    named.extend(conditions.iter().filter_map(|condition| condition.parameter.as_deref()));
    if let Some(opt_in) = driver.encryption.as_ref().and_then(|facts| facts.opt_in.as_ref()) {
        named.push(&opt_in.parameter);
        named.extend(opt_in.also_by.iter().map(String::as_str));
    }
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
        named.extend(parameter.at_most.iter().map(|bound| bound.parameter.as_str()));
        named.extend(parameter.ranges.iter().map(|by| by.parameter.as_str()));
        named.extend(parameter.only_with.iter().map(|only| only.parameter.as_str()));
        named.extend(parameter.excludes.iter().map(|excludes| excludes.parameter.as_str()));
        if let Some(required) = &parameter.required {
            named.extend(required.unless.iter().map(String::as_str));
            named.extend(
                required
                    .when
                    .iter()
                    .filter_map(|condition| condition.parameter.as_deref()),
            );
        }
    }
    for name in named {
        assert!(
            known(name),
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
fn drivers_are_found_by_name_alias_in_tree_name_and_pattern() {
    let drivers = Drivers::builtin();
    for (provisioner, name, named) in [
        ("ebs.csi.aws.com", "ebs.csi.aws.com", Named::Name),
        ("topolvm.cybozu.com", "topolvm.io", Named::Name),
        ("kubernetes.io/aws-ebs", "ebs.csi.aws.com", Named::InTree),
        ("kubernetes.io/gce-pd", "pd.csi.storage.gke.io", Named::InTree),
        ("kubernetes.io/azure-disk", "disk.csi.azure.com", Named::InTree),
        ("kubernetes.io/azure-file", "file.csi.azure.com", Named::InTree),
        ("kubernetes.io/cinder", "cinder.csi.openstack.org", Named::InTree),
        ("kubernetes.io/vsphere-volume", "csi.vsphere.vmware.com", Named::InTree),
        ("kubernetes.io/portworx-volume", "pxd.portworx.com", Named::InTree),
        ("rbd.csi.ceph.com", "rbd.csi.ceph.com", Named::Name),
        ("rook-ceph.rbd.csi.ceph.com", "rbd.csi.ceph.com", Named::Pattern),
        (
            "openshift-storage.cephfs.csi.ceph.com",
            "cephfs.csi.ceph.com",
            Named::Pattern,
        ),
        (
            "cluster.local/my-local-path-provisioner",
            "rancher.io/local-path",
            Named::Pattern,
        ),
    ] {
        let known = drivers
            .find(provisioner)
            .unwrap_or_else(|| panic!("{provisioner} is not known"));
        assert_eq!((known.driver.name(), known.named), (name, named), "{provisioner}");
    }
    for stranger in [
        "",
        ".rbd.csi.ceph.com",
        "myrbd.csi.ceph.com",
        "EBS.csi.aws.com",
        "cluster.local/nfs",
        "kubernetes.io/rbd",
    ] {
        assert!(drivers.find(stranger).is_none(), "{stranger}");
    }
}

#[test]
fn removed_provisioners_are_recognised() {
    let drivers = Drivers::builtin();
    for name in [
        "glusterfs",
        "rbd",
        "cephfs",
        "quobyte",
        "flocker",
        "storageos",
        "scaleio",
    ] {
        assert!(
            drivers.removed_in_tree(&format!("kubernetes.io/{name}")).is_some(),
            "{name}"
        );
    }
    let rbd = drivers.removed_in_tree("kubernetes.io/rbd").unwrap();
    assert_eq!(rbd.removed_in.as_deref(), Some("1.31"));
    assert!(drivers.removed_in_tree("kubernetes.io/aws-ebs").is_none());
}

#[test]
fn kinds_of_volumes_are_recognised_by_their_keys() {
    let drivers = Drivers::builtin();
    for (key, driver) in [
        ("awsElasticBlockStore", "ebs.csi.aws.com"),
        ("gcePersistentDisk", "pd.csi.storage.gke.io"),
        ("azureDisk", "disk.csi.azure.com"),
        ("azureFile", "file.csi.azure.com"),
        ("cinder", "cinder.csi.openstack.org"),
        ("vsphereVolume", "csi.vsphere.vmware.com"),
        ("portworxVolume", "pxd.portworx.com"),
    ] {
        assert_eq!(drivers.of_volume_source(key).unwrap().driver.name(), driver, "{key}");
        assert!(drivers.removed_volume_source(key).is_none(), "{key}");
    }
    for (key, name) in [
        ("glusterfs", "glusterfs"),
        ("rbd", "rbd"),
        ("cephfs", "cephfs"),
        ("quobyte", "quobyte"),
        ("flocker", "flocker"),
        ("storageos", "storageos"),
        ("scaleIO", "scaleio"),
        ("photonPersistentDisk", "photon-pd"),
    ] {
        let gone = drivers.removed_volume_source(key).unwrap();
        assert_eq!(gone.name, format!("kubernetes.io/{name}"), "{key}");
        assert!(drivers.of_volume_source(key).is_none(), "{key}");
    }
    for key in ["csi", "nfs", "iscsi", "fc", "local", "hostPath", "flexVolume"] {
        assert!(drivers.removed_volume_source(key).is_none(), "{key}");
        assert!(drivers.of_volume_source(key).is_none(), "{key}");
    }
}

#[test]
fn a_misspelt_name_has_a_suggestion_and_a_stranger_none() {
    let drivers = Drivers::builtin();
    assert_eq!(drivers.similar("ebs.csi.aws.co"), Some("ebs.csi.aws.com"));
    assert_eq!(drivers.similar("EBS.csi.aws.com"), Some("ebs.csi.aws.com"));
    assert_eq!(drivers.similar("disk.csi.azur.com"), Some("disk.csi.azure.com"));
    // Another driver of the same vendor is no slip of the pen.
    assert_eq!(drivers.similar("fsx.csi.aws.com"), None);
    assert_eq!(drivers.similar("example.com/own"), None);
    assert_eq!(drivers.similar("ebs.csi.aws.com"), None);
    assert_eq!(drivers.similar(&"x".repeat(10_000)), None);
}

#[test]
fn a_driver_of_the_cluster_replaces_the_fields_it_has() {
    let own = "drivers: [{ name: ebs.csi.aws.com, product: Our EBS }, { name: example.com/own }]";
    let own: DataFile = serde_saphyr::from_str(own).unwrap();
    let drivers = Drivers::builtin().with(own.drivers);
    assert_eq!(drivers.iter().count(), Drivers::builtin().iter().count() + 1);
    let ebs = drivers.find("kubernetes.io/aws-ebs").unwrap().driver;
    let none = Parameters::default();
    assert_eq!((ebs.product(), ebs.topology(&none).value), ("Our EBS", Scope::Zonal));
    // Nothing is known of a driver that has a name only, and nothing is guessed.
    let known = drivers.find("example.com/own").unwrap();
    let driver = known.driver;
    assert_eq!(
        (driver.product(), driver.kind(), driver.is_csi()),
        ("example.com/own", Kind::Unknown, true)
    );
    let ask = Ask {
        mode: ReadWriteMany,
        volume_mode: Filesystem,
        parameters: &none,
        restores: false,
    };
    assert_eq!(driver.access_mode(&ask).value, Support::Unknown);
    assert_eq!(driver.volume_mode(Block, &none).value, Support::Unknown);
    assert_eq!(driver.wait_for_first_consumer(&none).value, Wanted::No);
    assert_eq!(driver.topology(&none).value, Scope::Unknown);
    assert_eq!(driver.expansion().value, Expansion::Unknown);
    assert_eq!(driver.encryption(&none).value, Encryption::Unknown);
    assert_eq!(driver.snapshots().confidence, Confidence::Unknown);
    assert_eq!(driver.filesystem("ext4", &none).value, Support::Unknown);
    assert_eq!(
        driver.sizes(&none),
        SizeRange {
            ignored: false,
            min: None,
            max: None
        }
    );
    let map = class(&[("anything", "x")]);
    assert_eq!(known.judge_parameters(&Parameters::new(Some(&map))), []);
}

#[test]
fn access_modes() {
    use Support::{Refused, Served, Unknown};
    const NONE: &[(&str, &str)] = &[];
    let ebs = "ebs.csi.aws.com";
    let pd = "pd.csi.storage.gke.io";
    let azure = "disk.csi.azure.com";
    let rbd = "rook-ceph.rbd.csi.ceph.com";
    let longhorn = "driver.longhorn.io";
    for (driver, parameters, mode, volume_mode, expected) in [
        (ebs, NONE, ReadWriteOnce, Filesystem, Served),
        (ebs, NONE, ReadWriteOncePod, Block, Served),
        (ebs, NONE, ReadWriteMany, Filesystem, Refused),
        (ebs, &[("type", "io2")], ReadWriteMany, Filesystem, Refused),
        (ebs, &[("type", "io2")], ReadWriteMany, Block, Served),
        (ebs, &[("Type", "io2")], ReadWriteMany, Block, Served),
        (ebs, &[("type", "io1")], ReadWriteMany, Block, Refused),
        (ebs, NONE, ReadWriteMany, Block, Refused),
        (ebs, &[("type", "io2")], ReadOnlyMany, Block, Refused),
        ("kubernetes.io/aws-ebs", NONE, ReadWriteMany, Filesystem, Refused),
        ("efs.csi.aws.com", NONE, ReadWriteMany, Filesystem, Served),
        ("efs.csi.aws.com", NONE, ReadOnlyMany, Filesystem, Refused),
        (pd, NONE, ReadWriteMany, Filesystem, Refused),
        (pd, NONE, ReadOnlyMany, Filesystem, Refused),
        (pd, &[("type", "hyperdisk-ml")], ReadOnlyMany, Filesystem, Served),
        (pd, &[("type", "hyperdisk-extreme")], ReadWriteMany, Block, Refused),
        (pd, &[("type", "Hyperdisk-Balanced")], ReadWriteMany, Block, Served),
        (pd, &[("type", "pd-ssd")], ReadWriteMany, Block, Unknown),
        ("filestore.csi.storage.gke.io", NONE, ReadWriteMany, Filesystem, Served),
        (azure, NONE, ReadWriteMany, Filesystem, Refused),
        (azure, &[("maxShares", "2")], ReadWriteMany, Filesystem, Refused),
        (azure, &[("maxShares", "2")], ReadWriteMany, Block, Served),
        (azure, &[("maxShares", "1")], ReadOnlyMany, Block, Refused),
        (azure, NONE, ReadWriteMany, Block, Refused),
        ("file.csi.azure.com", NONE, ReadWriteMany, Filesystem, Served),
        (
            "file.csi.azure.com",
            &[("fsType", "ext4")],
            ReadWriteMany,
            Filesystem,
            Unknown,
        ),
        (rbd, NONE, ReadWriteMany, Filesystem, Refused),
        (rbd, NONE, ReadWriteMany, Block, Served),
        (rbd, NONE, ReadOnlyMany, Filesystem, Refused),
        ("cephfs.csi.ceph.com", NONE, ReadWriteMany, Filesystem, Served),
        ("cephfs.csi.ceph.com", NONE, ReadOnlyMany, Filesystem, Refused),
        (longhorn, NONE, ReadWriteMany, Filesystem, Served),
        (longhorn, NONE, ReadOnlyMany, Filesystem, Refused),
        (longhorn, NONE, ReadWriteMany, Block, Unknown),
        (longhorn, &[("migratable", "true")], ReadWriteMany, Block, Served),
        (
            longhorn,
            &[("dataLocality", "strict-local")],
            ReadWriteMany,
            Filesystem,
            Refused,
        ),
        ("nfs.csi.k8s.io", NONE, ReadWriteMany, Filesystem, Served),
        ("csi.vsphere.vmware.com", NONE, ReadWriteMany, Filesystem, Unknown),
        ("topolvm.io", NONE, ReadWriteMany, Block, Refused),
        ("rancher.io/local-path", NONE, ReadWriteMany, Filesystem, Unknown),
        ("kubernetes.io/no-provisioner", NONE, ReadWriteMany, Filesystem, Unknown),
        ("cinder.csi.openstack.org", NONE, ReadWriteMany, Filesystem, Unknown),
    ] {
        let found = support(driver, parameters, mode, volume_mode, false);
        assert_eq!(found, expected, "{driver} {parameters:?} {mode} {volume_mode}");
    }
    // A data source makes a read-only disk worth having.
    for driver in [pd, rbd, "cephfs.csi.ceph.com"] {
        assert_eq!(
            support(driver, NONE, ReadOnlyMany, Filesystem, true),
            Served,
            "{driver}"
        );
    }
}

#[test]
fn volume_modes() {
    let drivers = Drivers::builtin();
    let none = Parameters::default();
    for (driver, expected) in [
        ("ebs.csi.aws.com", Support::Served),
        ("efs.csi.aws.com", Support::Refused),
        ("filestore.csi.storage.gke.io", Support::Refused),
        ("file.csi.azure.com", Support::Refused),
        ("cephfs.csi.ceph.com", Support::Refused),
        ("nfs.csi.k8s.io", Support::Refused),
        ("rancher.io/local-path", Support::Refused),
        ("driver.longhorn.io", Support::Served),
        ("kubernetes.io/no-provisioner", Support::Unknown),
    ] {
        assert_eq!(
            drivers.find(driver).unwrap().driver.volume_mode(Block, &none).value,
            expected,
            "{driver}"
        );
    }
}

#[test]
fn binding_topology_expansion_and_sizes() {
    use {Expansion as E, Scope as S, Wanted as W};
    const NONE: &[(&str, &str)] = &[];
    let drivers = Drivers::builtin();
    for (driver, parameters, wanted, scope, expansion, size_ignored) in [
        ("ebs.csi.aws.com", NONE, W::Recommended, S::Zonal, E::Online, false),
        ("efs.csi.aws.com", NONE, W::No, S::Regional, E::None, true),
        (
            "pd.csi.storage.gke.io",
            NONE,
            W::Recommended,
            S::Zonal,
            E::Online,
            false,
        ),
        (
            "pd.csi.storage.gke.io",
            &[("replication-type", "regional-pd")],
            W::Recommended,
            S::Regional,
            E::Online,
            false,
        ),
        (
            "filestore.csi.storage.gke.io",
            NONE,
            W::No,
            S::Regional,
            E::Online,
            false,
        ),
        ("disk.csi.azure.com", NONE, W::Recommended, S::Zonal, E::Online, false),
        (
            "disk.csi.azure.com",
            &[("storageAccountType", "Premium_ZRS")],
            W::No,
            S::Regional,
            E::Online,
            false,
        ),
        ("file.csi.azure.com", NONE, W::No, S::Regional, E::Online, false),
        ("x.rbd.csi.ceph.com", NONE, W::No, S::Global, E::Online, false),
        ("driver.longhorn.io", NONE, W::No, S::Global, E::Online, false),
        ("nfs.csi.k8s.io", NONE, W::No, S::Global, E::CapacityOnly, true),
        ("csi.vsphere.vmware.com", NONE, W::No, S::Unknown, E::Online, false),
        ("topolvm.io", NONE, W::Recommended, S::Node, E::Online, false),
        ("rancher.io/local-path", NONE, W::Required, S::Node, E::None, true),
        (
            "kubernetes.io/no-provisioner",
            NONE,
            W::Recommended,
            S::Unknown,
            E::Unknown,
            false,
        ),
    ] {
        let map = class(parameters);
        let parameters = Parameters::new(Some(&map));
        let found = drivers.find(driver).unwrap().driver;
        assert_eq!(found.wait_for_first_consumer(&parameters).value, wanted, "{driver}");
        assert_eq!(found.topology(&parameters).value, scope, "{driver}");
        assert_eq!(found.expansion().value, expansion, "{driver}");
        assert_eq!(found.size_ignored(), size_ignored, "{driver}");
    }
    let ebs = drivers.find("ebs.csi.aws.com").unwrap().driver;
    assert!(
        ebs.topology_keys()
            .iter()
            .any(|key| key == "topology.ebs.csi.aws.com/zone")
    );
}

#[test]
fn sizes() {
    use OutOfRange::{RefusedByCloud, RefusedByDriver, RoundedUp};
    const GI: i128 = 1 << 30;
    let drivers = Drivers::builtin();
    for (driver, parameters, min, below, max) in [
        (
            "ebs.csi.aws.com",
            &[][..],
            Some(GI),
            Some(RefusedByCloud),
            Some(65_536 * GI),
        ),
        (
            "ebs.csi.aws.com",
            &[("type", "io2")],
            Some(4 * GI),
            Some(RefusedByCloud),
            Some(65_536 * GI),
        ),
        (
            "ebs.csi.aws.com",
            &[("Type", "st1")],
            Some(125 * GI),
            Some(RefusedByCloud),
            Some(16_384 * GI),
        ),
        ("efs.csi.aws.com", &[], None, None, None),
        (
            "pd.csi.storage.gke.io",
            &[("type", "Hyperdisk-Balanced")],
            Some(4 * GI),
            Some(RefusedByCloud),
            Some(65_536 * GI),
        ),
        (
            "filestore.csi.storage.gke.io",
            &[("tier", "premium")],
            Some(2560 * GI),
            Some(RoundedUp),
            Some(65_434 * GI),
        ),
        ("disk.csi.azure.com", &[], Some(GI), Some(RoundedUp), Some(32_767 * GI)),
        (
            "file.csi.azure.com",
            &[("skuName", "Premium_LRS")],
            Some(100 * GI),
            Some(RoundedUp),
            Some(102_400 * GI),
        ),
        (
            "file.csi.azure.com",
            &[("protocol", "nfs")],
            Some(100 * GI),
            Some(RoundedUp),
            Some(102_400 * GI),
        ),
        ("file.csi.azure.com", &[], Some(GI), Some(RoundedUp), Some(102_400 * GI)),
        (
            "driver.longhorn.io",
            &[("fsType", "xfs")],
            Some(300 << 20),
            Some(RefusedByDriver),
            None,
        ),
        ("driver.longhorn.io", &[], Some(10 << 20), Some(RoundedUp), None),
        ("topolvm.io", &[], None, None, None),
    ] {
        let map = class(parameters);
        let parameters = Parameters::new(Some(&map));
        let range = drivers.find(driver).unwrap().driver.sizes(&parameters);
        let found = (
            range.min.map(|min| min.value.bytes),
            range.min.map(|min| min.value.beyond),
        );
        assert_eq!(
            (found.0, found.1, range.max.map(|max| max.value.bytes)),
            (min, below, max),
            "{driver} {parameters:?}"
        );
    }
    let premium = class(&[("skuName", "Premium_LRS")]);
    let range = drivers
        .find("file.csi.azure.com")
        .unwrap()
        .driver
        .sizes(&Parameters::new(Some(&premium)));
    assert!(range.min.unwrap().is_confirmed() && !range.max.unwrap().is_confirmed());
}

#[test]
fn snapshots_clones_filesystems_and_limits() {
    use Support::{Refused, Served, Unknown};
    let drivers = Drivers::builtin();
    let none = Parameters::default();
    for (driver, snapshots, clones) in [
        ("ebs.csi.aws.com", Served, Served),
        ("efs.csi.aws.com", Refused, Refused),
        ("filestore.csi.storage.gke.io", Served, Refused),
        ("csi.vsphere.vmware.com", Served, Refused),
        ("driver.longhorn.io", Served, Served),
        ("topolvm.io", Unknown, Unknown),
        ("rancher.io/local-path", Refused, Refused),
        ("cinder.csi.openstack.org", Unknown, Unknown),
    ] {
        let known = drivers.find(driver).unwrap().driver;
        assert_eq!(
            (known.snapshots().value, known.clones().value),
            (snapshots, clones),
            "{driver}"
        );
    }
    for (driver, name, expected) in [
        ("ebs.csi.aws.com", "ext4", Served),
        ("ebs.csi.aws.com", "ext2", Refused),
        ("ebs.csi.aws.com", "EXT4", Unknown),
        ("efs.csi.aws.com", "ext4", Refused),
        ("file.csi.azure.com", "nfs", Served),
        ("nfs.csi.k8s.io", "ext4", Unknown),
        ("rbd.csi.ceph.com", "zfs", Unknown),
    ] {
        let fact = drivers.find(driver).unwrap().driver.filesystem(name, &none);
        assert_eq!(fact.value, expected, "{driver} {name}");
        assert!(
            fact.value != Refused || fact.is_confirmed() && fact.because.is_some(),
            "{driver} {name}"
        );
    }
    let find = |name| drivers.find(name).unwrap().driver;
    assert_eq!(
        find("ebs.csi.aws.com").filesystems(&none),
        ["ext4", "xfs", "ext3", "ntfs"]
    );
    assert!(find("driver.longhorn.io").clones_same_size_only());
    assert!(find("csi.vsphere.vmware.com").restores_same_size_only());
    assert!(!find("ebs.csi.aws.com").restores_same_size_only());
    assert!(find("rbd.csi.ceph.com").expansion_needs_secret());
    assert!(!find("ebs.csi.aws.com").expansion_needs_secret());
    assert_eq!(find("pd.csi.storage.gke.io").attach_limit().unwrap().value, 127);
    assert!(find("ebs.csi.aws.com").attach_limit().is_none());
}

#[test]
fn zonal_is_what_one_zone_or_node_holds() {
    let drivers = Drivers::builtin();
    for (driver, parameters, expected) in [
        ("ebs.csi.aws.com", &[][..], true),
        ("topolvm.io", &[], true),
        ("efs.csi.aws.com", &[], false),
        ("pd.csi.storage.gke.io", &[("replication-type", "regional-pd")], false),
        ("disk.csi.azure.com", &[("skuName", "StandardSSD_ZRS")], false),
        ("csi.vsphere.vmware.com", &[], false),
    ] {
        let map = class(parameters);
        let found = drivers
            .find(driver)
            .unwrap()
            .driver
            .is_zonal(&Parameters::new(Some(&map)));
        assert_eq!(found, expected, "{driver} {parameters:?}");
    }
}

#[test]
fn nothing_is_certain_about_the_managed_driver_of_eks() {
    let drivers = Drivers::builtin();
    let driver = drivers.find("ebs.csi.eks.amazonaws.com").unwrap().driver;
    let none = Parameters::default();
    let ask = Ask {
        mode: ReadWriteMany,
        volume_mode: Filesystem,
        parameters: &none,
        restores: false,
    };
    let fact = driver.access_mode(&ask);
    assert_eq!((fact.value, fact.confidence), (Support::Refused, Confidence::Likely));
    let map = class(&[("anything", "x")]);
    assert_eq!(driver.judge_parameters(&Parameters::new(Some(&map))), []);
}

#[test]
fn encryption() {
    let drivers = Drivers::builtin();
    let not = |automatic, written| Encryption::NotOptedIn {
        parameter: "encrypted",
        value: "true",
        automatic,
        written,
    };
    for (driver, parameters, expected) in [
        ("ebs.csi.aws.com", &[][..], not(true, false)),
        ("ebs.csi.aws.com", &[("encrypted", "true")], Encryption::OptedIn),
        ("ebs.csi.aws.com", &[("Encrypted", "true")], Encryption::OptedIn),
        ("ebs.csi.aws.com", &[("encrypted", "True")], not(true, true)),
        (
            "ebs.csi.aws.com",
            &[("encrypted", "false"), ("kmsKeyId", "arn:aws:kms:x")],
            Encryption::OptedIn,
        ),
        ("rbd.csi.ceph.com", &[], not(false, false)),
        ("rbd.csi.ceph.com", &[("encrypted", "True")], Encryption::OptedIn),
        ("driver.longhorn.io", &[("encrypted", "false")], not(false, true)),
        ("pd.csi.storage.gke.io", &[], Encryption::Always),
        ("efs.csi.aws.com", &[], Encryption::Elsewhere),
        ("topolvm.io", &[], Encryption::Unknown),
    ] {
        let map = class(parameters);
        let found = drivers
            .find(driver)
            .unwrap()
            .driver
            .encryption(&Parameters::new(Some(&map)))
            .value;
        assert_eq!(found, expected, "{driver} {parameters:?}");
    }
}

#[test]
fn classes_as_they_are_published_have_no_fault() {
    for (driver, parameters) in [
        ("ebs.csi.aws.com", &[][..]),
        ("ebs.csi.aws.com", &[("type", "gp2")]),
        (
            "ebs.csi.aws.com",
            &[("type", "gp3"), ("iops", "3000"), ("throughput", "125")],
        ),
        ("ebs.csi.aws.com", &[("iops", "4000"), ("throughput", "250")]),
        ("ebs.csi.aws.com", &[("type", "io2"), ("iops", "20000")]),
        (
            "ebs.csi.aws.com",
            &[("Type", "io1"), ("iopspergb", "50"), ("tagSpecification_1", "a=b")],
        ),
        (
            "ebs.csi.aws.com",
            &[("csi.storage.k8s.io/fstype", "xfs"), ("encrypted", "true")],
        ),
        (
            "kubernetes.io/aws-ebs",
            &[("type", "gp2"), ("fsType", "ext4"), ("zones", "a,b")],
        ),
        (
            "kubernetes.io/gce-pd",
            &[("type", "pd-standard"), ("fstype", "ext4"), ("zone", "a")],
        ),
        (
            "pd.csi.storage.gke.io",
            &[
                ("type", "hyperdisk-balanced"),
                ("provisioned-throughput-on-create", "250Mi"),
            ],
        ),
        (
            "disk.csi.azure.com",
            &[
                ("skuname", "PremiumV2_LRS"),
                ("cachingMode", "None"),
                ("DiskIOPSReadWrite", "4000"),
            ],
        ),
        (
            "disk.csi.azure.com",
            &[
                ("storageaccounttype", "Premium_LRS"),
                ("kind", "Managed"),
                ("cachingmode", "ReadOnly"),
            ],
        ),
        ("file.csi.azure.com", &[("protocol", "nfs")]),
        ("file.csi.azure.com", &[("protocol", "nfs"), ("skuName", "Premium_LRS")]),
        ("nfs.csi.k8s.io", &[("server", "a"), ("share", "/"), ("subDir", "x")]),
        (
            "rook-ceph.rbd.csi.ceph.com",
            &[
                ("clusterID", "a"),
                ("pool", "b"),
                ("imageFormat", "2"),
                ("imageFeatures", "layering,exclusive-lock,object-map"),
                ("csi.storage.k8s.io/provisioner-secret-name", "a"),
                ("csi.storage.k8s.io/node-stage-secret-name", "a"),
            ],
        ),
        (
            "cephfs.csi.ceph.com",
            &[
                ("clusterID", "a"),
                ("fsName", "b"),
                ("csi.storage.k8s.io/secret-name", "a"),
            ],
        ),
        (
            "ebs.csi.aws.com",
            &[
                ("type", "gp2"),
                ("iops", "0"),
                ("throughput", "0"),
                ("blockSize", "4096"),
            ],
        ),
        ("ebs.csi.aws.com", &[("iops", "0"), ("iopsPerGB", "5")]),
        (
            "driver.longhorn.io",
            &[
                ("numberOfReplicas", "3"),
                ("staleReplicaTimeout", "2880"),
                ("fsType", "ext4"),
            ],
        ),
        ("csi.vsphere.vmware.com", &[("StoragePolicyName", "gold")]),
        ("csi.vsphere.vmware.com", &[("svstorageclass", "gold")]),
        (
            "kubernetes.io/vsphere-volume",
            &[("diskformat", "thin"), ("anything", "x")],
        ),
        ("rancher.io/local-path", &[("nodePath", "/data")]),
        ("kubernetes.io/no-provisioner", &[("anything", "x")]),
    ] {
        assert_eq!(faults(driver, parameters), [], "{driver} {parameters:?}");
    }
}

#[test]
fn faulty_classes() {
    use Consequence::{Capped, Ignored, RefusedByCloud, RefusedByDriver};
    for (driver, parameters, key, consequence, confidence) in [
        (
            "ebs.csi.aws.com",
            &[("type", "gp4")][..],
            "type",
            RefusedByDriver,
            Confidence::Confirmed,
        ),
        (
            "ebs.csi.aws.com",
            &[("iops", "many")],
            "iops",
            RefusedByDriver,
            Confidence::Confirmed,
        ),
        (
            "ebs.csi.aws.com",
            &[("iops", "3000"), ("iopsPerGB", "5")],
            "iops",
            RefusedByDriver,
            Confidence::Confirmed,
        ),
        (
            "ebs.csi.aws.com",
            &[("iops", "90000")],
            "iops",
            Capped,
            Confidence::Confirmed,
        ),
        (
            "ebs.csi.aws.com",
            &[("iops", "100")],
            "iops",
            RefusedByCloud,
            Confidence::Confirmed,
        ),
        (
            "ebs.csi.aws.com",
            &[("type", "gp2"), ("iops", "3000")],
            "iops",
            RefusedByCloud,
            Confidence::Confirmed,
        ),
        (
            "ebs.csi.aws.com",
            &[("type", "io2"), ("iops", "20000"), ("throughput", "1000")],
            "throughput",
            RefusedByCloud,
            Confidence::Confirmed,
        ),
        (
            "ebs.csi.aws.com",
            &[("type", "io2")],
            "iops",
            RefusedByCloud,
            Confidence::Likely,
        ),
        (
            "ebs.csi.aws.com",
            &[("tagspecification_1", "a=b")],
            "tagspecification_1",
            RefusedByDriver,
            Confidence::Confirmed,
        ),
        (
            "efs.csi.aws.com",
            &[("provisioningMode", "efs-ap")],
            "fileSystemId",
            RefusedByDriver,
            Confidence::Confirmed,
        ),
        (
            "pd.csi.storage.gke.io",
            &[("type", "pd-sdd")],
            "type",
            RefusedByCloud,
            Confidence::Likely,
        ),
        (
            "pd.csi.storage.gke.io",
            &[("fsType", "ext4")],
            "fsType",
            RefusedByDriver,
            Confidence::Confirmed,
        ),
        (
            "disk.csi.azure.com",
            &[("skuName", "premium_lrs")],
            "skuName",
            RefusedByDriver,
            Confidence::Confirmed,
        ),
        (
            "disk.csi.azure.com",
            &[("DiskIOPSReadWrite", "4000")],
            "DiskIOPSReadWrite",
            RefusedByDriver,
            Confidence::Confirmed,
        ),
        (
            "disk.csi.azure.com",
            &[("skuName", "PremiumV2_LRS"), ("cachingMode", "ReadOnly")],
            "cachingMode",
            RefusedByDriver,
            Confidence::Confirmed,
        ),
        (
            "disk.csi.azure.com",
            &[("skuName", "UltraSSD_LRS"), ("cachingMode", "ReadOnly")],
            "cachingMode",
            RefusedByCloud,
            Confidence::Confirmed,
        ),
        (
            "file.csi.azure.com",
            &[("protocol", "nfs"), ("skuName", "Standard_LRS")],
            "protocol",
            RefusedByDriver,
            Confidence::Confirmed,
        ),
        (
            "file.csi.azure.com",
            &[("protocol", "NFS")],
            "protocol",
            RefusedByDriver,
            Confidence::Confirmed,
        ),
        (
            "nfs.csi.k8s.io",
            &[("server", "a"), ("share", "/"), ("archiveOnDelete", "true")],
            "archiveOnDelete",
            RefusedByDriver,
            Confidence::Confirmed,
        ),
        (
            "rbd.csi.ceph.com",
            &[("clusterID", "a"), ("csi.storage.k8s.io/secret-name", "s")],
            "pool",
            RefusedByDriver,
            Confidence::Confirmed,
        ),
        (
            "rbd.csi.ceph.com",
            &[
                ("clusterID", "a"),
                ("pool", ""),
                ("csi.storage.k8s.io/secret-name", "s"),
            ],
            "pool",
            RefusedByDriver,
            Confidence::Confirmed,
        ),
        (
            "ebs.csi.aws.com",
            &[("throughput", "1000")],
            "throughput",
            RefusedByCloud,
            Confidence::Confirmed,
        ),
        (
            "ebs.csi.aws.com",
            &[("numberOfInodes", "1,000")],
            "numberOfInodes",
            RefusedByDriver,
            Confidence::Confirmed,
        ),
        (
            "disk.csi.azure.com",
            &[("skuName", "UltraSSD_LRS")],
            "cachingMode",
            RefusedByCloud,
            Confidence::Confirmed,
        ),
        (
            "efs.csi.aws.com",
            &[
                ("provisioningMode", "efs-ap"),
                ("fileSystemId", "fs-1"),
                ("gidRangeStart", "2000"),
                ("gidRangeEnd", "1000"),
            ],
            "gidRangeStart",
            RefusedByDriver,
            Confidence::Confirmed,
        ),
        (
            "nfs.csi.k8s.io",
            &[("server", "a"), ("share", "/"), ("mountPermissions", "0799")],
            "mountPermissions",
            RefusedByDriver,
            Confidence::Confirmed,
        ),
        (
            "rbd.csi.ceph.com",
            &[
                ("clusterID", "a"),
                ("pool", "b"),
                ("csi.storage.k8s.io/provisioner-secret-name", "s"),
            ],
            "csi.storage.k8s.io/node-stage-secret-name",
            RefusedByDriver,
            Confidence::Confirmed,
        ),
        (
            "cephfs.csi.ceph.com",
            &[
                ("clusterID", "a"),
                ("fsName", "b"),
                ("pool", "c"),
                ("backingSnapshot", "true"),
                ("csi.storage.k8s.io/secret-name", "s"),
            ],
            "backingSnapshot",
            RefusedByDriver,
            Confidence::Confirmed,
        ),
        (
            "driver.longhorn.io",
            &[("recurringJobSelector", "daily")],
            "recurringJobSelector",
            RefusedByDriver,
            Confidence::Confirmed,
        ),
        (
            "driver.longhorn.io",
            &[("encrypted", "yes")],
            "encrypted",
            RefusedByDriver,
            Confidence::Confirmed,
        ),
        (
            "driver.longhorn.io",
            &[("numberOfReplica", "3")],
            "numberOfReplica",
            Ignored,
            Confidence::Confirmed,
        ),
        (
            "driver.longhorn.io",
            &[("numberOfReplicas", "three")],
            "numberOfReplicas",
            RefusedByDriver,
            Confidence::Confirmed,
        ),
    ] {
        let found = fault(driver, parameters);
        assert_eq!(
            (found.key.as_str(), found.consequence, found.confidence),
            (key, consequence, confidence),
            "{driver} {parameters:?}: {found:#?}"
        );
        assert!(!found.message.is_empty() && !found.remedy.is_empty() && !found.source.is_empty());
    }
}

#[test]
fn image_features_of_rbd_need_each_other() {
    let base = [
        ("clusterID", "a"),
        ("pool", "b"),
        ("csi.storage.k8s.io/secret-name", "s"),
    ];
    let with = |key, value| [&base[..], &[(key, value)]].concat();
    let wrong = fault("rbd.csi.ceph.com", &with("imageFeatures", "layering,object-map"));
    assert!(
        wrong.message.contains("`object-map` needs `exclusive-lock`"),
        "{}",
        wrong.message
    );
    let wrong = fault("rbd.csi.ceph.com", &with("imageFeatures", "layring"));
    assert_eq!(wrong.remedy, "did you mean `layering`?");
    for (key, value) in [
        ("objectSize", "4194305"),
        ("encryptionSectorSize", "8192"),
        ("encryptionSectorSize", "1000"),
    ] {
        assert_eq!(fault("rbd.csi.ceph.com", &with(key, value)).key, key);
    }
    assert_eq!(faults("rbd.csi.ceph.com", &with("objectSize", "4194304")), []);
    // The sidecar reads the old secret keys, so they are not without effect.
    let old = [
        ("clusterID", "a"),
        ("pool", "b"),
        ("csiProvisionerSecretName", "s"),
        ("csiNodeStageSecretName", "s"),
    ];
    assert_eq!(
        faults(
            "rbd.csi.ceph.com",
            &[&old[..], &[("csiProvisionerSecretNamespace", "n")]].concat()
        ),
        []
    );
}

#[test]
fn combinations_that_the_azure_and_vsphere_drivers_refuse() {
    for (driver, parameters, key) in [
        (
            "file.csi.azure.com",
            &[("protocol", "nfs"), ("fsType", "ext4")][..],
            "protocol",
        ),
        (
            "file.csi.azure.com",
            &[("storageAccount", "a"), ("matchTags", "true")],
            "storageAccount",
        ),
        (
            "file.csi.azure.com",
            &[("protocol", "nfs"), ("enableMultichannel", "true")],
            "enableMultichannel",
        ),
        (
            "file.csi.azure.com",
            &[("storeAccountKey", "true"), ("allowSharedKeyAccess", "false")],
            "storeAccountKey",
        ),
        (
            "file.csi.azure.com",
            &[("mountWithManagedIdentity", "true"), ("mountWithOAuthToken", "true")],
            "mountWithManagedIdentity",
        ),
        (
            "disk.csi.azure.com",
            &[("diskAccessID", "a"), ("networkAccessPolicy", "DenyAll")],
            "diskAccessID",
        ),
        ("csi.vsphere.vmware.com", &[("csimigration", "true")], "csimigration"),
    ] {
        let found = fault(driver, parameters);
        assert_eq!(
            (found.key.as_str(), found.consequence),
            (key, Consequence::RefusedByDriver),
            "{found:?}"
        );
    }
    for (driver, parameters) in [
        (
            "file.csi.azure.com",
            &[("storageAccount", "a"), ("matchTags", "false")][..],
        ),
        (
            "file.csi.azure.com",
            &[("skuName", "Premium_LRS"), ("enableMultichannel", "true")],
        ),
        (
            "disk.csi.azure.com",
            &[("diskAccessID", "a"), ("networkAccessPolicy", "AllowPrivate")],
        ),
    ] {
        assert_eq!(faults(driver, parameters), [], "{driver} {parameters:?}");
    }
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

#[test]
fn a_misspelt_key_names_the_one_that_was_meant() {
    let documented_but_refused = fault("pd.csi.storage.gke.io", &[("use-allowed-disk-topologies", "true")]);
    assert_eq!(documented_but_refused.consequence, Consequence::RefusedByDriver);
    assert_eq!(
        documented_but_refused.kind,
        FaultKind::UnknownKey {
            suggestion: Some(String::from("use-allowed-disk-topology"))
        }
    );
    let case = fault("driver.longhorn.io", &[("numberofreplicas", "3")]);
    assert_eq!(
        case.kind,
        FaultKind::UnknownKey {
            suggestion: Some(String::from("numberOfReplicas"))
        }
    );
    let old = fault("nfs.csi.k8s.io", &[("server", "a"), ("share", "/"), ("fsType", "nfs")]);
    assert_eq!(
        old.kind,
        FaultKind::UnknownKey {
            suggestion: Some(String::from("csi.storage.k8s.io/fstype"))
        }
    );
}

#[test]
fn messages_read_well() {
    let found = fault(
        "ebs.csi.aws.com",
        &[("type", "io2"), ("iops", "20000"), ("throughput", "1000")],
    );
    assert_eq!(
        found.message,
        "`throughput` goes with `type: gp3` only, and `type` is \"io2\": EC2 refuses the volume, and older releases of \
         the driver dropped the value silently"
    );
    assert_eq!(found.remedy, "remove `throughput`, or set `type: gp3`");
    let found = fault("ebs.csi.aws.com", &[("iops", "90000")]);
    assert_eq!(
        found.message,
        "`iops` is 90000, above the maximum of 80000 for `type: gp3`: the driver lowers it silently"
    );
    let found = fault("ebs.csi.aws.com", &[("throughput", "1000")]);
    assert_eq!(
        found.message,
        "`throughput` is 1000, above 1/4 of `iops`, which is 3000: EC2 gives a gp3 volume at most 1 MiB/s for every 4 IOPS"
    );
    let long = "x".repeat(100_000);
    assert!(fault("ebs.csi.aws.com", &[("type", &long)]).message.len() < 300);
}

#[test]
fn reserved_keys_that_the_sidecar_does_not_know() {
    let map = class(&[
        ("csi.storage.k8s.io/fstype", "ext4"),
        ("csi.storage.k8s.io/provisioner-secret-name", "a"),
        ("csi.storage.k8s.io/node-stage-secret-namespace", "a"),
        ("csi.storage.k8s.io/fsType", "ext4"),
        ("csi.storage.k8s.io/provisioner-secret", "a"),
    ]);
    let found = unknown_reserved_keys(&Parameters::new(Some(&map)));
    let keys: Vec<_> = found.iter().map(|fault| fault.key.as_str()).collect();
    assert_eq!(
        keys,
        ["csi.storage.k8s.io/fsType", "csi.storage.k8s.io/provisioner-secret"]
    );
    let suggestion = Some(String::from("csi.storage.k8s.io/fstype"));
    assert_eq!(found[0].kind, FaultKind::UnknownKey { suggestion });
}

#[test]
fn parameters_are_read_in_key_order_and_odd_values_left_out() {
    let mut map = class(&[("b", "2"), ("A", "1")]);
    map.insert(String::from("c"), Value::from(3));
    let parameters = Parameters::new(Some(&map));
    assert_eq!(parameters.iter().collect::<Vec<_>>(), [("A", "1"), ("b", "2")]);
    assert_eq!(parameters.get("a"), None);
    assert_eq!(parameters.get("b"), Some("2"));
    assert_eq!(parameters.get_insensitive("a"), Some(("A", "1")));
    assert_eq!(Parameters::new(None).iter().count(), 0);
}
