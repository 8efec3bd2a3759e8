//! Policies: which rules run on which objects, with which parameters, and what is done with what they find; and
//! exceptions from them.
//!
//! A [`StoragePolicySpec`] is both the custom resource and the file format. [`read`] reads files and says everything that
//! is wrong with them, with line and column; [`compile`] resolves one policy against the catalogue. What comes out is a
//! [`PolicySet`], which all three doors ask the same questions: is the object in scope ([`out_of_scope`]), does a policy
//! apply to it ([`CompiledPolicy::applies`]), which rules run ([`CompiledPolicy::rules`]), with which action
//! ([`CompiledRule::action`]), and does an exception set a finding aside ([`Exceptions::find`]).

mod compiled;
mod criteria;
mod exception;
mod load;
mod scope;
mod set;
mod types;

pub use compiled::{CompiledPolicy, CompiledRule, compile};
pub use criteria::{Criteria, InForce};
pub use exception::{
    CompiledException, ExceptionMatch, ExceptionTarget, Exceptions, StorageException, StorageExceptionSpec,
    StorageExceptionStatus, compile_exception, judge_exception,
};
pub use load::{PolicyFiles, judge, read, read_objects};
pub(crate) use scope::glob_matches;
pub use scope::{Applies, Attributes, NAME_LABEL, OWN_NAMESPACE, SYSTEM_NAMESPACES, out_of_scope};
pub use set::PolicySet;
pub use types::{
    Condition, ConditionStatus, Match, Mode, RuleChange, StoragePolicy, StoragePolicySpec, StoragePolicyStatus,
};
