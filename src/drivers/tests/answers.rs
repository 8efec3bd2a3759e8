//! The headline truths, driver by driver.

use super::*;

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
        ("cinder.csi.openstack.org", Served, Served),
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
