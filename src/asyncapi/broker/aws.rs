//! SQS, SNS and EventBridge. AsyncAPI has no protocol for EventBridge, so that is named for itself.

use super::{Address, Described};
use crate::asyncapi::bindings::{ChannelBindings, SnsChannel, SnsOrdering, SqsChannel, SqsQueue};
use crate::asyncapi::document::Server;
use crate::asyncapi::form::{Form, Holds};
use crate::asyncapi::place::Place;
use crate::asyncapi::schema::Schema;
use crate::config::queue::{AccountConfig, EventBridgeConfig, SnsConfig, SqsConfig};

/// The version of the binding (<https://github.com/asyncapi/bindings/blob/master/sqs/README.md>).
const SQS: &str = "0.2.0";
/// The version of the binding (<https://github.com/asyncapi/bindings/blob/master/sns/README.md>).
const SNS: &str = "0.1.0";

/// A queue.
pub(super) fn queue(sqs: &SqsConfig) -> Described {
    let (rest, name) = sqs.url.as_str().rsplit_once('/').unwrap_or_default();
    let queue = SqsQueue { name: name.to_owned(), fifo_queue: is_fifo(name) };
    let channel = SqsChannel { queue, binding_version: SQS };
    Described {
        channel: Some(ChannelBindings { sqs: Some(channel), ..ChannelBindings::default() }),
        ..Described::new(Place::inline(rest).server("sqs"), Address::Known(name.to_owned()), form())
    }
}

/// A topic.
pub(super) fn topic(sns: &SnsConfig) -> Described {
    let arn = sns.topic.as_str();
    let name = arn.rsplit(':').next().unwrap_or(arn);
    let ordering = SnsOrdering { kind: if is_fifo(name) { "FIFO" } else { "standard" } };
    let channel = SnsChannel { name: name.to_owned(), ordering, binding_version: SNS };
    Described {
        description: Some(
            "A topic. A subscription without raw message delivery wraps the payload once more.",
        ),
        channel: Some(ChannelBindings { sns: Some(channel), ..ChannelBindings::default() }),
        ..Described::new(service("sns", &sns.account), Address::Known(arn.to_owned()), form())
    }
}

/// A bus.
pub(super) fn bus(bus: &EventBridgeConfig) -> Described {
    Described {
        description: Some(
            "A bus. The payload is the `detail` of what EventBridge hands on; its `detail-type` is the event's type.",
        ),
        ..Described::new(
            service("events", &bus.account),
            Address::Known(bus.bus.as_str().to_owned()),
            Form::whole(),
        )
    }
}

/// The attributes beside a message; a value that cannot stand in one is left out.
fn form() -> Form {
    let text = |what: &str| Holds::Value(Schema::text().described(what));
    Form::whole()
        .with("content-type", Holds::MediaType)
        .with("ce_id", Holds::Value(Schema::formatted("uuid").described("The event's id.")))
        .perhaps("ce_type", Holds::Type)
        .perhaps("ce_source", text("The event's source."))
        .perhaps("ce_subject", text("The key of the item."))
}

/// Where a service answers in a region.
fn service(name: &'static str, account: &AccountConfig) -> Server {
    let domain =
        if account.region.to_string().starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    let usual = || format!("https://{name}.{}.{domain}", account.region);
    let protocol = if name == "events" { "eventbridge" } else { name };
    Place::inline(&account.endpoint.clone().unwrap_or_else(usual)).server(protocol)
}

fn is_fifo(name: &str) -> bool {
    name.strip_suffix(".fifo").is_some()
}
