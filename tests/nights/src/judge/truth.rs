//! What is true of one name at one moment, by comparing the two sides field by field.

use crate::story::{Item, Micros, Row, SECOND, Variety};
use crate::world::Truth;

/// What is compared, as it stands for the truth.
pub(crate) type Compared = (i64, String, String);

pub(crate) const FIELDS: [&str; 3] = ["amount", "currency", "status"];

/// What one look at both sides shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Look {
    Agrees,
    /// They differ, and it is too early to say so.
    Young(Difference),
    Differs(Difference),
}

/// How two sides differ.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Difference {
    pub(crate) kind: &'static str,
    pub(crate) fields: Vec<&'static str>,
    /// None where the truth has nothing.
    pub(crate) upstream: Option<Compared>,
    pub(crate) truth: Option<Truth>,
}

/// Up to when what a night sees may be judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// The first instant of the provider that may not.
    pub(crate) ceiling: Micros,
    /// The last instant of the shop's clock that may.
    pub(crate) shop: Micros,
}

impl Bounds {
    /// The bounds of a night that starts at `now`: what changed within `settle` is left to rest, and a provider whose clock is
    /// behind lowers its own bound and not the shop's.
    pub(crate) fn of(variety: &Variety, now: Micros) -> Self {
        let wait = if variety.is_outbound { variety.rest() } else { variety.wait() };
        Self { ceiling: variety.ceiling(now), shop: now + variety.shop_ahead - wait }
    }
}

/// How an item and a row differ, if they do. A copy whose version is newer than the truth's is ahead, and no difference.
pub(crate) fn difference(variety: &Variety, item: Option<&Item>, row: Option<&Row>) -> Option<Difference> {
    let upstream = item.map(|item| (item.amount, item.currency.to_uppercase(), item.status.to_uppercase()));
    let local = row.map(|row| (row.amount, row.currency.clone(), row.status.clone()));
    // The one place where the sides change their roles.
    let (truth, compared, only_upstream, only_local) = if variety.is_outbound {
        (row.cloned().map(Truth::Row), local, "orphaned", "missing")
    } else {
        (item.cloned().map(Truth::Item), upstream, "missing", "orphaned")
    };
    let is_copy_ahead = |item: &Item, row: &Row| {
        variety.knows_version
            && if variety.is_outbound { item.version > row.version } else { row.version > item.version }
    };
    let found =
        |kind, fields| Some(Difference { kind, fields, upstream: compared.clone(), truth: truth.clone() });
    match (item, row) {
        (None, None) => None,
        (Some(_), None) => found(only_upstream, FIELDS.to_vec()),
        (None, Some(_)) => found(only_local, FIELDS.to_vec()),
        (Some(item), Some(row)) if is_copy_ahead(item, row) => None,
        (Some(item), Some(row)) => {
            let differs = [
                item.amount != row.amount,
                item.currency.to_uppercase() != row.currency,
                item.status.to_uppercase() != row.status,
            ];
            let fields: Vec<_> = FIELDS
                .into_iter()
                .zip(differs)
                .filter(|(_, differs)| *differs)
                .map(|(field, _)| field)
                .collect();
            if fields.is_empty() { None } else { found("mismatched", fields) }
        }
    }
}

/// Whether nothing says when the sides came to differ in this way, so that only rest can rule out a webhook on its way.
pub(crate) fn must_rest(variety: &Variety, kind: &str) -> bool {
    match kind {
        "orphaned" => true,
        _ if variety.is_outbound => !variety.knows_changed,
        "mismatched" => variety.mutable && variety.feed != crate::story::Feed::Updated,
        _ => false,
    }
}

/// A look by key at both sides.
pub(crate) fn look(
    variety: &Variety,
    bounds: Bounds,
    item: Option<&Item>,
    row: Option<&Row>,
    has_rested: bool,
) -> Look {
    let Some(found) = difference(variety, item, row) else { return Look::Agrees };
    let clock = item.map(|item| item.clock(variety.feed)).or(row.map(|row| row.clock));
    let is_young = clock.is_some_and(|clock| clock >= bounds.ceiling)
        || (variety.knows_changed && row.is_some_and(|row| row.changed > bounds.shop));
    if is_young || (must_rest(variety, found.kind) && !has_rested) {
        Look::Young(found)
    } else {
        Look::Differs(found)
    }
}

/// Where coverage begins, in whole seconds as the list takes them.
pub(crate) fn start(variety: &Variety) -> Micros {
    variety.start.div_euclid(SECOND) * SECOND
}
