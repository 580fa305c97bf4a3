//! The JSON Schema of the report of a run, derived from the types that write it.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::value::RunReport;

/// The schema of `tieout.run/v1` as this version writes it. Other versions may write more fields, and more words where there is a list
/// of them.
#[must_use]
pub fn run_schema() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator().into_root_schema_for::<RunReport>().to_value()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quarantine::{Class, Kind, State};
    use crate::report::text::samples;
    use crate::report::{
        CarriedOut, Found, ItemCarriedOut, LookedAgain, Members, Outcome, QuarantineLine, QuarantineReport,
        RunReport,
    };
    use tieout_reconcilers::money::Money;
    use uuid::Uuid;

    fn refused(report: &RunReport) -> Vec<String> {
        let validator = jsonschema::validator_for(&run_schema()).unwrap();
        let document = serde_json::to_value(report).unwrap();
        validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }

    /// A report in which everything is said that there is a word for.
    fn talkative() -> RunReport {
        let mut report = samples::emitted();
        report.resumes = Some(Uuid::from_u128(1));
        report.warnings = vec!["nobody was told".to_owned()];
        let domain = &mut report.domains[0];
        domain.funnel = Some(samples::funnel());
        domain.members = Some(Members { all: 2, troubled: vec!["eu".to_owned()] });
        domain.looked_again = Some(LookedAgain { emitted: 2, repaired: 1, looks: 3, seconds: 7.5 });
        let mut found = Found::default();
        let amount = Money { currency: "USD".into(), minor: 1_050 };
        found.add(tieout_reconcilers::discrepancy::Kind::Missing, Some(&amount));
        domain.found = found;
        let line = QuarantineLine {
            id: "0123456789abcdef".to_owned(),
            kind: Kind::Row,
            class: Class::TooLarge,
            place: "row 3".to_owned(),
            state: State::Open,
        };
        domain.quarantine =
            Some(QuarantineReport { open: 1, entries: vec![line], ..QuarantineReport::default() });
        let item =
            ItemCarriedOut { each: String::new(), key: "a".to_owned(), outcome: Outcome::Emitted, why: None };
        domain.carried_out = Some(CarriedOut { plan: Uuid::from_u128(2), items: vec![item] });
        report
    }

    #[test]
    fn every_report_that_is_written_fits_the_schema_of_reports() {
        for report in [
            samples::in_sync(),
            samples::partial(),
            samples::held(),
            samples::rejected(),
            samples::plan(),
            samples::hostile(),
            talkative(),
        ] {
            assert_eq!(refused(&report), [""; 0]);
        }
    }

    #[test]
    fn another_version_of_the_form_does_not_fit_it() {
        let mut report = samples::in_sync();
        report.schema = "tieout.run/v2".to_owned();
        assert_eq!(refused(&report).len(), 1);
    }

    /// Whoever reads reports relies on it: within a version no line of it goes away.
    #[test]
    fn the_schema_of_reports_is_what_programs_rely_on() {
        insta::assert_snapshot!(format!("{:#}", run_schema()));
    }
}
