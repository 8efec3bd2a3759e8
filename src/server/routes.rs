//! The admission endpoints.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::post;
use futures::FutureExt;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

use super::answer::{self, Refusal};
use super::memory::{Full, Memory, Share};
use super::{Limits, body, deadline, decision_log};
use crate::protocol::{self, Answer, Endpoint, ReviewError, Reviewer};
use crate::telemetry::Metrics;

/// What every request needs.
struct Webhook<R> {
    reviewer: Arc<R>,
    metrics: Arc<Metrics>,
    limits: Arc<Limits>,
    memory: Memory,
    /// For what becomes of them.
    decoded: Memory,
    /// Reviews that may still be evaluated at once.
    evaluations: Semaphore,
}

pub(super) fn router<R: Reviewer>(reviewer: Arc<R>, metrics: Arc<Metrics>, limits: Arc<Limits>) -> Router {
    let webhook = Arc::new(Webhook {
        reviewer,
        metrics,
        // One review of the largest size must always fit.
        memory: Memory::new(limits.body_memory.max(limits.max_body)),
        decoded: Memory::new(limits.decoded_memory.max(protocol::REVIEW_LIMIT)),
        evaluations: Semaphore::new(limits.evaluations),
        limits,
    });
    Router::new()
        .route("/validate", post(validate::<R>))
        .route("/mutate", post(mutate::<R>))
        .method_not_allowed_fallback(wrong_method::<R>)
        .fallback(wrong_path::<R>)
        .with_state(webhook)
}

async fn validate<R: Reviewer>(State(webhook): State<Arc<Webhook<R>>>, request: Request) -> Response {
    webhook.answer(Endpoint::Validate, request).await
}

async fn mutate<R: Reviewer>(State(webhook): State<Arc<Webhook<R>>>, request: Request) -> Response {
    webhook.answer(Endpoint::Mutate, request).await
}

async fn wrong_method<R: Reviewer>(State(webhook): State<Arc<Webhook<R>>>, request: Request) -> Response {
    let message = format!("A review is sent with POST, not with {}.", request.method());
    answer::allow(
        webhook.refuse(request, StatusCode::METHOD_NOT_ALLOWED, message).await,
        "POST",
    )
}

async fn wrong_path<R: Reviewer>(State(webhook): State<Arc<Webhook<R>>>, request: Request) -> Response {
    let message = "There is nothing here; reviews are sent to /validate or /mutate.".to_owned();
    webhook.refuse(request, StatusCode::NOT_FOUND, message).await
}

impl<R: Reviewer> Webhook<R> {
    async fn answer(&self, endpoint: Endpoint, request: Request) -> Response {
        let version = request.version();
        match self.review(endpoint, request).await {
            Ok(answer) => {
                self.metrics.observe(&answer.record);
                decision_log::log(&answer.record);
                answer::json(answer.body)
            }
            Err(refusal) => {
                let code = refusal.status.as_u16();
                self.metrics.count_error(endpoint, code);
                tracing::warn!(
                    endpoint = endpoint.as_str(),
                    code,
                    reason = refusal.message,
                    "request refused"
                );
                refusal.into_response(version)
            }
        }
    }

    async fn review(&self, endpoint: Endpoint, request: Request) -> Result<Answer, Refusal> {
        let end = Instant::now() + deadline::review_time(request.uri().query(), &self.limits);
        let (parts, mut body) = request.into_parts();
        let acceptable = require_json(&parts.headers).and_then(|()| body::require_size(&parts.headers, &self.limits));
        if let Err(refusal) = acceptable {
            return Err(body::refuse(&mut body, &parts.headers, &self.limits, refusal).await);
        }
        // Held until the review is answered.
        let mut share = self.memory.share();
        let bytes = body::read(&mut body, &parts.headers, &self.limits, &mut share, end).await?;
        let _decoded = self.decode_share(&bytes, end).await?;
        let _evaluation = acquire(&self.evaluations, end, "Too many reviews are being evaluated.").await?;
        self.evaluate(endpoint, &bytes, end).await
    }

    async fn evaluate(&self, endpoint: Endpoint, bytes: &[u8], end: Instant) -> Result<Answer, Refusal> {
        let review = async { self.reviewer.review(endpoint, bytes, end.into_std()).await };
        let bounded = timeout_at(end, AssertUnwindSafe(review).catch_unwind());
        let outcome = if self.is_large(bytes) {
            tokio::task::block_in_place(|| Handle::current().block_on(bounded))
        } else {
            bounded.await
        };
        match outcome {
            Ok(Ok(Ok(answer))) => Ok(answer),
            Ok(Ok(Err(ReviewError::BadRequest(message)))) => Err(Refusal::new(StatusCode::BAD_REQUEST, message)),
            Ok(Ok(Err(ReviewError::TooLarge(message)))) => Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, message)),
            Ok(Ok(Err(ReviewError::Internal(reason)))) => Err(internal(endpoint, &reason)),
            Ok(Err(panic)) => Err(internal(endpoint, panic_text(panic.as_ref()))),
            Err(_) => Err(Refusal::unavailable("The review was not evaluated within its time.")),
        }
    }

    /// Whether reading it takes milliseconds, so that the other tasks of this thread are to move to another one.
    fn is_large(&self, bytes: &[u8]) -> bool {
        bytes.len() > self.limits.large_body && can_block()
    }

    /// Waits until there is memory for what the review becomes when it is decoded.
    async fn decode_share(&self, bytes: &[u8], end: Instant) -> Result<Share<'_>, Refusal> {
        let weight = if self.is_large(bytes) {
            tokio::task::block_in_place(|| protocol::weight(bytes))
        } else {
            protocol::weight(bytes)
        };
        let mut share = self.decoded.share();
        match share.grow(weight, end).await {
            Ok(()) => Ok(share),
            Err(Full) => Err(Refusal::unavailable("Too many reviews are being read.")),
        }
    }

    /// Answers a request that is no review.
    async fn refuse(&self, request: Request, status: StatusCode, message: String) -> Response {
        let version = request.version();
        let (parts, mut body) = request.into_parts();
        let refusal = Refusal::new(status, message);
        body::refuse(&mut body, &parts.headers, &self.limits, refusal)
            .await
            .into_response(version)
    }
}

/// `block_in_place` panics on a runtime that has one thread only.
fn can_block() -> bool {
    Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread
}

async fn acquire<'a>(semaphore: &'a Semaphore, end: Instant, problem: &str) -> Result<SemaphorePermit<'a>, Refusal> {
    match timeout_at(end, semaphore.acquire()).await {
        Ok(Ok(permit)) => Ok(permit),
        // The semaphore is never closed, so what is left is that the time has passed.
        Ok(Err(_)) | Err(_) => Err(Refusal::unavailable(problem)),
    }
}

fn require_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let value = headers
        .get(CONTENT_TYPE)
        .map(|value| String::from_utf8_lossy(value.as_bytes()));
    let essence = value
        .as_deref()
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let problem = match value.as_deref() {
        Some(value) => format!("The content type is {value}"),
        None => "There is no content type".to_owned(),
    };
    Err(Refusal::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        format!("{problem}; a review is application/json."),
    ))
}

/// The reason is for the log only: it may hold more than the client should see.
fn internal(endpoint: Endpoint, reason: &str) -> Refusal {
    tracing::error!(endpoint = endpoint.as_str(), reason, "the review could not be answered");
    let message = "volguard could not answer the review because of an internal error; its log says why.";
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, message)
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message")
}
