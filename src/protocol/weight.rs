//! What JSON weighs: bytes of memory once it is decoded. Short text can weigh a hundred times its length, for the smallest
//! map takes a whole node.
//!
//! The figures are those of `serde_json::Value`, whose maps are B-trees, rounded up to what an allocator hands out.

use super::ReviewError;

/// The most that one object of a review may weigh. A StatefulSet of eighteen containers with eight variables
/// each weighs a fiftieth of it.
pub const OBJECT_LIMIT: usize = 16 * 1024 * 1024;

/// The most that a review may weigh: an object and what it was before.
pub const REVIEW_LIMIT: usize = 2 * OBJECT_LIMIT;

/// A node of a map: eleven keys and values. Nodes are split in halves as they fill up.
const NODE: usize = 720;
const ENTRIES_OF_NODE: usize = 6;
/// A list begins with room for four values, and doubles it when it is full.
const LIST: usize = 128;
const ITEM: usize = 64;
/// A text of its own, beside its characters.
const TEXT: usize = 32;

/// What an object may still weigh.
#[derive(Debug)]
pub(super) struct Budget {
    left: usize,
    is_over: bool,
}

/// There is more than the budget has.
#[derive(Debug, thiserror::Error)]
#[error("too much to be read")]
pub(super) struct Over;

impl Budget {
    pub(super) fn new(bytes: usize) -> Self {
        Self {
            left: bytes,
            is_over: false,
        }
    }

    /// Whether it was asked for more than it had.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// A text is read.
    pub(super) fn text(&mut self, text: &str) -> Result<(), Over> {
        self.spend(TEXT + text.len())
    }

    /// A list's item is read, beside what is in it.
    pub(super) fn item(&mut self, index: usize) -> Result<(), Over> {
        self.spend(if index == 0 { LIST + ITEM } else { ITEM })
    }

    /// A map's entry is read, beside what is in it.
    pub(super) fn entry(&mut self, index: usize, key: &str) -> Result<(), Over> {
        self.text(key)?;
        self.spend(if index.is_multiple_of(ENTRIES_OF_NODE) { NODE } else { 0 })
    }

    fn spend(&mut self, bytes: usize) -> Result<(), Over> {
        let left = self.left.checked_sub(bytes);
        self.is_over = self.is_over || left.is_none();
        self.left = left.ok_or(Over)?;
        Ok(())
    }
}

/// What the objects of a review weigh at most, told from its bytes without decoding them. It is no less than what reading
/// them spends of a budget, and no more than [`REVIEW_LIMIT`].
pub fn weight(body: &[u8]) -> usize {
    let mut weight = 0_usize;
    let mut bytes = body.iter();
    while let Some(byte) = bytes.next() {
        weight += match byte {
            b'{' => NODE,
            b'[' => LIST + ITEM,
            b',' => NODE / ENTRIES_OF_NODE,
            b'"' => TEXT + skip_text(&mut bytes),
            _ => 0,
        };
    }
    weight.min(REVIEW_LIMIT)
}

/// Goes to the end of a text that has begun, and tells its length with the quote.
fn skip_text(bytes: &mut std::slice::Iter<'_, u8>) -> usize {
    let before = bytes.len();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => break,
            // Whatever is escaped ends nothing.
            b'\\' => {
                let _ = bytes.next();
            }
            _ => {}
        }
    }
    before - bytes.len()
}

/// What is said of an object that weighs too much.
pub(super) fn too_large(field: &str) -> ReviewError {
    let limit = OBJECT_LIMIT / (1024 * 1024);
    ReviewError::TooLarge(format!("request.{field} takes more than {limit} MiB of memory to read"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::Review;
    use super::*;
    use serde_json::{Value, json};

    /// Texts of three million bytes that become as much as can be.
    fn hostile() -> Vec<String> {
        let list = |item: &str| format!("[{}]", vec![item; 3_000_000 / (item.len() + 1)].join(","));
        let nested = format!("{}1{}", "{\"\":".repeat(100), "}".repeat(100));
        let keys: Vec<String> = (0..250_000).map(|key| format!("\"{key:06}\":0")).collect();
        vec![
            list(r#"{"name":""}"#),
            list(r#"{"":0}"#),
            list("[0]"),
            list(r#""""#),
            list(&nested),
            format!("{{{}}}", keys.join(",")),
        ]
    }

    fn review(env: &str) -> String {
        let object = format!(r#"{{"spec":{{"template":{{"spec":{{"containers":[{{"env":{env}}}]}}}}}}}}"#);
        let kind = r#"{"group":"apps","version":"v1","kind":"StatefulSet"}"#;
        format!(
            r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"u","kind":{kind},
            "operation":"UPDATE","object":{object},"oldObject":{object}}}}}"#
        )
    }

    #[test]
    fn what_would_weigh_too_much_is_not_read() {
        for env in hostile() {
            let body = review(&env);
            let review = Review::parse(body.as_bytes()).unwrap();
            let error = review.object().unwrap_err();
            assert!(matches!(error, ReviewError::TooLarge(_)), "{error}");
            assert_eq!(
                error.to_string(),
                "request.object takes more than 16 MiB of memory to read"
            );
            assert_eq!(weight(body.as_bytes()), REVIEW_LIMIT);
        }
    }

    /// What reading a value spends, as a reader spends it.
    fn spend(value: &Value, budget: &mut Budget) -> Result<(), Over> {
        match value {
            Value::String(text) => budget.text(text)?,
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    budget.item(index)?;
                    spend(item, budget)?;
                }
            }
            Value::Object(map) => {
                for (index, (key, value)) in map.iter().enumerate() {
                    budget.entry(index, key)?;
                    spend(value, budget)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    #[test]
    fn the_bytes_tell_no_less_than_reading_spends() {
        let many: serde_json::Map<String, Value> = (0..30).map(|key| (format!("k{key}"), json!(null))).collect();
        for value in [
            json!(null),
            json!([]),
            json!([1, [2], []]),
            json!({"a": {}, "b": [{"c": "\"\\"}, "{[,"], "\\": "\\\""}),
            json!(many),
            json!([many, many]),
        ] {
            let mut budget = Budget::new(REVIEW_LIMIT);
            spend(&value, &mut budget).unwrap();
            let (spent, told) = (REVIEW_LIMIT - budget.left, weight(value.to_string().as_bytes()));
            assert!(spent <= told, "{value}: {spent} of {told}");
        }
    }

    #[test]
    fn an_ordinary_object_has_room() {
        let variable = |index| json!({"name": format!("SETTING_{index}"), "value": "a value of some length"});
        let container = json!({"name": "a", "image": "registry.example.com/a:1",
            "env": (0..500).map(variable).collect::<Vec<_>>()});
        let body = review(&json!([vec![container; 20]]).to_string());
        let review = Review::parse(body.as_bytes()).unwrap();
        assert!(body.len() > 1_000_000);
        assert!(review.object().unwrap().is_some());
    }
}
