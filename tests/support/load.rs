//! Requests without pause, for what must not lose any.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{Scope, ScopedJoinHandle};
use std::time::Instant;

use serde_json::Value;

use super::api::Api;
use super::wait;

/// Creations of one object, as a dry run, by several clients at once and without pause.
pub(crate) struct Load<'a> {
    api: &'a Api,
    path: String,
    object: &'a Value,
    begin: Instant,
    sent: AtomicUsize,
    done: AtomicBool,
    failed: AtomicBool,
}

impl<'a> Load<'a> {
    /// Of claims in a namespace.
    pub(crate) fn of_claims(api: &'a Api, namespace: &str, claim: &'a Value) -> Self {
        Self {
            api,
            path: format!("/api/v1/namespaces/{namespace}/persistentvolumeclaims?dryRun=All"),
            object: claim,
            begin: Instant::now(),
            sent: AtomicUsize::new(0),
            done: AtomicBool::new(false),
            failed: AtomicBool::new(false),
        }
    }

    /// Starts so many clients; each ends with its first failure.
    pub(crate) fn start<'s, 'e>(
        &'e self,
        scope: &'s Scope<'s, 'e>,
        clients: usize,
    ) -> Vec<ScopedJoinHandle<'s, Result<(), String>>> {
        (0..clients).map(|_| scope.spawn(|| self.send())).collect()
    }

    fn send(&self) -> Result<(), String> {
        while !self.done.load(Ordering::SeqCst) {
            if let Err(refusal) = self.api.create(&self.path, self.object) {
                self.failed.store(true, Ordering::SeqCst);
                return Err(refusal.message);
            }
            self.sent.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    }

    /// Waits for 20 more requests, or a failure.
    pub(crate) fn goes_on(&self, what: &str) {
        let enough = self.sent.load(Ordering::SeqCst) + 20;
        wait(what, || {
            (self.has_failed() || self.sent.load(Ordering::SeqCst) >= enough).then_some(())
        });
    }

    /// Whether a request has failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::SeqCst)
    }

    /// Ends the clients, none of which may have failed; says under `what` how many requests there were, and returns that.
    pub(crate) fn stop(&self, what: &str, clients: Vec<ScopedJoinHandle<'_, Result<(), String>>>) -> usize {
        self.done.store(true, Ordering::SeqCst);
        for client in clients {
            assert_eq!(client.join().unwrap(), Ok(()), "{what}");
        }
        let sent = self.sent.load(Ordering::SeqCst);
        let rate = f64::from(u32::try_from(sent).unwrap()) / self.begin.elapsed().as_secs_f64();
        eprintln!("{what}: {sent} requests, {rate:.0} a second, none lost");
        sent
    }
}
