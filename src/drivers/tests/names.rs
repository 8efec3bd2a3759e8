//! How drivers are found, and what is known by its name only.

use super::*;
use crate::drivers::schema::DataFile;

/// Drivers of clouds whose facts were gathered.
const CLOUD: &[&str] = &[
    "alicloud/disk",
    "alicloud/nas",
    "azurelustre.csi.azure.com",
    "blob.csi.azure.com",
    "block.csi.vultr.com",
    "blockvolume.csi.oraclecloud.com",
    "cephfs.manila.csi.openstack.org",
    "cinder.csi.openstack.org",
    "cloud.tencent.com/qcloud-cbs",
    "com.tencent.cloud.csi.cbs",
    "csi.civo.com",
    "csi.cloudstack.apache.org",
    "csi.exoscale.com",
    "csi.hetzner.cloud",
    "csi.packet.net",
    "csi.scaleway.com",
    "disk-csi-driver.mks.ycloud.io",
    "disk.csi.azure.com",
    "disk.csi.everest.io",
    "diskplugin.csi.alibabacloud.com",
    "dobs.csi.digitalocean.com",
    "ebs.csi.aws.com",
    "ebs.csi.eks.amazonaws.com",
    "efs.csi.aws.com",
    "everest-csi-provisioner",
    "evs.csi.huaweicloud.com",
    "file.csi.azure.com",
    "filestore.csi.storage.gke.io",
    "fss.csi.oraclecloud.com",
    "fsx.csi.aws.com",
    "fsx.openzfs.csi.aws.com",
    "gcsfuse.csi.storage.gke.io",
    "kubernetes.io/aws-ebs",
    "kubernetes.io/azure-disk",
    "kubernetes.io/azure-file",
    "kubernetes.io/cinder",
    "kubernetes.io/gce-pd",
    "linodebs.csi.linode.com",
    "lustre.csi.storage.gke.io",
    "nasplugin.csi.alibabacloud.com",
    "net.packet.csi",
    "nfs.manila.csi.openstack.org",
    "oracle.com/oci",
    "parallelstore.csi.storage.gke.io",
    "pd.csi.storage.gke.io",
    "storage.csi.upcloud.com",
    "vpc.block.csi.ibm.io",
    "vpc.file.csi.ibm.io",
    "yandex.csi.flant.com",
];

/// Drivers that people run themselves whose facts were gathered; `org.democratic-csi.*` by one of its names.
const SELF_HOSTED: &[&str] = &[
    "beegfs.csi.netapp.com",
    "block.csi.ibm.com",
    "cephfs.csi.ceph.com",
    "ch.ctrox.csi.s3-driver",
    "cluster.local/nfs-subdir-external-provisioner",
    "com.nutanix.csi",
    "com.tuxera.csi.moosefs",
    "csi-image.warm-metal.tech",
    "csi-isilon.dellemc.com",
    "csi-powermax.dellemc.com",
    "csi-powerstore.dellemc.com",
    "csi-unity.dellemc.com",
    "csi-vxflexos.dellemc.com",
    "csi.cert-manager.io",
    "csi.hpe.com",
    "csi.huawei.com",
    "csi.juicefs.com",
    "csi.kubevirt.io",
    "csi.moosefs.com",
    "csi.nutanix.com",
    "csi.proxmox.sinextra.dev",
    "csi.quobyte.com",
    "csi.san.synology.com",
    "csi.simplyblock.io",
    "csi.spiffe.io",
    "csi.storageos.com",
    "csi.trident.netapp.io",
    "csi.vastdata.com",
    "csi.vsphere.vmware.com",
    "csi.weka.io",
    "cstor.csi.openebs.io",
    "direct-csi-min-io",
    "directpv-min-io",
    "docker.io/hostpath",
    "driver.harvesterhci.io",
    "driver.longhorn.io",
    "exa.csi.ddn.com",
    "example.com/nfs",
    "filex.csi.hpe.com",
    "fuseim.pri/ifs",
    "hostpath.csi.k8s.io",
    "image.csi.k8s.io",
    "infinibox-csi-driver",
    "io.openebs.csi-mayastor",
    "iscsi.csi.k8s.io",
    "jiva.csi.openebs.io",
    "k8s-sigs.io/nfs-subdir-external-provisioner",
    "k8s.io/minikube-hostpath",
    "kadalu",
    "kubernetes.io/cephfs",
    "kubernetes.io/fc",
    "kubernetes.io/glusterfs",
    "kubernetes.io/iscsi",
    "kubernetes.io/nfs",
    "kubernetes.io/no-provisioner",
    "kubernetes.io/portworx-volume",
    "kubernetes.io/quobyte",
    "kubernetes.io/rbd",
    "kubernetes.io/scaleio",
    "kubernetes.io/storageos",
    "kubernetes.io/vsphere-volume",
    "kubevirt.io.hostpath-provisioner",
    "kubevirt.io/hostpath-provisioner",
    "linstor.csi.linbit.com",
    "local.csi.openebs.io",
    "lustre-csi.hpe.com",
    "microk8s.io/hostpath",
    "netapp.io/trident",
    "nfs.csi.ceph.com",
    "nfs.csi.k8s.io",
    "nvmeof.csi.ceph.com",
    "openebs.io/local",
    "openebs.io/provisioner-iscsi",
    "openshift-storage.ceph.rook.io/bucket",
    "openshift-storage.noobaa.io/obc",
    "org.democratic-csi.nfs",
    "org.gluster.glusterfs",
    "pure-csi",
    "pure-provisioner",
    "pxd.portworx.com",
    "rancher.io/local-path",
    "rawfile.csi.openebs.io",
    "rbd.csi.ceph.com",
    "rook-ceph.ceph.rook.io/bucket",
    "ru.yandex.s3.csi",
    "s3.csi.aws.com",
    "seaweedfs-csi-driver",
    "secrets-store.csi.k8s.io",
    "smb.csi.k8s.io",
    "spectrumscale.csi.ibm.com",
    "spiffe.csi.cert-manager.io",
    "storageos",
    "topolvm.cybozu.com",
    "topolvm.io",
    "zfs.csi.openebs.io",
];

/// Further names of the list of drivers of the Kubernetes CSI documentation.
const LISTED: &[&str] = &[
    "HX-CSI",
    "arstor.csi.huayun.io",
    "block.csi.red.ddn.com",
    "btrfs-nfs-csi",
    "ceastor.csi.com",
    "com.hammerspace.csi",
    "com.mapr.csi-kdf",
    "com.open-e.joviandss.csi",
    "com.tencent.cloud.csi.cfs",
    "com.tencent.cloud.csi.cosfs",
    "com.vdura.csi.panfs",
    "csi-driver.storpool.com",
    "csi-exos-x.seagate.com",
    "csi-infiblock-plugin",
    "csi-infifs-plugin",
    "csi-instorage",
    "csi-macrosan",
    "csi-sandstone-plugin",
    "csi-smtx-plugin",
    "csi-soda-plugin",
    "csi.alluxio.com",
    "csi.block.bigtera.com",
    "csi.block.ctdi.com",
    "csi.block.xsky.com",
    "csi.cio.storidge.com",
    "csi.cloudscale.ch",
    "csi.cubefs.com",
    "csi.fs.bigtera.com",
    "csi.fs.xsky.com",
    "csi.lightbitslabs.com",
    "csi.opennebula.io",
    "csi.ovirt.org",
    "csi.spdk.io",
    "csi.vda.io",
    "csi.zadara.com",
    "dcx.csi.diamanti.com",
    "disk.csi.qingcloud.com",
    "disk.hwameistor.io",
    "dothill.csi.enix.io",
    "dsp.csi.daterainc.io",
    "eds.csi.block.sangfor.com",
    "eds.csi.file.sangfor.com",
    "eu.zetanova.csi.hyperv",
    "filestorage.csi.scaleway.com",
    "flexblock.csi.kaixiangtech.com",
    "gcs.csi.ofek.dev",
    "hspc.csi.hitachi.com",
    "intelliflash-csi-block-driver.intelliflash.com",
    "intelliflash-csi-file-driver.intelliflash.com",
    "io.hedvig.csi",
    "ionir",
    "iscsi.csi.ngxstorage.com",
    "jdcsp-block.csi.jdcloud.com",
    "jdcsp-file.csi.jdcloud.com",
    "kodoplugin.storage.qiniu.com",
    "kumoscale.kioxia.com",
    "local.csi.alibaba.com",
    "lvm.hwameistor.io",
    "manila.csi.openstack.org",
    "neonsan.csi.qingstor.com",
    "nexentastor-block-csi-driver.nexenta.com",
    "nexentastor-csi-driver.nexenta.com",
    "nvmesh-csi.excelero.com",
    "org.gluster.glustervirtblock",
    "org.kadalu.gluster",
    "org.veritas.infoscale",
    "ossplugin.csi.alibabacloud.com",
    "pmem-csi.intel.com",
    "quobyte-csi",
    "rclone.csi.veloxpack.io",
    "robin",
    "s3.csi.scality.com",
    "secrets.csi.kubevault.com",
    "volume.csi.bizflycloud.vn",
];

#[test]
fn every_name_is_known_one_way() {
    let drivers = Drivers::builtin();
    for name in CLOUD.iter().chain(SELF_HOSTED).chain(LISTED) {
        let ways = [
            drivers.find(name).is_some(),
            drivers.recognises(name).is_some(),
            drivers.removed_in_tree(name).is_some(),
        ];
        assert_eq!(ways.iter().filter(|way| **way).count(), 1, "{name}: {ways:?}");
    }
}

#[test]
fn a_name_that_is_only_recognised_has_a_product_and_no_facts() {
    let drivers = Drivers::builtin();
    let robin = drivers.recognises("robin").unwrap();
    assert_eq!((robin.name.as_str(), robin.product.as_str()), ("robin", "ROBIN"));
    assert!(drivers.find("robin").is_none());
    // One with facts is found and not merely recognised, also when a cluster has brought the facts.
    assert!(drivers.recognises("ebs.csi.aws.com").is_none());
    let own: DataFile = serde_saphyr::from_str("drivers: [{ name: robin, product: Our ROBIN }]").unwrap();
    let drivers = drivers.with(own.drivers);
    assert!(drivers.recognises("robin").is_none() && drivers.recognises("csi.spdk.io").is_some());
    assert_eq!(drivers.find("robin").unwrap().driver.product(), "Our ROBIN");
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
fn a_misspelt_name_has_a_suggestion_and_a_stranger_none() {
    let drivers = Drivers::builtin();
    assert_eq!(drivers.similar("ebs.csi.aws.co"), Some("ebs.csi.aws.com"));
    assert_eq!(drivers.similar("EBS.csi.aws.com"), Some("ebs.csi.aws.com"));
    assert_eq!(drivers.similar("disk.csi.azur.com"), Some("disk.csi.azure.com"));
    // Another driver of the same vendor is no slip of the pen.
    assert_eq!(drivers.similar("backup.csi.aws.com"), None);
    // Names that are only recognised count too.
    assert_eq!(drivers.similar("csi.ovirt.orgs"), Some("csi.ovirt.org"));
    assert_eq!(drivers.similar("csi.ovirt.org"), None);
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
