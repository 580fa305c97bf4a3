//! The `funnel` block of a domain file: the team's own counts of what was received and what became of it, or the queue's.

use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::Deserialize;

use super::checked::{Checked, Fault, Word};
use super::document::Problems;
use super::domain::SqlText;
use super::problem::Spot;
use crate::funnel::{Count, Funnel, Tables};
use crate::instant::TimeFormat;
use crate::name::Name;
use crate::reconciler::Local;

/// Where the numbers of a day come from: from the queue, or from queries over `:from` and `:to`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FunnelFile {
    /// Take the numbers of the queues that the domain's events go to.
    from: Option<Checked<TheQueue>>,
    /// The database that the queries ask; that of `local` where this is left out.
    database: Option<Checked<Name>>,
    /// The query that counts what was received.
    received: Option<Checked<SqlText>>,
    /// The query that counts what was consumed of it.
    consumed: Option<Checked<SqlText>>,
    /// The query that counts what failed of it.
    failed: Option<Checked<SqlText>>,
    /// The query that counts what waits of it.
    waiting: Option<Checked<SqlText>>,
    /// How times are stored; as in `local` where this is left out.
    time: Option<Checked<TimeFormat>>,
    /// Whose clocks times without a zone were written by; as in `local` where this is left out.
    zone: Option<Checked<Tz>>,
}

/// Who counts in place of the team's own tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct TheQueue;

impl Word for TheQueue {
    const WHAT: &'static str = "source";

    fn words() -> Vec<(&'static str, Self)> {
        vec![("queue", Self)]
    }
}

impl FunnelFile {
    /// Where the database is named, if it is.
    pub(super) fn database_spot(&self) -> Option<Spot> {
        self.database.as_ref().map(|database| database.spot)
    }

    /// The funnel of a domain; its tables lie in the database of the local side unless it says otherwise. `spot` is where the block stands.
    pub(super) fn compile(
        self,
        spot: Spot,
        local: Option<&Local>,
        has_queue: bool,
        problems: &mut Problems<'_>,
    ) -> Option<Funnel> {
        let counts_itself = [&self.received, &self.consumed, &self.failed, &self.waiting];
        let counts_itself = counts_itself.into_iter().any(Option::is_some);
        let fault = match (&self.from, counts_itself) {
            (None, true) => return self.tables(local, problems),
            (Some(_), false) if has_queue => {
                return problems.take_option(self.from).map(|TheQueue| Funnel::Queue);
            }
            (Some(_), false) => Fault::new("the domain sends no event, so no queue can count any")
                .with_help("say `emit: {queue: ...}`, or count in your own tables with `received`, `consumed` and `failed`"),
            (Some(_), true) => Fault::new("either the queue counts or your own tables do")
                .with_help("leave `from: queue` out, or the queries"),
            (None, false) => Fault::new("nothing is counted").with_help(
                "say `received`, `consumed` and `failed` with a query each, or `from: queue`",
            ),
        };
        problems.add(spot, fault);
        None
    }

    fn tables(self, local: Option<&Local>, problems: &mut Problems<'_>) -> Option<Funnel> {
        let mut count = |query: Option<Checked<SqlText>>| {
            let place = problems.document.place(query.as_ref()?.spot);
            Some(Count { sql: problems.take_option(query)?.0, place })
        };
        let (received, consumed) = (count(self.received), count(self.consumed));
        let (failed, waiting) = (count(self.failed), count(self.waiting));
        let time = problems.take_option(self.time).or_else(|| local.map(|local| local.time));
        let zone = problems.take_option(self.zone).map(Into::into);
        let database = problems.take_option(self.database).map(|name| name.to_string());
        Some(Funnel::Tables(Box::new(Tables {
            database: database.or_else(|| local.map(|local| local.database.clone()))?,
            received,
            consumed,
            failed,
            waiting,
            time: time.unwrap_or_default(),
            zone: zone.or_else(|| local.and_then(|local| local.zone)),
        })))
    }
}
