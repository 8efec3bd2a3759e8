//! Probes and metrics, over plain HTTP.

use std::sync::Arc;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;

use super::answer::{allow, text, with_type};
use super::readiness::Readiness;
use crate::telemetry::Metrics;

pub(super) fn router(readiness: Readiness, metrics: Arc<Metrics>) -> Router {
    Router::new()
        .route("/livez", get(async || text(StatusCode::OK, "ok".to_owned())))
        .route("/readyz", get(readyz).with_state(readiness))
        .route("/metrics", get(render).with_state(metrics))
        .method_not_allowed_fallback(async || {
            let message = "Probes and metrics are asked for with GET.";
            allow(text(StatusCode::METHOD_NOT_ALLOWED, message.to_owned()), "GET, HEAD")
        })
        .fallback(async || {
            let message = "There is nothing here; /livez, /readyz and /metrics exist.";
            text(StatusCode::NOT_FOUND, message.to_owned())
        })
}

/// `?exclude=NAME`, as the API server's own /readyz has it, leaves a condition out: a probe that takes a replica out of
/// its Service should not ask for what the replica can serve without.
async fn readyz(State(readiness): State<Readiness>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let excluded: Vec<&str> = query
        .split('&')
        .filter_map(|pair| pair.strip_prefix("exclude="))
        .collect();
    let reasons = readiness.reasons_except(&excluded);
    if reasons.is_empty() {
        text(StatusCode::OK, "ready".to_owned())
    } else {
        text(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("not ready\n{}", reasons.join("\n")),
        )
    }
}

async fn render(State(metrics): State<Arc<Metrics>>) -> Response {
    match metrics.render() {
        Ok(text) => with_type(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written");
            text(
                StatusCode::INTERNAL_SERVER_ERROR,
                "The metrics cannot be written; the log says why.".to_owned(),
            )
        }
    }
}
