//! The view of a living cluster: kept current by watches, read by reviews.

use super::view::{Lookup, View, ViewKind};
use serde_json::Value;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::time::timeout_at;

/// How many misses are remembered.
const MAX_MISSES: usize = 4096;

/// How long a miss is remembered.
const MISS_LIFETIME: Duration = Duration::from_secs(30);

/// An object that a review names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Named {
    /// Its kind.
    pub kind: ViewKind,
    /// Its namespace, empty for cluster-scoped objects.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Named {
    /// Names an object; the namespace of cluster-scoped ones is empty.
    pub fn new(kind: ViewKind, namespace: &str, name: &str) -> Self {
        Self {
            kind,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }
}

/// How far the watch of a kind is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sync {
    /// Nobody watches the kind: what is not there does not come.
    #[default]
    Unwatched,
    /// Its objects have not been listed yet.
    Pending,
    /// All of its objects are in the view.
    Synced,
    /// The API server does not let volguard read the kind. It is asked again, but nobody waits for it.
    Refused,
}

#[derive(Debug, Clone, Default)]
struct State {
    view: Arc<View>,
    sync: [Sync; ViewKind::ALL.len()],
    /// How often the objects of each kind have changed.
    changes: [u64; ViewKind::ALL.len()],
}

impl State {
    /// Whether the object is not there, and may come yet.
    fn awaits(&self, named: &Named) -> bool {
        let look_up = || self.view.get(named.kind, &named.namespace, &named.name);
        match self.sync[named.kind as usize] {
            Sync::Unwatched | Sync::Refused => false,
            Sync::Pending => !matches!(look_up(), Lookup::Found(_)),
            Sync::Synced => look_up() == Lookup::Absent,
        }
    }

    fn is_synced(&self) -> bool {
        !self.sync.contains(&Sync::Pending)
    }

    /// The view, to be changed in what it has of a kind.
    fn view_mut(&mut self, kind: ViewKind) -> &mut View {
        self.changes[kind as usize] += 1;
        Arc::make_mut(&mut self.view)
    }
}

/// The current view, who keeps it current, and who waits for it to change.
///
/// An object may be named by a review before its watch event arrives, as when both are applied from one manifest; so a
/// review waits for it, shortly. What did not come is remembered as a miss, so that a name that does not exist costs the
/// wait once and not in every review.
#[derive(Debug)]
pub struct LiveView {
    state: watch::Sender<State>,
    misses: Mutex<Misses>,
}

impl Default for LiveView {
    fn default() -> Self {
        Self::new(View::default())
    }
}

impl LiveView {
    /// A view that nobody watches yet; without a cluster it stays as it is.
    pub fn new(view: View) -> Self {
        let state = State {
            view: Arc::new(view),
            ..State::default()
        };
        Self {
            state: watch::Sender::new(state),
            misses: Mutex::default(),
        }
    }

    /// The view as it is now.
    pub fn snapshot(&self) -> Arc<View> {
        Arc::clone(&self.state.borrow().view)
    }

    /// The view as soon as it has every object in `named`, at `until` at the latest.
    ///
    /// Returns at once when nothing can come of waiting: every object is there or a remembered miss, or of a kind that
    /// is not watched or refused. What has not come at `until` is remembered as a miss.
    pub async fn wait_for(&self, named: &[Named], until: Instant) -> Arc<View> {
        let mut changes = self.state.subscribe();
        let awaited: Vec<&Named> = {
            let state = changes.borrow_and_update();
            let misses = self.misses();
            let now = Instant::now();
            named
                .iter()
                .filter(|named| state.awaits(named) && !misses.contains(named, now))
                .collect()
        };
        // Without any time to wait, nothing is learnt that is worth remembering.
        if awaited.is_empty() || until <= Instant::now() {
            return self.snapshot();
        }
        let arrival = changes.wait_for(|state| !awaited.iter().any(|named| state.awaits(named)));
        if timeout_at(until.into(), arrival).await.is_err() {
            // Under the state's lock, so that an arrival cannot slip in between and leave its miss remembered.
            let state = self.state.borrow();
            let mut misses = self.misses();
            let now = Instant::now();
            for named in awaited {
                if state.awaits(named) {
                    misses.remember(named.clone(), now);
                }
            }
        }
        self.snapshot()
    }

    /// Says that the kind is about to be watched.
    pub fn expect(&self, kind: ViewKind) {
        self.state
            .send_modify(|state| state.sync[kind as usize] = Sync::Pending);
    }

    /// Puts an object in, or replaces it. `row` should be trimmed to what rules read.
    pub fn put(&self, kind: ViewKind, namespace: &str, name: &str, row: Arc<Value>) {
        self.state.send_if_modified(|state| {
            // Nodes report in every few minutes, and what rules read of them stays the same.
            let is_new = state.view.get(kind, namespace, name) != Lookup::Found(&*row);
            if is_new {
                state.view_mut(kind).insert(kind, namespace, name, row);
                self.misses().forget(kind, namespace, name);
            }
            is_new
        });
    }

    /// Takes an object out.
    pub fn remove(&self, kind: ViewKind, namespace: &str, name: &str) {
        self.state
            .send_modify(|state| state.view_mut(kind).remove(kind, namespace, name));
    }

    /// Puts the objects of `listed` in the place of all that are known of the kind: from now on, what is not there is
    /// Absent.
    pub fn replace(&self, kind: ViewKind, mut listed: View) {
        listed.set_complete(kind, true);
        self.state.send_if_modified(|state| {
            // A list that is taken again is usually what is known.
            if state.sync[kind as usize] == Sync::Synced && state.view.has_same(kind, &listed) {
                return false;
            }
            state.view_mut(kind).replace(kind, listed);
            state.sync[kind as usize] = Sync::Synced;
            self.misses().retain(|named| {
                let found = state.view.get(named.kind, &named.namespace, &named.name);
                named.kind != kind || !matches!(found, Lookup::Found(_))
            });
            true
        });
    }

    /// Says that the API server refuses to let the kind be read: all of it is Unknown from now on.
    pub fn refuse(&self, kind: ViewKind) {
        self.state.send_if_modified(|state| {
            if state.sync[kind as usize] == Sync::Refused {
                return false;
            }
            state.view_mut(kind).replace(kind, View::default());
            state.sync[kind as usize] = Sync::Refused;
            true
        });
    }

    /// The view as soon as every one of these kinds has been listed or is refused, and objects of one of them have changed
    /// since `seen`, which is kept current: what the last call left there, at first the default.
    pub async fn changed<const N: usize>(&self, kinds: [ViewKind; N], seen: &mut Option<[u64; N]>) -> Arc<View> {
        let changes = |state: &State| kinds.map(|kind| state.changes[kind as usize]);
        let listed = |state: &State| kinds.iter().all(|kind| state.sync[*kind as usize] != Sync::Pending);
        let mut states = self.state.subscribe();
        // It ends with an error only when the sender is gone, and that is ours.
        let arrival = states.wait_for(|state| listed(state) && *seen != Some(changes(state)));
        let Ok(state) = arrival.await else {
            return self.snapshot();
        };
        *seen = Some(changes(&state));
        Arc::clone(&state.view)
    }

    /// Whether every kind that is watched has been listed or is refused.
    pub fn is_synced(&self) -> bool {
        self.state.borrow().is_synced()
    }

    /// Waits until every kind that is watched has been listed or is refused.
    pub async fn synced(&self) {
        // It ends with an error only when the sender is gone, and that is ours.
        let _ = self.state.subscribe().wait_for(State::is_synced).await;
    }

    /// Every kind with the state of its watch and the number of its objects, for metrics.
    pub fn status(&self) -> [(ViewKind, Sync, usize); ViewKind::ALL.len()] {
        let state = self.state.borrow();
        ViewKind::ALL.map(|kind| (kind, state.sync[kind as usize], state.view.count(kind)))
    }

    fn misses(&self) -> MutexGuard<'_, Misses> {
        self.misses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Names that were waited for in vain, and when.
#[derive(Debug, Default)]
struct Misses {
    since: HashMap<Named, Instant>,
    /// In the order in which they were remembered, which is the order in which they are forgotten. An entry that is no
    /// longer in `since`, or is there with a later time, stands for nothing.
    order: VecDeque<(Instant, Named)>,
}

impl Misses {
    fn contains(&self, named: &Named, now: Instant) -> bool {
        self.since
            .get(named)
            .is_some_and(|since| now.duration_since(*since) < MISS_LIFETIME)
    }

    fn remember(&mut self, named: Named, now: Instant) {
        while let Some((since, _)) = self.order.front()
            && (self.order.len() >= MAX_MISSES || now.duration_since(*since) >= MISS_LIFETIME)
            && let Some((since, oldest)) = self.order.pop_front()
        {
            if self.since.get(&oldest) == Some(&since) {
                self.since.remove(&oldest);
            }
        }
        self.since.insert(named.clone(), now);
        self.order.push_back((now, named));
    }

    fn forget(&mut self, kind: ViewKind, namespace: &str, name: &str) {
        if !self.since.is_empty() {
            self.since.remove(&Named::new(kind, namespace, name));
        }
    }

    fn retain(&mut self, mut keep: impl FnMut(&Named) -> bool) {
        self.since.retain(|named, _| keep(named));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Longer than any test runs: who waits until then was not woken.
    fn far() -> Instant {
        Instant::now() + Duration::from_secs(600)
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(20)
    }

    fn class(name: &str) -> Named {
        Named::new(ViewKind::StorageClass, "", name)
    }

    fn synced() -> LiveView {
        let live = LiveView::default();
        live.expect(ViewKind::StorageClass);
        live.replace(ViewKind::StorageClass, View::default());
        live
    }

    fn put(live: &LiveView, name: &str) {
        live.put(
            ViewKind::StorageClass,
            "",
            name,
            Arc::new(json!({"metadata": {"name": name}})),
        );
    }

    fn look_up(view: &View, name: &str) -> Lookup<()> {
        view.get(ViewKind::StorageClass, "", name).map(|_| ())
    }

    /// Starts a wait for `names` and comes back when it is under way.
    async fn waiting(live: &Arc<LiveView>, names: &[&str]) -> tokio::task::JoinHandle<Arc<View>> {
        let classes: Vec<Named> = names.iter().map(|name| class(name)).collect();
        let waiting = Arc::clone(live);
        let task = tokio::spawn(async move { waiting.wait_for(&classes, far()).await });
        while live.state.receiver_count() == 0 {
            tokio::task::yield_now().await;
        }
        task
    }

    #[tokio::test]
    async fn what_is_there_is_not_waited_for() {
        let live = synced();
        put(&live, "fast");
        let view = live.wait_for(&[class("fast")], far()).await;
        assert_eq!(look_up(&view, "fast"), Lookup::Found(()));
    }

    #[tokio::test]
    async fn a_wait_ends_when_the_last_object_arrives() {
        let live = Arc::new(synced());
        let task = waiting(&live, &["fast", "slow"]).await;
        put(&live, "fast");
        tokio::task::yield_now().await;
        assert!(!task.is_finished());
        put(&live, "slow");
        let view = task.await.unwrap();
        assert_eq!(look_up(&view, "fast"), Lookup::Found(()));
        assert_eq!(look_up(&view, "slow"), Lookup::Found(()));
    }

    #[tokio::test]
    async fn a_miss_is_waited_for_once_and_forgotten_when_the_object_arrives() {
        let live = Arc::new(synced());
        let view = live.wait_for(&[class("fast")], soon()).await;
        assert_eq!(look_up(&view, "fast"), Lookup::Absent);
        // Remembered: an end in the far future does not matter.
        live.wait_for(&[class("fast")], far()).await;

        put(&live, "fast");
        live.remove(ViewKind::StorageClass, "", "fast");
        let task = waiting(&live, &["fast"]).await;
        put(&live, "fast");
        assert_eq!(look_up(&task.await.unwrap(), "fast"), Lookup::Found(()));

        live.remove(ViewKind::StorageClass, "", "fast");
        live.wait_for(&[class("fast")], soon()).await;
        let mut listed = View::default();
        listed.insert(ViewKind::StorageClass, "", "fast", Arc::default());
        live.replace(ViewKind::StorageClass, listed);
        assert!(!live.misses().contains(&class("fast"), Instant::now()));
    }

    #[tokio::test]
    async fn a_wait_without_time_remembers_nothing() {
        let live = synced();
        live.wait_for(&[class("fast")], Instant::now()).await;
        assert!(!live.misses().contains(&class("fast"), Instant::now()));
    }

    #[tokio::test]
    async fn the_first_list_is_waited_for() {
        let live = Arc::new(LiveView::default());
        live.expect(ViewKind::StorageClass);
        let view = live.wait_for(&[class("none")], soon()).await;
        assert_eq!(look_up(&view, "none"), Lookup::Unknown);

        let task = waiting(&live, &["fast"]).await;
        let mut listed = View::default();
        listed.insert(ViewKind::StorageClass, "", "fast", Arc::default());
        live.replace(ViewKind::StorageClass, listed);
        let view = task.await.unwrap();
        assert_eq!(look_up(&view, "fast"), Lookup::Found(()));
        assert_eq!(look_up(&view, "none"), Lookup::Absent);
    }

    #[tokio::test]
    async fn a_refusal_ends_waits_and_makes_the_kind_unknown() {
        let live = Arc::new(synced());
        put(&live, "fast");
        let task = waiting(&live, &["slow"]).await;
        live.refuse(ViewKind::StorageClass);
        let view = task.await.unwrap();
        assert_eq!(look_up(&view, "fast"), Lookup::Unknown);
        assert_eq!(look_up(&view, "slow"), Lookup::Unknown);
        live.wait_for(&[class("slow")], far()).await;
    }

    #[tokio::test]
    async fn kinds_that_nobody_watches_and_ambiguous_names_are_not_waited_for() {
        let mut view = View::default();
        view.set_complete(ViewKind::CsiDriver, true);
        let live = LiveView::new(view);
        live.expect(ViewKind::StorageClass);
        let mut listed = View::default();
        listed.insert_ambiguous(ViewKind::StorageClass, "", "twice");
        live.replace(ViewKind::StorageClass, listed);
        let driver = Named::new(ViewKind::CsiDriver, "", "disk.example.com");
        let claim = Named::new(ViewKind::PersistentVolumeClaim, "prod", "data");
        live.wait_for(&[driver, claim, class("twice")], far()).await;
    }

    #[tokio::test]
    async fn a_snapshot_does_not_change() {
        let live = synced();
        put(&live, "fast");
        let before = live.snapshot();
        live.remove(ViewKind::StorageClass, "", "fast");
        assert_eq!(look_up(&before, "fast"), Lookup::Found(()));
        assert_eq!(look_up(&live.snapshot(), "fast"), Lookup::Absent);
    }

    #[tokio::test]
    async fn an_object_that_did_not_change_wakes_nobody() {
        let live = synced();
        put(&live, "fast");
        let mut changes = live.state.subscribe();
        changes.mark_unchanged();
        put(&live, "fast");
        assert!(!changes.has_changed().unwrap());
        put(&live, "slow");
        assert!(changes.has_changed().unwrap());
    }

    #[tokio::test]
    async fn the_view_is_synced_when_no_kind_is_pending() {
        let live = LiveView::default();
        assert!(live.is_synced());
        live.expect(ViewKind::StorageClass);
        live.expect(ViewKind::Node);
        live.replace(ViewKind::StorageClass, View::default());
        assert!(!live.is_synced());
        live.refuse(ViewKind::Node);
        assert!(live.is_synced());
        live.synced().await;
        put(&live, "fast");
        let status = live.status();
        assert!(status.contains(&(ViewKind::StorageClass, Sync::Synced, 1)));
        assert!(status.contains(&(ViewKind::Node, Sync::Refused, 0)));
    }

    #[test]
    fn misses_are_forgotten_after_their_lifetime_and_never_more_than_the_bound() {
        let start = Instant::now();
        let mut misses = Misses::default();
        misses.remember(class("old"), start);
        assert!(misses.contains(&class("old"), start + MISS_LIFETIME / 2));
        assert!(!misses.contains(&class("old"), start + MISS_LIFETIME));

        // Remembered again: the first entry's end is not the second one's.
        misses.remember(class("old"), start + MISS_LIFETIME / 2);
        misses.remember(class("new"), start + MISS_LIFETIME);
        assert!(misses.contains(&class("old"), start + MISS_LIFETIME));

        for number in 0..2 * MAX_MISSES {
            misses.remember(class(&number.to_string()), start + MISS_LIFETIME);
        }
        assert_eq!(misses.since.len(), MAX_MISSES);
        assert_eq!(misses.order.len(), MAX_MISSES);
        assert!(!misses.contains(&class("new"), start + MISS_LIFETIME));
        assert!(misses.contains(&class(&(2 * MAX_MISSES - 1).to_string()), start + MISS_LIFETIME));
    }
}
