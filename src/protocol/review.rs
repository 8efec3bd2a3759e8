//! The AdmissionReview that the API server sends.
//! <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#request>

use super::ReviewError;
use serde::Deserialize;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fmt;

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
    pub fn object(&self) -> Result<Option<Object<'a>>, ReviewError> {
        decode("object", self.object)
    }

    /// The object as it is stored; `None` on CREATE.
    pub fn old_object(&self) -> Result<Option<Object<'a>>, ReviewError> {
        decode("oldObject", self.old_object)
    }
}

/// An object of a review.
#[derive(Debug)]
pub struct Object<'a> {
    /// The object without its `metadata.managedFields`, which are often longer than all the rest.
    pub value: Value,
    /// Its `metadata.managedFields`, as they are written.
    pub managed_fields: Option<&'a RawValue>,
}

fn decode<'a>(field: &str, raw: Option<&'a RawValue>) -> Result<Option<Object<'a>>, ReviewError> {
    let Some(raw) = raw.map(RawValue::get) else {
        return Ok(None);
    };
    let bad = |problem| Err(ReviewError::BadRequest(format!("request.{field} {problem}")));
    if !raw.starts_with('{') {
        return bad(format!("is {raw}, not an object"));
    }
    let mut managed_fields = None;
    let reader = Reader {
        level: Level::Object,
        managed_fields: &mut managed_fields,
    };
    match reader.deserialize(&mut serde_json::Deserializer::from_str(raw)) {
        Ok(value) => Ok(Some(Object { value, managed_fields })),
        Err(error) => bad(format!("cannot be read: {error}")),
    }
}

/// Reads an object, or what it has as metadata, and leaves the managed fields as they are written.
struct Reader<'a, 'r> {
    level: Level,
    managed_fields: &'r mut Option<&'a RawValue>,
}

#[derive(Clone, Copy)]
enum Level {
    Object,
    Metadata,
}

impl<'a> DeserializeSeed<'a> for Reader<'a, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Reader<'a, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = match (self.level, key.as_str()) {
                (Level::Object, "metadata") => map.next_value_seed(Reader {
                    level: Level::Metadata,
                    managed_fields: self.managed_fields,
                })?,
                (Level::Metadata, "managedFields") => {
                    *self.managed_fields = Some(map.next_value()?);
                    continue;
                }
                _ => map.next_value()?,
            };
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }

    // Metadata of another type are nobody's metadata, and no fault of the sender that matters here.

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, list: A) -> Result<Value, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(list))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    /// What is read of an object: the value, and the managed fields as they are written.
    fn read(object: &str) -> (Value, Option<String>) {
        let raw: &RawValue = serde_json::from_str(object).unwrap();
        let read = decode("object", Some(raw)).unwrap().unwrap();
        (read.value, read.managed_fields.map(|raw| raw.get().to_owned()))
    }

    #[test]
    fn managed_fields_of_the_object_itself_stay_raw() {
        let object = r#"{"metadata":{"name":"a","managedFields":[{"operation" : "Apply"}],"labels":{"a":"b"}},
            "spec":{"metadata":{"managedFields":[1]},"managedFields":[2],"list":[{"metadata":{"managedFields":[3]}}]}}"#;
        let mut expected: Value = serde_json::from_str(object).unwrap();
        expected["metadata"].as_object_mut().unwrap().remove("managedFields");
        assert_eq!(
            read(object),
            (expected, Some(r#"[{"operation" : "Apply"}]"#.to_owned()))
        );
    }

    #[test]
    fn metadata_of_any_type_are_read() {
        for metadata in [
            json!(null),
            json!(true),
            json!(-1),
            json!(1),
            json!(0.5),
            json!("text"),
            json!([{"managedFields": []}]),
            json!({}),
        ] {
            let object = json!({"metadata": metadata});
            assert_eq!(read(&object.to_string()), (object, None));
        }
    }
}
