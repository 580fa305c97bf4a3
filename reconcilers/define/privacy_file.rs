//! The `privacy` block of a domain file: which compared fields people must not see the values of.

use schemars::JsonSchema;
use serde::Deserialize;

use super::checked::{Checked, Fault, Placed};
use super::compare::index_of;
use super::document::Problems;
use super::feed::FeedDefinition;
use super::problem::Spot;
use crate::compare::{Field, Fields, Source};
use crate::discrepancy::Hidden;
use crate::path::Path;
use crate::reconciler::Local;

/// What people must not see, by the names of compared fields.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PrivacyFile {
    /// Fields whose values are left out of findings, reports and logs.
    #[serde(default)]
    drop: Vec<Checked<String>>,
    /// Fields whose values have a pseudonym in their place.
    #[serde(default)]
    hash: Vec<Checked<String>>,
}

/// The places of the hidden fields among the compared ones, and where the file names them.
pub(super) type Spots = Vec<(usize, Spot)>;

/// Marks the fields that are hidden, and says where each is named.
pub(super) fn hide(
    written: Option<Placed<PrivacyFile>>,
    fields: &mut Fields,
    local: Option<&Local>,
    problems: &mut Problems<'_>,
) -> Spots {
    let Some(written) = written else { return Spots::new() };
    let PrivacyFile { drop, hash } = written.value;
    if drop.is_empty() && hash.is_empty() {
        let fault = Fault::new("`privacy` names no field, so everything is shown");
        problems
            .warn(written.spot, fault.with_help("name compared fields in `drop: [...]` or in `hash: [...]`"));
    }
    let dropped = drop.into_iter().map(|name| (name, Hidden::Dropped));
    let named = dropped.chain(hash.into_iter().map(|name| (name, Hidden::Hashed)));
    named.filter_map(|(name, how)| hide_one(name, how, fields, local, problems)).collect()
}

fn hide_one(
    name: Checked<String>,
    how: Hidden,
    fields: &mut Fields,
    local: Option<&Local>,
    problems: &mut Problems<'_>,
) -> Option<(usize, Spot)> {
    let spot = name.spot;
    let name = problems.take(name)?;
    let index = index_of(&name, fields.fields.iter().map(|field| &*field.name), spot, problems)?;
    let is_added_up = fields.money.is_some_and(|money| [money.amount, money.currency].contains(&index));
    let field = fields.fields.get_mut(index)?;
    let shown = local.and_then(|local| shown_column(field, local));
    if let Some(fault) = twice(field, how).or_else(|| added_up(field, is_added_up)).or(shown) {
        problems.add(spot, fault);
        return None;
    }
    field.hidden = Some(how);
    Some((index, spot))
}

/// Why a field cannot be hidden in a second way.
fn twice(field: &Field, how: Hidden) -> Option<Fault> {
    let name = &field.name;
    Some(match field.hidden? {
        before if before == how => {
            Fault::new(format!("`{name}` is named twice")).with_help("leave it out here")
        }
        _ => Fault::new(format!("`{name}` stands in `drop` and in `hash`"))
            .with_help("keep one: `drop` shows nothing of a value, `hash` shows which values are equal"),
    })
}

fn added_up(field: &Field, is_added_up: bool) -> Option<Fault> {
    let fault = || Fault::new(format!("`{}` is added up in reports by `money`", field.name));
    is_added_up.then(|| fault().with_help("leave it out here, or leave `money` out of the domain"))
}

/// Why the column of a field cannot be hidden: it is shown as something else.
fn shown_column(field: &Field, local: &Local) -> Option<Fault> {
    let is_clock = local.clock.as_ref().is_some_and(|clock| **clock == *field.local);
    shown(field, *local.key == *field.local, is_clock)
}

/// Why some hidden field cannot be hidden on a feed: what it holds is shown as something else.
pub(super) fn misfit(fields: &Fields, spots: &Spots, feed: &FeedDefinition) -> Option<(Spot, Fault)> {
    spots.iter().find_map(|(index, spot)| {
        let field = fields.fields.get(*index)?;
        let is = |path: &Path| matches!(&field.upstream, Source::Member(own) if own == path);
        Some((*spot, shown(field, feed.id.iter().any(is), feed.clock.as_ref().is_some_and(is))?))
    })
}

fn shown(field: &Field, is_key: bool, is_clock: bool) -> Option<Fault> {
    let name = &field.name;
    let help = "leave it out here";
    match (is_key, is_clock) {
        (true, _) => {
            let why = format!("`{name}` is the key: a finding is known and looked up by it");
            Some(Fault::new(why).with_help(help))
        }
        (_, true) => {
            let why = format!("`{name}` is the clock, which every finding shows");
            Some(Fault::new(why).with_help(help))
        }
        _ => None,
    }
}
