//! Sizes as parameters of rules name them.

use super::quantity::Quantity;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A size in bytes that somebody wrote into a policy: `2Ti`, `500Gi`. At least one byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Size(Quantity);

impl Size {
    /// The size as a quantity.
    pub fn quantity(self) -> Quantity {
        self.0
    }
}

impl TryFrom<String> for Size {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let quantity = Quantity::parse(text.trim()).map_err(|error| error.to_string())?;
        if quantity < Quantity::from_bytes(1) {
            return Err(format!("`{text}` is not a size: write at least one byte, such as 10Gi"));
        }
        Ok(Self(quantity))
    }
}

impl From<Size> for String {
    fn from(size: Size) -> Self {
        size.to_string()
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn is_read_back_as_it_is_written_and_has_bytes() {
        let size: Size = serde_json::from_value(json!("2048Gi")).unwrap();
        assert_eq!(serde_json::to_value(size).unwrap(), json!("2Ti"));
        for wrong in ["0", "-1Gi", "10m", "two", "10 Gi", ""] {
            assert!(serde_json::from_value::<Size>(json!(wrong)).is_err(), "{wrong}");
        }
    }
}
