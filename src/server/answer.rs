//! The only place where an HTTP answer is made.

use axum::body::Body;
use axum::response::Response;
use http::header::{ALLOW, CONNECTION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};

/// An answer that is no review: a status and a sentence for whoever reads the log on the other side.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) message: String,
    /// The request's body was not read to its end, so that the connection cannot be used for another one.
    pub(super) close: bool,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            close: false,
        }
    }

    /// For what volguard has no room or no time.
    pub(super) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, message)
    }

    /// `version` decides whether `Connection: close` may be said: HTTP/2 has no such header.
    pub(super) fn into_response(self, version: http::Version) -> Response {
        let mut response = text(self.status, self.message);
        if self.close && version <= http::Version::HTTP_11 {
            response
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// A sentence as plain text.
pub(super) fn text(status: StatusCode, mut message: String) -> Response {
    message.push('\n');
    with_type(status, "text/plain; charset=utf-8", message)
}

/// An `AdmissionReview`.
pub(super) fn json(body: Vec<u8>) -> Response {
    with_type(StatusCode::OK, "application/json", body)
}

pub(super) fn with_type(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Says which methods a path has.
pub(super) fn allow(mut response: Response, methods: &'static str) -> Response {
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    response
}
