//! What the client tells without being asked, on a thread of its own: what became of a record, that a broker refuses the login, that no
//! broker can be reached. Without the last two, both are only seen as records that are not confirmed.

use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{DeliveryResult, ProducerContext};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::debug;

use super::said::{Blame, Trouble, blame};

/// What became of a record, by its number.
pub(super) type Report = (usize, Result<(), RDKafkaErrorCode>);

/// Where the client tells it.
#[derive(Debug)]
pub(super) struct Mouth {
    reports: UnboundedSender<Report>,
    told: watch::Sender<Told>,
}

/// Hears of trouble.
#[derive(Debug, Clone)]
pub(super) struct Ear(watch::Receiver<Told>);

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Told {
    /// Why a broker will have nothing to do with this client, until somebody does something.
    refusal: Option<String>,
    /// Whether all brokers were tried in vain.
    is_down: bool,
    /// Why the last connection failed.
    last_failure: Option<String>,
}

/// A mouth for a client, and who hears it.
pub(super) fn listen() -> (Mouth, Ear, UnboundedReceiver<Report>) {
    let (reports, heard) = unbounded_channel();
    let (told, ear) = watch::channel(Told::default());
    (Mouth { reports, told }, Ear(ear), heard)
}

impl ClientContext for Mouth {
    fn log(&self, _: RDKafkaLogLevel, facility: &str, message: &str) {
        debug!(facility, "{message}");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if let Some(code) = error.rdkafka_error_code() {
            self.told.send_if_modified(|told| told.hear(code, reason));
        }
    }
}

impl ProducerContext for Mouth {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, number: usize) {
        let end = match result {
            Ok(_) => Ok(()),
            Err((error, _)) => Err(error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail)),
        };
        // Nobody waits any more where the batch was given up.
        let _ = self.reports.send((number, end));
    }
}

impl Told {
    /// Takes in what is said. What a broker says about a login is not repeated; the rest is the client's own.
    fn hear(&mut self, code: RDKafkaErrorCode, reason: &str) -> bool {
        let before = self.clone();
        let reason = reason.split(" (after ").next().unwrap_or(reason);
        match code {
            RDKafkaErrorCode::AllBrokersDown => self.is_down = true,
            // A connection that breaks while the login is on its way is an error of that kind too.
            RDKafkaErrorCode::Authentication if !reason.contains("Local: ") => {
                self.refusal =
                    Some("it does not take the login: its mechanism, the user or the password".to_owned());
            }
            RDKafkaErrorCode::SSL if reason.contains("certificate") => self.refusal = Some(reason.to_owned()),
            _ => self.last_failure = Some(reason.to_owned()),
        }
        *self != before
    }
}

impl Ear {
    /// Waits until a broker refuses this client.
    pub(super) async fn refusal(&self) -> String {
        let mut told = self.0.clone();
        let told = told.wait_for(|told| told.refusal.is_some()).await;
        told.ok().and_then(|told| told.refusal.clone()).unwrap_or_else(gone)
    }

    /// Waits for the answer to a question, but no longer than until a broker refuses this client, or than for some time after all of them
    /// were tried in vain.
    ///
    /// A refusal counts whenever it is told: after a first address that nobody answers at, or together with the end of the question.
    pub(super) async fn answer(
        &self,
        question: impl Future<Output = Result<(), RDKafkaErrorCode>>,
        last_try: Duration,
    ) -> Result<(), Trouble> {
        let answer = tokio::select! {
            biased;
            answer = question => answer,
            why = self.refusal() => return Err(Trouble::Refusal(why)),
            () = self.is_down_for(last_try) => Err(RDKafkaErrorCode::AllBrokersDown),
        };
        answer.map_err(|code| self.trouble(code))
    }

    /// Waits until all brokers were tried in vain, and some time more.
    async fn is_down_for(&self, last_try: Duration) {
        let mut told = self.0.clone();
        // Who told is gone with the client, which whoever asks still has.
        let _gone = told.wait_for(|told| told.is_down).await.is_err();
        sleep(last_try).await;
    }

    /// What a question that failed comes to, by what was told beside it.
    fn trouble(&self, code: RDKafkaErrorCode) -> Trouble {
        let Told { refusal, last_failure, .. } = self.0.borrow().clone();
        match (refusal, blame(code)) {
            (Some(why), _) => Trouble::Refusal(why),
            (None, Blame::Queue(trouble @ (Trouble::Nowhere(_) | Trouble::Refusal(_)))) => trouble,
            _ => Trouble::ForNow(last_failure.unwrap_or_else(|| code.to_string())),
        }
    }
}

fn gone() -> String {
    "no broker can be reached".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(all: &[(RDKafkaErrorCode, &str)]) -> Told {
        let mut told = Told::default();
        for (code, reason) in all {
            told.hear(*code, reason);
        }
        told
    }

    #[test]
    fn a_login_that_is_not_taken_is_a_refusal_and_what_the_broker_says_of_it_is_not_repeated() {
        let said = "sasl_ssl://kafka.example.com:9093/bootstrap: SASL authentication error: no user app (after 5ms in state AUTH_REQ)";
        let refusal = told(&[(RDKafkaErrorCode::Authentication, said)]).refusal.unwrap();
        assert_eq!(refusal, "it does not take the login: its mechanism, the user or the password");
    }

    #[test]
    fn a_connection_that_breaks_while_the_login_is_on_its_way_is_no_refusal() {
        let broken = "kafka.example.com:9092/bootstrap: SASL PLAIN mechanism handshake failed: Local: Broker transport failure: broker's supported mechanisms: (n/a)";
        assert_eq!(told(&[(RDKafkaErrorCode::Authentication, broken)]).refusal, None);
    }

    #[test]
    fn a_certificate_is_a_refusal_and_a_handshake_that_breaks_is_not() {
        let untrusted = "ssl://kafka.example.com:9093/bootstrap: SSL handshake failed: certificate verify failed (after 5ms in state SSL_HANDSHAKE)";
        let refusal = told(&[(RDKafkaErrorCode::SSL, untrusted)]).refusal.unwrap();
        assert!(refusal.ends_with("certificate verify failed"), "{refusal}");
        let broken = told(&[
            (RDKafkaErrorCode::SSL, "SSL handshake failed: Disconnected"),
            (RDKafkaErrorCode::AllBrokersDown, "0/1"),
        ]);
        assert_eq!(broken.refusal, None);
        assert_eq!(
            (broken.is_down, broken.last_failure.as_deref()),
            (true, Some("SSL handshake failed: Disconnected"))
        );
    }

    /// What a question comes to that is asked while all brokers are down, where a broker says something before and after that was told.
    async fn asked(
        answer: Option<RDKafkaErrorCode>,
        before: (RDKafkaErrorCode, &str),
        after: (RDKafkaErrorCode, &str),
    ) -> Trouble {
        let (mouth, ear, _) = listen();
        let say = |(code, reason)| mouth.error(KafkaError::Global(code), reason);
        say(before);
        say((RDKafkaErrorCode::AllBrokersDown, "1/1 brokers are down"));
        let question = async {
            say(after);
            match answer {
                Some(code) => Err(code),
                None => std::future::pending().await,
            }
        };
        ear.answer(question, Duration::from_millis(1)).await.unwrap_err()
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_counts_whatever_was_told_or_answered_before_it() {
        let broken = (RDKafkaErrorCode::BrokerTransportFailure, "Connect failed");
        let untrusted = (RDKafkaErrorCode::SSL, "SSL handshake failed: certificate verify failed");
        let refusal = Trouble::Refusal(untrusted.1.to_owned());
        for answer in [None, Some(RDKafkaErrorCode::OperationTimedOut)] {
            assert_eq!(asked(answer, broken, untrusted).await, refusal);
            assert_eq!(asked(answer, untrusted, broken).await, refusal);
        }
        let down = asked(None, broken, broken).await;
        assert_eq!(down, Trouble::ForNow(broken.1.to_owned()));
    }
}
