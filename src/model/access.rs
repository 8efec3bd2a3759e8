//! Access modes and volume modes, as claims, volumes and driver facts name them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One entry of `spec.accessModes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum AccessMode {
    /// Writable on one node, by any number of its pods.
    ReadWriteOnce,
    /// Readable on many nodes.
    ReadOnlyMany,
    /// Writable on many nodes.
    ReadWriteMany,
    /// Writable by one pod in the whole cluster.
    ReadWriteOncePod,
}

impl AccessMode {
    /// Every access mode, in the order of declaration.
    pub const ALL: [Self; 4] = [
        Self::ReadWriteOnce,
        Self::ReadOnlyMany,
        Self::ReadWriteMany,
        Self::ReadWriteOncePod,
    ];

    /// The name in manifests: `ReadWriteOnce` and so on.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadWriteOnce => "ReadWriteOnce",
            Self::ReadOnlyMany => "ReadOnlyMany",
            Self::ReadWriteMany => "ReadWriteMany",
            Self::ReadWriteOncePod => "ReadWriteOncePod",
        }
    }

    /// The mode of this name; `None` for any other text. Case counts, as it does to the API server.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }
}

impl fmt::Display for AccessMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `spec.volumeMode`: what a pod gets to see of the volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
pub enum VolumeMode {
    /// A mounted filesystem; what the API server fills in when nothing is written.
    #[default]
    Filesystem,
    /// A raw block device.
    Block,
}

impl VolumeMode {
    /// The name in manifests: `Filesystem` or `Block`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Filesystem => "Filesystem",
            Self::Block => "Block",
        }
    }

    /// The mode of this name; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Filesystem, Self::Block]
            .into_iter()
            .find(|mode| mode.as_str() == text)
    }
}

impl fmt::Display for VolumeMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_case_counts() {
        for mode in AccessMode::ALL {
            assert_eq!(AccessMode::parse(mode.as_str()), Some(mode));
            assert_eq!(serde_json::json!(mode), mode.as_str());
        }
        assert_eq!(AccessMode::parse("readwritemany"), None);
        assert_eq!(VolumeMode::parse("Block"), Some(VolumeMode::Block));
        assert_eq!(VolumeMode::parse("block"), None);
    }
}
