//! Whether reviews should be sent here: every named condition is met and no shutdown has begun.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The process's readiness; clones share it. Without a condition it is ready.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// The name of each condition, and why it is not met; empty when it is.
    conditions: Vec<(&'static str, Option<String>)>,
    shutting_down: bool,
}

/// One condition of a [`Readiness`].
#[derive(Debug, Clone)]
pub struct Condition {
    /// Its place among the conditions.
    place: usize,
    readiness: Readiness,
}

impl Readiness {
    /// Adds a condition that is not met yet, because of `reason`. Several may have one name, by which they are excluded.
    pub fn condition(&self, name: &'static str, reason: impl Into<String>) -> Condition {
        let mut state = self.state();
        state.conditions.push((name, Some(reason.into())));
        Condition {
            place: state.conditions.len() - 1,
            readiness: self.clone(),
        }
    }

    /// From now on never ready again: the process is ending.
    pub fn shut_down(&self) {
        self.state().shutting_down = true;
    }

    /// Why it is not ready, one sentence each; empty when it is ready.
    pub fn reasons(&self) -> Vec<String> {
        self.reasons_except(&[])
    }

    /// As [`Self::reasons`], without looking at the conditions of these names.
    pub fn reasons_except(&self, excluded: &[&str]) -> Vec<String> {
        let state = self.state();
        let ending = state.shutting_down.then(|| "shutting down".to_owned());
        let not_met = state
            .conditions
            .iter()
            .filter(|(name, _)| !excluded.contains(name))
            .filter_map(|(name, reason)| reason.as_ref().map(|reason| format!("{name}: {reason}")));
        ending.into_iter().chain(not_met).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is one assignment: a panic elsewhere leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Condition {
    /// The condition is met.
    pub fn met(&self) {
        self.set(None);
    }

    /// The condition is not met, because of `reason`.
    pub fn not_met(&self, reason: impl Into<String>) {
        self.set(Some(reason.into()));
    }

    fn set(&self, reason: Option<String>) {
        if let Some((_, kept)) = self.readiness.state().conditions.get_mut(self.place) {
            *kept = reason;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_when_every_condition_is_met_and_never_again_after_shutdown() {
        let readiness = Readiness::default();
        assert!(readiness.reasons().is_empty());
        let classes = readiness.condition("StorageClass", "not listed yet");
        let claims = readiness.condition("PersistentVolumeClaim", "not listed yet");
        classes.met();
        assert_eq!(readiness.reasons(), ["PersistentVolumeClaim: not listed yet"]);
        claims.met();
        assert!(readiness.reasons().is_empty());
        classes.not_met("watch lost");
        assert_eq!(readiness.reasons(), ["StorageClass: watch lost"]);
        assert_eq!(
            readiness.reasons_except(&["PersistentVolumeClaim"]),
            ["StorageClass: watch lost"]
        );
        assert!(readiness.reasons_except(&["StorageClass"]).is_empty());
        classes.met();
        readiness.shut_down();
        assert_eq!(readiness.reasons(), ["shutting down"]);
        assert_eq!(readiness.reasons_except(&["StorageClass"]), ["shutting down"]);
    }
}
