//! SQS, SNS and EventBridge of AWS. An event is confirmed when the service has given it an id in the answer to the call that it was in: each
//! event of a call has an outcome of its own.
//!
//! The client tries nothing twice: what a call says is for the relay, which knows what is left and how much time there is.

mod account;
mod calls;
mod eventbridge;
mod message;
mod said;
mod sending;
mod service;
mod sns;
mod sqs;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::time::Instant;

use self::calls::Limits;
use self::eventbridge::EventBridge;
use self::said::{Kind, Said};
use self::sending::{Sending, Stop};
use self::service::Service;
use self::sns::Sns;
use self::sqs::Sqs;
use super::{
    AwsAccount, Delivery, EventBridgeSettings, Lag, Queue, QueueFault, SnsSettings, SqsSettings, stopped,
};
use crate::store::{CLAIM_TIME, Outgoing};

/// Calls on their way at once, while nobody asks for fewer.
const AT_ONCE: usize = 8;
/// The part of a claim's time in which calls are begun, in percent. One that is begun at its end is over before the claim is.
const SHARE_OF_CLAIM: u32 = 70;

/// A queue of SQS.
pub(super) fn sqs(settings: &SqsSettings) -> Box<dyn Queue> {
    Box::new(AwsQueue::new(Sqs::new(settings), &settings.account))
}

/// A topic of SNS.
pub(super) fn sns(settings: &SnsSettings) -> Box<dyn Queue> {
    Box::new(AwsQueue::new(Sns::new(settings), &settings.account))
}

/// A bus of EventBridge.
pub(super) fn eventbridge(settings: &EventBridgeSettings) -> Box<dyn Queue> {
    Box::new(AwsQueue::new(EventBridge::new(settings), &settings.account))
}

/// A service, and how it does.
struct AwsQueue<S: Service> {
    service: S,
    account: AwsAccount,
    client: Option<S::Client>,
    /// What it takes, once it was asked whether it is there.
    limits: Option<Limits>,
    /// Calls on their way at once: half as many whenever there were too many, and one more after each batch without trouble.
    at_once: usize,
}

impl<S: Service> AwsQueue<S> {
    fn new(service: S, account: &AwsAccount) -> Self {
        Self { service, account: account.clone(), client: None, limits: None, at_once: AT_ONCE }
    }

    async fn client(&mut self) -> S::Client {
        if let Some(client) = &self.client {
            return client.clone();
        }
        let client = self.service.connect(&account::config(&self.account).await);
        self.client.insert(client).clone()
    }

    /// Asks whether it is there, unless that is known. Whoever may only send is told nothing, and finds out by sending.
    async fn look(&mut self) -> Result<Limits, QueueFault> {
        if let Some(limits) = self.limits {
            return Ok(limits);
        }
        let client = self.client().await;
        let limits = match self.service.look(&client).await {
            Ok(said) => Limits::of(said),
            Err(Said { kind: Kind::Denied, .. }) => Limits::of(None),
            Err(said) => return Err(self.fault(&said)),
        };
        Ok(*self.limits.insert(limits))
    }

    /// After a fault it is asked again what is there.
    async fn deliver(&mut self, batch: &[Outgoing]) -> Delivery {
        let until = Instant::now() + CLAIM_TIME * SHARE_OF_CLAIM / 100;
        let limits = match self.look().await {
            Ok(limits) => limits,
            Err(fault) => return stopped(fault),
        };
        let client = self.client().await;
        let sending =
            Sending { service: &self.service, client: &client, limits, at_once: self.at_once, until };
        let known = sending.send(batch).await;
        let is_busy = known.is_busy || matches!(&known.stop, Some(Stop::Said(said)) if said.is_busy());
        self.at_once = if is_busy { (self.at_once / 2).max(1) } else { (self.at_once + 1).min(AT_ONCE) };
        let fault = known.stop.as_ref().map(|stop| match stop {
            Stop::Said(said) => self.fault(said),
            Stop::Late => self.unreachable("it is too slow for what it was given at once".to_owned()),
        });
        if fault.is_some() {
            self.limits = None;
        }
        known.told(fault)
    }

    fn fault(&self, said: &Said) -> QueueFault {
        match S::advice(said.kind) {
            None => self.unreachable(said.what.clone()),
            Some(advice) => {
                QueueFault::Refused { place: self.service.place(), why: format!("{}; {advice}", said.what) }
            }
        }
    }

    fn unreachable(&self, why: String) -> QueueFault {
        QueueFault::Unreachable { place: self.service.place(), why }
    }
}

impl<S: Service> Queue for AwsQueue<S> {
    fn system(&self) -> &'static str {
        S::SYSTEM
    }

    fn lag<'a>(&'a mut self, _of: Option<&'a str>) -> BoxFuture<'a, Result<Option<Lag>, QueueFault>> {
        async {
            let client = self.client().await;
            self.service.lag(&client).await.map_err(|said| self.fault(&said))
        }
        .boxed()
    }

    fn ready(&mut self) -> BoxFuture<'_, Result<(), QueueFault>> {
        self.limits = None;
        async { self.look().await.map(drop) }.boxed()
    }

    fn send<'a>(&'a mut self, batch: &'a [Outgoing]) -> BoxFuture<'a, Delivery> {
        self.deliver(batch).boxed()
    }
}
