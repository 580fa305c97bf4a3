//! A domain that is only asked for its rules, and drifts for it to see.

use std::time::Duration;

use tieout_reconcilers::compare::Fields;
use tieout_reconcilers::discrepancy::{Digest, Discrepancy, FieldDiff, Kind};
use tieout_reconcilers::instant::{Instant, TimeFormat};
use tieout_reconcilers::key::Key;
use tieout_reconcilers::money::Money;
use tieout_reconcilers::name::{DomainName, Each, Name};
use tieout_reconcilers::page::{Answer, Confirm, Confirmed, Page, PageFault, PageRequest, Response, Wanted};
use tieout_reconcilers::reconciler::{
    ClockKind, Data, Emission, Feed, Local, Order, Orphans, Policy, Reconciler, Remedy,
};
use tieout_reconcilers::schedule::Schedule;
use tieout_reconcilers::window::Slice;
use uuid::Uuid;

use crate::plan::Planner;
use crate::schemas::Registry;

pub(super) const RUN: Uuid = Uuid::from_u128(7);

/// Whether the domain sends events or only reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Does {
    Emit,
    Report,
}

#[derive(Debug)]
pub(super) struct Fake {
    domain: DomainName,
    policy: Policy,
    feed: Feed,
    fields: Fields,
    does: Does,
    schemas: Registry,
}

impl Fake {
    pub(super) fn new(does: Does) -> Self {
        Self {
            domain: "shop.charges".parse().unwrap(),
            policy: policy(),
            feed: Feed {
                clock: "created".to_owned(),
                clock_format: TimeFormat::Epoch.into(),
                clock_kind: Some(ClockKind::Created),
                order: Order::Descending,
                ..Feed::default()
            },
            fields: Fields::default(),
            does,
            schemas: Registry::default(),
        }
    }

    pub(super) fn planner<'a>(&'a self, each: &'a Each, now: Instant, hold: Option<&'a str>) -> Planner<'a> {
        let schemas = &self.schemas;
        Planner {
            reconciler: self,
            each,
            run_id: RUN,
            now,
            traceparent: None,
            hold,
            pseudonyms: None,
            schemas,
        }
    }
}

pub(super) fn policy() -> Policy {
    Policy {
        settle: Duration::from_mins(15),
        orphans: Orphans::Report,
        max_emits: 500,
        max_ratio: 0.05,
        min_items: 1,
        reemit_after: Duration::from_hours(20),
        max_lookups: 20_000,
        start: None,
    }
}

pub(super) fn key() -> Key {
    Key::checked("ch_1").unwrap()
}

pub(super) fn drift(kind: Kind, state: &str) -> Discrepancy {
    Discrepancy {
        key: key(),
        kind,
        fields: vec![FieldDiff {
            field: "status".into(),
            upstream: Some(format!("\"{state}\"").into()),
            local: None,
            hidden: None,
        }],
        digest: Digest::of(state),
        reason: None,
        amount: Some(Money { currency: "USD".into(), minor: 1_200 }),
        truth: Some(format!(r#"{{"id":"ch_1","status":"{state}"}}"#).into()),
        original: None,
    }
}

impl Reconciler for Fake {
    fn domain(&self) -> &DomainName {
        &self.domain
    }

    fn provider(&self) -> &Name {
        &self.domain
    }

    fn feed(&self) -> &Feed {
        &self.feed
    }

    fn policy(&self) -> &Policy {
        &self.policy
    }

    fn schedule(&self) -> Option<&Schedule> {
        None
    }

    fn fields(&self) -> &Fields {
        &self.fields
    }

    fn local(&self) -> &Local {
        unreachable!("a plan asks no database")
    }

    fn first_page(&self, _: &Slice) -> PageRequest {
        unreachable!("a plan asks no provider")
    }

    fn answer(&self, _: &PageRequest, _: &Response<'_>) -> Answer {
        unreachable!("a plan asks no provider")
    }

    fn read_page(&self, _: &Slice, _: &PageRequest, _: &Response<'_>) -> Result<Page, PageFault> {
        unreachable!("a plan asks no provider")
    }

    fn confirm(&self, _: &Each, _: &[Wanted]) -> Vec<Confirm> {
        unreachable!("a plan asks no provider")
    }

    fn confirm_answer(&self, _: &Confirm, _: &Response<'_>) -> Answer {
        unreachable!("a plan asks no provider")
    }

    fn read_confirm(&self, _: &Confirm, _: &Response<'_>) -> Result<Vec<Confirmed>, PageFault> {
        unreachable!("a plan asks no provider")
    }

    fn remedy(&self, kind: Kind) -> Remedy {
        match self.does {
            Does::Report => Remedy::Report,
            Does::Emit => Remedy::Emit(Emission {
                queue: "billing".to_owned(),
                event_type: format!("com.example.charge.{}", kind.as_str()),
                data: Data::Full,
                schema: None,
            }),
        }
    }
}
