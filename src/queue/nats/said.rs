//! What the answers of JetStream mean for whoever publishes. Codes are those of the server's `errors.json`
//! (<https://github.com/nats-io/nats-server/blob/main/server/errors.json>).

use std::error::Error as _;

use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::{self, ErrorCode};

use crate::queue::Outcome;

/// What a failed publish is said against.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Blame {
    /// The event.
    Event(Outcome),
    /// The server or the stream, for now.
    ForNow(String),
    /// The server, until somebody does something.
    Refusal(String),
    /// Nobody answered for the subject: there is no stream, or it has no leader just now.
    Nobody,
}

/// Says whose fault it is that an event was not acknowledged.
pub(super) fn blame(error: &PublishError) -> Blame {
    let reason = error.to_string();
    match error.kind() {
        PublishErrorKind::MaxPayloadExceeded => Blame::Event(Outcome::Dead { class: "too_large", reason }),
        PublishErrorKind::StreamNotFound => Blame::Nobody,
        PublishErrorKind::TimedOut | PublishErrorKind::BrokenPipe | PublishErrorKind::MaxAckPending => {
            Blame::ForNow(reason)
        }
        PublishErrorKind::WrongLastMessageId
        | PublishErrorKind::WrongLastSequence
        | PublishErrorKind::Other => {
            let said = error.source().and_then(|source| source.downcast_ref::<jetstream::Error>());
            said.map_or(Blame::ForNow(reason.clone()), |said| answer(said.error_code(), reason))
        }
    }
}

/// What the stream itself said.
fn answer(code: ErrorCode, reason: String) -> Blame {
    match code {
        ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM => {
            Blame::Event(Outcome::Dead { class: "too_large", reason })
        }
        ErrorCode::JETSTREAM_NOT_ENABLED | ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT => {
            Blame::Refusal(reason)
        }
        ErrorCode::ACCOUNT_RESOURCES_EXCEEDED
        | ErrorCode::CLUSTER_NOT_AVAILABLE
        | ErrorCode::INSUFFICIENT_RESOURCES
        | ErrorCode::MEMORY_RESOURCES_EXCEEDED
        | ErrorCode::STORAGE_RESOURCES_EXCEEDED
        | ErrorCode::STREAM_OFFLINE
        | ErrorCode::STREAM_STORE_FAILED => Blame::ForNow(reason),
        _ => Blame::Event(Outcome::Retry(reason)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_or_no_leader_is_for_now_and_what_is_not_enabled_is_a_refusal() {
        let is = |code| answer(code, "why".to_owned());
        for code in [
            ErrorCode::ACCOUNT_RESOURCES_EXCEEDED,
            ErrorCode::CLUSTER_NOT_AVAILABLE,
            ErrorCode::MEMORY_RESOURCES_EXCEEDED,
            ErrorCode::STREAM_OFFLINE,
        ] {
            assert_eq!(is(code), Blame::ForNow("why".to_owned()), "{code:?}");
        }
        assert_eq!(is(ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT), Blame::Refusal("why".to_owned()));
        assert_eq!(is(ErrorCode::STREAM_SEALED), Blame::Event(Outcome::Retry("why".to_owned())));
    }
}
