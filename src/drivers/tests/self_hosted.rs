//! Storage software that people run themselves, and the sample drivers: of each driver at least the fact that is easiest
//! to get wrong.

use super::*;
use crate::drivers::Consequence::{Ignored, RefusedByCloud, RefusedByDriver};
use crate::drivers::Support::{Refused, Served, Unknown};

const NONE: &[(&str, &str)] = &[];
const TRIDENT: &str = "csi.trident.netapp.io";
const LINSTOR: &str = "linstor.csi.linbit.com";
const SYNOLOGY: &str = "csi.san.synology.com";
const MAYASTOR: &str = "io.openebs.csi-mayastor";
const LVM: &str = "local.csi.openebs.io";
const ZFS: &str = "zfs.csi.openebs.io";
const WEKA: &str = "csi.weka.io";
const DIRECTPV: &str = "directpv-min-io";

fn find(provisioner: &str) -> Driver {
    let drivers = Drivers::builtin();
    drivers.find(provisioner).expect(provisioner).driver.clone()
}

#[test]
fn names_that_installations_make_up() {
    let drivers = Drivers::builtin();
    for (provisioner, name) in [
        ("rook-ceph.nfs.csi.ceph.com", "nfs.csi.ceph.com"),
        ("storage.nvmeof.csi.ceph.com", "nvmeof.csi.ceph.com"),
        ("rook-ceph.ceph.rook.io/bucket", "ceph.rook.io/bucket"),
        ("openshift-storage.ceph.rook.io/bucket", "ceph.rook.io/bucket"),
        ("openshift-storage.noobaa.io/obc", "noobaa.io/obc"),
        ("team.csi.juicefs.com", "csi.juicefs.com"),
        ("east.csi.weka.io", WEKA),
        ("csi.east.weka.io", WEKA),
        ("org.democratic-csi.iscsi", "org.democratic-csi"),
        ("org.democratic-csi.nfs-ssd", "org.democratic-csi"),
        ("netapp.io/trident", TRIDENT),
        ("org.kadalu.gluster", "kadalu"),
        ("com.tuxera.csi.moosefs", "csi.moosefs.com"),
        ("quobyte-csi", "csi.quobyte.com"),
        ("direct-csi-min-io", DIRECTPV),
    ] {
        let known = drivers
            .find(provisioner)
            .unwrap_or_else(|| panic!("{provisioner} is not known"));
        assert_eq!(known.driver.name(), name, "{provisioner}");
    }
    // CSI's own NFS driver is another one, and the old iSCSI name stands for two drivers.
    assert_eq!(drivers.find("nfs.csi.k8s.io").unwrap().driver.product(), "NFS");
    for stranger in [
        "openebs.io/provisioner-iscsi",
        "myjuicefs.com",
        "weka.io",
        "democratic-csi",
    ] {
        assert!(drivers.find(stranger).is_none(), "{stranger}");
    }
}

#[test]
fn access_modes_by_the_parameters_of_the_class() {
    const NAS: &[(&str, &str)] = &[("backendType", "ontap-nas")];
    const SAN: &[(&str, &str)] = &[("backendType", "ontap-san")];
    const SAN_AND_MORE: &[(&str, &str)] = &[("backendType", "ontap-san"), ("requiredStorage", "nas:a")];
    for (driver, parameters, mode, volume_mode, expected) in [
        (TRIDENT, NAS, ReadWriteMany, Filesystem, Served),
        (TRIDENT, SAN, ReadWriteMany, Filesystem, Refused),
        (TRIDENT, SAN, ReadWriteMany, Block, Served),
        (TRIDENT, SAN, ReadOnlyMany, Filesystem, Unknown),
        (TRIDENT, SAN, ReadWriteOncePod, Filesystem, Served),
        (TRIDENT, SAN_AND_MORE, ReadWriteMany, Filesystem, Unknown),
        (TRIDENT, NONE, ReadWriteMany, Filesystem, Unknown),
        (
            TRIDENT,
            &[("trident.netapp.io/backendType", "solidfire-san")],
            ReadWriteMany,
            Filesystem,
            Refused,
        ),
        ("org.democratic-csi.iscsi", NONE, ReadWriteMany, Filesystem, Unknown),
        ("org.democratic-csi.nfs", NONE, ReadWriteOnce, Filesystem, Served),
        (LINSTOR, NONE, ReadWriteMany, Filesystem, Unknown),
        (LINSTOR, NONE, ReadWriteMany, Block, Unknown),
        (LINSTOR, NONE, ReadOnlyMany, Filesystem, Served),
        (LINSTOR, &[("layerList", "storage")], ReadWriteMany, Block, Refused),
        (
            LINSTOR,
            &[("layerList", "drbd luks storage")],
            ReadWriteMany,
            Block,
            Unknown,
        ),
        (
            LINSTOR,
            &[("linstor.csi.linbit.com/LayerList", "storage")],
            ReadWriteMany,
            Block,
            Refused,
        ),
        (SYNOLOGY, NONE, ReadOnlyMany, Filesystem, Refused),
        (SYNOLOGY, NONE, ReadWriteMany, Filesystem, Unknown),
        (SYNOLOGY, NONE, ReadWriteMany, Block, Served),
        (SYNOLOGY, &[("protocol", "SMB")], ReadWriteMany, Filesystem, Served),
        (SYNOLOGY, &[("protocol", "nfs")], ReadOnlyMany, Filesystem, Refused),
        ("kadalu", NONE, ReadWriteMany, Filesystem, Served),
        ("kadalu", NONE, ReadWriteMany, Block, Refused),
        ("kadalu", &[("pv_type", "block")], ReadWriteMany, Filesystem, Refused),
        ("openebs.io/local", NONE, ReadWriteOnce, Filesystem, Served),
        ("openebs.io/local", NONE, ReadWriteOncePod, Filesystem, Refused),
        (LVM, NONE, ReadWriteMany, Filesystem, Refused),
        (LVM, NONE, ReadWriteOncePod, Block, Served),
        (ZFS, NONE, ReadWriteMany, Filesystem, Unknown),
        ("rawfile.csi.openebs.io", NONE, ReadOnlyMany, Filesystem, Refused),
        (MAYASTOR, NONE, ReadWriteMany, Block, Refused),
        (MAYASTOR, NONE, ReadWriteOncePod, Filesystem, Served),
        ("cstor.csi.openebs.io", NONE, ReadWriteMany, Filesystem, Refused),
        ("csi.juicefs.com", NONE, ReadOnlyMany, Filesystem, Unknown),
        ("csi.juicefs.com", NONE, ReadWriteMany, Filesystem, Served),
        ("seaweedfs-csi-driver", NONE, ReadOnlyMany, Filesystem, Unknown),
        ("seaweedfs-csi-driver", NONE, ReadWriteMany, Filesystem, Served),
        ("org.gluster.glusterfs", NONE, ReadWriteMany, Filesystem, Served),
        ("org.gluster.glusterfs", NONE, ReadOnlyMany, Filesystem, Unknown),
        ("csi.moosefs.com", NONE, ReadOnlyMany, Filesystem, Served),
        ("beegfs.csi.netapp.com", NONE, ReadWriteMany, Filesystem, Served),
        (WEKA, NONE, ReadWriteMany, Filesystem, Served),
        (
            "csi.quobyte.com",
            &[("accessMode", "770")],
            ReadWriteMany,
            Filesystem,
            Served,
        ),
        ("exa.csi.ddn.com", NONE, ReadWriteMany, Filesystem, Served),
        ("exa.csi.ddn.com", NONE, ReadWriteMany, Block, Unknown),
        (DIRECTPV, NONE, ReadWriteMany, Filesystem, Refused),
        (DIRECTPV, NONE, ReadWriteOncePod, Filesystem, Served),
        ("smb.csi.k8s.io", NONE, ReadWriteMany, Filesystem, Served),
        ("hostpath.csi.k8s.io", NONE, ReadWriteMany, Filesystem, Unknown),
        ("iscsi.csi.k8s.io", NONE, ReadWriteMany, Filesystem, Unknown),
        ("lustre-csi.hpe.com", NONE, ReadWriteMany, Filesystem, Unknown),
        ("nfs.csi.ceph.com", NONE, ReadWriteMany, Filesystem, Served),
        ("nvmeof.csi.ceph.com", NONE, ReadWriteMany, Block, Served),
        ("nvmeof.csi.ceph.com", NONE, ReadWriteOncePod, Filesystem, Unknown),
    ] {
        let found = support(driver, parameters, mode, volume_mode, false);
        assert_eq!(found, expected, "{driver} {parameters:?} {mode} {volume_mode}");
    }
    let restored = support("nfs.csi.ceph.com", NONE, ReadOnlyMany, Filesystem, true);
    assert_eq!(restored, Served);
}

#[test]
fn what_is_only_likely_is_said_so() {
    let none = Parameters::default();
    for (driver, mode) in [
        ("nfs.csi.ceph.com", ReadOnlyMany),
        ("nvmeof.csi.ceph.com", ReadWriteMany),
        ("jiva.csi.openebs.io", ReadWriteMany),
    ] {
        let driver = find(driver);
        let ask = Ask {
            mode,
            volume_mode: Filesystem,
            parameters: &none,
            restores: false,
        };
        let fact = driver.access_mode(&ask);
        let found = (fact.value, fact.confidence);
        assert_eq!(found, (Refused, Confidence::Likely), "{}", driver.name());
    }
}

#[test]
fn raw_devices_by_the_parameters_of_the_class() {
    use Confidence::{Confirmed, Likely};
    for (driver, parameters, expected, confidence) in [
        (TRIDENT, &[("backendType", "ontap-nas")][..], Refused, Confirmed),
        (TRIDENT, &[("backendType", "ontap-san-economy")], Served, Confirmed),
        (TRIDENT, NONE, Unknown, Confirmed),
        ("org.democratic-csi.zvol", NONE, Unknown, Likely),
        (SYNOLOGY, NONE, Served, Confirmed),
        (SYNOLOGY, &[("protocol", "nfs")], Refused, Likely),
        ("openebs.io/local", NONE, Refused, Likely),
        (LVM, NONE, Served, Confirmed),
        (ZFS, NONE, Served, Confirmed),
        ("jiva.csi.openebs.io", NONE, Unknown, Confidence::Unknown),
        ("kadalu", NONE, Served, Likely),
        ("org.gluster.glusterfs", NONE, Refused, Likely),
        ("csi.juicefs.com", NONE, Refused, Confirmed),
        ("seaweedfs-csi-driver", NONE, Refused, Likely),
        ("csi.moosefs.com", NONE, Refused, Confirmed),
        ("beegfs.csi.netapp.com", NONE, Refused, Confirmed),
        (WEKA, NONE, Refused, Confirmed),
        ("csi.quobyte.com", NONE, Refused, Confirmed),
        ("exa.csi.ddn.com", NONE, Served, Likely),
        (DIRECTPV, NONE, Refused, Confirmed),
        ("smb.csi.k8s.io", NONE, Refused, Confirmed),
        ("nfs.csi.ceph.com", NONE, Refused, Confirmed),
        ("nvmeof.csi.ceph.com", NONE, Served, Likely),
        ("hostpath.csi.k8s.io", NONE, Served, Confirmed),
    ] {
        let map = class(parameters);
        let driver = find(driver);
        let fact = driver.volume_mode(Block, &Parameters::new(Some(&map)));
        let found = (fact.value, fact.confidence);
        assert_eq!(found, (expected, confidence), "{} {parameters:?}", driver.name());
    }
}

#[test]
fn classes_that_make_no_volumes() {
    let none = Parameters::default();
    for (driver, provisioning, confidence, filesystem) in [
        ("iscsi.csi.k8s.io", Refused, Confidence::Confirmed, Unknown),
        ("lustre-csi.hpe.com", Refused, Confidence::Likely, Unknown),
        ("rook-ceph.ceph.rook.io/bucket", Refused, Confidence::Confirmed, Refused),
        (
            "openshift-storage.noobaa.io/obc",
            Refused,
            Confidence::Confirmed,
            Refused,
        ),
        (SYNOLOGY, Unknown, Confidence::Unknown, Served),
    ] {
        let driver = find(driver);
        let fact = driver.provisioning();
        assert_eq!(
            (fact.value, fact.confidence),
            (provisioning, confidence),
            "{}",
            driver.name()
        );
        let found = driver.volume_mode(Filesystem, &none).value;
        assert_eq!(found, filesystem, "{}", driver.name());
    }
    for bucket in ["rook-ceph.ceph.rook.io/bucket", "openshift-storage.noobaa.io/obc"] {
        assert_eq!((find(bucket).kind(), find(bucket).is_csi()), (Kind::Object, false));
    }
}

#[test]
fn binding_topology_and_growth() {
    let online = Expansion::Online;
    for (driver, parameters, wanted, scope, expansion) in [
        ("openebs.io/local", NONE, Wanted::Required, Scope::Node, Expansion::None),
        ("rawfile.csi.openebs.io", NONE, Wanted::Required, Scope::Node, online),
        (LVM, NONE, Wanted::Recommended, Scope::Node, online),
        (ZFS, NONE, Wanted::Recommended, Scope::Node, online),
        (DIRECTPV, NONE, Wanted::Recommended, Scope::Node, online),
        ("hostpath.csi.k8s.io", NONE, Wanted::No, Scope::Node, online),
        (MAYASTOR, NONE, Wanted::No, Scope::Global, online),
        ("cstor.csi.openebs.io", NONE, Wanted::No, Scope::Global, online),
        ("jiva.csi.openebs.io", NONE, Wanted::No, Scope::Global, online),
        (LINSTOR, NONE, Wanted::No, Scope::Global, online),
        (
            LINSTOR,
            &[("allowRemoteVolumeAccess", "false")],
            Wanted::Recommended,
            Scope::Node,
            online,
        ),
        (
            LINSTOR,
            &[("allowremotevolumeaccess", "false"), ("autoPlace", "2")],
            Wanted::Recommended,
            Scope::Unknown,
            online,
        ),
        (
            LINSTOR,
            &[("allowRemoteVolumeAccess", "- fromSame:\n  - rack")],
            Wanted::No,
            Scope::Unknown,
            online,
        ),
        (TRIDENT, NONE, Wanted::No, Scope::Unknown, online),
        ("org.democratic-csi.local", NONE, Wanted::No, Scope::Unknown, online),
        ("exa.csi.ddn.com", NONE, Wanted::No, Scope::Unknown, online),
        (WEKA, NONE, Wanted::No, Scope::Global, online),
        (SYNOLOGY, NONE, Wanted::No, Scope::Global, online),
        (
            "smb.csi.k8s.io",
            NONE,
            Wanted::No,
            Scope::Global,
            Expansion::CapacityOnly,
        ),
        (
            "beegfs.csi.netapp.com",
            NONE,
            Wanted::No,
            Scope::Global,
            Expansion::CapacityOnly,
        ),
        (
            "org.gluster.glusterfs",
            NONE,
            Wanted::No,
            Scope::Global,
            Expansion::None,
        ),
        ("iscsi.csi.k8s.io", NONE, Wanted::No, Scope::Global, Expansion::None),
    ] {
        let map = class(parameters);
        let parameters = Parameters::new(Some(&map));
        let driver = find(driver);
        let found = (
            driver.wait_for_first_consumer(&parameters).value,
            driver.topology(&parameters).value,
            driver.expansion().value,
        );
        assert_eq!(found, (wanted, scope, expansion), "{} {map:?}", driver.name());
    }
    for (driver, needs_secret) in [
        ("nfs.csi.ceph.com", true),
        ("csi.juicefs.com", true),
        ("csi.quobyte.com", true),
        (SYNOLOGY, false),
    ] {
        assert_eq!(find(driver).expansion_needs_secret(), needs_secret, "{driver}");
    }
}

#[test]
fn snapshots_and_clones() {
    for (driver, snapshots, clones, same_size) in [
        (MAYASTOR, Served, Refused, false),
        (LVM, Unknown, Refused, false),
        (ZFS, Served, Served, true),
        ("rawfile.csi.openebs.io", Unknown, Unknown, false),
        ("openebs.io/local", Refused, Refused, false),
        ("jiva.csi.openebs.io", Refused, Refused, false),
        ("cstor.csi.openebs.io", Served, Served, false),
        ("smb.csi.k8s.io", Refused, Served, false),
        ("csi.juicefs.com", Served, Refused, false),
        ("csi.quobyte.com", Unknown, Refused, false),
        (WEKA, Unknown, Unknown, false),
        ("exa.csi.ddn.com", Served, Unknown, false),
        ("org.gluster.glusterfs", Unknown, Unknown, false),
        ("nvmeof.csi.ceph.com", Unknown, Unknown, false),
        ("nfs.csi.ceph.com", Served, Served, false),
        (DIRECTPV, Refused, Refused, false),
        (LINSTOR, Served, Served, false),
    ] {
        let driver = find(driver);
        let found = (driver.snapshots().value, driver.clones().value);
        assert_eq!(found, (snapshots, clones), "{}", driver.name());
        assert_eq!(driver.clones_same_size_only(), same_size, "{}", driver.name());
    }
}

#[test]
fn sizes_and_filesystems() {
    let rounded = Some(OutOfRange::RoundedUp);
    for (driver, parameters, min, beyond) in [
        (TRIDENT, NONE, None, None),
        (TRIDENT, &[("backendType", "ontap-san")], Some(20 << 20), rounded),
        (
            TRIDENT,
            &[("backendType", "azure-netapp-files")],
            Some(50 << 30),
            rounded,
        ),
        (
            TRIDENT,
            &[("backendType", "ontap-san"), ("additionalStoragePools", "b:p")],
            None,
            None,
        ),
        (SYNOLOGY, NONE, Some(1 << 30), Some(OutOfRange::RefusedByDriver)),
        ("rawfile.csi.openebs.io", NONE, Some(16 << 20), rounded),
    ] {
        let map = class(parameters);
        let driver = find(driver);
        let range = driver.sizes(&Parameters::new(Some(&map)));
        let found = range.min.map(|fact| fact.value);
        assert_eq!(found.map(|bound| bound.bytes), min, "{} {map:?}", driver.name());
        assert_eq!(found.map(|bound| bound.beyond), beyond, "{} {map:?}", driver.name());
    }
    for (driver, ignored) in [
        ("smb.csi.k8s.io", true),
        ("beegfs.csi.netapp.com", true),
        ("csi.quobyte.com", false),
    ] {
        assert_eq!(find(driver).size_ignored(), ignored, "{driver}");
    }
    let none = Parameters::default();
    for (driver, name, expected) in [
        (DIRECTPV, "xfs", Served),
        (DIRECTPV, "ext4", Refused),
        (MAYASTOR, "btrfs", Served),
        (MAYASTOR, "ext3", Refused),
        (ZFS, "zfs", Served),
        (LINSTOR, "btrfs", Unknown),
    ] {
        assert_eq!(find(driver).filesystem(name, &none).value, expected, "{driver} {name}");
    }
}

#[test]
fn encryption_on_request() {
    let asked = |driver: &str, parameters: &[(&str, &str)]| {
        let map = class(parameters);
        find(driver).encryption(&Parameters::new(Some(&map))).value == Encryption::OptedIn
    };
    for (driver, parameters, expected) in [
        (ZFS, &[("encryption", "aes-256-gcm")][..], true),
        (ZFS, &[("encryption", "off")], false),
        (LINSTOR, &[("encryption", "true")], true),
        (LINSTOR, &[("layerList", "drbd luks storage")], true),
        (LINSTOR, &[("storagePool", "fast")], false),
        (MAYASTOR, &[("encrypted", "true")], true),
        // It only chooses among backends.
        (TRIDENT, &[("encryption", "true")], false),
    ] {
        assert_eq!(asked(driver, parameters), expected, "{driver} {parameters:?}");
    }
}

#[test]
fn faults_of_classes() {
    use Confidence::{Confirmed, Likely};
    const XFS: (&str, &str) = ("csi.storage.k8s.io/fstype", "xfs");
    for (driver, parameters, key, consequence, confidence) in [
        // One unknown key, and Trident does not register the class.
        (TRIDENT, &[("fstype", "ext4")][..], "fstype", RefusedByDriver, Confirmed),
        (
            TRIDENT,
            &[("note/media", "ssd")],
            "note/media",
            RefusedByDriver,
            Confirmed,
        ),
        (
            TRIDENT,
            &[("snapshots", "yes")],
            "snapshots",
            RefusedByDriver,
            Confirmed,
        ),
        (TRIDENT, &[("iops", "100")], "iops", RefusedByDriver, Confirmed),
        (
            TRIDENT,
            &[("trident.netapp.io/IOPS", "many")],
            "trident.netapp.io/IOPS",
            RefusedByDriver,
            Confirmed,
        ),
        (
            TRIDENT,
            &[("backendType", "ontap-nfs")],
            "backendType",
            RefusedByCloud,
            Likely,
        ),
        (LINSTOR, &[("fsType", "xfs")], "fsType", RefusedByCloud, Likely),
        (
            LINSTOR,
            &[("linstor.csi.linbit.com/storagePol", "a")],
            "linstor.csi.linbit.com/storagePol",
            RefusedByCloud,
            Likely,
        ),
        (
            LINSTOR,
            &[("autoPlace", "two")],
            "autoPlace",
            RefusedByDriver,
            Confirmed,
        ),
        ("smb.csi.k8s.io", NONE, "source", RefusedByDriver, Confirmed),
        (
            "smb.csi.k8s.io",
            &[("source", "//a/b"), ("share", "c")],
            "share",
            RefusedByDriver,
            Confirmed,
        ),
        (DIRECTPV, NONE, "csi.storage.k8s.io/fstype", RefusedByDriver, Confirmed),
        (
            DIRECTPV,
            &[XFS, ("access-tier", "hot")],
            "access-tier",
            Ignored,
            Confirmed,
        ),
        (
            "openebs.io/local",
            &[("BasePath", "/data")],
            "BasePath",
            Ignored,
            Confirmed,
        ),
        // Words, where others take booleans.
        (
            LVM,
            &[("volgroup", "a"), ("thinProvision", "true")],
            "thinProvision",
            RefusedByCloud,
            Confirmed,
        ),
        (LVM, NONE, "volgroup", RefusedByCloud, Likely),
        (
            LVM,
            &[("volgroup", "a"), ("scheduler", "Random")],
            "scheduler",
            Ignored,
            Likely,
        ),
        (
            ZFS,
            &[("poolname", "a"), ("dedup", "yes")],
            "dedup",
            RefusedByCloud,
            Confirmed,
        ),
        (ZFS, NONE, "poolname", RefusedByDriver, Confirmed),
        (
            "rawfile.csi.openebs.io",
            &[("storagePool", "")],
            "storagePool",
            RefusedByDriver,
            Confirmed,
        ),
        (MAYASTOR, &[("repl", "0")], "repl", RefusedByDriver, Confirmed),
        (
            MAYASTOR,
            &[("protocol", "iscsi")],
            "protocol",
            RefusedByDriver,
            Confirmed,
        ),
        (
            MAYASTOR,
            &[("stsAffinityGroup", "True")],
            "stsAffinityGroup",
            RefusedByDriver,
            Confirmed,
        ),
        (MAYASTOR, &[("replicas", "3")], "replicas", Ignored, Confirmed),
        (
            "cstor.csi.openebs.io",
            &[("cas-type", "cstor"), ("cstorPoolCluster", "a")],
            "replicaCount",
            RefusedByCloud,
            Likely,
        ),
        (
            "jiva.csi.openebs.io",
            &[("cas-type", "cstor")],
            "cas-type",
            RefusedByCloud,
            Likely,
        ),
        (
            "nfs.csi.ceph.com",
            &[
                ("nfsCluster", "n"),
                ("clusterID", "c"),
                ("fsName", "f"),
                ("csi.storage.k8s.io/secret-name", "s"),
            ],
            "server",
            RefusedByDriver,
            Confirmed,
        ),
        (
            "nvmeof.csi.ceph.com",
            &[
                ("clusterID", "c"),
                ("pool", "p"),
                ("subsystemNQN", "n"),
                ("nvmeofGatewayAddress", "g"),
            ],
            "listeners",
            RefusedByCloud,
            Likely,
        ),
        (
            "rook-ceph.ceph.rook.io/bucket",
            &[("objectStoreName", "s")],
            "objectStoreNamespace",
            RefusedByCloud,
            Likely,
        ),
        (
            "csi.juicefs.com",
            &[("csi.storage.k8s.io/provisioner-secret-name", "s")],
            "csi.storage.k8s.io/node-publish-secret-name",
            RefusedByCloud,
            Likely,
        ),
        (
            "kadalu",
            &[("hostvol_type", "Replica4")],
            "hostvol_type",
            RefusedByCloud,
            Likely,
        ),
        (
            "beegfs.csi.netapp.com",
            &[("sysMgmtdHost", "a")],
            "volDirBasePath",
            RefusedByCloud,
            Likely,
        ),
        (
            WEKA,
            &[
                ("volumeType", "dir/v1"),
                ("filesystemGroupName", "g"),
                ("csi.storage.k8s.io/secret-name", "s"),
            ],
            "filesystemName",
            RefusedByDriver,
            Confirmed,
        ),
        (
            "csi.quobyte.com",
            &[("createQuota", "true")],
            "csi.storage.k8s.io/provisioner-secret-name",
            RefusedByDriver,
            Confirmed,
        ),
        (
            "exa.csi.ddn.com",
            &[("bindMount", "yes")],
            "bindMount",
            RefusedByCloud,
            Likely,
        ),
        (
            SYNOLOGY,
            &[("protocol", "smb")],
            "csi.storage.k8s.io/node-stage-secret-name",
            RefusedByDriver,
            Confirmed,
        ),
        (SYNOLOGY, &[("protocol", "afp")], "protocol", RefusedByDriver, Confirmed),
        (
            SYNOLOGY,
            &[("thin_provisioning", "false"), ("enableSpaceReclamation", "true")],
            "enableSpaceReclamation",
            RefusedByCloud,
            Likely,
        ),
        ("hostpath.csi.k8s.io", &[("Kind", "fast")], "Kind", Ignored, Confirmed),
    ] {
        let found = fault(driver, parameters);
        assert_eq!(
            (found.key.as_str(), found.consequence, found.confidence),
            (key, consequence, confidence),
            "{driver} {parameters:?}: {}",
            found.message
        );
    }
    let misspelt = fault(LINSTOR, &[("linstor.csi.linbit.com/storagePol", "a")]);
    assert_eq!(misspelt.remedy, "Did you mean `storagePool`?");
}

#[test]
fn classes_without_a_fault() {
    for (driver, parameters) in [
        (TRIDENT, &[("fsType", "ext4"), ("backendType", "ontap-nas")][..]),
        (
            TRIDENT,
            &[("trident.netapp.io/media", "ssd"), ("selector", "tier=gold")],
        ),
        (TRIDENT, &[("requiredStorage", "backend:.*"), ("snapshots", "true")]),
        // Letter case does not count, and keys of others are left alone.
        (
            LINSTOR,
            &[
                ("StoragePool", "fast"),
                ("linstor.csi.linbit.com/placementcount", "2"),
                ("property.linstor.csi.linbit.com/Aux/a", "b"),
                ("DrbdOptions/auto-quorum", "suspend-io"),
                ("example.com/note", "x"),
            ],
        ),
        (
            "smb.csi.k8s.io",
            &[("SOURCE", "//server/share"), ("onDelete", "Retain")],
        ),
        (DIRECTPV, &[("fstype", "xfs"), ("directpv.min.io/access-tier", "hot")]),
        ("openebs.io/local", NONE),
        (
            LVM,
            &[("storage", "lvm"), ("volGroup", "vg1"), ("ThinProvision", "yes")],
        ),
        (LVM, &[("vgpattern", "lvmvg.*"), ("fsType", "xfs")]),
        (
            ZFS,
            &[("poolname", "zfspv-pool"), ("fstype", "zfs"), ("recordsize", "128k")],
        ),
        (
            "rawfile.csi.openebs.io",
            &[("thinProvision", "true"), ("somethingNewer", "x")],
        ),
        (MAYASTOR, &[("protocol", "nvmf"), ("repl", "3"), ("thin", "true")]),
        (
            "cstor.csi.openebs.io",
            &[("cas-type", "cstor"), ("cstorPoolCluster", "a"), ("replicaCount", "3")],
        ),
        ("jiva.csi.openebs.io", &[("cas-type", "jiva"), ("policy", "p")]),
        (
            "csi.juicefs.com",
            &[("csi.storage.k8s.io/secret-name", "s"), ("juicefs/mount-image", "i")],
        ),
        ("seaweedfs-csi-driver", &[("cacheCapacityMB", "10")]),
        ("kadalu", &[("gluster_hosts", "a"), ("hostvol_type", "External")]),
        ("csi.moosefs.com", &[("anything", "x")]),
        (
            "beegfs.csi.netapp.com",
            &[
                ("sysMgmtdHost", "a"),
                ("volDirBasePath", "/k8s"),
                ("permissions/mode", "0755"),
            ],
        ),
        (
            WEKA,
            &[
                ("volumeType", "dir/v1"),
                ("filesystemName", "default"),
                ("csi.storage.k8s.io/secret-name", "s"),
            ],
        ),
        (
            "csi.quobyte.com",
            &[
                ("quobyteTenant", "t"),
                ("sharedVolumeName", "v"),
                ("csi.storage.k8s.io/provisioner-secret-name", "s"),
            ],
        ),
        ("exa.csi.ddn.com", &[("exaFS", "10.0.0.1@tcp:/fs")]),
        (
            "org.democratic-csi.iscsi",
            &[("fsType", "ext4"), ("detachedVolumesFromSnapshots", "false")],
        ),
        (SYNOLOGY, &[("dsm", "10.0.0.1"), ("enableSpaceReclamation", "true")]),
        ("hostpath.csi.k8s.io", &[("kind", "fast")]),
        ("openshift-storage.noobaa.io/obc", &[("bucketclass", "b")]),
    ] {
        assert_eq!(faults(driver, parameters), [], "{driver} {parameters:?}");
    }
}
