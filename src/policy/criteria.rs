//! What reviews are judged by, and how it is exchanged while they go on.

use super::PolicySet;
use crate::drivers::Drivers;
use arc_swap::ArcSwap;
use std::sync::Arc;

/// What reviews are judged by.
#[derive(Debug, Clone)]
pub struct Criteria {
    /// The policies and exceptions in force.
    pub policies: PolicySet,
    /// What is known of drivers.
    pub drivers: Arc<Drivers>,
}

/// The criteria in force. A review takes them once and keeps them to its end; clones share what is in force.
#[derive(Debug, Clone)]
pub struct InForce(Arc<ArcSwap<Criteria>>);

impl InForce {
    /// These criteria, until others are put in force.
    pub fn new(criteria: impl Into<Arc<Criteria>>) -> Self {
        Self(Arc::new(ArcSwap::new(criteria.into())))
    }

    /// Puts others in force, for reviews that begin from now on.
    pub fn replace(&self, criteria: Arc<Criteria>) {
        self.0.store(criteria);
    }

    /// The criteria in force now.
    pub fn now(&self) -> Arc<Criteria> {
        self.0.load_full()
    }
}
