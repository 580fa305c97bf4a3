//! Where a domain finds out what became of what its application received. Nothing is compared with it and nothing is sent by it; it only
//! tells how many got lost on the way.

use crate::instant::TimeFormat;
use crate::reconciler::{Local, Place};
use crate::zone::Zone;

/// Where the numbers of a funnel come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Funnel {
    /// The statistics of the queues that the domain's events go to.
    Queue,
    /// The team's own tables.
    Tables(Box<Tables>),
}

/// The team's own counts, each of a range of time. What is not counted is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tables {
    /// The database's name in the configuration.
    pub database: String,
    /// How many were received.
    pub received: Option<Count>,
    /// How many of them were consumed.
    pub consumed: Option<Count>,
    /// How many of them failed.
    pub failed: Option<Count>,
    /// How many of them still wait.
    pub waiting: Option<Count>,
    /// How a database without time types writes instants.
    pub time: TimeFormat,
    /// The zone of times that are stored without one.
    pub zone: Option<Zone>,
}

/// A query of one row with one whole number, from 0 up, with `:from` and `:to`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// The query.
    pub sql: String,
    /// Where it stands.
    pub place: Place,
}

impl Tables {
    /// The counts by their names.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, &Count)> {
        let all = [
            ("received", &self.received),
            ("consumed", &self.consumed),
            ("failed", &self.failed),
            ("waiting", &self.waiting),
        ];
        all.into_iter().filter_map(|(name, count)| Some((name, count.as_ref()?)))
    }

    /// A count as something that the local side can be asked: the query in the place of the rows.
    #[must_use]
    pub fn local(&self, count: &Count) -> Local {
        Local {
            database: self.database.clone(),
            rows: count.sql.clone(),
            rows_place: count.place.clone(),
            time: self.time,
            zone: self.zone,
            ..Local::default()
        }
    }
}
