//! What SQS, SNS and EventBridge have in common: they take events ten at a time, and say of each what became of it.

use aws_config::SdkConfig;

use super::said::{Kind, Said};
use crate::queue::{Lag, Outcome};
use crate::store::Outgoing;

/// A queue, a topic or a bus, with what its service's client wants.
pub(super) trait Service: Send + Sync {
    /// The service's client; clones share its connections.
    type Client: Clone + Send + Sync;
    /// An event in a call.
    type Entry: Clone + Send + Sync;

    /// What it is, in a word.
    const NOUN: &'static str;
    /// What it is, as OpenTelemetry calls it; by our own word where it has none for it.
    const SYSTEM: &'static str;
    /// The right that sending takes.
    const RIGHT: &'static str;

    /// What somebody has to do about a failure; nothing where it may pass by itself.
    fn advice(kind: Kind) -> Option<String> {
        let advice = match kind {
            Kind::Busy | Kind::Broken => return None,
            Kind::Nameless => {
                "name a profile or a role in the environment (AWS_PROFILE, AWS_ROLE_ARN), \
                 or `access_key_id` and `secret_access_key`"
            }
            Kind::Login => {
                "look at the credentials, whether they are still good, and at this machine's clock"
            }
            Kind::Denied => return Some(format!("grant `{}` on it", Self::RIGHT)),
            Kind::Key => {
                "its KMS key has to be enabled, and whoever sends needs `kms:GenerateDataKey` and `kms:Decrypt` on it"
            }
            Kind::Missing => {
                return Some(format!("there is no such {}: make it, or look at its name", Self::NOUN));
            }
            Kind::TooLarge | Kind::Bad | Kind::Unknown => "look that code up in the API reference of AWS",
        };
        Some(advice.to_owned())
    }

    /// Where it is, for people.
    fn place(&self) -> String;

    /// Makes a client. Nothing is opened.
    fn connect(&self, config: &SdkConfig) -> Self::Client;

    /// Asks whether it is there, and how many bytes it takes where it says so.
    fn look(&self, client: &Self::Client) -> impl Future<Output = Result<Option<usize>, Said>> + Send;

    /// How far its consumers are behind, where it tells.
    fn lag(&self, _client: &Self::Client) -> impl Future<Output = Result<Option<Lag>, Said>> + Send {
        std::future::ready(Ok(None))
    }

    /// An event as an entry, or the end of an event that cannot be one.
    fn parcel(&self, event: &Outgoing) -> Result<Parcel<Self::Entry>, Outcome>;

    /// An entry under its name in a call.
    fn numbered(entry: Self::Entry, id: String) -> Self::Entry;

    /// Makes one call.
    fn send(
        &self,
        client: &Self::Client,
        entries: Vec<Self::Entry>,
    ) -> impl Future<Output = Result<Answers, Said>> + Send;
}

/// An event as it is sent.
#[derive(Debug)]
pub(super) struct Parcel<E> {
    pub(super) entry: E,
    /// In bytes, as the service counts them.
    pub(super) size: usize,
    /// Whose order it stands in, where an order is kept.
    pub(super) group: Option<String>,
}

/// What a call says of its entries, by their names in it.
pub(super) type Answers = Vec<(String, Result<(), Said>)>;
