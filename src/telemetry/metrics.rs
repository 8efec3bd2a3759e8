//! Every metric that volguard exports. Labels come from closed sets: no object names, no namespaces.

use std::sync::OnceLock;

use prometheus::{
    Encoder, Gauge, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};

use crate::protocol::{Endpoint, Record};

/// Upper bounds of the review duration's buckets, in seconds: a review takes tens of microseconds, and the longest
/// timeout that the API server grants is 30 s.
const DURATION_BUCKETS: [f64; 15] = [
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0,
];

/// The values that get a counter without a look-up by label. A value that is not listed here is counted all the same.
const ENDPOINTS: [Endpoint; 2] = [Endpoint::Validate, Endpoint::Mutate];
const KINDS: [&str; 14] = [
    "PersistentVolumeClaim",
    "Pod",
    "PersistentVolume",
    "StatefulSet",
    "Deployment",
    "DaemonSet",
    "ReplicaSet",
    "Job",
    "CronJob",
    "StorageClass",
    "VolumeSnapshot",
    "VolumeSnapshotClass",
    "Namespace",
    "other",
];
const OPERATIONS: [&str; 3] = ["CREATE", "UPDATE", "DELETE"];
const DECISIONS: [&str; 5] = ["allow", "deny", "mutate", "would-deny", "would-mutate"];
const ACTIONS: [&str; 3] = ["Deny", "Warn", "Audit"];
const SKIP_REASONS: [&str; 4] = ["unknown", "panic", "deadline", "size"];

/// Why the metrics cannot be made or written.
#[derive(Debug, thiserror::Error)]
#[error("metrics: {0}")]
pub struct MetricsError(#[from] prometheus::Error);

/// The process's metrics, in a registry of their own.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    cached_requests: Vec<OnceLock<IntCounter>>,
    errors: IntCounterVec,
    durations: [Histogram; ENDPOINTS.len()],
    findings: RuleCounters<{ ACTIONS.len() }>,
    skipped: RuleCounters<{ SKIP_REASONS.len() }>,
    exceptions: IntCounterVec,
    policies: IntGaugeVec,
    cache_synced: IntGaugeVec,
    cache_objects: IntGaugeVec,
    certificate_expiry: Gauge,
    certificate_reload_failing: IntGauge,
    scan_findings: IntGaugeVec,
}

impl Metrics {
    /// All metrics, with the findings and skips of `rules` at zero. Fails only if two metrics bear one name.
    pub fn new(rules: &[&'static str]) -> Result<Self, MetricsError> {
        let registry = Registry::new();
        let requests = counters(
            &registry,
            "volguard_admission_requests_total",
            "Reviews answered with an AdmissionReview.",
            &["endpoint", "kind", "operation", "decision"],
        )?;
        let errors = counters(
            &registry,
            "volguard_admission_errors_total",
            "Requests to an admission endpoint that were answered with an HTTP error.",
            &["endpoint", "code"],
        )?;
        let duration = HistogramVec::new(
            HistogramOpts::new(
                "volguard_admission_duration_seconds",
                "Time from a review's first byte parsed to its answer's last byte written.",
            )
            .buckets(DURATION_BUCKETS.to_vec()),
            &["endpoint"],
        )?;
        registry.register(Box::new(duration.clone()))?;
        let mut rules = rules.to_vec();
        rules.sort_unstable();
        rules.dedup();
        let findings = counters(
            &registry,
            "volguard_findings_total",
            "Findings by rule and by what the policy did with them.",
            &["rule", "action"],
        )?;
        let skipped = counters(
            &registry,
            "volguard_rules_skipped_total",
            "Rules that could not be evaluated.",
            &["rule", "reason"],
        )?;
        let exceptions = counters(
            &registry,
            "volguard_exceptions_used_total",
            "Findings that an exception set aside.",
            &["rule"],
        )?;
        let policies = gauges(&registry, "volguard_policies", "Policies by state.", &["state"])?;
        let cache_synced = gauges(
            &registry,
            "volguard_cache_synced",
            "1 when the kind's objects were listed completely since the start, else 0.",
            &["kind"],
        )?;
        let cache_objects = gauges(
            &registry,
            "volguard_cache_objects",
            "Objects held in memory by kind.",
            &["kind"],
        )?;
        let certificate_expiry = Gauge::new(
            "volguard_certificate_expiry_timestamp_seconds",
            "When the certificate in use expires, in seconds since 1970-01-01T00:00:00Z.",
        )?;
        registry.register(Box::new(certificate_expiry.clone()))?;
        let certificate_reload_failing = IntGauge::new(
            "volguard_certificate_reload_failing",
            "1 while what keeps the certificate current is in trouble and the one before stays in use, else 0: its files hold \
             something that cannot be used, or with --tls-secret the Secret or the webhook configurations cannot be kept up.",
        )?;
        registry.register(Box::new(certificate_reload_failing.clone()))?;
        let scan_findings = gauges(
            &registry,
            "volguard_scan_findings",
            "Findings of the latest scan by rule.",
            &["rule"],
        )?;
        let build_info = gauges(
            &registry,
            "volguard_build_info",
            "Always 1; the labels say what runs.",
            &["version"],
        )?;
        build_info.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);

        Ok(Self {
            cached_requests: std::iter::repeat_with(OnceLock::new)
                .take(ENDPOINTS.len() * KINDS.len() * OPERATIONS.len() * DECISIONS.len())
                .collect(),
            durations: ENDPOINTS.map(|endpoint| duration.with_label_values(&[endpoint.as_str()])),
            findings: RuleCounters::new(findings, &rules, ACTIONS),
            skipped: RuleCounters::new(skipped, &rules, SKIP_REASONS),
            registry,
            requests,
            errors,
            exceptions,
            policies,
            cache_synced,
            cache_objects,
            certificate_expiry,
            certificate_reload_failing,
            scan_findings,
        })
    }

    /// Counts one answered review.
    pub fn observe(&self, record: &Record) {
        self.count_request(record);
        self.durations[position_of(record.endpoint)].observe(record.duration.as_secs_f64());
        for finding in &record.findings {
            self.findings.count(finding.rule, finding.action);
        }
        for &(rule, reason) in &record.skipped {
            self.skipped.count(rule, reason);
        }
        // A fix that is kept back is no finding; the finding is counted where it would be reported.
        for used in record.exceptions.iter().filter(|used| used.action != "Fix") {
            self.exceptions.with_label_values(&[used.rule]).inc();
        }
    }

    fn count_request(&self, record: &Record) {
        let by_label = || {
            self.requests
                .with_label_values(&[record.endpoint.as_str(), record.kind, record.operation, record.decision])
        };
        match cached_position(record) {
            Some(position) => self.cached_requests[position].get_or_init(by_label).inc(),
            None => by_label().inc(),
        }
    }

    /// Counts a request to an admission endpoint that was answered with the HTTP status `code`, not with a review.
    pub fn count_error(&self, endpoint: Endpoint, code: u16) {
        self.errors
            .with_label_values(&[endpoint.as_str(), &code.to_string()])
            .inc();
    }

    /// Says how many policies are in `state` (`enforce`, `audit`, `invalid`).
    pub fn set_policies(&self, state: &'static str, count: usize) {
        self.policies.with_label_values(&[state]).set(whole(count));
    }

    /// Says whether all objects of `kind` were listed, and how many are held.
    pub fn set_cache(&self, kind: &'static str, synced: bool, objects: usize) {
        self.cache_synced.with_label_values(&[kind]).set(i64::from(synced));
        self.cache_objects.with_label_values(&[kind]).set(whole(objects));
    }

    /// Says when the certificate in use expires (seconds since the Unix epoch) and whether its files now hold
    /// something that cannot be used.
    pub fn set_certificate(&self, expires: i64, reload_failing: bool) {
        // Exact up to 2^53 s, 285 million years from now.
        #[allow(clippy::cast_precision_loss)]
        self.certificate_expiry.set(expires as f64);
        self.certificate_reload_failing.set(i64::from(reload_failing));
    }

    /// Says how many findings of `rule` the latest scan had.
    pub fn set_scan_findings(&self, rule: &'static str, count: usize) {
        self.scan_findings.with_label_values(&[rule]).set(whole(count));
    }

    /// All metrics in Prometheus' text format.
    pub fn render(&self) -> Result<Vec<u8>, MetricsError> {
        let mut text = Vec::with_capacity(16 * 1024);
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

/// Counters by rule and one more label; the expected ones start at zero and are counted without a look-up by label.
#[derive(Debug)]
struct RuleCounters<const N: usize> {
    by_label: IntCounterVec,
    /// Sorted by rule.
    known: Vec<(&'static str, [IntCounter; N])>,
    values: [&'static str; N],
}

impl<const N: usize> RuleCounters<N> {
    /// `rules` is sorted.
    fn new(by_label: IntCounterVec, rules: &[&'static str], values: [&'static str; N]) -> Self {
        let known = rules
            .iter()
            .map(|rule| (*rule, values.map(|value| by_label.with_label_values(&[*rule, value]))));
        Self {
            known: known.collect(),
            by_label,
            values,
        }
    }

    fn count(&self, rule: &'static str, value: &'static str) {
        let row = self.known.binary_search_by_key(&rule, |(name, _)| name);
        let column = self.values.iter().position(|known| *known == value);
        match (row, column) {
            (Ok(row), Some(column)) => self.known[row].1[column].inc(),
            _ => self.by_label.with_label_values(&[rule, value]).inc(),
        }
    }
}

fn counters(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, MetricsError> {
    let counters = IntCounterVec::new(Opts::new(name, help), labels)?;
    registry.register(Box::new(counters.clone()))?;
    Ok(counters)
}

fn gauges(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> Result<IntGaugeVec, MetricsError> {
    let gauges = IntGaugeVec::new(Opts::new(name, help), labels)?;
    registry.register(Box::new(gauges.clone()))?;
    Ok(gauges)
}

fn position_of(endpoint: Endpoint) -> usize {
    match endpoint {
        Endpoint::Validate => 0,
        Endpoint::Mutate => 1,
    }
}

fn cached_position(record: &Record) -> Option<usize> {
    let kind = KINDS.iter().position(|kind| *kind == record.kind)?;
    let operation = OPERATIONS.iter().position(|operation| *operation == record.operation)?;
    let decision = DECISIONS.iter().position(|decision| *decision == record.decision)?;
    let endpoint = position_of(record.endpoint);
    Some(((endpoint * KINDS.len() + kind) * OPERATIONS.len() + operation) * DECISIONS.len() + decision)
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use std::time::Duration;

    use super::*;
    use crate::protocol::{RecordedFinding, UsedException};

    fn record() -> Record {
        Record {
            endpoint: Endpoint::Validate,
            uid: "u".to_owned(),
            kind: "PersistentVolumeClaim",
            operation: "CREATE",
            namespace: "team-a".to_owned(),
            name: "data".to_owned(),
            user: "jane".to_owned(),
            dry_run: false,
            decision: "deny",
            findings: vec![RecordedFinding {
                rule: "immediate-binding",
                action: "Deny",
            }],
            skipped: vec![("size-over-limit", "unknown")],
            fixed: Vec::new(),
            exceptions: ["Warn", "Fix"].map(used).to_vec(),
            duration: Duration::from_micros(70),
        }
    }

    fn used(action: &'static str) -> UsedException {
        UsedException {
            exception: "legacy".to_owned(),
            rule: "immediate-binding",
            action,
        }
    }

    fn text(metrics: &Metrics) -> String {
        String::from_utf8(metrics.render().unwrap()).unwrap()
    }

    #[test]
    fn a_review_is_counted_under_its_labels_and_nothing_else() {
        let metrics = Metrics::new(&["size-over-limit", "immediate-binding"]).unwrap();
        metrics.observe(&record());
        metrics.observe(&record());
        let text = text(&metrics);
        for line in [
            r#"volguard_admission_requests_total{decision="deny",endpoint="validate",kind="PersistentVolumeClaim",operation="CREATE"} 2"#,
            r#"volguard_findings_total{action="Deny",rule="immediate-binding"} 2"#,
            r#"volguard_findings_total{action="Warn",rule="immediate-binding"} 0"#,
            r#"volguard_rules_skipped_total{reason="unknown",rule="size-over-limit"} 2"#,
            r#"volguard_exceptions_used_total{rule="immediate-binding"} 2"#,
            r#"volguard_admission_duration_seconds_bucket{endpoint="validate",le="0.00005"} 0"#,
            r#"volguard_admission_duration_seconds_bucket{endpoint="validate",le="0.0001"} 2"#,
            r#"volguard_admission_duration_seconds_count{endpoint="mutate"} 0"#,
        ] {
            assert!(text.lines().any(|found| found == line), "no line {line} in\n{text}");
        }
        assert!(!text.contains("team-a") && !text.contains("jane"), "{text}");
    }

    #[test]
    fn every_combination_of_the_cached_labels_has_its_own_counter() {
        let mut positions = std::collections::BTreeSet::new();
        let mut all = 0;
        for endpoint in ENDPOINTS {
            for kind in KINDS {
                for operation in OPERATIONS {
                    for decision in DECISIONS {
                        let record = Record {
                            endpoint,
                            kind,
                            operation,
                            decision,
                            ..record()
                        };
                        positions.insert(cached_position(&record).unwrap());
                        all += 1;
                    }
                }
            }
        }
        assert_eq!(positions.len(), all);
        assert_eq!(positions.last(), Some(&(all - 1)));
    }

    #[test]
    fn what_is_not_cached_is_counted_too() {
        let metrics = Metrics::new(&[]).unwrap();
        metrics.observe(&Record {
            kind: "StoragePolicy",
            operation: "CONNECT",
            ..record()
        });
        let text = text(&metrics);
        assert!(
            text.contains(r#"kind="StoragePolicy",operation="CONNECT"} 1"#),
            "{text}"
        );
        assert!(
            text.contains(r#"volguard_findings_total{action="Deny",rule="immediate-binding"} 1"#),
            "{text}"
        );
    }

    #[test]
    fn gauges_and_errors_are_rendered() {
        let metrics = Metrics::new(&[]).unwrap();
        metrics.set_policies("enforce", 3);
        metrics.set_cache("StorageClass", true, 12);
        metrics.set_certificate(1_800_000_000, true);
        metrics.set_scan_findings("immediate-binding", 4);
        metrics.count_error(Endpoint::Mutate, 413);
        let text = text(&metrics);
        for line in [
            r#"volguard_policies{state="enforce"} 3"#,
            r#"volguard_cache_synced{kind="StorageClass"} 1"#,
            r#"volguard_cache_objects{kind="StorageClass"} 12"#,
            "volguard_certificate_expiry_timestamp_seconds 1800000000",
            "volguard_certificate_reload_failing 1",
            r#"volguard_scan_findings{rule="immediate-binding"} 4"#,
            r#"volguard_admission_errors_total{code="413",endpoint="mutate"} 1"#,
            concat!(r#"volguard_build_info{version=""#, env!("CARGO_PKG_VERSION"), r#""} 1"#),
        ] {
            assert!(text.lines().any(|found| found == line), "no line {line} in\n{text}");
        }
    }
}
