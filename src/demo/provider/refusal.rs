//! Everything but success, in the provider's one error shape: `{"error":{"code":...,"message":...}}`.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Why a request got no data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No key, or not the right one.
    Unauthorised,
    /// More requests than allowed.
    TooFast,
    /// An id that the provider does not know.
    Unknown { id: String },
    /// A parameter that makes no sense.
    Nonsense(String),
    /// A path that is not served.
    NoSuchRoute,
    /// An injected 500.
    Broken,
    /// An injected 503.
    Busy { retry_after_s: u32 },
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::Unauthorised => StatusCode::UNAUTHORIZED,
            Self::TooFast => StatusCode::TOO_MANY_REQUESTS,
            Self::Unknown { .. } | Self::NoSuchRoute => StatusCode::NOT_FOUND,
            Self::Nonsense(_) => StatusCode::BAD_REQUEST,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Busy { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn code_and_message(&self) -> (&'static str, String) {
        match self {
            Self::Unauthorised => ("invalid_key", "no valid API key was provided".to_owned()),
            Self::TooFast => ("rate_limited", "too many requests".to_owned()),
            Self::Unknown { id } => ("resource_missing", format!("no such object: {id}")),
            Self::Nonsense(message) => ("parameter_invalid", message.clone()),
            Self::NoSuchRoute => ("unknown_route", "unrecognised request".to_owned()),
            Self::Broken => ("api_error", "something went wrong on our side".to_owned()),
            Self::Busy { .. } => ("unavailable", "the service is busy, come back later".to_owned()),
        }
    }

    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::TooFast => Some(1),
            Self::Busy { retry_after_s } => Some(*retry_after_s),
            _ => None,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (code, message) = self.code_and_message();
        let body = Json(json!({"error": {"code": code, "message": message}}));
        let mut response = (self.status(), body).into_response();
        if let Some(seconds) = self.retry_after_s() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<QueryRejection> for Refusal {
    fn from(rejection: QueryRejection) -> Self {
        Self::Nonsense(rejection.body_text())
    }
}
