//! Hides what was stored before its domain hid it. That takes no key: what has no pseudonym yet is not shown at all.

use std::sync::Arc;

use tieout_reconcilers::discrepancy::FieldDiff;
use tieout_reconcilers::reconciler::Reconciler;

use crate::finding::Finding;
use crate::privacy::hide;
use crate::report::RunReport;

/// Hides what stored findings hold.
pub(super) fn findings(domains: &[Arc<dyn Reconciler>], mut findings: Vec<Finding>) -> Vec<Finding> {
    for finding in &mut findings {
        one(domains, finding.id.domain.as_str(), &mut finding.fields);
    }
    findings
}

/// Hides what a stored report lists.
pub(super) fn report(domains: &[Arc<dyn Reconciler>], mut report: RunReport) -> RunReport {
    for domain in &mut report.domains {
        for finding in &mut domain.findings {
            one(domains, &domain.domain, &mut finding.fields);
        }
    }
    report
}

/// Hides the fields of one finding of a domain.
pub(super) fn one(domains: &[Arc<dyn Reconciler>], domain: &str, fields: &mut [FieldDiff]) {
    if let Some(domain) = domains.iter().find(|known| known.domain().as_str() == domain) {
        hide(fields, domain.fields(), None);
    }
}
