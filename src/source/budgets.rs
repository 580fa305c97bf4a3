//! What requests with one credential share: how often they may be sent, and what is asked about that.
//!
//! Providers count by credential. So members of a fan-out that show the same one share its budget, wherever their bases are, and
//! who has a credential of its own has a budget of its own. Where none is shown, the host is all that they can count by. Processes
//! that work on the same run share the declared rates of these budgets through the state store.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tieout_reconcilers::name::{Each, Name};

use super::conditional::owner_of;
use super::http::{Client, Line};
use super::limit::{Gates, Ledger, OwnLedger, Pacing, Sharing};
use super::provider::{Base, ProviderSettings};
use super::quota::Asking;

/// What requests with one credential share.
#[derive(Debug)]
pub(super) struct Budget {
    /// A digest of the credential.
    pub(super) owner: String,
    pub(super) gates: Gates,
    pub(super) quota: Option<Asking>,
    /// Whether an answer said how much is left where the definition looks.
    pub(super) has_told: AtomicBool,
}

/// A digest of the credential, and the origin where none is shown.
type Payer = (String, Option<String>);

/// The budgets of one provider: by credential, and by origin where there is none.
#[derive(Debug, Default)]
pub struct Budgets {
    of: Mutex<HashMap<Payer, Arc<Budget>>>,
    ledger: Option<Arc<dyn Ledger>>,
    /// How many requests a second all of them may send together, where somebody asked for that.
    per_second: Option<f64>,
    /// Where that is kept, unless it is shared with others.
    own: Arc<OwnLedger>,
}

/// How much of a digest names a credential where others can read it: enough to tell credentials apart.
const SHOWN: usize = 16;

impl Budgets {
    /// Budgets whose declared rates are shared with everybody who asks the same ledger.
    #[must_use]
    pub fn shared_through(ledger: Arc<dyn Ledger>) -> Self {
        Self { ledger: Some(ledger), ..Self::default() }
    }

    /// The same, which all together send no more than so many requests a second.
    #[must_use]
    pub fn no_faster_than(self, per_second: f64) -> Self {
        Self { per_second: Some(per_second), ..self }
    }

    /// The pace that a provider's budgets keep together.
    fn pacing(&self, provider: &Name) -> Option<Pacing> {
        let ledger = self.ledger.clone().unwrap_or_else(|| Arc::<OwnLedger>::clone(&self.own));
        let limit = format!("{provider} as asked for");
        self.per_second.map(|per_second| Pacing { ledger, limit, per_second })
    }

    /// The budget of the credential that settings name; the first who asks for one makes it.
    pub(super) fn of(&self, settings: &ProviderSettings) -> Arc<Budget> {
        let owner = owner_of(settings);
        let is_nobody = settings.auth.is_none() && settings.tls.is_none();
        let origin = match &settings.base {
            Base::Fixed(url) if is_nobody => Some(url.origin().ascii_serialization()),
            Base::Fixed(_) | Base::FromToken { .. } => None,
        };
        let mut known = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        let budget = known.entry((owner, origin));
        let budget = budget.or_insert_with_key(|(owner, origin)| {
            let whose = origin.as_deref().or(owner.get(..SHOWN)).unwrap_or(owner);
            let share = |ledger| Sharing { ledger, owner: format!("{} {whose}", settings.name) };
            let sharing = self.ledger.clone().map(share);
            Arc::new(Budget::new(owner, settings, sharing.as_ref(), self.pacing(&settings.name).as_ref()))
        });
        Arc::clone(budget)
    }
}

impl Client {
    /// Whether answers about a member have said how much is left where the definition looks; nothing where it looks nowhere.
    #[must_use]
    pub fn tells_what_is_left(&self, each: &Each) -> Option<bool> {
        let Line { shared, .. } = self.line(each).ok()?;
        shared.gauge.is_declared().then(|| shared.budget.has_told.load(Ordering::Relaxed))
    }
}

impl Budget {
    fn new(
        owner: &str,
        settings: &ProviderSettings,
        sharing: Option<&Sharing>,
        pacing: Option<&Pacing>,
    ) -> Self {
        let gates = match settings.stand_in {
            Some(_) => Gates::open(&settings.limits, &settings.caps),
            None => Gates::new(&settings.limits, &settings.caps, sharing),
        };
        Self {
            owner: owner.to_owned(),
            gates: match pacing {
                Some(pacing) => gates.paced(pacing),
                None => gates,
            },
            quota: settings.limits.quota.clone().map(Asking::new),
            has_told: AtomicBool::default(),
        }
    }
}
