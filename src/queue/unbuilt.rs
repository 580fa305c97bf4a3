//! A broker that this program was built without. The configuration refuses it before; this is what is left where somebody uses the
//! library with settings of their own.

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::{Delivery, Queue, QueueFault, stopped};
use crate::store::Outgoing;

/// No broker.
#[derive(Debug)]
pub(super) struct Unbuilt;

impl Queue for Unbuilt {
    fn ready(&mut self) -> BoxFuture<'_, Result<(), QueueFault>> {
        futures::future::ready(Err(refusal())).boxed()
    }

    fn send<'a>(&'a mut self, _: &'a [Outgoing]) -> BoxFuture<'a, Delivery> {
        futures::future::ready(stopped(refusal())).boxed()
    }
}

fn refusal() -> QueueFault {
    QueueFault::Refused { place: "a broker".to_owned(), why: "this tieout was built without it".to_owned() }
}
