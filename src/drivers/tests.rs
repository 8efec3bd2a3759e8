//! The headline truths, driver by driver, and the health of the data files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::too_many_lines)]

use super::lookup::FILES;
use super::schema::{Check, DataFile};
use super::*;
use crate::model::access::AccessMode::{self, ReadOnlyMany, ReadWriteMany, ReadWriteOnce, ReadWriteOncePod};
use crate::model::access::VolumeMode::{self, Block, Filesystem};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

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
        assert!(!data.drivers.is_empty() || !data.removed.is_empty(), "{file} is empty");
        for gone in &data.removed {
            assert!(names.insert(gone.name.clone()), "{file}: {} twice", gone.name);
            assert!(
                !gone.source.is_empty() && gone.removed_in.starts_with("1."),
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
                &driver.access_modes.source,
                &driver.volume_modes.source,
                &driver.topology.source,
                &driver.wait_for_first_consumer.source,
                &driver.expansion.source,
                &driver.encryption.source,
                &driver.sizes.source,
            ];
            assert!(
                sources.iter().all(|source| !source.is_empty()),
                "{file}: {} lacks a source",
                driver.name
            );
            for case in &driver.access_modes.cases {
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
            for case in &driver.volume_modes.cases {
                assert_eq!(
                    case.support == Support::Refused,
                    case.stage.is_some(),
                    "{}: {case:?}",
                    driver.name
                );
            }
            if driver.wait_for_first_consumer.wanted != Wanted::No {
                assert!(
                    driver.wait_for_first_consumer.because.is_some(),
                    "{}: wanted without a reason",
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
    let conditions = driver.access_modes.cases.iter().flat_map(|case| &case.when);
    let conditions = conditions.chain(driver.volume_modes.cases.iter().flat_map(|case| &case.when));
    let conditions = conditions.chain(driver.topology.cases.iter().flat_map(|case| &case.when));
    let conditions = conditions.chain(driver.wait_for_first_consumer.cases.iter().flat_map(|case| &case.when));
    named.extend(conditions.filter_map(|condition| condition.parameter.as_deref()));
    named.extend(driver.sizes.by_parameter.iter().map(|by| by.parameter.as_str()));
    if let Some(opt_in) = &driver.encryption.opt_in {
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
    assert_eq!(drivers.removed_in_tree("kubernetes.io/rbd").unwrap().removed_in, "1.31");
    assert!(drivers.removed_in_tree("kubernetes.io/aws-ebs").is_none());
}

#[test]
fn a_misspelt_name_has_a_suggestion_and_a_stranger_none() {
    let drivers = Drivers::builtin();
    assert_eq!(drivers.similar("ebs.csi.aws.co"), Some("ebs.csi.aws.com"));
    assert_eq!(drivers.similar("EBS.csi.aws.com"), Some("ebs.csi.aws.com"));
    assert_eq!(drivers.similar("disk.csi.azur.com"), Some("disk.csi.azure.com"));
    assert_eq!(drivers.similar("example.com/own"), None);
    assert_eq!(drivers.similar("ebs.csi.aws.com"), None);
    assert_eq!(drivers.similar(&"x".repeat(10_000)), None);
}

#[test]
fn a_driver_of_the_cluster_takes_the_place_of_a_built_in_one() {
    let mut own = Drivers::builtin().find("ebs.csi.aws.com").unwrap().driver.clone();
    own.product = String::from("Our EBS");
    let drivers = Drivers::builtin().with(vec![own]);
    assert_eq!(
        drivers.find("kubernetes.io/aws-ebs").unwrap().driver.product(),
        "Our EBS"
    );
    assert_eq!(drivers.iter().count(), Drivers::builtin().iter().count());
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
                ("imageFeatures", "layering"),
            ],
        ),
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
            &[("clusterID", "a")],
            "pool",
            RefusedByDriver,
            Confidence::Confirmed,
        ),
        (
            "rbd.csi.ceph.com",
            &[("clusterID", "a"), ("pool", "")],
            "pool",
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
