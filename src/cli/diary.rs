//! What the daemon says, and the retry job without one: each entry goes to the journal in the state store and to the log. A journal
//! that cannot be written keeps nobody from anything.

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::DomainName;
use uuid::Uuid;

use crate::daemon::Jump;
use crate::store::{Entry, Happened, Store};

/// Who writes, and where.
#[derive(Clone)]
pub(super) struct Diary {
    store: Store,
    /// The daemon: its process and host.
    pub(super) name: String,
}

impl Diary {
    pub(super) const fn new(store: Store, name: String) -> Self {
        Self { store, name }
    }

    /// Writes down what happened.
    pub(super) async fn note(&self, entry: Entry) {
        log(&entry);
        if let Err(error) = self.store.write_journal(&entry, &self.name).await {
            tracing::warn!(error = error.with_causes(), "the journal could not be written");
        }
    }

    /// The same about no domain in particular.
    pub(super) async fn says(&self, happened: Happened, detail: String) {
        self.note(Entry { happened, domain: None, scheduled_for: None, run_id: None, detail }).await;
    }

    /// Writes down that the clock was set.
    pub(super) async fn jumped(&self, jump: Jump) {
        self.says(Happened::ClockJumped, jump.to_string()).await;
    }
}

/// An entry about a due time of a domain.
pub(super) fn about(
    domain: &DomainName,
    scheduled_for: Instant,
    happened: Happened,
    detail: String,
) -> Entry {
    let (domain, scheduled_for) = (Some(domain.clone()), Some(scheduled_for));
    Entry { happened, domain, scheduled_for, run_id: None, detail }
}

/// An entry about a run.
pub(super) fn of_run(run_id: Uuid, happened: Happened, detail: String) -> Entry {
    Entry { happened, domain: None, scheduled_for: None, run_id: Some(run_id), detail }
}

/// Tells the log what the journal is told.
pub(super) fn log(entry: &Entry) {
    let Entry { happened, domain, scheduled_for, run_id, detail } = entry;
    let (event, domain) = (happened.as_str(), domain.as_ref().map(DomainName::as_str));
    let scheduled_for = scheduled_for.map(|at| at.to_string());
    let run_id = run_id.map(|run| run.to_string());
    match happened {
        Happened::ReloadRefused => {
            tracing::error!(event, domain, scheduled_for, run_id, "{detail}");
        }
        Happened::Skipped | Happened::ClockJumped | Happened::Waits | Happened::RetryFailed => {
            tracing::warn!(event, domain, scheduled_for, run_id, "{detail}");
        }
        _ => tracing::info!(event, domain, scheduled_for, run_id, "{detail}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::StoreSettings;

    #[tokio::test]
    async fn a_clock_that_was_set_stands_in_the_journal_with_how_far_and_about_no_domain() {
        let folder = tempfile::tempdir().unwrap();
        let settings = StoreSettings::Sqlite { path: folder.path().join("state.db") };
        let store = Store::open(&settings).await.unwrap();
        Diary::new(store.clone(), "me".to_owned()).jumped(Jump::Back(Duration::from_secs(90))).await;

        let written = store.journal(&[], 10).await.unwrap().remove(0);
        store.close().await;
        assert_eq!((written.entry.happened.as_str(), written.daemon.as_str()), ("clock_jumped", "me"));
        let detail = "the clock was put back by 1m 30s".to_owned();
        let happened = Happened::ClockJumped;
        let entry = Entry { happened, domain: None, scheduled_for: None, run_id: None, detail };
        assert_eq!(written.entry, entry);
    }
}
