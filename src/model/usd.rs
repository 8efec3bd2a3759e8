//! Money as parameters of rules name it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// US dollars that somebody wrote into a policy; not less than none.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "f64", into = "f64")]
#[schemars(with = "f64")]
pub struct Usd(f64);

impl TryFrom<f64> for Usd {
    type Error = String;

    fn try_from(usd: f64) -> Result<Self, String> {
        if usd.is_finite() && usd >= 0.0 {
            Ok(Self(usd))
        } else {
            Err(format!("`{usd}` is no budget: write US dollars a month, such as 500"))
        }
    }
}

impl From<Usd> for f64 {
    fn from(usd: Usd) -> Self {
        usd.0
    }
}
