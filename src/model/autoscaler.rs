//! HorizontalPodAutoscaler.

use super::object::{at, text};
use super::{Meta, ObjectKind};
use serde_json::Value;

/// What changes the number of replicas of a workload.
#[derive(Debug, Clone, Copy)]
pub struct Autoscaler<'a> {
    value: &'a Value,
}

impl<'a> Autoscaler<'a> {
    /// Reads a `HorizontalPodAutoscaler` of any version from its JSON.
    pub fn new(value: &'a Value) -> Self {
        Self { value }
    }

    /// Its metadata.
    pub fn meta(self) -> Meta<'a> {
        Meta::of(self.value)
    }

    /// Kind and name of the workload that it scales, where it is a Deployment or a StatefulSet.
    pub fn target(self) -> Option<(ObjectKind, &'a str)> {
        let kind = match text(self.value, &["spec", "scaleTargetRef", "kind"])? {
            "Deployment" => ObjectKind::Deployment,
            "StatefulSet" => ObjectKind::StatefulSet,
            _ => return None,
        };
        Some((kind, text(self.value, &["spec", "scaleTargetRef", "name"])?))
    }

    /// The largest number of replicas that it asks for.
    pub fn max_replicas(self) -> u64 {
        at(self.value, &["spec", "maxReplicas"])
            .and_then(Value::as_u64)
            .unwrap_or(0)
    }
}
