//! The Secret and the webhook configurations: read, watched, written.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::stream::{BoxStream, StreamExt as _, select_all};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, ApiResource, DynamicObject, ObjectMeta, PostParams};
use kube::core::{GroupVersionKind, Status};
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, watch_object};
use kube::{Client, ResourceExt as _};
use serde_json::Value;

use super::super::contents::{Contents, Material};
use crate::model::words::with_causes;

/// The kinds of webhook configurations.
pub const KINDS: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// Whose changes they are, as `managedFields` shows them.
const FIELD_MANAGER: &str = "volguard";

/// How long an answer of the API server is waited for; it is asked again after that.
const PATIENCE: Duration = Duration::from_secs(10);

/// Which objects the certificate lives in.
#[derive(Debug, Clone)]
pub struct Names {
    /// The Secret's namespace.
    pub namespace: String,
    /// The Secret's name.
    pub secret: String,
    /// The name of both webhook configurations.
    pub configuration: String,
}

/// Why an object could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// The API server answered, and asking again will not help until somebody changes something.
    #[error("{0}")]
    Refused(String),
    /// No answer, or one that says to come back later.
    #[error("{0}")]
    Failed(String),
    /// Somebody else has changed the object meanwhile.
    #[error("the object was changed meanwhile")]
    Conflict,
}

/// What the watches bring; `None` where there is no such object.
pub(super) enum Seen {
    Secret(Result<Option<Secret>, ObjectError>),
    /// The configuration of this one of [`KINDS`].
    Configuration(usize, Result<Option<DynamicObject>, ObjectError>),
}

/// The Secret and both webhook configurations in a cluster.
#[derive(Debug, Clone)]
pub struct Objects {
    names: Names,
    secrets: Api<Secret>,
    configurations: [Api<DynamicObject>; 2],
}

impl Objects {
    /// Those of `names` in the cluster of `client`; nothing is read yet.
    pub fn new(client: &Client, names: Names) -> Self {
        let configuration = |kind| {
            let gvk = GroupVersionKind::gvk("admissionregistration.k8s.io", "v1", kind);
            Api::all_with(client.clone(), &ApiResource::from_gvk(&gvk))
        };
        Self {
            secrets: Api::namespaced(client.clone(), &names.namespace),
            configurations: KINDS.map(configuration),
            names,
        }
    }

    /// What stands in the Secret; `None` if there is none.
    pub async fn contents(&self) -> Result<Option<Contents>, ObjectError> {
        Ok(self.secret().await?.as_ref().map(contents))
    }

    /// The names and bundles of the webhooks in the configuration of this one of [`KINDS`]; `None` if there is none.
    pub async fn bundles(&self, kind: usize) -> Result<Option<Vec<(String, Vec<u8>)>>, ObjectError> {
        let asked = self.configurations[kind].get_opt(&self.names.configuration);
        let found = self.answer(asked, "get", &self.configuration_name(kind)).await?;
        Ok(found.as_ref().map(bundles))
    }

    /// The Secret, for messages.
    pub fn secret_name(&self) -> String {
        format!("Secret {}/{}", self.names.namespace, self.names.secret)
    }

    /// The configuration of this one of [`KINDS`], for messages.
    pub fn configuration_name(&self, kind: usize) -> String {
        format!("{} {}", KINDS[kind], self.names.configuration)
    }

    /// All three, now and whenever they change; it never ends, and pauses after errors.
    pub(super) fn watch(&self) -> BoxStream<'static, Seen> {
        let secret = {
            let objects = self.clone();
            watch_object(self.secrets.clone(), &self.names.secret)
                .default_backoff()
                .map(move |seen| Seen::Secret(seen.map_err(|error| watch_error(&error, &objects.secret_name()))))
                .boxed()
        };
        let configuration = |kind: usize| {
            let objects = self.clone();
            watch_object(self.configurations[kind].clone(), &self.names.configuration)
                .default_backoff()
                .map(move |seen| {
                    let seen = seen.map_err(|error| watch_error(&error, &objects.configuration_name(kind)));
                    Seen::Configuration(kind, seen)
                })
                .boxed()
        };
        select_all([secret, configuration(0), configuration(1)]).boxed()
    }

    /// The Secret as it is stored now.
    pub(super) async fn secret(&self) -> Result<Option<Secret>, ObjectError> {
        let asked = self.secrets.get_opt(&self.names.secret);
        self.answer(asked, "get", &self.secret_name()).await
    }

    /// Stores `material` in the Secret, in place of what `seen` held, or in a new one where there was none. Fails with
    /// a conflict if it is no longer as it was seen.
    pub(super) async fn store(&self, seen: Option<&Secret>, material: &Material) -> Result<(), ObjectError> {
        let mut secret = seen.cloned().unwrap_or_else(|| Secret {
            metadata: ObjectMeta {
                name: Some(self.names.secret.clone()),
                namespace: Some(self.names.namespace.clone()),
                ..ObjectMeta::default()
            },
            // As the chart ships it, for the type cannot be changed.
            type_: Some("Opaque".to_owned()),
            ..Secret::default()
        });
        let data = secret.data.get_or_insert_default();
        for (key, value) in material.entries() {
            data.insert(key.to_owned(), ByteString(value));
        }
        let (name, parameters) = (self.secret_name(), parameters());
        let stored = if seen.is_some() {
            let asked = self.secrets.replace(&self.names.secret, &parameters, &secret);
            self.answer(asked, "update", &name).await
        } else {
            let asked = self.secrets.create(&parameters, &secret);
            self.answer(asked, "create", &name).await
        };
        stored.map(drop)
    }

    /// Puts `bundle` into every entry of a configuration. Fails with a conflict if it is no longer as it was seen.
    pub(super) async fn trust(&self, kind: usize, seen: &DynamicObject, bundle: &[u8]) -> Result<(), ObjectError> {
        let mut object = seen.clone();
        let bundle = Value::String(STANDARD.encode(bundle));
        for webhook in object.data["webhooks"].as_array_mut().into_iter().flatten() {
            webhook["clientConfig"]["caBundle"] = bundle.clone();
        }
        let parameters = parameters();
        let asked = self.configurations[kind].replace(&self.names.configuration, &parameters, &object);
        self.answer(asked, "update", &self.configuration_name(kind))
            .await
            .map(drop)
    }

    async fn answer<T>(
        &self,
        asked: impl Future<Output = Result<T, kube::Error>>,
        verb: &str,
        object: &str,
    ) -> Result<T, ObjectError> {
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(kube::Error::Api(status))) => Err(refusal(&status, verb, object)),
            Ok(Err(error)) => Err(ObjectError::Failed(format!(
                "cannot {verb} {object}: {}",
                with_causes(&error)
            ))),
            Err(_) => Err(ObjectError::Failed(format!(
                "cannot {verb} {object}: the API server has not answered for {} s",
                PATIENCE.as_secs()
            ))),
        }
    }
}

/// What stands in a Secret.
pub(super) fn contents(secret: &Secret) -> Contents {
    let value = |key: &str| secret.data.as_ref().and_then(|data| data.get(key));
    Contents::read(|key| value(key).map(|bytes| bytes.0.as_slice()).unwrap_or_default())
}

/// The names and bundles of a configuration's webhooks; a bundle that is missing or no base64 is empty.
pub(super) fn bundles(configuration: &DynamicObject) -> Vec<(String, Vec<u8>)> {
    let webhooks = configuration.data["webhooks"].as_array().into_iter().flatten();
    let entry = |webhook: &Value| {
        let bundle = webhook["clientConfig"]["caBundle"].as_str().unwrap_or_default();
        let name = webhook["name"].as_str().unwrap_or_default();
        (name.to_owned(), STANDARD.decode(bundle).unwrap_or_default())
    };
    webhooks.map(entry).collect()
}

/// Whether two looks at the Secret saw the same version of it.
pub(super) fn same_version(one: Option<&Secret>, other: Option<&Secret>) -> bool {
    one.map(|secret| (secret.uid(), secret.resource_version()))
        == other.map(|secret| (secret.uid(), secret.resource_version()))
}

fn parameters() -> PostParams {
    PostParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PostParams::default()
    }
}

fn refusal(status: &Status, verb: &str, object: &str) -> ObjectError {
    let message = &status.message;
    match status.code {
        409 => ObjectError::Conflict,
        403 if verb == "create" => ObjectError::Refused(format!(
            "{object} does not exist and may not be created ({message}); create it without data, or allow create of \
             secrets in a Role of volguard's ServiceAccount"
        )),
        403 => ObjectError::Refused(format!(
            "may not {verb} {object} ({message}); allow get, list, watch and update of it in a role of volguard's \
             ServiceAccount"
        )),
        408 | 429 | 500.. => ObjectError::Failed(format!("cannot {verb} {object}: {message}")),
        _ => ObjectError::Refused(format!("cannot {verb} {object}: {message}")),
    }
}

fn watch_error(error: &watcher::Error, object: &str) -> ObjectError {
    match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status))
        | watcher::Error::WatchFailed(kube::Error::Api(status)) => refusal(status, "watch", object),
        // A watch that is too old starts over by itself.
        watcher::Error::WatchError(status) => ObjectError::Failed(format!("cannot watch {object}: {}", status.message)),
        other => ObjectError::Failed(format!("cannot watch {object}: {}", with_causes(other))),
    }
}
