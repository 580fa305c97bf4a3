//! What the broker's answers mean.

use std::collections::HashMap;

use lapin::message::BasicReturnMessage;
use lapin::protocol::{AMQPError, AMQPErrorKind, AMQPHardError, AMQPSoftError};
use lapin::{Confirmation, Error, ErrorKind};

use crate::queue::Outcome;
use crate::store::Outgoing;

/// Why a broker does not keep a message without saying why.
const NO_ROOM: &str =
    "the broker did not keep it: a queue is full and rejects (`x-overflow: reject-publish`), or cannot write";

/// What a fault is said against.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Blame {
    /// The broker, for now.
    ForNow(String),
    /// The broker, until somebody does something.
    Refusal(String),
    /// What was asked of it: of a message, that it is too large.
    Asked(String),
}

/// Says whose fault an error is. What lapin says holds what the broker said, and no message.
pub(super) fn blame(error: &Error) -> Blame {
    let why = error.to_string();
    match error.kind() {
        ErrorKind::ProtocolError(said) => by_code(said, why),
        ErrorKind::AuthProviderError(_) => Blame::Refusal(why),
        _ => Blame::ForNow(why),
    }
}

/// The codes of AMQP. 530 is said of a virtual host that is not there, and of a limit of connections, and of a virtual host that is down.
fn by_code(said: &AMQPError, why: String) -> Blame {
    match said.kind() {
        AMQPErrorKind::Soft(AMQPSoftError::PRECONDITIONFAILED) => Blame::Asked(why),
        AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED)
            if why.contains(" limit ") || why.contains(" is down") =>
        {
            Blame::ForNow(why)
        }
        AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED | AMQPSoftError::NOTFOUND)
        | AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED | AMQPHardError::INVALIDPATH) => Blame::Refusal(why),
        _ => Blame::ForNow(why),
    }
}

/// What became of each event. A message that came back is found by its id: the client hands it to whichever confirmation it sees next.
pub(super) fn outcomes(batch: &[Outgoing], confirmed: &[Result<Confirmation, Outcome>]) -> Vec<Outcome> {
    let returned = confirmed.iter().filter_map(|one| match one {
        Ok(Confirmation::Ack(returned) | Confirmation::Nack(returned)) => returned.as_ref(),
        _ => None,
    });
    let id_of = |message: &BasicReturnMessage| {
        message.delivery.properties.message_id().as_ref().map(ToString::to_string)
    };
    let returned: HashMap<String, &BasicReturnMessage> =
        returned.filter_map(|message| Some((id_of(message)?, message))).collect();
    let outcome = |(event, confirmed): (&Outgoing, &Result<Confirmation, Outcome>)| match confirmed {
        Err(outcome) => outcome.clone(),
        Ok(confirmation) => match (returned.get(&event.event_id.to_string()), confirmation) {
            (Some(message), _) => unroutable(message),
            (None, Confirmation::Ack(_)) => Outcome::Acknowledged,
            (None, Confirmation::Nack(_)) => Outcome::NotNow(NO_ROOM.to_owned()),
            (None, Confirmation::NotRequested) => Outcome::Retry("the broker does not confirm".to_owned()),
        },
    };
    batch.iter().zip(confirmed).map(outcome).collect()
}

fn unroutable(returned: &BasicReturnMessage) -> Outcome {
    let reason = format!(
        "no queue takes the routing key `{}` of the exchange `{}` ({} {})",
        returned.delivery.routing_key, returned.delivery.exchange, returned.reply_code, returned.reply_text
    );
    Outcome::Unroutable(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn not_allowed(said: &str) -> Blame {
        let error = AMQPError::new(AMQPHardError::NOTALLOWED.into(), said.into());
        match blame(&ErrorKind::ProtocolError(error).into()) {
            Blame::ForNow(_) => Blame::ForNow(String::new()),
            Blame::Refusal(_) => Blame::Refusal(String::new()),
            Blame::Asked(_) => Blame::Asked(String::new()),
        }
    }

    #[test]
    fn a_limit_of_connections_passes_and_a_virtual_host_that_is_not_there_does_not() {
        let limit =
            "NOT_ALLOWED - access to vhost 'shop' refused for user 'app': connection limit (1) is reached";
        assert_eq!(not_allowed(limit), Blame::ForNow(String::new()));
        assert_eq!(not_allowed("NOT_ALLOWED - vhost shop is down"), Blame::ForNow(String::new()));
        assert_eq!(not_allowed("NOT_ALLOWED - vhost shop not found"), Blame::Refusal(String::new()));
    }
}
