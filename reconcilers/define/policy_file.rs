//! The `policy` block of a domain file and its defaults.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::checked::{Checked, Fault, Placed, Word};
use super::document::Problems;
use super::schema;
use super::value::{Length, Ratio};
use crate::instant::Instant;
use crate::reconciler::{Orphans, Policy};

/// How long an item rests before it is judged: longer than most webhooks are late.
const SETTLE: Duration = Duration::from_mins(15);
/// The most events of one run.
const MAX_EMITS: u64 = 500;
/// The largest share of judged items that one run may emit.
const MAX_RATIO: f64 = 0.05;
/// The fewest upstream items while the local side has some.
const MIN_ITEMS: u64 = 1;
/// A little less than a day, so that a nightly run sends again what the last one sent in vain.
const REEMIT_AFTER: Duration = Duration::from_hours(20);
/// Twice as many as earlier findings are looked at again in one run.
const MAX_LOOKUPS: u64 = 20_000;

/// What happens to differences.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyFile {
    /// How long an item must have rested before it is judged.
    #[schemars(extend("default" = schema::length(SETTLE)))]
    settle: Option<Checked<Length>>,
    /// What becomes of items that only the copy has.
    #[schemars(extend("default" = "report"))]
    orphans: Option<Checked<Orphans>>,
    /// More events than this in one run: the domain is held and nothing is sent.
    #[schemars(extend("default" = MAX_EMITS))]
    max_emits: Option<u64>,
    /// A larger share of the items than this with events: the domain is held and nothing is sent.
    #[schemars(extend("default" = "5%"))]
    max_ratio: Option<Checked<Ratio>>,
    /// Fewer items on the side that is the truth, while the other side has some: the domain is held.
    #[schemars(extend("default" = MIN_ITEMS))]
    min_items: Option<u64>,
    /// How long after its event a difference that is still there is sent again.
    #[schemars(extend("default" = schema::length(REEMIT_AFTER)))]
    reemit_after: Option<Checked<Length>>,
    /// How many items one run looks up by their keys; the others come first in the next run.
    #[schemars(extend("default" = MAX_LOOKUPS))]
    max_lookups: Option<Placed<u64>>,
    /// Where the first run begins; 30 days before it where this is left out.
    start: Option<Checked<Instant>>,
}

impl Word for Orphans {
    const WHAT: &'static str = "word";

    fn words() -> Vec<(&'static str, Self)> {
        vec![("report", Self::Report), ("emit", Self::Emit)]
    }
}

impl PolicyFile {
    pub(super) fn compile(self, problems: &mut Problems<'_>) -> Policy {
        let settle_spot = self.settle.as_ref().map(|settle| settle.spot).unwrap_or_default();
        let mut length = |checked: Option<Checked<Length>>, default: Duration| {
            problems.take_option(checked).map_or(default, |length| length.0)
        };
        let (settle, reemit_after) = (length(self.settle, SETTLE), length(self.reemit_after, REEMIT_AFTER));
        if settle.is_zero() {
            let fault =
                Fault::new("with `settle: 0s`, an item whose webhook is still on its way looks missing")
                    .with_help("this suits tests; leave it out for the default of 15m");
            problems.warn(settle_spot, fault);
        }
        if let Some(none) = self.max_lookups.as_ref().filter(|most| most.value == 0) {
            let fault = Fault::new("without look-ups nothing is ever confirmed");
            problems.add(none.spot, fault.with_help("leave it out for the default of 20000"));
        }
        Policy {
            settle,
            orphans: problems.take_option(self.orphans).unwrap_or_default(),
            max_emits: self.max_emits.unwrap_or(MAX_EMITS),
            max_ratio: problems.take_option(self.max_ratio).map_or(MAX_RATIO, |ratio| ratio.0),
            min_items: self.min_items.unwrap_or(MIN_ITEMS),
            reemit_after,
            max_lookups: self.max_lookups.map_or(MAX_LOOKUPS, |most| most.value),
            start: problems.take_option(self.start),
        }
    }
}
