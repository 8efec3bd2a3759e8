//! Faults of the parameters of classes.

use super::*;

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
    assert_eq!(wrong.remedy, "Did you mean `layering`?");
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
    assert_eq!(found.remedy, "Remove `throughput`, or set `type: gp3`.");
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
