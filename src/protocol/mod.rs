//! The wire: AdmissionReview in, AdmissionReview out.

mod record;

pub use record::{Answer, Endpoint, Record, RecordedFinding, ReviewError, Reviewer};
