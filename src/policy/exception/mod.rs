//! Exceptions: findings that somebody accepts, for a reason and until a time.
//!
//! One function decides for all three doors whether a finding is excepted, and by which exception: [`Exceptions::find`].

mod compiled;
mod types;

pub(super) use compiled::judge_exception;
pub use compiled::{CompiledException, ExceptionTarget, compile_exception};
use jiff::Timestamp;
use std::collections::BTreeMap;
pub use types::{ExceptionMatch, StorageException, StorageExceptionSpec, StorageExceptionStatus};

/// The exceptions, by name; expired ones are among them, and never found.
#[derive(Debug, Clone, Default)]
pub struct Exceptions {
    all: Vec<CompiledException>,
    /// Of each rule that has any, the indices of its exceptions.
    by_rule: BTreeMap<&'static str, Vec<usize>>,
}

impl Exceptions {
    /// These exceptions, whatever their order.
    pub fn new(mut all: Vec<CompiledException>) -> Self {
        all.sort_by(|a, b| a.name.cmp(&b.name));
        let mut by_rule: BTreeMap<&'static str, Vec<usize>> = BTreeMap::new();
        for (index, exception) in all.iter().enumerate() {
            for rule in &exception.rules {
                by_rule.entry(rule).or_default().push(index);
            }
        }
        Self { all, by_rule }
    }

    /// The exceptions, sorted by name.
    pub fn all(&self) -> &[CompiledException] {
        &self.all
    }

    /// The exception that sets aside what a rule finds in an object at this time, the first by name if there are several.
    pub fn find(&self, rule: &str, object: &ExceptionTarget<'_>, now: Timestamp) -> Option<&CompiledException> {
        let indices = self.by_rule.get(rule)?;
        let mut exceptions = indices.iter().filter_map(|&index| self.all.get(index));
        exceptions.find(|exception| !exception.is_expired(now) && exception.matches(object))
    }

    /// Those that no longer count.
    pub fn expired(&self, now: Timestamp) -> impl Iterator<Item = &CompiledException> {
        self.all.iter().filter(move |exception| exception.is_expired(now))
    }
}
