//! The AdmissionReview that the API server sends.
//! <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#request>

use super::ReviewError;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The request of an AdmissionReview. The objects stay raw JSON until somebody wants to read them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Review<'a> {
    /// Identifies the request; the response carries it back.
    #[serde(borrow)]
    pub uid: Cow<'a, str>,
    /// Group, version and kind of the object.
    #[serde(borrow)]
    pub kind: GroupVersionKind<'a>,
    /// Group and plural of what is asked for: of the workload, where the object is its Scale.
    #[serde(borrow, default)]
    pub resource: GroupResource<'a>,
    /// `scale`, `status` and so on; empty for the object itself.
    #[serde(borrow, default)]
    pub sub_resource: Option<Cow<'a, str>>,
    /// Name of the object; empty when the API server is to make one up.
    #[serde(borrow, default)]
    pub name: Option<Cow<'a, str>>,
    /// Namespace of the object; empty when it has none.
    #[serde(borrow, default)]
    pub namespace: Option<Cow<'a, str>>,
    /// `CREATE`, `UPDATE`, `DELETE` or `CONNECT`.
    #[serde(borrow)]
    pub operation: Cow<'a, str>,
    /// Who asks.
    #[serde(borrow, default)]
    pub user_info: UserInfo<'a>,
    /// The options of the request.
    #[serde(default)]
    pub options: Option<Options>,
    #[serde(borrow, default)]
    object: Option<&'a RawValue>,
    #[serde(borrow, default)]
    old_object: Option<&'a RawValue>,
    /// Nothing will be stored.
    #[serde(default)]
    pub dry_run: Option<bool>,
}

/// Group, version and kind.
#[derive(Debug, Deserialize)]
pub struct GroupVersionKind<'a> {
    /// The API group, empty for the core group.
    #[serde(borrow, default)]
    pub group: Cow<'a, str>,
    /// The version.
    #[serde(borrow)]
    pub version: Cow<'a, str>,
    /// The kind.
    #[serde(borrow)]
    pub kind: Cow<'a, str>,
}

/// API group and plural name.
#[derive(Debug, Default, Deserialize)]
pub struct GroupResource<'a> {
    /// The API group, empty for the core group.
    #[serde(borrow, default)]
    pub group: Cow<'a, str>,
    /// `statefulsets`, `persistentvolumeclaims`, …
    #[serde(borrow, default)]
    pub resource: Cow<'a, str>,
}

/// What rules read of `CreateOptions`, `UpdateOptions` and `DeleteOptions`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Options {
    /// Seconds that a pod has to end; 0 is a forced deletion.
    #[serde(default)]
    pub grace_period_seconds: Option<i64>,
}

/// Who asks.
#[derive(Debug, Default, Deserialize)]
pub struct UserInfo<'a> {
    /// The user's name.
    #[serde(borrow, default)]
    pub username: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(borrow, default)]
    api_version: Cow<'a, str>,
    #[serde(borrow, default)]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    request: Option<Review<'a>>,
}

const API_VERSION: &str = "admission.k8s.io/v1";

impl<'a> Review<'a> {
    /// Reads the envelope. Every error is the sender's and says what was expected.
    pub fn parse(body: &'a [u8]) -> Result<Self, ReviewError> {
        let bad = |message: String| Err(ReviewError::BadRequest(message));
        let envelope: Envelope<'a> = match serde_json::from_slice(body) {
            Ok(envelope) => envelope,
            Err(error) => return bad(format!("the body is not an AdmissionReview: {error}")),
        };
        if envelope.kind != "AdmissionReview" {
            return bad(format!("kind is {:?}; volguard answers AdmissionReview", envelope.kind));
        }
        if envelope.api_version != API_VERSION {
            return bad(format!(
                "apiVersion is {:?}; volguard answers {API_VERSION}",
                envelope.api_version
            ));
        }
        let Some(request) = envelope.request else {
            return bad("the AdmissionReview has no request".to_owned());
        };
        if request.uid.is_empty() {
            return bad("request.uid is empty; a response could not name its request".to_owned());
        }
        Ok(request)
    }

    /// The object as it is to be stored; `None` on DELETE.
    pub fn object(&self) -> Result<Option<Value>, ReviewError> {
        decode("object", self.object)
    }

    /// The object as it is stored; `None` on CREATE.
    pub fn old_object(&self) -> Result<Option<Value>, ReviewError> {
        decode("oldObject", self.old_object)
    }
}

fn decode(field: &str, raw: Option<&RawValue>) -> Result<Option<Value>, ReviewError> {
    let Some(raw) = raw else { return Ok(None) };
    match serde_json::from_str(raw.get()) {
        Ok(Value::Null) => Ok(None),
        Ok(value @ Value::Object(_)) => Ok(Some(value)),
        Ok(other) => Err(ReviewError::BadRequest(format!(
            "request.{field} is {other}, not an object"
        ))),
        Err(error) => Err(ReviewError::BadRequest(format!(
            "request.{field} cannot be read: {error}"
        ))),
    }
}
