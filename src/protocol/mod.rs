//! The wire: AdmissionReview in, AdmissionReview out.

mod record;
mod response;
mod review;
mod weight;

pub use record::{Answer, Endpoint, Record, RecordedFinding, ReviewError, Reviewer, UsedException};
pub use response::{Cause, Invalid, Response};
pub use review::{Object, Review, UserInfo};
pub use weight::{OBJECT_LIMIT, REVIEW_LIMIT, weight};
