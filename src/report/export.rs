//! Findings as rows, for spreadsheets and programs. Money is a decimal string in both; what a domain hides is hidden already.

use std::io;

use rust_decimal::Decimal;
use serde::Serialize;
use tieout_reconcilers::discrepancy::{FieldDiff, Hidden};
use uuid::Uuid;

use super::value::PlannedFinding;
use crate::finding::Finding;

/// A finding as it is exported. In CSV its fields are in this order, and what differs is text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExportRow {
    /// The domain.
    pub domain: String,
    /// The member of the fan-out; empty where the feed has none.
    pub each: String,
    /// The item.
    pub key: String,
    /// missing, mismatched, orphaned or unreadable.
    pub kind: String,
    /// Where it stands.
    pub state: String,
    /// Which life of a finding on its key this is, from 1.
    pub episode: u32,
    /// The money it moves: a decimal string.
    pub amount: Option<String>,
    /// Its currency.
    pub currency: Option<String>,
    /// When it was first seen; a report does not say.
    pub first_seen: Option<String>,
    /// When it was last seen; a report does not say.
    pub last_seen: Option<String>,
    /// Where the change was lost.
    pub cause: Option<String>,
    /// Why it is held, parked or unreadable.
    pub reason: Option<String>,
    /// Who takes care of it.
    pub owner: Option<String>,
    /// The id of its event.
    pub event_id: Option<Uuid>,
    /// Where the sides differ.
    pub fields: Vec<FieldDiff>,
}

/// The names of the columns, which stand in the first line also where there is no row.
const COLUMNS: [&str; 15] = [
    "domain",
    "each",
    "key",
    "kind",
    "state",
    "episode",
    "amount",
    "currency",
    "first_seen",
    "last_seen",
    "cause",
    "reason",
    "owner",
    "event_id",
    "differences",
];

impl From<&Finding> for ExportRow {
    fn from(finding: &Finding) -> Self {
        Self {
            domain: finding.id.domain.to_string(),
            each: finding.id.each.as_str().to_owned(),
            key: finding.id.key.to_string(),
            kind: finding.kind.as_str().to_owned(),
            state: finding.state.as_str().to_owned(),
            episode: finding.episode,
            amount: finding.amount.as_ref().map(ToString::to_string),
            currency: finding.amount.as_ref().map(|money| money.currency.to_string()),
            first_seen: Some(finding.first_seen.to_string()),
            last_seen: Some(finding.last_seen.to_string()),
            cause: finding.cause.as_ref().map(|explained| explained.cause.as_str().to_owned()),
            reason: finding.reason.clone(),
            owner: finding.owner.clone(),
            event_id: finding.event_id,
            fields: finding.fields.clone(),
        }
    }
}

impl ExportRow {
    /// A finding as a run reported it.
    #[must_use]
    pub fn reported(domain: &str, finding: &PlannedFinding) -> Self {
        let finding = finding.clone();
        Self {
            domain: domain.to_owned(),
            each: finding.each,
            key: finding.key,
            kind: finding.kind,
            state: finding.state,
            episode: finding.episode,
            amount: finding.amount,
            currency: finding.currency,
            first_seen: None,
            last_seen: None,
            cause: finding.cause,
            reason: finding.reason,
            owner: finding.owner,
            event_id: finding.event_id,
            fields: finding.fields,
        }
    }

    fn cells(&self) -> [String; COLUMNS.len()] {
        let text = |cell: &Option<String>| cell.clone().unwrap_or_default();
        [
            self.domain.clone(),
            self.each.clone(),
            self.key.clone(),
            self.kind.clone(),
            self.state.clone(),
            self.episode.to_string(),
            text(&self.amount),
            text(&self.currency),
            text(&self.first_seen),
            text(&self.last_seen),
            text(&self.cause),
            text(&self.reason),
            text(&self.owner),
            self.event_id.map(|id| id.to_string()).unwrap_or_default(),
            self.fields.iter().map(difference).collect::<Vec<_>>().join("; "),
        ]
        .map(harmless)
    }
}

/// `amount: 9000 -> 10000`, local first as in reports.
fn difference(diff: &FieldDiff) -> String {
    let side = |side: Option<&str>| match (diff.hidden, side) {
        (Some(Hidden::Dropped), _) => "(hidden)".to_owned(),
        (_, Some(value)) => value.to_owned(),
        (_, None) => "(absent)".to_owned(),
    };
    format!("{}: {} -> {}", diff.field, side(diff.local.as_deref()), side(diff.upstream.as_deref()))
}

/// A cell that no spreadsheet takes for a formula. A number stays one, whatever its sign.
fn harmless(cell: String) -> String {
    let begins = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if begins && cell.parse::<Decimal>().is_err() { format!("'{cell}") } else { cell }
}

/// The rows as CSV (RFC 4180), with a line of titles.
pub fn csv(rows: &[ExportRow]) -> io::Result<String> {
    let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    table.write_record(COLUMNS)?;
    for row in rows {
        table.write_record(row.cells())?;
    }
    let bytes = table.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
    String::from_utf8(bytes).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::finding::State;
    use crate::report::text::samples;

    fn row(key: &str) -> ExportRow {
        ExportRow { key: key.to_owned(), ..ExportRow::from(&samples::finding(State::Open)) }
    }

    #[test]
    fn a_table_has_a_title_and_a_line_for_each_finding() {
        insta::assert_snapshot!(csv(&[row("ch_1"), row("a,\"b\"\nc")]).unwrap());
        assert_eq!(csv(&[]).unwrap().lines().count(), 1);
    }

    #[test]
    fn a_formula_is_text_and_a_negative_amount_is_a_number() {
        for formula in ["=1+1", "+cmd|' /C calc'!A0", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "＝1"] {
            assert_eq!(harmless(formula.to_owned()), format!("'{formula}"));
        }
        for number in ["-12.50", "+3", "0.00", "12.50", "ch_1", ""] {
            assert_eq!(harmless(number.to_owned()), number);
        }
        let mut negative = row("ch_1");
        negative.amount = Some("-12.50".to_owned());
        assert!(csv(&[negative]).unwrap().contains(",-12.50,"));
    }

    proptest! {
        #[test]
        fn whatever_a_key_is_the_table_reads_back_and_no_cell_is_a_formula(key in ".{0,20}") {
            let text = csv(&[row(&key)]).unwrap();
            let mut table = csv::Reader::from_reader(text.as_bytes());
            let back = table.records().next().unwrap().unwrap();
            let cell = &back[2];
            let is_kept = cell == key || cell.strip_prefix('\'') == Some(key.as_str());
            prop_assert!(is_kept, "{cell:?}");
            prop_assert!(!cell.starts_with(['=', '@', '\t', '\r', '\n']));
        }
    }
}
