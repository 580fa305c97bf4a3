//! What becomes of an event that was made by earlier definitions: it goes out as its domain wants it today, or not at all.

use std::sync::Arc;

use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::name::DomainName;
use tieout_reconcilers::reconciler::{Reconciler, Remedy};

use crate::schemas::{Carried, Registry, Unfit, carry};
use crate::store::{Ready, Revived};

/// The definitions of today.
#[derive(Debug, Clone)]
pub struct Carriage {
    /// The domains.
    pub domains: Vec<Arc<dyn Reconciler>>,
    /// The schemas.
    pub schemas: Arc<Registry>,
}

impl Carriage {
    /// Carries an event to the schema that its domain names today. Where it names none, or is not defined any more, the event stays as it is.
    pub fn of(&self, domain: &DomainName, kind: Kind, payload: &str) -> Result<Carried, Unfit> {
        let Some(domain) = self.domains.iter().find(|known| known.domain() == domain) else {
            return Ok(Carried::AsItIs);
        };
        let Remedy::Emit(emission) = domain.remedy(kind) else { return Ok(Carried::AsItIs) };
        match &emission.schema {
            Some(wanted) => carry(&self.schemas, wanted, payload),
            None => Ok(Carried::AsItIs),
        }
    }

    /// Whether a dead letter may be sent.
    #[must_use]
    pub fn ready(&self, letter: &Revived) -> Ready {
        match self.of(&letter.domain, letter.kind, &letter.payload) {
            Ok(Carried::AsItIs) => Ready::AsItIs,
            Ok(Carried::Anew(payload)) => Ready::Anew(payload),
            Err(unfit) => Ready::Unfit { reason: unfit.to_string() },
        }
    }
}
