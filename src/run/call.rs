//! How a run was called: what its report says about it besides what it did.

use std::collections::BTreeMap;

use tieout_reconcilers::name::DomainName;

use crate::report::{CallArgs, Trigger};

/// Who asked for a run, in which words, and by which definitions it works.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Call {
    /// Who asked.
    pub trigger: Trigger,
    /// What was said.
    pub args: CallArgs,
    /// The hash of each domain's definition, with its provider's.
    pub definitions: BTreeMap<DomainName, String>,
}

impl Call {
    /// The hash of a domain's definition, where it is known.
    pub(super) fn definition(&self, domain: &DomainName) -> Option<String> {
        self.definitions.get(domain).cloned()
    }
}
