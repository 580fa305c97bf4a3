//! What the codes of brokers and of the client mean. Those of brokers are <https://kafka.apache.org/protocol#protocol_error_codes>.

use rdkafka::error::RDKafkaErrorCode as Code;

use crate::queue::Outcome;

/// What a record that was not confirmed is said against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Blame {
    /// The event.
    Event(Outcome),
    /// The event, or another one that was sent together with it: a broker takes or refuses records of a partition together.
    OneOf(Outcome),
    /// The queue.
    Queue(Trouble),
}

/// What is wrong with the queue, the graver the later.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trouble {
    /// It is the brokers', for now.
    ForNow(String),
    /// There is no such topic, or no such partition of it.
    Nowhere(String),
    /// It does not end before somebody does something.
    Refusal(String),
}

/// Says whose fault it is that a record was not confirmed. The client has tried again by itself whatever may pass, as long as it may.
pub(super) fn blame(code: Code) -> Blame {
    let reason = code.to_string();
    match code {
        Code::MessageSizeTooLarge | Code::MessageBatchTooLarge | Code::InvalidMessageSize => {
            Blame::OneOf(Outcome::Dead { class: "too_large", reason })
        }
        Code::InvalidRecord => Blame::OneOf(Outcome::Dead { class: "rejected", reason }),
        Code::InvalidDifferentRecord => Blame::OneOf(Outcome::Retry(reason)),
        Code::ThrottlingQuotaExceeded | Code::QueueFull => Blame::Event(Outcome::NotNow(reason)),
        Code::UnknownTopic
        | Code::UnknownPartition
        | Code::UnknownTopicOrPartition
        | Code::UnknownTopicId => Blame::Queue(Trouble::Nowhere(reason)),
        _ => Blame::Queue(match way_out(code) {
            Some(way_out) => Trouble::Refusal(format!("{reason}; {way_out}")),
            None => Trouble::ForNow(reason),
        }),
    }
}

/// What to do about what does not pass by itself.
const fn way_out(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::Authentication
        | Code::SaslAuthenticationFailed
        | Code::UnsupportedSASLMechanism
        | Code::IllegalSASLState
        | Code::SecurityDisabled => "see the `login` of the queue",
        Code::TopicAuthorizationFailed => "grant the login DESCRIBE and WRITE on the topic",
        Code::ClusterAuthorizationFailed => {
            "grant the login IDEMPOTENT_WRITE on the cluster, which brokers before 3.0 ask for beside WRITE on the topic"
        }
        Code::InvalidTopic => "write the name of a topic that producers may write to",
        Code::UnsupportedCompressionType => "write `compression: gzip`, which every broker knows",
        Code::UnsupportedForMessageFormat | Code::UnsupportedFeature | Code::UnsupportedVersion => {
            "an idempotent producer with headers needs brokers of 0.11 or newer"
        }
        Code::InvalidTimestamp => "the clock of this machine is too far from what the topic permits",
        Code::PolicyViolation => "a policy of the cluster is against it",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every code that a producer may hear, in the words of the table.
    fn told() -> String {
        let codes = [
            Code::MessageSizeTooLarge,
            Code::MessageBatchTooLarge,
            Code::InvalidRecord,
            Code::InvalidDifferentRecord,
            Code::ThrottlingQuotaExceeded,
            Code::QueueFull,
            Code::UnknownTopic,
            Code::UnknownPartition,
            Code::UnknownTopicOrPartition,
            Code::Authentication,
            Code::SaslAuthenticationFailed,
            Code::TopicAuthorizationFailed,
            Code::ClusterAuthorizationFailed,
            Code::InvalidTopic,
            Code::UnsupportedCompressionType,
            Code::UnsupportedFeature,
            Code::InvalidTimestamp,
            Code::MessageTimedOut,
            Code::BrokerTransportFailure,
            Code::AllBrokersDown,
            Code::Resolve,
            Code::NotLeaderForPartition,
            Code::LeaderNotAvailable,
            Code::RequestTimedOut,
            Code::NotEnoughReplicas,
            Code::NotEnoughReplicasAfterAppend,
            Code::KafkaStorageError,
            Code::OutOfOrderSequenceNumber,
            Code::UnknownProducerId,
            Code::InvalidProducerEpoch,
            Code::Fenced,
            Code::GaplessGuarantee,
            Code::Fatal,
            Code::PurgeQueue,
            Code::Unknown,
        ];
        codes.map(|code| format!("{code:?}: {:?}\n", blame(code))).concat()
    }

    #[test]
    fn every_code_has_its_meaning() {
        insta::assert_snapshot!(told());
    }
}
