//! The sections of the reference document that volguard was made for, "Kubernetes Storage & State Management", and the rules
//! that come of each.

/// A section.
pub(crate) struct Section {
    /// Its heading.
    pub(crate) heading: &'static str,
    /// The rules that find what it warns of. Every rule of the catalogue is in a section.
    pub(crate) rules: &'static [&'static str],
    /// Why no scenario shows it, where none does.
    pub(crate) not_shown: Option<&'static str>,
}

const fn section(heading: &'static str, rules: &'static [&'static str]) -> Section {
    Section {
        heading,
        rules,
        not_shown: None,
    }
}

/// All of them, in the document's order.
pub(crate) const ALL: &[Section] = &[
    section(
        "Ephemeral vs Persistent Storage",
        &[
            "ephemeral-data-directory",
            "state-without-claims",
            "unbounded-scratch-volume",
            "inline-driver-not-allowed",
        ],
    ),
    section(
        "Storage Abstraction Layers",
        &[
            "missing-claim",
            "unresolved-volume-mount",
            "no-storage-class",
            "unknown-storage-class",
            "class-not-allowed",
            "unknown-provisioner",
            "attributes-class-mismatch",
            "quota-for-unknown-class",
        ],
    ),
    section(
        "Manual Provisioning (Static)",
        &[
            "host-path-volume",
            "prebound-claim-mismatch",
            "static-volume-disposable",
            "unbindable-empty-class",
            "selector-on-dynamic-class",
            "incomplete-claim-ref",
            "foreign-volume-takeover",
            "duplicate-volume-handle",
            "controller-annotation-set",
            "missing-node-affinity",
            "legacy-topology-label",
            "legacy-volume-source",
            "removed-volume-source",
            "recycle-reclaim-policy",
            "released-volume-reopened",
            "retain-dropped",
        ],
    ),
    section(
        "Dynamic Provisioning (Recommended)",
        &[
            "second-default-class",
            "last-default-class-removed",
            "default-class-cannot-serve",
            "class-in-use-deleted",
            "reclaim-delete",
            "suspicious-size",
            "size-outside-driver-range",
            "pending-claim",
        ],
    ),
    section(
        "Access Modes",
        &[
            "unsupported-access-mode",
            "unsupported-volume-mode",
            "exclusive-claim-shared",
            "exclusive-mode-advised",
            "read-only-claim-written",
            "volume-mode-mount-mismatch",
        ],
    ),
    section(
        "Volume Binding Modes",
        &[
            "immediate-binding",
            "unbounded-class-topology",
            "invalid-allowed-topologies",
            "zone-locked-claims",
            "node-name-bypasses-binding",
        ],
    ),
    section(
        "Why Deployments Fail for Stateful Apps",
        &[
            "exclusive-claim-shared",
            "exclusive-claim-rolling-update",
            "exclusive-claim-autoscaled",
        ],
    ),
    section(
        "StatefulSet Guarantees",
        &[
            "claims-deleted-with-set",
            "claim-template-changed",
            "unused-claim-template",
            "ephemeral-data-directory",
            "state-without-claims",
        ],
    ),
    section(
        "Deployment Behavior",
        &[
            "claims-left-by-scale-down",
            "claims-deleted-with-set",
            "orphaned-claim",
            "replicas-over-quota",
            "missing-readiness-probe",
            "zero-grace-period",
        ],
    ),
    section("Headless Service (Required)", &["missing-governing-service"]),
    section(
        "Update Strategies",
        &[
            "stalled-rollout",
            "missing-readiness-probe",
            "missing-disruption-budget",
        ],
    ),
    section(
        "Components",
        &[
            "unknown-provisioner",
            "removed-provisioner",
            "legacy-provisioner",
            "incomplete-secret-reference",
            "missing-populator",
            "too-many-volumes",
        ],
    ),
    section(
        "Volume Provisioning Flow",
        &[
            "invalid-driver-parameter",
            "unknown-driver-parameter",
            "unsupported-fstype",
            "conflicting-fstype-keys",
            "unsafe-mount-options",
            "recursive-ownership-change",
        ],
    ),
    section(
        "Volume Expansion",
        &[
            "expansion-disabled",
            "expansion-unsupported",
            "expansion-not-allowed",
            "missing-expansion-secret",
            "offline-expansion",
            "claim-shrunk",
            "runaway-expansion",
            "stuck-resize",
        ],
    ),
    section(
        "Volume Snapshots",
        &[
            "snapshots-unsupported",
            "missing-snapshot-class",
            "second-default-snapshot-class",
            "snapshot-class-mismatch",
            "snapshot-source-not-ready",
            "snapshot-takeover",
            "disposable-snapshots",
            "snapshot-retain-dropped",
            "restore-mismatch",
            "clone-mismatch",
            "dropped-data-source",
            "source-not-ready",
        ],
    ),
    section(
        "Backup Strategies",
        &[
            "unprotected-claim",
            "disposable-production-claim",
            "disposable-snapshots",
            "last-snapshot-deleted",
            "claim-with-snapshots-deleted",
            "protected-claim-deleted",
            "namespace-with-data-deleted",
        ],
    ),
    section(
        "Performance Tuning",
        &[
            "invalid-driver-parameter",
            "unencrypted-class",
            "invalid-attributes-class",
        ],
    ),
    section(
        "Multi-AZ High Availability",
        &[
            "missing-zone-spread",
            "ineffective-spread",
            "zone-locked-claims",
            "missing-disruption-budget",
        ],
    ),
    section(
        "Troubleshooting",
        &[
            "force-deleted-pod",
            "exclusive-claim-rolling-update",
            "missing-zone-spread",
            "zero-grace-period",
            "pending-claim",
            "lost-claim",
            "claim-in-use-deleted",
            "bound-volume-deleted",
        ],
    ),
    section(
        "Cost Optimization",
        &[
            "orphaned-claim",
            "suspicious-size",
            "stale-released-volume",
            "orphaned-snapshot-content",
            "oversized-claim",
            "over-budget",
            "size-over-limit",
            "unlimited-storage-namespace",
            "missing-required-labels",
        ],
    ),
    Section {
        heading: "Summary",
        rules: &[
            "immediate-binding",
            "expansion-disabled",
            "unprotected-claim",
            "orphaned-claim",
            "missing-zone-spread",
        ],
        not_shown: Some(
            "it repeats the sections before it. That a restore is tried out regularly is work that no admission review can see",
        ),
    },
];
