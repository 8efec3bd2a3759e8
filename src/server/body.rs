//! Reading a request's body within bounds.

use axum::body::Body;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, EXPECT};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use tokio::time::Instant;

use super::Limits;
use super::answer::Refusal;

/// The length that the header announces, if it does.
pub(super) fn announced_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Refuses a request whose header already says that it is too large.
pub(super) fn require_size(headers: &HeaderMap, limits: &Limits) -> Result<(), Refusal> {
    match announced_length(headers) {
        Some(length) if length > limits.max_body as u64 => Err(too_large(limits)),
        _ => Ok(()),
    }
}

fn too_large(limits: &Limits) -> Refusal {
    let limit = limits.max_body;
    Refusal::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!("The request has more than {limit} bytes."),
    )
}

/// Reads the whole body, at most `limits.max_body` bytes and until `end`.
pub(super) async fn read(
    body: &mut Body,
    headers: &HeaderMap,
    limits: &Limits,
    end: Instant,
) -> Result<Vec<u8>, Refusal> {
    let read = async {
        let announced = announced_length(headers)
            .and_then(|length| usize::try_from(length).ok())
            .unwrap_or(0);
        let mut bytes = Vec::with_capacity(announced.min(limits.max_body));
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| {
                Refusal::new(
                    StatusCode::BAD_REQUEST,
                    format!("The request's body cannot be read: {error}."),
                )
            })?;
            let Ok(data) = frame.into_data() else { continue };
            if bytes.len() + data.len() > limits.max_body {
                return Err(too_large(limits));
            }
            bytes.extend_from_slice(&data);
        }
        Ok(bytes)
    };
    match tokio::time::timeout_at(end, read).await {
        Ok(Err(refusal)) if refusal.status == StatusCode::PAYLOAD_TOO_LARGE => {
            Err(refuse(body, headers, limits, refusal).await)
        }
        Ok(result) => result,
        Err(_) => Err(Refusal {
            close: true,
            ..Refusal::new(
                StatusCode::REQUEST_TIMEOUT,
                "The request's body did not arrive within the review's time.",
            )
        }),
    }
}

/// Reads and throws away what is left of a refused request's body, within bounds: a client that is still sending does
/// not read the answer, and sees a broken connection if the server closes it.
pub(super) async fn refuse(body: &mut Body, headers: &HeaderMap, limits: &Limits, refusal: Refusal) -> Refusal {
    // Such a client waits for the answer before it sends anything.
    if headers.contains_key(EXPECT) {
        return Refusal { close: true, ..refusal };
    }
    let drain = async {
        let mut drained = 0;
        while let Some(Ok(frame)) = body.frame().await {
            drained += frame.data_ref().map_or(0, Bytes::len);
            if drained > limits.max_drain {
                return false;
            }
        }
        true
    };
    let whole = tokio::time::timeout(limits.drain_time, drain).await.unwrap_or(false);
    Refusal {
        close: !whole,
        ..refusal
    }
}
