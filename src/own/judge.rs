//! One object of volguard's own kinds: what it is, or all that is wrong with it.

use crate::cluster::view::{View, ViewKind};
use crate::drivers::{self, Driver};
use crate::engine::Rule;
use crate::model::Meta;
use crate::model::object::text;
use crate::policy::{self, CompiledException, CompiledPolicy};
use crate::resources::Problem;
use jiff::Timestamp;
use serde_json::Value;

/// An object of one of volguard's own kinds, ready to be put in force.
#[derive(Debug, Clone)]
pub enum Own {
    /// A StoragePolicy.
    Policy(Box<CompiledPolicy>),
    /// A StorageException, be it expired.
    Exception(Box<CompiledException>),
    /// A StorageDriver.
    Driver(Box<Driver>),
}

/// The object of this kind and name, or all that is wrong with its `spec`; `None` where the kind is none of volguard's own.
pub fn judge(kind: ViewKind, name: &str, object: &Value, rules: &[&'static Rule]) -> Option<Result<Own, Vec<Problem>>> {
    let spec = object.get("spec").unwrap_or(&Value::Null);
    match kind {
        ViewKind::StoragePolicy => Some(policy::judge(name, spec, rules).map(|policy| Own::Policy(Box::new(policy)))),
        ViewKind::StorageException => Some(policy::judge_exception(name, spec, rules).map(|mut exception| {
            exception.is_object = true;
            Own::Exception(Box::new(exception))
        })),
        ViewKind::StorageDriver => Some(drivers::judge(spec).map(|driver| Own::Driver(Box::new(driver)))),
        _ => None,
    }
}

/// All that speaks against applying an object of one of volguard's own kinds. An update that leaves `spec` as it was is no
/// fault: labels must be changed and finalizers removed whatever else is wrong.
pub fn faults(kind: ViewKind, object: &Value, old: Option<&Value>, view: &View, now: Timestamp) -> Vec<Problem> {
    let name = Meta::of(object).name();
    let is_same = |pointer| old.is_some_and(|old| old.pointer(pointer) == object.pointer(pointer));
    if is_same("/spec") || Meta::of(object).is_deleting() {
        return Vec::new();
    }
    match judge(kind, name, object, &crate::rules::ALL) {
        None | Some(Ok(Own::Policy(_))) => Vec::new(),
        Some(Ok(Own::Exception(exception))) => {
            // One that ran out may still be mended otherwise.
            let fault = exception.expiry_fault(now).filter(|_| !is_same("/spec/expires"));
            fault.into_iter().collect()
        }
        Some(Ok(Own::Driver(driver))) => {
            let others = view.rows(kind).filter(|other| Meta::of(other).name() != name);
            let describes = |other: &&Value| text(other, &["spec", "name"]) == Some(driver.name());
            let first = others.into_iter().find(describes);
            first
                .map(|first| drivers::described_twice(Meta::of(first).name(), driver.name()))
                .into_iter()
                .collect()
        }
        Some(Err(problems)) => problems,
    }
}
