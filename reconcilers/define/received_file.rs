//! The `received` block of a domain file: the team's own table of the webhooks that it received.

use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::Deserialize;

use super::checked::{Checked, Fault, Placed};
use super::document::Problems;
use super::domain::{ColumnName, SqlText};
use super::problem::Spot;
use crate::direction::Direction;
use crate::instant::TimeFormat;
use crate::name::Name;
use crate::received::{Received, Status};
use crate::reconciler::Local;

/// The table of received webhooks.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReceivedFile {
    /// The database that it is in; that of `local` where this is left out.
    database: Option<Checked<Name>>,
    /// The query for the webhooks about some items: `IN (:keys)`.
    keys: Checked<SqlText>,
    /// The column with the key of the item.
    key: Checked<ColumnName>,
    /// The column that says when the webhook was received.
    at: Checked<ColumnName>,
    /// The column with the provider's id of the event.
    event: Option<Checked<ColumnName>>,
    /// Which webhooks your application applied.
    status: Option<StatusFile>,
    /// How times are stored; as in `local` where this is left out.
    time: Option<Checked<TimeFormat>>,
    /// Whose clocks times without a zone were written by; as in `local` where this is left out.
    zone: Option<Checked<Tz>>,
}

/// Which webhooks the application applied.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct StatusFile {
    /// The column that says so.
    column: Checked<ColumnName>,
    /// Its values that mean it.
    applied: Placed<Vec<String>>,
}

impl ReceivedFile {
    /// Where the table is named: its database, or its query.
    pub(super) fn spot(&self) -> Spot {
        self.database.as_ref().map_or(self.keys.spot, |database| database.spot)
    }

    /// The table of a domain; it lies in the database of the local side unless it says otherwise.
    pub(super) fn compile(
        self,
        local: Option<&Local>,
        direction: Direction,
        problems: &mut Problems<'_>,
    ) -> Option<Received> {
        if direction == Direction::Outbound {
            let fault = Fault::new("received webhooks say nothing about what was sent to the API");
            problems.add(self.keys.spot, fault.with_help("leave `received` out of an outbound domain"));
        }
        let keys_place = problems.document.place(self.keys.spot);
        let (keys, key, at) = (problems.take(self.keys), problems.take(self.key), problems.take(self.at));
        let event = problems.take_option(self.event).map(|column| column.0);
        let status = self.status.and_then(|status| status.compile(problems));
        let time = problems.take_option(self.time).or_else(|| local.map(|local| local.time));
        let named_zone = problems.take_option(self.zone).map(Into::into);
        let named = problems.take_option(self.database).map(|name| name.to_string());
        Some(Received {
            database: named.or_else(|| local.map(|local| local.database.clone()))?,
            keys: keys?.0,
            keys_place,
            key: key?.0,
            at: at?.0,
            event,
            status,
            time: time.unwrap_or_default(),
            zone: named_zone.or_else(|| local.and_then(|local| local.zone)),
        })
    }
}

impl StatusFile {
    fn compile(self, problems: &mut Problems<'_>) -> Option<Status> {
        if self.applied.value.is_empty() {
            let fault = Fault::new("no value of the status says that a webhook was applied");
            problems.add(self.applied.spot, fault.with_help("name them as in `applied: [done]`"));
        }
        Some(Status { column: problems.take(self.column)?.0, applied: self.applied.value })
    }
}
