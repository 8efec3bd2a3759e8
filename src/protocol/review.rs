//! The AdmissionReview that the API server sends.
//! <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#request>

use super::ReviewError;
use super::weight::{Budget, OBJECT_LIMIT, too_large};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
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
    let mut reading = Reading {
        managed_fields: None,
        budget: Budget::new(OBJECT_LIMIT),
    };
    let reader = Reader {
        level: Level::Object,
        reading: &mut reading,
    };
    match reader.deserialize(&mut serde_json::Deserializer::from_str(raw)) {
        Ok(value) => Ok(Some(Object {
            value,
            managed_fields: reading.managed_fields,
        })),
        Err(_) if reading.budget.is_over() => Err(too_large(field)),
        Err(error) => bad(format!("cannot be read: {error}")),
    }
}

/// What comes of an object while it is read.
struct Reading<'a> {
    managed_fields: Option<&'a RawValue>,
    budget: Budget,
}

/// Reads an object or something in it, as long as the budget lasts, and leaves the managed fields as they are written.
struct Reader<'a, 'r> {
    level: Level,
    reading: &'r mut Reading<'a>,
}

#[derive(Clone, Copy)]
enum Level {
    Object,
    Metadata,
    Field,
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
        let Self { level, reading } = self;
        let mut object = Map::new();
        let mut index = 0;
        while let Some(key) = map.next_key::<String>()? {
            let level = match (level, key.as_str()) {
                (Level::Object, "metadata") => Level::Metadata,
                (Level::Metadata, "managedFields") => {
                    reading.managed_fields = Some(map.next_value()?);
                    continue;
                }
                _ => Level::Field,
            };
            reading.budget.entry(index, &key).map_err(A::Error::custom)?;
            index += 1;
            let value = map.next_value_seed(Reader { level, reading })?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut list: A) -> Result<Value, A::Error> {
        let reading = self.reading;
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(Reader {
            level: Level::Field,
            reading,
        })? {
            reading.budget.item(items.len()).map_err(A::Error::custom)?;
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        self.reading.budget.text(value).map_err(E::custom)?;
        Ok(value.into())
    }

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
