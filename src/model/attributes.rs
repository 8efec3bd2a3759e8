//! `VolumeAttributesClass`.

use super::object::{Meta, map, text};
use serde_json::{Map, Value};

/// A `storage.k8s.io` `VolumeAttributesClass`: what may be changed of a volume that exists.
#[derive(Debug, Clone, Copy)]
pub struct AttributesClass<'a> {
    value: &'a Value,
}

impl<'a> AttributesClass<'a> {
    /// Reads a class from its JSON.
    pub fn new(value: &'a Value) -> Self {
        Self { value }
    }

    /// The class as JSON.
    pub fn value(self) -> &'a Value {
        self.value
    }

    /// Its metadata.
    pub fn meta(self) -> Meta<'a> {
        Meta::of(self.value)
    }

    /// Its name.
    pub fn name(self) -> &'a str {
        self.meta().name()
    }

    /// Name of the CSI driver.
    pub fn driver(self) -> &'a str {
        text(self.value, &["driverName"]).unwrap_or_default()
    }

    /// The parameters for the driver.
    pub fn parameters(self) -> Option<&'a Map<String, Value>> {
        map(self.value, &["parameters"])
    }
}
