//! Reading a request's body within bounds.

use axum::body::Body;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, EXPECT};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout_at};

use super::Limits;
use super::answer::Refusal;
use super::memory::Share;

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

/// Reads the whole body, at most `limits.max_body` bytes and until `end`, into memory of its share.
pub(super) async fn read(
    body: &mut Body,
    headers: &HeaderMap,
    limits: &Limits,
    share: &mut Share<'_>,
    end: Instant,
) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    loop {
        let data = match next(body, limits, end).await {
            Ok(Some(data)) => data,
            Ok(None) => return Ok(bytes),
            Err(refusal) => return Err(refusal),
        };
        if bytes.len() + data.len() > limits.max_body {
            return Err(refuse(body, headers, limits, too_large(limits)).await);
        }
        if share.grow(data.len(), end).await.is_err() {
            share.release();
            let full = Refusal::unavailable("Too many reviews are in memory.");
            drop((bytes, data));
            return Err(refuse(body, headers, limits, full).await);
        }
        bytes.extend_from_slice(&data);
    }
}

/// The next piece of a body's data; `None` at its end.
async fn next(body: &mut Body, limits: &Limits, end: Instant) -> Result<Option<Bytes>, Refusal> {
    let late = |problem| Refusal {
        close: true,
        ..Refusal::new(StatusCode::REQUEST_TIMEOUT, problem)
    };
    let until = end.min(Instant::now() + limits.body_pause);
    loop {
        match timeout_at(until, body.frame()).await {
            Ok(None) => return Ok(None),
            Ok(Some(Ok(frame))) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
            Ok(Some(Err(error))) => {
                let problem = format!("The request's body cannot be read: {error}.");
                return Err(Refusal::new(StatusCode::BAD_REQUEST, problem));
            }
            Err(_) if until == end => {
                return Err(late(
                    "The request's body did not arrive within the review's time.".to_owned(),
                ));
            }
            Err(_) => {
                let pause = limits.body_pause.as_millis();
                return Err(late(format!(
                    "Nothing of the request's body arrived for {pause} ms; it must be sent without a pause."
                )));
            }
        }
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
