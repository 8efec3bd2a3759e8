//! Storage arrays, clusters on virtual machines, provisioners that are no CSI drivers, and inline volumes:
//! of each driver at least the fact that is easiest to get wrong.

use super::*;
use crate::drivers::Consequence::{Ignored, RefusedByCloud, RefusedByDriver};
use crate::drivers::Support::{Refused, Served, Unknown};

const NONE: &[(&str, &str)] = &[];

#[test]
fn names_that_installations_make_up() {
    let drivers = Drivers::builtin();
    for (provisioner, name) in [
        ("csi-powermax.dellemc.com", "csi-powermax.dellemc.com"),
        ("east.csi-powermax.dellemc.com", "csi-powermax.dellemc.com"),
        ("csi-powermax.east.dellemc.com", "csi-powermax.dellemc.com"),
        ("com.nutanix.csi", "csi.nutanix.com"),
        ("ch.ctrox.csi.s3-driver", "ru.yandex.s3.csi"),
        (
            "cluster.local/nfs-subdir-external-provisioner",
            "k8s-sigs.io/nfs-subdir-external-provisioner",
        ),
        (
            "cluster.local/web-nfs-client-provisioner",
            "k8s-sigs.io/nfs-subdir-external-provisioner",
        ),
        ("fuseim.pri/ifs", "k8s-sigs.io/nfs-subdir-external-provisioner"),
        ("cluster.local/web-nfs-server-provisioner", "example.com/nfs"),
        ("spiffe.csi.cert-manager.io", "csi.cert-manager.io"),
    ] {
        let known = drivers
            .find(provisioner)
            .unwrap_or_else(|| panic!("{provisioner} is not known"));
        assert_eq!(known.driver.name(), name, "{provisioner}");
    }
    for stranger in [
        "csi-powermax.example.com",
        "csi-powerstore.example.com",
        "kubernetes.io/nfs",
    ] {
        assert!(drivers.find(stranger).is_none(), "{stranger}");
    }
}

#[test]
fn in_tree_names_that_provision_nothing() {
    let drivers = Drivers::builtin();
    let scaleio = drivers.removed_in_tree("kubernetes.io/scaleio").unwrap();
    assert_eq!(
        (
            scaleio.removed_in.as_deref(),
            scaleio.successor.as_deref(),
            scaleio.confidence
        ),
        (Some("1.22"), Some("csi-vxflexos.dellemc.com"), Confidence::Likely)
    );
    // A kind of volume is no provisioner, but somebody may run one by that name.
    for name in ["nfs", "iscsi", "fc", "local", "local-volume", "photon-pd"] {
        let gone = drivers.removed_in_tree(&format!("kubernetes.io/{name}")).expect(name);
        assert_eq!(
            (gone.removed_in.as_deref(), gone.confidence),
            (None, Confidence::Likely),
            "{name}"
        );
        assert!(gone.because.is_some(), "{name}");
    }
    // Translated, not gone.
    for name in ["vsphere-volume", "portworx-volume", "no-provisioner"] {
        assert!(
            drivers.removed_in_tree(&format!("kubernetes.io/{name}")).is_none(),
            "{name}"
        );
    }
    let successors =
        ["nfs", "rbd", "cephfs", "scaleio"].map(|name| drivers.removed_in_tree(&format!("kubernetes.io/{name}")));
    for gone in successors.into_iter().flatten() {
        let successor = gone.successor.as_deref().expect(&gone.name);
        assert!(drivers.find(successor).is_some(), "{successor}");
    }
}

#[test]
fn access_modes_by_the_parameters_of_the_class() {
    let hpe = "csi.hpe.com";
    let powerstore = "csi-powerstore.dellemc.com";
    let unity = "csi-unity.dellemc.com";
    let powerflex = "csi-vxflexos.dellemc.com";
    let powermax = "csi-powermax.dellemc.com";
    let huawei = "csi.huawei.com";
    let infinidat = "infinibox-csi-driver";
    let ibm = "block.csi.ibm.com";
    let scale = "spectrumscale.csi.ibm.com";
    let kubevirt = "csi.kubevirt.io";
    for (driver, parameters, mode, volume_mode, expected) in [
        (hpe, NONE, ReadWriteMany, Filesystem, Refused),
        (hpe, &[("nfsResources", "true")], ReadWriteMany, Filesystem, Served),
        (hpe, &[("accessProtocol", "nfs")], ReadOnlyMany, Filesystem, Served),
        // A claim's annotation may turn the NFS server on.
        (
            hpe,
            &[("allowOverrides", "nfsResources")],
            ReadWriteMany,
            Filesystem,
            Unknown,
        ),
        (hpe, NONE, ReadWriteMany, Block, Served),
        (hpe, NONE, ReadWriteOncePod, Filesystem, Unknown),
        ("filex.csi.hpe.com", NONE, ReadWriteMany, Filesystem, Served),
        ("filex.csi.hpe.com", NONE, ReadWriteOncePod, Filesystem, Unknown),
        // Unsafe but not refused.
        (powerstore, NONE, ReadWriteMany, Filesystem, Unknown),
        (
            powerstore,
            &[("csi.storage.k8s.io/fstype", "nfs")],
            ReadWriteMany,
            Filesystem,
            Served,
        ),
        (powerstore, &[("FsType", "nfs")], ReadWriteMany, Filesystem, Served),
        ("csi-isilon.dellemc.com", NONE, ReadWriteMany, Filesystem, Served),
        // Without a protocol it is FC.
        (unity, NONE, ReadWriteMany, Filesystem, Refused),
        (unity, &[("protocol", "iSCSI")], ReadOnlyMany, Filesystem, Refused),
        (unity, &[("protocol", "NFS")], ReadWriteMany, Filesystem, Served),
        (unity, &[("protocol", "nfs")], ReadWriteMany, Filesystem, Unknown),
        (unity, NONE, ReadWriteMany, Block, Served),
        (unity, NONE, ReadOnlyMany, Block, Refused),
        (powerflex, NONE, ReadWriteMany, Filesystem, Refused),
        (
            powerflex,
            &[("csi.storage.k8s.io/fstype", "nfs")],
            ReadWriteMany,
            Filesystem,
            Served,
        ),
        (
            powermax,
            &[("csi.storage.k8s.io/fstype", "xfs")],
            ReadWriteMany,
            Filesystem,
            Refused,
        ),
        (
            powermax,
            &[("csi.storage.k8s.io/fstype", "nfs")],
            ReadWriteMany,
            Filesystem,
            Served,
        ),
        // The driver judges volumeType only where the class has it, although lun is the default.
        (huawei, NONE, ReadWriteMany, Filesystem, Unknown),
        (huawei, &[("volumeType", "lun")], ReadWriteMany, Filesystem, Refused),
        (huawei, &[("volumeType", "lun")], ReadWriteMany, Block, Served),
        (huawei, &[("volumeType", "dtree")], ReadWriteMany, Filesystem, Served),
        (
            infinidat,
            &[("storage_protocol", "NFS")],
            ReadWriteMany,
            Filesystem,
            Served,
        ),
        (
            infinidat,
            &[("storage_protocol", "fc")],
            ReadWriteMany,
            Filesystem,
            Unknown,
        ),
        // Accepted by the driver, and no filesystem survives it: nothing to recommend.
        (ibm, NONE, ReadWriteMany, Filesystem, Unknown),
        (ibm, NONE, ReadWriteMany, Block, Served),
        (ibm, NONE, ReadOnlyMany, Block, Refused),
        (scale, NONE, ReadOnlyMany, Filesystem, Refused),
        (scale, &[("cacheMode", "readonly")], ReadOnlyMany, Filesystem, Served),
        (scale, &[("cacheMode", "readonly")], ReadWriteMany, Filesystem, Refused),
        (scale, &[("cacheMode", "ReadOnly")], ReadOnlyMany, Filesystem, Unknown),
        (scale, NONE, ReadWriteMany, Filesystem, Served),
        ("csi.vastdata.com", NONE, ReadWriteMany, Filesystem, Served),
        ("csi.simplyblock.io", NONE, ReadWriteMany, Filesystem, Unknown),
        (
            "csi.nutanix.com",
            &[("storageType", "NutanixFiles")],
            ReadWriteMany,
            Filesystem,
            Served,
        ),
        (
            "csi.nutanix.com",
            &[("storageType", "NutanixVolumes")],
            ReadWriteMany,
            Filesystem,
            Unknown,
        ),
        ("driver.harvesterhci.io", NONE, ReadWriteMany, Filesystem, Unknown),
        (kubevirt, NONE, ReadWriteMany, Filesystem, Refused),
        (kubevirt, NONE, ReadWriteMany, Block, Served),
        (kubevirt, NONE, ReadOnlyMany, Block, Unknown),
        ("ru.yandex.s3.csi", NONE, ReadWriteMany, Filesystem, Served),
        ("ru.yandex.s3.csi", NONE, ReadOnlyMany, Filesystem, Unknown),
        ("s3.csi.aws.com", NONE, ReadWriteOnce, Filesystem, Refused),
        ("s3.csi.aws.com", NONE, ReadWriteMany, Filesystem, Served),
        ("fuseim.pri/ifs", NONE, ReadWriteMany, Filesystem, Served),
        ("fuseim.pri/ifs", NONE, ReadWriteOncePod, Filesystem, Unknown),
        ("example.com/nfs", NONE, ReadWriteMany, Filesystem, Served),
        ("k8s.io/minikube-hostpath", NONE, ReadWriteMany, Filesystem, Unknown),
        ("microk8s.io/hostpath", NONE, ReadWriteMany, Filesystem, Unknown),
        ("secrets-store.csi.k8s.io", NONE, ReadWriteOnce, Filesystem, Refused),
        ("csi.cert-manager.io", NONE, ReadWriteMany, Filesystem, Refused),
    ] {
        let found = support(driver, parameters, mode, volume_mode, false);
        assert_eq!(found, expected, "{driver} {parameters:?} {mode} {volume_mode}");
    }
    assert_eq!(support(scale, NONE, ReadOnlyMany, Filesystem, true), Served);
    assert_eq!(
        support("driver.harvesterhci.io", NONE, ReadWriteMany, Block, true),
        Refused
    );
}

#[test]
fn what_is_only_likely_is_said_so() {
    let none = Parameters::default();
    for (driver, mode) in [
        ("csi.proxmox.sinextra.dev", ReadWriteMany),
        ("driver.harvesterhci.io", ReadOnlyMany),
    ] {
        let driver = find(driver);
        let ask = Ask {
            mode,
            volume_mode: Block,
            parameters: &none,
            restores: false,
        };
        let fact = driver.access_mode(&ask);
        assert_eq!(
            (fact.value, fact.confidence),
            (Refused, Confidence::Likely),
            "{}",
            driver.name()
        );
    }
}

#[test]
fn raw_devices_by_the_parameters_of_the_class() {
    for (driver, parameters, expected) in [
        ("csi.hpe.com", NONE, Served),
        ("csi.hpe.com", &[("accessProtocol", "nfs")], Refused),
        ("csi.hpe.com", &[("nfsResources", "true")], Refused),
        (
            "csi.hpe.com",
            &[("nfsResources", "true"), ("allowOverrides", "nfsResources")],
            Unknown,
        ),
        ("filex.csi.hpe.com", NONE, Refused),
        (
            "csi-powerstore.dellemc.com",
            &[("csi.storage.k8s.io/fstype", "nfs")],
            Refused,
        ),
        ("csi-powerstore.dellemc.com", NONE, Served),
        ("csi-isilon.dellemc.com", NONE, Refused),
        ("csi-unity.dellemc.com", &[("protocol", "NFS")], Refused),
        (
            "csi-vxflexos.dellemc.com",
            &[("csi.storage.k8s.io/fstype", "nfs")],
            Refused,
        ),
        (
            "csi-powermax.dellemc.com",
            &[("csi.storage.k8s.io/fstype", "nfs")],
            Unknown,
        ),
        ("csi.huawei.com", &[("volumeType", "fs")], Refused),
        ("csi.huawei.com", NONE, Unknown),
        ("infinibox-csi-driver", &[("storage_protocol", "nfs")], Refused),
        ("infinibox-csi-driver", NONE, Unknown),
        ("block.csi.ibm.com", NONE, Served),
        ("spectrumscale.csi.ibm.com", NONE, Refused),
        ("csi.vastdata.com", NONE, Unknown),
        ("csi.simplyblock.io", NONE, Unknown),
        // Documented only, so not refused.
        ("csi.nutanix.com", &[("storageType", "NutanixFiles")], Unknown),
        ("fuseim.pri/ifs", NONE, Refused),
        ("example.com/nfs", NONE, Refused),
        ("k8s.io/minikube-hostpath", NONE, Refused),
        ("s3.csi.aws.com", NONE, Refused),
    ] {
        let map = class(parameters);
        let found = find(driver).volume_mode(Block, &Parameters::new(Some(&map))).value;
        assert_eq!(found, expected, "{driver} {parameters:?}");
    }
}

#[test]
fn faults_of_classes() {
    use Confidence::{Confirmed, Likely};
    let scale = [("volBackendFs", "fs1")];
    let scale_with = |more: &[(&'static str, &'static str)]| [&scale[..], more].concat();
    for (driver, parameters, key, consequence, confidence) in [
        (
            "csi-unity.dellemc.com",
            vec![("arrayId", "a"), ("storagePool", "p"), ("protocol", "NFS")],
            "nasServer",
            RefusedByDriver,
            Confirmed,
        ),
        // Letter case counts.
        (
            "csi-unity.dellemc.com",
            vec![("arrayId", "a"), ("storagePool", "p"), ("protocol", "iscsi")],
            "protocol",
            RefusedByDriver,
            Confirmed,
        ),
        (
            "csi-unity.dellemc.com",
            vec![("arrayId", "a"), ("protocol", "FC")],
            "storagePool",
            RefusedByDriver,
            Confirmed,
        ),
        (
            "csi-unity.dellemc.com",
            vec![("arrayId", "a"), ("storagePool", "p"), ("thinProvisioned", "yes")],
            "thinProvisioned",
            Ignored,
            Confirmed,
        ),
        (
            "csi-vxflexos.dellemc.com",
            vec![("systemID", "s")],
            "storagepool",
            RefusedByCloud,
            Likely,
        ),
        (
            "csi-powermax.dellemc.com",
            vec![("SRP", "s")],
            "SYMID",
            RefusedByCloud,
            Likely,
        ),
        (
            "csi.huawei.com",
            vec![("volumeType", "dtree"), ("parentname", "p")],
            "parentname",
            RefusedByDriver,
            Confirmed,
        ),
        (
            "csi.huawei.com",
            vec![("reservedSnapshotSpaceRatio", "51")],
            "reservedSnapshotSpaceRatio",
            RefusedByDriver,
            Confirmed,
        ),
        (
            "csi.huawei.com",
            vec![("fsType", "btrfs")],
            "fsType",
            RefusedByDriver,
            Confirmed,
        ),
        (
            "infinibox-csi-driver",
            vec![
                ("storage_protocol", "iscsi"),
                ("pool_name", "p"),
                ("csi.storage.k8s.io/provisioner-secret-name", "s"),
            ],
            "network_space",
            RefusedByDriver,
            Confirmed,
        ),
        (
            "block.csi.ibm.com",
            vec![("csi.storage.k8s.io/secret-name", "s")],
            "pool",
            RefusedByDriver,
            Confirmed,
        ),
        (
            "block.csi.ibm.com",
            vec![
                ("csi.storage.k8s.io/secret-name", "s"),
                ("pool", "p"),
                ("spaceEfficiency", "thin"),
            ],
            "spaceEfficiency",
            Ignored,
            Confirmed,
        ),
        // The old key is refused although the sidecar reads it.
        (
            "spectrumscale.csi.ibm.com",
            scale_with(&[("fsType", "gpfs")]),
            "fsType",
            RefusedByDriver,
            Confirmed,
        ),
        (
            "spectrumscale.csi.ibm.com",
            scale_with(&[("version", "3")]),
            "version",
            RefusedByDriver,
            Confirmed,
        ),
        (
            "spectrumscale.csi.ibm.com",
            scale_with(&[("version", "2"), ("filesetType", "independent")]),
            "filesetType",
            RefusedByDriver,
            Confirmed,
        ),
        (
            "spectrumscale.csi.ibm.com",
            scale_with(&[("cacheMode", "readonly")]),
            "cacheMode",
            RefusedByDriver,
            Confirmed,
        ),
        (
            "csi.vastdata.com",
            vec![
                ("root_export", "/k"),
                ("view_policy", "v"),
                ("vip_pool_name", "a"),
                ("vip_pool_fqdn", "b"),
            ],
            "vip_pool_name",
            RefusedByDriver,
            Confirmed,
        ),
        (
            "csi.simplyblock.io",
            vec![("pool_name", "p")],
            "cluster_id",
            RefusedByDriver,
            Confirmed,
        ),
        (
            "csi.simplyblock.io",
            vec![("pool_name", "p"), ("cluster_id", "c"), ("distr_ndcs", "two")],
            "distr_ndcs",
            RefusedByDriver,
            Confirmed,
        ),
        // `TRUE` counts as false.
        (
            "csi.simplyblock.io",
            vec![("pool_name", "p"), ("cluster_id", "c"), ("encryption", "TRUE")],
            "encryption",
            Ignored,
            Likely,
        ),
        (
            "csi.nutanix.com",
            vec![("storageType", "NutanixVolumes")],
            "storageContainer",
            RefusedByCloud,
            Likely,
        ),
        (
            "csi.proxmox.sinextra.dev",
            vec![("cache", "none")],
            "storage",
            RefusedByDriver,
            Confirmed,
        ),
        (
            "csi.proxmox.sinextra.dev",
            vec![("storage", "lvm"), ("diskIOPS", "1k")],
            "diskIOPS",
            RefusedByDriver,
            Confirmed,
        ),
        (
            "ru.yandex.s3.csi",
            vec![("mounter", "geesefs")],
            "csi.storage.k8s.io/provisioner-secret-name",
            RefusedByDriver,
            Confirmed,
        ),
        (
            "csi.kubevirt.io",
            vec![("infraStorageClass", "a")],
            "infraStorageClass",
            Ignored,
            Confirmed,
        ),
        (
            "fuseim.pri/ifs",
            vec![("onDelete", "Retain")],
            "onDelete",
            Ignored,
            Confirmed,
        ),
        (
            "example.com/nfs",
            vec![("archiveOnDelete", "true")],
            "archiveOnDelete",
            RefusedByDriver,
            Confirmed,
        ),
        (
            "example.com/nfs",
            vec![("rootsquash", "no")],
            "rootsquash",
            RefusedByDriver,
            Confirmed,
        ),
        (
            "k8s.io/minikube-hostpath",
            vec![("path", "/data")],
            "path",
            Ignored,
            Confirmed,
        ),
        (
            "csi.hpe.com",
            vec![
                ("hostEncryption", "true"),
                ("hostEncryptionSecretName", "s"),
                ("csi.storage.k8s.io/provisioner-secret-name", "s"),
            ],
            "hostEncryption",
            RefusedByDriver,
            Confirmed,
        ),
    ] {
        let found = fault(driver, &parameters);
        assert_eq!(
            (found.key.as_str(), found.consequence, found.confidence),
            (key, consequence, confidence),
            "{driver} {parameters:?}: {found:#?}"
        );
    }
}

#[test]
fn classes_of_arrays_without_a_fault() {
    for (driver, parameters) in [
        // The array's own provider has keys of its own.
        (
            "csi.hpe.com",
            vec![
                ("csi.storage.k8s.io/provisioner-secret-name", "s"),
                ("limitIops", "100"),
            ],
        ),
        // A default array of the driver's configuration serves it.
        ("csi-powerstore.dellemc.com", vec![("fsType", "ext4")]),
        (
            "csi-unity.dellemc.com",
            vec![("arrayId", "a"), ("storagePool", "p"), ("protocol", "iSCSI")],
        ),
        (
            "csi-vxflexos.dellemc.com",
            vec![("storagepool", "p"), ("systemid", "s")],
        ),
        // A secret of newer releases has the protocol and its network.
        (
            "infinibox-csi-driver",
            vec![("pool_name", "p"), ("csi.storage.k8s.io/provisioner-secret-name", "s")],
        ),
        (
            "infinibox-csi-driver",
            vec![
                ("storage_protocol", "fc"),
                ("pool_name", "p"),
                ("csi.storage.k8s.io/provisioner-secret-name", "s"),
            ],
        ),
        (
            "block.csi.ibm.com",
            vec![
                ("by_management_id", r#"{"a": {"pool": "p"}}"#),
                ("csi.storage.k8s.io/secret-name", "s"),
            ],
        ),
        (
            "spectrumscale.csi.ibm.com",
            vec![("volBackendFs", "fs1"), ("version", "2"), ("compression", "TRUE")],
        ),
        (
            "spectrumscale.csi.ibm.com",
            vec![
                ("volBackendFs", "fs1"),
                ("volumeType", "Cache"),
                ("cacheMode", "readonly"),
            ],
        ),
        ("csi.vastdata.com", vec![("root_export", "/k"), ("view_policy", "v")]),
        (
            "csi.simplyblock.io",
            vec![("pool_name", "p"), ("zone_cluster_map", "{}"), ("encryption", "True")],
        ),
        (
            "csi.nutanix.com",
            vec![
                ("storageType", "NutanixFiles"),
                ("dynamicProv", "ENABLED"),
                ("nfsServerName", "n"),
            ],
        ),
        (
            "fuseim.pri/ifs",
            vec![("archiveOnDelete", "false"), ("pathPattern", "${.PVC.namespace}")],
        ),
        ("example.com/nfs", vec![("GID", "none"), ("mountOptions", "vers=4.1")]),
        ("s3.csi.aws.com", vec![("anything", "x")]),
    ] {
        assert_eq!(faults(driver, &parameters), [], "{driver} {parameters:?}");
    }
}

#[test]
fn sizes_filesystems_and_binding() {
    use OutOfRange::RoundedUp;
    let bounds = |driver: &str, pairs: &[(&str, &str)]| {
        let map = class(pairs);
        let found = find(driver);
        let range = found.sizes(&Parameters::new(Some(&map)));
        (
            range.min.map(|min| (min.value.bytes, min.value.beyond)),
            range.max.map(|max| max.value.bytes),
        )
    };
    let nfs = [("csi.storage.k8s.io/fstype", "nfs")];
    assert_eq!(
        bounds("csi-vxflexos.dellemc.com", NONE),
        (Some((8 << 30, RoundedUp)), None)
    );
    assert_eq!(bounds("csi-vxflexos.dellemc.com", &nfs), (None, None));
    assert_eq!(
        bounds("csi-powermax.dellemc.com", NONE),
        (Some((51_118_080, OutOfRange::Unknown)), Some(64 << 40))
    );
    assert_eq!(
        bounds("csi.proxmox.sinextra.dev", NONE),
        (Some((512 << 20, RoundedUp)), None)
    );
    for (driver, ignored) in [
        ("fuseim.pri/ifs", true),
        ("ru.yandex.s3.csi", true),
        ("example.com/nfs", false),
    ] {
        assert_eq!(find(driver).size_ignored(), ignored, "{driver}");
    }

    let none = Parameters::default();
    for (driver, name, expected, confidence) in [
        ("block.csi.ibm.com", "btrfs", Refused, Confidence::Confirmed),
        ("csi.vastdata.com", "ext4", Served, Confidence::Confirmed),
        ("csi.vastdata.com", "nfs", Refused, Confidence::Confirmed),
        ("csi.hpe.com", "zfs", Refused, Confidence::Likely),
        ("csi-powerstore.dellemc.com", "btrfs", Unknown, Confidence::Likely),
    ] {
        let driver = find(driver);
        let fact = driver.filesystem(name, &none);
        assert_eq!(
            (fact.value, fact.confidence),
            (expected, confidence),
            "{} {name}",
            driver.name()
        );
    }
    let map = class(&nfs);
    let hpe = find("csi.hpe.com");
    assert!(hpe.filesystem("nfs", &Parameters::new(Some(&map))).is_confirmed());

    let by_management = class(&[("by_management_id", "{}")]);
    let by_management = Parameters::new(Some(&by_management));
    let ibm = find("block.csi.ibm.com");
    assert_eq!(ibm.wait_for_first_consumer(&none).value, Wanted::No);
    assert_eq!(ibm.wait_for_first_consumer(&by_management).value, Wanted::Recommended);
    assert_eq!(
        (ibm.topology(&none).value, ibm.topology(&by_management).value),
        (Scope::Global, Scope::Unknown)
    );
    // Local or shared storage: a class does not tell, so nothing is said of zones.
    assert!(!find("csi.proxmox.sinextra.dev").is_zonal(&none));
    assert!(find("microk8s.io/hostpath").is_zonal(&none));
}

#[test]
fn copies_mount_options_and_changes() {
    let none = Parameters::default();
    for (driver, snapshots, clones) in [
        ("driver.harvesterhci.io", Served, Refused),
        ("csi.kubevirt.io", Served, Served),
        ("filex.csi.hpe.com", Served, Unknown),
        ("ru.yandex.s3.csi", Refused, Refused),
    ] {
        let known = find(driver);
        assert_eq!(
            (known.snapshots().value, known.clones().value),
            (snapshots, clones),
            "{driver}"
        );
    }
    for (driver, expected) in [
        ("block.csi.ibm.com", Refused),
        ("spectrumscale.csi.ibm.com", Refused),
        ("csi-powerstore.dellemc.com", Unknown),
    ] {
        assert_eq!(find(driver).mount_option("noatime", &none).value, expected, "{driver}");
    }
    for (driver, expected) in [
        ("csi.proxmox.sinextra.dev", Served),
        ("spectrumscale.csi.ibm.com", Unknown),
        ("csi.huawei.com", Refused),
    ] {
        assert_eq!(find(driver).attributes_class().value, expected, "{driver}");
    }
    let map = class(&[("cache", "none"), ("diskIOPS", "500")]);
    let faults = find("csi.proxmox.sinextra.dev").judge_attributes(&Parameters::new(Some(&map)));
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!((faults[0].key.as_str(), faults[0].consequence), ("cache", Ignored));

    let encrypted = |pairs| {
        let map = class(pairs);
        let known = find("csi.simplyblock.io");
        known.encryption(&Parameters::new(Some(&map))).value == Encryption::OptedIn
    };
    assert!(encrypted(&[("encryption", "True")]) && !encrypted(&[("encryption", "TRUE")]));
}

#[test]
fn where_volumes_come_from() {
    for (driver, provisioning, inline) in [
        ("secrets-store.csi.k8s.io", Refused, Served),
        ("spiffe.csi.cert-manager.io", Refused, Served),
        ("s3.csi.aws.com", Refused, Unknown),
        ("kubernetes.io/no-provisioner", Refused, Unknown),
        ("gcsfuse.csi.storage.gke.io", Refused, Served),
        ("csi.vastdata.com", Unknown, Served),
        ("csi.hpe.com", Unknown, Unknown),
    ] {
        let known = find(driver);
        assert_eq!(
            (known.provisioning().value, known.inline().value),
            (provisioning, inline),
            "{driver}"
        );
        for fact in [known.provisioning(), known.inline()] {
            assert!(fact.value != Refused || fact.because.is_some(), "{driver}: {fact:?}");
        }
    }
}
