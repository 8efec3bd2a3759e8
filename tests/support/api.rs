//! A blocking client of the API server, for set-up and for waiting; what users do goes through kubectl.

use std::sync::Arc;

use http::{Method, Request, header};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::Value;
use tokio::runtime::Runtime;

/// A client that acts as the user of one kubeconfig.
#[derive(Clone)]
pub(crate) struct Api {
    runtime: Arc<Runtime>,
    client: Client,
}

/// Why a request failed: the API server's status, or code 0 and a reason when it gave none.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) code: u16,
    pub(crate) message: String,
}

impl Api {
    /// A client as the kubeconfig's current context says.
    pub(crate) fn new(kubeconfig: &str) -> Result<Self, String> {
        // A second call finds the provider installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        let client = runtime.block_on(async {
            let kubeconfig = Kubeconfig::from_yaml(kubeconfig).map_err(|error| error.to_string())?;
            let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
                .await
                .map_err(|error| error.to_string())?;
            Client::try_from(config).map_err(|error| error.to_string())
        })?;
        Ok(Self {
            runtime: Arc::new(runtime),
            client,
        })
    }

    /// One request, its answer as text.
    pub(crate) fn request(&self, method: Method, path: &str, body: Option<&Value>) -> Result<String, Refusal> {
        let content_type = if method == Method::PATCH {
            "application/merge-patch+json"
        } else {
            "application/json"
        };
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, content_type)
            .body(body)
            .map_err(|error| Refusal {
                code: 0,
                message: error.to_string(),
            })?;
        self.runtime
            .block_on(self.client.request_text(request))
            .map_err(|error| match error {
                kube::Error::Api(status) => Refusal {
                    code: status.code,
                    message: status.message,
                },
                other => Refusal {
                    code: 0,
                    message: other.to_string(),
                },
            })
    }

    /// The object at `path`; `None` where there is none. Panics when the API server answers anything else.
    pub(crate) fn get(&self, path: &str) -> Option<Value> {
        match self.request(Method::GET, path, None) {
            Ok(text) => Some(serde_json::from_str(&text).expect("the API server answers with JSON")),
            Err(refusal) if refusal.code == 404 => None,
            Err(refusal) => panic!("GET {path}: {refusal:?}"),
        }
    }

    /// Creates an object in the collection at `path`.
    pub(crate) fn create(&self, path: &str, object: &Value) -> Result<String, Refusal> {
        self.request(Method::POST, path, Some(object))
    }

    /// Applies a merge patch to the object at `path`.
    pub(crate) fn patch(&self, path: &str, change: &Value) -> Result<String, Refusal> {
        self.request(Method::PATCH, path, Some(change))
    }

    /// Deletes the object at `path`.
    pub(crate) fn delete(&self, path: &str) -> Result<String, Refusal> {
        self.request(Method::DELETE, path, None)
    }
}
