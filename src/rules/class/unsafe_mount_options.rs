//! See the documentation of [`RULE`].

use crate::drivers::{Kind, Parameters, Support};
use crate::engine::{Action, Category, Certainty, Check, Class, Context, Finding, Findings, Operation, Profiles};
use crate::model::words::with_reason;
use crate::model::{FieldPath, StorageClass};

/// Options of filesystems on disks that lose data, and how.
/// <https://man7.org/linux/man-pages/man5/ext4.5.html>
const ON_DISKS: [(&str, &str); 4] = [
    ("nobarrier", "a power failure loses what was reported as written"),
    ("barrier=0", "a power failure loses what was reported as written"),
    ("noload", "what a crash leaves half done is never repaired"),
    ("norecovery", "what a crash leaves half done is never repaired"),
];

crate::rule! {
    /// ## What it checks
    /// A StorageClass mounts its volumes with an option that loses data or that the driver refuses:
    ///
    /// - NFS: `soft` and `softerr`, unless the mount is read-only or a later `hard` takes it back; `nolock` with version 3
    /// - disks: `nobarrier`, `barrier=0`, `noload`, `norecovery`
    /// - any driver: what it is known to refuse
    ///
    /// Drivers of which nothing is known are left alone, and so is `soft` for other network filesystems: for SMB it is
    /// what everybody has.
    ///
    /// ## Why it matters
    /// Nobody checks mount options before a pod is mounted. Those that lose data work for years: a soft NFS mount gives a
    /// write up when the server is slow, and few programs notice; without barriers a disk says that it has written what
    /// is in its cache.
    ///
    /// ## How to fix
    /// Remove the option. The field can be changed on an existing class; volumes that exist keep their own
    /// `spec.mountOptions`.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: shared
    /// provisioner: nfs.csi.k8s.io
    /// parameters:
    ///   server: nfs.example.com
    ///   share: /data
    /// mountOptions:
    ///   - nfsvers=4.1
    ///   - soft
    /// ```
    /// ```yaml,passes
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: shared
    /// provisioner: nfs.csi.k8s.io
    /// parameters:
    ///   server: nfs.example.com
    ///   share: /data
    /// mountOptions:
    ///   - nfsvers=4.1
    ///   - hard
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/storage-classes/#mount-options>
    /// - <https://man7.org/linux/man-pages/man5/nfs.5.html>
    pub static RULE = {
        name: "unsafe-mount-options",
        summary: "mounts volumes with an option that loses data or that the driver refuses",
        category: Category::Class,
        class: Class::LosesData,
        operations: &[Operation::Create, Operation::Update],
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Deny),
        check: Check::Class(check),
    }
}

fn check(class: StorageClass<'_>, cx: &Context<'_>, out: &mut Findings) {
    // The options of a class are for volumes that are provisioned.
    let Some(known) = cx.driver(class.provisioner()).filter(|_| !class.has_no_provisioner()) else {
        return;
    };
    let parameters = Parameters::new(class.parameters());
    let nfs = known.driver.mounts_nfs(&parameters);
    let options = class.mount_options();
    for (position, (index, option)) in options.iter().enumerate() {
        let mut push = |message: String, remedy: String, certainty: Certainty| {
            let path = FieldPath::of(&["mountOptions"]).index(*index);
            out.push(Finding::new(path, *option, message).remedy(remedy).certainty(certainty));
        };
        let refusal = known.driver.mount_option(option, &parameters);
        if refusal.value == Support::Refused {
            push(
                format!("`{option}`: {} refuses this mount option", known.driver.product()),
                with_reason(refusal.because, "Remove it."),
                refusal.confidence.into(),
            );
        } else if let Some((_, outcome)) = ON_DISKS.iter().find(|(unsafe_one, _)| unsafe_one == option) {
            if known.driver.kind() == Kind::Block {
                push(
                    format!("`{option}`: {outcome}"),
                    "Remove it. Newer filesystems refuse to mount with some of these options.".to_owned(),
                    Certainty::Certain,
                );
            }
        } else if nfs.value
            && let Some((outcome, remedy)) = loses_on_nfs(option, &options, position)
        {
            push(
                format!("`{option}`: {outcome}"),
                remedy.to_owned(),
                nfs.confidence.into(),
            );
        }
    }
}

/// How the option at `position` loses data on an NFS mount with these options, if it does, and what to do.
fn loses_on_nfs(option: &str, options: &[(usize, &str)], position: usize) -> Option<(&'static str, &'static str)> {
    let has = |one: &str| options.iter().any(|(_, option)| *option == one);
    let taken_back = || options[position..].iter().any(|(_, option)| *option == "hard");
    match option {
        "soft" | "softerr" if !has("ro") && !taken_back() => Some((
            "a write is given up when the server is slow, and few programs notice",
            "Use `hard`, the default: programs wait until the server is back.",
        )),
        "nolock" if has("nfsvers=3") || has("vers=3") => Some((
            "file locks hold on one node only, and two nodes may write at once",
            "Remove it, or use `nfsvers=4.1`, which has locks of its own.",
        )),
        _ => None,
    }
}
