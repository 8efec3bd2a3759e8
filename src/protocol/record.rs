//! What is remembered of one answered review: the source of its log line and its metrics.

use std::time::Duration;

/// The two admission endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `POST /validate`: findings become a denial, warnings and audit annotations.
    Validate,
    /// `POST /mutate`: fixes become a patch; only rules that nothing else can see report here.
    Mutate,
}

impl Endpoint {
    /// The endpoint's name in logs and metric labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Validate => "validate",
            Self::Mutate => "mutate",
        }
    }
}

/// An answered review: the response's bytes and what is to be recorded of it.
#[derive(Debug)]
pub struct Answer {
    /// The `AdmissionReview` response, JSON.
    pub body: Vec<u8>,
    /// For the log and the metrics.
    pub record: Record,
}

/// Why a review could not be answered by an `AdmissionReview` response.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// The request is at fault (HTTP 400).
    #[error("{0}")]
    BadRequest(String),
    /// An object takes more memory than volguard gives to one (HTTP 413).
    #[error("{0}")]
    TooLarge(String),
    /// volguard's own machinery is at fault (HTTP 500); never a denial.
    #[error("{0}")]
    Internal(String),
}

/// One finding, as far as logs and metrics need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedFinding {
    /// Name of the rule.
    pub rule: &'static str,
    /// What the policy did with it: `Deny`, `Warn` or `Audit` (in mode Audit what it would have done is not told apart here).
    pub action: &'static str,
}

/// One finding that an exception set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedException {
    /// Name of the exception.
    pub exception: String,
    /// Name of the finding's rule.
    pub rule: &'static str,
    /// What the policy would have done: `Deny`, `Warn` or `Audit`; `Fix` where only a fix was kept back at `/mutate`, for
    /// the finding itself is reported at `/validate` or not at all.
    pub action: &'static str,
}

/// Everything that is logged and counted of one review. Strings that become metric labels are `'static`: a closed set.
#[derive(Debug, Clone)]
pub struct Record {
    /// Which endpoint was asked.
    pub endpoint: Endpoint,
    /// `request.uid`.
    pub uid: String,
    /// Kind of the object; `other` for kinds that volguard does not read.
    pub kind: &'static str,
    /// `CREATE`, `UPDATE`, `DELETE`, `CONNECT`.
    pub operation: &'static str,
    /// Namespace of the object, empty for cluster-scoped ones.
    pub namespace: String,
    /// Name of the object, empty when the API server is to generate it.
    pub name: String,
    /// The user who asked.
    pub user: String,
    /// The request was a dry run.
    pub dry_run: bool,
    /// `allow`, `deny`, `mutate`, `would-deny`, `would-mutate`.
    pub decision: &'static str,
    /// Every finding of the decision.
    pub findings: Vec<RecordedFinding>,
    /// Rules whose fix is in the patch.
    pub fixed: Vec<&'static str>,
    /// Rules that could not be evaluated: name and a closed-set reason (`unknown`, `panic`, `deadline`, `size`).
    pub skipped: Vec<(&'static str, &'static str)>,
    /// What exceptions set aside.
    pub exceptions: Vec<UsedException>,
    /// From the first byte parsed to the last byte written.
    pub duration: Duration,
}

/// Whatever can answer a review: the real thing, and in the benchmark a server that only parses the envelope.
pub trait Reviewer: Send + Sync + 'static {
    /// Answers the review in `body`, at the latest at `deadline`.
    fn review(
        &self,
        endpoint: Endpoint,
        body: &[u8],
        deadline: std::time::Instant,
    ) -> impl Future<Output = Result<Answer, ReviewError>> + Send;
}
