//! What a rule says when it matches.

use super::{Edit, Profiles};
use crate::cluster::view::Lookup;
use crate::drivers::Confidence;
use crate::model::FieldPath;
use std::fmt;

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// It follows from the object, the view and confirmed facts.
    Certain,
    /// It rests on a driver fact that is not confirmed.
    Likely,
}

impl From<Confidence> for Certainty {
    /// How sure a finding is that rests on a fact of this confidence.
    fn from(confidence: Confidence) -> Self {
        match confidence {
            Confidence::Confirmed => Self::Certain,
            Confidence::Likely | Confidence::Unknown => Self::Likely,
        }
    }
}

/// One place where a rule matched.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Where in the object.
    pub path: FieldPath,
    /// The offending value, to tell whether an update made it worse.
    pub value: String,
    /// What is wrong with which value, and why: at most 120 characters with the rule's name behind it, if it can be.
    pub message: String,
    /// What to do.
    pub remedy: String,
    /// How sure it is.
    pub certainty: Certainty,
    /// Actions of this finding that differ from its rule's.
    pub profiles: Option<Profiles>,
    /// Edits that remove the finding and are safe without asking anybody; empty when there are none.
    pub fix: Vec<Edit>,
    /// Rules whose findings beside this one are void where the policy applies the rule's fix: it mends the claims that are
    /// made of a template, not the template.
    pub settles: &'static [&'static str],
    /// It was there when the workload last ran: an update from no replicas brings it back and does not make it.
    pub comes_back: bool,
}

impl Finding {
    /// A certain finding at `path`, where `value` offends.
    pub fn new(path: FieldPath, value: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path,
            value: value.into(),
            message: message.into(),
            remedy: String::new(),
            certainty: Certainty::Certain,
            profiles: None,
            fix: Vec::new(),
            settles: &[],
            comes_back: false,
        }
    }

    /// With what to do.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = remedy.into();
        self
    }

    /// With another certainty.
    #[must_use]
    pub fn certainty(mut self, certainty: Certainty) -> Self {
        self.certainty = certainty;
        self
    }

    /// With actions that differ from the rule's.
    #[must_use]
    pub fn profiles(mut self, profiles: Profiles) -> Self {
        self.profiles = Some(profiles);
        self
    }

    /// With the rules whose findings are void where the fix is applied.
    #[must_use]
    pub fn settles(mut self, rules: &'static [&'static str]) -> Self {
        self.settles = rules;
        self
    }

    /// With edits that remove it.
    #[must_use]
    pub fn fix(mut self, edits: impl IntoIterator<Item = Edit>) -> Self {
        self.fix.extend(edits);
        self
    }
}

/// What one run of a rule yields.
#[derive(Debug, Default)]
pub struct Findings {
    pub(super) found: Vec<Finding>,
    pub(super) skipped: Vec<String>,
}

impl Findings {
    /// Reports a finding.
    pub fn push(&mut self, finding: Finding) {
        self.found.push(finding);
    }

    /// What a look-up found, where the check cannot be made without it; says that `what` is unknown when nobody can say.
    pub fn found_or_skip<T>(&mut self, lookup: Lookup<T>, what: impl fmt::Display) -> Option<T> {
        match lookup {
            Lookup::Found(found) => return Some(found),
            Lookup::Absent => {}
            Lookup::Unknown => self.skip(format!("{what} is unknown")),
        }
        None
    }

    /// Says that the check could not be made, because something is unknown: `StorageClass fast is unknown`.
    pub fn skip(&mut self, reason: impl Into<String>) {
        self.skipped.push(reason.into());
    }
}
