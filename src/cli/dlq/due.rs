//! The retry job: what is due of dead letters is put back and delivered, as a run does it by itself. `tieout dlq retry --due` does it once, and
//! the daemon between its runs. What became of them is in the journal, one entry for each domain.

use std::sync::Arc;
use std::time::Duration;

use tieout_reconcilers::name::DomainName;
use tieout_reconcilers::reconciler::Reconciler;
use uuid::Uuid;

use super::args::RetryArgs;
use super::retry::{plan, view};
use super::which::{Chosen, Filters};
use crate::cli::desk::Desk;
use crate::cli::diary::Diary;
use crate::cli::failure::Failure;
use crate::cli::wire;
use crate::config::Loaded;
use crate::going::Going;
use crate::report::{RetriedView, json, text};
use crate::run::{self, Became, Retried, Retry, holder};
use crate::store::{By, Entry, Happened, ITSELF, NextRetry, Over, PutBack, Store, StoreError};

/// Whose dead letters are meant.
pub(in crate::cli) struct Reach {
    domains: Vec<DomainName>,
    queues: Vec<String>,
}

/// How they are delivered.
#[derive(Clone)]
pub(in crate::cli) struct Delivery {
    /// How far apart they are sent.
    pub(in crate::cli) pause: Duration,
    /// How long the relay may take.
    pub(in crate::cli) drain: Duration,
    /// Whether it goes on.
    pub(in crate::cli) going: Going,
}

impl Reach {
    /// Those of some domains, for every queue that there is.
    fn of(loaded: &Loaded, domains: &[Arc<dyn Reconciler>]) -> Self {
        let queues = loaded.config.queues.keys().map(|queue| queue.as_str().to_owned());
        let domains = domains.iter().map(|domain| domain.domain().clone());
        Self { domains: domains.collect(), queues: queues.collect() }
    }

    /// The same without the queues whose settings cannot be read: whoever goes on meanwhile need not fail for all.
    pub(in crate::cli) fn usable(loaded: &Loaded, domains: &[Arc<dyn Reconciler>]) -> Self {
        let mut reach = Self::of(loaded, domains);
        reach.queues.retain(|queue| loaded.config.resolve_queue(queue).is_ok());
        reach
    }

    /// Those that a command line asks for. A schedule with a word that is misspelt would never do anything, and nobody would know.
    fn said(loaded: &Loaded, filters: &Filters) -> Result<Self, Failure> {
        let reach = Self::of(loaded, &wire::selected_if_any(loaded, filters.domain.as_slice())?);
        if filters.queue.is_empty() {
            return Ok(reach);
        }
        match filters.queue.iter().find(|queue| !reach.queues.contains(queue)) {
            Some(queue) => {
                let known = reach.queues.join(", ");
                let message = format!("no queue `{queue}` is configured\nknown queues: {known}");
                Err(Failure::usage("no_such_setting", message))
            }
            None => Ok(Self { queues: filters.queue.clone(), ..reach }),
        }
    }

    /// When the next one is due.
    pub(in crate::cli) async fn next(&self, store: &Store) -> Result<Option<NextRetry>, StoreError> {
        let (domains, queues) = self.names();
        store.next_retry(&domains, &queues).await
    }

    async fn due(&self, store: &Store) -> Result<Chosen, StoreError> {
        let (domains, queues) = self.names();
        let due: Vec<Uuid> = store.due_dead_letters(&domains, &queues).await?;
        Ok(Chosen::of(store.letters(&due).await?))
    }

    fn names(&self) -> (Vec<&DomainName>, Vec<&str>) {
        (self.domains.iter().collect(), self.queues.iter().map(String::as_str).collect())
    }
}

/// Carries `dlq retry --due` out.
pub(super) async fn retry_due(
    desk: &Desk,
    loaded: &Loaded,
    store: &Store,
    args: &RetryArgs,
) -> Result<u8, Failure> {
    let reach = Reach::said(loaded, &args.which.filters)?;
    let due = reach.due(store).await.map_err(|error| wire::store_failure(&error))?;
    if args.dry_run && !due.ids.is_empty() {
        return plan(desk, &due.judged_to_send(store, Over::LeftOut, &wire::carriage(loaded)).await?);
    }
    let delivery = Delivery {
        pause: args.rate.map_or(Duration::ZERO, |pace| pace.0),
        drain: args.draining.time(),
        going: Going::until(desk.signals.token().clone()),
    };
    let diary = Diary::new(store.clone(), holder());
    let retried = carried(loaded, (store, &diary), &due, delivery).await?;
    let next = reach.next(store).await.map_err(|error| wire::store_failure(&error))?;
    let view = RetriedView {
        next_due_at: next.map(|next| next.at),
        ..view(retried, &due, ITSELF.to_owned(), desk.signals.exit_code())
    };
    let has_stdout = wire::queues_named(&loaded.config, &due.queues)?.writes_to_stdout();
    let output = if has_stdout { desk.output.clone().on_stderr() } else { desk.output.clone() };
    let is_nothing = view.chosen.chosen == 0;
    output.show(
        |look| if is_nothing { text::nothing_due(&view, look) } else { text::retried(&view, look) },
        || json::whole("tieout.retried/v1", &view),
        || json::lines("retried", [&view]),
    )?;
    Ok(view.exit)
}

/// Does the same for whoever tells nobody but the journal.
pub(in crate::cli) async fn retry_in_silence(
    loaded: &Loaded,
    told: (&Store, &Diary),
    reach: &Reach,
    delivery: Delivery,
) -> Result<(), Failure> {
    let due = reach.due(told.0).await.map_err(|error| wire::store_failure(&error))?;
    carried(loaded, told, &due, delivery).await.map(drop)
}

/// Puts back, delivers, and writes down what became of it.
async fn carried(
    loaded: &Loaded,
    (store, diary): (&Store, &Diary),
    due: &Chosen,
    delivery: Delivery,
) -> Result<Retried, Failure> {
    if due.ids.is_empty() {
        return Ok(Retried::default());
    }
    let retried = delivered(loaded, store, due, delivery).await;
    match &retried {
        Ok(retried) => {
            for (domain, became) in retried.by_domain.iter().filter(|(_, became)| !became.is_nothing()) {
                diary.note(entry(domain, *became)).await;
            }
        }
        Err(failure) => diary.says(Happened::RetryFailed, failure.message.clone()).await,
    }
    retried
}

async fn delivered(
    loaded: &Loaded,
    store: &Store,
    due: &Chosen,
    delivery: Delivery,
) -> Result<Retried, Failure> {
    let settings = wire::queues_named(&loaded.config, &due.queues)?;
    let Delivery { pause, drain, going } = delivery;
    let how = PutBack { by: By::Itself, pause, over: Over::LeftOut };
    let order = Retry { ids: due.ids.clone(), how, drain, carriage: wire::carriage(loaded), going };
    let retried = run::retry(store, &mut settings.open(&loaded.config), &order).await;
    retried.map_err(|error| wire::store_failure(&error))
}

fn entry(domain: &DomainName, became: Became) -> Entry {
    let parts = [
        (became.sent, "sent"),
        (became.failed_again, "failed again"),
        (became.waiting, "still waiting"),
        (became.superseded, "superseded"),
        (became.unfit, "unfit"),
    ];
    let parts = parts.into_iter().filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts.map(|(number, what)| format!("{number} {what}")).collect();
    let detail = format!("dead letters that were due: {}", parts.join(", "));
    let domain = Some(domain.clone());
    Entry { happened: Happened::Retried, domain, scheduled_for: None, run_id: None, detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_journal_is_told_what_became_of_them_and_nothing_that_is_zero() {
        let became = Became { sent: 2, failed_again: 1, superseded: 1, ..Became::default() };
        let entry = entry(&"shop.charges".parse().unwrap(), became);
        assert_eq!(entry.detail, "dead letters that were due: 2 sent, 1 failed again, 1 superseded");
    }
}
