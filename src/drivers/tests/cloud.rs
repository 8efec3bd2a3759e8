//! Drivers of clouds: of each at least the fact that is easiest to get wrong.

use super::*;
use crate::drivers::Consequence::{Ignored, RefusedByCloud, RefusedByDriver};
use crate::drivers::Support::{Refused, Served, Unknown};
use crate::model::quantity::Quantity;

const NONE: &[(&str, &str)] = &[];

#[test]
fn access_modes_that_are_not_what_the_kind_of_storage_suggests() {
    const VFS: &[(&str, &str)] = &[("storage_type", "vfs")];
    const BLOCK: &[(&str, &str)] = &[("storage_type", "block")];
    const SHARED: &[(&str, &str)] = &[("multiAttach", "enabled")];
    for (driver, parameters, mode, volume_mode, expected) in [
        // Shared by all and yet not read-only.
        ("fsx.csi.aws.com", NONE, ReadWriteMany, Filesystem, Served),
        ("fsx.csi.aws.com", NONE, ReadOnlyMany, Filesystem, Refused),
        ("fsx.openzfs.csi.aws.com", NONE, ReadOnlyMany, Filesystem, Refused),
        ("vpc.file.csi.ibm.io", NONE, ReadOnlyMany, Filesystem, Refused),
        ("gcsfuse.csi.storage.gke.io", NONE, ReadOnlyMany, Filesystem, Served),
        ("lustre.csi.storage.gke.io", NONE, ReadOnlyMany, Filesystem, Served),
        ("blob.csi.azure.com", NONE, ReadWriteMany, Filesystem, Served),
        ("azurelustre.csi.azure.com", NONE, ReadOnlyMany, Filesystem, Served),
        ("nfs.manila.csi.openstack.org", NONE, ReadOnlyMany, Filesystem, Served),
        (
            "cephfs.manila.csi.openstack.org",
            NONE,
            ReadWriteMany,
            Filesystem,
            Served,
        ),
        ("fss.csi.oraclecloud.com", NONE, ReadOnlyMany, Filesystem, Served),
        (
            "nasplugin.csi.alibabacloud.com",
            NONE,
            ReadWriteMany,
            Filesystem,
            Served,
        ),
        // One node only, as a device too.
        ("dobs.csi.digitalocean.com", NONE, ReadWriteMany, Block, Refused),
        ("linodebs.csi.linode.com", NONE, ReadWriteMany, Filesystem, Refused),
        ("csi.hetzner.cloud", NONE, ReadOnlyMany, Filesystem, Refused),
        ("csi.scaleway.com", NONE, ReadWriteMany, Filesystem, Refused),
        ("csi.civo.com", NONE, ReadWriteMany, Filesystem, Refused),
        ("vpc.block.csi.ibm.io", NONE, ReadWriteMany, Block, Refused),
        ("com.tencent.cloud.csi.cbs", NONE, ReadWriteMany, Block, Refused),
        ("yandex.csi.flant.com", NONE, ReadOnlyMany, Filesystem, Refused),
        ("storage.csi.upcloud.com", NONE, ReadWriteMany, Filesystem, Refused),
        ("csi.cloudstack.apache.org", NONE, ReadWriteMany, Block, Refused),
        // Devices that are shared.
        ("blockvolume.csi.oraclecloud.com", NONE, ReadWriteMany, Block, Served),
        (
            "blockvolume.csi.oraclecloud.com",
            NONE,
            ReadWriteMany,
            Filesystem,
            Refused,
        ),
        ("blockvolume.csi.oraclecloud.com", NONE, ReadOnlyMany, Block, Refused),
        ("diskplugin.csi.alibabacloud.com", NONE, ReadWriteMany, Block, Refused),
        ("diskplugin.csi.alibabacloud.com", SHARED, ReadWriteMany, Block, Served),
        (
            "diskplugin.csi.alibabacloud.com",
            SHARED,
            ReadOnlyMany,
            Filesystem,
            Served,
        ),
        (
            "diskplugin.csi.alibabacloud.com",
            SHARED,
            ReadWriteMany,
            Filesystem,
            Refused,
        ),
        // Two products behind one name.
        ("block.csi.vultr.com", VFS, ReadWriteMany, Filesystem, Served),
        ("block.csi.vultr.com", VFS, ReadWriteOnce, Filesystem, Refused),
        ("block.csi.vultr.com", BLOCK, ReadWriteMany, Filesystem, Refused),
        ("block.csi.vultr.com", BLOCK, ReadWriteOnce, Filesystem, Served),
        ("block.csi.vultr.com", NONE, ReadWriteMany, Filesystem, Unknown),
        // Announced and then not known.
        ("csi.exoscale.com", NONE, ReadWriteOncePod, Filesystem, Refused),
        ("csi.exoscale.com", NONE, ReadWriteOnce, Filesystem, Served),
        // Not checked by the driver.
        ("evs.csi.huaweicloud.com", NONE, ReadWriteMany, Filesystem, Unknown),
    ] {
        let found = support(driver, parameters, mode, volume_mode, false);
        assert_eq!(found, expected, "{driver} {parameters:?} {mode} {volume_mode}");
    }
}

#[test]
fn nothing_is_certain_about_drivers_of_which_no_code_is_public() {
    let none = Parameters::default();
    for name in [
        "disk.csi.everest.io",
        "everest-csi-provisioner",
        "disk-csi-driver.mks.ycloud.io",
    ] {
        let driver = find(name);
        let map = class(&[
            ("type", "no-such-type"),
            ("everest.io/disk-volume-type", "no-such-type"),
        ]);
        let faults = driver.judge_parameters(&Parameters::new(Some(&map)));
        assert!(
            faults.iter().all(|fault| fault.confidence != Confidence::Confirmed),
            "{name}"
        );
        assert_eq!(faults.len(), 1, "{name}: {faults:#?}");
        assert!(!driver.wait_for_first_consumer(&none).is_confirmed() && driver.is_zonal(&none));
    }
    // Its classes have a key that the usual sidecar refuses, and its own provisioner takes.
    assert!(!find("everest-csi-provisioner").is_csi());
}

#[test]
fn raw_devices() {
    let none = Parameters::default();
    for (driver, expected, confidence) in [
        ("fsx.csi.aws.com", Refused, Confidence::Confirmed),
        ("blob.csi.azure.com", Refused, Confidence::Confirmed),
        ("csi.civo.com", Refused, Confidence::Confirmed),
        // Taken at creation, and no code for it on the node.
        ("block.csi.vultr.com", Refused, Confidence::Likely),
        ("vpc.file.csi.ibm.io", Refused, Confidence::Likely),
        ("dobs.csi.digitalocean.com", Served, Confidence::Confirmed),
    ] {
        let driver_found = find(driver);
        let fact = driver_found.volume_mode(Block, &none);
        assert_eq!((fact.value, fact.confidence), (expected, confidence), "{driver}");
    }
}

#[test]
fn placement_and_growth() {
    use Expansion::{CapacityOnly, Offline, Online};
    let region = &[("type", "cloud_regional_disk_auto")][..];
    let ephemeral = &[("type", "elastic_ephemeral_disk_premium")][..];
    for (driver, parameters, scope, wanted) in [
        // In one zone, and reached from others.
        ("fsx.csi.aws.com", NONE, Scope::Regional, Wanted::No),
        ("azurelustre.csi.azure.com", NONE, Scope::Regional, Wanted::No),
        ("dobs.csi.digitalocean.com", NONE, Scope::Regional, Wanted::No),
        ("csi.civo.com", NONE, Scope::Regional, Wanted::Recommended),
        ("csi.exoscale.com", NONE, Scope::Zonal, Wanted::No),
        ("storage.csi.upcloud.com", NONE, Scope::Zonal, Wanted::No),
        ("csi.hetzner.cloud", NONE, Scope::Zonal, Wanted::Recommended),
        (
            "diskplugin.csi.alibabacloud.com",
            NONE,
            Scope::Zonal,
            Wanted::Recommended,
        ),
        (
            "diskplugin.csi.alibabacloud.com",
            region,
            Scope::Regional,
            Wanted::Recommended,
        ),
        (
            "diskplugin.csi.alibabacloud.com",
            ephemeral,
            Scope::Node,
            Wanted::Recommended,
        ),
        ("nfs.manila.csi.openstack.org", NONE, Scope::Regional, Wanted::No),
        (
            "nfs.manila.csi.openstack.org",
            &[("autoTopology", "true")],
            Scope::Zonal,
            Wanted::Required,
        ),
        ("vpc.file.csi.ibm.io", NONE, Scope::Regional, Wanted::No),
        (
            "vpc.file.csi.ibm.io",
            &[("isENIEnabled", "false")],
            Scope::Zonal,
            Wanted::Recommended,
        ),
    ] {
        let map = class(parameters);
        let parameters = Parameters::new(Some(&map));
        let known = find(driver);
        let found = (
            known.topology(&parameters).value,
            known.wait_for_first_consumer(&parameters).value,
        );
        assert_eq!(found, (scope, wanted), "{driver} {map:?}");
    }
    for (driver, expected) in [
        ("fsx.csi.aws.com", Online),
        ("blob.csi.azure.com", CapacityOnly),
        ("azurelustre.csi.azure.com", Expansion::None),
        ("fss.csi.oraclecloud.com", Expansion::None),
        ("csi.exoscale.com", Offline),
        ("storage.csi.upcloud.com", Offline),
        ("yandex.csi.flant.com", Offline),
    ] {
        assert_eq!(find(driver).expansion().value, expected, "{driver}");
    }
}

#[test]
fn snapshots_clones_and_limits() {
    for (driver, snapshots, clones, limit) in [
        ("fsx.csi.aws.com", Refused, Refused, None),
        ("fsx.openzfs.csi.aws.com", Served, Refused, None),
        ("blob.csi.azure.com", Refused, Served, None),
        ("linodebs.csi.linode.com", Refused, Served, Some((64, true))),
        ("csi.hetzner.cloud", Refused, Refused, Some((16, true))),
        // A flag of the driver or of the managed service raises it.
        ("dobs.csi.digitalocean.com", Served, Refused, Some((15, false))),
        ("cinder.csi.openstack.org", Served, Served, Some((256, false))),
        ("vpc.block.csi.ibm.io", Served, Refused, Some((12, false))),
        ("csi.scaleway.com", Served, Refused, Some((16, true))),
        // Not announced, and a VolumeSnapshotClass is shipped.
        ("csi.civo.com", Unknown, Refused, Some((1024, true))),
        ("storage.csi.upcloud.com", Served, Served, Some((14, true))),
        // Not more than this, unless the account's quota is larger.
        ("csi.exoscale.com", Served, Refused, None),
        ("evs.csi.huaweicloud.com", Served, Unknown, Some((24, true))),
    ] {
        let known = find(driver);
        let found = known.attach_limit().map(|limit| (limit.value, limit.is_confirmed()));
        assert_eq!(
            (known.snapshots().value, known.clones().value, found),
            (snapshots, clones, limit),
            "{driver}"
        );
    }
}

#[test]
fn sizes_that_are_enlarged_refused_or_without_meaning() {
    use OutOfRange::{RefusedByDriver as ByDriver, RoundedUp};
    const HDD: &[(&str, &str)] = &[("storageType", "HDD"), ("perUnitStorageThroughput", "12")];
    for (driver, parameters, min, below, max) in [
        ("fsx.csi.aws.com", NONE, Some("1200Gi"), RoundedUp, None),
        ("fsx.csi.aws.com", HDD, Some("6000Gi"), RoundedUp, None),
        (
            "fsx.openzfs.csi.aws.com",
            &[("ResourceType", "volume")],
            Some("1Gi"),
            ByDriver,
            Some("1Gi"),
        ),
        (
            "blockvolume.csi.oraclecloud.com",
            NONE,
            Some("50Gi"),
            RoundedUp,
            Some("32Ti"),
        ),
        ("csi.hetzner.cloud", NONE, Some("10Gi"), RoundedUp, Some("10T")),
        ("linodebs.csi.linode.com", NONE, Some("10Gi"), RoundedUp, Some("16Ti")),
        ("csi.exoscale.com", NONE, Some("1Gi"), ByDriver, Some("10000Gi")),
        (
            "com.tencent.cloud.csi.cbs",
            &[("DISKTYPE", "CLOUD_SSD")],
            Some("20Gi"),
            ByDriver,
            Some("32000Gi"),
        ),
        (
            "vpc.block.csi.ibm.io",
            &[("profile", "sdp")],
            Some("1Gi"),
            RoundedUp,
            Some("16000Gi"),
        ),
        (
            "vpc.block.csi.ibm.io",
            &[("profile", "custom")],
            Some("10Gi"),
            RoundedUp,
            Some("16000Gi"),
        ),
        (
            "diskplugin.csi.alibabacloud.com",
            &[("type", "cloud_essd"), ("performanceLevel", "PL3")],
            Some("1261Gi"),
            OutOfRange::RefusedByCloud,
            Some("64Ti"),
        ),
        (
            "azurelustre.csi.azure.com",
            &[("mgs-ip-address", "10.0.0.1")],
            None,
            RoundedUp,
            None,
        ),
    ] {
        let map = class(parameters);
        let known = find(driver);
        let range = known.sizes(&Parameters::new(Some(&map)));
        let bytes = |text: Option<&str>| text.map(|text| Quantity::parse(text).unwrap().bytes().unwrap());
        let found = (
            range.min.map(|min| min.value.bytes),
            range.max.map(|max| max.value.bytes),
        );
        assert_eq!(found, (bytes(min), bytes(max)), "{driver} {parameters:?}");
        assert!(
            range.min.is_none_or(|min| min.value.beyond == below),
            "{driver} {parameters:?}"
        );
    }
    for driver in [
        "gcsfuse.csi.storage.gke.io",
        "blob.csi.azure.com",
        "fss.csi.oraclecloud.com",
    ] {
        assert!(find(driver).size_ignored(), "{driver}");
    }
}

#[test]
fn faults_of_classes() {
    const ZFS: &[(&str, &str)] = &[("ResourceType", "volume"), ("ParentVolumeId", "\"fsvol-1\"")];
    const LUSTRE: &[(&str, &str)] = &[("subnetId", "a"), ("securityGroupIds", "b")];
    const IBM: &[(&str, &str)] = &[("profile", "10iops-tier")];
    const TYPE: &[(&str, &str)] = &[("type", "SSD")];
    let vfs: &[_] = &[("disk_type", "hdd"), ("storage_type", "vfs")];
    for (driver, base, key, value, consequence) in [
        // The documentation writes KmsKey, and the driver knows KmsKeyId only.
        ("fsx.openzfs.csi.aws.com", ZFS, "KmsKey", "\"a\"", RefusedByDriver),
        ("fsx.openzfs.csi.aws.com", ZFS, "Tags", "not JSON", RefusedByDriver),
        ("fsx.csi.aws.com", LUSTRE, "storageType", "HDD", RefusedByCloud),
        ("fsx.csi.aws.com", LUSTRE, "SubnetId", "b", Ignored),
        ("blob.csi.azure.com", NONE, "fstype", "ext4", RefusedByDriver),
        ("blob.csi.azure.com", NONE, "softDeleteBlobs", "366", RefusedByDriver),
        ("dobs.csi.digitalocean.com", NONE, "type", "ssd", Ignored),
        ("csi.exoscale.com", NONE, "anything", "x", Ignored),
        ("csi.civo.com", NONE, "anything", "x", Ignored),
        ("csi.hetzner.cloud", NONE, "location", "fsn1", Ignored),
        // Keys of this driver carry its name.
        ("linodebs.csi.linode.com", NONE, "encrypted", "true", Ignored),
        ("csi.scaleway.com", NONE, "fstype", "ext4", RefusedByDriver),
        ("csi.scaleway.com", NONE, "IOPS", "10000", RefusedByCloud),
        ("nfs.manila.csi.openstack.org", NONE, "autotopology", "true", Ignored),
        (
            "cephfs.manila.csi.openstack.org",
            NONE,
            "cephfs-mounter",
            "nfs",
            RefusedByCloud,
        ),
        (
            "blockvolume.csi.oraclecloud.com",
            NONE,
            "vpusPerGB",
            "130",
            RefusedByDriver,
        ),
        ("vpc.block.csi.ibm.io", IBM, "iops", "4000", Ignored),
        ("vpc.block.csi.ibm.io", IBM, "Zone", "us-south-1", RefusedByDriver),
        (
            "vpc.file.csi.ibm.io",
            &[("profile", "dp2"), ("isENIEnabled", "false")],
            "isEITEnabled",
            "true",
            RefusedByDriver,
        ),
        (
            "diskplugin.csi.alibabacloud.com",
            NONE,
            "type",
            "cloud_essd,cloud_fast",
            RefusedByCloud,
        ),
        // The driver's own example writes diskZones.
        ("com.tencent.cloud.csi.cbs", NONE, "diskZones", "a", Ignored),
        ("com.tencent.cloud.csi.cbs", NONE, "encrypt", "true", Ignored),
        (
            "com.tencent.cloud.csi.cbs",
            NONE,
            "devicemapper",
            "LVM",
            RefusedByDriver,
        ),
        ("evs.csi.huaweicloud.com", TYPE, "iops", "4000", Ignored),
        ("storage.csi.upcloud.com", NONE, "tier", "ssd", RefusedByDriver),
    ] {
        let pairs = [base, &[(key, value)]].concat();
        let found = faults(driver, &pairs);
        assert!(
            found
                .iter()
                .any(|fault| fault.key == key && fault.consequence == consequence),
            "{driver} {pairs:?}: {found:#?}"
        );
    }
    assert_eq!(fault("block.csi.vultr.com", vfs).key, "storage_type");
    assert_eq!(
        fault("fsx.openzfs.csi.aws.com", &[ZFS, &[("KmsKey", "1")]].concat()).remedy,
        "Did you mean `KmsKeyId`?"
    );
}

#[test]
fn keys_that_must_be_there() {
    for (driver, parameters, missing) in [
        // The guide of the driver forgets it.
        (
            "lustre.csi.storage.gke.io",
            NONE,
            &[("perUnitStorageThroughput", RefusedByDriver)][..],
        ),
        (
            "lustre.csi.storage.gke.io",
            &[("per-unit-storage-throughput", "500")],
            &[],
        ),
        (
            "fsx.csi.aws.com",
            &[("subnetId", "a")],
            &[("securityGroupIds", RefusedByCloud)],
        ),
        (
            "fss.csi.oraclecloud.com",
            NONE,
            &[
                ("availabilityDomain", RefusedByDriver),
                ("mountTargetOcid", RefusedByDriver),
            ],
        ),
        (
            "fss.csi.oraclecloud.com",
            &[("availabilityDomain", "a"), ("mountTargetSubnetOcid", "b")],
            &[],
        ),
        ("nasplugin.csi.alibabacloud.com", NONE, &[("server", RefusedByDriver)]),
        ("nasplugin.csi.alibabacloud.com", &[("volumeAs", "filesystem")], &[]),
        (
            "csi.cloudstack.apache.org",
            NONE,
            &[("csi.cloudstack.apache.org/disk-offering-id", RefusedByDriver)],
        ),
        ("yandex.csi.flant.com", NONE, &[("typeID", RefusedByCloud)]),
        (
            "block.csi.vultr.com",
            NONE,
            &[("disk_type", RefusedByCloud), ("storage_type", RefusedByCloud)],
        ),
        ("block.csi.vultr.com", &[("block_type", "high_perf")], &[]),
        ("azurelustre.csi.azure.com", &[("mgs-ip-address", "10.0.0.1")], &[]),
    ] {
        let found = faults(driver, parameters);
        let keys: Vec<_> = found
            .iter()
            .map(|fault| (fault.key.as_str(), fault.consequence))
            .collect();
        assert_eq!(keys, missing, "{driver} {parameters:?}: {found:#?}");
    }
}

#[test]
fn prices() {
    const REGIONAL: &[(&str, &str)] = &[("type", "pd-ssd"), ("replication-type", "regional-pd")];
    for (driver, parameters, expected) in [
        ("ebs.csi.aws.com", NONE, Some((0.08, Billing::Size, "us-east-1"))),
        (
            "kubernetes.io/aws-ebs",
            &[("type", "sc1")],
            Some((0.015, Billing::Size, "us-east-1")),
        ),
        ("ebs.csi.aws.com", &[("type", "sbp1")], None),
        (
            "ebs.csi.eks.amazonaws.com",
            NONE,
            Some((0.08, Billing::Size, "us-east-1")),
        ),
        ("efs.csi.aws.com", NONE, Some((0.3, Billing::Use, "us-east-1"))),
        ("fsx.csi.aws.com", NONE, Some((0.14, Billing::Size, "us-east-1"))),
        (
            "pd.csi.storage.gke.io",
            REGIONAL,
            Some((0.34, Billing::Size, "us-central1")),
        ),
        (
            "pd.csi.storage.gke.io",
            NONE,
            Some((0.04, Billing::Size, "us-central1")),
        ),
        (
            "filestore.csi.storage.gke.io",
            &[("tier", "basic_hdd")],
            Some((0.2, Billing::Size, "us-west1")),
        ),
        (
            "disk.csi.azure.com",
            &[("skuName", "Premium_LRS")],
            Some((0.15, Billing::Size, "eastus")),
        ),
        (
            "file.csi.azure.com",
            &[("skuName", "Standard_LRS")],
            Some((0.06, Billing::Use, "eastus")),
        ),
        (
            "file.csi.azure.com",
            &[("skuName", "Premium_LRS")],
            Some((0.16, Billing::Size, "eastus")),
        ),
        (
            "blockvolume.csi.oraclecloud.com",
            NONE,
            Some((0.0425, Billing::Size, "all commercial")),
        ),
        // In euro only.
        ("csi.hetzner.cloud", NONE, None),
        ("driver.longhorn.io", NONE, None),
    ] {
        let map = class(parameters);
        let known = find(driver);
        let found = known
            .price(&Parameters::new(Some(&map)))
            .map(|price| (price.value.usd_per_gib_month, price.value.billing, price.value.region));
        assert_eq!(found, expected, "{driver} {parameters:?}");
    }
    let ebs = find("ebs.csi.aws.com");
    let snapshot = ebs.snapshot_price().unwrap();
    assert_eq!(
        (snapshot.value.usd_per_gib_month, snapshot.value.billing),
        (0.05, Billing::Use)
    );
    assert!(find("pd.csi.storage.gke.io").snapshot_price().is_none());
    // Prices are no facts to build a certain finding on, but for one that was read on the vendor's page.
    let confirmed = Drivers::builtin()
        .iter()
        .filter_map(|driver| driver.prices.as_ref())
        .filter(|prices| prices.confidence == Confidence::Confirmed)
        .count();
    assert_eq!(confirmed, 0);
}

#[test]
fn attributes_classes() {
    for (driver, support, confirmed) in [
        ("ebs.csi.aws.com", Served, true),
        ("pd.csi.storage.gke.io", Served, true),
        ("filestore.csi.storage.gke.io", Served, true),
        ("disk.csi.azure.com", Served, true),
        // Behind a feature gate that is off in the driver's manifests.
        ("file.csi.azure.com", Served, false),
        ("diskplugin.csi.alibabacloud.com", Served, true),
        ("efs.csi.aws.com", Refused, true),
        ("cinder.csi.openstack.org", Refused, true),
        ("csi.hetzner.cloud", Refused, false),
        ("ebs.csi.eks.amazonaws.com", Unknown, false),
    ] {
        let known = find(driver);
        let fact = known.attributes_class();
        assert_eq!((fact.value, fact.is_confirmed()), (support, confirmed), "{driver}");
    }
    for (driver, parameters, expected) in [
        ("ebs.csi.aws.com", &[("type", "io2"), ("iops", "4000")][..], &[][..]),
        // Keys of a class in letter case of one's own, and not here.
        ("ebs.csi.aws.com", &[("Type", "io2")], &[("Type", RefusedByDriver)]),
        (
            "ebs.csi.aws.com",
            &[("encrypted", "true")],
            &[("encrypted", RefusedByDriver)],
        ),
        ("ebs.csi.aws.com", &[("iops", "many")], &[("iops", RefusedByCloud)]),
        (
            "pd.csi.storage.gke.io",
            &[("IOPS", "4000"), ("throughput", "290Mi")],
            &[],
        ),
        (
            "pd.csi.storage.gke.io",
            &[("provisioned-iops-on-create", "4000")],
            &[("provisioned-iops-on-create", RefusedByDriver)],
        ),
        (
            "filestore.csi.storage.gke.io",
            &[("max-iops", "4000"), ("max-iops-per-tb", "4000")],
            &[("max-iops", RefusedByDriver)],
        ),
        (
            "filestore.csi.storage.gke.io",
            &[("maxiops", "4000")],
            &[("maxiops", Ignored), ("max-iops", RefusedByDriver)],
        ),
        (
            "disk.csi.azure.com",
            &[("skuname", "PremiumV2_LRS"), ("DiskIOPSReadWrite", "4000")],
            &[],
        ),
        (
            "disk.csi.azure.com",
            &[("device-setting/queue/read_ahead_kb", "8"), ("cachingMode", "None")],
            &[],
        ),
        ("disk.csi.azure.com", &[("iops", "4000")], &[("iops", RefusedByDriver)]),
        (
            "diskplugin.csi.alibabacloud.com",
            &[("diskTags/team", "a"), ("-diskTags/old", "")],
            &[],
        ),
        (
            "diskplugin.csi.alibabacloud.com",
            &[("fstype", "ext4")],
            &[("fstype", RefusedByDriver)],
        ),
        ("efs.csi.aws.com", &[("anything", "x")], &[]),
    ] {
        let map = class(parameters);
        let found = find(driver).judge_attributes(&Parameters::new(Some(&map)));
        let keys: Vec<_> = found
            .iter()
            .map(|fault| (fault.key.as_str(), fault.consequence))
            .collect();
        assert_eq!(keys, expected, "{driver} {parameters:?}: {found:#?}");
    }
    let map = class(&[("Type", "io2")]);
    let found = find("ebs.csi.aws.com").judge_attributes(&Parameters::new(Some(&map)));
    assert_eq!(
        found[0].message,
        "`Type` is not a parameter of a VolumeAttributesClass of Amazon EBS: the driver refuses it"
    );
    assert_eq!(found[0].remedy, "Did you mean `type`?");
}

#[test]
fn mount_options() {
    const NFS: &[(&str, &str)] = &[("protocol", "nfs")];
    for (driver, parameters, option, expected) in [
        ("efs.csi.aws.com", NONE, "crossaccount", Refused),
        ("efs.csi.aws.com", NONE, "tls", Unknown),
        ("file.csi.azure.com", NFS, "nfsvers=4.1", Refused),
        ("file.csi.azure.com", NFS, "nconnect=4", Unknown),
        ("file.csi.azure.com", NONE, "vers=3.0", Unknown),
        ("driver.longhorn.io", NONE, "noatime", Unknown),
    ] {
        let map = class(parameters);
        let known = find(driver);
        let fact = known.mount_option(option, &Parameters::new(Some(&map)));
        assert_eq!(fact.value, expected, "{driver} {option}");
        assert!(
            expected == Unknown || fact.is_confirmed() && fact.because.is_some(),
            "{driver} {option}"
        );
    }
}
