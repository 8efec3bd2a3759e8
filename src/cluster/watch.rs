//! Watches of the API server that keep the view current.

use super::api::{PAGE, resource};
use super::live::LiveView;
use super::trim::trim;
use super::view::{View, ViewKind};
use crate::model::words::with_causes;
use crate::pace::SILENCE;
use futures::StreamExt;
use kube::api::{Api, ApiResource, DynamicObject};
use kube::config::{InClusterError, KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::core::Status;
use kube::runtime::watcher::{self, Config, DefaultBackoff, Event, watcher};
use kube::{Client, ResourceExt};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// The longest time between two attempts; the backoff never ends, so this is for its type only.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Why there is no client for the API server.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The named kubeconfig cannot be used.
    #[error("cannot use the kubeconfig {}: {source}", path.display())]
    Kubeconfig {
        /// Its path.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<KubeconfigError>,
    },
    /// A context is named, and the default kubeconfig cannot be used.
    #[error("cannot use the context {context} of the default kubeconfig: {source}")]
    Context {
        /// The context.
        context: String,
        /// What is wrong with the kubeconfig.
        source: Box<KubeconfigError>,
    },
    /// Neither a pod's ServiceAccount nor a kubeconfig is there.
    #[error(
        "found no cluster: not in a pod with a ServiceAccount ({in_cluster}), and the default kubeconfig cannot be used \
         ({kubeconfig}); name one with --kubeconfig, or run without a cluster with --standalone"
    )]
    NoCluster {
        /// Why the pod's ServiceAccount cannot be used.
        in_cluster: Box<InClusterError>,
        /// Why the default kubeconfig cannot be used.
        kubeconfig: Box<KubeconfigError>,
    },
    /// The configuration was read, but its contents make no client.
    #[error("cannot make a client from the cluster's configuration: {0}; check its certificates and its user")]
    Client(#[source] Box<kube::Error>),
}

/// A client for the API server: of the kubeconfig where one is given, else of the pod's ServiceAccount, else of the
/// default kubeconfig (`KUBECONFIG`, `~/.kube/config`). A context without a kubeconfig means the default one.
///
/// Nothing is sent yet: a server that cannot be reached shows in the watches, which try again.
pub async fn connect(kubeconfig: Option<&Path>, context: Option<&str>) -> Result<Client, ConnectError> {
    let options = KubeConfigOptions {
        context: context.map(str::to_owned),
        ..KubeConfigOptions::default()
    };
    let config = match (kubeconfig, context) {
        (Some(path), _) => from_file(path, &options).await?,
        (None, Some(context)) => {
            kube::Config::from_kubeconfig(&options)
                .await
                .map_err(|source| ConnectError::Context {
                    context: context.to_owned(),
                    source: Box::new(source),
                })?
        }
        (None, None) => match kube::Config::incluster() {
            Ok(config) => config,
            Err(in_cluster) => {
                kube::Config::from_kubeconfig(&options)
                    .await
                    .map_err(|kubeconfig| ConnectError::NoCluster {
                        in_cluster: Box::new(in_cluster),
                        kubeconfig: Box::new(kubeconfig),
                    })?
            }
        },
    };
    Client::try_from(config).map_err(|error| ConnectError::Client(Box::new(error)))
}

async fn from_file(path: &Path, options: &KubeConfigOptions) -> Result<kube::Config, ConnectError> {
    let failed = |source| ConnectError::Kubeconfig {
        path: path.to_owned(),
        source: Box::new(source),
    };
    let kubeconfig = Kubeconfig::read_from(path).map_err(failed)?;
    kube::Config::from_custom_kubeconfig(kubeconfig, options)
        .await
        .map_err(failed)
}

/// The watches of a set of kinds, one task each. They end when it is dropped.
pub struct Watcher {
    client: Client,
    view: Arc<LiveView>,
    kinds: BTreeSet<ViewKind>,
    tasks: JoinSet<()>,
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watcher")
            .field("kinds", &self.kinds)
            .finish_non_exhaustive()
    }
}

impl Watcher {
    /// Starts to watch `kinds` in all namespaces and to keep `view` current. How far they are is seen at the view.
    ///
    /// A kind that the API server refuses to let be read (403) is Unknown and counts as done for readiness; it is said
    /// once what to do about it, and tried again. Other failures are tried again too; what was known until then stays.
    /// Must be called within a tokio runtime.
    pub fn start(client: &Client, kinds: impl IntoIterator<Item = ViewKind>, view: &Arc<LiveView>) -> Self {
        let mut watcher = Self {
            client: client.clone(),
            view: Arc::clone(view),
            kinds: BTreeSet::new(),
            tasks: JoinSet::new(),
        };
        watcher.extend(kinds);
        watcher
    }

    /// Completes when a watch has ended, which none does but by a fault.
    pub async fn ended(&mut self) {
        match self.tasks.join_next().await {
            Some(outcome) => tracing::error!(?outcome, "a watch has ended"),
            None => std::future::pending().await,
        }
    }

    /// Starts to watch those of `kinds` that are not watched yet.
    pub fn extend(&mut self, kinds: impl IntoIterator<Item = ViewKind>) {
        for kind in kinds {
            if self.kinds.insert(kind) {
                self.view.expect(kind);
                self.tasks
                    .spawn(watch(self.client.clone(), kind, Arc::clone(&self.view)));
            }
        }
    }
}

/// Watches one kind for ever.
async fn watch(client: Client, kind: ViewKind, view: Arc<LiveView>) {
    // It starts over by itself after two minutes without a failure.
    let mut backoff = DefaultBackoff::default();
    let mut reporter = Reporter::new(kind);
    let mut attempt = 0;
    loop {
        let resource = resource(kind.group(), kind.as_str(), attempt);
        let api = Api::<DynamicObject>::all_with(client.clone(), &resource);
        let mut events = pin!(watcher(api, Config::default().page_size(PAGE)));
        // While a list comes in, look-ups go on in what was known before.
        let mut listed = View::default();
        loop {
            let event = tokio::select! {
                event = events.next() => event,
                () = moment(reporter.end_of_silence()) => {
                    reporter.works();
                    continue;
                }
            };
            let error = match event {
                None => break,
                Some(Ok(event)) => {
                    // A watch that goes on where it was cut brings no list.
                    if !matches!(event, Event::Init | Event::InitApply(_)) {
                        reporter.works();
                    }
                    take(&view, kind, &mut listed, event);
                    continue;
                }
                Some(Err(error)) => error,
            };
            // Not `Status::is_not_found`, which misses the answer in plain text that stands for a group nobody serves.
            // https://github.com/kube-rs/kube/blob/5.0.0/kube-core/src/response.rs#L151
            let has_code = |code| status(&error).is_some_and(|status| status.code == code);
            let (refused, absent) = (has_code(403), has_code(404));
            if absent {
                attempt += 1;
                reporter.absent();
                // Where there is no such kind there are no such objects.
                view.replace(kind, View::default());
            } else {
                reporter.failed(&resource, &error, refused);
            }
            if refused {
                view.refuse(kind);
            }
            tokio::time::sleep(backoff.next().unwrap_or(LONGEST_PAUSE)).await;
            if refused || absent {
                // What was known is gone, so it takes a list and not only a watch to come back.
                break;
            }
        }
    }
}

/// Brings one event into the view.
fn take(view: &LiveView, kind: ViewKind, listed: &mut View, event: Event<DynamicObject>) {
    match event {
        Event::Init => *listed = View::default(),
        Event::InitApply(object) => {
            let (namespace, name) = key(&object);
            if let Some(row) = row(kind, object) {
                listed.insert(kind, &namespace, &name, row);
            }
        }
        Event::InitDone => view.replace(kind, std::mem::take(listed)),
        Event::Apply(object) => {
            let (namespace, name) = key(&object);
            match row(kind, object) {
                Some(row) => view.put(kind, &namespace, &name, row),
                None => view.remove(kind, &namespace, &name),
            }
        }
        Event::Delete(object) => {
            let (namespace, name) = key(&object);
            view.remove(kind, &namespace, &name);
        }
    }
}

fn key(object: &DynamicObject) -> (String, String) {
    (object.namespace().unwrap_or_default(), object.name_any())
}

fn row(kind: ViewKind, mut object: DynamicObject) -> Option<Arc<Value>> {
    // Often the larger half of an object, and never kept.
    object.metadata.managed_fields = None;
    match serde_json::to_value(object) {
        Ok(value) => trim(kind, &value).map(Arc::new),
        Err(error) => {
            tracing::error!(kind = kind.as_str(), %error, "an object from the API server cannot be kept");
            None
        }
    }
}

/// Waits for a moment, for ever where there is none.
async fn moment(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// What is wrong with the watch of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Failure,
    Refusal,
    Absence,
}

/// Says what is wrong with the watch of a kind, each thing once, and when it is over.
#[derive(Debug)]
struct Reporter {
    kind: ViewKind,
    /// What has been said, and when it was last met with.
    said: Option<(Trouble, Instant)>,
}

impl Reporter {
    fn new(kind: ViewKind) -> Self {
        Self { kind, said: None }
    }

    /// Notes what is wrong; says whether it has not been said yet.
    fn is_news(&mut self, trouble: Trouble) -> bool {
        let before = self.said.replace((trouble, Instant::now()));
        before.is_none_or(|(before, _)| before != trouble)
    }

    /// When a watch that failed is taken to work, if it does not fail again: one that goes on may have nothing to say. What was
    /// refused or absent comes with a list.
    fn end_of_silence(&self) -> Option<Instant> {
        match self.said {
            Some((Trouble::Failure, met)) => Some(met + SILENCE),
            _ => None,
        }
    }

    /// The watch works.
    fn works(&mut self) {
        if self.said.take().is_some() {
            let kind = self.kind.as_str();
            tracing::info!(kind, "{kind} objects can be read again");
        }
    }

    /// The API server has no such kind.
    fn absent(&mut self) {
        if self.is_news(Trouble::Absence) {
            let kind = self.kind.as_str();
            tracing::info!(
                kind,
                "the API server has no kind {kind} in group {}; it is picked up when its definition is installed",
                self.kind.group()
            );
        }
    }

    /// The watch failed, because it was refused or otherwise.
    fn failed(&mut self, resource: &ApiResource, error: &watcher::Error, refused: bool) {
        let trouble = if refused { Trouble::Refusal } else { Trouble::Failure };
        if !self.is_news(trouble) {
            return;
        }
        let error = status(error).map_or_else(|| with_causes(error), |status| status.message.clone());
        let ApiResource { group, plural, .. } = resource;
        let kind = self.kind.as_str();
        if refused {
            let consequence = if ViewKind::OWN.contains(&self.kind) {
                "what they say is not in force, or stays as it was last known"
            } else {
                "checks that need them are skipped"
            };
            tracing::warn!(
                kind,
                error,
                "not allowed to read {kind} objects, so {consequence}; allow list and watch of resource {plural} in API \
                 group \"{group}\" in the ClusterRole of volguard's ServiceAccount"
            );
        } else {
            tracing::warn!(
                kind,
                error,
                "cannot watch {kind} objects; trying again, with what is known so far"
            );
        }
    }
}

/// What the API server itself said, if it answered.
fn status(error: &watcher::Error) -> Option<&Status> {
    match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status))
        | watcher::Error::WatchFailed(kube::Error::Api(status))
        | watcher::Error::WatchError(status) => Some(status),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::cluster::live::{Named, Sync};
    use crate::cluster::view::Lookup;
    use http::{Request, Response};
    use kube::client::Body;
    use serde_json::json;
    use tokio::sync::{mpsc, oneshot};

    /// A request that the fake API server was sent, and where its answer goes.
    struct Call {
        uri: String,
        answer: oneshot::Sender<(u16, String)>,
    }

    impl Call {
        fn answer(self, code: u16, body: &impl ToString) {
            self.answer.send((code, body.to_string())).unwrap();
        }
    }

    /// A client of an API server that the test plays itself.
    fn fake() -> (Client, mpsc::UnboundedReceiver<Call>) {
        let (calls, received) = mpsc::unbounded_channel();
        let service = tower::service_fn(move |request: Request<Body>| {
            let calls = calls.clone();
            async move {
                let (answer, answered) = oneshot::channel();
                let uri = request.uri().to_string();
                calls.send(Call { uri, answer }).map_err(|error| error.to_string())?;
                let (code, body) = answered.await.map_err(|error| error.to_string())?;
                let response = Response::builder().status(code).body(Body::from(body.into_bytes()));
                response.map_err(|error| error.to_string())
            }
        });
        (Client::new(service, "default"), received)
    }

    async fn next(calls: &mut mpsc::UnboundedReceiver<Call>) -> Call {
        tokio::time::timeout(Duration::from_secs(60), calls.recv())
            .await
            .expect("a request within a minute")
            .unwrap()
    }

    fn class(name: &str) -> Value {
        json!({
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": name, "resourceVersion": "5", "managedFields": [{"manager": "kubectl"}]},
            "provisioner": "disk.example.com",
        })
    }

    fn list(names: &[&str], next: &str) -> Value {
        json!({
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClassList",
            "metadata": {"resourceVersion": "5", "continue": next},
            "items": names.iter().map(|name| class(name)).collect::<Vec<_>>(),
        })
    }

    fn failure(code: u16, reason: &str) -> Value {
        json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "no", "reason": reason, "code": code})
    }

    fn named(name: &str) -> Named {
        Named::new(ViewKind::StorageClass, "", name)
    }

    async fn arrival(view: &LiveView, name: &str) {
        let now = view
            .wait_for(&[named(name)], (Instant::now() + Duration::from_secs(60)).into())
            .await;
        assert!(
            matches!(now.get(ViewKind::StorageClass, "", name), Lookup::Found(_)),
            "{name}"
        );
    }

    #[tokio::test]
    async fn pages_and_events_reach_the_view() {
        let (client, mut calls) = fake();
        let view = Arc::new(LiveView::default());
        let _watcher = Watcher::start(&client, [ViewKind::StorageClass], &view);
        assert!(!view.is_synced());

        let first = next(&mut calls).await;
        assert!(
            first.uri.starts_with("/apis/storage.k8s.io/v1/storageclasses?"),
            "{}",
            first.uri
        );
        assert!(first.uri.contains("limit=500"), "{}", first.uri);
        first.answer(200, &list(&["a"], "more"));
        let second = next(&mut calls).await;
        assert!(second.uri.contains("continue=more"), "{}", second.uri);
        assert!(!view.is_synced());
        second.answer(200, &list(&["b"], ""));

        let watch = next(&mut calls).await;
        assert!(watch.uri.contains("watch=true"), "{}", watch.uri);
        assert!(view.is_synced());
        let rows = view.snapshot();
        assert_eq!(rows.count(ViewKind::StorageClass), 2);
        assert_eq!(rows.get(ViewKind::StorageClass, "", "z"), Lookup::Absent);
        let row = rows.get(ViewKind::StorageClass, "", "a").found().unwrap();
        assert_eq!(row["provisioner"], "disk.example.com");
        assert_eq!(row["metadata"].get("managedFields"), None);

        let events = [
            json!({"type": "DELETED", "object": class("a")}),
            json!({"type": "ADDED", "object": class("c")}),
        ];
        watch.answer(200, &events.map(|event| format!("{event}\n")).concat());
        arrival(&view, "c").await;
        assert_eq!(view.snapshot().get(ViewKind::StorageClass, "", "a"), Lookup::Absent);
    }

    #[tokio::test]
    async fn rows_stay_while_the_kind_is_listed_again() {
        let (client, mut calls) = fake();
        let view = Arc::new(LiveView::default());
        let _watcher = Watcher::start(&client, [ViewKind::StorageClass], &view);
        next(&mut calls).await.answer(200, &list(&["a", "b"], ""));
        let gone = json!({"type": "ERROR", "object": failure(410, "Expired")});
        next(&mut calls).await.answer(200, &format!("{gone}\n"));

        next(&mut calls).await.answer(200, &list(&["c"], "more"));
        let rest = next(&mut calls).await;
        let during = view.snapshot();
        assert!(during.is_complete(ViewKind::StorageClass));
        assert!(during.get(ViewKind::StorageClass, "", "a").found().is_some());
        assert!(during.get(ViewKind::StorageClass, "", "b").found().is_some());
        assert!(view.is_synced());

        rest.answer(200, &list(&["b"], ""));
        arrival(&view, "c").await;
        assert_eq!(view.snapshot().get(ViewKind::StorageClass, "", "a"), Lookup::Absent);
        assert!(view.snapshot().get(ViewKind::StorageClass, "", "b").found().is_some());
    }

    #[tokio::test]
    async fn a_refused_kind_is_unknown_and_does_not_hold_readiness_up_until_it_is_allowed() {
        let (client, mut calls) = fake();
        let view = Arc::new(LiveView::default());
        let _watcher = Watcher::start(&client, [ViewKind::StorageClass], &view);
        next(&mut calls).await.answer(403, &failure(403, "Forbidden"));
        view.synced().await;
        assert_eq!(view.status()[0], (ViewKind::StorageClass, Sync::Refused, 0));
        assert_eq!(view.snapshot().get(ViewKind::StorageClass, "", "a"), Lookup::Unknown);

        next(&mut calls).await.answer(200, &list(&["a"], ""));
        let watch = next(&mut calls).await;
        assert_eq!(view.status()[0], (ViewKind::StorageClass, Sync::Synced, 1));

        // The permission is taken away: what was known may be wrong from now on.
        watch.answer(403, &failure(403, "Forbidden"));
        let again = next(&mut calls).await;
        assert!(!again.uri.contains("watch=true"), "{}", again.uri);
        assert_eq!(view.status()[0], (ViewKind::StorageClass, Sync::Refused, 0));
    }

    #[tokio::test]
    async fn other_failures_are_tried_again_and_hold_readiness_up() {
        let (client, mut calls) = fake();
        let view = Arc::new(LiveView::default());
        let _watcher = Watcher::start(&client, [ViewKind::StorageClass], &view);
        next(&mut calls).await.answer(500, &failure(500, "InternalError"));
        let again = next(&mut calls).await;
        assert!(!view.is_synced());
        again.answer(200, &list(&["a"], ""));
        next(&mut calls).await.answer(500, &failure(500, "InternalError"));
        next(&mut calls).await;
        assert!(view.is_synced());
        assert!(view.snapshot().get(ViewKind::StorageClass, "", "a").found().is_some());
    }

    #[tokio::test]
    async fn a_watch_that_ends_is_noticed() {
        let (client, _calls) = fake();
        let mut watcher = Watcher::start(&client, [ViewKind::StorageClass], &Arc::new(LiveView::default()));
        let limit = Duration::from_millis(50);
        assert!(tokio::time::timeout(limit, watcher.ended()).await.is_err());
        watcher.tasks.abort_all();
        tokio::time::timeout(Duration::from_secs(60), watcher.ended())
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn what_is_wrong_is_said_once_and_a_silent_watch_is_taken_to_work() {
        let mut reporter = Reporter::new(ViewKind::StorageClass);
        assert_eq!(reporter.end_of_silence(), None);
        assert!(reporter.is_news(Trouble::Failure));
        let first = reporter.end_of_silence().unwrap();
        assert!(!reporter.is_news(Trouble::Failure));
        assert!(reporter.end_of_silence().unwrap() >= first);
        assert!(first >= Instant::now() + SILENCE / 2);
        reporter.works();
        assert_eq!(reporter.end_of_silence(), None);
        assert!(reporter.is_news(Trouble::Failure));
        assert!(reporter.is_news(Trouble::Refusal));
        assert_eq!(reporter.end_of_silence(), None, "what was refused comes with a list");
    }

    #[tokio::test]
    async fn no_client_is_made_of_a_kubeconfig_that_cannot_be_used() {
        let missing = connect(Some(Path::new("missing.kubeconfig")), None).await;
        let message = missing.err().unwrap().to_string();
        assert!(
            message.starts_with("cannot use the kubeconfig missing.kubeconfig: "),
            "{message}"
        );

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        std::fs::write(&path, r#"{"apiVersion": "v1", "kind": "Config", "contexts": []}"#).unwrap();
        let message = connect(Some(&path), Some("prod")).await.err().unwrap().to_string();
        assert!(message.contains("prod"), "{message}");
    }
}
