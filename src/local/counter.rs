//! Asks the team's own query for a number about a range of time: one row with one whole number, and anything else is a mistake of the query.

use std::ops::ControlFlow;

use tieout_reconcilers::reconciler::Place;
use tieout_reconcilers::row::Row;
use tieout_reconcilers::window::Window;

use super::error::{DefinitionFault, LocalError};
use super::reader::Reader;

/// A query that counts something of a range.
#[derive(Debug, Clone)]
pub struct Counter {
    /// The number stands in the place of the key.
    pub(super) reader: Reader,
    /// Where the query stands.
    pub(super) place: Place,
}

impl Counter {
    /// The number of a range; nothing where times are stored without a zone and a clock that was changed shows some of the range's times for
    /// others too.
    pub async fn count(&self, window: Window) -> Result<Option<u64>, LocalError> {
        let mut rows = 0_u64;
        let mut number = None;
        let mut take = |row: Row<'_>| {
            rows += 1;
            number = row.key.parse().ok();
            if rows > 1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let read = self.reader.rows_of(Some(window), &mut take).await?;
        let given = match (rows, read.bad_keys, number) {
            (1, 0, Some(number)) => return Ok(Some(number).filter(|_| self.is_exact(window))),
            (0, 0, _) => "no row",
            (1, 0, _) | (0, 1, _) => "something else",
            _ => "more than one row",
        };
        let fault = DefinitionFault::NotANumber(given.into());
        Err(LocalError::Definition { place: self.place.clone(), fault })
    }

    fn is_exact(&self, window: Window) -> bool {
        let readings = self.reader.zone.map(|zone| zone.readings(window.from(), window.to()));
        readings.is_none_or(|readings| readings.is_exact)
    }
}
