//! What the errors of Pub/Sub mean (<https://cloud.google.com/pubsub/docs/reference/error-codes>). The texts of the service may quote what it
//! was sent, so only the code is repeated, in our own words.

use std::error::Error as _;
use std::iter::successors;

use google_cloud_gax::error::rpc::Code;
use google_cloud_gax::error::{CredentialsError, Error};
use google_cloud_pubsub::error::PublishError;

use crate::source::trust::{ADVICE, refusal};

/// What a failed publish is said against.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Blame {
    /// One of the messages of the request.
    Request(String),
    /// The client held the message back, because one before it with the same key was refused.
    HeldBack,
    /// A quota, for now.
    NotNow(String),
    /// The service, for now.
    ForNow(String),
    /// The topic, which is not there.
    NoTopic,
    /// The service, until somebody does something.
    Refusal(String),
}

/// What a look at the topic came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// It is there.
    There,
    /// The login may not look.
    NotPermitted,
    /// There is something wrong.
    Fault(Blame),
}

/// Says whose fault it is that an event was not published.
pub(super) fn blame(error: &PublishError) -> Blame {
    match error {
        PublishError::OrderingKeyPaused => Blame::HeldBack,
        PublishError::Rpc(error) => fault(error),
        _ => Blame::ForNow("the client has ended".to_owned()),
    }
}

/// Says what it means that the topic could not be looked at.
pub(super) fn look(error: &Error) -> Look {
    if last(error).status().is_some_and(|status| status.code == Code::PermissionDenied) {
        return Look::NotPermitted;
    }
    Look::Fault(fault(error))
}

fn fault(error: &Error) -> Blame {
    let error = last(error);
    match error.status() {
        Some(status) => by_code(status.code),
        None if error.is_authentication() => by_login(error),
        None if let Some(cause) = refusal(error) => {
            Blame::Refusal(format!("connecting failed: {cause}; {ADVICE}"))
        }
        None if error.is_connect() => Blame::ForNow("nobody can be connected to".to_owned()),
        None if error.is_timeout() => Blame::ForNow("it did not answer in time".to_owned()),
        None => Blame::ForNow("the connection failed, or what answers is not Pub/Sub".to_owned()),
    }
}

/// What the last attempt came to, where the client has repeated a request until it had no more time.
fn last(error: &Error) -> &Error {
    let chain = successors(error.source(), |&error| error.source());
    chain.filter_map(|error| error.downcast_ref::<Error>()).last().unwrap_or(error)
}

/// Codes that are not known here pass.
fn by_code(code: Code) -> Blame {
    let name = code.name();
    let why = match code {
        Code::NotFound => return Blame::NoTopic,
        Code::InvalidArgument => {
            return Blame::Request(format!(
                "the service does not take it, for its size or the topic's schema ({name})"
            ));
        }
        Code::ResourceExhausted => return Blame::NotNow(format!("a quota is used up ({name})")),
        Code::PermissionDenied => {
            format!(
                "the login may not publish to the topic ({name}); it needs the role `roles/pubsub.publisher`"
            )
        }
        Code::Unauthenticated => format!("the login is refused ({name})"),
        Code::FailedPrecondition => {
            format!(
                "the topic cannot be published to as it is: its key of encryption, its schema, a policy ({name})"
            )
        }
        Code::Unimplemented => format!("what answers is not Pub/Sub ({name})"),
        _ => return Blame::ForNow(format!("the service answers {name}")),
    };
    Blame::Refusal(why)
}

/// No token could be had. The client knows whether another attempt may help.
fn by_login(error: &Error) -> Blame {
    let said = error.source().and_then(|source| source.downcast_ref::<CredentialsError>());
    if said.is_none_or(CredentialsError::is_transient) {
        return Blame::ForNow("no access token can be had just now".to_owned());
    }
    Blame::Refusal("the credentials give no access token".to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use google_cloud_gax::error::rpc::Status;

    use super::*;

    fn service(code: Code) -> Error {
        Error::service(Status::default().set_code(code).set_message("hunter2"))
    }

    #[test]
    fn every_code_has_its_meaning_and_what_it_says_is_not_repeated() {
        let codes = [
            Code::Cancelled,
            Code::Unknown,
            Code::InvalidArgument,
            Code::DeadlineExceeded,
            Code::NotFound,
            Code::PermissionDenied,
            Code::Unauthenticated,
            Code::ResourceExhausted,
            Code::FailedPrecondition,
            Code::Aborted,
            Code::Unimplemented,
            Code::Internal,
            Code::Unavailable,
            Code::DataLoss,
        ];
        let told: Vec<String> = codes
            .into_iter()
            .map(|code| format!("{}: {:?}", code.name(), blame(&PublishError::Rpc(Arc::new(service(code))))))
            .collect();
        insta::assert_debug_snapshot!(told);
    }

    #[test]
    fn attempts_that_were_repeated_until_the_time_was_over_are_told_by_the_last_answer() {
        let over = Error::exhausted(service(Code::ResourceExhausted));
        assert_eq!(fault(&over), Blame::NotNow("a quota is used up (RESOURCE_EXHAUSTED)".to_owned()));
        let over = Error::exhausted(Error::timeout("hunter2"));
        assert_eq!(fault(&over), Blame::ForNow("it did not answer in time".to_owned()));
    }

    #[test]
    fn a_login_without_a_token_is_refused_unless_another_attempt_may_help() {
        let login = |is_transient| Error::authentication(CredentialsError::from_msg(is_transient, "hunter2"));
        assert_eq!(fault(&login(true)), Blame::ForNow("no access token can be had just now".to_owned()));
        assert_eq!(fault(&login(false)), Blame::Refusal("the credentials give no access token".to_owned()));
    }

    #[test]
    fn who_may_not_look_at_the_topic_may_still_publish_and_who_is_not_known_may_not() {
        assert_eq!(look(&service(Code::PermissionDenied)), Look::NotPermitted);
        assert_eq!(look(&service(Code::NotFound)), Look::Fault(Blame::NoTopic));
        let unknown = "the login is refused (UNAUTHENTICATED)".to_owned();
        assert_eq!(look(&service(Code::Unauthenticated)), Look::Fault(Blame::Refusal(unknown)));
    }
}
