//! The one place that tells: at the beginning of a run whoever waits for its end, and at the end everybody.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use tieout_reconcilers::name::Name;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::channel::{Channel, Means};
use super::condition::conditions;
use super::decide::{Decision, Told, decide};
use super::digest::Digest;
use super::memory::{self, Memory};
use super::send;
use super::sent::NotSent;
use super::signal::Signal;
use crate::clock::Clock;
use crate::config::ConfigError;
use crate::going::had_its_time;
use crate::report::text::Look;
use crate::report::{RunReport, seal};
use crate::store::Store;

/// How long all of it may take, and how long once the process is asked to end: with the last report of a run that is given up, it is less
/// than the time that a process has.
const ALL_TIME: Duration = Duration::from_secs(25);
const LAST_TIME: Duration = Duration::from_secs(3);

/// What is known of a run before it begins.
pub struct Occasion {
    /// The run.
    pub run_id: Uuid,
    /// Who is told, or why it cannot be.
    pub channels: Vec<(Name, Result<Channel, ConfigError>)>,
    /// Every domain that is defined.
    pub defined: Vec<String>,
    /// Those that the run is about.
    pub selected: Vec<String>,
    /// Whether it looks at all that is due of them.
    pub is_whole: bool,
    /// How commands are written.
    pub look: Look,
}

/// Tells how a run ends.
pub struct Notifier {
    night: Arc<Night>,
    cancel: CancellationToken,
}

/// A run and whom it tells.
struct Night {
    run_id: Uuid,
    channels: Vec<Channel>,
    /// Whether the run looks at everything that a channel of the same place is about.
    is_whole: Vec<bool>,
    /// Why others cannot be told.
    unusable: Vec<String>,
    look: Look,
    /// The pings of its beginning, on their way.
    began: Mutex<Option<JoinHandle<Vec<String>>>>,
}

impl Notifier {
    /// Says that a run begins, without waiting for anybody. `cancel` is cancelled when the process is asked to end.
    #[must_use]
    pub fn begin(occasion: Occasion, cancel: CancellationToken) -> Self {
        let night = Arc::new(Night::of(occasion));
        if night.channels.iter().any(|channel| matches!(channel.means, Means::Ping(_))) {
            let began = tokio::spawn(Arc::clone(&night).begin());
            *night.began.lock().unwrap_or_else(PoisonError::into_inner) = Some(began);
        }
        Self { night, cancel }
    }

    /// Says how it ended to everybody who wants to know, in a bounded time. Who could not be told is added to the report's warnings, also in
    /// the state store. Without a state store nobody knows what was told before, and every trouble is told.
    pub async fn tell(&self, store: Option<&Store>, report: &mut RunReport) {
        if self.night.channels.is_empty() && self.night.unusable.is_empty() {
            return;
        }
        // In a task of its own, because nothing that speaks to the state store may be cut off.
        let telling = tokio::spawn(Arc::clone(&self.night).end(store.cloned(), report.clone()));
        let warnings = tokio::select! {
            told = telling => told.unwrap_or_else(|_| vec!["notify: a mistake of the program ended it".to_owned()]),
            () = had_its_time(&self.cancel, ALL_TIME, LAST_TIME) => vec!["notify: not everybody was told before the process had to end".to_owned()],
        };
        for warning in &warnings {
            tracing::warn!("{warning}");
        }
        report.warnings.extend(warnings);
    }
}

impl Night {
    fn of(occasion: Occasion) -> Self {
        let (mut channels, mut is_whole, mut unusable) = (Vec::new(), Vec::new(), Vec::new());
        for (name, channel) in occasion.channels {
            match channel {
                Ok(channel) => {
                    let mut covered = occasion.defined.iter().filter(|domain| channel.wishes.cover(domain));
                    is_whole
                        .push(occasion.is_whole && covered.all(|domain| occasion.selected.contains(domain)));
                    channels.push(channel);
                }
                Err(error) => unusable.push(format!("notify.{name} cannot be told: {error}")),
            }
        }
        let (run_id, look) = (occasion.run_id, Look { color: false, ..occasion.look });
        Self { run_id, channels, is_whole, unusable, look, began: Mutex::default() }
    }

    /// The pings of the beginning. A run that looks at a part begins nothing, since it cannot end it.
    async fn begin(self: Arc<Self>) -> Vec<String> {
        let run_id = self.run_id;
        let whole = self.channels.iter().zip(&self.is_whole).filter(|(_, is_whole)| **is_whole);
        let pings = whole.map(|(channel, _)| async move {
            let sent = send::signal(channel, Signal::Start, run_id, String::new()).await?;
            sent.err().map(|error| unsent(channel, &error))
        });
        join_all(pings).await.into_iter().flatten().collect()
    }

    /// Everything that is said at the end.
    async fn end(self: Arc<Self>, store: Option<Store>, report: RunReport) -> Vec<String> {
        let mut warnings = self.unusable.clone();
        let began = self.began.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(began) = began {
            warnings.extend(began.await.unwrap_or_default());
        }
        let (store, memory) = recall(store, &report, &mut warnings).await;
        let conditions = conditions(&report);
        let telling = self.channels.iter().zip(&self.is_whole).map(|(channel, is_whole)| {
            let decision = decide(&channel.wishes, &conditions, &memory.of(channel), memory.now);
            self.tell(channel, *is_whole, decision, &report, &memory)
        });
        let told = join_all(telling).await;
        let mut known = Vec::new();
        for (channel, outcome) in self.channels.iter().zip(told) {
            match outcome {
                Ok(remember) => known.push((channel, remember)),
                Err(error) => warnings.push(unsent(channel, &error)),
            }
        }
        if let Some(store) = &store {
            if let Err(error) = memory::write(store, self.run_id, &memory, &known).await {
                warnings.push(format!(
                    "notify: what was told cannot be remembered, and is told again: {}",
                    error.with_causes()
                ));
            }
            amend(store, report, &warnings).await;
        }
        warnings
    }

    /// Tells one channel, and returns what it knows then.
    async fn tell(
        &self,
        channel: &Channel,
        is_whole: bool,
        decision: Decision,
        report: &RunReport,
        memory: &Memory,
    ) -> Result<BTreeMap<String, Told>, NotSent> {
        let covers = |domain: &str| channel.wishes.cover(domain);
        if matches!(channel.means, Means::Ping(_)) {
            if report.selected.iter().any(|domain| covers(domain)) {
                let signal = Signal::of(report, covers, is_whole);
                let body = send::last_lines(report, covers);
                if let Some(sent) = send::signal(channel, signal, self.run_id, body).await {
                    tracing::info!(channel = %channel.name, ?signal, "{}", sent?.0);
                }
            }
            return Ok(BTreeMap::new());
        }
        if !decision.news.is_empty() {
            let (name, link) = (channel.name.as_str(), channel.wishes.link.as_deref());
            let digest = Digest::of(name, link, report, &decision, &memory.stakes, &self.look, memory.now);
            let sent = send::digest(channel, &digest).await?;
            tracing::info!(channel = %channel.name, "{}", sent.0);
        }
        Ok(decision.remember)
    }
}

/// What was told before, where that can be known.
async fn recall(
    store: Option<Store>,
    report: &RunReport,
    warnings: &mut Vec<String>,
) -> (Option<Store>, Memory) {
    let nothing = || Memory::none(Clock::default().now());
    let Some(store) = store else { return (None, nothing()) };
    let read = match store.answering().await {
        Ok(store) => Memory::read(&store, report).await.map(|memory| (store, memory)),
        Err(error) => Err(error),
    };
    match read {
        Ok((store, memory)) => (Some(store), memory),
        Err(error) => {
            let causes = error.with_causes();
            warnings.push(format!(
                "notify: what was told before cannot be read, so every trouble is told: {causes}"
            ));
            (None, nothing())
        }
    }
}

/// Puts warnings into a report that has been stored. They are in the log too.
async fn amend(store: &Store, mut report: RunReport, warnings: &[String]) {
    if warnings.is_empty() {
        return;
    }
    report.warnings.extend(warnings.iter().cloned());
    let report = seal(report);
    let Ok(json) = serde_json::to_string(&report) else { return };
    if let Err(error) = store.amend_report(report.run_id, &json).await {
        tracing::warn!(%error, "the warnings are not in the stored report");
    }
}

fn unsent(channel: &Channel, error: &NotSent) -> String {
    format!("notify.{} was not told: {error}", channel.name)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::notify::Wishes;
    use crate::queue::webhook::{Allow, Target};
    use crate::report::text::samples;

    #[tokio::test]
    async fn a_process_that_is_to_end_does_not_wait_for_who_gives_no_answer() {
        // It takes the connection and never says a word.
        let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/hook", deaf.local_addr().unwrap());
        let target = Target::of(&address, Allow { http: false, private: false }).unwrap();
        let name: Name = "ops".parse().unwrap();
        let channel = Channel { name: name.clone(), means: Means::Slack(target), wishes: Wishes::default() };
        let mut report = samples::rejected();
        let occasion = Occasion {
            run_id: report.run_id,
            channels: vec![(name, Ok(channel))],
            defined: report.selected.clone(),
            selected: report.selected.clone(),
            is_whole: true,
            look: Look::default(),
        };
        let cancel = CancellationToken::new();
        let notifier = Notifier::begin(occasion, cancel.clone());
        cancel.cancel();
        notifier.tell(None, &mut report).await;
        assert_eq!(report.warnings, ["notify: not everybody was told before the process had to end"]);
    }
}
