//! The types that a rule is made of, and the loop that runs rules over a subject.

mod author;
mod context;
pub mod cost;
mod edit;
mod finding;
mod rule;
mod run;

pub use author::{Author, WhenUnknown, Written};
pub use context::{Context, Door, Operation, Request, Resize, ResolvedClass};
pub use edit::{Edit, apply, operations};
pub use finding::{Certainty, Finding, Findings};
pub use rule::{
    Action, Category, Check, Class, Fix, Needs, NoParameters, ParameterSpec, Parameters, Profile, Profiles, ReportsAt,
    Rule, RuleParameters, Setting, Status,
};
pub use run::{Outcome, Outcomes, Run, Skip, SkipReason, evaluate};
