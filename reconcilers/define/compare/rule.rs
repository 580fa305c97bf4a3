//! The words of a field that say how it is compared. They become one rule, or a problem where they do not go together.

use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::Deserialize;

use super::field::Context;
use super::several::Several;
use super::unordered::UnorderedFile;
use super::words::{FoldWord, fold, words};
use crate::compare::{MoneyRule, Rule, TimeRule, Tolerance, Unordered};
use crate::define::checked::{Checked, Fault, Ordered, Placed};
use crate::define::clock_file::{FormatWord, clock_format};
use crate::define::document::Problems;
use crate::define::problem::Spot;
use crate::define::value::Length;
use crate::instant::TimeFormat;
use crate::money::Unit;

/// The words of one field.
#[derive(Debug, Clone, Default)]
pub(super) struct RuleFile {
    pub map: Option<Ordered<Checked<String>>>,
    pub fold: Option<Several<FoldWord>>,
    pub unordered: Option<Placed<UnorderedFile>>,
    pub time: Option<TimeFile>,
    pub money: Option<MoneyRuleFile>,
    pub tolerance: Option<Checked<Tolerance>>,
    pub ignore: Option<Placed<bool>>,
}

/// The values are instants.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TimeFile {
    /// How upstream writes them: a word, or a pattern such as `%Y-%m-%d %H:%M`.
    #[serde(rename = "as")]
    format: Checked<FormatWord>,
    /// Whose clocks upstream's times without an offset are of; UTC where this is left out.
    zone: Option<Checked<Tz>>,
    /// How the column writes them; as `time` of `local` where this is left out.
    local: Option<Checked<TimeFormat>>,
    /// What both sides are cut off to; the coarser of the two where this is left out.
    precision: Option<Checked<Length>>,
}

/// The values are amounts.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MoneyRuleFile {
    /// In what upstream counts.
    upstream: Option<Checked<Unit>>,
    /// In what your rows count.
    local: Option<Checked<Unit>>,
    /// The field that holds the currency.
    currency: Option<Checked<String>>,
}

impl RuleFile {
    /// Whether these words ask for one rule.
    fn is_one(&self) -> bool {
        let of_words = self.map.is_some() || self.fold.is_some() || self.unordered.is_some();
        let others =
            [self.time.is_some(), self.money.is_some(), self.tolerance.is_some(), self.ignore.is_some()];
        [of_words].into_iter().chain(others).filter(|given| *given).count() <= 1
    }

    /// The rule; `spot` is where the field stands.
    pub(super) fn compile(
        self,
        name: &str,
        spot: Spot,
        context: &Context<'_>,
        problems: &mut Problems<'_>,
    ) -> Option<Rule> {
        if !self.is_one() {
            let help = "a field has one of `time`, `money`, `tolerance` and `ignore`, or any of `map`, `fold` and \
                        `unordered`, which go together; `blank` goes with all but `ignore`";
            problems.add(spot, Fault::new(format!("`{name}` has several rules")).with_help(help));
            return None;
        }
        match (self.time, self.money, self.tolerance, self.ignore) {
            (Some(time), ..) => time.compile(context.local_time, problems).map(Rule::Time),
            (_, Some(money), ..) => money.compile(spot, context, problems).map(Rule::Money),
            (.., Some(tolerance), _) => problems.take(tolerance).map(Rule::Near),
            (.., Some(ignore)) => is_said(ignore.value, ignore.spot, problems).then_some(Rule::Ignored),
            _ => of_words(self.map, self.fold, self.unordered, spot, problems),
        }
    }
}

/// Words that only `true` makes sense of.
fn is_said(said: bool, spot: Spot, problems: &mut Problems<'_>) -> bool {
    if !said {
        problems.add(spot, Fault::new("`false` says nothing here").with_help("leave it out"));
    }
    said
}

fn of_words(
    map: Option<Ordered<Checked<String>>>,
    folded: Option<Several<FoldWord>>,
    unordered: Option<Placed<UnorderedFile>>,
    spot: Spot,
    problems: &mut Problems<'_>,
) -> Option<Rule> {
    let is_exact = map.is_none() && folded.is_none();
    let fold = fold(folded, problems);
    let words = words(map, fold?, spot, problems)?;
    let Some(unordered) = unordered else {
        return Some(if is_exact { Rule::Exact } else { Rule::Words(words) });
    };
    let split = match unordered.value {
        UnorderedFile::Said(said) => is_said(said, unordered.spot, problems).then_some(None)?,
        UnorderedFile::Split(file) => Some(problems.take(file.split)?.0),
    };
    Some(Rule::Unordered(Unordered { words, split }))
}

impl TimeFile {
    /// `local_time` is how the local database writes instants.
    fn compile(self, local_time: TimeFormat, problems: &mut Problems<'_>) -> Option<TimeRule> {
        let upstream = clock_format(self.format, self.zone, problems)?;
        let local = problems.take_option(self.local).unwrap_or(local_time);
        let coarser = upstream.resolution().max(local.resolution());
        let precision = problems.take_option(self.precision).map_or(coarser, |length| length.0);
        Some(TimeRule { upstream, local, precision })
    }
}

impl MoneyRuleFile {
    fn compile(self, spot: Spot, context: &Context<'_>, problems: &mut Problems<'_>) -> Option<MoneyRule> {
        let upstream = problems.take_option(self.upstream).unwrap_or_default();
        let local = problems.take_option(self.local).unwrap_or_default();
        let spot = self.currency.as_ref().map_or(spot, |currency| currency.spot);
        let currency = problems.take_option(self.currency).or_else(|| context.currency.clone());
        let Some(currency) = currency else {
            let help = "say `currency: FIELD`, one of the compared fields";
            problems
                .add(spot, Fault::new("the money rule does not say where the currency is").with_help(help));
            return None;
        };
        Some(MoneyRule { upstream, local, currency: context.index(&currency, spot, problems)? })
    }
}
