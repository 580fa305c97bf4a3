//! Files that people write: provider and domain files.

use tieout_reconcilers::define::document::{Document, Kind};
use tieout_reconcilers::define::domain::DomainDefinition;
use tieout_reconcilers::define::problem::Problem;
use tieout_reconcilers::define::provider::ProviderDefinition;

/// A file is a definition or has at least one problem, and every problem points into the file.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let document = Document::new("fuzzed.yaml", text);
    let problems = match document.kind() {
        Err(problem) => vec![problem],
        Ok(Kind::Provider) => ProviderDefinition::parse(&document).err().unwrap_or_default(),
        Ok(Kind::Domain) => DomainDefinition::parse(&document).err().unwrap_or_default(),
    };
    problems.iter().for_each(points_into_its_file);
}

fn points_into_its_file(problem: &Problem) {
    let bytes = problem.bytes();
    assert!(problem.source.get(bytes.clone()).is_some(), "{problem} points at {bytes:?}");
    // YAML begins a line behind a lone carriage return, too.
    let breaks = problem.source.matches(['\r', '\n']).count();
    assert!(problem.line <= breaks + 1, "{problem}");
    assert!(!problem.message.is_empty(), "a problem says nothing");
}
