//! Logs and metrics.

mod logs;
mod metrics;

pub use logs::{LogError, LogFormat, init_logs};
pub use metrics::{Metrics, MetricsError};
