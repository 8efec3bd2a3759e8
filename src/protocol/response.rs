//! The AdmissionReview that volguard answers.
//! <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#response>

use super::ReviewError;
use json_patch::PatchOperation;
use serde::Serialize;
use std::collections::BTreeMap;

/// One finding that denies, as `status.details.causes` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// Name of the rule.
    pub reason: String,
    /// What is wrong, why, and what to do.
    pub message: String,
    /// The field, in Kubernetes' style.
    pub field: String,
}

/// An object that is no valid one of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Invalid {
    /// Its kind.
    pub kind: String,
    /// Its API group.
    pub group: String,
    /// Its name.
    pub name: String,
}

/// What volguard answers.
#[derive(Debug, Clone, Default)]
pub struct Response {
    /// One per finding that denies; empty when the request is allowed.
    pub causes: Vec<Cause>,
    /// How many more findings deny than `causes` names.
    pub unlisted: usize,
    /// The object is no valid one of its kind (422), rather than forbidden (403).
    pub invalid: Option<Invalid>,
    /// Shown to the user.
    pub warnings: Vec<String>,
    /// Kept in the API server's audit log.
    pub annotations: BTreeMap<&'static str, String>,
    /// RFC 6902 operations; empty when nothing is changed.
    pub patch: Vec<PatchOperation>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    api_version: &'static str,
    kind: &'static str,
    response: Body<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    uid: &'a str,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status<'a>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    warnings: &'a [String],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    audit_annotations: &'a BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<String>,
}

#[derive(Serialize)]
struct Status<'a> {
    #[serde(rename = "status")]
    outcome: &'static str,
    code: u16,
    reason: &'static str,
    message: String,
    details: Details<'a>,
}

#[derive(Serialize)]
struct Details<'a> {
    #[serde(flatten)]
    object: Option<&'a Invalid>,
    causes: &'a [Cause],
}

impl Response {
    /// Every cause in a line of its own.
    fn message(&self) -> String {
        let line = |cause: &Cause| {
            // As the API server writes what is wrong with an object; of a finding the message says where it is.
            if self.invalid.is_some() {
                format!("{}: {}", cause.field, cause.message)
            } else {
                cause.message.clone()
            }
        };
        let mut lines: Vec<String> = self.causes.iter().map(line).collect();
        if self.unlisted > 0 {
            lines.push(format!("and {} more findings", self.unlisted));
        }
        lines.join("\n")
    }

    /// The response as the JSON of an AdmissionReview.
    pub fn to_bytes(&self, uid: &str) -> Result<Vec<u8>, ReviewError> {
        let internal =
            |error: serde_json::Error| ReviewError::Internal(format!("the response cannot be written: {error}"));
        let patch = match self.patch.as_slice() {
            [] => None,
            operations => Some(base64(&serde_json::to_vec(operations).map_err(internal)?)),
        };
        let status = (!self.causes.is_empty()).then(|| Status {
            outcome: "Failure",
            code: if self.invalid.is_some() { 422 } else { 403 },
            reason: if self.invalid.is_some() { "Invalid" } else { "Forbidden" },
            message: self.message(),
            details: Details {
                object: self.invalid.as_ref(),
                causes: &self.causes,
            },
        });
        let envelope = Envelope {
            api_version: "admission.k8s.io/v1",
            kind: "AdmissionReview",
            response: Body {
                uid,
                allowed: self.causes.is_empty(),
                status,
                warnings: &self.warnings,
                audit_annotations: &self.annotations,
                patch_type: patch.is_some().then_some("JSONPatch"),
                patch,
            },
        };
        serde_json::to_vec(&envelope).map_err(internal)
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
