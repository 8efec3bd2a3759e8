//! What the API server cannot decode in claims and templates of claims. Rules cannot read it either, and would pass over it.

use crate::model::object::at;
use crate::model::{Claim, FieldPath, ObjectKind, Subject};
use serde_json::Value;

/// What is wrong, and where.
pub(super) fn faults(kind: ObjectKind, object: &Value) -> Vec<(FieldPath, String)> {
    let subject = Subject::new(kind, object);
    let claims = subject.claims().iter();
    claims.flat_map(|claim| [size(claim), modes(claim)]).flatten().collect()
}

fn size(claim: &Claim<'_>) -> Option<(FieldPath, String)> {
    let error = claim.request()?.err()?;
    if is_placeholder(&claim.request_text()) {
        return None;
    }
    let path = claim.spec_path(&["resources", "requests", "storage"]);
    Some((path, format!("{} is refused by the API server: {error}", claim.title())))
}

fn modes(claim: &Claim<'_>) -> Option<(FieldPath, String)> {
    let modes = at(claim.value(), &["spec", "accessModes"])?.as_str()?;
    if is_placeholder(modes) {
        return None;
    }
    let message = format!(
        "{} is refused by the API server: accessModes is a list; write `accessModes: [{modes}]`",
        claim.title()
    );
    Some((claim.spec_path(&["accessModes"]), message))
}

/// Whether something else fills the value in later, a template or a substitution: `${SIZE}`.
fn is_placeholder(text: &str) -> bool {
    text.contains(['$', '{'])
}
