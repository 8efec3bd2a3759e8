//! Tasks that never end.

use crate::server::Readiness;

/// Runs what never ends. If it does all the same, that is a fault of volguard: it is said, and volguard is no longer ready, so
/// that it is noticed.
pub(super) fn supervise(readiness: &Readiness, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
    let running = readiness.condition(name, "not started yet");
    running.met();
    let task = tokio::spawn(task);
    tokio::spawn(async move {
        let outcome = task.await;
        tracing::error!(
            ?outcome,
            "{name}: ended because of a fault; restart volguard, and please report this"
        );
        running.not_met("ended because of a fault; restart volguard");
    });
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn a_task_that_ends_or_panics_is_no_longer_ready() {
        let readiness = Readiness::default();
        supervise(&readiness, "endless", std::future::pending());
        assert!(readiness.reasons().is_empty());
        supervise(&readiness, "done", async {});
        supervise(&readiness, "broken", async { panic!("a bug") });
        let both = async {
            while readiness.reasons().len() < 2 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), both).await.unwrap();
        let reasons = ["done", "broken"].map(|name| format!("{name}: ended because of a fault; restart volguard"));
        assert_eq!(readiness.reasons(), reasons);
    }
}
