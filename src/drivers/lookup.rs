//! Finding a driver by what a class has as `provisioner`.

use super::schema::{DataFile, Driver, InTree, NamePattern, RecognisedDriver, RemovedProvisioner};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock};

/// The data files, in alphabetical order.
pub(super) const FILES: &[(&str, &str)] = &[
    ("alibaba.yaml", include_str!("data/alibaba.yaml")),
    ("aws-ebs.yaml", include_str!("data/aws-ebs.yaml")),
    ("aws-efs.yaml", include_str!("data/aws-efs.yaml")),
    ("aws-fsx.yaml", include_str!("data/aws-fsx.yaml")),
    ("azure-blob.yaml", include_str!("data/azure-blob.yaml")),
    ("azure-disk.yaml", include_str!("data/azure-disk.yaml")),
    ("azure-file.yaml", include_str!("data/azure-file.yaml")),
    ("azure-lustre.yaml", include_str!("data/azure-lustre.yaml")),
    ("beegfs.yaml", include_str!("data/beegfs.yaml")),
    ("ceph.yaml", include_str!("data/ceph.yaml")),
    ("civo.yaml", include_str!("data/civo.yaml")),
    ("cloudstack.yaml", include_str!("data/cloudstack.yaml")),
    ("csi-host-path.yaml", include_str!("data/csi-host-path.yaml")),
    ("dell.yaml", include_str!("data/dell.yaml")),
    ("democratic-csi.yaml", include_str!("data/democratic-csi.yaml")),
    ("digitalocean.yaml", include_str!("data/digitalocean.yaml")),
    ("directpv.yaml", include_str!("data/directpv.yaml")),
    ("exoscale.yaml", include_str!("data/exoscale.yaml")),
    ("gcp-filestore.yaml", include_str!("data/gcp-filestore.yaml")),
    ("gcp-gcsfuse.yaml", include_str!("data/gcp-gcsfuse.yaml")),
    ("gcp-lustre.yaml", include_str!("data/gcp-lustre.yaml")),
    ("gcp-pd.yaml", include_str!("data/gcp-pd.yaml")),
    ("gluster.yaml", include_str!("data/gluster.yaml")),
    ("harvester.yaml", include_str!("data/harvester.yaml")),
    ("hetzner.yaml", include_str!("data/hetzner.yaml")),
    ("hpe.yaml", include_str!("data/hpe.yaml")),
    ("huawei-cloud.yaml", include_str!("data/huawei-cloud.yaml")),
    ("huawei-oceanstor.yaml", include_str!("data/huawei-oceanstor.yaml")),
    ("ibm-storage.yaml", include_str!("data/ibm-storage.yaml")),
    ("ibm-vpc.yaml", include_str!("data/ibm-vpc.yaml")),
    ("in-tree.yaml", include_str!("data/in-tree.yaml")),
    ("infinidat.yaml", include_str!("data/infinidat.yaml")),
    ("inline.yaml", include_str!("data/inline.yaml")),
    ("iscsi.yaml", include_str!("data/iscsi.yaml")),
    ("juicefs.yaml", include_str!("data/juicefs.yaml")),
    ("kubevirt.yaml", include_str!("data/kubevirt.yaml")),
    ("linode.yaml", include_str!("data/linode.yaml")),
    ("linstor.yaml", include_str!("data/linstor.yaml")),
    ("local-path.yaml", include_str!("data/local-path.yaml")),
    ("longhorn.yaml", include_str!("data/longhorn.yaml")),
    ("lustre.yaml", include_str!("data/lustre.yaml")),
    ("minikube.yaml", include_str!("data/minikube.yaml")),
    ("moosefs.yaml", include_str!("data/moosefs.yaml")),
    ("nfs-provisioners.yaml", include_str!("data/nfs-provisioners.yaml")),
    ("nfs.yaml", include_str!("data/nfs.yaml")),
    ("nutanix.yaml", include_str!("data/nutanix.yaml")),
    ("object-buckets.yaml", include_str!("data/object-buckets.yaml")),
    ("openebs.yaml", include_str!("data/openebs.yaml")),
    ("openstack-manila.yaml", include_str!("data/openstack-manila.yaml")),
    ("openstack.yaml", include_str!("data/openstack.yaml")),
    ("oracle.yaml", include_str!("data/oracle.yaml")),
    ("portworx.yaml", include_str!("data/portworx.yaml")),
    ("proxmox.yaml", include_str!("data/proxmox.yaml")),
    ("quobyte.yaml", include_str!("data/quobyte.yaml")),
    ("recognised.yaml", include_str!("data/recognised.yaml")),
    ("removed.yaml", include_str!("data/removed.yaml")),
    ("s3.yaml", include_str!("data/s3.yaml")),
    ("scaleway.yaml", include_str!("data/scaleway.yaml")),
    ("seaweedfs.yaml", include_str!("data/seaweedfs.yaml")),
    ("simplyblock.yaml", include_str!("data/simplyblock.yaml")),
    ("smb.yaml", include_str!("data/smb.yaml")),
    ("synology.yaml", include_str!("data/synology.yaml")),
    ("tencent.yaml", include_str!("data/tencent.yaml")),
    ("topolvm.yaml", include_str!("data/topolvm.yaml")),
    ("trident.yaml", include_str!("data/trident.yaml")),
    ("upcloud.yaml", include_str!("data/upcloud.yaml")),
    ("vast.yaml", include_str!("data/vast.yaml")),
    ("vsphere.yaml", include_str!("data/vsphere.yaml")),
    ("vultr.yaml", include_str!("data/vultr.yaml")),
    ("weka.yaml", include_str!("data/weka.yaml")),
    ("yandex.yaml", include_str!("data/yandex.yaml")),
];

/// The knowledge base. Cheap to clone behind its [`Arc`]; never changes once built.
#[derive(Debug, Clone)]
pub struct Drivers {
    all: Vec<Arc<Driver>>,
    recognised: BTreeMap<String, RecognisedDriver>,
    removed: BTreeMap<String, RemovedProvisioner>,
    /// Exact names: own names, aliases and in-tree names.
    names: HashMap<String, (usize, Named)>,
}

/// By which name a driver was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// Its own name or an alias.
    Name,
    /// An in-tree name that Kubernetes translates to it.
    InTree,
    /// A pattern, such as `rook-ceph.rbd.csi.ceph.com`.
    Pattern,
}

/// A driver that was found.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The driver.
    pub driver: &'a Driver,
    /// By which name.
    pub named: Named,
    /// The translation, for an in-tree name.
    pub(super) in_tree: Option<&'a InTree>,
}

/// Broken data would be a defect of this crate and fails its tests, so a file that does not parse counts as empty here.
static BUILTIN: LazyLock<Arc<Drivers>> = LazyLock::new(|| {
    let files = FILES
        .iter()
        .filter_map(|(_, text)| serde_saphyr::from_str::<DataFile>(text).ok());
    Arc::new(Drivers::of(files))
});

impl Drivers {
    /// The drivers that are compiled in. Parsed on first use.
    pub fn builtin() -> Arc<Self> {
        Arc::clone(&BUILTIN)
    }

    /// These drivers and some more, which come first: one with the name of a built-in driver replaces the fields that it
    /// has and keeps the others.
    #[must_use]
    pub fn with(&self, more: Vec<Driver>) -> Self {
        let replaced = |new: Driver| match self.all.iter().find(|old| old.name == new.name) {
            Some(old) => new.over(old),
            None => new,
        };
        let mut drivers: Vec<_> = more.into_iter().map(replaced).map(Arc::new).collect();
        let kept = self
            .all
            .iter()
            .filter(|old| drivers.iter().all(|new| new.name != old.name))
            .cloned();
        let kept: Vec<_> = kept.collect();
        drivers.extend(kept);
        Self {
            names: indexed(&drivers),
            all: drivers,
            recognised: self.recognised.clone(),
            removed: self.removed.clone(),
        }
    }

    fn of(files: impl Iterator<Item = DataFile>) -> Self {
        let mut drivers = Vec::new();
        let mut recognised = BTreeMap::new();
        let mut removed = BTreeMap::new();
        for file in files {
            drivers.extend(file.drivers.into_iter().map(Arc::new));
            recognised.extend(file.recognised.into_iter().map(|one| (one.name.clone(), one)));
            removed.extend(file.removed.into_iter().map(|gone| (gone.name.clone(), gone)));
        }
        Self {
            names: indexed(&drivers),
            all: drivers,
            recognised,
            removed,
        }
    }

    /// The driver behind a provisioner name. Names are compared exactly, as Kubernetes does.
    pub fn find(&self, provisioner: &str) -> Option<Known<'_>> {
        if let Some(&(index, named)) = self.names.get(provisioner) {
            let driver = self.all.get(index)?;
            let in_tree = driver.in_tree.iter().find(|old| old.name == provisioner);
            return Some(Known { driver, named, in_tree });
        }
        let matches = |driver: &&Arc<Driver>| driver.patterns.iter().any(|pattern| pattern.matches(provisioner));
        let driver = self.all.iter().find(matches)?;
        Some(Known {
            driver,
            named: Named::Pattern,
            in_tree: None,
        })
    }

    /// A driver that exists although nothing else is known of it: a rule that asks whether a name is misspelt wants it,
    /// and no other. [`Drivers::find`] does not find it.
    pub fn recognises(&self, provisioner: &str) -> Option<&RecognisedDriver> {
        self.recognised
            .get(provisioner)
            .filter(|_| self.find(provisioner).is_none())
    }

    /// What is known of an in-tree provisioner that no supported Kubernetes release has and that is not translated.
    pub fn removed_in_tree(&self, provisioner: &str) -> Option<&RemovedProvisioner> {
        self.removed.get(provisioner)
    }

    /// The driver that Kubernetes translates volumes with this key in their `spec` to: `awsElasticBlockStore`, …
    pub fn of_volume_source(&self, key: &str) -> Option<Known<'_>> {
        self.iter().find_map(|driver| {
            let in_tree = driver
                .in_tree
                .iter()
                .find(|old| old.volume_source.as_deref() == Some(key))?;
            Some(Known {
                driver,
                named: Named::InTree,
                in_tree: Some(in_tree),
            })
        })
    }

    /// What is known of the provisioner that was removed together with this key of a volume's `spec`: `glusterfs`, …
    pub fn removed_volume_source(&self, key: &str) -> Option<&RemovedProvisioner> {
        self.removed
            .values()
            .find(|gone| gone.volume_source.as_deref() == Some(key))
    }

    /// The known name that a name nobody knows was probably meant to be.
    pub fn similar(&self, provisioner: &str) -> Option<&str> {
        // Names are DNS-like and bounded by the API server; longer text is not worth comparing.
        let exists = |name: &str| self.find(name).is_some() || self.recognised.contains_key(name);
        if provisioner.len() > 253 || exists(provisioner) || self.removed.contains_key(provisioner) {
            return None;
        }
        let lower = provisioner.to_ascii_lowercase();
        let names = self.names.keys().chain(self.recognised.keys());
        let distances = names.map(|name| (strsim::osa_distance(&lower, name), name));
        let (distance, name) = distances.min()?;
        (distance <= (name.len() / 8).clamp(1, 3)).then_some(name)
    }

    /// Every driver, those of the cluster first.
    pub fn iter(&self) -> impl Iterator<Item = &Driver> {
        self.all.iter().map(AsRef::as_ref)
    }
}

/// The drivers by every exact name they have: own names, aliases and in-tree names.
fn indexed(drivers: &[Arc<Driver>]) -> HashMap<String, (usize, Named)> {
    let mut names = HashMap::new();
    for (index, driver) in drivers.iter().enumerate() {
        let own = std::iter::once(&driver.name)
            .chain(&driver.aliases)
            .map(|name| (name, Named::Name));
        let in_tree = driver.in_tree.iter().map(|old| (&old.name, Named::InTree));
        for (name, named) in own.chain(in_tree) {
            names.entry(name.clone()).or_insert((index, named));
        }
    }
    names
}

impl NamePattern {
    /// Whether a name is of this family. The parts do not overlap, and a suffix alone needs something before it.
    fn matches(&self, name: &str) -> bool {
        let prefix = self.prefix.as_deref().unwrap_or_default();
        let suffix = self.suffix.as_deref().unwrap_or_default();
        let contains = self.contains.as_deref().unwrap_or_default();
        let middle = name.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(suffix));
        let anything = !(prefix.is_empty() && suffix.is_empty() && contains.is_empty());
        anything && middle.is_some_and(|middle| !middle.is_empty() && middle.contains(contains))
    }
}
